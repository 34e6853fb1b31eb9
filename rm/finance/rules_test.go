package finance_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	. "smartlink/rm/rmtest"
)

// Rules over new entries. Those over codes, dates and apportionments hold for edits too, see
// TestRulesOfEdits.
func TestRulesOfNewEntries(t *testing.T) {
	b := open(t)
	b.create(nil)
	before := b.Counts()
	rows := func(rows ...any) Object { return Object{"Rateios": rows} }
	for _, tc := range []struct {
		name string
		data Object
		want []string
	}{
		// 1: what is named exists and is active.
		{"company unknown", Object{"CodColigada": 77}, []string{"RM-COLIGADA-UNKNOWN /data/CodColigada", "RM-COMPANY /data/CodColCfo (/data/CodColigada)"}},
		{"company inactive", Object{"CodColigada": 9, "CodTdo": "EMPR", "CodColCfo": 0, "CodCfo": "B00001"},
			[]string{"RM-COLIGADA-INACTIVE /data/CodColigada", "RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)", "RM-TDO-UNKNOWN /data/CodTdo (/data/CodColigada)"}},
		{"branch unknown", Object{"CodFilial": 77}, []string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)"}},
		{"branch inactive", Object{"CodFilial": 3}, []string{"RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)"}},
		{"supplier unknown", Object{"CodCfo": "F99999"}, []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)"}},
		{"supplier of another case", Object{"CodCfo": "f00017"}, []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)"}},
		{"supplier not shared", Object{"CodColCfo": 0}, []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)"}},
		{"supplier inactive", Object{"CodCfo": "F00099"}, []string{"RM-CFO-INACTIVE /data/CodCfo (/data/CodColCfo)"}},
		{"shared supplier inactive", Object{"CodColCfo": 0, "CodCfo": "B00009"}, []string{"RM-CFO-INACTIVE /data/CodCfo (/data/CodColCfo)"}},
		{"document type unknown", Object{"CodTdo": "XX"}, []string{"RM-TDO-UNKNOWN /data/CodTdo (/data/CodColigada)"}},
		{"document type inactive", Object{"CodTdo": "LETRA"}, []string{"RM-TDO-INACTIVE /data/CodTdo (/data/CodColigada)"}},
		{"cash account unknown", Object{"CodCxa": "777"}, []string{"RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)"}},
		{"cash account not shared", Object{"CodColCxa": 0, "CodCxa": "001"}, []string{"RM-CXA-UNKNOWN /data/CodCxa (/data/CodColCxa)"}},
		{"cash account inactive", Object{"CodColCxa": 1, "CodCxa": "009"}, []string{"RM-CXA-INACTIVE /data/CodCxa (/data/CodColCxa)"}},
		{"currency unknown", Object{"CodMoeValorOriginal": "XYZ"}, []string{"RM-MOEDA-UNKNOWN /data/CodMoeValorOriginal"}},
		{"currency inactive", Object{"CodMoeValorOriginal": "Cr$"}, []string{"RM-MOEDA-INACTIVE /data/CodMoeValorOriginal"}},
		{"cost centre unknown", Object{"CodCCusto": "77.777"}, []string{"RM-CCUSTO-UNKNOWN /data/CodCCusto (/data/CodColigada)"}},
		{"cost centre inactive", Object{"CodCCusto": "09.001"}, []string{"RM-CCUSTO-INACTIVE /data/CodCCusto (/data/CodColigada)"}},
		{"cost centre that takes no entries", Object{"CodColCCusto": 1, "CodCCusto": "01"}, []string{"RM-CCUSTO-NO-POSTING /data/CodCCusto (/data/CodColCCusto)"}},
		{"department unknown", Object{"CodDepartamento": "XXX"}, []string{"RM-DEPTO-UNKNOWN /data/CodDepartamento (/data/CodColigada)"}},
		{"department inactive", Object{"CodDepartamento": "EXP"}, []string{"RM-DEPTO-INACTIVE /data/CodDepartamento (/data/CodColigada)"}},
		{"cost centre of a row unknown", rows(row(-1, "77.777", nil, 100)), []string{"RM-CCUSTO-UNKNOWN /data/Rateios/0/CodCCusto (/data/CodColigada)"}},
		{"cost centre of a row inactive", rows(row(-1, "01.002", nil, 50), row(-1, "09.001", nil, 50)), []string{"RM-CCUSTO-INACTIVE /data/Rateios/1/CodCCusto (/data/CodColigada)"}},
		{"cost centre of a row that takes no entries", rows(row(-1, "01", nil, 100)), []string{"RM-CCUSTO-NO-POSTING /data/Rateios/0/CodCCusto (/data/CodColigada)"}},
		{"nature unknown", rows(row(-1, nil, "77.77", 100)), []string{"RM-NATUREZA-UNKNOWN /data/Rateios/0/CodNatFinanceira (/data/CodColigada)"}},
		{"nature inactive", rows(With(row(-1, nil, "02.09", 100), Object{"CodColNatFinanceira": 1})), []string{"RM-NATUREZA-INACTIVE /data/Rateios/0/CodNatFinanceira (/data/Rateios/0/CodColNatFinanceira)"}},
		{"nature that only sums", rows(row(-1, nil, "02", 100)), []string{"RM-NATUREZA-SYNTHETIC /data/Rateios/0/CodNatFinanceira (/data/CodColigada)"}},
		{"the same unknown code in two rows", rows(row(-1, "77.777", nil, 50), row(-1, "77.777", nil, 50)),
			[]string{"RM-CCUSTO-UNKNOWN /data/Rateios/0/CodCCusto (/data/CodColigada)", "RM-CCUSTO-UNKNOWN /data/Rateios/1/CodCCusto (/data/CodColigada)"}},
		{"companies of codes", Object{"CodColCfo": 2, "CodColCxa": 2, "CodCxa": "001", "CodColCCusto": 3, "CodCCusto": "01.002", "CodColConvenio": 2,
			"Rateios": List{With(row(-1, nil, "02.01", 100), Object{"CodColNatFinanceira": 2})}},
			[]string{"RM-COMPANY /data/CodColCfo (/data/CodColigada)", "RM-COMPANY /data/CodColCxa (/data/CodColigada)", "RM-COMPANY /data/CodColCCusto (/data/CodColigada)",
				"RM-COMPANY /data/CodColConvenio (/data/CodColigada)", "RM-COMPANY /data/Rateios/0/CodColNatFinanceira (/data/CodColigada)"}},

		// 2: key, kind, amount, dates, state.
		{"an id of its own", Object{"IdLan": 5}, []string{"RM-KEY-GIVEN /data/IdLan"}},
		{"an id below -1", Object{"IdLan": -2}, []string{"RM-RANGE /data/IdLan"}},
		{"neither payable nor receivable", Object{"PagRec": "3"}, []string{"RM-VALUE /data/PagRec"}},
		{"PagRec in letters", Object{"PagRec": "P"}, []string{"RM-TYPE /data/PagRec"}},
		{"amount zero", Object{"ValorOriginal": 0}, []string{"RM-NOT-POSITIVE /data/ValorOriginal"}},
		{"amount below zero", Object{"ValorOriginal": Number("-0.01")}, []string{"RM-NOT-POSITIVE /data/ValorOriginal"}},
		{"amount with five places", Object{"ValorOriginal": Number("100.00001")}, []string{"RM-PLACES /data/ValorOriginal"}},
		{"amount out of range", Object{"ValorOriginal": Number("100000000000")}, []string{"RM-RANGE /data/ValorOriginal"}},
		{"due before issue", Object{"DataVencimento": "2026-03-01"}, []string{"RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)"}},
		{"settled already", Object{"StatusLan": 1}, []string{"RM-READ-ONLY /data/StatusLan"}},
		{"a part settled already", Object{"ValorBaixado": Number("0.01")}, []string{"RM-READ-ONLY /data/ValorBaixado"}},
		{"what the books keep", Object{"DataBaixa": "2026-03-31", "NumLoteContabil": 1, "BaixaAutorizada": 0, "IdXcx": 5, "RecCreatedOn": "2026-03-31T00:00:00Z", "DataAlteracao": "2026-03-31"},
			[]string{"RM-READ-ONLY /data/DataBaixa", "RM-READ-ONLY /data/NumLoteContabil", "RM-READ-ONLY /data/BaixaAutorizada", "RM-READ-ONLY /data/IdXcx",
				"RM-READ-ONLY /data/RecCreatedOn", "RM-READ-ONLY /data/DataAlteracao"}},
		{"an accounting state of the books", Object{"TipoContabilLan": 2}, []string{"RM-VALUE /data/TipoContabilLan"}},
		{"an accounting state that is none", Object{"TipoContabilLan": 4}, []string{"RM-VALUE /data/TipoContabilLan"}},
		{"asking the ERP to apportion", Object{"PreencherRatCCusto": true, "PreencherRatDepto": "true"},
			[]string{"RM-FILL-APPORTIONMENT /data/PreencherRatCCusto", "RM-FILL-APPORTIONMENT /data/PreencherRatDepto"}},
		{"nothing at all", Object{"CodFilial": Left, "PagRec": nil, "CodTdo": "", "NumeroDocumento": Left, "CodColCfo": Left, "CodCfo": " ", "DataEmissao": nil,
			"DataVencimento": Left, "ValorOriginal": Left, "Historico": Left},
			[]string{"RM-REQUIRED /data/CodFilial", "RM-REQUIRED /data/PagRec", "RM-REQUIRED /data/CodTdo", "RM-REQUIRED /data/NumeroDocumento", "RM-REQUIRED /data/CodColCfo",
				"RM-REQUIRED /data/CodCfo", "RM-REQUIRED /data/DataEmissao", "RM-REQUIRED /data/DataVencimento", "RM-REQUIRED /data/ValorOriginal", "RM-REQUIRED /data/Historico"}},
		{"no company", Object{"CodColigada": Left, "CodCfo": "F99999", "DataVencimento": "2026-03-01"},
			[]string{"RM-REQUIRED /data/CodColigada", "RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)"}},
		{"a code too long", Object{"CodTdo": strings.Repeat("é", 11), "Historico": strings.Repeat("h", 256)}, []string{"RM-TOO-LONG /data/CodTdo", "RM-TOO-LONG /data/Historico"}},

		// 4: an apportionment adds up.
		{"sum one unit too much", rows(row(-1, "01.002", nil, Number("99.9999")), row(-1, "01.001", nil, Number("0.0002"))),
			[]string{"RM-RATEIO-SUM /data/Rateios (/data/ValorOriginal /data/Rateios/0/Valor /data/Rateios/1/Valor)"}},
		{"sum one unit short", rows(row(-1, "01.002", nil, Number("99.9999"))), []string{"RM-RATEIO-SUM /data/Rateios (/data/ValorOriginal /data/Rateios/0/Valor)"}},
		{"a row below zero", rows(row(-1, "01.002", nil, 200), row(-1, "01.001", nil, -100)), []string{"RM-NEGATIVE /data/Rateios/1/Valor"}},
		{"a row of nothing", rows(Object{"Valor": 100}), []string{"RM-RATEIO-EMPTY /data/Rateios/0/CodCCusto (/data/Rateios/0/CodNatFinanceira)"}},
		{"a row without amount", rows(row(-1, "01.002", nil, 100), row(-1, "01.001", nil, nil)), []string{"RM-REQUIRED /data/Rateios/1/Valor"}},
		{"percentages of some", rows(With(row(-1, "01.002", nil, 50), Object{"Percentual": 100}), row(-1, "01.001", nil, 50)),
			[]string{"RM-RATEIO-PERCENT-SOME /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/1/Percentual)"}},
		{"percentages beyond the rounding of their rows", rows(With(row(-1, "01.002", nil, 50), Object{"Percentual": Number("50.0001")}), With(row(-1, "01.001", nil, 50), Object{"Percentual": Number("50.0002")})),
			[]string{"RM-RATEIO-PERCENT-SUM /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/1/Percentual)"}},
		{"percentages short of it", rows(With(row(-1, "01.002", nil, 100), Object{"Percentual": Number("99.9998")})), []string{"RM-RATEIO-PERCENT-SUM /data/Rateios (/data/Rateios/0/Percentual)"}},
		{"a percentage below zero", rows(With(row(-1, "01.002", nil, 100), Object{"Percentual": -1})), []string{"RM-NEGATIVE /data/Rateios/0/Percentual"}},
		{"a row's own id", rows(row(3, "01.002", nil, 100)), []string{"RM-KEY-GIVEN /data/Rateios/0/IdRatCCu"}},
		{"a row of another entry", rows(With(row(-1, "01.002", nil, 100), Object{"CodColigada": 2, "IdLan": 1})),
			[]string{"RM-PARENT-KEY /data/Rateios/0/CodColigada (/data/CodColigada)", "RM-PARENT-KEY /data/Rateios/0/IdLan (/data/IdLan)"}},
		{"rows that are none", rows("x", 1), []string{"RM-TYPE /data/Rateios/0", "RM-TYPE /data/Rateios/1"}},

		// 7: what is closed stays closed. The seed closes finance up to 2025-12-31.
		{"issued on the closing date", Object{"DataEmissao": "2025-12-31"}, []string{"RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)"}},
		{"issued long before", Object{"DataEmissao": "2024-01-01"}, []string{"RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)"}},

		// Custom fields.
		{"a custom field too long", Object{"Complementos": Object{"Contrato": strings.Repeat("é", 41)}}, []string{"RM-TOO-LONG /data/Complementos/Contrato"}},
		{"a custom field that is an object", Object{"Complementos": Object{"Contrato": Object{}}}, []string{"RM-TYPE /data/Complementos/Contrato"}},
		{"a custom field twice", Object{"Complementos": Object{"Contrato": "1", "CONTRATO": "2"}}, []string{"RM-PROPERTY-REPEATED /data/Complementos/Contrato (/data/Complementos/CONTRATO)"}},

		// All at once, of all rules.
		{"everything", Object{"CodFilial": 77, "PagRec": 1, "CodCfo": "F99999", "CodTdo": "LETRA", "CodMoeValorOriginal": "XYZ", "DataEmissao": "2025-12-31", "DataVencimento": "2025-12-30",
			"ValorOriginal": 100, "StatusLan": 2, "Parcela": -1, "Rateios": List{row(-1, "77.777", "02.01", 99)}, "Complementos": Object{"Evento": strings.Repeat("x", 41)}},
			[]string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)", "RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)", "RM-TDO-INACTIVE /data/CodTdo (/data/CodColigada)",
				"RM-MOEDA-UNKNOWN /data/CodMoeValorOriginal", "RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)", "RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)",
				"RM-READ-ONLY /data/StatusLan", "RM-RANGE /data/Parcela", "RM-CCUSTO-UNKNOWN /data/Rateios/0/CodCCusto (/data/CodColigada)",
				"RM-RATEIO-SUM /data/Rateios (/data/ValorOriginal /data/Rateios/0/Valor)", "RM-TOO-LONG /data/Complementos/Evento"}},
	} {
		t.Run(tc.name, func(t *testing.T) { books{b.Of(t)}.Refused(inc, incWith(tc.data), tc.want...) })
	}
	if after := b.Counts(); !maps.Equal(before, after) {
		t.Errorf("refusals left traces:\n%v\n%v", before, after)
	}
}

// What the rules let pass.
func TestNewEntriesAtTheEdgeOfTheRules(t *testing.T) {
	b := open(t)
	with := func(r Object, percent string) Object { return With(r, Object{"Percentual": Number(percent)}) }
	for name, data := range map[string]Object{
		"due on the day of issue":         {"DataVencimento": "2026-03-02"},
		"issued the day after closing":    {"DataEmissao": "2026-01-01"},
		"due in a closed period is moot":  {"DataEmissao": "2026-01-01", "DataVencimento": "2026-01-01"},
		"the smallest amount":             {"ValorOriginal": Number("0.0001")},
		"the largest amount":              {"ValorOriginal": Number("99999999999.9999")},
		"accounting state 1":              {"TipoContabilLan": 1},
		"accounting state 3":              {"TipoContabilLan": 3},
		"supplier of all companies":       {"CodColCfo": 0, "CodCfo": "B00001"},
		"one row":                         {"Rateios": List{with(row(-1, "01.002", "02.01", 100), "100")}},
		"no rows":                         {"Rateios": List{}},
		"rows exact in the fourth place":  {"ValorOriginal": Number("0.0003"), "Rateios": List{row(0, "01.002", nil, Number("0.0001")), row(nil, nil, "02.01", Number("0.0002"))}},
		"a row of zero":                   {"Rateios": List{row(-1, "01.002", nil, 100), row(-1, "01.001", nil, 0)}},
		"percentages rounded down by one": {"Rateios": List{with(row(-1, "01.002", nil, 33), "33.3333"), with(row(-1, "01.001", nil, 33), "33.3333"), with(row(-1, "02.001", nil, 34), "33.3333")}},
		"percentages at their slack":      {"Rateios": List{with(row(-1, "01.002", nil, 50), "50.0001"), with(row(-1, "01.001", nil, 50), "50.0001")}},
		"a thousand rows":                 {"ValorOriginal": 1000, "Rateios": thousand()},
		"codes at their size":             {"NumeroDocumento": strings.Repeat("é", 40), "Historico": strings.Repeat("😀", 255), "Complementos": Object{"Contrato": strings.Repeat("é", 40)}},
	} {
		t.Run(name, func(t *testing.T) { books{b.Of(t)}.Booked(inc, incWith(data)) })
	}
	b.Exec(`INSERT INTO GCCUSTO (CODCOLIGADA, CODCCUSTO, NOME) VALUES (0, '00.777', 'Comum')`)
	b.create(Object{"Rateios": List{row(-1, "00.777", nil, 100)}})
	b.create(Object{"CodColCCusto": 0, "CodCCusto": "00.777"})
}

func thousand() List {
	var rows List
	for range 1000 {
		rows = append(rows, row(-1, "01.002", "02.01", 1))
	}
	return rows
}

// Nothing is closed where no date was set.
func TestNothingIsClosedWithoutAClosingDate(t *testing.T) {
	b := open(t)
	b.Exec(`UPDATE SLFECHAMENTO SET DATAFECHAMENTO = NULL WHERE CODCOLIGADA = 1 AND MODULO = 'F'`) // accounting stays closed
	b.create(Object{"DataEmissao": "2020-01-01"})
	b.Exec(`UPDATE SLFECHAMENTO SET DATAFECHAMENTO = '2026-03-02' WHERE CODCOLIGADA = 1 AND MODULO = 'F' AND DATAINICIO = '2026-01-01'`)
	b.Refused(inc, incWith(nil), "RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)")
	b.Booked(inc, incWith(Object{"CodColigada": 2, "CodColCfo": 2})) // another company's
}

// What a person reads, once for each kind of sentence.
func TestWhatPeopleRead(t *testing.T) {
	b := open(t)
	for _, tc := range []struct {
		data          Object
		field, pt, en string
	}{
		{Object{"CodCfo": "F99999"}, "CODCFO", "Fornecedor F99999 não existe na coligada 1.", "Supplier F99999 does not exist in company 1."},
		{Object{"CodCfo": "C99999", "PagRec": 1}, "CODCFO", "Cliente C99999 não existe na coligada 1.", "Customer C99999 does not exist in company 1."},
		{Object{"DataVencimento": "2026-02-28"}, "DATAVENCIMENTO", "O vencimento 28/02/2026 é anterior à emissão 02/03/2026.", "The due date 2026-02-28 is before the issue date 2026-03-02."},
		{Object{"DataEmissao": "2025-12-15"}, "DATAEMISSAO", "A emissão 15/12/2025 está em período fechado: o módulo financeiro da coligada 1 está fechado até 31/12/2025.",
			"The issue date 2025-12-15 is in a closed period: finance of company 1 is closed up to 2025-12-31."},
		{Object{"Rateios": List{row(-1, "01.002", nil, Number("99.5"))}}, "FLANRATCCU",
			"A soma dos rateios é 99.5000, o valor original é 100.0000 (diferença -0.5000).", "The rows of the apportionment add up to 99.5000, the face value is 100.0000 (difference -0.5000)."},
		{Object{"Rateios": List{row(-1, "77", nil, 100)}}, "CODCCUSTO", "Centro de custo 77 não existe na coligada 1.", "Cost centre 77 does not exist in company 1."},
		{Object{"ValorOriginal": Number("1.00001")}, "VALORORIGINAL", "Valor original: 1.00001 tem mais de 4 casas decimais.", "Face value: 1.00001 has more than 4 decimal places."},
		{Object{"Complementos": Object{"contrato": strings.Repeat("x", 41)}}, "FLANCOMPL.CONTRATO", "CONTRATO tem 41 caracteres; cabem 40.", "CONTRATO has 41 characters; 40 fit."},
	} {
		r := b.Run(inc, incWith(tc.data))
		if len(r.Errors) != 1 || r.Errors[0].Field != tc.field || r.Errors[0].Description != tc.pt || r.Errors[0].DescriptionEn != tc.en {
			t.Errorf("%v: %+v", tc.data, r.Errors)
		}
		if want := fmt.Sprintf("%s %s: %s", r.Errors[0].Code, r.Errors[0].Pointer, tc.pt); len(r.Lines) != 1 || r.Lines[0].Level != "error" || r.Lines[0].Text != want {
			t.Errorf("the log says %v", r.Lines)
		}
	}
	done := b.Booked(inc, incWith(Object{"Foo": 1}))
	if len(done.Lines) != 2 || done.Lines[0].Level != "warn" || done.Lines[1].Level != "info" || !strings.Contains(done.Lines[1].Text, done.Key+" incluído") {
		t.Errorf("the log says %v", done.Lines)
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	b := open(t)
	for body, want := range map[string]string{
		``: "RM-BODY-NOT-JSON ", `{`: "RM-BODY-NOT-JSON ", "\xff": "RM-BODY-NOT-JSON ", `[]`: "RM-BODY-NO-DATA ",
		`{"header": {}, "data": []}`: "RM-BODY-NO-DATA /data",
		`{"data": {}, "data": {}}`:   "RM-PROPERTY-REPEATED /data",
	} {
		b.Refused(inc, body, want)
		b.Refused(alt, body, want)
	}
}
