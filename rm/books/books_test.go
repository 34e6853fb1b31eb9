package books_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/rm/accounting"
	"smartlink/rm/books"
	"smartlink/rm/finance"
	. "smartlink/rm/rmtest"
	"smartlink/rm/statement"
)

// fill books entries of all kinds: loans over two months, in two companies.
func fill(t *testing.T) *Books {
	t.Helper()
	b := Open(t)
	inc := func(c consumer.Consumer, data Object) { b.Booked(c, Body(c.Type(), data)) }
	line := func(debit, credit any, value string, more Object) Object {
		return With(Object{"CodFilial": 1, "Data": "2026-02-10", "Debito": debit, "Credito": credit, "Valor": Number(value)}, more)
	}
	entry := func(company, batch int, lines ...any) {
		inc(accounting.CtbLançamentoIncConsumerDataCommandMessage{}, Object{"CodColigada": company, "CodLote": batch, "Descricao": "Contrato 42", "Partidas": lines})
	}
	march := Object{"Data": "2026-03-10"}
	entry(1, 10, line("1.1.01.002", "2.2.01.001", "100000", nil), line("4.1.03.006", "1.1.01.002", "380.5", nil))
	entry(1, 10, line("4.1.03.001", nil, "1000.0001", march), line(nil, "2.1.02.004", "1000.0001", march))
	entry(1, 11, line("9.1.01.001", "9.1.01.002", "7", With(march, Object{"CodFilial": 2, "CodColDebito": 0, "CodColCredito": 0})))
	entry(2, 10, line("4.1.03.001", "2.1.02.004", "55", march))
	for i, m := range []struct {
		kind       int
		date, cash string
		value      string
	}{{2, "2026-02-10", "001", "100000"}, {1, "2026-02-10", "001", "380.5"}, {1, "2026-03-10", "001", "1000.0001"}, {2, "2026-03-11", "002", "5"}, {1, "2026-03-12", "001", "1"}} {
		inc(statement.FinXCXIncConsumerDataCommandMessage{}, Object{"CodColigada": 1, "CodFilial": 1, "CodCxa": m.cash, "Tipo": m.kind, "NumeroDocumento": fmt.Sprint("D", i+1),
			"Data": m.date, "Valor": Number(m.value), "Historico": "Contrato 42"})
	}
	b.Exec(`UPDATE FXCX SET COMPENSADO = 2 WHERE IDXCX = 5`)
	for _, kind := range []int{2, 1} {
		inc(finance.FinLanIncConsumerDataCommandMessage{}, Object{"CodColigada": 1, "CodFilial": 1, "PagRec": kind, "CodTdo": "EMPR", "NumeroDocumento": "CT42", "CodColCfo": 1,
			"CodCfo": "F00017", "DataEmissao": "2026-03-02", "DataVencimento": "2026-04-01", "ValorOriginal": Number("11250.75"), "Historico": "Contrato 42",
			"Rateios": List{Object{"CodCCusto": "01.002", "Valor": Number("11250.75")}}})
	}
	return b
}

func accounts(t *books.Trial) []string {
	all := make([]string, 0, len(t.Accounts)+1)
	for _, a := range t.Accounts {
		all = append(all, fmt.Sprintf("%d;%s %s +%s -%s = %s", a.Company, a.Code, a.Opening.Side(), a.Debit, a.Credit, a.Closing.Side()))
	}
	return append(all, fmt.Sprintf("%s +%s -%s = %s", t.Opening.Side(), t.Debit, t.Credit, t.Closing.Side()))
}

func TestTrialBalance(t *testing.T) {
	b := fill(t)
	for _, tc := range []struct {
		name  string
		query books.TrialQuery
		want  []string
	}{
		{"all of a company", books.TrialQuery{Company: 1, Batch: -1}, []string{
			"1;1.1.01.002 0.0000 +100000.0000 -380.5000 = 99619.5000 D", "1;2.1.02.004 0.0000 +0.0000 -1000.0001 = 1000.0001 C", "1;2.2.01.001 0.0000 +0.0000 -100000.0000 = 100000.0000 C",
			"1;4.1.03.001 0.0000 +1000.0001 -0.0000 = 1000.0001 D", "1;4.1.03.006 0.0000 +380.5000 -0.0000 = 380.5000 D", "0;9.1.01.001 0.0000 +7.0000 -0.0000 = 7.0000 D",
			"0;9.1.01.002 0.0000 +0.0000 -7.0000 = 7.0000 C", "0.0000 +101387.5001 -101387.5001 = 0.0000"}},
		{"a month, with what came before", books.TrialQuery{Company: 1, Batch: 10, From: "2026-03-01", To: "2026-03-31"}, []string{
			"1;1.1.01.002 99619.5000 D +0.0000 -0.0000 = 99619.5000 D", "1;2.1.02.004 0.0000 +0.0000 -1000.0001 = 1000.0001 C", "1;2.2.01.001 100000.0000 C +0.0000 -0.0000 = 100000.0000 C",
			"1;4.1.03.001 0.0000 +1000.0001 -0.0000 = 1000.0001 D", "1;4.1.03.006 380.5000 D +0.0000 -0.0000 = 380.5000 D", "0.0000 +1000.0001 -1000.0001 = 0.0000"}},
		{"a branch", books.TrialQuery{Company: 1, Branch: 2, Batch: -1}, []string{"0;9.1.01.001 0.0000 +7.0000 -0.0000 = 7.0000 D", "0;9.1.01.002 0.0000 +0.0000 -7.0000 = 7.0000 C", "0.0000 +7.0000 -7.0000 = 0.0000"}},
		{"with synthetic accounts", books.TrialQuery{Company: 2, Batch: -1, Synthetic: true}, []string{
			"2;2 0.0000 +0.0000 -55.0000 = 55.0000 C", "2;2.1 0.0000 +0.0000 -55.0000 = 55.0000 C", "2;2.1.02 0.0000 +0.0000 -55.0000 = 55.0000 C", "2;2.1.02.004 0.0000 +0.0000 -55.0000 = 55.0000 C",
			"2;4 0.0000 +55.0000 -0.0000 = 55.0000 D", "2;4.1 0.0000 +55.0000 -0.0000 = 55.0000 D", "2;4.1.03 0.0000 +55.0000 -0.0000 = 55.0000 D", "2;4.1.03.001 0.0000 +55.0000 -0.0000 = 55.0000 D",
			"0.0000 +55.0000 -55.0000 = 0.0000"}},
		{"nothing", books.TrialQuery{Company: 3, Batch: -1}, []string{"0.0000 +0.0000 -0.0000 = 0.0000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trial, err := books.TrialBalance(t.Context(), b.View(), tc.query)
			if err != nil {
				t.Fatal(err)
			}
			if got := accounts(trial); !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			if !trial.Ties() {
				t.Error("does not tie")
			}
		})
	}
	trial, err := books.TrialBalance(t.Context(), b.View(), books.TrialQuery{Company: 2, Batch: -1, Synthetic: true})
	if err != nil || trial.Accounts[0].Description != "PASSIVO E PATRIMÔNIO LÍQUIDO" || !trial.Accounts[0].Synthetic || trial.Accounts[3].Synthetic {
		t.Errorf("%+v, %v", trial, err)
	}
}

func TestTrialBalanceThatDoesNotTieSaysSo(t *testing.T) {
	for _, date := range []string{"2026-03-10", "2026-02-10"} {
		b := fill(t)
		b.Exec(`UPDATE CPARTIDA SET VALOR = '1000.0000' WHERE VALOR = '1000.0001' AND DEBITO IS NULL`)
		b.Exec(`UPDATE CPARTIDA SET DATA = ? WHERE CAST(VALOR AS VARCHAR(30)) LIKE '1000.000_'`, date)
		trial, err := books.TrialBalance(t.Context(), b.View(), books.TrialQuery{Company: 1, Batch: -1, From: "2026-03-01"})
		if err != nil || trial.Ties() {
			t.Errorf("ties with lines off on %s: %v", date, err)
		}
	}
}

func TestAmountThatIsNoneIsAnError(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // the others' types let none in
	b := fill(t)
	b.Exec(`UPDATE CPARTIDA SET VALOR = 'x.0000' WHERE IDPARTIDA = 1`)
	if _, err := books.TrialBalance(t.Context(), b.View(), books.TrialQuery{Company: 1, Batch: -1}); err == nil {
		t.Error("an amount that is none was read")
	}
}

func movements(s *books.Statement) []string {
	all := []string{s.Opening.String()}
	for _, m := range s.Movements {
		all = append(all, fmt.Sprintf("%s %s %s %s %s", m.Date, m.Key, m.Amount, m.Balance, m.State))
	}
	return append(all, s.Closing.String())
}

func TestCashStatement(t *testing.T) {
	b := fill(t)
	const first, second, third, cancelled = "2026-02-10 1;1 100000.0000 100000.0000 open", "2026-02-10 1;2 -380.5000 99619.5000 open", "2026-03-10 1;3 -1000.0001 98619.4999 open",
		"2026-03-12 1;5 -1.0000 98619.4999 cancelled"
	for _, tc := range []struct {
		name  string
		query books.StatementQuery
		want  []string
	}{
		{"all", books.StatementQuery{Company: 1, Cash: "001", Limit: 10}, []string{"0.0000", first, second, third, cancelled, "98619.4999"}},
		{"a month", books.StatementQuery{Company: 1, Cash: "001", From: "2026-03-01", To: "2026-03-11", Limit: 10}, []string{"99619.5000", third, "98619.4999"}},
		{"an unused account", books.StatementQuery{Company: 2, Cash: "001", Limit: 10}, []string{"0.0000", "0.0000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := books.CashStatement(t.Context(), b.View(), tc.query)
			if err != nil || s.Next != "" {
				t.Fatal(s, err)
			}
			if got := movements(s); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	// Pages carry the balance on.
	var paged []string
	q := books.StatementQuery{Company: 1, Cash: "001", Limit: 1}
	for range 4 {
		s, err := books.CashStatement(t.Context(), b.View(), q)
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, movements(s)[1])
		if q.After = s.Next; q.After == "" {
			break
		}
	}
	if want := []string{first, second, third, cancelled}; !slices.Equal(paged, want) || q.After != "" {
		t.Errorf("pages %q, then %q", paged, q.After)
	}
	if s, err := books.CashStatement(t.Context(), b.View(), books.StatementQuery{Company: 1, Cash: "777", Limit: 1}); s != nil || err != nil {
		t.Errorf("unknown account: %v, %v", s, err)
	}
	if _, err := books.CashStatement(t.Context(), b.View(), books.StatementQuery{Company: 1, Cash: "001", After: "x", Limit: 1}); err == nil {
		t.Error("a cursor of another list was taken")
	}
}

func TestEntriesByPages(t *testing.T) {
	b := fill(t)
	list := func(q books.EntriesQuery) (all []string) {
		t.Helper()
		for {
			page, err := books.ListEntries(t.Context(), b.View(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Items) > q.Limit || len(page.Items) == 0 && page.Next != "" {
				t.Fatalf("%d items, next %q", len(page.Items), page.Next)
			}
			for _, e := range page.Items {
				all = append(all, fmt.Sprintf("%s %s %s %s %s", e.Kind, e.Key, e.Date, e.Amount, e.State))
			}
			if q.After = page.Next; q.After == "" {
				return all
			}
		}
	}
	want := []string{
		"FLAN 1;1 2026-03-02 -11250.7500 Open", "FLAN 1;2 2026-03-02 11250.7500 Open",
		"FXCX 1;1 2026-02-10 100000.0000 Not cleared", "FXCX 1;2 2026-02-10 -380.5000 Not cleared", "FXCX 1;3 2026-03-10 -1000.0001 Not cleared", "FXCX 1;4 2026-03-11 5.0000 Not cleared",
		"FXCX 1;5 2026-03-12 -1.0000 Cancelled",
		"CLANCAMENTO 1;10;1 2026-02-10 100380.5000 ", "CLANCAMENTO 1;10;2 2026-03-10 1000.0001 ", "CLANCAMENTO 1;11;3 2026-03-10 7.0000 ", "CLANCAMENTO 2;10;1 2026-03-10 55.0000 ",
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		if got := list(books.EntriesQuery{Limit: limit}); !slices.Equal(got, want) {
			t.Errorf("pages of %d:\n%s", limit, strings.Join(got, "\n"))
		}
	}
	for name, tc := range map[string]struct {
		query books.EntriesQuery
		want  []string
	}{
		"a company":          {books.EntriesQuery{Company: 2}, want[10:]},
		"a kind":             {books.EntriesQuery{Kind: books.CashEntry}, want[2:7]},
		"a month":            {books.EntriesQuery{To: "2026-02-28"}, []string{want[2], want[3], want[7]}},
		"a kind and a month": {books.EntriesQuery{Kind: books.Accounting, From: "2026-03-01"}, want[8:]},
	} {
		tc.query.Limit = 2
		if got := list(tc.query); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
	for _, cursor := range []string{"x", "FLAN", "FLAN x", "FXCX 1", "NONE 1;1"} {
		if _, err := books.ListEntries(t.Context(), b.View(), books.EntriesQuery{After: cursor, Limit: 1}); err == nil {
			t.Errorf("cursor %q was taken", cursor)
		}
	}
}

func TestFindShowsAnEntryInFull(t *testing.T) {
	b := fill(t)
	find := func(key ...int64) []books.Full {
		t.Helper()
		found, err := books.Find(t.Context(), b.View(), key)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	value := func(columns []books.Column, name string) string {
		for _, c := range columns {
			if c.Name == name {
				return c.Value + " " + c.Meaning
			}
		}
		return "none"
	}
	two := find(1, 1)
	if len(two) != 2 || two[0].Kind != books.Financial || two[1].Kind != books.CashEntry || two[1].Key != "1;1" {
		t.Fatalf("%+v", two)
	}
	if got := value(two[0].Fields, "PAGREC"); got != "2 Payable or receivable: Payable" {
		t.Error(got)
	}
	if len(two[0].Rows) != 1 || value(two[0].Rows[0].Fields, "VALOR") != "11250.7500 Amount" {
		t.Errorf("%+v", two[0].Rows)
	}
	if got := find(1, 3); len(got) != 1 || value(got[0].Fields, "VALOR") != "-1000.0001 Amount" || value(got[0].Fields, "DATAVENCIMENTO") != "none" {
		t.Errorf("%+v", got)
	}
	full := find(1, 10, 1)
	if len(full) != 1 || len(full[0].Rows) != 2 || full[0].Balance.Debit.String() != "100380.5000" || !full[0].Balance.Debit.Equal(full[0].Balance.Credit) {
		t.Errorf("%+v", full)
	}
	if len(find(1, 99))+len(find(1, 10, 99)) != 0 {
		t.Error("found what is not there")
	}
	if text, err := json.Marshal(full); err != nil || !strings.Contains(string(text), `"totals":{"debit":100380.5000,"credit":100380.5000}`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestParseKey(t *testing.T) {
	for text, want := range map[string]string{"1;5": "[1 5]", "1;10;5": "[1 10 5]", "1/10/5": "[1 10 5]", "1": "", "": "", "1;x": "", "1;2;3;4": "", "1;-2": "", "1;;2": "", "1;99999999999999999999": ""} {
		key, err := books.ParseKey(text)
		if (err != nil) != (want == "") || err == nil && fmt.Sprint(key) != want {
			t.Errorf("%q: %v, %v", text, key, err)
		}
	}
}

// Sums have no largest number.
func TestAmountsAreExactAndUnbounded(t *testing.T) {
	largest, err := books.ParseAmount("99999999999.9999")
	if err != nil {
		t.Fatal(err)
	}
	var sum books.Amount
	for range 1_000_000 {
		sum.Add(largest, 1)
	}
	if got := sum.String(); got != "99999999999999900.0000" {
		t.Error(got)
	}
	sum.Add(sum, -1)
	small, _ := books.ParseAmount("-0.0001")
	sum.Add(small, 1)
	if sum.String() != "-0.0001" || sum.Side() != "0.0001 C" || sum.Sign() != -1 {
		t.Error(sum.String(), sum.Side())
	}
}
