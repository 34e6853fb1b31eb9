package link

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzFieldsAreThoseOfEncodingJSON: whatever stands in an object, the members read are those that
// encoding/json reads.
func FuzzFieldsAreThoseOfEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : 1 , "b":[1,{"c":"}"}],"a":"x\"y" } `, `{"a":{"b":{}},"":null,"\u0061":true}`, `{"n":-1.5e3}`, `{"a":[[],[]],"é":"\ud83d\ude00"}`, `[1]`, `"{"`,
		``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a" 1}`, `{1:2}`, `[`, `[1`, `[1,`, `[1,]`, `[,]`, `]`, `}`, `1 2`, `{} {}`, `nul`, `truee`,
		`"`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\x01\"", "\"\x7f\"", `-`, `-0`, `01`, `1.`, `.5`, `1e`, `1e+`, `1E-05`, `0.10`, `+1`, "\x00", "\u00a0{}", "{\"a\":1}\x00",
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
		strings.Repeat(`{"a":`, 9999) + "[]" + strings.Repeat("}", 9999), strings.Repeat(`{"a":`, 10000) + "[]" + strings.Repeat("}", 10000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var want map[string]json.RawMessage
		found, valid := members(body, nil)
		if valid != json.Valid(body) {
			t.Errorf("%q is JSON: %t, want %t", body, valid, !valid)
		}
		if !valid || !utf8.Valid(body) {
			return
		}
		if json.Unmarshal(body, &want) != nil {
			if got := fieldsOf(body, nil); got != nil {
				t.Errorf("%q is no object, but has %d members", body, len(got))
			}
			return
		}
		got := fieldsOf(body, nil)
		if !reflect.DeepEqual(found, got) {
			t.Errorf("%q has the members %q, want %q", body, found, got)
		}
		for name, raw := range want {
			if string(got.get(name)) != string(raw) {
				t.Errorf("%q: %q is %q, want %q", body, name, got.get(name), raw)
			}
		}
		for _, m := range got {
			if _, known := want[string(m.name)]; !known {
				t.Errorf("%q has no member %q", body, m.name)
			}
		}
	})
}
