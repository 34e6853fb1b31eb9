package link

// maxNesting is how deep JSON may be nested: as deep as encoding/json reads it.
const maxNesting = 10_000

// members reads a text that is to be JSON: false when json.Valid would not accept it. Of an object it answers
// the members, with the values' own texts. Reading the two together, and no more of either than is
// asked for, takes a fraction of the time of encoding/json, which a send of a few KiB feels.
func members(text []byte) (list fields, valid bool) {
	c := checker{scanner{text: text}}
	c.blank()
	switch c.peek() {
	case 0:
		return nil, false
	case '{':
		c.at++
		list = make(fields, 0, 8)
		valid = c.object(1, &list)
	default:
		valid = c.value(0)
	}
	c.blank()
	return list, valid && c.at == len(c.text)
}

// checker checks JSON as it passes over it.
type checker struct{ scanner }

// peek is the next byte; 0 at the end, and where no JSON has one.
func (c *checker) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

func (c *checker) blank() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// value passes over a value that stands in so many others.
func (c *checker) value(depth int) bool {
	switch b := c.peek(); b {
	case '{':
		c.at++
		return c.object(depth+1, nil)
	case '[':
		c.at++
		return c.list(depth + 1)
	case '"':
		return c.quotedText()
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	default:
		return c.number()
	}
}

// object passes over an object whose brace has been passed, and puts its members into list, if there is one.
func (c *checker) object(depth int, list *fields) bool {
	if depth > maxNesting {
		return false
	}
	c.blank()
	if c.peek() == '}' {
		c.at++
		return true
	}
	for {
		c.blank()
		name := c.at
		if c.peek() != '"' || !c.quotedText() {
			return false
		}
		nameEnd := c.at
		c.blank()
		if c.peek() != ':' {
			return false
		}
		c.at++
		c.blank()
		value := c.at
		if !c.value(depth) {
			return false
		}
		if list != nil {
			*list = append(*list, struct{ name, raw []byte }{unquoted(c.text[name:nameEnd]), c.text[value:c.at]})
		}
		if more, ok := c.next('}'); !more {
			return ok
		}
	}
}

// list passes over a list whose bracket has been passed.
func (c *checker) list(depth int) bool {
	if depth > maxNesting {
		return false
	}
	c.blank()
	if c.peek() == ']' {
		c.at++
		return true
	}
	for {
		c.blank()
		if !c.value(depth) {
			return false
		}
		if more, ok := c.next(']'); !more {
			return ok
		}
	}
}

// next passes over what stands behind a member: a comma when there are more, else the end.
func (c *checker) next(end byte) (more, ok bool) {
	c.blank()
	switch c.peek() {
	case ',':
		c.at++
		return true, true
	case end:
		c.at++
		return false, true
	}
	return false, false
}

// quotedText passes over a string.
func (c *checker) quotedText() bool {
	text := c.text
	for i := c.at + 1; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"':
			c.at = i + 1
			return true
		case b == '\\':
			n := escape(text[i+1:])
			if n == 0 {
				return false
			}
			i += n
		case b < ' ':
			return false
		}
	}
	return false
}

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

func (c *checker) word(w string) bool {
	if len(c.text)-c.at < len(w) || string(c.text[c.at:c.at+len(w)]) != w {
		return false
	}
	c.at += len(w)
	return true
}

// number passes over a number.
func (c *checker) number() bool {
	if c.peek() == '-' {
		c.at++
	}
	if c.peek() == '0' {
		c.at++
	} else if !c.digits() {
		return false
	}
	if c.peek() == '.' {
		c.at++
		if !c.digits() {
			return false
		}
	}
	if b := c.peek(); b == 'e' || b == 'E' {
		c.at++
		if b := c.peek(); b == '+' || b == '-' {
			c.at++
		}
		return c.digits()
	}
	return true
}

// digits passes over one or more.
func (c *checker) digits() bool {
	start := c.at
	for c.at < len(c.text) && c.text[c.at] >= '0' && c.text[c.at] <= '9' {
		c.at++
	}
	return c.at > start
}
