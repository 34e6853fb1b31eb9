package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/link"
)

// TestCommandsAreCheckedAsTheirSchemaSays: the decoder that stands in for a command's JSON Schema finds
// the same bodies in order, and points at the same place, for the examples and for each with one value
// spoiled.
func TestCommandsAreCheckedAsTheirSchemaSays(t *testing.T) {
	for _, name := range []string{examples.FinLanInc, examples.FinLanAlt, examples.FinXCXInc, examples.FinXCXAlt, examples.CtbLanInc, examples.CtbLanAlt} {
		body := examples.Body(name)
		var doc map[string]any
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatal(err)
		}
		typ := doc["header"].(map[string]any)["type"].(string)
		quick := Of(typ)
		slow := Stored(quick.Text())
		if got := quick.Check(body); got != nil {
			t.Errorf("%s: %v", name, got)
		}
		data := doc["data"].(map[string]any)
		for property, value := range data {
			data[property] = map[string]any{"no": "value"}
			spoiled, _ := json.Marshal(doc)
			data[property] = value
			a, b := quick.Check(spoiled), slow.Check(spoiled)
			if (len(a) > 0) != (len(b) > 0) {
				t.Errorf("%s with %s spoiled: decoder %v, schema %v", name, property, a, b)
			}
		}
	}
}

// TestViolationsHaveWords: every code that a decoder may give has texts in both languages, with no
// placeholder left open.
func TestViolationsHaveWords(t *testing.T) {
	field := &contracts.Commands[0].Table.Fields[0]
	for code := range violations {
		v := contracts.Violation{Code: code, Of: field, Args: map[string]string{
			"want": "decimal", "length": "9", "size": "8", "value": "{label}", "places": "4", "allowed": "1, 2", "parent": "", "expected": "0",
			"company": "1", "rows": "9", "max": "8", "name": "X",
		}}
		w := violationWords(v)
		for _, text := range []string{w.PT, w.EN} {
			if left := strings.ReplaceAll(text, "{label}", ""); text == "" || code != contracts.NoData && strings.ContainsAny(left, "{}") {
				t.Errorf("%s: %q", code, text)
			}
		}
		if w.PT == w.EN {
			t.Errorf("%s: both languages say %q", code, w.EN)
		}
	}
	w := violationWords(contracts.Violation{Code: "NEW"})
	if !strings.Contains(w.EN, "NEW") {
		t.Errorf("a code without words: %q", w.EN)
	}
}

func TestCheckPointsAndSpeaksBothLanguages(t *testing.T) {
	for name, tc := range map[string]struct{ schema, body, want string }{
		"matches":        {`{"type":"object"}`, `{}`, ""},
		"true":           {`true`, `[]`, ""},
		"not JSON":       {`{}`, "\xff", " não é JSON"},
		"two values":     {`{}`, `1 2`, " não é JSON"},
		"type":           {`{"type":"object"}`, `[]`, " object"},
		"missing":        {`{"required":["a","b"]}`, `{"b":1}`, "/a falta"},
		"missing deep":   {`{"properties":{"x/y~":{"required":["a"]}}}`, `{"x/y~":{}}`, "/x~1y~0/a falta"},
		"not known":      {`{"additionalProperties":false}`, `{"q":1}`, "/q não é conhecida"},
		"enum":           {`{"enum":["x",1]}`, `2`, " x, 1"},
		"const":          {`{"const":7}`, `2`, " 7"},
		"pattern":        {`{"pattern":"^a$"}`, `"b"`, " ^a$"},
		"minimum":        {`{"minimum":1.5}`, `1`, " 1.5"},
		"maximum":        {`{"maximum":1}`, `2`, " no máximo 1"},
		"above":          {`{"exclusiveMinimum":0}`, `0`, " maior que 0"},
		"below":          {`{"exclusiveMaximum":0}`, `0`, " menor que 0"},
		"multiple":       {`{"multipleOf":0.01}`, `0.001`, " 0.01"},
		"length":         {`{"minLength":2}`, `"ç"`, " 1 caracteres"},
		"too long":       {`{"maxLength":1}`, `"çã"`, " cabem 1"},
		"items":          {`{"minItems":1}`, `[]`, " 0 itens"},
		"too many":       {`{"maxItems":1}`, `[1,2]`, " cabem 1"},
		"properties":     {`{"minProperties":1}`, `{}`, " 0 propriedades"},
		"too many again": {`{"maxProperties":0}`, `{"a":1}`, " cabem 0"},
		"unique":         {`{"uniqueItems":true}`, `[1,2,1]`, " 0 e 2"},
		"one of":         {`{"oneOf":[{"type":"string"},{"minLength":1}]}`, `"x"`, " oneOf"},
		"any of":         {`{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, " anyOf"},
		"not":            {`{"not":{"type":"null"}}`, `null`, " not"},
		"false":          {`{"properties":{"a":false}}`, `{"a":1}`, "/a não pode"},
		"dependent":      {`{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, " com a"},
		"contains":       {`{"contains":{"type":"null"}}`, `[1]`, " contains"},
		"all of":         {`{"allOf":[{"required":["a"]},{"required":["a"]}]}`, `{}`, "/a falta"},
		"long name":      {`{"additionalProperties":false}`, `{"` + strings.Repeat("n", 500) + `":1}`, " não é conhecida"},
		"$ref":           {`{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `1`, " string"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Compile([]byte(tc.schema))
			if err != nil {
				t.Fatal(err)
			}
			got := s.Check([]byte(tc.body))
			if tc.want == "" {
				if got != nil {
					t.Errorf("%v", got)
				}
				return
			}
			pointer, words, _ := strings.Cut(tc.want, " ")
			if len(got) != 1 || got[0].Pointer != pointer || !strings.Contains(got[0].Text().PT, words) || got[0].Text().PT == got[0].Text().EN {
				t.Errorf("%+v, want %q", got, tc.want)
			}
		})
	}
}

// TestFindingsAreBounded: however much is wrong with a body, the answer stays small and says that more
// is wrong.
func TestFindingsAreBounded(t *testing.T) {
	s, err := Compile([]byte(`{"items":{"type":"string"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Check([]byte("[" + strings.Repeat("1,", 29) + "1]"))
	if len(got) != link.MaxFindings+1 || !strings.Contains(got[link.MaxFindings].Detail, "10 more") {
		t.Errorf("%d findings, the last %+v", len(got), got[len(got)-1])
	}
	command := Of("FinLanIncDataCommand")
	got = command.Check([]byte(`{"data":{"Rateios":[` + strings.Repeat("{},", 199) + `{}]}}`))
	if len(got) != link.MaxFindings+1 {
		t.Errorf("%d findings of a command", len(got))
	}
}

// TestNumbersAreTamed: numbers whose exact value would take long to compute are not computed.
func TestNumbersAreTamed(t *testing.T) {
	for in, want := range map[string]string{
		"1": "1", "1e308": "1e308", "-2.5E-308": "-2.5E-308", "1e309": "1e308", "-7e999999999": "-1e308", "1E-999999": "1e-308",
		"-1e-99999999999999999999": "-1e-308", "1e99999999999999999999": "1e308", "0.00e999999": "0", "1e+5000": "1e308",
	} {
		if got := tameNumber(json.Number(in)); string(got) != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
	s, err := Compile([]byte(`{"items":{"type":"integer","multipleOf":0.01}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Check([]byte("[" + strings.Repeat("1e999999,", 50_000) + "1e999999]")); got != nil {
		t.Errorf("%v", got)
	}
}

// TestOneSchemaForMany: many use one schema that nobody has compiled yet.
func TestOneSchemaForMany(t *testing.T) {
	s := Stored([]byte(`{"type":"object"}`))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			if got := s.Check(fmt.Appendf(nil, `{"n":%d}`, i)); got != nil {
				t.Errorf("%v", got)
			}
		})
	}
	wg.Wait()
	if got := Stored([]byte(`{"type":"no"}`)).Check([]byte("1")); len(got) != 1 || !strings.Contains(got[0].Detail, "upload it again") {
		t.Errorf("a schema that cannot be used: %v", got)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"type":"object","required":["a"]}`), []byte(`{"a":1e9}`))
	f.Add([]byte(`{"anyOf":[{"pattern":"^a"},{"multipleOf":0.1}]}`), []byte(`0.15`))
	f.Add([]byte(`{"$ref":"#"}`), []byte(`[1]`))
	f.Fuzz(func(t *testing.T, text, body []byte) {
		s, err := Compile(text)
		if err != nil {
			return
		}
		for _, e := range s.Check(body) {
			if e.Detail == "" || e.Text().PT == "" || e.Code != link.CodeSchema {
				t.Errorf("finding %+v", e)
			}
		}
	})
}

// BenchmarkCheck is what a whole command costs at the edge: by the decoder, and by its JSON Schema.
func BenchmarkCheck(b *testing.B) {
	body := examples.Body(examples.FinLanInc)
	quick := Of("FinLanIncDataCommand")
	for name, s := range map[string]*Schema{"decoder": quick, "schema": Stored(quick.Text())} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s.Check(body) != nil {
					b.Fatal("does not match")
				}
			}
		})
	}
}

// BenchmarkMismatch is what a body costs that lacks almost everything, the words included.
func BenchmarkMismatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Of("FinLanIncDataCommand").Check([]byte(`{"data":{"text":"x"}}`)) == nil {
			b.Fatal("matches")
		}
	}
}

// TestEventsOfRM: what RM tells is in order, and what is not is found.
func TestEventsOfRM(t *testing.T) {
	s := Of(contracts.FinLanBaixadoType)
	if s == nil || !s.BuiltIn() {
		t.Fatal("no schema")
	}
	value := contracts.Decimal{Units: 15000000, Places: 4}
	e := contracts.FinLanBaixado{CodColigada: 1, IdLan: 7, NumeroDocumento: "CT-1", StatusLan: 1, DataBaixa: "2026-03-31", ValorOriginal: value, ValorBaixado: value}
	if found := s.Check(e.Body()); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	for _, body := range []string{`{}`, `{"data": {}}`, `{"data": {"CodColigada": 1, "IdLan": 7, "DataBaixa": "31/03/2026", "ValorBaixado": "1"}}`, `{"data": {"CodColigada": 1, "IdLan": 7, "DataBaixa": "2026-03-31", "ValorBaixado": 1.5}}`} {
		if len(s.Check([]byte(body))) == 0 {
			t.Errorf("%s passes", body)
		}
	}
}
