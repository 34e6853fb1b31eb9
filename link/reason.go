package link

import (
	"regexp"
	"strings"
	"sync"
)

// Reason tells in a language what Text of an Error says in Portuguese. A state that is reported carries its
// reason in one language, with its code; this is how people read it in theirs. What is not the code's text,
// such as a technical cause or one that was cut, is answered as it is.
func (c Code) Reason(said string, lang Lang) string {
	if lang == Portuguese || c == "" || said == "" {
		return said
	}
	form := formOf(c)
	values := form.says.FindStringSubmatch(said)
	if values == nil {
		return said
	}
	pairs := make([]string, 0, 4*len(values))
	for i, value := range values[1:] {
		name := form.names[i]
		pairs = append(pairs, "{"+name+"}", value)
		if plain, ok := strings.CutSuffix(name, "PT"); ok {
			pairs = append(pairs, "{"+plain+"}", value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(Catalogue(c).DetailEN)
}

// form is how a code's text in Portuguese is read again.
type form struct {
	says  *regexp.Regexp
	names []string // of its placeholders, in their order
}

var (
	forms       sync.Map // Code to form
	placeholder = regexp.MustCompile(`\{(\w+)\}`)
)

func formOf(c Code) form {
	if f, ok := forms.Load(c); ok {
		return f.(form)
	}
	text := Catalogue(c).DetailPT
	var f form
	pattern, last := strings.Builder{}, 0
	pattern.WriteString(`(?s)^`)
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		pattern.WriteString(regexp.QuoteMeta(text[last:at[0]]) + `(.*?)`)
		f.names = append(f.names, text[at[2]:at[3]])
		last = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(text[last:]) + `$`)
	f.says = regexp.MustCompile(pattern.String())
	forms.Store(c, f)
	return f
}
