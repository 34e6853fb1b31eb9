package exchange

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"smartlink/link"
)

// WrongJSON tells what does not fit in JSON read into a Go value. place is the pointer of that value.
func WrongJSON(place string, err error) link.FieldError {
	text := link.Both("um id ou momento não tem a forma esperada", "an id or a moment does not have the expected form")
	var misfit *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &misfit):
		if misfit.Field != "" {
			place += "/" + strings.ReplaceAll(misfit.Field, ".", "/")
		}
		got, want := value(misfit.Value), kind(misfit.Type)
		text = link.Text{PT: got.PT + " não serve aqui; esperado: " + want.PT, EN: got.EN + " does not fit here; expected: " + want.EN}
	case errors.As(err, &syntax):
		text = link.Both("JSON inválido no byte %d", "invalid JSON at byte %d", syntax.Offset)
	}
	return link.NewFieldError(place, link.CodeRequestInvalid, text)
}

// The kinds of JSON values.
var (
	boolean = link.Text{PT: "true ou false", EN: "true or false"}
	text    = link.Text{PT: "um texto entre aspas", EN: "a text in quotes"}
	list    = link.Text{PT: "uma lista [ ]", EN: "a list [ ]"}
	object  = link.Text{PT: "um objeto { }", EN: "an object { }"}
	number  = link.Text{PT: "um número", EN: "a number"}
	whole   = link.Text{PT: "um número inteiro", EN: "a whole number"}
)

// Expected names the value that begins with a bracket, for errors.
func Expected(open byte) link.Text {
	want := object
	if open == '[' {
		want = list
	}
	return link.Text{PT: "esperado: " + want.PT, EN: "expected: " + want.EN}
}

// kind names the JSON value of a Go type.
func kind(t reflect.Type) link.Text {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) { // ids, moments
		return text
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolean
	case reflect.String:
		return text
	case reflect.Slice, reflect.Array:
		return list
	case reflect.Struct, reflect.Map:
		return object
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.Float32, reflect.Float64:
		return number
	default:
		return whole
	}
}

// value names what was found; found is encoding/json's word for it: "string", "number 1.5" …
func value(found string) link.Text {
	switch word, rest, _ := strings.Cut(found, " "); word {
	case "bool":
		return boolean
	case "string":
		return text
	case "array":
		return list
	case "object":
		return object
	case "number":
		if rest != "" {
			return link.Text{PT: "o número " + rest, EN: "the number " + rest}
		}
		return number
	}
	return link.Text{PT: found, EN: found}
}
