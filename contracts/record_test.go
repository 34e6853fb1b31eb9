package contracts_test

import (
	"strings"
	"testing"

	"smartlink/contracts"
)

func decoded(t *testing.T, c *contracts.Command, members string) *contracts.Record {
	t.Helper()
	r, f := decode(t, c, inThing(members))
	if !f.OK() {
		t.Fatal(brief(f.Violations))
	}
	return r
}

func TestCompleteFillsDefaults(t *testing.T) {
	given := decoded(t, makeThing, `"Dia": "2026-03-31", "Estado": null`)
	whole := given.Complete()
	for name, want := range map[string]string{"Tipo": "1", "Estado": "0", "Dia": "2026-03-31", "Prev": "2026-03-31", "Nome": "A", "Num": ""} {
		if got := whole.Display(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if whole.State("Num") != contracts.Null || given.State("Tipo") != contracts.Absent {
		t.Errorf("Num %d; the given record's Tipo %d", whole.State("Num"), given.State("Tipo"))
	}
	for members, want := range map[string]string{
		`"Dia": "2026-03-31", "Prev": "2026-04-30"`: "2026-04-30",
		`"Dia": "2026-03-31", "Prev": null`:         "2026-03-31",
		`"Prev": null`:                              "",
	} {
		if got := decoded(t, makeThing, members).Complete().Display("Prev"); got != want {
			t.Errorf("%s: %q, want %q", members, got, want)
		}
	}
	wrong, _ := decode(t, makeThing, inThing(`"Tipo": 9, "prev": "x", "Dia": "2026-03-31"`))
	if whole := wrong.Complete(); whole.State("Tipo") != contracts.Invalid || whole.State("Prev") != contracts.Invalid || whole.Pointer("Prev") != "/data/prev" {
		t.Errorf("what was invalid is %d, %d at %s", whole.State("Tipo"), whole.State("Prev"), whole.Pointer("Prev"))
	}
}

func TestOverKeepsClearsAndReplaces(t *testing.T) {
	books := stored(t, `"Num": 1, "Dia": "2026-03-31", "CodX": "a", "Valor": 10`)
	edit := decoded(t, editThing, `"Id": 5, "Num": 2, "dia": null`)
	whole := edit.Over(books)
	for name, want := range map[string]string{"Num": "2", "Dia": "", "CodX": "a", "Valor": "10.0000", "Prev": "2026-03-31", "Nome": "A"} {
		if got := whole.Display(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if edit.State("CodX") != contracts.Absent || books.Display("Num") != "1" {
		t.Error("one of the two was changed")
	}
	for name, want := range map[string]bool{"Num": true, "Dia": true, "CodX": false, "Cod": false, "Valor": false, "Nome": false, "Hora": false} {
		if edit.Changes(books, name) != want {
			t.Errorf("Changes(%s) is %v", name, !want)
		}
	}
	if whole.Pointer("Dia") != "/data/dia" || whole.Pointer("CodX") != "/data/CodX" {
		t.Errorf("pointers %s, %s", whole.Pointer("Dia"), whole.Pointer("CodX"))
	}
}

func TestStoredAndLoadedAreTheSame(t *testing.T) {
	r := decoded(t, makeThing, `"Num": -3, "Valor": 12.5, "Taxa": "0.000000001", "Dia": "2026-03-31T10:00:00", "Hora": "2026-03-31T10:00:00-03:00", "CodX": "001"`)
	for name, want := range map[string]any{
		"Num": int64(-3), "Valor": "12.5000", "Taxa": "0.000000001", "Dia": "2026-03-31", "Hora": "2026-03-31T13:00:00Z", "CodX": "001", "Saldo": nil,
	} {
		f := thing.Field(name)
		got := r.Stored(f)
		if got != want {
			t.Errorf("%s is stored as %#v, want %#v", name, got, want)
		}
		again := contracts.NewRecord(thing, "")
		n, _ := got.(int64)
		s, _ := got.(string)
		if err := again.Load(f, got != nil, n, s); err != nil || !again.Value(name).Equal(r.Value(name)) {
			t.Errorf("%s is loaded as %+v, %v", name, again.Value(name), err)
		}
	}
	for name, text := range map[string]string{
		"Valor": "12,5", "Saldo": "1e99", "Taxa": "0.0000000001", "Dia": "2026-03-31 00:00:00", "Prev": "31/03/2026", "Hora": "2026-03-31",
	} {
		if err := contracts.NewRecord(thing, "").Load(thing.Field(name), true, 0, text); err == nil {
			t.Errorf("%s was loaded from %q", name, text)
		}
	}
}

func TestValuesAreEqual(t *testing.T) {
	null, absent, invalid := contracts.Value{State: contracts.Null}, contracts.Value{}, contracts.Value{State: contracts.Invalid}
	for _, tc := range []struct {
		a, b contracts.Value
		want bool
	}{
		{contracts.Int(1), contracts.Int(1), true},
		{contracts.Int(1), contracts.Int(2), false},
		{contracts.String("a"), contracts.String("a"), true},
		{contracts.String("a"), contracts.String("A"), false},
		{contracts.Int(0), null, false},
		{null, contracts.Int(0), false},
		{null, absent, true},
		{absent, absent, true},
		{invalid, absent, false},
		{null, invalid, false},
		{contracts.Int(0), invalid, false},
	} {
		if tc.a.Equal(tc.b) != tc.want {
			t.Errorf("%+v equal to %+v: %v", tc.a, tc.b, !tc.want)
		}
	}
}

func TestRecordReads(t *testing.T) {
	r := decoded(t, makeThing, `"num": 3, "Valor": 1.5, "Dia": "2026-03-31", "Pedir": false, "Partes": [{"valor": 2}]`)
	if r.Int("Num") != 3 || r.Decimal("Valor").String() != "1.5000" || r.Date("Dia") != "2026-03-31" || r.Text("CodX") != "" || !r.Has("Num") || r.Has("CodX") {
		t.Errorf("%+v", r)
	}
	if r.Decimal("Taxa").String() != "0.000000000" {
		t.Errorf("no rate is %s", r.Decimal("Taxa"))
	}
	row := r.Rows("Partes")[0]
	if row.Pointer("Valor") != "/data/Partes/0/valor" || row.Pointer("Text") != "/data/Partes/0/Text" {
		t.Errorf("row pointers %s, %s", row.Pointer("Valor"), row.Pointer("Text"))
	}
	r.Set("Num", contracts.Int(4))
	if r.Int("Num") != 4 || r.Pointer("Num") != "/data/num" {
		t.Errorf("set: %d at %s", r.Int("Num"), r.Pointer("Num"))
	}
	for name, ask := range map[string]func(){
		"Value": func() { r.Value("Nobody") }, "Rows": func() { r.Rows("Nobody") }, "Set": func() { r.Set("Nobody", contracts.Int(1)) },
		"SetRows": func() { r.SetRows("Nobody", nil) }, "Changes": func() { r.Changes(r, "Nobody") },
	} {
		if !panics(ask) {
			t.Errorf("%s of a field that is not there", name)
		}
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func TestFoldName(t *testing.T) {
	for name, want := range map[string]string{
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ": "abcdefghijklmnopqrstuvwxyz", "CodCxa": "codcxa", "abc": "abc", "": "", "A_1@[`{": "a_1@[`{", "ÇÃOKſı": "ÇÃokſı",
	} {
		if got := contracts.FoldName(name); got != want {
			t.Errorf("%s is folded to %s, want %s", name, got, want)
		}
	}
}

func TestTablesAreChecked(t *testing.T) {
	for name, fields := range map[string][]contracts.Field{
		"text without a size":     {{Name: "A", Kind: contracts.Text}},
		"decimal without a size":  {{Name: "A", Kind: contracts.Amount}},
		"list without a table":    {{Name: "A", Kind: contracts.List, MaxRows: 1}},
		"list without a bound":    {{Name: "A", Kind: contracts.List, Child: part}},
		"the same name twice":     {{Name: "Abc"}, {Name: "aBC"}},
		"a default out of range":  {{Name: "A", Min: 1, Max: 5, Default: "6"}},
		"a default that is wrong": {{Name: "A", Kind: contracts.Day, Default: "today"}},
	} {
		if !panics(func() { contracts.NewTable("T", "", "", fields...) }) {
			t.Errorf("a table with %s", name)
		}
	}
	if f := thing.Field("NOME"); f == nil || f.Column != "NOME" || thing.Field("CRIADOR") != nil || thing.Field("ſaldo") != nil {
		t.Errorf("looked up %+v", f)
	}
	for kind, want := range map[contracts.Kind]string{contracts.Integer: "integer", contracts.Open: "object", contracts.Amount: "decimal"} {
		if kind.String() != want {
			t.Errorf("%d is called %s", kind, kind)
		}
	}
	if !strings.Contains(thing.Field("Autor").Column, "CRIADOR") || thing.Field("Partes").Stored() || thing.Field("Pedir").Stored() || !thing.Field("Hora").Stored() {
		t.Error("columns")
	}
}
