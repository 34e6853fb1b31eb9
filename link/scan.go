package link

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// fields are the members of a JSON object in their order. A body's few fields are found faster here than
// a map is made.
type fields []field

type field struct{ name, raw []byte }

// get answers the value of a member, of one that stands there more than once the last; nil when there
// is none.
func (f fields) get(name string) json.RawMessage {
	for _, m := range slices.Backward(f) {
		if string(m.name) == name {
			return m.raw
		}
	}
	return nil
}

// at answers the value of the member that a JSON Pointer ends in.
func (f fields) at(pointer string) json.RawMessage {
	return f.get(pointer[strings.LastIndexByte(pointer, '/')+1:])
}

// fieldsOf reads the members of an object that json.Valid has accepted, into room as long as that lasts; none when it
// is no object.
func fieldsOf(object []byte, room fields) fields {
	s := scanner{text: object}
	s.space()
	if s.at >= len(s.text) || s.text[s.at] != '{' {
		return room
	}
	s.at++
	list := room
	for {
		s.space()
		if s.at >= len(s.text) || s.text[s.at] != '"' {
			return list
		}
		name := unquoted(s.quoted())
		s.space()
		list = append(list, field{name, s.value()})
	}
}

// unquoted is the text of a JSON string.
func unquoted(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is valid
	return []byte(s)
}

// scanner passes over JSON that json.Valid has accepted: nothing is checked again.
type scanner struct {
	text []byte
	at   int
}

// space passes over what separates tokens.
func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return
		}
	}
}

// quoted passes over a string and gives it with its quotes.
func (s *scanner) quoted() []byte {
	text, start := s.text, s.at
	for at := start + 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			s.at = at + 1
			return text[start:s.at]
		}
	}
	s.at = len(text)
	return text[start:] // not in valid JSON
}

// value passes over a value and gives its text.
func (s *scanner) value() []byte {
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			s.quoted()
			if depth == 0 {
				return s.text[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // behind a number or a word
				return s.text[start:s.at]
			}
			depth--
			if depth == 0 {
				s.at++
				return s.text[start:s.at]
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.text[start:s.at]
			}
		}
		s.at++
	}
	return s.text[start:]
}
