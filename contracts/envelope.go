package contracts

import "encoding/json"

// findData finds the data object of a body that is JSON, and its pointer. The envelopes: `header` with `data` or
// `content`; CloudEvents with `data`; Datasul with `messageContent`; any other object is itself
// the data, or carries it under `data`.
func findData(body []byte, f *Findings) (data []byte, at string, ok bool) {
	top, times := members(body)
	if top == nil {
		f.add(Violation{Code: NoData})
		return nil, "", false
	}
	name := ""
	switch {
	case isObject(top["header"]):
		name = "data"
		if top["data"] == nil && top["content"] != nil {
			name = "content"
		}
	case top["specversion"] != nil, isObject(top["data"]):
		name = "data"
	case top["messageContent"] != nil, top["messageType"] != nil:
		name = "messageContent"
	default:
		return body, "", true
	}
	at = "/" + name
	if times[name] > 1 {
		f.add(Violation{Code: Repeated, Pointer: at, Args: args("name", name)})
		return nil, "", false
	}
	if !isObject(top[name]) {
		f.add(Violation{Code: NoData, Pointer: at})
		return nil, "", false
	}
	return top[name], at, true
}

// members reads the top level of a valid body: its values, and how often each name stands there.
// It is nil when the body is no object.
func members(body []byte) (values map[string]json.RawMessage, times map[string]int) {
	t := tokens{text: body}
	if tok, err := t.next(); err != nil || tok != json.Delim('{') {
		return nil, nil
	}
	values, times = map[string]json.RawMessage{}, map[string]int{}
	for t.more() {
		tok, err := t.next()
		name, isName := tok.(string)
		if err != nil || !isName {
			return nil, nil
		}
		values[name] = t.value()
		times[name]++
	}
	return values, times
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }
