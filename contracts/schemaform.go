package contracts

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// spaces are the characters a blank text consists of, for a character class. Characters are written as
// themselves, since dialects of patterns escape them differently.
const spaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

// exponent is a number with an exponent, whose size a pattern cannot judge.
const exponent = `-?(0|[1-9][0-9]*)(\.[0-9]+)?[eE][+-]?[0-9]+`

// forms are the values a field takes beside null.
func (f *Field) forms(fresh bool) []any {
	readOnly := f.ReadOnly && fresh && f.DefaultFrom == ""
	if readOnly && f.Default == "" {
		return nil // null only
	}
	switch f.Kind {
	case Text:
		if readOnly {
			return []any{object{"const": f.Default}}
		}
		return textForms(f.Size)
	case Integer:
		return f.integerForms(fresh, readOnly)
	case Amount:
		return f.amountForms(readOnly)
	case Day:
		return []any{object{"type": "string", "pattern": "^" + dayPattern + "(T" + timePattern + "(" + zonePattern + ")?)?$"}}
	case Moment:
		return []any{object{"type": "string", "pattern": "^" + dayPattern + "T" + timePattern + "(" + zonePattern + ")?$"}}
	case Switch:
		return []any{object{"const": false}, object{"const": 0}, object{"type": "string", "pattern": `^(-?0(\.0+)?|[Ff][Aa][Ll][Ss][Ee])$|^` + exponent + "$"}}
	}
	return nil
}

// textForms takes texts up to a size, without control characters and what stands for lost ones.
func textForms(size int) []any {
	return []any{object{
		"type": "string", "maxLength": size, "pattern": "^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f\ufffd]*$",
	}}
}

func (f *Field) integerForms(fresh, readOnly bool) []any {
	var allowed []int64
	switch {
	case readOnly:
		allowed = []int64{f.defaultValue.Int}
	case fresh && f.Settable != nil:
		allowed = f.Settable
	case f.Values != nil:
		for _, o := range f.Values {
			allowed = append(allowed, o.Value)
		}
	}
	if allowed != nil {
		texts := make([]string, len(allowed))
		for i, n := range allowed {
			if texts[i] = strconv.FormatInt(n, 10); n == 0 {
				texts[i] = "-?0"
			}
		}
		return []any{object{"enum": allowed}, object{"type": "string", "pattern": `^(` + strings.Join(texts, "|") + `)(\.0+)?$|^` + exponent + "$"}}
	}
	lo, hi := f.Min, f.Max
	switch {
	case f.Generated && fresh:
		hi = 0
	case f.Generated:
		lo = 1
	}
	return []any{
		object{"type": "integer", "minimum": lo, "maximum": hi},
		object{"type": "string", "pattern": "^(" + rangePattern(lo, hi) + `)(\.0+)?$|^` + exponent + "$"},
	}
}

func (f *Field) amountForms(readOnly bool) []any {
	n := f.Numeric
	number := object{"type": "number", "maximum": json.Number(n.Max().String()), "multipleOf": json.Number(Decimal{1, n.Places}.String())}
	whole := fmt.Sprintf(`(0|[1-9][0-9]{0,%d})(\.[0-9]{1,%d}0*)?`, n.Digits-n.Places-1, n.Places)
	texts := []any{}
	switch {
	case readOnly: // defaults of amounts are zero
		return []any{object{"const": json.Number(f.Default)}, object{"type": "string", "pattern": `^-?0(\.0+)?$|^` + exponent + "$"}}
	case f.Sign == AboveZero:
		number["exclusiveMinimum"] = 0
		texts = append(texts, object{"pattern": "^" + whole + "$|^" + exponent + "$"}, object{"pattern": "^[0.]*[1-9]"})
	case f.Sign == NotBelowZero:
		number["minimum"] = 0
		texts = append(texts, object{"pattern": "^(" + whole + `|-0(\.0+)?)$|^` + exponent + "$"})
	default:
		number["minimum"] = json.Number("-" + n.Max().String())
		texts = append(texts, object{"pattern": "^-?" + whole + "$|^" + exponent + "$"})
	}
	return []any{number, object{"type": "string", "allOf": texts}}
}

// The forms of dates and times that ParseDate reads, days of the month included.
const (
	dayPattern = `((19|2[0-9])[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)` +
		`|((19|2[0-9])(0[48]|[2468][048]|[13579][26])|2000|2400|2800)-02-29)`
	timePattern = `([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.,][0-9]+)?`
	zonePattern = `Z|[+-]([01][0-9]|2[0-4]):([0-5][0-9]|60)`
)

// rangePattern matches the whole numbers from lo to hi, in digits. Above zero lo is 0 or 1.
func rangePattern(lo, hi int64) string {
	var parts []string
	if lo < 0 {
		parts = append(parts, "-("+upTo(uint64(-lo))+")", "-?0")
	} else if lo == 0 {
		parts = append(parts, "-?0")
	} else if lo > 1 {
		panic(fmt.Sprintf("contracts: no pattern for numbers from %d", lo))
	}
	if hi > 0 {
		parts = append(parts, upTo(uint64(hi)))
	}
	return strings.Join(parts, "|")
}

// upTo matches the numbers from 1 to n: those of fewer digits, then digit by digit those that begin as n.
func upTo(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var parts []string
	if rest := len(digits) - 1; rest > 0 {
		parts = append(parts, fmt.Sprintf("[1-9][0-9]{0,%d}", rest-1))
	}
	for i := range digits {
		least := byte('0')
		if i == 0 {
			least = '1'
		}
		if digits[i] > least {
			parts = append(parts, fmt.Sprintf("%s[%c-%c][0-9]{%d}", digits[:i], least, digits[i]-1, len(digits)-i-1))
		}
	}
	return strings.Join(append(parts, digits), "|")
}
