package accounting_test

import (
	"fmt"
	"slices"
	"testing"

	. "smartlink/rm/rmtest"
)

// stored is an entry with a debit (line 1), a credit (line 2) and an apportioned line (line 3, rows 1 and 2).
func stored(t *testing.T) *Books {
	t.Helper()
	b := Open(t)
	b.Booked(inc, incWith(entry(
		line(interest, nil, 100, Object{"Documento": "CT42"}), line(nil, payable, 100),
		line(services, suppliers, 50, Object{"Rateios": List{managerial("G01", "VlrDebito", 30), managerial("G02", "VlrDebito", 20)}}),
	)))
	return b
}

// lines reads what the books hold, a text a line and a row.
func lines(b *Books) []string {
	var all []string
	for _, r := range b.Rows(`SELECT * FROM CPARTIDA ORDER BY IDPARTIDA`) {
		all = append(all, fmt.Sprintf("%v: %v %v/%v %v %v", r["IDPARTIDA"], r["DATA"], r["DEBITO"], r["CREDITO"], r["VALOR"], r["DOCUMENTO"]))
	}
	for _, r := range b.Rows(`SELECT * FROM CRATEIOLC ORDER BY IDPARTIDA, IDRATEIO`) {
		all = append(all, fmt.Sprintf("%v.%v: %v %v %v %v %v", r["IDPARTIDA"], r["IDRATEIO"], r["DATA"], r["CODCONTA"], r["CODGERENCIAL"], r["VLRDEBITO"], r["VLRCREDITO"]))
	}
	return all
}

func TestEditsOfLines(t *testing.T) {
	const (
		debit  = "1: 2026-03-31 4.1.03.001/<nil> 100.0000 CT42"
		credit = "2: 2026-03-31 <nil>/2.1.02.004 100.0000 <nil>"
		third  = "3: 2026-03-31 4.1.02.002/2.1.01.001 50.0000 <nil>"
		row1   = "3.1: 2026-03-31 4.1.02.002 G01 30.0000 0.0000"
		row2   = "3.2: 2026-03-31 4.1.02.002 G02 20.0000 0.0000"
	)
	keep := func(id int, changes ...Object) Object {
		o := Object{"IdPartida": id}
		for _, c := range changes {
			o = With(o, c)
		}
		return o
	}
	for _, tc := range []struct {
		name    string
		changes Object
		want    []string
	}{
		{"no list: lines stay", Object{"Descricao": "Outra"}, []string{debit, credit, third, row1, row2}},
		{"all listed and nothing said of them", Object{"Partidas": List{keep(1), keep(2), keep(3)}}, []string{debit, credit, third, row1, row2}},
		{"other amounts", Object{"Partidas": List{keep(1, Object{"Valor": 90}), keep(2, Object{"Valor": "90.0"}), keep(3)}},
			[]string{"1: 2026-03-31 4.1.03.001/<nil> 90.0000 CT42", "2: 2026-03-31 <nil>/2.1.02.004 90.0000 <nil>", third, row1, row2}},
		{"what is not listed goes, with its rows", Object{"Partidas": List{keep(1), keep(2)}}, []string{debit, credit}},
		{"-1 adds", Object{"Partidas": List{keep(3), line(bank, payable, 5)}}, []string{third, "4: 2026-03-31 1.1.01.002/2.1.02.004 5.0000 <nil>", row1, row2}},
		{"two lines into one", Object{"Partidas": List{keep(1, Object{"Credito": payable, "Documento": nil})}}, []string{"1: 2026-03-31 4.1.03.001/2.1.02.004 100.0000 <nil>"}},
		{"all new", Object{"Partidas": List{both(Object{"IdPartida": -1, "CodLote": 10, "IdLancamento": -1})}}, []string{"4: 2026-03-31 4.1.03.001/2.1.02.004 100.0000 <nil>"}},
		{"rows follow their line's date and account", Object{"Partidas": List{keep(3, Object{"Data": "2026-04-01", "Debito": "4.2.01.003"})}},
			[]string{"3: 2026-04-01 4.2.01.003/2.1.01.001 50.0000 <nil>", "3.1: 2026-04-01 4.2.01.003 G01 30.0000 0.0000", "3.2: 2026-04-01 4.2.01.003 G02 20.0000 0.0000"}},
		{"rows kept, changed, added, removed", Object{"Partidas": List{keep(3, Object{"Rateios": List{
			Object{"IdRateio": 2, "VlrDebito": 15, "IdPartida": 3}, Object{"IdRateio": -1, "CodGerencial": "G03", "VlrDebito": 35, "IdPartida": -1}}})}},
			[]string{third, "3.2: 2026-03-31 4.1.02.002 G02 15.0000 0.0000", "3.3: 2026-03-31 4.1.02.002 G03 35.0000 0.0000"}},
		{"an apportionment taken away with the account that wants it", Object{"Partidas": List{keep(3, Object{"Debito": interest, "Rateios": nil})}},
			[]string{"3: 2026-03-31 4.1.03.001/2.1.01.001 50.0000 <nil>"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := stored(t)
			if key := b.Booked(alt, altWith(tc.changes)).Key; key != "1;10;1" {
				t.Errorf("key %q", key)
			}
			if got := lines(b); !slices.Equal(got, tc.want) {
				t.Errorf("the books hold\n%q\nnot\n%q", got, tc.want)
			}
			b.Ties()
		})
	}
}

func TestRulesOfEdits(t *testing.T) {
	const p0, p1 = "/data/Partidas/0", "/data/Partidas/1"
	of := func(at string) string {
		return at + "/Valor " + at + "/Debito " + at + "/Credito " + at + "/CodFilial " + at + "/Data " + at + "/IdPartida"
	}
	list := func(lines ...any) Object { return Object{"Partidas": lines} }
	keep := func(id int, changes Object) Object { return With(Object{"IdPartida": id}, changes) }
	for _, tc := range []struct {
		name  string
		books string // what happened since
		data  Object
		want  []string
	}{
		{"no such entry", "", Object{"IdLancamento": 5, "Partidas": List{keep(1, nil)}}, []string{"RM-ENTRY-UNKNOWN /data/IdLancamento (/data/CodColigada /data/CodLote)"}},
		{"an entry of another batch", "", Object{"CodLote": 11, "Descricao": "x"}, []string{"RM-ENTRY-UNKNOWN /data/IdLancamento (/data/CodColigada /data/CodLote)"}},
		{"the integrated batch", "", Object{"CodLote": 0, "Descricao": "x"}, []string{"RM-LOTE-INTEGRATED /data/CodLote"}},
		{"no id", "", Object{"IdLancamento": Left}, []string{"RM-KEY-MISSING /data/IdLancamento"}},
		{"company unknown", "", Object{"CodColigada": 77}, []string{"RM-COLIGADA-UNKNOWN /data/CodColigada"}},
		{"batch inactive since", `UPDATE CLOTE SET ATIVO = 'F' WHERE CODLOTE = 10`, Object{"Descricao": "x"}, []string{"RM-LOTE-INACTIVE /data/CodLote (/data/CodColigada)"}},
		{"closed since", `UPDATE SLFECHAMENTO SET DATAFECHAMENTO = '2026-03-31' WHERE DATAINICIO = '2026-01-01'`, Object{"Descricao": "x"}, []string{"RM-ENTRY-PERIOD-CLOSED /data/IdLancamento"}},
		{"moved out of what is closed since", `UPDATE SLFECHAMENTO SET DATAFECHAMENTO = '2026-03-31' WHERE DATAINICIO = '2026-01-01'`, list(both(Object{"Data": "2026-04-01"})),
			[]string{"RM-ENTRY-PERIOD-CLOSED /data/IdLancamento"}},
		{"moved into what is closed", "", list(both(Object{"Data": "2025-12-31"})), []string{"RM-PERIOD-CLOSED " + p0 + "/Data (/data/CodColigada)"}},
		{"outside of the batch since", `UPDATE CLOTE SET DATAFIM = '2026-03-30' WHERE CODLOTE = 10`, Object{"Descricao": "x"}, []string{"RM-ENTRY-OUTSIDE-BATCH /data/IdLancamento (/data/CodLote)"}},
		{"moved outside of the batch", "", list(both(Object{"Data": "2028-12-31"}), keep(3, Object{"Data": "2029-01-01"})),
			[]string{"RM-DATE-OUTSIDE-BATCH " + p1 + "/Data (/data/CodLote)", "RM-DATE-OUTSIDE-PERIOD " + p1 + "/Data"}},
		{"no lines left", "", list(), []string{"RM-PARTIDAS-MISSING /data/Partidas"}},
		{"lines cleared", "", Object{"Partidas": nil}, []string{"RM-PARTIDAS-MISSING /data/Partidas"}},
		{"description cleared", "", Object{"Descricao": ""}, []string{"RM-NOT-NULL /data/Descricao"}},
		{"one side of two changed", "", list(keep(1, Object{"Valor": 90}), keep(2, nil)), []string{"RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + " " + of(p1) + ")"}},
		{"one side taken away", "", list(keep(1, nil)), []string{"RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + ")"}},
		{"a line of another entry", "", list(keep(9, nil), both()), []string{"RM-PARTIDA-UNKNOWN " + p0 + "/IdPartida (/data/CodColigada /data/CodLote /data/IdLancamento)"}},
		{"a line twice", "", list(keep(3, nil), keep(3, nil)), []string{"RM-PARTIDA-REPEATED " + p1 + "/IdPartida (" + p0 + "/IdPartida)"}},
		{"a line's account cleared", "", list(keep(1, Object{"Debito": nil}), keep(2, nil)), []string{
			"RM-PARTIDA-NO-ACCOUNT " + p0 + "/Debito (" + p0 + "/Credito " + p0 + "/IdPartida)", "RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + " " + of(p1) + ")"}},
		{"a new line without what it needs", "", list(both(), Object{"Debito": bank}), []string{"RM-REQUIRED " + p1 + "/CodFilial (" + p1 + "/IdPartida)",
			"RM-REQUIRED " + p1 + "/Data (" + p1 + "/IdPartida)", "RM-REQUIRED " + p1 + "/Valor (" + p1 + "/IdPartida)"}},
		{"what the books keep", "", list(keep(1, Object{"LctRef": 5, "IntegraAplicacao": "F"}), keep(2, nil)), []string{"RM-READ-ONLY " + p0 + "/LctRef", "RM-READ-ONLY " + p0 + "/IntegraAplicacao"}},
		{"an account made synthetic since", `UPDATE CCONTA SET ANALITICA = 0 WHERE CODCONTA = '4.1.03.001'`, Object{"Descricao": "x"}, []string{"RM-CONTA-SYNTHETIC /data/IdLancamento"}},
		{"an account inactive since, its line listed", `UPDATE CCONTA SET INATIVA = 1 WHERE CODCONTA = '4.1.03.001'`, list(keep(1, nil), keep(2, nil)),
			[]string{"RM-CONTA-INACTIVE " + p0 + "/Debito (/data/CodColigada)"}},
		{"other codes inactive since", `UPDATE GFILIAL SET ATIVO = 'F'`, list(keep(1, nil), keep(2, nil), keep(3, Object{"CodFilial": 2})), []string{"RM-FILIAL-INACTIVE /data/Partidas/2/CodFilial (/data/CodColigada)"}},
		{"an apportioned amount changed without its rows", "", list(keep(3, Object{"Valor": 60})), []string{"RM-RATEIO-GERENCIAL-SUM " + p0 + "/Rateios (" + p0 + "/Valor " + p0 + "/Debito " + p0 + "/IdPartida)"}},
		{"rows cleared of an account that wants them", "", list(keep(3, Object{"Rateios": nil})), []string{"RM-RATEIO-GERENCIAL-NEEDED " + p0 + "/Rateios (" + p0 + "/Debito " + p0 + "/IdPartida)"}},
		{"a row of another line", "", list(keep(3, Object{"Rateios": List{Object{"IdRateio": 9, "CodGerencial": "G01", "VlrDebito": 50}}})), []string{"RM-RATEIO-GERENCIAL-UNKNOWN " + p0 + "/Rateios/0/IdRateio (" + p0 + "/IdPartida)"}},
		{"a row twice", "", list(keep(3, Object{"Rateios": List{Object{"IdRateio": 1, "VlrDebito": 25}, Object{"IdRateio": 1, "VlrDebito": 25}}})),
			[]string{"RM-RATEIO-REPEATED " + p0 + "/Rateios/1/IdRateio (" + p0 + "/Rateios/0/IdRateio)"}},
		{"a stored row of a new line", "", list(both(Object{"Rateios": List{Object{"IdRateio": 1, "VlrDebito": 100}}})), []string{"RM-RATEIO-GERENCIAL-UNKNOWN " + p0 + "/Rateios/0/IdRateio (" + p0 + "/IdPartida)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := stored(t)
			if tc.books != "" {
				b.Exec(tc.books)
			}
			before := lines(b)
			b.Refused(alt, altWith(tc.data), tc.want...)
			if after := lines(b); !slices.Equal(before, after) {
				t.Errorf("a refusal changed the books:\n%q\n%q", before, after)
			}
		})
	}
}

// Ids are never given twice, also where other programs made some.
func TestIdsOfEntriesLinesAndRows(t *testing.T) {
	b := stored(t)
	b.Exec(`INSERT INTO CLANCAMENTO (CODCOLIGADA, CODLOTE, IDLANCAMENTO, DESCRICAO) VALUES (1, 10, 70, 'x')`)
	b.Exec(`INSERT INTO CPARTIDA (CODCOLIGADA, CODLOTE, IDLANCAMENTO, IDPARTIDA, CODFILIAL, DATA, DEBITO, CREDITO, VALOR) VALUES (1, 10, 70, 900, 1, '2026-03-31', '1', '2', '1.0000')`)
	if key := b.Booked(inc, incWith(entry(both()))).Key; key != "1;10;71" {
		t.Errorf("key %q", key)
	}
	if id := b.Row(`SELECT IDPARTIDA FROM CPARTIDA WHERE IDLANCAMENTO = 71`)["IDPARTIDA"]; id != int64(901) {
		t.Errorf("line %v", id)
	}
	if key := b.Booked(inc, incWith(With(entry(both()), Object{"CodLote": 11}))).Key; key != "1;11;72" {
		t.Errorf("in another batch key %q", key)
	}
	if key := b.Booked(inc, incWith(With(entry(both()), Object{"CodColigada": 2}))).Key; key != "2;10;1" {
		t.Errorf("in another company key %q", key)
	}
}
