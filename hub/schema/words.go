package schema

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"smartlink/link"
)

// flatten makes one list of the validator's tree, by pointer. Of alternatives that all fail only that
// is told: what each of them would have wanted contradicts the others.
func flatten(e *jsonschema.ValidationError) []link.FieldError {
	var list []link.FieldError
	walk(e, func(at string, t link.Text) { list = append(list, link.NewFieldError(at, link.CodeSchema, t)) })
	slices.SortStableFunc(list, func(a, b link.FieldError) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(list, func(a, b link.FieldError) bool { return a.Pointer == b.Pointer && a.Detail == b.Detail })
}

func walk(e *jsonschema.ValidationError, add func(string, link.Text)) {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(at+pointer([]string{name}), link.Text{PT: "falta", EN: "is missing"})
		}
		return
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(at+pointer([]string{name}), link.Text{PT: "não é conhecida pelo esquema", EN: "is not known to the schema"})
		}
		return
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains:
		add(at, words(e.ErrorKind))
		return
	}
	for _, cause := range e.Causes {
		walk(cause, add)
	}
	if len(e.Causes) == 0 {
		add(at, words(e.ErrorKind))
	}
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// maxName is the longest property name that a pointer repeats; of a longer one its object is pointed at.
const maxName = 100

func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if len(p) > maxName {
			break
		}
		b.WriteByte('/')
		b.WriteString(escape.Replace(p))
	}
	return b.String()
}

// words says what a keyword wants. It repeats values of the schema, never of the body.
func words(k jsonschema.ErrorKind) link.Text {
	switch k := k.(type) {
	case *kind.Type:
		return link.Both("o tipo é %s; deve ser %s", "the type is %s; it must be %s", k.Got, strings.Join(k.Want, ", "))
	case *kind.Enum:
		return link.Both("deve ser um de: %s", "must be one of: %s", short(values(k.Want)))
	case *kind.Const:
		return link.Both("deve ser %s", "must be %s", short(fmt.Sprint(k.Want)))
	case *kind.Format:
		return link.Both("não tem o formato %s", "is not of the format %s", k.Want)
	case *kind.Pattern:
		return link.Both("não segue o padrão %s", "does not match the pattern %s", short(k.Want))
	case *kind.Minimum:
		return link.Both("deve ser no mínimo %s", "must be at least %s", number(k.Want))
	case *kind.Maximum:
		return link.Both("deve ser no máximo %s", "must be at most %s", number(k.Want))
	case *kind.ExclusiveMinimum:
		return link.Both("deve ser maior que %s", "must be above %s", number(k.Want))
	case *kind.ExclusiveMaximum:
		return link.Both("deve ser menor que %s", "must be below %s", number(k.Want))
	case *kind.MultipleOf:
		return link.Both("deve ser múltiplo de %s", "must be a multiple of %s", number(k.Want))
	case *kind.AnyOf:
		return link.Text{PT: "não atende a nenhuma das formas do esquema (anyOf)", EN: "matches none of the schema's forms (anyOf)"}
	case *kind.OneOf:
		return link.Text{PT: "deve atender a exatamente uma das formas do esquema (oneOf)", EN: "must match exactly one of the schema's forms (oneOf)"}
	case *kind.Not:
		return link.Text{PT: "tem uma forma que o esquema exclui (not)", EN: "has a form that the schema excludes (not)"}
	case *kind.FalseSchema:
		return link.Text{PT: "não pode estar aqui", EN: "must not be here"}
	}
	return counts(k)
}

// counts says what the keywords about sizes want.
func counts(k jsonschema.ErrorKind) link.Text {
	switch k := k.(type) {
	case *kind.MinLength:
		return link.Both("tem %d caracteres; o mínimo é %d", "has %d characters; the least is %d", k.Got, k.Want)
	case *kind.MaxLength:
		return link.Both("tem %d caracteres; cabem %d", "has %d characters; %d fit", k.Got, k.Want)
	case *kind.MinItems:
		return link.Both("tem %d itens; o mínimo é %d", "has %d items; the least is %d", k.Got, k.Want)
	case *kind.MaxItems:
		return link.Both("tem %d itens; cabem %d", "has %d items; %d fit", k.Got, k.Want)
	case *kind.MinProperties:
		return link.Both("tem %d propriedades; o mínimo é %d", "has %d properties; the least is %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return link.Both("tem %d propriedades; cabem %d", "has %d properties; %d fit", k.Got, k.Want)
	case *kind.UniqueItems:
		return link.Both("os itens %d e %d são iguais", "items %d and %d are equal", k.Duplicates[0], k.Duplicates[1])
	case *kind.DependentRequired:
		return link.Both("com %s é preciso também: %s", "with %s these are needed too: %s", k.Prop, strings.Join(k.Missing, ", "))
	case *kind.Dependency:
		return link.Both("com %s é preciso também: %s", "with %s these are needed too: %s", k.Prop, strings.Join(k.Missing, ", "))
	}
	path := strings.Join(k.KeywordPath(), "/")
	return link.Both("não atende a %s", "does not meet %s", cmp.Or(path, "the schema"))
}

func values(list []any) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f := r.FloatString(12)
	return strings.TrimRight(f, "0")
}

// maxWords is how much of a schema's value is repeated.
const maxWords = 120

func short(s string) string {
	if utf8.RuneCountInString(s) <= maxWords {
		return s
	}
	return string([]rune(s)[:maxWords]) + "…"
}
