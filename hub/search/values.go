package search

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// payload is the first segment that stands for the business part of any envelope.
const payload = "data"

// payloads are the names it goes by.
var payloads = [...]string{"data", "content", "messageContent"}

// each calls found with every text, number, true and false that stands at one of the paths in a valid
// JSON body. kind is the value's first byte. A path that leads to an object, an array or null finds
// nothing.
func (p Paths) each(body []byte, found func(path int, kind byte, text []byte)) {
	w := walk{text: body, paths: p, found: found}
	all := uint8(1)<<len(p) - 1
	w.value(all, 0)
	// Where no envelope is, the body is its own business part.
	bare := uint8(0)
	for i, path := range p {
		if !w.enveloped && path.business {
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
	found     func(path int, kind byte, text []byte)
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
		if text, ok := w.quoted(); ok {
			w.tell(on, depth, c, text)
		}
	case 'n':
		w.word()
	default:
		w.tell(on, depth, c, w.word())
	}
}

// tell tells of a value to those paths that end here.
func (w *walk) tell(on uint8, depth int, kind byte, text []byte) {
	for i := range w.paths {
		if on&(1<<i) != 0 && len(w.paths[i].segments) == depth {
			w.found(i, kind, text)
		}
	}
}

func (w *walk) object(on uint8, depth int) {
	w.at++ // {
	for w.space(); w.at < len(w.text) && w.text[w.at] == '"'; w.space() {
		name, ok := w.quoted()
		if !ok {
			return
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
		if fold(name, s[depth]) || isPayload && w.paths[i].business {
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
func fold(name []byte, with string) bool {
	for i := range min(len(name), len(with)) {
		a, b := name[i], with[i]
		if a|b >= utf8.RuneSelf {
			return strings.EqualFold(string(name), with)
		}
		if a == b {
			continue
		}
		if a |= ' '; a != b|' ' || a < 'a' || a > 'z' {
			return false
		}
	}
	return len(name) == len(with)
}

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
	at := w.at
	for at < len(w.text) && class[w.text[at]] == separator {
		at++
	}
	w.at = at
}

// class tells the bytes that separate tokens, and those that close what was open; both end a word.
var class = [256]uint8{' ': separator, '\t': separator, '\r': separator, '\n': separator, ',': separator, ':': separator, '}': closing, ']': closing}

const (
	separator = 1 + iota
	closing
)

// quoted passes over a string and gives its text.
func (w *walk) quoted() (text []byte, ok bool) {
	start := w.at
	end, plain := behind(w.text, start)
	w.at = end
	if plain {
		return w.text[start+1 : max(start+1, end-1)], true // one that does not end is not in valid JSON
	}
	var s string
	err := json.Unmarshal(w.text[start:end], &s)
	return []byte(s), err == nil
}

// behind is where a string ends that begins at a place, and whether nothing in it is escaped.
func behind(text []byte, at int) (end int, plain bool) {
	plain = true
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			plain = false
			at++
		case '"':
			return at + 1, plain
		}
	}
	return len(text), plain
}

// word passes over a number, true, false or null.
func (w *walk) word() []byte {
	start, at := w.at, w.at
	for at < len(w.text) && class[w.text[at]] == 0 {
		at++
	}
	w.at = at
	return w.text[start:at]
}

// pass passes over a whole value, however deep it is.
func (w *walk) pass() {
	switch w.text[w.at] {
	case '"':
		w.at, _ = behind(w.text, w.at)
		return
	case '{', '[':
	default:
		w.word()
		return
	}
	depth := 0
	for at := w.at; at < len(w.text); at++ {
		switch w.text[at] {
		case '"':
			end, _ := behind(w.text, at)
			at = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				w.at = at + 1
				return
			}
		}
	}
	w.at = len(w.text)
}
