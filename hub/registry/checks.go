package registry

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"smartlink/link"
)

// maxName is how many characters a name has at most.
const maxName = 100

// checks collects what is wrong with a request, all of it at once.
type checks struct{ wrong []link.FieldError }

func (c *checks) add(pointer string, code link.Code, detail link.Text) {
	c.wrong = append(c.wrong, link.NewFieldError(pointer, code, detail))
}

// err answers all that is wrong as one error.
func (c *checks) err() error {
	if len(c.wrong) == 0 {
		return nil
	}
	e := link.NewError(link.CodeRequestInvalid)
	e.Errors = c.wrong
	return e
}

// name checks a name for people and answers it without the space around it.
func (c *checks) name(pointer, name string) string {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		c.add(pointer, link.CodeRequestInvalid, link.Both("falta um nome", "a name is needed"))
	case n > maxName:
		c.add(pointer, link.CodeRequestInvalid, link.Both(
			"o nome tem %d caracteres; cabem %d", "the name has %d characters, %d are allowed", n, maxName))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		c.add(pointer, link.CodeRequestInvalid, link.Both(
			"o nome tem caracteres de controle ou não é UTF-8", "the name contains control characters or is not UTF-8"))
	}
	return name
}

// types checks a list of message types and answers it without repeats, never nil.
func (c *checks) types(pointer string, types []string) []string {
	if len(types) > link.MaxTypes {
		c.add(pointer, link.CodeRequestInvalid, link.Both("%d tipos; cabem %d", "%d types, %d are allowed", len(types), link.MaxTypes))
		return nil
	}
	for i, t := range types {
		if !link.ValidType(t) {
			c.add(fmt.Sprintf("%s/%d", pointer, i), link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", quoted(t)).Text())
		}
	}
	return unique(types)
}

// unique answers list without repeats, in its order, never nil.
func unique(list []string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func quoted(s string) string { return `"` + s + `"` }
