package search

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// payload is the first segment that stands for the business part of any envelope.
const payload = "data"

// payloads are the names it goes by.
var payloads = [...]string{"data", "content", "messageContent"}

// each calls found with every text, number, true and false that stands at one of the paths in a valid
// JSON body. kind is the value's first byte. A path that leads to an object, an array or null finds
// nothing.
func (p Paths) each(body []byte, found func(path int, kind byte, text string)) {
	w := walk{text: body, paths: p, found: found}
	all := uint8(1)<<len(p) - 1
	w.value(all, 0)
	// Where no envelope is, the body is its own business part.
	bare := uint8(0)
	for i, path := range p {
		if !w.enveloped && len(path.segments) > 1 && strings.EqualFold(path.segments[0], payload) {
			bare |= 1 << i
		}
	}
	if bare != 0 {
		w.at, w.skip = 0, true
		w.value(bare, 1)
	}
}

// walk goes once through a body, into what some path leads to and over all the rest. Sets of paths are
// bits.
type walk struct {
	text      []byte
	at        int
	paths     Paths
	found     func(path int, kind byte, text string)
	enveloped bool // some business part was there
	skip      bool // the body is the business part: depth 1 is its top
}

// value reads the value that is next, at a depth that some paths have come to.
func (w *walk) value(on uint8, depth int) {
	w.space()
	if w.at >= len(w.text) {
		return
	}
	if on == 0 {
		w.pass()
		return
	}
	switch c := w.text[w.at]; c {
	case '{':
		w.object(on, depth)
	case '[':
		w.array(on, depth)
	case '"':
		if text, ok := unquote(w.quoted()); ok {
			w.tell(on, depth, c, text)
		}
	case 'n':
		w.word()
	default:
		w.tell(on, depth, c, string(w.word()))
	}
}

// tell tells of a value to those paths that end here.
func (w *walk) tell(on uint8, depth int, kind byte, text string) {
	for i := range w.paths {
		if on&(1<<i) != 0 && len(w.paths[i].segments) == depth {
			w.found(i, kind, text)
		}
	}
}

func (w *walk) object(on uint8, depth int) {
	w.at++ // {
	for w.space(); w.at < len(w.text) && w.text[w.at] == '"'; w.space() {
		quoted := w.quoted()
		name := quoted[1 : len(quoted)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			text, ok := unquote(quoted)
			if !ok {
				return
			}
			name = []byte(text)
		}
		w.value(w.below(on, depth, name), depth+1)
	}
	w.at++ // }
}

// below are those paths that go on into a property.
func (w *walk) below(on uint8, depth int, name []byte) uint8 {
	next := uint8(0)
	isPayload := depth == 0 && !w.skip && isPayload(name)
	w.enveloped = w.enveloped || isPayload
	for i := range w.paths {
		s := w.paths[i].segments
		if on&(1<<i) == 0 || len(s) <= depth {
			continue
		}
		if fold(name, s[depth]) || isPayload && len(s) > 1 && strings.EqualFold(s[0], payload) {
			next |= 1 << i
		}
	}
	return next
}

func isPayload(name []byte) bool {
	for _, p := range payloads {
		if fold(name, p) {
			return true
		}
	}
	return false
}

// fold compares without regard to case.
func fold(name []byte, with string) bool { return strings.EqualFold(string(name), with) }

func (w *walk) array(on uint8, depth int) {
	w.at++ // [
	for n := 0; ; n++ {
		w.space()
		if w.at >= len(w.text) || w.text[w.at] == ']' {
			w.at++
			return
		}
		next := uint8(0)
		for i := range w.paths {
			if s := w.paths[i].segments; on&(1<<i) != 0 && len(s) > depth && s[depth] == strconv.Itoa(n) {
				next |= 1 << i
			}
		}
		w.value(next, depth+1)
	}
}

// space passes over what separates tokens.
func (w *walk) space() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.at++
		default:
			return
		}
	}
}

// quoted passes over a string and gives it with its quotes.
func (w *walk) quoted() []byte {
	start := w.at
	for w.at++; w.at < len(w.text); w.at++ {
		switch w.text[w.at] {
		case '\\':
			w.at++
		case '"':
			w.at++
			return w.text[start:w.at]
		}
	}
	w.at = len(w.text)
	return []byte(`""`) // not in valid JSON
}

// word passes over a number, true, false or null.
func (w *walk) word() []byte {
	start := w.at
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\r', '\n', ',', ':', '}', ']':
			return w.text[start:w.at]
		}
		w.at++
	}
	return w.text[start:]
}

// pass passes over a whole value, however deep it is.
func (w *walk) pass() {
	for depth := 0; w.at < len(w.text); w.space() {
		switch w.text[w.at] {
		case '"':
			w.quoted()
		case '{', '[':
			depth++
			w.at++
		case '}', ']':
			depth--
			w.at++
		default:
			w.word()
		}
		if depth <= 0 {
			return
		}
	}
}

func unquote(quoted []byte) (string, bool) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1]), true
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err == nil
}
