package contracts_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"smartlink/contracts"
)

// The commands FuzzDecode reads every body as.
var fuzzed = append([]*contracts.Command{makeThing, editThing}, contracts.Commands...)

// Whatever comes, reading it neither panics nor changes a value: a number that was taken is exactly the
// one in the body, a text has not lost a character, findings point into the body, and a check has the same.
func FuzzDecode(f *testing.F) {
	examples, err := filepath.Glob("../examples/*.json")
	if err != nil || len(examples) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, name := range examples {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, members := range []string{
		`"Valor": 1.00001, "Saldo": -0, "Taxa": 5.123456789, "Num": 1e3`,
		`"Saldo": 0e999999999, "Valor": 1e-1000000000, "Num": "2147483648"`,
		`"Saldo": "90071992547.4093", "saldo": 1, "Dia": "2026-02-29", "Hora": "2026-03-31T23:00:00-03:00"`,
		`"CodX": "\ud800", "Partes": [{"Valor": 1}, [], {"Valor": null, "valor": 2}], "Extra": {"A": 1, "a": [true]}`,
	} {
		f.Add([]byte(inThing(members)))
	}
	f.Add([]byte(`{"specversion": "1.0", "data": {"CodColigada": "1", "a/b~": 1}}`))
	f.Add([]byte(`{"messageContent": [{}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		for _, c := range fuzzed {
			r, found := c.Decode(body)
			if !bytes.Equal(body, before) {
				t.Fatal("the body was changed")
			}
			checked(t, c, bytes.Clone(body), found)
			if r == nil && found.OK() {
				t.Fatal("neither a record nor a reason")
			}
			for _, v := range append(found.Violations, found.Unknown...) {
				if v.Code == "" || v.Pointer != "" && v.Pointer[0] != '/' || !utf8.ValidString(v.Pointer) {
					t.Fatalf("finding %+v", v)
				}
			}
			if r == nil {
				continue
			}
			var whole any
			dec := json.NewDecoder(bytes.NewReader(body))
			dec.UseNumber()
			if err := dec.Decode(&whole); err != nil {
				t.Fatalf("a record was read from what is no JSON: %v", err)
			}
			survives(t, r, whole)
		}
	})
}

// survives compares every value of a record with the body, found by the value's pointer.
func survives(t *testing.T, r *contracts.Record, body any) {
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		for _, row := range r.Rows(f.Name) {
			survives(t, row, body)
		}
		if !r.Has(f.Name) || !f.Stored() {
			continue
		}
		at := r.Pointer(f.Name)
		sent, ok := resolve(body, at)
		if !ok {
			t.Fatalf("%s has a value, but nothing stands at %s", f.Name, at)
		}
		text, isText := sent.(string)
		number, isNumber := sent.(json.Number)
		got := r.Display(f.Name)
		switch f.Kind {
		case contracts.Text:
			if got != text || !isText {
				t.Fatalf("%s: %q became %q", at, sent, got)
			}
		case contracts.Day:
			if !isText || len(text) < 10 || got != text[:10] {
				t.Fatalf("%s: %q became %q", at, sent, got)
			}
		case contracts.Integer, contracts.Amount:
			if isNumber {
				text = number.String()
			}
			if !sameNumber(t, text, got) {
				t.Fatalf("%s: %v became %s", at, sent, got)
			}
		}
	}
}

// sameNumber compares two numbers exactly. An exponent beyond all sizes can only be that of a zero.
func sameNumber(t *testing.T, a, b string) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(a), "e")
	if e, err := strconv.Atoi(exponent); exponent != "" && (err != nil || e > 1000 || e < -1000) && strings.Trim(mantissa, "-0.") == "" {
		return rat(t, b).Sign() == 0
	}
	return rat(t, a).Cmp(rat(t, b)) == 0
}

// resolve follows a JSON Pointer.
func resolve(v any, pointer string) (any, bool) {
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[step]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}
