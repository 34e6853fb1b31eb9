package rm_test

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"smartlink/consumer"
	"smartlink/rm"
	"smartlink/rm/books"
	. "smartlink/rm/rmtest"
)

// TestSequencesOfCommandsKeepTheBooksTied: whatever valid commands come in whatever order, debits equal
// credits per entry, branch and date, and apportionments equal their values to the last place. A model keeps
// what each entry must hold; the trial balance and the statement come to the same.
func TestSequencesOfCommandsKeepTheBooksTied(t *testing.T) {
	by := map[string]consumer.Consumer{}
	for _, c := range rm.Consumers() {
		by[c.Type()] = c
	}
	b := Open(t)
	rapid.Check(t, func(rt *rapid.T) {
		b.Empty()
		m := &model{t: rt, b: b, by: by}
		rt.Repeat(map[string]func(*rapid.T){
			"FinLanInc": m.createFinancial, "FinLanAlt": m.editFinancial, "FinXCXInc": m.createStatement, "FinXCXAlt": m.editStatement,
			"CtbLanInc": m.createAccounting, "CtbLanAlt": m.editAccounting, "": m.now,
		})
		m.check(rt)
	})
}

// now checks after every step, or with the race detector after some.
func (m *model) now(rt *rapid.T) {
	if m.steps++; m.steps%looks == 0 {
		m.check(rt)
	}
}

// model is what the books must hold.
type model struct {
	steps      int
	t          *rapid.T
	b          *Books
	by         map[string]consumer.Consumer
	financial  []*mFinancial
	statements []*mStatement
	accounting []*mAccounting
}

type mFinancial struct {
	value int64 // units of 1/10000
	rows  map[int64]int64
}

type mStatement struct {
	kind  int64
	cash  string
	value int64
}

type mAccounting struct {
	batch int64
	lines map[int64]mLine
}

type mLine struct {
	debit, credit string
	value         int64
	branch        int64
	date          string
	rows          map[int64]int64 // of the debit
}

func (m *model) book(rt *rapid.T, messageType string, data Object) {
	result := m.b.Run(m.by[messageType], Body(messageType, data))
	if result.Kind != consumer.KindDone {
		rt.Fatalf("%s: %v %v\n%s", messageType, result.Kind, Lines(result.Errors), Body(messageType, data))
	}
}

// money writes units as a number with up to four places, or as a string that holds one.
func money(rt *rapid.T, units int64) any {
	text := written(units)
	if rapid.Bool().Draw(rt, "as text") {
		return text
	}
	return Number(text)
}

var amounts = rapid.OneOf(rapid.Int64Range(1, 30), rapid.Int64Range(1, 999_999_999_999), rapid.Just[int64](999_999_999_999_999))

// split cuts an amount into parts above zero.
func split(rt *rapid.T, units int64) []int64 {
	n := min(rapid.Int64Range(1, 4).Draw(rt, "parts"), units)
	parts := make([]int64, 0, n)
	for i := n; i > 1; i-- {
		part := rapid.Int64Range(1, units-i+1).Draw(rt, "part")
		parts = append(parts, part)
		units -= part
	}
	return append(parts, units)
}

func pick[T any](rt *rapid.T, from []T, what string) int {
	return rapid.IntRange(0, len(from)-1).Draw(rt, what)
}

// financialRows apportions a value: some stored rows kept with new amounts, others new, the rest gone.
func (m *model) financialRows(rt *rapid.T, value int64, stored map[int64]int64, next int64) (List, map[int64]int64) {
	free := ids(stored)
	rows, kept := List{}, map[int64]int64{}
	for _, part := range split(rt, value) {
		row := Object{"IdRatCCu": -1, "CodCCusto": "01.002", "CodNatFinanceira": "02.01", "Valor": money(rt, part)}
		if len(free) > 0 && rapid.Bool().Draw(rt, "keep") {
			row = Object{"IdRatCCu": free[0], "Valor": money(rt, part)}
			kept[free[0]] = part
			free = free[1:]
		} else {
			kept[next] = part
			next++
		}
		rows = append(rows, row)
	}
	return rows, kept
}

func ids[V any](of map[int64]V) []int64 {
	all := make([]int64, 0, len(of))
	for id := int64(1); len(all) < len(of); id++ {
		if _, ok := of[id]; ok {
			all = append(all, id)
		}
	}
	return all
}

func (m *model) createFinancial(rt *rapid.T) {
	f := &mFinancial{value: amounts.Draw(rt, "value")}
	data := Object{"CodColigada": 1, "CodFilial": 1, "PagRec": rapid.IntRange(1, 2).Draw(rt, "PagRec"), "CodTdo": "EMPR", "NumeroDocumento": "CT", "CodColCfo": 1, "CodCfo": "F00017",
		"DataEmissao": "2026-03-01", "DataVencimento": "2026-04-01", "ValorOriginal": money(rt, f.value), "Historico": "x"}
	if rapid.Bool().Draw(rt, "apportioned") {
		data["Rateios"], f.rows = m.financialRows(rt, f.value, nil, m.nextRow("FLANRATCCU"))
	}
	m.financial = append(m.financial, f)
	m.book(rt, "FinLanIncDataCommand", data)
}

// nextRow is the id that the next row of a table gets; the books' own sequence knows.
func (m *model) nextRow(table string) int64 {
	last := m.b.Rows(`SELECT ULTIMO FROM SLSEQUENCIA WHERE CODCOLIGADA = 1 AND TABELA = ?`, table)
	if len(last) == 0 {
		return 1
	}
	return last[0]["ULTIMO"].(int64) + 1
}

func (m *model) editFinancial(rt *rapid.T) {
	if len(m.financial) == 0 {
		rt.Skip()
	}
	i := pick(rt, m.financial, "entry")
	f := m.financial[i]
	data := Object{"CodColigada": 1, "IdLan": i + 1, "Historico": "y"}
	switch rapid.IntRange(0, 3).Draw(rt, "change") {
	case 0: // only the text
	case 1:
		f.value = amounts.Draw(rt, "value")
		data["ValorOriginal"] = money(rt, f.value)
		fallthrough
	case 2:
		data["Rateios"], f.rows = m.financialRows(rt, f.value, f.rows, m.nextRow("FLANRATCCU"))
	case 3:
		data["Rateios"], f.rows = nil, nil
	}
	m.book(rt, "FinLanAltDataCommand", data)
}

func (m *model) createStatement(rt *rapid.T) {
	s := &mStatement{rapid.Int64Range(1, 2).Draw(rt, "kind"), rapid.SampledFrom([]string{"001", "002"}).Draw(rt, "cash"), amounts.Draw(rt, "value")}
	m.statements = append(m.statements, s)
	m.book(rt, "FinXCXIncDataCommand", Object{"CodColigada": 1, "CodFilial": 1, "CodCxa": s.cash, "Tipo": s.kind, "NumeroDocumento": "CT", "Data": "2026-03-01",
		"Valor": money(rt, s.value), "Historico": "x"})
}

func (m *model) editStatement(rt *rapid.T) {
	if len(m.statements) == 0 {
		rt.Skip()
	}
	i := pick(rt, m.statements, "entry")
	s := m.statements[i]
	data := Object{"CodColigada": 1, "IdXcx": i + 1, "Historico": "y"}
	if rapid.Bool().Draw(rt, "other kind") {
		s.kind = 3 - s.kind
		data["Tipo"] = fmt.Sprint(s.kind)
	}
	if rapid.Bool().Draw(rt, "other amount") {
		s.value = amounts.Draw(rt, "value")
		data["Valor"] = money(rt, s.value)
	}
	m.book(rt, "FinXCXAltDataCommand", data)
}

var (
	debits  = []string{"4.1.03.001", "4.1.03.006", "1.1.01.002", "4.1.02.002"} // the last wants an apportionment
	credits = []string{"2.1.02.004", "2.1.01.001", "1.1.01.003"}
)

// newLines makes lines that balance on one branch and date: one with both accounts, or a debit against
// several credits.
func (m *model) newLines(rt *rapid.T, next int64) (List, map[int64]mLine) {
	list, lines := List{}, map[int64]mLine{}
	rowID := m.nextRow("CRATEIOLC")
	add := func(l mLine) {
		o := Object{"IdPartida": -1, "CodFilial": l.branch, "Data": l.date, "Valor": money(rt, l.value)}
		if l.debit != "" {
			o["Debito"] = l.debit
		}
		if l.credit != "" {
			o["Credito"] = l.credit
		}
		if l.debit == debits[3] {
			l.rows = map[int64]int64{}
			rows := List{}
			for _, part := range split(rt, l.value) {
				rows = append(rows, Object{"CodGerencial": "G01", "VlrDebito": money(rt, part)})
				l.rows[rowID] = part
				rowID++
			}
			o["Rateios"] = rows
		}
		list = append(list, o)
		lines[next] = l
		next++
	}
	for range rapid.IntRange(1, 2).Draw(rt, "groups") {
		l := mLine{branch: rapid.Int64Range(1, 2).Draw(rt, "branch"), date: rapid.SampledFrom([]string{"2026-03-01", "2026-03-31", "2026-04-30"}).Draw(rt, "date"), value: amounts.Draw(rt, "value")}
		l.debit = rapid.SampledFrom(debits).Draw(rt, "debit")
		if rapid.Bool().Draw(rt, "both accounts") {
			l.credit = rapid.SampledFrom(credits).Draw(rt, "credit")
			add(l)
			continue
		}
		add(l)
		for _, part := range split(rt, l.value) {
			add(mLine{credit: rapid.SampledFrom(credits).Draw(rt, "credit"), branch: l.branch, date: l.date, value: part})
		}
	}
	return list, lines
}

func (m *model) createAccounting(rt *rapid.T) {
	a := &mAccounting{batch: rapid.Int64Range(10, 11).Draw(rt, "batch")}
	var list List
	list, a.lines = m.newLines(rt, m.nextRow("CPARTIDA"))
	m.accounting = append(m.accounting, a)
	m.book(rt, "CtbLanIncDataCommand", Object{"CodColigada": 1, "CodLote": a.batch, "Descricao": "x", "Partidas": list})
}

func (m *model) editAccounting(rt *rapid.T) {
	if len(m.accounting) == 0 {
		rt.Skip()
	}
	i := pick(rt, m.accounting, "entry")
	a := m.accounting[i]
	data := Object{"CodColigada": 1, "CodLote": a.batch, "IdLancamento": i + 1, "Descricao": "y"}
	if rapid.Bool().Draw(rt, "lines") {
		list, lines := m.newLines(rt, m.nextRow("CPARTIDA"))
		for _, id := range ids(a.lines) { // a line with both accounts can stay, with another amount
			l := a.lines[id]
			if l.debit == "" || l.credit == "" || l.rows != nil || !rapid.Bool().Draw(rt, "keep") {
				continue
			}
			l.value = amounts.Draw(rt, "value")
			list = append(list, Object{"IdPartida": id, "Valor": money(rt, l.value)})
			lines[id] = l
		}
		data["Partidas"], a.lines = list, lines
	}
	m.book(rt, "CtbLanAltDataCommand", data)
}

// check compares the books with the model.
func (m *model) check(rt *rapid.T) {
	if wrong := m.b.Untied(); len(wrong) > 0 {
		rt.Fatalf("%v", wrong)
	}
	want := map[string]string{}
	cash := map[string]*big.Rat{"001": new(big.Rat), "002": new(big.Rat)}
	debit := new(big.Rat)
	for i, f := range m.financial {
		want[fmt.Sprintf("FLAN %d", i+1)] = written(f.value)
		for id, value := range f.rows {
			want[fmt.Sprintf("FLANRATCCU %d.%d", i+1, id)] = written(value)
		}
	}
	for i, s := range m.statements {
		signed := s.value * (2*s.kind - 3)
		want[fmt.Sprintf("FXCX %d", i+1)] = fmt.Sprintf("%s %s %s %s", s.cash, written(signed), written(signed), written(s.value))
		cash[s.cash].Add(cash[s.cash], big.NewRat(signed, 10_000))
	}
	for i, a := range m.accounting {
		for id, l := range a.lines {
			want[fmt.Sprintf("CPARTIDA %d", id)] = fmt.Sprintf("%d;%d %s %d %s/%s %s", a.batch, i+1, l.date, l.branch, l.debit, l.credit, written(l.value))
			if l.debit != "" {
				debit.Add(debit, big.NewRat(l.value, 10_000))
			}
			for row, value := range l.rows {
				want[fmt.Sprintf("CRATEIOLC %d.%d", id, row)] = written(value)
			}
		}
	}
	have := map[string]string{}
	for _, r := range m.b.Rows(`SELECT CONCAT('FLAN ', IDLAN) AS ID, CONCAT(VALORORIGINAL, '') AS HOLDS FROM FLAN
		UNION ALL SELECT CONCAT('FLANRATCCU ', IDLAN, '.', IDRATCCU), CONCAT(VALOR, '') FROM FLANRATCCU
		UNION ALL SELECT CONCAT('FXCX ', IDXCX), CONCAT(CODCXA, ' ', VALOR, ' ', VALORCONTABIL, ' ', VALOREMREAIS) FROM FXCX
		UNION ALL SELECT CONCAT('CPARTIDA ', IDPARTIDA), CONCAT(CODLOTE, ';', IDLANCAMENTO, ' ', DATA, ' ', CODFILIAL, ' ', DEBITO, '/', CREDITO, ' ', VALOR) FROM CPARTIDA
		UNION ALL SELECT CONCAT('CRATEIOLC ', IDPARTIDA, '.', IDRATEIO), CONCAT(VLRDEBITO, '') FROM CRATEIOLC`) {
		have[r["ID"].(string)] = r["HOLDS"].(string)
	}
	for id, holds := range want {
		if have[id] != holds {
			rt.Fatalf("%s holds %q, not %q", id, have[id], holds)
		}
	}
	if len(have) != len(want) {
		rt.Fatalf("%d records, not %d", len(have), len(want))
	}
	for code, want := range cash {
		s, err := books.CashStatement(m.b.Context(), m.b.View(), books.StatementQuery{Company: 1, Cash: code, Limit: 10_000})
		if err != nil || s.Closing.String() != want.FloatString(4) {
			rt.Fatalf("statement of %s: %v, %v, not %s", code, s, err, want.FloatString(4))
		}
	}
	trial, err := books.TrialBalance(m.b.Context(), m.b.View(), books.TrialQuery{Company: 1, Batch: -1})
	if err != nil || !trial.Ties() || trial.Debit.String() != debit.FloatString(4) {
		rt.Fatalf("trial balance %+v, %v, debits should be %s", trial, err, debit.FloatString(4))
	}
}

// written is an amount as the books keep it.
func written(units int64) string { return new(big.Rat).SetFrac64(units, 10_000).FloatString(4) }
