package desk_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/rm"
	"smartlink/rm/ledger"
	"smartlink/rm/rmtest"
	"smartlink/rm/webservice/desk"
)

// What a desk does with the rules is seen wherever RM's consumers are tested: package rmtest gives every
// message to a desk, too.

// books are as a test wants them: everything exists unless it says otherwise.
type books struct {
	answers map[ledger.Part]ledger.Answer
	columns []ledger.CustomColumn
	stored  *contracts.Record
	fail    map[string]error // by method

	mu    sync.Mutex
	asked [][]ledger.Part
	keys  []string
}

func (b *books) LookUp(_ context.Context, parts []ledger.Part) ([]ledger.Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, parts)
	answers := make([]ledger.Answer, len(parts))
	for i, p := range parts {
		answer, ok := b.answers[p]
		if !ok {
			answer = free(p.What)
		}
		answers[i] = answer
	}
	return answers, b.fail["LookUp"]
}

// free is an answer that forbids nothing.
func free(what string) ledger.Answer {
	switch what {
	case "GCCUSTO", ledger.AnyCentre, "TTBORCAMENTO":
		return ledger.PostingIs(true, true)
	case "CCONTA":
		return ledger.AccountIs(true, true, false)
	case ledger.InPeriod:
		return ledger.TrueIs(true)
	case ledger.ClosedFinance, ledger.ClosedAccounting, ledger.BatchFrom, ledger.BatchTo, ledger.Settlement:
		return ledger.Answer{}
	}
	return ledger.ActiveIs(true)
}

func (b *books) CustomColumns(_ context.Context, table string) ([]ledger.CustomColumn, error) {
	if table != "FLANCOMPL" && table != "FXCXCOMPL" {
		return nil, fmt.Errorf("asked for the columns of %s", table)
	}
	return b.columns, b.fail["CustomColumns"]
}

func (b *books) Stored(_ context.Context, t *contracts.Table, key ...int64) (*contracts.Record, error) {
	b.keys = append(b.keys, fmt.Sprint(t.Name, key))
	return b.stored, b.fail["Stored"]
}

// open makes a desk that is closed with the test.
func open(t testing.TB) *desk.Desk {
	t.Helper()
	d, err := desk.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// consumerOf is RM's consumer of a command.
func consumerOf(c *contracts.Command) consumer.Consumer {
	all := rm.Consumers()
	return all[slices.IndexFunc(all, func(x consumer.Consumer) bool { return x.Type() == c.Type })]
}

func execution(c consumer.Consumer, body string) consumer.Execution {
	return consumer.Execution{Message: consumertest.Message(c.Type(), body), Attempt: 1, Now: rmtest.Now}
}

// log keeps lines.
type log []string

func (l *log) Info(format string, args ...any) { *l = append(*l, "info "+fmt.Sprintf(format, args...)) }
func (l *log) Warn(format string, args ...any) { *l = append(*l, "warn "+fmt.Sprintf(format, args...)) }
func (l *log) Error(format string, args ...any) {
	*l = append(*l, "error "+fmt.Sprintf(format, args...))
}

// done runs a command that must be done.
func done(t *testing.T, d *desk.Desk, c *contracts.Command, b *books, data rmtest.Object) (desk.Result, log) {
	t.Helper()
	var l log
	r, err := d.Run(t.Context(), consumerOf(c), execution(consumerOf(c), rmtest.Body(c.Type, data)), b, &l)
	if err != nil || r.Outcome.Kind != consumer.KindDone || r.Record == nil {
		t.Fatalf("%v, %s %v %v", err, r.Outcome.Kind, rmtest.Lines(r.Outcome.Errors), r.Outcome.Cause)
	}
	return r, l
}

// expect compares fields, written as people read them.
func expect(t *testing.T, r *contracts.Record, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if r.Display(name) != value {
			t.Errorf("%s.%s is %q, not %q", r.Table.Name, name, r.Display(name), value)
		}
	}
}

func valid(c *contracts.Command, changes rmtest.Object) rmtest.Object {
	return rmtest.With(rmtest.Valid()[c.Type], changes)
}

func TestNewRecordsHaveNoIDs(t *testing.T) {
	d := open(t)
	b := &books{columns: []ledger.CustomColumn{{Name: "CONTRATO"}}}
	r, l := done(t, d, contracts.FinLanInc, b, valid(contracts.FinLanInc, rmtest.Object{
		"Historico": "it's \"é\" %d", "Complementos": rmtest.Object{"Contrato": strings.Repeat("x", 255), "Outro": 1},
	}))
	if len(l) != 1 || !strings.HasPrefix(l[0], "warn ") || !strings.Contains(l[0], "Outro") {
		t.Errorf("logged %q: of what is done only warnings are", l)
	}
	if want := map[string]any{"CodColigada": int64(1), "IdLan": int64(-1)}; r.Outcome.Key != "1;-1" || !reflect.DeepEqual(r.Outcome.Keys, want) || r.Stored != nil {
		t.Errorf("key %q %v, stored %v", r.Outcome.Key, r.Outcome.Keys, r.Stored)
	}
	expect(t, r.Record, map[string]string{"IdLan": "-1", "Historico": "it's \"é\" %d", "ValorOriginal": "11250.7500", "SerieDocumento": "@@@", "RecCreatedBy": "mestre"})
	rows := r.Record.Rows("Rateios")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	expect(t, rows[1], map[string]string{"CodColigada": "1", "IdLan": "-1", "IdRatCCu": "-1", "Valor": "1250.7500", "CodNatFinanceira": "02.01"})
	if x := r.Record.Extras(); len(x) != 1 || x[0].Name != "CONTRATO" || len(x[0].Value.Text) != 255 {
		t.Errorf("custom columns %v", x)
	}

	r, _ = done(t, d, contracts.FinXCXInc, b, valid(contracts.FinXCXInc, rmtest.Object{"Tipo": 1}))
	expect(t, r.Record, map[string]string{"IdXcx": "-1", "Valor": "-500000.0000", "ValorContabil": "-500000.0000", "ValorEmReais": "500000.0000"})

	r, _ = done(t, d, contracts.CtbLanInc, b, valid(contracts.CtbLanInc, nil))
	expect(t, r.Record, map[string]string{"IdLancamento": "-1", "CodLote": "10"})
	if r.Outcome.Key != "1;10;-1" || len(r.Record.Rows("Partidas")) != 3 {
		t.Fatalf("key %s, %d lines", r.Outcome.Key, len(r.Record.Rows("Partidas")))
	}
	line := r.Record.Rows("Partidas")[2]
	expect(t, line, map[string]string{"CodLote": "10", "IdLancamento": "-1", "IdPartida": "-1", "LctRef": "", "Valor": "100.0000"})
	if len(line.Rows("Rateios")) != 2 {
		t.Fatalf("%d managerial rows", len(line.Rows("Rateios")))
	}
	expect(t, line.Rows("Rateios")[1], map[string]string{"IdPartida": "-1", "IdRateio": "-1", "LctRef": "", "VlrDebito": "40.0000", "CodConta": "4.1.02.002"})
}

// stored is a record as RM may hold one: other than ours in much that the command leaves alone.
func stored(t *contracts.Table, values map[string]contracts.Value) *contracts.Record {
	r := contracts.NewRecord(t, "")
	for name, v := range values {
		r.Set(name, v)
	}
	return r
}

func TestEditsOfWhatRMStores(t *testing.T) {
	d := open(t)
	number, text := contracts.Int, contracts.String
	row := func(id, units int64) *contracts.Record {
		return stored(contracts.FLANRATCCU, map[string]contracts.Value{"IdRatCCu": number(id), "CodCCusto": text("gone"), "Valor": number(units)})
	}
	entry := stored(contracts.FLAN, map[string]contracts.Value{
		"CodColigada": number(1), "IdLan": number(4711), "DataEmissao": text("2026-03-02"), "DataVencimento": text("2026-04-01"), "ValorOriginal": number(30_0000), "StatusLan": number(0),
	}) // no description, no supplier, no document: our own books would refuse it
	entry.SetRows("Rateios", []*contracts.Record{row(8, 10_0000), row(9, 20_0000)})
	entry.SetExtras([]contracts.Extra{{Name: "EVENTO", Value: text("old")}, {Name: "OBS", Value: text("stays")}, {Name: "VAZIO", Value: contracts.Value{State: contracts.Null}}})
	b := &books{stored: entry, columns: []ledger.CustomColumn{{Name: "EVENTO", Size: 10}}}

	r, l := done(t, d, contracts.FinLanAlt, b, rmtest.Object{"CodColigada": 1, "IdLan": 4711, "SegundoNumero": "2", "Complementos": rmtest.Object{"evento": "new"}, "Rateios": rmtest.List{
		rmtest.Object{"CodCCusto": "01.002", "Valor": 12}, rmtest.Object{"IdRatCCu": 8, "Valor": 18},
	}})
	if len(l) > 0 || r.Outcome.Key != "1;4711" || r.Stored != entry || !slices.Equal(b.keys, []string{"FLAN[1 4711]"}) {
		t.Errorf("logged %q, key %q, asked for %v", l, r.Outcome.Key, b.keys)
	}
	expect(t, r.Record, map[string]string{"IdLan": "4711", "SegundoNumero": "2", "Historico": "", "CodCfo": "", "ValorOriginal": "30.0000", "DataAlteracao": "2026-03-31"})
	rows := r.Record.Rows("Rateios")
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	expect(t, rows[0], map[string]string{"IdLan": "4711", "IdRatCCu": "8", "Valor": "18.0000", "CodCCusto": "gone"})
	expect(t, rows[1], map[string]string{"IdLan": "4711", "IdRatCCu": "-1", "Valor": "12.0000", "CodCCusto": "01.002"})
	extras := fmt.Sprint(r.Record.Extras())
	if want := fmt.Sprint([]contracts.Extra{{Name: "EVENTO", Value: text("new")}, {Name: "OBS", Value: text("stays")}, {Name: "VAZIO", Value: contracts.Value{State: contracts.Null}}}); extras != want {
		t.Errorf("custom columns %s, not %s", extras, want)
	}
	if len(entry.Rows("Rateios")) != 2 || entry.Rows("Rateios")[0].Has("IdLan") || entry.Rows("Rateios")[0].Int("Valor") != 10_0000 || entry.Has("SegundoNumero") {
		t.Error("the stored record was changed")
	}

	r, _ = done(t, d, contracts.FinLanAlt, b, rmtest.Object{"CodColigada": 1, "IdLan": 4711, "Complementos": nil})
	for _, x := range r.Record.Extras() {
		if x.Value.State != contracts.Null {
			t.Errorf("%s is %v, but all were cleared", x.Name, x.Value)
		}
	}
	if len(r.Record.Extras()) != 3 || len(r.Record.Rows("Rateios")) != 2 {
		t.Errorf("%v, %d rows", r.Record.Extras(), len(r.Record.Rows("Rateios")))
	}
}

// A row that goes leaves its id free on the sheet; a new one must not look as if it were that row.
func TestNewRowsTakeNoIDOfRemovedOnes(t *testing.T) {
	number, text := contracts.Int, contracts.String
	head := stored(contracts.CLANCAMENTO, map[string]contracts.Value{"CodColigada": number(1), "CodLote": number(10), "IdLancamento": number(7), "Descricao": text("x")})
	line := stored(contracts.CPARTIDA, map[string]contracts.Value{
		"IdPartida": number(3), "CodFilial": number(1), "Data": text("2026-03-31"), "CodColDebito": number(1), "Debito": text("1"), "CodColCredito": number(1), "Credito": text("2"),
		"Valor": number(1_0000), "LctRef": number(99),
	})
	line.SetRows("Rateios", []*contracts.Record{stored(contracts.CRATEIOLC, map[string]contracts.Value{
		"IdRateio": number(1), "CodGerencial": text("G"), "VlrDebito": number(1_0000), "VlrCredito": number(0),
	})})
	head.SetRows("Partidas", []*contracts.Record{line})
	b := &books{stored: head}
	managerial := rmtest.Object{"CodGerencial": "H", "VlrDebito": 1}
	change := func(lines ...any) *contracts.Record {
		t.Helper()
		r, _ := done(t, open(t), contracts.CtbLanAlt, b, rmtest.Object{"CodColigada": 1, "CodLote": 10, "IdLancamento": 7, "Partidas": rmtest.List(lines)})
		if n := len(r.Record.Rows("Partidas")); n != 1 || len(r.Record.Rows("Partidas")[0].Rows("Rateios")) != 1 {
			t.Fatalf("%d lines", n)
		}
		return r.Record.Rows("Partidas")[0]
	}
	kept := change(rmtest.Object{"IdPartida": 3, "Rateios": rmtest.List{managerial}})
	expect(t, kept, map[string]string{"IdPartida": "3", "LctRef": "99"})
	expect(t, kept.Rows("Rateios")[0], map[string]string{"IdPartida": "3", "IdRateio": "-1", "CodGerencial": "H"})
	fresh := change(rmtest.Object{"CodFilial": 1, "Data": "2026-03-31", "Debito": "1", "Credito": "2", "Valor": 1, "Rateios": rmtest.List{managerial}})
	expect(t, fresh, map[string]string{"IdLancamento": "7", "IdPartida": "-1", "LctRef": "7"})
	expect(t, fresh.Rows("Rateios")[0], map[string]string{"IdPartida": "-1", "IdRateio": "-1", "LctRef": "7"})
}

// Books that are asked over a network are asked for what is needed, once.
func TestWhatIsAsked(t *testing.T) {
	d := open(t)
	for _, c := range contracts.Commands {
		if !c.Insert {
			continue
		}
		b := &books{}
		data := valid(c, nil)
		if lines, ok := data["Partidas"].(rmtest.List); ok { // a line that names an account twice
			lines[0].(rmtest.Object)["Partida"] = lines[0].(rmtest.Object)["Debito"]
		}
		done(t, d, c, b, data)
		seen := map[ledger.Part]bool{}
		for _, parts := range b.asked {
			for _, p := range parts {
				if seen[p] {
					t.Errorf("%s: %+v is asked for twice", c.Type, p)
				}
				seen[p] = true
				if p.Code == "" && !slices.Contains([]string{"GCOLIGADA", ledger.ClosedFinance, ledger.ClosedAccounting}, p.What) {
					t.Errorf("%s: %+v names nothing", c.Type, p)
				}
			}
		}
		if !seen[ledger.Part{What: "GCOLIGADA", Company: 1}] || !seen[ledger.Part{What: "GFILIAL", Company: 1, Code: "1"}] || len(b.keys) > 0 {
			t.Errorf("%s asked for %v, read %v", c.Type, b.asked, b.keys)
		}
	}
}

// What names no record is not read.
func TestEditsThatNameNothing(t *testing.T) {
	d := open(t)
	for body, key := range map[string]string{
		`{"data":{"CodColigada":1,"IdLan":-1}}`: "", `{"data":{"CodColigada":1}}`: "", `{"data":{"CodColigada":"x","IdLan":5}}`: "", `nothing`: "",
		`{"data":{"CodColigada":1,"IdLan":5}}`: "FLAN[1 5]",
	} {
		b := &books{}
		c := consumerOf(contracts.FinLanAlt)
		r, err := d.Run(t.Context(), c, execution(c, body), b, &log{})
		if err != nil || r.Outcome.Kind != consumer.KindReject || r.Record != nil || strings.Join(b.keys, "") != key {
			t.Errorf("%s: %v, %s, read %v", body, err, r.Outcome.Kind, b.keys)
		}
	}
}

// errAway is an error of books.
type errAway struct{ host string }

func (e errAway) Error() string { return e.host + " is away" }

func TestErrorsOfTheBooksComeOutAsTheyAre(t *testing.T) {
	d := open(t)
	for _, method := range []string{"LookUp", "CustomColumns", "Stored"} {
		c, body := consumerOf(contracts.FinLanInc), string(examples.Body(examples.FinLanInc))
		if method == "Stored" {
			c, body = consumerOf(contracts.FinLanAlt), string(examples.Body(examples.FinLanAlt))
		}
		var l log
		r, err := d.Run(t.Context(), c, execution(c, body), &books{fail: map[string]error{method: errAway{"rm"}}}, &l)
		if away := (errAway{}); !errors.As(err, &away) || away.host != "rm" || len(l) > 0 || r.Outcome.Kind != "" {
			t.Errorf("%s: %v, logged %q, %+v", method, err, l, r.Outcome)
		}
		done(t, d, contracts.FinLanInc, &books{}, valid(contracts.FinLanInc, rmtest.Object{"Complementos": rmtest.Left})) // the sheet is clean
	}
}

func TestBooksThatAnswerSomethingElse(t *testing.T) {
	d := open(t)
	c := consumerOf(contracts.FinLanAlt)
	number := contracts.Int
	withRow := stored(contracts.FLAN, map[string]contracts.Value{"CodColigada": number(1), "IdLan": number(1)})
	withRow.SetRows("Rateios", []*contracts.Record{contracts.NewRecord(contracts.FLANRATCCU, "")})
	for name, r := range map[string]*contracts.Record{
		"a record of another table": stored(contracts.FXCX, nil),
		"another record":            stored(contracts.FLAN, map[string]contracts.Value{"CodColigada": number(1), "IdLan": number(2)}),
		"a row without an id":       withRow,
	} {
		if got, err := d.Run(t.Context(), c, execution(c, `{"data":{"CodColigada":1,"IdLan":1,"Historico":"x"}}`), &books{stored: r}, &log{}); err == nil {
			t.Errorf("%s: %+v", name, got.Outcome)
		}
	}
}

// A batch whose dates RM does not tell has none; one side alone bounds that side.
func TestBatchesWithoutDates(t *testing.T) {
	d := open(t)
	c := consumerOf(contracts.CtbLanInc)
	b := &books{answers: map[ledger.Part]ledger.Answer{{What: ledger.BatchTo, Company: 1, Code: "10"}: ledger.DateIs("2026-01-31")}}
	r, err := d.Run(t.Context(), c, execution(c, rmtest.Body(c.Type(), valid(contracts.CtbLanInc, nil))), b, &log{})
	if err != nil || len(r.Outcome.Errors) == 0 || r.Outcome.Errors[0].Code != "RM-DATE-OUTSIDE-BATCH" ||
		!strings.Contains(r.Outcome.Errors[0].Description, "de … a 31/01/2026") || !strings.Contains(r.Outcome.Errors[0].DescriptionEn, "from … to 2026-01-31") {
		t.Errorf("%v, %+v", err, r.Outcome.Errors)
	}
}

// panicking is a consumer of a command with a bug.
type panicking struct{ consumer.Consumer }

func (panicking) Execute(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
	panic("a bug")
}

func TestPanicsAreRetries(t *testing.T) {
	d := open(t)
	c := panicking{consumerOf(contracts.FinLanInc)}
	var l log
	r, err := d.Run(t.Context(), c, execution(c, `{}`), &books{}, &l)
	if err != nil || r.Outcome.Kind != consumer.KindRetry || r.Record != nil || len(l) != 1 || !strings.Contains(l[0], "a bug") {
		t.Errorf("%v, %+v, logged %q", err, r.Outcome, l)
	}
	done(t, d, contracts.FinLanInc, &books{}, valid(contracts.FinLanInc, rmtest.Object{"Complementos": rmtest.Left}))
}

// Whoever gives up leaves nothing behind on the sheet that the next one gets.
func TestGivingUp(t *testing.T) {
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := consumerOf(contracts.FinLanInc)
	if r, err := d.Run(ctx, c, execution(c, string(examples.Body(examples.FinLanInc))), &books{}, &log{}); err == nil && r.Outcome.Kind == consumer.KindDone {
		t.Error("done, although given up")
	}
	done(t, d, contracts.FinLanInc, &books{}, valid(contracts.FinLanInc, rmtest.Object{"Complementos": rmtest.Left}))
}

func TestManyAtOnce(t *testing.T) {
	d := open(t)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 5 {
				id := int64(n*10 + i + 1)
				b := &books{stored: stored(contracts.FXCX, map[string]contracts.Value{
					"CodColigada": contracts.Int(1), "IdXcx": contracts.Int(id), "Tipo": contracts.Int(1), "Valor": contracts.Int(-id), "ValorContabil": contracts.Int(-id),
				})}
				c := consumerOf(contracts.FinXCXAlt)
				r, err := d.Run(t.Context(), c, execution(c, fmt.Sprintf(`{"data":{"CodColigada":1,"IdXcx":%d,"Historico":"no %d"}}`, id, id)), b, &log{})
				if err != nil || r.Record == nil || r.Record.Text("Historico") != fmt.Sprint("no ", id) || r.Record.Int("Valor") != -id {
					t.Errorf("%d: %v, %+v", id, err, r.Outcome)
				}
			}
		})
	}
	all.Wait()
}

func TestAfterClosing(t *testing.T) {
	d, err := desk.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	c := consumerOf(contracts.FinLanInc)
	if _, err := d.Run(t.Context(), c, execution(c, `{}`), &books{}, &log{}); err == nil {
		t.Error("a closed desk works")
	}
}

func TestOnlyCommandsOfRM(t *testing.T) {
	c := other{}
	if _, err := open(t).Run(t.Context(), c, execution(c, `{}`), &books{}, &log{}); err == nil {
		t.Error("a foreign consumer was executed")
	}
}

type other struct{ panicking }

func (other) Type() string { return "OtherCommand" }

// BenchmarkRun executes valid commands whose books answer at once: what a desk costs beside the calls.
func BenchmarkRun(b *testing.B) {
	d := open(b)
	for _, c := range []*contracts.Command{contracts.FinLanInc, contracts.FinXCXInc, contracts.CtbLanInc} {
		b.Run(c.Type, func(b *testing.B) {
			by := consumerOf(c)
			x := execution(by, rmtest.Body(c.Type, valid(c, nil)))
			master := &books{}
			for b.Loop() {
				master.asked = nil
				if r, err := d.Run(b.Context(), by, x, master, &log{}); err != nil || r.Record == nil {
					b.Fatalf("%v %v", err, rmtest.Lines(r.Outcome.Errors))
				}
			}
		})
	}
}
