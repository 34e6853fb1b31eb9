package finance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	. "smartlink/rm/rmtest"
)

// apportioned is an entry of 100 in two rows, with ids 1 and 2 when it is the first.
func apportioned() Object {
	return Object{"Rateios": List{
		With(row(-1, "01.002", "02.01", 60), Object{"Percentual": 60}), With(row(-1, "01.001", "02.02", 40), Object{"Percentual": 40}),
	}, "Complementos": Object{"Contrato": "42", "Evento": "juros"}, "CodCxa": "001", "CodDepartamento": "FIN"}
}

func TestRulesOfEdits(t *testing.T) {
	b := open(t)
	b.create(apportioned()) // 1
	b.create(nil)           // 2
	before := b.Counts()
	rows := func(rows ...any) Object { return Object{"Rateios": rows} }
	for _, tc := range []struct {
		name string
		id   any
		data Object
		want []string
	}{
		{"unknown entry", 77, nil, []string{"RM-ENTRY-UNKNOWN /data/IdLan (/data/CodColigada)"}},
		{"entry of another company", 1, Object{"CodColigada": 2}, []string{"RM-ENTRY-UNKNOWN /data/IdLan (/data/CodColigada)"}},
		{"company unknown", 1, Object{"CodColigada": 77}, []string{"RM-COLIGADA-UNKNOWN /data/CodColigada"}},
		{"unknown entry with more that is wrong", 77, Object{"CodCfo": "F99999", "CodColCfo": 1, "ValorOriginal": -1, "Rateios": List{row(5, "77", nil, 1)}},
			[]string{"RM-ENTRY-UNKNOWN /data/IdLan (/data/CodColigada)", "RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)", "RM-NOT-POSITIVE /data/ValorOriginal",
				"RM-CCUSTO-UNKNOWN /data/Rateios/0/CodCCusto (/data/CodColigada)"}},
		{"no id", Left, nil, []string{"RM-KEY-MISSING /data/IdLan"}},
		{"the id of a new one", -1, nil, []string{"RM-KEY-MISSING /data/IdLan"}},
		{"no company", 1, Object{"CodColigada": Left}, []string{"RM-REQUIRED /data/CodColigada"}},
		{"no id and more", Left, Object{"DataEmissao": "2026-03-02", "DataVencimento": "2026-03-01", "CodTdo": "XX"},
			[]string{"RM-KEY-MISSING /data/IdLan", "RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)", "RM-TDO-UNKNOWN /data/CodTdo (/data/CodColigada)"}},

		// 1.
		{"branch", 2, Object{"CodFilial": 77}, []string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)"}},
		{"branch inactive", 2, Object{"CodFilial": 3}, []string{"RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)"}},
		{"supplier", 2, Object{"CodCfo": "F99999"}, []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColigada)"}},
		{"supplier's company", 2, Object{"CodColCfo": 0}, []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)"}},
		{"supplier inactive", 2, Object{"CodCfo": "F00099", "CodColCfo": 1}, []string{"RM-CFO-INACTIVE /data/CodCfo (/data/CodColCfo)"}},
		{"document type", 2, Object{"CodTdo": "LETRA"}, []string{"RM-TDO-INACTIVE /data/CodTdo (/data/CodColigada)"}},
		{"cash account", 2, Object{"CodCxa": "009"}, []string{"RM-CXA-INACTIVE /data/CodCxa (/data/CodColigada)"}},
		{"currency", 2, Object{"CodMoeValorOriginal": "Cr$"}, []string{"RM-MOEDA-INACTIVE /data/CodMoeValorOriginal"}},
		{"cost centre", 2, Object{"CodCCusto": "01"}, []string{"RM-CCUSTO-NO-POSTING /data/CodCCusto (/data/CodColigada)"}},
		{"department", 2, Object{"CodDepartamento": "EXP"}, []string{"RM-DEPTO-INACTIVE /data/CodDepartamento (/data/CodColigada)"}},
		{"cost centre of an old row", 1, rows(row(1, "77", "02.01", 60), row(2, "01.001", "02.02", 40)), []string{"RM-CCUSTO-UNKNOWN /data/Rateios/0/CodCCusto (/data/CodColigada)"}},
		{"nature of a new row", 1, rows(row(1, "01.002", "02.01", 60), row(-1, "01.001", "02.09", 40)), []string{"RM-NATUREZA-INACTIVE /data/Rateios/1/CodNatFinanceira (/data/CodColigada)",
			"RM-RATEIO-PERCENT-SOME /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/1/Percentual /data/Rateios/0/IdRatCCu /data/Rateios/1/IdRatCCu)"}},
		{"companies of codes", 2, Object{"CodColCfo": 2, "CodColCxa": 3}, []string{"RM-COMPANY /data/CodColCfo (/data/CodColigada)", "RM-COMPANY /data/CodColCxa (/data/CodColigada)"}},

		// 2 and 3.
		{"amount zero", 2, Object{"ValorOriginal": 0}, []string{"RM-NOT-POSITIVE /data/ValorOriginal"}},
		{"due before issue", 2, Object{"DataVencimento": "2026-03-01"}, []string{"RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)"}},
		{"issued after due", 2, Object{"DataEmissao": "2026-04-02"}, []string{"RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)"}},
		{"what it needs, cleared", 2, Object{"CodFilial": nil, "PagRec": nil, "CodTdo": "", "NumeroDocumento": " ", "CodColCfo": nil, "CodCfo": nil, "DataEmissao": nil, "DataVencimento": nil,
			"ValorOriginal": nil, "Historico": nil, "SerieDocumento": nil, "CodMoeValorOriginal": nil, "CodAplicacao": nil, "TipoContabilLan": nil},
			[]string{"RM-NOT-NULL /data/CodFilial", "RM-NOT-NULL /data/PagRec", "RM-NOT-NULL /data/CodTdo", "RM-NOT-NULL /data/NumeroDocumento", "RM-NOT-NULL /data/CodColCfo", "RM-NOT-NULL /data/CodCfo",
				"RM-NOT-NULL /data/DataEmissao", "RM-NOT-NULL /data/DataVencimento", "RM-NOT-NULL /data/ValorOriginal", "RM-NOT-NULL /data/Historico", "RM-NOT-NULL /data/SerieDocumento",
				"RM-NOT-NULL /data/CodMoeValorOriginal", "RM-NOT-NULL /data/CodAplicacao", "RM-NOT-NULL /data/TipoContabilLan"}},
		{"what the books keep", 2, Object{"StatusLan": 1, "ValorBaixado": 5, "DataBaixa": "2026-03-31", "NumeroContabil": "1", "RecCreatedBy": "eu", "RecModifiedOn": "2026-03-31T00:00:00Z", "ReembolsAvel": 1, "BaixaAutorizada": nil},
			[]string{"RM-READ-ONLY /data/StatusLan", "RM-READ-ONLY /data/ValorBaixado", "RM-READ-ONLY /data/DataBaixa", "RM-READ-ONLY /data/NumeroContabil", "RM-READ-ONLY /data/RecCreatedBy",
				"RM-READ-ONLY /data/RecModifiedOn", "RM-READ-ONLY /data/ReembolsAvel", "RM-READ-ONLY /data/BaixaAutorizada"}},
		{"who created it", 2, Object{"UsuarioInclusao": "outro"}, []string{"RM-READ-ONLY /data/UsuarioInclusao"}},
		{"an accounting state of the books", 2, Object{"TipoContabilLan": 7}, []string{"RM-VALUE /data/TipoContabilLan"}},
		{"asking the ERP to apportion", 2, Object{"PreencherRatCCusto": 1}, []string{"RM-FILL-APPORTIONMENT /data/PreencherRatCCusto"}},

		// 4.
		{"another amount, rows as they were", 1, Object{"ValorOriginal": Number("100.0001")}, []string{"RM-RATEIO-NEEDED /data/ValorOriginal (/data/Rateios)"}},
		{"another amount, sum of before", 1, Object{"ValorOriginal": 101, "Rateios": List{row(1, "01.002", "02.01", 60), row(2, "01.001", "02.02", 40)}},
			[]string{"RM-RATEIO-SUM /data/Rateios (/data/ValorOriginal /data/Rateios/0/Valor /data/Rateios/1/Valor /data/Rateios/0/IdRatCCu /data/Rateios/1/IdRatCCu)"}},
		{"a row taken away", 1, rows(Object{"IdRatCCu": 1}), []string{"RM-RATEIO-SUM /data/Rateios (/data/ValorOriginal /data/Rateios/0/Valor /data/Rateios/0/IdRatCCu)", "RM-RATEIO-PERCENT-SUM /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/0/IdRatCCu)"}},
		{"a row that is not its own", 1, rows(row(3, "01.002", nil, 60), row(2, "01.001", nil, 40)), []string{"RM-RATEIO-UNKNOWN /data/Rateios/0/IdRatCCu (/data/CodColigada /data/IdLan)",
			"RM-RATEIO-PERCENT-SOME /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/1/Percentual /data/Rateios/0/IdRatCCu /data/Rateios/1/IdRatCCu)"}},
		{"a row twice", 1, rows(Object{"IdRatCCu": 1, "Valor": 30, "Percentual": 30}, Object{"IdRatCCu": 1, "Valor": 30, "Percentual": 30}, Object{"IdRatCCu": 2}), []string{"RM-RATEIO-REPEATED /data/Rateios/1/IdRatCCu (/data/Rateios/0/IdRatCCu)"}},
		{"a row emptied", 1, rows(Object{"IdRatCCu": 1, "CodCCusto": nil, "CodNatFinanceira": nil}, Object{"IdRatCCu": 2}), []string{"RM-RATEIO-EMPTY /data/Rateios/0/CodCCusto (/data/Rateios/0/CodNatFinanceira /data/Rateios/0/IdRatCCu)"}},
		{"a row without its amount", 1, rows(Object{"IdRatCCu": 1, "Valor": nil}, Object{"IdRatCCu": 2}), []string{"RM-NOT-NULL /data/Rateios/0/Valor"}},
		{"percentages cleared in one", 1, rows(Object{"IdRatCCu": 1, "Percentual": nil}, Object{"IdRatCCu": 2}),
			[]string{"RM-RATEIO-PERCENT-SOME /data/Rateios (/data/Rateios/0/Percentual /data/Rateios/1/Percentual /data/Rateios/0/IdRatCCu /data/Rateios/1/IdRatCCu)"}},
		{"a row of another entry", 1, rows(Object{"IdRatCCu": 1, "IdLan": 2}, Object{"IdRatCCu": 2, "CodColigada": 2}), []string{"RM-PARENT-KEY /data/Rateios/0/IdLan (/data/IdLan)", "RM-PARENT-KEY /data/Rateios/1/CodColigada (/data/CodColigada)"}},

		// 7.
		{"issued in a closed period", 2, Object{"DataEmissao": "2025-12-31"}, []string{"RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)"}},

		{"a custom field too long", 1, Object{"Complementos": Object{"Evento": strings.Repeat("x", 41)}}, []string{"RM-TOO-LONG /data/Complementos/Evento"}},
		{"everything", 1, Object{"CodFilial": 77, "DataEmissao": "2025-12-31", "DataVencimento": "2025-12-30", "ValorOriginal": 7, "StatusLan": 1, "Historico": nil, "UsuarioInclusao": "x"},
			[]string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)", "RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)", "RM-DUE-BEFORE-ISSUE /data/DataVencimento (/data/DataEmissao)",
				"RM-RATEIO-NEEDED /data/ValorOriginal (/data/Rateios)", "RM-READ-ONLY /data/StatusLan", "RM-NOT-NULL /data/Historico", "RM-READ-ONLY /data/UsuarioInclusao"}},
	} {
		t.Run(tc.name, func(t *testing.T) { books{b.Of(t)}.Refused(alt, altWith(tc.id, tc.data), tc.want...) })
	}
	if after := b.Counts(); !maps.Equal(before, after) {
		t.Errorf("refusals left traces:\n%v\n%v", before, after)
	}
}

// Only open entries are edited; one of any other state keeps every byte.
func TestOnlyOpenEntriesAreEdited(t *testing.T) {
	b := open(t)
	entry := b.create(apportioned())
	for _, tc := range []struct {
		set, want string
	}{
		{"STATUSLAN = 1", "RM-ENTRY-SETTLED"}, {"STATUSLAN = 2", "RM-ENTRY-CANCELLED"}, {"STATUSLAN = 3", "RM-ENTRY-SETTLED"},
		{"STATUSLAN = 4", "RM-ENTRY-SETTLED"}, {"STATUSLAN = 5", "RM-ENTRY-IN-REMITTANCE"}, {"STATUSLAN = 0, ALTERACAOBLOQUEADA = 1", "RM-ENTRY-BLOCKED"},
	} {
		b.Exec(`UPDATE FLAN SET ` + tc.set)
		before := b.entry(entry)
		b.Refused(alt, altWith(entry, Object{"Historico": "Outro"}), tc.want+" /data/IdLan")
		b.Refused(alt, altWith(entry, nil), tc.want+" /data/IdLan")
		// The state is one finding among all.
		b.Refused(alt, altWith(entry, Object{"CodCfo": "F99999", "Parcela": "x"}), tc.want+" /data/IdLan", "RM-CFO-UNKNOWN /data/CodCfo (/data/CodColigada)", "RM-TYPE /data/Parcela")
		if after := b.entry(entry); !maps.Equal(before, after) {
			t.Errorf("%s: the entry changed", tc.set)
		}
		b.Exec(`UPDATE FLAN SET STATUSLAN = 0, ALTERACAOBLOQUEADA = 0`)
	}
	b.Booked(alt, altWith(entry, Object{"Historico": "Outro"}))
}

// An accounted entry keeps what was accounted; all else can be edited, and repeating what holds is no
// change.
func TestAccountedEntriesAreLocked(t *testing.T) {
	b := open(t)
	data := apportioned()
	changes := map[string]any{
		"ValorOriginal": 101, "ValorJuros": 1, "ValorDesconto": 1, "ValorMulta": 1, "ValorCap": 1, "ValorOp1": 1, "ValorOp2": 1, "ValorOp3": 1, "ValorOp4": 1,
		"ValorOp5": 1, "ValorOp6": 1, "ValorOp7": 1, "ValorOp8": 1, "DataEmissao": "2026-03-03", "DataVencimento": "2026-04-02", "MesDeCompetencia": "2026-03-01",
		"CodColCxa": 0, "CodCxa": "002", "CodColCfo": 0, "CodCfo": "F00018", "CodMoeValorOriginal": "US$", "TipoContabilLan": 0,
	}
	same := Object{
		"ValorOriginal": Number("1e2"), "ValorJuros": nil, "ValorOp1": nil, "DataEmissao": "2026-03-02T10:00:00-03:00", "DataVencimento": "2026-04-01T00:00:00", "MesDeCompetencia": nil,
		"CodColCxa": 1, "CodCxa": "001", "CodColCfo": "1", "CodCfo": "F00017", "CodMoeValorOriginal": "R$", "StatusLan": 0,
		"Rateios": List{Object{"IdRatCCu": 1, "Valor": 60}, Object{"IdRatCCu": 2, "CodCCusto": "01.001"}},
	}
	free := Object{"Historico": "Outro", "CodCCusto": "01.001", "CodDepartamento": nil, "DataPrevBaixa": "2026-05-01", "JurosDia": 1, "NumeroDocumento": "D-2", "Complementos": Object{"Contrato": "43"}}
	rowChanges := map[string]any{
		"a row's amount": List{Object{"IdRatCCu": 1, "Valor": 50, "Percentual": 50}, Object{"IdRatCCu": 2, "Valor": 50, "Percentual": 50}},
		"a row's centre": List{Object{"IdRatCCu": 1, "CodCCusto": "02.001"}, Object{"IdRatCCu": 2}},
		"another row":    List{Object{"IdRatCCu": 1}, With(row(-1, "01.001", "02.02", 40), Object{"Percentual": 40})},
		"no rows":        List{}, "null": nil,
	}
	entry := b.create(data)
	for _, state := range []int{1, 2, 6} {
		b.Exec(`UPDATE FLAN SET TIPOCONTABILLAN = ?`, state)
		for name, value := range changes {
			want := []string{"RM-LOCKED /data/" + name}
			if name == "TipoContabilLan" && state != 1 {
				value = 1
			}
			b.Refused(alt, altWith(entry, Object{name: value}), want...)
		}
		for _, rows := range rowChanges {
			b.Refused(alt, altWith(entry, Object{"Rateios": rows}), "RM-LOCKED /data/Rateios")
		}
		b.Booked(alt, altWith(entry, With(same, Object{"TipoContabilLan": state})))
		b.Booked(alt, altWith(entry, free))
	}
	// Of any other state they are free.
	for _, state := range []int{0, 3, 7} {
		b.Exec(`UPDATE FLAN SET TIPOCONTABILLAN = ?`, state)
		for name, value := range changes {
			extra := Object{name: value}
			switch name {
			case "ValorOriginal":
				extra["Rateios"] = List{row(-1, "01.002", nil, 101)}
			case "CodColCxa":
				extra["CodCxa"] = nil
			case "CodColCfo":
				extra["CodCfo"] = "B00001"
			}
			entry := b.create(data)
			b.Exec(`UPDATE FLAN SET TIPOCONTABILLAN = ? WHERE IDLAN = ?`, state, entry)
			b.Booked(alt, altWith(entry, extra))
		}
	}
	locked := 0
	for i := range contracts.FLAN.Fields {
		if f := &contracts.FLAN.Fields[i]; f.Locked && f.Stored() {
			locked++
			if _, ok := changes[f.Name]; !ok {
				t.Errorf("%s is locked, but not tried", f.Name)
			}
		}
	}
	if locked != len(changes) {
		t.Errorf("%d fields are locked, %d were tried", locked, len(changes))
	}
}

// The closing date looks at the stored date and at the new one.
func TestClosedPeriodsOfEdits(t *testing.T) {
	b := open(t)
	entry := b.create(nil)
	const ofEntry, ofDate = "RM-ENTRY-PERIOD-CLOSED /data/IdLan", "RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)"
	for _, tc := range []struct {
		closed string
		data   Object
		want   []string
	}{
		{"2026-03-01", Object{"Historico": "h"}, nil},
		{"2026-03-01", Object{"DataEmissao": "2026-03-01"}, []string{ofDate}},
		{"2026-03-02", Object{"Historico": "h"}, []string{ofEntry}},
		{"2026-03-02", Object{"DataEmissao": "2026-03-02"}, []string{ofEntry}}, // no change: once
		{"2026-03-02", Object{"DataEmissao": "2026-03-03"}, []string{ofEntry}}, // not even out of it
		{"2026-03-02", Object{"DataEmissao": "2026-03-01"}, []string{ofEntry, ofDate}},
	} {
		b.Exec(`UPDATE SLFECHAMENTO SET DATAFECHAMENTO = ? WHERE CODCOLIGADA = 1 AND MODULO = 'F'`, tc.closed)
		if tc.want == nil {
			b.Booked(alt, altWith(entry, tc.data))
			continue
		}
		r := b.Refused(alt, altWith(entry, tc.data), tc.want...)
		if r.Errors[0].Field != "DATAEMISSAO" {
			t.Errorf("the field is %s", r.Errors[0].Field)
		}
	}
}

// What an edit leaves alone is not judged again: master data may have changed since.
func TestUnchangedCodesAreNotJudgedAgain(t *testing.T) {
	b := open(t)
	entry := b.create(apportioned())
	for _, table := range []string{"GFILIAL", "FCFO", "FTDO", "FCXA", "GMOEDA", "GCCUSTO", "GDEPTO"} {
		b.Exec(`UPDATE ` + table + ` SET ATIVO = 'F'`)
	}
	b.Exec(`UPDATE TTBORCAMENTO SET INATIVO = 1`)
	b.Booked(alt, altWith(entry, Object{"Historico": "Outro"}))
	b.Booked(alt, altWith(entry, Object{"CodCfo": "F00017", "CodColCfo": 1, "CodFilial": 1, "CodCxa": "001", "CodColCxa": 1, "CodDepartamento": "FIN", "CodMoeValorOriginal": "R$",
		"Rateios": List{row(1, "01.002", "02.01", 60), row(2, "01.001", "02.02", 40)}}))
	b.Refused(alt, altWith(entry, Object{"CodFilial": 2}), "RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)")
	b.Refused(alt, altWith(entry, Object{"Rateios": List{row(1, "01.002", "02.01", 60), row(2, "02.001", "02.02", 40)}}), "RM-CCUSTO-INACTIVE /data/Rateios/1/CodCCusto (/data/CodColigada)")
	// Not even where the company is inactive by now? That one is everybody's.
	b.Exec(`UPDATE GCOLIGADA SET ATIVO = 'F'`)
	b.Refused(alt, altWith(entry, Object{"Historico": "h"}), "RM-COLIGADA-INACTIVE /data/CodColigada")
}

// Absent stays, null clears, a list replaces.
func TestEditsOfRows(t *testing.T) {
	for _, tc := range []struct {
		name string
		data Object
		want []string // id centre/nature amount percent
	}{
		{"absent", Object{"Historico": "Outro"}, []string{"1 01.002/02.01 60.0000 60.0000", "2 01.001/02.02 40.0000 40.0000"}},
		{"null", Object{"Rateios": nil}, nil},
		{"an empty list", Object{"Rateios": List{}}, nil},
		{"null and another amount", Object{"Rateios": nil, "ValorOriginal": 5}, nil},
		{"the same ids alone", Object{"Rateios": List{Object{"IdRatCCu": 2}, Object{"IdRatCCu": "1"}}}, []string{"1 01.002/02.01 60.0000 60.0000", "2 01.001/02.02 40.0000 40.0000"}},
		{"a row changed, one cleared in part", Object{"Rateios": List{Object{"IdRatCCu": 1, "CodNatFinanceira": nil, "Valor": 70, "Percentual": 70}, Object{"IdRatCCu": 2, "Valor": 30, "Percentual": 30}}},
			[]string{"1 01.002/<nil> 70.0000 70.0000", "2 01.001/02.02 30.0000 30.0000"}},
		{"one kept, one new, one gone", Object{"Rateios": List{Object{"IdRatCCu": 2}, With(row(-1, "02.001", nil, 60), Object{"Percentual": 60})}},
			[]string{"2 01.001/02.02 40.0000 40.0000", "3 02.001/<nil> 60.0000 60.0000"}},
		{"all new, by 0, -1 and nothing", Object{"ValorOriginal": 6, "Rateios": List{row(0, "01.001", nil, 1), row(-1, "01.002", nil, 2), Object{"Valor": 3, "CodNatFinanceira": "02.03"}}},
			[]string{"3 01.001/<nil> 1.0000 <nil>", "4 01.002/<nil> 2.0000 <nil>", "5 <nil>/02.03 3.0000 <nil>"}},
		{"percentages cleared in all", Object{"Rateios": List{Object{"IdRatCCu": 1, "Percentual": nil}, Object{"IdRatCCu": 2, "Percentual": nil}}},
			[]string{"1 01.002/02.01 60.0000 <nil>", "2 01.001/02.02 40.0000 <nil>"}},
		{"another amount with its rows", Object{"ValorOriginal": Number("200.5"), "Rateios": List{Object{"IdRatCCu": 1, "Valor": Number("160.5"), "Percentual": 80}, Object{"IdRatCCu": 2, "Percentual": 20}}},
			[]string{"1 01.002/02.01 160.5000 80.0000", "2 01.001/02.02 40.0000 20.0000"}},
		{"the parent's key in every way", Object{"Rateios": List{Object{"IdRatCCu": 1, "CodColigada": 1, "IdLan": -1, "Valor": 50, "Percentual": 50},
			Object{"IdRatCCu": 2, "CodColigada": nil, "IdLan": nil, "Valor": 25, "Percentual": 25}, Object{"CodColigada": 1, "IdLan": 0, "Valor": 25, "Percentual": 25, "CodCCusto": "01.002"}}},
			[]string{"1 01.002/02.01 50.0000 50.0000", "2 01.001/02.02 25.0000 25.0000", "3 01.002/<nil> 25.0000 25.0000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := open(t)
			entry := b.create(apportioned())
			other := b.entry(b.create(Object{"NumeroDocumento": "D-2"}))
			b.Booked(alt, altWith(entry, tc.data))
			var got []string
			for _, r := range b.rows(entry) {
				got = append(got, fmt.Sprintf("%v %v/%v %v %v", r["IDRATCCU"], r["CODCCUSTO"], r["CODNATFINANCEIRA"], r["VALOR"], r["PERCENTUAL"]))
			}
			// Ids 3 and up are new; which number they get is the sequence's.
			if !slices.Equal(got, tc.want) {
				t.Errorf("rows\n%q\nwant\n%q", got, tc.want)
			}
			if again := b.entry(other["IDLAN"].(int64)); !maps.Equal(other, again) {
				t.Error("another entry changed")
			}
		})
	}
}

// Rows made by other means never stand in the way of new ones.
func TestRowsMadeByOtherMeans(t *testing.T) {
	b := open(t)
	entry := b.create(nil)
	b.Exec(`INSERT INTO FLANRATCCU (CODCOLIGADA, IDLAN, IDRATCCU, CODCCUSTO, VALOR) VALUES (1, ?, 1, '01.001', '60.0000'), (1, ?, 2, '01.002', '40.0000')`, entry, entry)
	b.Booked(alt, altWith(entry, Object{"Rateios": List{Object{"IdRatCCu": 1}, row(-1, "02.001", nil, 40)}}))
	if rows := b.rows(entry); len(rows) != 2 || rows[0]["CODCCUSTO"] != "01.001" || rows[1]["CODCCUSTO"] != "02.001" {
		t.Errorf("rows %v", rows)
	}
}

// Custom fields: named ones change, null clears one, null for the object clears all.
func TestEditsOfCustomFields(t *testing.T) {
	b := open(t)
	b.Exec(`ALTER TABLE FLANCOMPL ADD COLUMN "CÓDIGO" VARCHAR(5)`)
	b.Exec(`ALTER TABLE FLANCOMPL ADD COLUMN Misto VARCHAR(5)`)
	b.Exec(`ALTER TABLE FLANCOMPL ADD COLUMN VALOR DECIMAL(15,4)`) // no text: not ours to write
	for _, tc := range []struct {
		name string
		data any
		want string // contract, event, código, misto
	}{
		{"absent", Left, "42 juros <nil> <nil>"},
		{"empty", Object{}, "42 juros <nil> <nil>"},
		{"one", Object{"contrato": "43"}, "43 juros <nil> <nil>"},
		{"one cleared", Object{"EVENTO": nil}, "42 <nil> <nil> <nil>"},
		{"one cleared by nothing", Object{"EVENTO": " "}, "42 <nil> <nil> <nil>"},
		{"null", nil, "none"},
		{"a number as it is written", Object{"Contrato": Number("1.50e3")}, "1.50e3 juros <nil> <nil>"},
		{"true", Object{"Contrato": true, "Evento": false}, "T F <nil> <nil>"},
		{"of any spelling", Object{"CÓDIGO": "c", "mISTO": "m"}, "42 juros c m"},
		{"only letters of the alphabet have two cases", Object{"CóDIGO": "c"}, "42 juros <nil> <nil>"},
		{"not a text column", Object{"Valor": "1"}, "42 juros <nil> <nil>"},
		{"not the key", Object{"IdLan": "7", "CodColigada": "7"}, "42 juros <nil> <nil>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := books{b.Of(t)}
			entry := b.create(apportioned())
			b.Booked(alt, altWith(entry, Object{"Complementos": tc.data}))
			got := "none"
			for _, r := range b.Rows(`SELECT * FROM FLANCOMPL WHERE IDLAN = ?`, entry) {
				got = fmt.Sprintf("%v %v %v %v", r["CONTRATO"], r["EVENTO"], r["CÓDIGO"], r["MISTO"])
				if r["VALOR"] != nil {
					t.Errorf("VALOR is %v", r["VALOR"])
				}
			}
			if got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	// One that looks like another in capitals is not the same column.
	b.Exec(`ALTER TABLE FLANCOMPL ADD COLUMN SISTEMA VARCHAR(9)`)
	r := b.Booked(inc, incWith(Object{"Complementos": Object{"sistema": "WFN", "ſıſtema": "x"}}))
	if got := b.Row(`SELECT SISTEMA FROM FLANCOMPL WHERE IDLAN = ?`, id(r))["SISTEMA"]; got != "WFN" || len(r.Warnings) != 1 {
		t.Errorf("SISTEMA is %v, %d warnings", got, len(r.Warnings))
	}
	// An entry that had none gets its first.
	plain := b.create(nil)
	b.Booked(alt, altWith(plain, Object{"Complementos": Object{"Contrato": "44"}}))
	if got := b.Row(`SELECT CONTRATO FROM FLANCOMPL WHERE IDLAN = ?`, plain)["CONTRATO"]; got != "44" {
		t.Errorf("first custom field: %v", got)
	}
}

// A code that is changed without its company keeps the company that is stored.
func TestCompaniesOfEditedCodes(t *testing.T) {
	b := open(t)
	entry := b.create(Object{"CodColCfo": 0, "CodCfo": "B00001"})
	b.Refused(alt, altWith(entry, Object{"CodCfo": "F00017"}), "RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)") // 0 is stored
	b.Booked(alt, altWith(entry, Object{"CodCfo": "F00017", "CodColCfo": 1, "CodCxa": "002", "CodCCusto": "01.001"}))
	if e := b.entry(entry); e["CODCOLCFO"] != int64(1) || e["CODCOLCXA"] != int64(1) || e["CODCOLCCUSTO"] != int64(1) {
		t.Errorf("companies %v %v %v", e["CODCOLCFO"], e["CODCOLCXA"], e["CODCOLCCUSTO"])
	}
	b.Booked(alt, altWith(entry, Object{"CodCxa": nil, "CodColCxa": nil}))
	if e := b.entry(entry); e["CODCXA"] != nil || e["CODCOLCXA"] != nil {
		t.Errorf("cash account %v of %v", e["CODCXA"], e["CODCOLCXA"])
	}
}

// Books that somebody else has written into in another form are not guessed at.
func TestBooksOfAnotherFormAreNotGuessedAt(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // the others' types let nothing else in
	for _, set := range []string{"VALORJUROS = '1,50'", "VALORJUROS = '1e20'", "DATAPREVBAIXA = '2026-04-01 00:00:00'", "PARCELA = 'x'", "RECCREATEDON = 'ontem'"} {
		b := open(t)
		entry := b.create(nil)
		b.Exec(`UPDATE FLAN SET ` + set)
		before := b.entry(entry)
		result, err := b.Runner.Run(t.Context(), alt, message(altWith(entry, Object{"Historico": "Outro"})))
		if err != nil || result.Kind != "retry" || result.Cause == nil {
			t.Errorf("%s: %s, %v, %v", set, result.Kind, result.Cause, err)
		}
		if after := b.entry(entry); !maps.Equal(before, after) {
			t.Errorf("%s: the entry changed", set)
		}
	}
}
