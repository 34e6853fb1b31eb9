package contracts_test

import (
	"testing"

	"smartlink/contracts"
)

func TestNewRecordsAndEdits(t *testing.T) {
	const asNew, asEdit = true, false
	for _, tc := range []struct {
		name, members string
		insert        bool
		want          []string
	}{
		{"a new id by -1", `"Id": -1`, asNew, nil},
		{"a new id by 0", `"Id": "0"`, asNew, nil},
		{"a new id by null", `"Id": null`, asNew, nil},
		{"an id of its own", `"Id": 5`, asNew, []string{"KEY-GIVEN /data/Id"}},
		{"an id below -1", `"Id": -2`, asNew, []string{"RANGE /data/Id"}},
		{"an edit's id", `"Id": 5`, asEdit, nil},
		{"an edit without id", ``, asEdit, []string{"KEY-MISSING /data/Id"}},
		{"an edit of -1", `"id": -1`, asEdit, []string{"KEY-MISSING /data/id"}},
		{"an edit of null", `"Id": null`, asEdit, []string{"KEY-MISSING /data/Id"}},
		{"an edit of a wrong id", `"Id": "x"`, asEdit, []string{"TYPE /data/Id"}},

		{"null where the default goes", `"Tipo": null`, asNew, nil},
		{"null where something must stay", `"Id": 5, "Tipo": null`, asEdit, []string{"NOT-NULL /data/Tipo"}},
		{"null where nothing may stay", `"Id": 5, "Num": null`, asEdit, nil},
		{"what the books set themselves", `"Tipo": 3`, asNew, []string{"VALUE /data/Tipo"}},
		{"the same in an edit, where it may hold already", `"Id": 5, "Tipo": 3`, asEdit, nil},

		{"the books' own as it will be", `"Estado": 0`, asNew, nil},
		{"the books' own as null", `"Estado": null`, asNew, nil},
		{"the books' own otherwise", `"Estado": 1`, asNew, []string{"READ-ONLY /data/Estado"}},
		{"the author of a new one", `"Autor": "ana"`, asNew, nil},

		{"an edit's rows, old and new", `"Id": 5, "Partes": [{"IdPart": 7}, {"IdPart": -1, "Valor": 1}, {"Valor": 2}]`, asEdit, nil},
		{"an edit's new row needs all", `"Id": 5, "Partes": [{"IdPart": -1}, {}, {"IdPart": null}]`, asEdit,
			[]string{"REQUIRED /data/Partes/0/Valor (/data/Partes/0/IdPart)", "REQUIRED /data/Partes/1/Valor (/data/Partes/1/IdPart)", "REQUIRED /data/Partes/2/Valor (/data/Partes/2/IdPart)"}},
		{"an edit's old row keeps what it needs", `"Id": 5, "Partes": [{"IdPart": 7, "Valor": null}]`, asEdit, []string{"NOT-NULL /data/Partes/0/Valor"}},
		{"a row whose id is wrong is not called new", `"Id": 5, "Partes": [{"IdPart": "x"}]`, asEdit, []string{"TYPE /data/Partes/0/IdPart"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			command := editThing
			if tc.insert {
				command = makeThing
			}
			_, f := decode(t, command, inThing(tc.members))
			same(t, "violations", brief(f.Violations), tc.want...)
		})
	}
}

func TestRequiredOfNewRecordsOnly(t *testing.T) {
	for body, want := range map[string][]string{
		`{"Cod": 1, "Nome": null}`:          {"REQUIRED /Nome"},
		`{"Cod": 1, "Nome": "  "}`:          {"REQUIRED /Nome"},
		`{"Cod": 1, "Nome": 5}`:             {"TYPE /Nome"}, // once, not twice
		`{"Cod": 1, "NOME": null, "Num":1}`: {"REQUIRED /NOME"},
	} {
		_, f := decode(t, makeThing, body)
		same(t, body, brief(f.Violations), want...)
	}
	_, f := decode(t, editThing, `{"Cod": 1, "Id": 5}`)
	same(t, "an edit without it", brief(f.Violations))
	_, f = decode(t, editThing, `{"Cod": 1, "Id": 5, "Nome": null}`)
	same(t, "an edit that clears it", brief(f.Violations), "NOT-NULL /Nome")
	made := contracts.NewTable("MADE", "", "", contracts.Field{Name: "Id", Kind: contracts.Integer, Generated: true})
	_, f = decode(t, &contracts.Command{Table: made}, `{}`)
	same(t, "an edit of a record with nothing but a generated id", brief(f.Violations), "KEY-MISSING /Id")
}

// A row may repeat its parent's key; of a parent that is still new, whatever means new.
func TestRowsRepeatTheParentsKey(t *testing.T) {
	row := contracts.NewTable("ROW", "", "",
		contracts.Field{Name: "Cod", Kind: contracts.Integer, FromParent: true},
		contracts.Field{Name: "Id", Kind: contracts.Integer, FromParent: true})
	parent := contracts.NewTable("PARENT", "", "",
		contracts.Field{Name: "Cod", Kind: contracts.Integer, Key: true},
		contracts.Field{Name: "Id", Kind: contracts.Integer, Key: true, Generated: true},
		contracts.Field{Name: "Rows", Kind: contracts.List, Child: row, MaxRows: 9})
	for body, want := range map[string][]string{
		`{"Cod": 1, "Id": 5, "Rows": [{"Cod": 1, "Id": 5}, {}, {"Id": -1}, {"Id": 0}, {"Cod": null, "Id": null}]}`: nil,
		`{"Cod": 1, "Id": 5, "Rows": [{"Cod": 2}, {"Id": 6}, {"Cod": 0}, {"Cod": -1}]}`: {
			"PARENT-KEY /Rows/0/Cod (/Cod)", "PARENT-KEY /Rows/1/Id (/Id)", "PARENT-KEY /Rows/2/Cod (/Cod)", "PARENT-KEY /Rows/3/Cod (/Cod)"},
		`{"Rows": [{"Cod": 2, "Id": 6}]}`: {"REQUIRED /Cod", "KEY-MISSING /Id"}, // nothing to compare with
	} {
		_, f := decode(t, &contracts.Command{Table: parent}, body)
		same(t, body, brief(f.Violations), want...)
	}
	_, f := decode(t, &contracts.Command{Table: parent, Insert: true}, `{"Cod": 1, "Rows": [{"Id": -1}, {"Id": 6}]}`)
	same(t, "of a new one", brief(f.Violations), "PARENT-KEY /Rows/1/Id (/Id)")
}

// stored makes a record as the books hold it.
func stored(t *testing.T, members string) *contracts.Record {
	t.Helper()
	r, f := decode(t, makeThing, inThing(members))
	if !f.OK() {
		t.Fatal(brief(f.Violations))
	}
	r.Set("Id", contracts.Int(5))
	return r.Complete()
}

func TestCheckStored(t *testing.T) {
	books := stored(t, `"CodX": "a", "Autor": "ana"`)
	books.Set("Tipo", contracts.Int(3)) // a state only the books give
	for _, tc := range []struct {
		name, members string
		accounted     bool
		want          []string
		args          string
	}{
		{"nothing", ``, true, nil, ""},
		{"all as it is", `"Estado": 0, "Autor": "ana", "CodX": "a", "Tipo": 3`, true, nil, ""},
		{"absent and null are the same nothing", `"Dia": null, "Hora": null`, true, nil, ""},
		{"the books' own", `"Estado": 2`, false, []string{"READ-ONLY /data/Estado"}, "expected=0 value=2"},
		{"the books' own cleared", `"Estado": null`, false, []string{"READ-ONLY /data/Estado"}, "expected=0 value="},
		{"the author", `"autor": "bia"`, false, []string{"READ-ONLY /data/autor"}, "expected=ana value=bia"},
		{"a free field", `"CodX": "b"`, false, nil, ""},
		{"the same field of an accounted one", `"CodX": "b"`, true, []string{"LOCKED /data/CodX"}, "stored=a value=b"},
		{"the same field cleared", `"CodX": null`, true, []string{"LOCKED /data/CodX"}, "stored=a value="},
		{"a state commands may give", `"Tipo": 1`, false, nil, ""},
		{"several", `"Estado": 2, "CodX": "b", "Autor": null`, true, []string{"READ-ONLY /data/Estado", "READ-ONLY /data/Autor", "LOCKED /data/CodX"}, "expected=0 value=2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			edit, f := decode(t, editThing, inThing(`"Id": 5`+comma(tc.members)))
			if !f.OK() {
				t.Fatal(brief(f.Violations))
			}
			got := edit.CheckStored(books, tc.accounted)
			same(t, "violations", brief(got), tc.want...)
			for i, v := range got {
				if i == 0 && argText(v) != tc.args {
					t.Errorf("args %q, want %q", argText(v), tc.args)
				}
				if edit.State(v.Of.Name) != contracts.Invalid {
					t.Errorf("%s is judged again", v.Of.Name)
				}
			}
		})
	}

	books = stored(t, `"Tipo": 1`)
	edit, _ := decode(t, editThing, inThing(`"Id": 5, "Tipo": 3`))
	same(t, "a state that only the books give", brief(edit.CheckStored(books, false)), "VALUE /data/Tipo")
}

func comma(members string) string {
	if members == "" {
		return ""
	}
	return ", " + members
}

func TestCompaniesOfCodes(t *testing.T) {
	for _, tc := range []struct {
		members string
		want    []string
		company string // after OwnCompany
	}{
		{`"CodX": "a"`, nil, "1"},
		{`"CodX": "a", "CodColX": null`, nil, "1"},
		{`"CodX": "a", "CodColX": 1`, nil, "1"},
		{`"CodX": "a", "CodColX": 0`, nil, "0"},
		{`"CodX": "a", "codcolx": 2`, []string{"COMPANY /data/codcolx"}, ""},
		{`"CodColX": 2`, []string{"COMPANY /data/CodColX"}, ""},
		{`"CodX": null`, nil, ""}, // a code that is not used has no company
	} {
		r, f := decode(t, makeThing, inThing(tc.members))
		if !f.OK() {
			t.Fatal(brief(f.Violations))
		}
		same(t, tc.members, brief(r.CheckCompanies(1)), tc.want...)
		r.OwnCompany(1)
		if got := r.Display("CodColX"); got != tc.company {
			t.Errorf("%s: company %q, want %q", tc.members, got, tc.company)
		}
		if len(tc.want) > 0 && r.State("CodColX") != contracts.Invalid {
			t.Errorf("%s is judged again", tc.members)
		}
	}
}

// A rule over a code and its company points at both; a row's company is that of the whole record.
func TestCompaniesPointAtTheRecordsCompany(t *testing.T) {
	row := contracts.NewTable("ROW", "", "",
		contracts.Field{Name: "CodColigada", Kind: contracts.Integer, FromParent: true},
		contracts.Field{Name: "IdRow", Kind: contracts.Integer, Key: true, Generated: true},
		contracts.Field{Name: "CodColX", Kind: contracts.Integer, CompanyOf: "CodX"},
		contracts.Field{Name: "CodX", Kind: contracts.Text, Size: 9})
	parent := contracts.NewTable("PARENT", "", "",
		contracts.Field{Name: "CodColigada", Kind: contracts.Integer, Key: true},
		contracts.Field{Name: "CodColX", Kind: contracts.Integer, CompanyOf: "CodX"},
		contracts.Field{Name: "CodX", Kind: contracts.Text, Size: 9},
		contracts.Field{Name: "Rows", Kind: contracts.List, Child: row, MaxRows: 9})
	edit := &contracts.Command{Table: parent}
	r, f := decode(t, edit, `{"data": {"codcoligada": 1, "CodColX": 2, "Rows": [{"IdRow": 4, "CodColigada": 1, "CodColX": 3}]}}`)
	if !f.OK() {
		t.Fatal(brief(f.Violations))
	}
	books := contracts.NewRecord(row, "")
	books.Set("CodColigada", contracts.Int(1))
	whole := r.Rows("Rows")[0].Over(books)
	for where, want := range map[*contracts.Record]string{r: "/data/CodColX", whole: "/data/Rows/0/CodColX"} {
		if got := where.CompanyPointer("CodColX"); got != want {
			t.Errorf("its company stands at %s, want %s", got, want)
		}
	}
	same(t, "of the record", brief(r.CheckCompanies(1)), "COMPANY /data/CodColX (/data/codcoligada)")
	same(t, "of a row", brief(whole.CheckCompanies(1)), "COMPANY /data/Rows/0/CodColX (/data/codcoligada)")
}

// The company of a code that names none is the record's.
func TestCompaniesThatAreNotGiven(t *testing.T) {
	row := contracts.NewTable("ROW", "", "",
		contracts.Field{Name: "CodColigada", Kind: contracts.Integer, FromParent: true},
		contracts.Field{Name: "CodColX", Kind: contracts.Integer, CompanyOf: "CodX"},
		contracts.Field{Name: "CodX", Kind: contracts.Text, Size: 9})
	parent := contracts.NewTable("PARENT", "", "",
		contracts.Field{Name: "CodColigada", Kind: contracts.Integer, Key: true},
		contracts.Field{Name: "CodColX", Kind: contracts.Integer, CompanyOf: "CodX"},
		contracts.Field{Name: "CodX", Kind: contracts.Text, Size: 9},
		contracts.Field{Name: "Rows", Kind: contracts.List, Child: row, MaxRows: 9})
	for members, want := range map[string]string{
		`"CodX": "a"`:                               "/data/CodColigada",
		`"CodX": "a", "CodColX": null`:              "/data/CodColigada",
		`"CodX": "a", "codColX": 0`:                 "/data/codColX",
		`"CodX": "a", "CodColX": 1`:                 "/data/CodColX",
		`"Rows": [{"CodX": "a"}]`:                   "/data/CodColigada",
		`"Rows": [{"CodX": "a", "CodColigada": 1}]`: "/data/CodColigada",
		`"Rows": [{"CodX": "a", "CodColX": 0}]`:     "/data/Rows/0/CodColX",
		`"CodX": null`:                              "/data/CodColX", // took none
	} {
		r, f := decode(t, &contracts.Command{Table: parent}, `{"data": {"CodColigada": 1, `+members+`}}`)
		if !f.OK() {
			t.Fatal(brief(f.Violations))
		}
		for _, row := range r.Rows("Rows") {
			r = row
		}
		r.OwnCompany(1)
		if got := r.CompanyPointer("CodColX"); got != want {
			t.Errorf("%s: %s, want %s", members, got, want)
		}
	}
}

// What a row says of its parent's key (the same, null, -1) never moves it to another parent.
func TestEditedRowsStayWithTheirParent(t *testing.T) {
	for _, key := range []string{`"Cod": 1, "Id": 5`, `"Cod": null, "Id": null`, `"Id": -1`, `"Id": 0`, ``} {
		row := contracts.NewTable("ROW", "", "",
			contracts.Field{Name: "Cod", Kind: contracts.Integer, FromParent: true},
			contracts.Field{Name: "Id", Kind: contracts.Integer, FromParent: true},
			contracts.Field{Name: "IdRow", Kind: contracts.Integer, Key: true, Generated: true})
		parent := contracts.NewTable("PARENT", "", "",
			contracts.Field{Name: "Cod", Kind: contracts.Integer, Key: true},
			contracts.Field{Name: "Id", Kind: contracts.Integer, Key: true, Generated: true},
			contracts.Field{Name: "Rows", Kind: contracts.List, Child: row, MaxRows: 9})
		r, f := decode(t, &contracts.Command{Table: parent}, `{"Cod": 1, "Id": 5, "Rows": [{"IdRow": 7`+comma(key)+`}]}`)
		if !f.OK() {
			t.Fatal(brief(f.Violations))
		}
		books := contracts.NewRecord(row, "")
		for name, n := range map[string]int64{"Cod": 1, "Id": 5, "IdRow": 7} {
			books.Set(name, contracts.Int(n))
		}
		if whole := r.Rows("Rows")[0].Over(books); whole.Display("Cod") != "1" || whole.Display("Id") != "5" {
			t.Errorf("%s: row of %s;%s", key, whole.Display("Cod"), whole.Display("Id"))
		}
	}
}
