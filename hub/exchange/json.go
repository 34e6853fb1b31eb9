package exchange

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"smartlink/link"
)

// WrongJSON tells, in the caller's language, what does not fit in JSON read into a Go value. place is
// the pointer of that value.
func WrongJSON(lang link.Lang, place string, err error) link.FieldError {
	f := link.FieldError{Pointer: place, Code: link.CodeRequestInvalid}
	var misfit *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &misfit):
		if misfit.Field != "" {
			f.Pointer += "/" + strings.ReplaceAll(misfit.Field, ".", "/")
		}
		f.Detail = fmt.Sprintf(in(lang, "%s não serve aqui; esperado: %s", "%s does not fit here; expected: %s"), misfit.Value, kind(misfit.Type))
	case errors.As(err, &syntax):
		f.Detail = fmt.Sprintf(in(lang, "JSON inválido no byte %d", "invalid JSON at byte %d"), syntax.Offset)
	default:
		f.Detail = err.Error()
	}
	return f
}

// kind names what JSON calls a Go type.
func kind(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) { // ids, moments
		return "string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Pointer:
		return kind(t.Elem())
	default:
		return "number"
	}
}
