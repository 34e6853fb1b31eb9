package contracts

import "strings"

// findData finds the data object of a body that is JSON, and its pointer. The envelopes: `header` with `data` or
// `content`; CloudEvents with `data`; Datasul with `messageContent`; any other object is itself
// the data, or carries it under `data`.
func findData(body string, f *Findings) (data, at string, ok bool) {
	top := membersOf(body)
	if top == nil {
		f.add(Violation{Code: NoData})
		return "", "", false
	}
	name := ""
	switch {
	case top.object("header"):
		name = "data"
		if !top.has("data") && top.has("content") {
			name = "content"
		}
	case top.has("specversion"), top.object("data"):
		name = "data"
	case top.has("messageContent"), top.has("messageType"):
		name = "messageContent"
	default:
		return body, "", true
	}
	at = "/" + name
	raw, times := top.get(name)
	if times > 1 {
		f.add(Violation{Code: Repeated, Pointer: at, Args: args("name", name)})
		return "", "", false
	}
	if !isObject(raw) {
		f.add(Violation{Code: NoData, Pointer: at})
		return "", "", false
	}
	return raw, at, true
}

// member is one member of an object.
type member struct {
	name string
	raw  string
}

// members are those of an object in their order: a body has few, which are found faster here than maps are made.
type members []member

// get answers a member's value, of one that stands there more than once the last, and how often it does.
func (m members) get(name string) (raw string, times int) {
	for i := range m {
		if m[i].name == name {
			raw, times = m[i].raw, times+1
		}
	}
	return raw, times
}

// has tells whether there is a member of a name.
func (m members) has(name string) bool {
	_, times := m.get(name)
	return times > 0
}

// object tells whether a member is an object.
func (m members) object(name string) bool {
	raw, _ := m.get(name)
	return isObject(raw)
}

// membersOf reads the top level of a valid body; nil when the body is no object.
func membersOf(body string) members {
	t := tokens{text: body}
	if t.scan().kind != '{' {
		return nil
	}
	list := make(members, 0, 8)
	for t.more() {
		tok := t.scan()
		if tok.kind != '"' { // not in valid JSON
			return nil
		}
		name, err := tok.text()
		if err != nil {
			return nil
		}
		list = append(list, member{name, t.value()})
	}
	return list
}

func isObject(raw string) bool { return strings.HasPrefix(raw, "{") }
