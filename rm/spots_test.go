package rm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"smartlink/contracts"
	"smartlink/rm/rmtest"
)

// spot is a place in the data of a message: names of properties and indexes of lists.
type spot []any

// pointer names the field a fault has to name. An item of a list is named by its list.
func (s spot) pointer() string {
	steps := slices.Clone(s)
	if _, item := s[len(s)-1].(int); item {
		steps = steps[:len(steps)-1]
	}
	at := "/data"
	for _, step := range steps {
		at += "/" + fmt.Sprint(step)
	}
	return at
}

// spotsOf lists every field of a record, whether the message has it or not, every item of its lists,
// and a property that nobody knows.
func spotsOf(t *contracts.Table, data rmtest.Object, at spot) []spot {
	below := func(steps ...any) spot { return append(slices.Clone(at), steps...) }
	spots := []spot{below("Desconhecida")}
	for i := range t.Fields {
		f := &t.Fields[i]
		spots = append(spots, below(f.Name))
		switch value := data[f.Name].(type) {
		case rmtest.List:
			for n, item := range value {
				spots = append(spots, below(f.Name, n))
				spots = append(spots, spotsOf(f.Child, item.(rmtest.Object), below(f.Name, n))...)
			}
		case rmtest.Object:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				spots = append(spots, below(f.Name, name))
			}
			spots = append(spots, below(f.Name, "Desconhecida"))
		}
	}
	return spots
}

// breakage is what is done to a field: another value, or something else.
type breakage struct{ do, raw string }

// What is done to a field.
const (
	set     = "set to"
	leave   = "left out"
	again   = "once more, spelled otherwise, as"
	respell = "spelled otherwise"
)

// String writes a breakage for a failed test.
func (b breakage) String() string { return strings.TrimSpace(b.do + " " + b.raw) }

// apply breaks the field at a spot.
func (s spot) apply(data rmtest.Object, b breakage) {
	var in any = data
	for _, step := range s[:len(s)-1] {
		switch step := step.(type) {
		case string:
			in = in.(rmtest.Object)[step]
		case int:
			in = in.(rmtest.List)[step]
		}
	}
	raw := json.RawMessage(b.raw)
	switch last := s[len(s)-1].(type) {
	case string:
		o := in.(rmtest.Object)
		switch b.do {
		case set:
			o[last] = raw
		case leave:
			delete(o, last)
		case again:
			o[last+"\x00"+strings.ToUpper(last)] = raw
		case respell:
			if value, ok := o[last]; ok {
				delete(o, last)
				o[strings.ToLower(last)] = value
			}
		}
	case int: // of a list the item is replaced, or it stays as it is
		if b.do == set {
			in.(rmtest.List)[last] = raw
		}
	}
}

// render writes JSON with sorted names. What stands in a name behind a zero is written in its place, so
// that an object can have a name twice.
func render(v any) string {
	switch v := v.(type) {
	case rmtest.Object:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			written := name
			if _, other, ok := strings.Cut(name, "\x00"); ok {
				written = other
			}
			members = append(members, strconv.Quote(written)+":"+render(v[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case rmtest.List:
		var items []string
		for _, item := range v {
			items = append(items, render(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case json.RawMessage:
		return string(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
}

// anyBreakage draws what rmtest.Breakages does not have.
var anyBreakage = rapid.Custom(func(t *rapid.T) breakage {
	switch do := rapid.SampledFrom([]string{set, set, set, again, leave, respell}).Draw(t, "do"); do {
	case set, again:
		return breakage{do, anyValue.Draw(t, "value")}
	default:
		return breakage{do, ""}
	}
})

// anyValue draws JSON.
var anyValue = rapid.OneOf(
	rapid.StringMatching(`-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,6})?([eE][+-]?[0-9])?`),
	rapid.Map(rapid.StringMatching(`-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,6})?`), strconv.Quote),
	rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) }),
	rapid.Map(rapid.String(), quote),
	rapid.Map(rapid.StringN(200, 400, -1), quote),
	rapid.Map(rapid.StringMatching(`(19|20|29|30)[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?(Z|[+-]0[0-9]:00)?)?`), quote),
	rapid.Map(rapid.StringMatching(`[FCB]0000[0-9]|0[0-9]\.00[0-9]|R\$|EUR|NF|EMPR`), quote),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{`null`, `1`, `"x"`, `{}`, `{"Valor":1}`, `{"Valor":"x","valor":2}`}), 0, 4), func(items []string) string {
		return "[" + strings.Join(items, ",") + "]"
	}),
	rapid.SampledFrom([]string{`null`, `true`, `false`, `{}`, `{"x":1}`, `[[[]]]`, `-0`, `0.0`, `1E2`, `"1e2"`, `"-1"`, `"NaN"`, `"'; DROP TABLE FLAN; --"`}),
)

// quote writes a text as JSON.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
