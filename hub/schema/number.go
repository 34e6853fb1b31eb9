package schema

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxExponent is the largest exponent of a number that is computed. The validator computes exactly, so
// that 1e999999 would cost it milliseconds and a body full of them minutes.
const maxExponent = 308

// tame replaces numbers beyond maxExponent by the largest, or smallest, that is computed. v is
// changed.
func tame(v any) any {
	switch v := v.(type) {
	case json.Number:
		return tameNumber(v)
	case map[string]any:
		for name, value := range v {
			v[name] = tame(value)
		}
	case []any:
		for i, value := range v {
			v[i] = tame(value)
		}
	}
	return v
}

func tameNumber(n json.Number) json.Number {
	mantissa, exponent, ok := strings.Cut(strings.ToLower(n.String()), "e")
	if !ok {
		return n
	}
	e, err := strconv.Atoi(exponent)
	switch {
	case err == nil && -maxExponent <= e && e <= maxExponent:
		return n
	case !strings.ContainsAny(mantissa, "123456789"):
		return "0"
	}
	tamed := "1e" + strconv.Itoa(maxExponent)
	if strings.HasPrefix(exponent, "-") {
		tamed = "1e-" + strconv.Itoa(maxExponent)
	}
	if strings.HasPrefix(mantissa, "-") {
		tamed = "-" + tamed
	}
	return json.Number(tamed)
}
