package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"smartlink/link"
)

// readBatch reads a batch in the form that senders write, in a third of the time of encoding/json: the
// bytes of a batch are mostly bodies inside strings. Everything out of the ordinary (other properties,
// other cases of their names, null, repeated ones, wrong types, what is no JSON) is left to the strict
// reading, which knows what to say about it: then ok is false.
func readBatch(body []byte) (r link.BatchRequest, ok bool) {
	if !json.Valid(body) || !utf8.Valid(body) {
		return r, false
	}
	b := batchReader{text: body}
	if !b.open('{') || b.peek() != '"' || b.string() != "messages" || b.peek() != '[' {
		return r, false
	}
	b.at++
	r.Messages = []link.BatchMessage{}
	for b.peek() == '{' {
		m, ok := b.message()
		if !ok {
			return link.BatchRequest{}, false
		}
		r.Messages = append(r.Messages, m)
	}
	if !b.open(']') || !b.open('}') {
		return link.BatchRequest{}, false
	}
	return r, true
}

// batchReader walks JSON that json.Valid has accepted.
type batchReader struct {
	text []byte
	at   int
}

// peek gives the first byte of the next token; what separates tokens is passed over.
func (b *batchReader) peek() byte {
	for b.at < len(b.text) {
		switch c := b.text[b.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			b.at++
		default:
			return c
		}
	}
	return 0
}

// open passes over a bracket, if it is the next token.
func (b *batchReader) open(bracket byte) bool {
	if b.peek() != bracket {
		return false
	}
	b.at++
	return true
}

// message reads one message.
func (b *batchReader) message() (m link.BatchMessage, ok bool) {
	b.at++ // the brace
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
members:
	for b.peek() == '"' {
		name := b.string()
		value := b.peek()
		if name == "headers" {
			if value != '{' || m.Headers != nil || !b.headers(&m) {
				return m, false
			}
			continue
		}
		for i := range texts {
			if f := &texts[i]; f.name == name {
				if value != '"' || f.seen {
					return m, false
				}
				*f.to, f.seen = b.string(), true
				continue members
			}
		}
		return m, false
	}
	if texts[atContent].seen {
		m.Content = &content
	}
	if texts[atEncoded].seen {
		m.ContentBase64 = &encoded
	}
	return m, b.open('}')
}

// headers reads a message's headers.
func (b *batchReader) headers(m *link.BatchMessage) bool {
	b.at++ // the brace
	m.Headers = map[string]string{}
	for b.peek() == '"' {
		name := b.string()
		if b.peek() != '"' {
			return false
		}
		m.Headers[name] = b.string()
	}
	return b.open('}')
}

// string reads the string that is the next token.
func (b *batchReader) string() string {
	b.at++ // the quote
	rest := b.text[b.at:]
	end := bytes.IndexByte(rest, '"')
	if bytes.IndexByte(rest[:end], '\\') < 0 {
		b.at += end + 1
		return string(rest[:end])
	}
	out := make([]byte, 0, max(64, 2*end))
	for {
		n := plain(rest)
		out = append(out, rest[:n]...)
		c := rest[n]
		rest = rest[n+1:]
		if c == '"' {
			b.at = len(b.text) - len(rest)
			return string(out)
		}
		switch c = rest[0]; c {
		case 'u':
			r, size := escapedRune(rest[1:])
			out = utf8.AppendRune(out, r)
			rest = rest[1+size:]
			continue
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
		}
		out = append(out, c)
		rest = rest[1:]
	}
}

// plain is how many bytes come before a quote or a backslash.
func plain(text []byte) int {
	for i, c := range text {
		if c == '"' || c == '\\' {
			return i
		}
	}
	return len(text) // not in valid JSON
}

// escapedRune reads what follows \u: one character, of half a pair U+FFFD; and how many bytes that took.
func escapedRune(text []byte) (rune, int) {
	r := hex4(text)
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(text) >= 10 && text[4] == '\\' && text[5] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(text[6:])); pair != utf8.RuneError {
			return pair, 10
		}
	}
	return utf8.RuneError, 4
}

func hex4(text []byte) rune {
	n, _ := strconv.ParseUint(string(text[:4]), 16, 32) // it is valid
	return rune(n)
}
