package search

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"smartlink/link"
)

// Two values are the same when their texts are, without regard to case and to space around them. A
// number is written without needless zeros after its point, so 1500.50 is 1500.5; a whole number is the
// same as the text of its digits. Values of more than link.MaxSearchValue characters are not found.

// maxKeys bounds the keys of a body in which properties stand more than once.
const maxKeys = 16

// Keys are the index keys of a body, each once. A body that is not JSON has none.
func (p Paths) Keys(body []byte) [][]byte {
	if len(p) == 0 || !json.Valid(body) {
		return nil
	}
	return p.KeysOfValid(body)
}

// KeysOfValid is Keys for a body that is known to be JSON.
func (p Paths) KeysOfValid(body []byte) [][]byte {
	if len(p) == 0 {
		return nil
	}
	var keys [][]byte
	var room [longValue]byte
	p.each(body, func(i int, kind byte, text []byte) {
		v, ok := normal(room[:0], kind, text)
		if !ok {
			return
		}
		if keys == nil {
			keys = make([][]byte, 0, len(p))
		}
		k := key(p[i], v)
		if !slices.ContainsFunc(keys, func(o []byte) bool { return bytes.Equal(o, k) }) && len(keys) < maxKeys {
			keys = append(keys, k)
		}
	})
	return keys
}

// Value is a value that somebody looks for at a path.
type Value struct {
	path   Path
	normal []string // what it may be in a body: a text, and a number where it looks like one
}

// NewValue reads a value that somebody looks for. The second answer says what is wrong, and is empty when
// nothing is.
func NewValue(p Path, text string) (Value, link.Text) {
	switch {
	case !utf8.ValidString(text):
		return Value{}, link.NotUTF8
	case strings.TrimSpace(text) == "":
		return Value{}, link.Both("falta o valor", "the value is missing")
	case utf8.RuneCountInString(text) > link.MaxSearchValue:
		return Value{}, link.AtMost(link.MaxSearchValue)
	}
	v := Value{path: p}
	if s, ok := normal(nil, '"', []byte(text)); ok {
		v.normal = append(v.normal, string(s))
	}
	if t := []byte(strings.TrimSpace(text)); json.Valid(t) && strings.ContainsRune("-0123456789", rune(t[0])) {
		if s, ok := normal(nil, t[0], t); ok && !slices.Contains(v.normal, string(s)) {
			v.normal = append(v.normal, string(s))
		}
	}
	return v, link.Text{}
}

// Keys are the index keys that the value may have: one or two.
func (v Value) Keys() [][]byte {
	keys := make([][]byte, len(v.normal))
	for i, s := range v.normal {
		keys[i] = key(v.path, []byte(s))
	}
	return keys
}

// In tells whether the value stands in a body.
func (v Value) In(body []byte) bool {
	if !json.Valid(body) {
		return false
	}
	in := false
	Paths{v.path}.each(body, func(_ int, kind byte, text []byte) {
		s, ok := normal(nil, kind, text)
		in = in || ok && slices.Contains(v.normal, string(s))
	})
	return in
}

// number marks a number with a point or an exponent, so that it is not the same as a code that looks
// like it: account 1.10 is not 1.1.
const number = '#'

// normal appends a value so that equal ones are written alike. False: it cannot be found.
func normal(to []byte, kind byte, text []byte) ([]byte, bool) {
	if len(text) > link.MaxSearchValue && utf8.RuneCount(text) > link.MaxSearchValue {
		return nil, false
	}
	switch kind {
	case '"':
		text = bytes.TrimSpace(text)
		return lower(to, text), len(text) > 0
	case 't', 'f':
		return append(to, text...), true
	}
	point, exponent := bytes.IndexByte(text, '.') >= 0, bytes.ContainsAny(text, "eE")
	if point && !exponent {
		text = bytes.TrimRight(text, "0")
		if last := len(text) - 1; text[last] == '.' {
			text, point = text[:last], false
		}
	}
	if string(text) == "-0" {
		text = text[1:]
	}
	if point || exponent {
		to = append(to, number)
	}
	return lower(to, text), true
}

// lower appends a text in lower case.
func lower(to, text []byte) []byte {
	start := len(to)
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return append(to[:start], bytes.ToLower(text)...)
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// Sizes of a key: values up to longValue bytes stand in it as they are, so that those that grow stand
// near each other in the index; of longer ones the beginning and a digest.
const (
	pathDigest  = 8
	longValue   = 64
	longPrefix  = 40
	valueDigest = 16
)

// key names a path and a value within a tenant.
func key(p Path, normal []byte) []byte {
	if len(normal) <= longValue {
		return append(append(make([]byte, 0, pathDigest+len(normal)), p.digest[:]...), normal...)
	}
	digest := sha256.Sum256(normal)
	k := append(make([]byte, 0, pathDigest+longPrefix+valueDigest), p.digest[:]...)
	return append(append(k, normal[:longPrefix]...), digest[:valueDigest]...)
}
