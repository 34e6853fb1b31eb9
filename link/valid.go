package link

// maxNesting is how deep JSON may be nested: as deep as encoding/json reads it.
const maxNesting = 10_000

// members reads a text that is to be JSON: false when json.Valid would not accept it. Of an object it answers
// the members, with the values' own texts, in room as long as that lasts. Reading the two together, and no more of
// either than is asked for, takes a fraction of the time of encoding/json, which a send of a few KiB feels.
func members(text []byte, room fields) (list fields, valid bool) {
	c, list := checker(text), room
	at := c.blank(0)
	if !c.is('{', at) {
		at = c.value(at, 0)
		return list, at != noJSON && c.blank(at) == len(c)
	}
	at, more := c.first('}', at+1)
	for more {
		name := at
		nameEnd, value, end := c.member(name, 1)
		if end == noJSON {
			return list, false
		}
		list = append(list, field{unquoted(c[name:nameEnd]), c[value:end]})
		at, more = c.next('}', end)
	}
	return list, at != noJSON && c.blank(at) == len(c)
}

// checker is a text that is checked as it is passed over. Its methods are given the place where something is to
// stand, and answer the place behind it, or noJSON.
type checker []byte

const noJSON = -1

// is tells whether a byte stands at a place.
func (c checker) is(b byte, at int) bool { return at < len(c) && c[at] == b }

// blank passes over what may stand between tokens.
func (c checker) blank(at int) int {
	for at < len(c) && blanks[c[at]] {
		at++
	}
	return at
}

var blanks = [256]bool{' ': true, '\t': true, '\r': true, '\n': true}

// value passes over a value that stands in so many others.
func (c checker) value(at, depth int) int {
	if at >= len(c) {
		return noJSON
	}
	switch c[at] {
	case '{':
		return c.object(at+1, depth+1)
	case '[':
		return c.list(at+1, depth+1)
	case '"':
		return c.quoted(at)
	case 't':
		return c.word("true", at)
	case 'f':
		return c.word("false", at)
	case 'n':
		return c.word("null", at)
	}
	return c.number(at)
}

// object passes over an object whose brace has been passed.
func (c checker) object(at, depth int) int {
	if depth > maxNesting {
		return noJSON
	}
	at, more := c.first('}', at)
	for more {
		if _, _, at = c.member(at, depth); at == noJSON {
			return noJSON
		}
		at, more = c.next('}', at)
	}
	return at
}

// list passes over a list whose bracket has been passed.
func (c checker) list(at, depth int) int {
	if depth > maxNesting {
		return noJSON
	}
	at, more := c.first(']', at)
	for more {
		if at = c.value(at, depth); at == noJSON {
			return noJSON
		}
		at, more = c.next(']', at)
	}
	return at
}

// first passes over what stands before the first item of a list or object: the answer is its place. When there is
// none, it is the place behind the closing bracket.
func (c checker) first(closing byte, at int) (next int, more bool) {
	if at = c.blank(at); c.is(closing, at) {
		return at + 1, false
	}
	return at, true
}

// next is first for the other items, with the comma before them.
func (c checker) next(closing byte, at int) (next int, more bool) {
	switch at = c.blank(at); {
	case c.is(',', at):
		return c.blank(at + 1), true
	case c.is(closing, at):
		return at + 1, false
	}
	return noJSON, false
}

// member passes over a name and its value. nameEnd is the place behind the name, value where the value stands.
func (c checker) member(at, depth int) (nameEnd, value, end int) {
	nameEnd = c.quoted(at)
	if nameEnd == noJSON {
		return 0, 0, noJSON
	}
	if at = c.blank(nameEnd); !c.is(':', at) {
		return 0, 0, noJSON
	}
	value = c.blank(at + 1)
	return nameEnd, value, c.value(value, depth)
}

// quoted passes over a string.
func (c checker) quoted(at int) int {
	if !c.is('"', at) {
		return noJSON
	}
	for at++; at < len(c); at++ {
		b := c[at]
		if !special[b] {
			continue
		}
		if b == '"' {
			return at + 1
		}
		n := 0
		if b == '\\' {
			n = escape(c[at+1:])
		}
		if n == 0 { // also a control character
			return noJSON
		}
		at += n
	}
	return noJSON
}

// special are the bytes that do not stand for themselves in a string.
var special = func() (list [256]bool) {
	for b := range ' ' {
		list[b] = true
	}
	list['"'], list['\\'] = true, true
	return list
}()

// escape is how long what follows a backslash is; 0 when it is nothing.
func escape(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(text) < 5 {
			return 0
		}
		for _, b := range text[1:5] {
			if (b < '0' || b > '9') && (b < 'a' || b > 'f') && (b < 'A' || b > 'F') {
				return 0
			}
		}
		return 5
	}
	return 0
}

func (c checker) word(w string, at int) int {
	if len(c)-at < len(w) || string(c[at:at+len(w)]) != w {
		return noJSON
	}
	return at + len(w)
}

// number passes over a number.
func (c checker) number(at int) int {
	if c.is('-', at) {
		at++
	}
	if c.is('0', at) {
		at++
	} else if at = c.digits(at); at == noJSON {
		return noJSON
	}
	if c.is('.', at) {
		if at = c.digits(at + 1); at == noJSON {
			return noJSON
		}
	}
	if c.is('e', at) || c.is('E', at) {
		if at++; c.is('+', at) || c.is('-', at) {
			at++
		}
		return c.digits(at)
	}
	return at
}

// digits passes over one or more.
func (c checker) digits(at int) int {
	start := at
	for at < len(c) && digit(c[at]) {
		at++
	}
	if at == start {
		return noJSON
	}
	return at
}
