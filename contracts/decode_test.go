package contracts_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"smartlink/contracts"
)

// A table with every kind of field, so that what is tested is the reading and not one object.
var (
	part = contracts.NewTable("PART", "Parte", "Part",
		contracts.Field{Name: "Cod", Kind: contracts.Integer, FromParent: true},
		contracts.Field{Name: "IdPart", Kind: contracts.Integer, Min: -1, Max: 1000, Key: true, Generated: true},
		contracts.Field{Name: "Text", Kind: contracts.Text, Size: 5},
		contracts.Field{Name: "Valor", Kind: contracts.Amount, Numeric: contracts.Money, Sign: contracts.NotBelowZero, Required: true},
	)
	thing = contracts.NewTable("THING", "Coisa", "Thing",
		contracts.Field{Name: "Cod", Kind: contracts.Integer, Min: 1, Max: 9, Key: true},
		contracts.Field{Name: "Id", Kind: contracts.Integer, Min: -1, Max: 1000, Key: true, Generated: true},
		contracts.Field{Name: "Nome", Kind: contracts.Text, Size: 5, Required: true},
		contracts.Field{Name: "Tipo", Kind: contracts.Integer, Values: []contracts.Option{{Value: 1}, {Value: 2}, {Value: 3}}, Settable: []int64{1, 2}, Default: "1", NotNull: true},
		contracts.Field{Name: "Num", Kind: contracts.Integer},
		contracts.Field{Name: "Valor", Kind: contracts.Amount, Numeric: contracts.Money, Sign: contracts.AboveZero},
		contracts.Field{Name: "Saldo", Kind: contracts.Amount, Numeric: contracts.Money},
		contracts.Field{Name: "Taxa", Kind: contracts.Amount, Numeric: contracts.Rate, Sign: contracts.NotBelowZero},
		contracts.Field{Name: "Dia", Kind: contracts.Day},
		contracts.Field{Name: "Prev", Kind: contracts.Day, DefaultFrom: "Dia"},
		contracts.Field{Name: "Hora", Kind: contracts.Moment},
		contracts.Field{Name: "Pedir", Kind: contracts.Switch},
		contracts.Field{Name: "Estado", Kind: contracts.Integer, Default: "0", ReadOnly: true},
		contracts.Field{Name: "Autor", Column: "CRIADOR", Kind: contracts.Text, Size: 20, InsertOnly: true},
		contracts.Field{Name: "CodColX", Kind: contracts.Integer, CompanyOf: "CodX"},
		contracts.Field{Name: "CodX", Kind: contracts.Text, Size: 5, Locked: true},
		contracts.Field{Name: "Partes", Column: "PART", Kind: contracts.List, Child: part, MaxRows: 3},
		contracts.Field{Name: "Extra", Column: "THINGCOMPL", Kind: contracts.Open, Size: 5},
	)
	makeThing = &contracts.Command{Type: "ThingInc", Table: thing, Insert: true}
	editThing = &contracts.Command{Type: "ThingAlt", Table: thing}
)

// brief writes findings as lines "CODE pointer (related)".
func brief(violations []contracts.Violation) []string {
	lines := []string{}
	for _, v := range violations {
		line := string(v.Code) + " " + v.Pointer
		if len(v.Related) > 0 {
			line += " (" + strings.Join(v.Related, " ") + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// inThing makes a body with the required properties and more.
func inThing(members string) string {
	if members != "" {
		members = ", " + members
	}
	return `{"header": {}, "data": {"Cod": 1, "Nome": "A"` + members + `}}`
}

// decode reads a body, and checks it, which must find the same.
func decode(t *testing.T, c *contracts.Command, body string) (*contracts.Record, contracts.Findings) {
	t.Helper()
	r, found := c.Decode([]byte(body))
	checked(t, c, []byte(body), found)
	return r, found
}

// checked compares what a check finds with what the decoder found. Findings keep nothing of the body, which is
// changed here.
func checked(t *testing.T, c *contracts.Command, body []byte, found contracts.Findings) {
	t.Helper()
	got := c.Check(body)
	clear(body)
	if !reflect.DeepEqual(got, found) {
		t.Errorf("%s: a check finds\n%+v, the decoder\n%+v", c.Type, got, found)
	}
}

// Checks go on side by side with records that others have left, and each finds what it would find alone.
func TestChecksAtOnce(t *testing.T) {
	bodies := []string{
		inThing(`"Num": 1, "CodX": "a"`), `{"data": {}}`, `{"Cod": 1, "nome": "A", "EXTRA": {"A": "1"}}`,
		inThing(`"num": "x", "Estado": 1, "Partes": [{"Valor": -1}, {"cod": 2}, 3], "Extra": {"A": 1, "a": 2}`),
		inThing(`"Partes": [{"Valor": 1}, {"Valor": 2, "Text": "abcdef"}]`), inThing(`"cod": 2, "Foo": 1`),
	}
	var checks sync.WaitGroup
	for i := range 4 {
		checks.Go(func() {
			for at := range 50 * len(bodies) {
				decode(t, makeThing, bodies[(at*(i+1)+i)%len(bodies)])
			}
		})
	}
	checks.Wait()
}

func TestDecodeValues(t *testing.T) {
	for _, tc := range []struct {
		member string
		field  string
		want   string // as Display writes it
		state  contracts.State
		code   contracts.Code // of a violation at the field
		args   string
	}{
		// Text.
		{`"CodX": "abcde"`, "CodX", "abcde", contracts.Present, "", ""},
		{`"CodX": "ção€😀"`, "CodX", "ção€😀", contracts.Present, "", ""}, // 5 characters, 14 bytes
		{`"CodX": "abcdef"`, "CodX", "", contracts.Invalid, contracts.TooLong, "length=6 size=5"},
		{`"CodX": "ção€😀!"`, "CodX", "", contracts.Invalid, contracts.TooLong, "length=6 size=5"},
		{`"CodX": "001"`, "CodX", "001", contracts.Present, "", ""}, // stays a text
		{`"CodX": " a "`, "CodX", " a ", contracts.Present, "", ""}, // nothing is trimmed
		{`"CodX": ""`, "CodX", "", contracts.Null, "", ""},
		{`"CodX": " \t "`, "CodX", "", contracts.Null, "", ""},
		{`"CodX": null`, "CodX", "", contracts.Null, "", ""},
		{`"Num": 1`, "CodX", "", contracts.Absent, "", ""},
		{`"CodX": "a\nb"`, "CodX", "a\nb", contracts.Present, "", ""},
		{`"CodX": "a\u0000b"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""},
		{`"CodX": "a\u001b"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""},
		{`"CodX": "a\u007f"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""},
		{`"CodX": "a\u0085"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""},
		{`"CodX": "a\ud800"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""}, // half a character
		{`"CodX": "a\ufffd"`, "CodX", "", contracts.Invalid, contracts.BadCharacters, ""}, // one that was lost
		{`"CodX": 1`, "CodX", "", contracts.Invalid, contracts.WrongType, "want=text"},
		{`"CodX": true`, "CodX", "", contracts.Invalid, contracts.WrongType, "want=text"},
		{`"CodX": {"a": [1, {}]}`, "CodX", "", contracts.Invalid, contracts.WrongType, "want=text"},
		{`"CodX": ["a"]`, "CodX", "", contracts.Invalid, contracts.WrongType, "want=text"},

		// Integers, also in strings.
		{`"Num": -7`, "Num", "-7", contracts.Present, "", ""},
		{`"Num": "12"`, "Num", "12", contracts.Present, "", ""},
		{`"Num": 1.2e1`, "Num", "12", contracts.Present, "", ""},
		{`"Num": 12.0`, "Num", "12", contracts.Present, "", ""},
		{`"Num": 12.5`, "Num", "", contracts.Invalid, contracts.WrongType, "want=integer"},
		{`"Num": "12,0"`, "Num", "", contracts.Invalid, contracts.WrongType, "want=integer"},
		{`"Num": ""`, "Num", "", contracts.Invalid, contracts.WrongType, "want=integer"},
		{`"Num": false`, "Num", "", contracts.Invalid, contracts.WrongType, "want=integer"},
		{`"Num": [12]`, "Num", "", contracts.Invalid, contracts.WrongType, "want=integer"},
		{`"Num": 2147483647`, "Num", "2147483647", contracts.Present, "", ""},
		{`"Num": 2147483648`, "Num", "", contracts.Invalid, contracts.OutOfRange, "value=2147483648"},
		{`"Num": -2147483648`, "Num", "-2147483648", contracts.Present, "", ""},
		{`"Num": -2147483649`, "Num", "", contracts.Invalid, contracts.OutOfRange, "value=-2147483649"},
		{`"Num": 1e40`, "Num", "", contracts.Invalid, contracts.OutOfRange, "value=1e40"},
		{`"Cod": 0`, "Cod", "", contracts.Invalid, contracts.OutOfRange, "value=0"},
		{`"Tipo": 2`, "Tipo", "2", contracts.Present, "", ""},
		{`"Tipo": "2"`, "Tipo", "2", contracts.Present, "", ""},
		{`"Tipo": 4`, "Tipo", "", contracts.Invalid, contracts.NotAllowed, "allowed=1, 2, 3 value=4"},
		{`"Tipo": 3`, "Tipo", "", contracts.Invalid, contracts.NotAllowed, "allowed=1, 2 value=3"}, // the books' own
		{`"Tipo": "R"`, "Tipo", "", contracts.Invalid, contracts.WrongType, "want=integer"},

		// Decimals.
		{`"Valor": 1250.75`, "Valor", "1250.7500", contracts.Present, "", ""},
		{`"Valor": "1250.75"`, "Valor", "1250.7500", contracts.Present, "", ""},
		{`"Valor": 1e2`, "Valor", "100.0000", contracts.Present, "", ""},
		{`"Valor": 0.1`, "Valor", "0.1000", contracts.Present, "", ""},
		{`"Valor": 90071992547.4093`, "Valor", "90071992547.4093", contracts.Present, "", ""}, // no float holds it
		{`"Valor": 1.23456`, "Valor", "", contracts.Invalid, contracts.TooManyPlaces, "places=4 value=1.23456"},
		{`"Valor": 123456789012.3`, "Valor", "", contracts.Invalid, contracts.OutOfRange, "value=123456789012.3"},
		{`"Valor": 0`, "Valor", "", contracts.Invalid, contracts.NotPositive, "value=0.0000"},
		{`"Valor": -0.5`, "Valor", "", contracts.Invalid, contracts.NotPositive, "value=-0.5000"},
		{`"Valor": "1.250,75"`, "Valor", "", contracts.Invalid, contracts.WrongType, "want=decimal"},
		{`"Valor": ""`, "Valor", "", contracts.Invalid, contracts.WrongType, "want=decimal"},
		{`"Saldo": -0.5`, "Saldo", "-0.5000", contracts.Present, "", ""},
		{`"Saldo": -0`, "Saldo", "0.0000", contracts.Present, "", ""},
		{`"Taxa": 5.123456789`, "Taxa", "5.123456789", contracts.Present, "", ""},
		{`"Taxa": 5.1234567891`, "Taxa", "", contracts.Invalid, contracts.TooManyPlaces, "places=9 value=5.1234567891"},
		{`"Taxa": 1000000000`, "Taxa", "", contracts.Invalid, contracts.OutOfRange, "value=1000000000"},
		{`"Taxa": -1`, "Taxa", "", contracts.Invalid, contracts.Negative, "value=-1.000000000"},
		{`"Taxa": -1e-9`, "Taxa", "", contracts.Invalid, contracts.Negative, "value=-0.000000001"},
		{`"Taxa": 0`, "Taxa", "0.000000000", contracts.Present, "", ""},

		// Dates and moments.
		{`"Dia": "2026-03-31T23:00:00-03:00"`, "Dia", "2026-03-31", contracts.Present, "", ""},
		{`"Dia": "31/03/2026"`, "Dia", "", contracts.Invalid, contracts.NotDate, "value=31/03/2026"},
		{`"Dia": ""`, "Dia", "", contracts.Invalid, contracts.NotDate, "value="},
		{`"Dia": 20260331`, "Dia", "", contracts.Invalid, contracts.WrongType, "want=date"},
		{`"Hora": "2026-03-31T23:00:00.5-03:00"`, "Hora", "2026-04-01T02:00:00Z", contracts.Present, "", ""},
		{`"Hora": "2026-03-31T23:00:00"`, "Hora", "2026-03-31T23:00:00Z", contracts.Present, "", ""},
		{`"Hora": "2026-03-31"`, "Hora", "", contracts.Invalid, contracts.NotDate, "value=2026-03-31"},
		{`"Hora": "1899-12-31T00:00:00Z"`, "Hora", "", contracts.Invalid, contracts.NotDate, "value=1899-12-31T00:00:00Z"},

		// What asks the ERP to do something.
		{`"Pedir": false`, "Pedir", "false", contracts.Present, "", ""},
		{`"Pedir": "False"`, "Pedir", "false", contracts.Present, "", ""},
		{`"Pedir": 0`, "Pedir", "false", contracts.Present, "", ""},
		{`"Pedir": null`, "Pedir", "", contracts.Null, "", ""},
		{`"Pedir": true`, "Pedir", "", contracts.Invalid, contracts.MustBeFalse, ""},
		{`"Pedir": "TRUE"`, "Pedir", "", contracts.Invalid, contracts.MustBeFalse, ""},
		{`"Pedir": 1`, "Pedir", "", contracts.Invalid, contracts.MustBeFalse, ""},
		{`"Pedir": "talvez"`, "Pedir", "", contracts.Invalid, contracts.WrongType, "want=boolean"},
		{`"Pedir": []`, "Pedir", "", contracts.Invalid, contracts.WrongType, "want=boolean"},

		// Children.
		{`"Partes": null`, "Partes", "", contracts.Null, "", ""},
		{`"Partes": []`, "Partes", "", contracts.Present, "", ""},
		{`"Partes": {}`, "Partes", "", contracts.Invalid, contracts.WrongType, "want=list"},
		{`"Partes": "x"`, "Partes", "", contracts.Invalid, contracts.WrongType, "want=list"},
		{`"Partes": 1`, "Partes", "", contracts.Invalid, contracts.WrongType, "want=list"},
		{`"Extra": {}`, "Extra", "", contracts.Present, "", ""},
		{`"Extra": null`, "Extra", "", contracts.Null, "", ""},
		{`"Extra": []`, "Extra", "", contracts.Invalid, contracts.WrongType, "want=object"},
		{`"Extra": "x"`, "Extra", "", contracts.Invalid, contracts.WrongType, "want=object"},
	} {
		t.Run(tc.member, func(t *testing.T) {
			body := inThing(tc.member)
			if tc.field == "Cod" {
				body = `{"header": {}, "data": {"Nome": "A", ` + tc.member + `}}`
			}
			r, f := decode(t, makeThing, body)
			if r.State(tc.field) != tc.state {
				t.Errorf("state %d, want %d", r.State(tc.field), tc.state)
			}
			if tc.state == contracts.Present && thing.Field(tc.field).Kind < contracts.List && r.Display(tc.field) != tc.want {
				t.Errorf("value %q, want %q", r.Display(tc.field), tc.want)
			}
			if tc.code == "" {
				same(t, "violations", brief(f.Violations))
				return
			}
			same(t, "violations", brief(f.Violations), string(tc.code)+" /data/"+tc.field)
			if v := f.Violations[0]; argText(v) != tc.args || v.Of != thing.Field(tc.field) || v.Field != v.Of.Column {
				t.Errorf("args %q, want %q; field %q", argText(v), tc.args, v.Field)
			}
		})
	}
}

func argText(v contracts.Violation) string {
	var parts []string
	for name, value := range v.Args {
		parts = append(parts, name+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func TestDecodeNames(t *testing.T) {
	for _, tc := range []struct {
		name, members string
		check         func(*contracts.Record) string
		want          string
		violations    []string
		unknown       []string
	}{
		{name: "any case", members: `"codx": "a", "NUM": 3`,
			check: func(r *contracts.Record) string { return r.Text("CodX") + r.Display("Num") + r.Pointer("CodX") }, want: "a3/data/codx"},
		{name: "the property, not its column", members: `"Autor": "ana", "CRIADOR": "bia"`,
			check: func(r *contracts.Record) string { return r.Text("Autor") }, want: "ana", unknown: []string{"PROPERTY-UNKNOWN /data/CRIADOR"}},
		{name: "only the 26 letters have two cases", members: `"ſaldo": 1, "ıd": 5`,
			unknown: []string{"PROPERTY-UNKNOWN /data/ſaldo", "PROPERTY-UNKNOWN /data/ıd"}},
		{name: "twice the same", members: `"Num": 1, "Num": 1`, violations: []string{"PROPERTY-REPEATED /data/Num"},
			check: func(r *contracts.Record) string { return fmt.Sprint(r.State("Num") == contracts.Invalid) }, want: "true"},
		{name: "twice in other case", members: `"Num": 1, "nUM": null`, violations: []string{"PROPERTY-REPEATED /data/nUM (/data/Num)"}},
		{name: "three times", members: `"Num": 1, "nUM": 2, "NUM": [3]`,
			violations: []string{"PROPERTY-REPEATED /data/nUM (/data/Num)", "PROPERTY-REPEATED /data/NUM (/data/Num)"}},
		{name: "twice, the first without a value", members: `"Num": null, "num": 1`, violations: []string{"PROPERTY-REPEATED /data/num (/data/Num)"}},
		{name: "twice, the first wrong", members: `"Num": "x", "num": 1`, violations: []string{"TYPE /data/Num", "PROPERTY-REPEATED /data/num (/data/Num)"}},
		{name: "a key twice", members: `"cod": 2`, violations: []string{"PROPERTY-REPEATED /data/cod (/data/Cod)"}},
		{name: "a list twice", members: `"Partes": [{"Valor": 1}], "partes": [{"Valor": -1}]`,
			violations: []string{"PROPERTY-REPEATED /data/partes (/data/Partes)"}},
		{name: "twice in a row", members: `"Partes": [{"Valor": 1}, {"Valor": 1, "VALOR": 2}]`,
			violations: []string{"PROPERTY-REPEATED /data/Partes/1/VALOR (/data/Partes/1/Valor)"}},
		{name: "twice in the open object", members: `"Extra": {"A": "1", "b": 2, "a": 3}`, violations: []string{"PROPERTY-REPEATED /data/Extra/a (/data/Extra/A)"}},
		{name: "unknown ones, also twice", members: `"Foo": {"Num": [1, 2]}, "Foo": 1, "FLANBAIXA": [[]], "Partes": [{"Valor": 1, "X": "1"}]`,
			unknown: []string{"PROPERTY-UNKNOWN /data/Foo", "PROPERTY-UNKNOWN /data/Foo", "PROPERTY-UNKNOWN /data/FLANBAIXA", "PROPERTY-UNKNOWN /data/Partes/0/X"}},
		{name: "pointers are escaped", members: `"a/b~c": 1`, unknown: []string{"PROPERTY-UNKNOWN /data/a~1b~0c"}},
		{name: "an endless name", members: `"` + strings.Repeat("x", 101) + `": 1`, unknown: []string{"PROPERTY-UNKNOWN /data"}},
		{name: "an empty name", members: `"": 1`, unknown: []string{"PROPERTY-UNKNOWN /data/"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, f := decode(t, makeThing, inThing(tc.members))
			same(t, "violations", brief(f.Violations), tc.violations...)
			same(t, "unknown", brief(f.Unknown), tc.unknown...)
			if tc.check != nil && tc.check(r) != tc.want {
				t.Errorf("got %q, want %q", tc.check(r), tc.want)
			}
		})
	}
}

func TestDecodeRows(t *testing.T) {
	for name, tc := range map[string]struct {
		rows       string
		count      int
		violations []string
	}{
		"none":                  {`[]`, 0, nil},
		"as many as fit":        {`[{"Valor":1},{"Valor":2},{"Valor":3}]`, 3, nil},
		"too many":              {`[{"Valor":1},{"Valor":2},{"Valor":3},{"Valor":-4},5]`, 3, []string{"TOO-MANY-ROWS /data/Partes"}},
		"no objects":            {`[1, {"Valor":2}, null, [{}], "x"]`, 1, []string{"TYPE /data/Partes/0", "TYPE /data/Partes/2", "TOO-MANY-ROWS /data/Partes"}},
		"wrong in two rows":     {`[{"Valor":-1},{"Valor":1,"Text":"abcdef"}]`, 2, []string{"NEGATIVE /data/Partes/0/Valor", "TOO-LONG /data/Partes/1/Text"}},
		"rows beside no object": {`[1, {}]`, 1, []string{"TYPE /data/Partes/0", "REQUIRED /data/Partes/1/Valor"}},
		"what a row needs":      {`[{"Text":"a"},{"Valor":null}]`, 2, []string{"REQUIRED /data/Partes/0/Valor", "REQUIRED /data/Partes/1/Valor"}},
		"an id of its own":      {`[{"IdPart":4,"Valor":1}]`, 1, []string{"KEY-GIVEN /data/Partes/0/IdPart"}},
		"new by -1 and by 0":    {`[{"IdPart":-1,"Valor":1},{"IdPart":0,"Valor":1}]`, 2, nil},
		"the parent's key":      {`[{"Cod":1,"Valor":1},{"Cod":null,"Valor":1}]`, 2, nil},
		"another parent's key":  {`[{"Valor":1},{"cod":2,"Valor":1}]`, 2, []string{"PARENT-KEY /data/Partes/1/cod (/data/Cod)"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, f := decode(t, makeThing, inThing(`"Partes": `+tc.rows))
			same(t, "violations", brief(f.Violations), tc.violations...)
			if len(r.Rows("Partes")) != tc.count {
				t.Errorf("%d rows, want %d", len(r.Rows("Partes")), tc.count)
			}
		})
	}
	_, f := decode(t, makeThing, inThing(`"Partes": [{"Valor":1},{"Valor":2},{"Valor":3},{"Valor":4},{"Valor":5}]`))
	if got := argText(f.Violations[0]); got != "max=3 rows=5" {
		t.Errorf("too many rows: %s", got)
	}
}

func TestDecodeOpenObject(t *testing.T) {
	r, f := decode(t, makeThing, inThing(`"Extra": {"A": "x", "B": 1.50, "C": true, "D": false, "E": null, "F": "", "G": "abcdef", "H": [1], "I": {"J": 1}, "K": "a\u0001"}`))
	same(t, "violations", brief(f.Violations), "TOO-LONG /data/Extra/G", "TYPE /data/Extra/H", "TYPE /data/Extra/I", "CHARACTERS /data/Extra/K")
	var got []string
	for _, x := range r.Extras() {
		got = append(got, fmt.Sprintf("%s=%s/%d%s", x.Name, x.Value.Text, x.Value.State, x.Pointer()))
	}
	same(t, "properties", got, "A=x/2/data/Extra/A", "B=1.50/2/data/Extra/B", "C=T/2/data/Extra/C", "D=F/2/data/Extra/D",
		"E=/1/data/Extra/E", "F=/1/data/Extra/F")
	if r.State("Extra") != contracts.Invalid {
		t.Errorf("state %d", r.State("Extra"))
	}

	several := `"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1`
	_, f = decode(t, makeThing, inThing(`"Extra": {`+several+`, "J": 1, "A": 1, "k": 1, "K": 1}`))
	same(t, "repeated ones", brief(f.Violations), "PROPERTY-REPEATED /data/Extra/J (/data/Extra/j)", "PROPERTY-REPEATED /data/Extra/A (/data/Extra/a)",
		"PROPERTY-REPEATED /data/Extra/K (/data/Extra/k)")

	many := map[string]int{}
	for i := range 202 {
		many[fmt.Sprint("P", i)] = i
	}
	b, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	r, f = decode(t, makeThing, inThing(`"Extra": `+string(b)))
	if len(r.Extras()) != 200 || len(f.Violations) != 2 || f.Violations[0].Code != contracts.TooManyRows {
		t.Errorf("%d properties, %q", len(r.Extras()), brief(f.Violations))
	}
}

// An answer never outgrows a message, whatever came: findings are counted beyond a bound.
func TestFindingsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 150 {
		fmt.Fprintf(&b, `"Nobody%d": 1, "Num": 2, `, i)
	}
	_, f := decode(t, makeThing, `{"data": {`+b.String()+`"Cod": 1, "Nome": "A"}}`)
	if len(f.Violations) != contracts.MaxFindings || f.MoreViolations != 49 {
		t.Errorf("%d violations and %d more", len(f.Violations), f.MoreViolations)
	}
	if len(f.Unknown) != contracts.MaxFindings || f.MoreUnknown != 50 {
		t.Errorf("%d unknown and %d more", len(f.Unknown), f.MoreUnknown)
	}
	if f.OK() {
		t.Error("OK all the same")
	}
	long := contracts.Excerpt(strings.Repeat("é", 500))
	if want := strings.Repeat("é", 60) + "…"; long != want {
		t.Errorf("excerpt %q", long)
	}
	if got := contracts.Excerpt(strings.Repeat("é", 60)); got != strings.Repeat("é", 60) {
		t.Errorf("excerpt of what fits: %q", got)
	}
}
