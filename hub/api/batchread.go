package api

import (
	"unicode/utf16"
	"unicode/utf8"

	"smartlink/link"
)

// batchMessage is a message of a batch as it came. Its content stands in content, nil for none, and not in the field.
type batchMessage struct {
	link.BatchMessage
	content []byte
}

// readBatch reads a batch in the form that senders write, in a fraction of the time of encoding/json: the
// bytes of a batch are mostly bodies inside strings. These come out of it as parts of one piece of memory, which
// lives as long as any of them. Everything out of the ordinary (other properties, other cases of their names,
// null, repeated ones, wrong types, what is no JSON) is left to the strict reading, which knows what to say
// about it: then ok is false. Of more than link.MaxBatch messages it reads one too many.
func readBatch(body []byte) (list []batchMessage, ok bool) {
	if !utf8.Valid(body) {
		return nil, false
	}
	b := batchReader{text: body, room: make([]byte, len(body))}
	b.expect('{')
	b.failed = b.failed || string(b.quoted()) != "messages"
	b.expect(':')
	b.expect('[')
	list = make([]batchMessage, 0, usualBatch)
	for first := true; b.more(']', first); first = false {
		if list = append(list, b.message()); len(list) > link.MaxBatch && !b.failed {
			return list, true // refused as a whole, however many more there are
		}
	}
	b.expect('}')
	if b.space(); b.failed || b.at != len(b.text) {
		return nil, false
	}
	return list, true
}

// usualBatch is for how many messages there is room from the beginning: as many as a client.Sender puts into a batch.
const usualBatch = 64

// batchReader reads JSON in UTF-8; once something is not as expected, it has failed.
type batchReader struct {
	text   []byte
	at     int
	failed bool
	room   []byte    // for what is read, which is never longer than what stands for it
	before [4]string // texts of the message before: most are the same in all
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
func (b *batchReader) message() (m batchMessage) {
	texts := [...]struct {
		name string
		to   *string
		seen bool
	}{
		{"type", &m.Type, false}, {"audience", &m.Audience, false}, {"contentType", &m.ContentType, false}, {"idempotencyKey", &m.IdempotencyKey, false},
	}
	b.expect('{')
members:
	for first := true; b.more('}', first); first = false {
		name := b.quoted()
		b.expect(':')
		switch {
		case string(name) == "content" && m.content == nil:
			m.content = b.quoted()
			continue
		case string(name) == "contentBase64" && m.ContentBase64 == nil:
			encoded := string(b.quoted())
			m.ContentBase64 = &encoded
			continue
		case string(name) == "headers" && m.Headers == nil:
			m.Headers = b.headers()
			continue
		}
		for i := range texts {
			if f := &texts[i]; f.name == string(name) && !f.seen {
				*f.to, f.seen = b.likeBefore(&b.before[i]), true
				continue members
			}
		}
		b.failed = true
	}
	return m
}

// headers reads a message's headers.
func (b *batchReader) headers() map[string]string {
	h := map[string]string{}
	b.expect('{')
	for first := true; b.more('}', first); first = false {
		name := string(b.quoted())
		b.expect(':')
		h[name] = string(b.quoted())
	}
	return h
}

// likeBefore reads a string that is often the same as the one before it.
func (b *batchReader) likeBefore(before *string) string {
	if text := b.quoted(); string(text) != *before {
		*before = string(text)
	}
	return *before
}

// quoted reads a string; what it says is never nil.
func (b *batchReader) quoted() []byte {
	if b.expect('"'); b.failed {
		return b.room[:0]
	}
	text, room := b.text[b.at:], b.room // what is left of both
	for {
		n := 0 // bytes that stand for themselves
		for n < len(text) && n < len(room) && !special[text[n]] {
			room[n] = text[n]
			n++
		}
		text, room = text[n:], room[n:]
		if len(text) < 2 {
			break
		}
		if text[0] == '"' {
			length := len(b.room) - len(room)
			said := b.room[:length:length]
			b.at, b.room = len(b.text)-len(text)+1, room
			return said
		}
		if text[0] != '\\' { // a control character
			break
		}
		if c := escapes[text[1]]; c != 0 {
			room[0] = c
			text, room = text[2:], room[1:]
			continue
		}
		r, size := escapedRune(text[1:])
		if size == 0 {
			break
		}
		text, room = text[1+size:], room[utf8.EncodeRune(room, r):]
	}
	b.failed = true
	return b.room[:0]
}

// special are the bytes that do not stand for themselves in a string.
var special = func() (list [256]bool) {
	for c := range ' ' {
		list[c] = true
	}
	list['"'], list['\\'] = true, true
	return list
}()

// escapes are the characters that a letter behind a backslash stands for.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapedRune reads a u with its digits, and what belongs to it: one character, of half a pair U+FFFD; and how many
// bytes that took, 0 when it is none.
func escapedRune(text []byte) (rune, int) {
	r, ok := digits(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(text) > 5 && text[5] == '\\' {
		if low, ok := digits(text[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 11
			}
		}
	}
	return utf8.RuneError, 5
}

// digits reads a u and four hexadecimal digits.
func digits(text []byte) (rune, bool) {
	if len(text) < 5 || text[0] != 'u' {
		return 0, false
	}
	var n rune
	for _, c := range text[1:5] {
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
