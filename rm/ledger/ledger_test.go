package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/internal/sqltest"
	"smartlink/link"
	"smartlink/rm/ledger"
	"smartlink/rm/schema"
)

// open answers a transaction on seeded books; it is taken back at the end.
func open(t testing.TB) sqldb.Bound {
	t.Helper()
	ctx, db := context.Background(), empty(t)
	if err := errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db), ledger.CheckReference(ctx, db)); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return sqldb.Bind(tx, sqldb.DialectOf(db))
}

// empty answers a database without tables.
func empty(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sqlopen.Open(context.Background(), sqltest.Address(t), 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqldb.MakeSchema(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(t testing.TB, tx sqldb.Bound, query string, args ...any) {
	t.Helper()
	if _, err := tx.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// entry is a whole entry as finance would hand it over.
func entry(t testing.TB, id int64) *contracts.Record {
	t.Helper()
	given, found := contracts.FinLanInc.Decode([]byte(`{"CodColigada": 1, "CodFilial": 1, "PagRec": 2, "CodTdo": "EMPR", "NumeroDocumento": "D-1", "CodColCfo": 1,
		"CodCfo": "F00017", "DataEmissao": "2026-03-02", "DataVencimento": "2026-04-01", "ValorOriginal": 100.5, "Historico": "Parcela", "CotacaoInclusao": 5.123456789}`))
	if !found.OK() {
		t.Fatal(found)
	}
	e := given.Complete()
	e.Set("IdLan", contracts.Int(id))
	return e
}

func row(entry, id, units int64) *contracts.Record {
	r := contracts.NewRecord(contracts.FLANRATCCU, "")
	for name, n := range map[string]int64{"CodColigada": 1, "IdLan": entry, "IdRatCCu": id, "Valor": units} {
		r.Set(name, contracts.Int(n))
	}
	return r
}

func TestLiveBooksAreRefused(t *testing.T) {
	db := empty(t)
	if sqltest.Kind() == sqldb.Postgres { // all schemas are looked at
		var err error
		if db, err = sqlopen.Open(t.Context(), sqltest.PostgresDatabase(t), 1); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := sqldb.MakeSchema(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.CheckReference(t.Context(), db); link.CodeOf(err) != link.CodeNoReference {
		t.Errorf("empty: %v", err)
	}
	if _, err := db.Exec(`CREATE TABLE FLAN (IDLAN INTEGER)`); err != nil {
		t.Fatal(err)
	}
	if err := ledger.CheckReference(t.Context(), db); link.CodeOf(err) != link.CodeLiveRM {
		t.Errorf("like a live RM: %v", err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	ctx, tx := t.Context(), open(t)
	if found, err := ledger.LoadEntry(ctx, tx, 1, 7); found != nil || err != nil {
		t.Errorf("before: %v, %v", found, err)
	}
	want := entry(t, 7)
	if err := ledger.InsertEntry(ctx, tx, want); err != nil {
		t.Fatal(err)
	}
	compare := func(want *contracts.Record) {
		t.Helper()
		got, err := ledger.LoadEntry(ctx, tx, 1, 7)
		if err != nil || got == nil {
			t.Fatalf("%v, %v", got, err)
		}
		for i := range want.Table.Fields {
			if f := &want.Table.Fields[i]; f.Stored() && got.Display(f.Name) != want.Display(f.Name) {
				t.Errorf("%s is %q, want %q", f.Name, got.Display(f.Name), want.Display(f.Name))
			}
		}
	}
	compare(want)
	want.Set("Historico", contracts.String("Outro"))
	want.Set("Parcela", contracts.Int(3))
	want.Set("CotacaoInclusao", contracts.Value{State: contracts.Null})
	if err := ledger.UpdateEntry(ctx, tx, want); err != nil {
		t.Fatal(err)
	}
	compare(want)
	if err := ledger.InsertEntry(ctx, tx, want); !sqldb.IsUnique(err) {
		t.Errorf("the same entry twice: %v", err)
	}
}

func TestRowsOfAnEntry(t *testing.T) {
	ctx, tx := t.Context(), open(t)
	for _, id := range []int64{7, 8} {
		if err := ledger.InsertEntry(ctx, tx, entry(t, id)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []*contracts.Record{row(7, 3, 30000), row(7, 1, 10000), row(8, 2, 20000)} {
		if err := ledger.InsertRow(ctx, tx, r); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(of int64) (list string) {
		t.Helper()
		rows, err := ledger.LoadRows(ctx, tx, 1, of)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			list += r.Display("IdRatCCu") + "=" + r.Display("Valor") + " "
		}
		return list
	}
	if got := ids(7); got != "1=1.0000 3=3.0000 " {
		t.Errorf("rows %s", got)
	}
	if err := ledger.UpdateRow(ctx, tx, row(7, 3, 35000)); err != nil {
		t.Error(err)
	}
	if err := ledger.DeleteRow(ctx, tx, row(7, 1, 0)); err != nil {
		t.Error(err)
	}
	if a, b := ids(7), ids(8); a != "3=3.5000 " || b != "2=2.0000 " {
		t.Errorf("rows %s and %s", a, b)
	}
	// What is not there was neither changed nor removed; nobody shall believe it was.
	for what, err := range map[string]error{
		"update a row": ledger.UpdateRow(ctx, tx, row(7, 9, 1)), "of another entry": ledger.UpdateRow(ctx, tx, row(8, 3, 1)),
		"delete a row": ledger.DeleteRow(ctx, tx, row(7, 1, 0)), "update an entry": ledger.UpdateEntry(ctx, tx, entry(t, 9)),
		"a row of no entry": ledger.InsertRow(ctx, tx, row(9, 1, 1)),
	} {
		if err == nil {
			t.Errorf("%s that is not there: no error", what)
		}
	}
}

// Ids never come twice, whatever else happens to the tables.
func TestIdsNeverComeTwice(t *testing.T) {
	ctx, tx := t.Context(), open(t)
	next := func(company int64) int64 {
		t.Helper()
		id, err := ledger.NextEntryID(ctx, tx, company)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if a, b, c, d := next(1), next(1), next(2), next(1); a != 1 || b != 2 || c != 1 || d != 3 {
		t.Errorf("ids %d, %d, of another company %d, then %d", a, b, c, d)
	}
	if err := ledger.InsertEntry(ctx, tx, entry(t, 40)); err != nil {
		t.Fatal(err)
	}
	if id := next(1); id != 41 {
		t.Errorf("after 40 came %d", id)
	}
	exec(t, tx, `DELETE FROM FLAN`)
	if a, b := next(1), next(2); a != 42 || b != 2 {
		t.Errorf("then %d, and %d", a, b)
	}

	if err := ledger.InsertEntry(ctx, tx, entry(t, 7)); err != nil {
		t.Fatal(err)
	}
	rows := func(entry int64, n int) int64 {
		t.Helper()
		first, err := ledger.NextRowIDs(ctx, tx, 1, entry, n)
		if err != nil {
			t.Fatal(err)
		}
		return first
	}
	if a, b, c := rows(7, 3), rows(7, 1), rows(8, 2); a != 1 || b != 4 || c != 5 {
		t.Errorf("rows from %d, %d, %d", a, b, c)
	}
	if err := ledger.InsertRow(ctx, tx, row(7, 90, 1)); err != nil { // by other means
		t.Fatal(err)
	}
	if a, b := rows(7, 2), rows(8, 1); a != 91 || b != 93 {
		t.Errorf("after 90 from %d, then %d", a, b)
	}
}

// A column that holds what no field can was not written by us: an error, not a guess.
func TestColumnsOfAnotherFormAreErrors(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // the others' types let nothing else in
	tx := open(t)
	for _, set := range []string{
		`PARCELA = 'três'`, `PARCELA = 1.5`, `PARCELA = x'01'`, `CODTDO = x'00'`, `VALORJUROS = '1,50'`, `VALORJUROS = 'NaN'`, `VALORORIGINAL = '100000000000.0000'`,
		`COTACAOINCLUSAO = '0.0000000001'`, `DATAVENCIMENTO = '2026-04-01T00:00:00'`, `DATAVENCIMENTO = '2026-02-30'`, `RECCREATEDON = '2026-03-31 10:00:00'`,
	} {
		t.Run(set, func(t *testing.T) {
			exec(t, tx, `DELETE FROM FLAN`)
			if err := ledger.InsertEntry(t.Context(), tx, entry(t, 7)); err != nil {
				t.Fatal(err)
			}
			exec(t, tx, `UPDATE FLAN SET `+set)
			if found, err := ledger.LoadEntry(t.Context(), tx, 1, 7); err == nil || found != nil {
				t.Errorf("loaded %v", found)
			}
		})
	}
}

func TestMasterDataOfAnEntry(t *testing.T) {
	tx := open(t)
	exec(t, tx, `INSERT INTO GCCUSTO (CODCOLIGADA, CODCCUSTO, NOME, ATIVO, PERMITELANC) VALUES (1, '88', 'x', 'F', 'F')`)
	active := ledger.EntryCodes{Company: 1, Branch: 1, PartyCompany: 1, Party: "F00017", DocType: "EMPR", CashCompany: 1, Cash: "001", Currency: "R$",
		CentreCompany: 1, Centre: "01.002", Department: "FIN"}
	remembers := &remembering{Bound: tx}
	type master = ledger.EntryMaster
	all := master{ledger.Active, ledger.Active, ledger.Active, ledger.Active, ledger.Active, ledger.Active, ledger.Active, ledger.Active, "2025-12-31"}
	for name, tc := range map[string]struct {
		codes func(*ledger.EntryCodes)
		want  func(*master)
	}{
		"all active":          {func(*ledger.EntryCodes) {}, func(*master) {}},
		"branch":              {func(c *ledger.EntryCodes) { c.Branch = 3 }, func(m *master) { m.Branch = ledger.Inactive }},
		"no branch":           {func(c *ledger.EntryCodes) { c.Branch = 77 }, func(m *master) { m.Branch = ledger.Missing }},
		"party":               {func(c *ledger.EntryCodes) { c.Party = "F00099" }, func(m *master) { m.Party = ledger.Inactive }},
		"party of company 0":  {func(c *ledger.EntryCodes) { c.PartyCompany = 0 }, func(m *master) { m.Party = ledger.Missing }},
		"shared party":        {func(c *ledger.EntryCodes) { c.PartyCompany, c.Party = 0, "B00001" }, func(*master) {}},
		"document type":       {func(c *ledger.EntryCodes) { c.DocType = "LETRA" }, func(m *master) { m.DocType = ledger.Inactive }},
		"cash account":        {func(c *ledger.EntryCodes) { c.Cash = "009" }, func(m *master) { m.Cash = ledger.Inactive }},
		"currency":            {func(c *ledger.EntryCodes) { c.Currency = "Cr$" }, func(m *master) { m.Currency = ledger.Inactive }},
		"a sum only":          {func(c *ledger.EntryCodes) { c.Centre = "01" }, func(m *master) { m.Centre = ledger.NoPosting }},
		"inactive goes first": {func(c *ledger.EntryCodes) { c.Centre = "88" }, func(m *master) { m.Centre = ledger.Inactive }},
		"department":          {func(c *ledger.EntryCodes) { c.Department = "EXP" }, func(m *master) { m.Department = ledger.Inactive }},
		"nothing used": {func(c *ledger.EntryCodes) { *c = ledger.EntryCodes{Company: 1} },
			func(m *master) { *m = master{Company: ledger.Active, ClosedUpTo: "2025-12-31"} }},
		"inactive company": {func(c *ledger.EntryCodes) { *c = ledger.EntryCodes{Company: 9} }, func(m *master) { *m = master{Company: ledger.Inactive} }},
		"no company":       {func(c *ledger.EntryCodes) { *c = ledger.EntryCodes{Company: 77} }, func(m *master) { *m = master{} }},
	} {
		codes, want := active, all
		tc.codes(&codes)
		tc.want(&want)
		for _, on := range []consumer.Tx{tx, remembers} {
			if got, err := ledger.LookUpEntry(t.Context(), on, codes); err != nil || got != want {
				t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
			}
		}
	}
}

// remembering is a transaction with a memo; it counts what is asked.
type remembering struct {
	sqldb.Bound
	memo  sqldb.Memo
	asked int
}

func (r *remembering) Memo() *sqldb.Memo { return &r.memo }

func (r *remembering) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	r.asked++
	return r.Bound.QueryRowContext(ctx, query, args...)
}

func (r *remembering) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.asked++
	return r.Bound.QueryContext(ctx, query, args...)
}

// TestMasterDataAreReadOnceInATransaction: with a memo everything is answered as without, and asked for
// once; what shares no part with another is not taken for it.
func TestMasterDataAreReadOnceInATransaction(t *testing.T) {
	tx := open(t)
	exec(t, tx, `INSERT INTO SLCONTAGERENCIAL (CODCOLIGADA, CODGERENCIAL, DESCRICAO, ATIVO) VALUES (1, 'x', 'x', 'F')`)
	ctx, remembers := t.Context(), &remembering{Bound: tx}
	line := ledger.LineCodes{Company: 1, Branch: 1, Centre: "01.002", Department: "FIN", History: "1", Date: "2026-03-02", DebitCompany: 1, Debit: "1.1.01.001"}
	other := line
	other.Company, other.DebitCompany, other.Date, other.CreditCompany, other.Credit = 2, 2, "1999-01-01", 1, "1"
	type answer struct {
		what any
		err  error
	}
	questions := map[string]func(consumer.Tx) answer{
		"an entry": func(tx consumer.Tx) answer {
			m, err := ledger.LookUpEntry(ctx, tx, ledger.EntryCodes{Company: 1, Branch: 1, CashCompany: 1, Cash: "001", CentreCompany: 1, Centre: "01"})
			return answer{m, err}
		},
		"a statement entry": func(tx consumer.Tx) answer {
			m, err := ledger.LookUpStatement(ctx, tx, 1, 2, 1, "009")
			return answer{m, err}
		},
		"a head":           func(tx consumer.Tx) answer { m, err := ledger.LookUpHead(ctx, tx, 1, 1); return answer{m, err} },
		"a head elsewhere": func(tx consumer.Tx) answer { m, err := ledger.LookUpHead(ctx, tx, 1, 77); return answer{m, err} },
		"a line":           func(tx consumer.Tx) answer { m, err := ledger.LookUpLine(ctx, tx, line); return answer{m, err} },
		"another line":     func(tx consumer.Tx) answer { m, err := ledger.LookUpLine(ctx, tx, other); return answer{m, err} },
		"a row": func(tx consumer.Tx) answer {
			c, n, err := ledger.LookUpRow(ctx, tx, 1, "01", 1, "02.09")
			return answer{[]ledger.Status{c, n}, err}
		},
		"an inactive managerial account": func(tx consumer.Tx) answer { s, err := ledger.LookUpManagerial(ctx, tx, 1, "x"); return answer{s, err} },
		"an unknown one":                 func(tx consumer.Tx) answer { s, err := ledger.LookUpManagerial(ctx, tx, 2, "x"); return answer{s, err} },
		"custom columns":                 func(tx consumer.Tx) answer { c, err := ledger.EntryCustom.Columns(ctx, tx); return answer{c, err} },
		"other custom columns":           func(tx consumer.Tx) answer { c, err := ledger.StatementCustom.Columns(ctx, tx); return answer{c, err} },
	}
	for round := range 2 {
		for name, ask := range questions {
			want, got := ask(tx), ask(remembers)
			if want.err != nil || got.err != nil || !reflect.DeepEqual(got.what, want.what) {
				t.Errorf("%s: %+v, %v, want %+v, %v", name, got.what, got.err, want.what, want.err)
			}
		}
		if round == 0 {
			if remembers.asked == 0 || remembers.asked > len(questions) {
				t.Errorf("asked %d times", remembers.asked)
			}
			remembers.asked = 0
		}
	}
	if remembers.asked != 0 {
		t.Errorf("asked %d times again", remembers.asked)
	}
}

func TestMasterDataOfARow(t *testing.T) {
	tx := open(t)
	for _, values := range []string{`(0, '01.002', 'x', 'F', 'T')`, `(0, '00.1', 'x', 'T', 'T')`} {
		exec(t, tx, `INSERT INTO GCCUSTO (CODCOLIGADA, CODCCUSTO, NOME, ATIVO, PERMITELANC) VALUES `+values)
	}
	exec(t, tx, `INSERT INTO TTBORCAMENTO (CODCOLIGADA, CODTBORCAMENTO, DESCRICAO, INATIVO, SINTETICOANALITICO) VALUES (0, '88', 'x', 0, 1), (1, '89', 'x', 0, 0)`)
	for _, tc := range []struct {
		centre         string
		natureCompany  int64
		nature         string
		wantC, wantNat ledger.Status
	}{
		{"01.002", 1, "02.01", ledger.Active, ledger.Active}, // the company's own goes before the shared one
		{"00.1", 0, "88", ledger.Active, ledger.Active},
		{"01", 1, "02.09", ledger.NoPosting, ledger.Inactive},
		{"09.001", 0, "02.01", ledger.Inactive, ledger.Missing},
		{"77", 1, "89", ledger.Missing, ledger.NoPosting},
		{"", 1, "", ledger.Missing, ledger.Missing},
	} {
		c, n, err := ledger.LookUpRow(t.Context(), tx, 1, tc.centre, tc.natureCompany, tc.nature)
		if err != nil || c != tc.wantC || n != tc.wantNat {
			t.Errorf("%s, %d;%s: %d, %d, %v", tc.centre, tc.natureCompany, tc.nature, c, n, err)
		}
	}
}

func TestCustomColumns(t *testing.T) {
	ctx, tx := t.Context(), open(t)
	added := map[sqldb.Dialect][]string{
		sqldb.SQLite: {`COLUMN "Com ""aspas""" VARCHAR(5)`, `COLUMN LIVRE varchar(7)`, `COLUMN N INTEGER`, `COLUMN D DECIMAL(15,4)`, `COLUMN T TEXT`, `COLUMN V VARCHAR`,
			`COLUMN Z VARCHAR(0)`},
		sqldb.Postgres: {`COLUMN "Com ""aspas""" VARCHAR(5)`, `COLUMN LIVRE varchar(7)`, `COLUMN N INTEGER`, `COLUMN D DECIMAL(15,4)`, `COLUMN T TEXT`, `COLUMN V VARCHAR`,
			`COLUMN C CHAR(3)`},
		sqldb.SQLServer: {`"Com ""aspas""" NVARCHAR(10)`, `LIVRE nvarchar(14)`, `N INTEGER`, `D DECIMAL(15,4)`, `V NVARCHAR(MAX)`, `Z NVARCHAR(1)`, `A VARCHAR(9)`},
	}
	for _, column := range added[sqltest.Kind()] {
		exec(t, tx, `ALTER TABLE FLANCOMPL ADD `+column)
	}
	columns, err := ledger.EntryCustom.Columns(ctx, tx)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]ledger.CustomColumn{
		"contrato": {Name: "CONTRATO", Size: 40}, "evento": {Name: "EVENTO", Size: 40}, "livre": {Name: "LIVRE", Size: 7}, `com "aspas"`: {Name: `Com "aspas"`, Size: 5},
	}
	if len(columns) != len(want) {
		t.Errorf("columns %v", columns)
	}
	for name, column := range want {
		if got := columns[name]; got.Name != column.Name || got.Size != column.Size {
			t.Errorf("%s: %v, want %v", name, columns[name], column)
		}
	}

	if err := ledger.InsertEntry(ctx, tx, entry(t, 7)); err != nil {
		t.Fatal(err)
	}
	value := func(column, text string) ledger.CustomValue {
		return ledger.CustomValue{Column: columns[column], Value: sql.NullString{String: text, Valid: text != ""}}
	}
	stored := func() string {
		t.Helper()
		var parts [3]sql.NullString
		err := tx.QueryRowContext(ctx, `SELECT CONTRATO, LIVRE, "Com ""aspas""" FROM FLANCOMPL WHERE CODCOLIGADA = 1 AND IDLAN = 7`).Scan(&parts[0], &parts[1], &parts[2])
		if errors.Is(err, sql.ErrNoRows) {
			return "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join([]string{parts[0].String, parts[1].String, parts[2].String}, "/")
	}
	for _, step := range []struct {
		values []ledger.CustomValue
		want   string
	}{
		{nil, "//"},
		{[]ledger.CustomValue{value("contrato", "42"), value(`com "aspas"`, `a"b`)}, `42//a"b`},
		{[]ledger.CustomValue{value("livre", "x")}, `42/x/a"b`},
		{[]ledger.CustomValue{value("contrato", "")}, `/x/a"b`},
		{nil, `/x/a"b`},
	} {
		if err := ledger.EntryCustom.Save(ctx, tx, 1, 7, step.values); err != nil {
			t.Fatal(err)
		}
		if got := stored(); got != step.want {
			t.Errorf("after %v: %s, want %s", step.values, got, step.want)
		}
	}
	if err := ledger.EntryCustom.Clear(ctx, tx, 1, 7); err != nil || stored() != "none" {
		t.Errorf("cleared: %s, %v", stored(), err)
	}
	if err := ledger.EntryCustom.Clear(ctx, tx, 1, 7); err != nil {
		t.Errorf("nothing to clear: %v", err)
	}
}

// A transaction that is over, or books without tables, are errors everywhere and say what could not be done.
func TestErrorsSayWhatCouldNotBeDone(t *testing.T) {
	ctx := t.Context()
	db := sqldb.BindDB(empty(t))
	noTable := map[sqldb.Dialect]string{sqldb.SQLite: "no such table", sqldb.Postgres: "does not exist", sqldb.SQLServer: "Invalid object name"}[sqltest.Kind()]
	_, loadEntry := ledger.LoadEntry(ctx, db, 1, 1)
	_, loadRows := ledger.LoadRows(ctx, db, 1, 1)
	_, nextEntry := ledger.NextEntryID(ctx, db, 1)
	_, nextRows := ledger.NextRowIDs(ctx, db, 1, 1, 1)
	_, lookUp := ledger.LookUpEntry(ctx, db, ledger.EntryCodes{})
	_, _, lookUpRow := ledger.LookUpRow(ctx, db, 1, "", 1, "")
	for err, want := range map[error]string{
		loadEntry: "read FLAN:", loadRows: "read FLANRATCCU:", nextEntry: "take ids of FLAN:", nextRows: "take ids of FLANRATCCU:",
		lookUp: "read the master data:", lookUpRow: "read the master data:",
		ledger.InsertEntry(ctx, db, entry(t, 1)):    "insert into FLAN:",
		ledger.UpdateEntry(ctx, db, entry(t, 1)):    "update FLAN:",
		ledger.DeleteRow(ctx, db, row(1, 1, 1)):     "delete from FLANRATCCU:",
		ledger.EntryCustom.Save(ctx, db, 1, 1, nil): "write FLANCOMPL:",
		ledger.EntryCustom.Clear(ctx, db, 1, 1):     "clear FLANCOMPL:",
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), noTable) {
			t.Errorf("%v, want %s …", err, want)
		}
	}
	if columns, err := ledger.EntryCustom.Columns(ctx, db); err != nil || len(columns) != 0 {
		t.Errorf("custom columns of no table: %v, %v", columns, err)
	}
}
