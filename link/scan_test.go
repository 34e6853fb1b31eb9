package link

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzFieldsAreThoseOfEncodingJSON: whatever stands in an object, the members read are those that
// encoding/json reads.
func FuzzFieldsAreThoseOfEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : 1 , "b":[1,{"c":"}"}],"a":"x\"y" } `, `{"a":{"b":{}},"":null,"\u0061":true}`, `{"n":-1.5e3}`, `{"a":[[],[]],"é":"\ud83d\ude00"}`, `[1]`, `"{"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var want map[string]json.RawMessage
		if !json.Valid(body) || !utf8.Valid(body) {
			return
		}
		if json.Unmarshal(body, &want) != nil {
			if got := fieldsOf(body); got != nil {
				t.Errorf("%q is no object, but has %d members", body, len(got))
			}
			return
		}
		got := fieldsOf(body)
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
