package api

import (
	"unicode/utf16"
	"unicode/utf8"

	"smartlink/link"
)

// readBatch reads a batch in the form that senders write, in a fraction of the time of encoding/json: the
// bytes of a batch are mostly bodies inside strings. Everything out of the ordinary (other properties,
// other cases of their names, null, repeated ones, wrong types, what is no JSON) is left to the strict
// reading, which knows what to say about it: then ok is false.
func readBatch(body []byte) (r link.BatchRequest, ok bool) {
	if !utf8.Valid(body) {
		return r, false
	}
	b := batchReader{text: body}
	b.expect('{')
	b.failed = b.failed || b.string() != "messages"
	b.expect(':')
	b.expect('[')
	r.Messages = []link.BatchMessage{}
	for first := true; b.more(']', first); first = false {
		r.Messages = append(r.Messages, b.message())
	}
	b.expect('}')
	if b.space(); b.failed || b.at != len(b.text) {
		return link.BatchRequest{}, false
	}
	return r, true
}

// batchReader reads JSON in UTF-8; once something is not as expected, it has failed.
type batchReader struct {
	text   []byte
	at     int
	failed bool
	spare  []byte // where a string with escapes comes together
}

func (b *batchReader) space() {
	for b.at < len(b.text) {
		switch b.text[b.at] {
		case ' ', '\t', '\r', '\n':
			b.at++
		default:
			return
		}
	}
}

// expect passes over a byte that has to come next.
func (b *batchReader) expect(c byte) {
	if b.space(); b.at >= len(b.text) || b.text[b.at] != c {
		b.failed = true
		return
	}
	b.at++
}

// more tells whether a list or object has another member; at its end it passes over the bracket.
func (b *batchReader) more(end byte, first bool) bool {
	if b.space(); b.failed || b.at >= len(b.text) {
		b.failed = true
		return false
	}
	if b.text[b.at] == end {
		b.at++
		return false
	}
	if !first {
		b.expect(',')
	}
	return !b.failed
}

// message reads one message.
func (b *batchReader) message() (m link.BatchMessage) {
	var content, encoded string
	texts := [...]struct {
		name string
		to   *string
		seen bool
	}{
		{"type", &m.Type, false}, {"audience", &m.Audience, false}, {"contentType", &m.ContentType, false},
		{"content", &content, false}, {"contentBase64", &encoded, false}, {"idempotencyKey", &m.IdempotencyKey, false},
	}
	const atContent, atEncoded = 3, 4
	b.expect('{')
members:
	for first := true; b.more('}', first); first = false {
		name := b.string()
		b.expect(':')
		if name == "headers" && m.Headers == nil {
			m.Headers = b.headers()
			continue
		}
		for i := range texts {
			if f := &texts[i]; f.name == name && !f.seen {
				*f.to, f.seen = b.string(), true
				continue members
			}
		}
		b.failed = true
	}
	if texts[atContent].seen {
		m.Content = &content
	}
	if texts[atEncoded].seen {
		m.ContentBase64 = &encoded
	}
	return m
}

// headers reads a message's headers.
func (b *batchReader) headers() map[string]string {
	h := map[string]string{}
	b.expect('{')
	for first := true; b.more('}', first); first = false {
		name := b.string()
		b.expect(':')
		h[name] = b.string()
	}
	return h
}

// string reads a string.
func (b *batchReader) string() string {
	if b.expect('"'); b.failed {
		return ""
	}
	start := b.at
	b.plain()
	if b.at < len(b.text) && b.text[b.at] == '"' {
		b.at++
		return string(b.text[start : b.at-1])
	}
	out := append(b.spare[:0], b.text[start:b.at]...)
	defer func() { b.spare = out }()
	for b.at < len(b.text) {
		c := b.text[b.at]
		b.at++
		if c == '"' {
			return string(out)
		}
		if c != '\\' { // a control character
			break
		}
		var ok bool
		if out, ok = b.escaped(out); !ok {
			break
		}
		from := b.at
		b.plain()
		out = append(out, b.text[from:b.at]...)
	}
	b.failed = true
	return ""
}

// plain passes over what stands for itself in a string.
func (b *batchReader) plain() {
	for b.at < len(b.text) {
		if c := b.text[b.at]; c == '"' || c == '\\' || c < ' ' {
			return
		}
		b.at++
	}
}

// escaped appends what stands behind a backslash.
func (b *batchReader) escaped(out []byte) ([]byte, bool) {
	if b.at >= len(b.text) {
		return out, false
	}
	c := b.text[b.at]
	b.at++
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, size := escapedRune(b.text[b.at:])
		b.at += size
		return utf8.AppendRune(out, r), size > 0
	default:
		return out, false
	}
	return append(out, c), true
}

// escapedRune reads what follows \u: one character, of half a pair U+FFFD; and how many bytes that took, 0
// when it is none.
func escapedRune(text []byte) (rune, int) {
	r, ok := hex4(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(text) >= 6 && text[4] == '\\' && text[5] == 'u' {
		if low, ok := hex4(text[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var n rune
	for _, c := range text[:4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
