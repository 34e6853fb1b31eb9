package statement_test

import (
	"maps"
	"strings"
	"testing"

	. "smartlink/rm/rmtest"
	"smartlink/rm/statement"
)

var (
	inc = statement.FinXCXIncConsumerDataCommandMessage{}
	alt = statement.FinXCXAltConsumerDataCommandMessage{}
)

// least is what a new entry of the cash statement needs.
func least() Object {
	return Object{
		"CodColigada": 1, "CodFilial": 1, "CodCxa": "001", "Tipo": 2, "NumeroDocumento": "CT0042", "Data": "2026-03-02", "Valor": 100, "Historico": "Captação",
	}
}

func incWith(changes Object) string { return Body(inc.Type(), With(least(), changes)) }

func altWith(changes Object) string {
	return Body(alt.Type(), With(Object{"CodColigada": 1, "IdXcx": 1}, changes))
}

func TestRulesOfNewEntries(t *testing.T) {
	b := Open(t)
	b.Booked(inc, incWith(nil))
	before := b.Counts()
	for _, tc := range []struct {
		name string
		data Object
		want []string
	}{
		// 1: what is named exists and is active.
		{"company unknown", Object{"CodColigada": 77}, []string{"RM-COLIGADA-UNKNOWN /data/CodColigada"}},
		{"company inactive", Object{"CodColigada": 9}, []string{"RM-COLIGADA-INACTIVE /data/CodColigada", "RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)", "RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)"}},
		{"branch unknown", Object{"CodFilial": 77}, []string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)"}},
		{"branch inactive", Object{"CodFilial": 3}, []string{"RM-FILIAL-INACTIVE /data/CodFilial (/data/CodColigada)"}},
		{"cash account unknown", Object{"CodCxa": "777"}, []string{"RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)"}},
		{"cash account that only looks like one", Object{"CodCxa": "1"}, []string{"RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)"}},
		{"cash account inactive", Object{"CodColCxa": 1, "CodCxa": "009"}, []string{"RM-CXA-INACTIVE /data/CodCxa (/data/CodColCxa)"}},
		{"cash account of another company", Object{"CodColCxa": 2}, []string{"RM-COMPANY /data/CodColCxa (/data/CodColigada)"}},

		// 5: kind, amount, clearing; what processes make stays theirs.
		{"an id of its own", Object{"IdXcx": 7}, []string{"RM-KEY-GIVEN /data/IdXcx"}},
		{"a kind that processes make", Object{"Tipo": 3}, []string{"RM-VALUE /data/Tipo"}},
		{"a kind that is none", Object{"Tipo": 18}, []string{"RM-VALUE /data/Tipo"}},
		{"kind 0", Object{"Tipo": 0}, []string{"RM-VALUE /data/Tipo"}},
		{"amount zero", Object{"Valor": 0}, []string{"RM-NOT-POSITIVE /data/Valor"}},
		{"an amount whose sign contradicts its kind", Object{"Valor": -100}, []string{"RM-NOT-POSITIVE /data/Valor"}},
		{"accounting amount below zero", Object{"ValorContabil": -1, "ValorEmReais": 0}, []string{"RM-NOT-POSITIVE /data/ValorContabil", "RM-NOT-POSITIVE /data/ValorEmReais"}},
		{"cleared without a date", Object{"Compensado": 1}, []string{"RM-CLEARING-DATE-NEEDED /data/DataCompensacao (/data/Compensado)"}},
		{"cleared without a valid date", Object{"Compensado": 1, "DataCompensacao": "x"}, []string{"RM-DATE /data/DataCompensacao"}},
		{"cleared before its date", Object{"Compensado": 1, "DataCompensacao": "2026-03-01"}, []string{"RM-CLEARING-BEFORE-DATE /data/DataCompensacao (/data/Data)"}},
		{"expected to clear before its date", Object{"DataCompensacao": "2026-03-01"}, []string{"RM-CLEARING-BEFORE-DATE /data/DataCompensacao (/data/Data)"}},
		{"cancelled from the start", Object{"Compensado": 2}, []string{"RM-VALUE /data/Compensado"}},
		{"what the books keep", Object{"Reconciliado": 1, "Contabil": 1, "Estornado": 1, "RecCreatedBy": "x"},
			[]string{"RM-READ-ONLY /data/Reconciliado", "RM-READ-ONLY /data/Contabil", "RM-READ-ONLY /data/Estornado", "RM-READ-ONLY /data/RecCreatedBy"}},
		{"nothing at all", Object{"CodFilial": Left, "CodCxa": "", "Tipo": nil, "NumeroDocumento": Left, "Data": Left, "Valor": Left, "Historico": " "},
			[]string{"RM-REQUIRED /data/CodFilial", "RM-REQUIRED /data/CodCxa", "RM-REQUIRED /data/Tipo", "RM-REQUIRED /data/NumeroDocumento", "RM-REQUIRED /data/Data",
				"RM-REQUIRED /data/Valor", "RM-REQUIRED /data/Historico"}},

		// 7: what is closed stays closed.
		{"on the closing date", Object{"Data": "2025-12-31"}, []string{"RM-PERIOD-CLOSED /data/Data (/data/CodColigada)"}},

		{"a custom field too long", Object{"Complementos": Object{"Contrato": strings.Repeat("é", 41)}}, []string{"RM-TOO-LONG /data/Complementos/Contrato"}},
		{"characters that were lost", Object{"Historico": "Capta\ufffd\ufffdo", "NumeroDocumento": "a\x00b"}, []string{"RM-CHARACTERS /data/Historico", "RM-CHARACTERS /data/NumeroDocumento"}},
		{"everything", Object{"CodFilial": 77, "CodCxa": "777", "Tipo": 5, "Data": "2025-12-31", "Valor": 0, "Compensado": 1},
			[]string{"RM-FILIAL-UNKNOWN /data/CodFilial (/data/CodColigada)", "RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)", "RM-VALUE /data/Tipo",
				"RM-PERIOD-CLOSED /data/Data (/data/CodColigada)", "RM-NOT-POSITIVE /data/Valor", "RM-CLEARING-DATE-NEEDED /data/DataCompensacao (/data/Compensado)"}},
	} {
		t.Run(tc.name, func(t *testing.T) { b.Of(t).Refused(inc, incWith(tc.data), tc.want...) })
	}
	if after := b.Counts(); !maps.Equal(before, after) {
		t.Errorf("refusals left traces:\n%v\n%v", before, after)
	}
}

func TestRulesOfEdits(t *testing.T) {
	for _, tc := range []struct {
		name  string
		books string // what happened to the entry since
		data  Object
		want  []string
	}{
		{"cleared since", `UPDATE FXCX SET COMPENSADO = 1, DATACOMPENSACAO = '2026-03-03'`, nil, []string{"RM-STATEMENT-CLEARED /data/IdXcx"}},
		{"cancelled since", `UPDATE FXCX SET COMPENSADO = 2`, nil, []string{"RM-STATEMENT-CANCELLED /data/IdXcx"}},
		{"reconciled since", `UPDATE FXCX SET RECONCILIADO = 1`, nil, []string{"RM-STATEMENT-RECONCILED /data/IdXcx"}},
		{"reversed since", `UPDATE FXCX SET ESTORNADO = 1`, nil, []string{"RM-STATEMENT-REVERSED /data/IdXcx"}},
		{"accounted since", `UPDATE FXCX SET CONTABIL = 3`, nil, []string{"RM-STATEMENT-ACCOUNTED /data/IdXcx"}},
		{"made by a transfer", `UPDATE FXCX SET TIPO = 4`, nil, []string{"RM-STATEMENT-BY-PROCESS /data/IdXcx"}},
		{"made by a settlement", `INSERT INTO FLAN (CODCOLIGADA, IDLAN, CODFILIAL, PAGREC, CODTDO, NUMERODOCUMENTO, CODCOLCFO, CODCFO, DATAEMISSAO, DATAVENCIMENTO,
			VALORORIGINAL, HISTORICO, CODCOLXCX, IDXCX) VALUES (1, 8, 1, 1, 'NF', '1', 1, 'C00001', '2026-03-01', '2026-03-01', '100.0000', 'x', 1, 1)`, nil,
			[]string{"RM-STATEMENT-BY-SETTLEMENT /data/IdXcx"}},
		{"several of it", `UPDATE FXCX SET COMPENSADO = 1, CONTABIL = 1, RECONCILIADO = 1`, nil,
			[]string{"RM-STATEMENT-CLEARED /data/IdXcx", "RM-STATEMENT-RECONCILED /data/IdXcx", "RM-STATEMENT-ACCOUNTED /data/IdXcx"}},
		{"closed since", `UPDATE SLFECHAMENTO SET DATAFECHAMENTO = '2026-03-31' WHERE DATAINICIO = '2026-01-01'`, nil, []string{"RM-ENTRY-PERIOD-CLOSED /data/IdXcx"}},
		{"moved into what is closed", "", Object{"Data": "2025-12-31"}, []string{"RM-PERIOD-CLOSED /data/Data (/data/CodColigada)"}},
		{"moved out of what is closed since", `UPDATE SLFECHAMENTO SET DATAFECHAMENTO = '2026-03-31' WHERE DATAINICIO = '2026-01-01'`, Object{"Data": "2026-04-01"},
			[]string{"RM-ENTRY-PERIOD-CLOSED /data/IdXcx"}},
		{"no such entry", "", Object{"IdXcx": 5}, []string{"RM-ENTRY-UNKNOWN /data/IdXcx (/data/CodColigada)"}},
		{"no id", "", Object{"IdXcx": -1}, []string{"RM-KEY-MISSING /data/IdXcx"}},
		{"of another company", "", Object{"CodColigada": 2}, []string{"RM-ENTRY-UNKNOWN /data/IdXcx (/data/CodColigada)"}},
		{"a required field cleared", "", Object{"Historico": nil, "Valor": nil, "Compensado": nil}, []string{"RM-NOT-NULL /data/Historico", "RM-NOT-NULL /data/Valor", "RM-NOT-NULL /data/Compensado"}},
		{"made something else", "", Object{"Tipo": 5}, []string{"RM-VALUE /data/Tipo"}},
		{"what the books keep", "", Object{"Contabil": 1, "UsuarioInclusao": "eva"}, []string{"RM-READ-ONLY /data/Contabil", "RM-READ-ONLY /data/UsuarioInclusao"}},
		{"cleared without a date", "", Object{"Compensado": 1}, []string{"RM-CLEARING-DATE-NEEDED /data/DataCompensacao (/data/Compensado)"}},
		{"dated after its clearing", `UPDATE FXCX SET DATACOMPENSACAO = '2026-03-03'`, Object{"Data": "2026-03-04"}, []string{"RM-CLEARING-BEFORE-DATE /data/DataCompensacao (/data/Data)"}},
		{"to an unknown cash account", "", Object{"CodCxa": "777"}, []string{"RM-CXA-UNKNOWN /data/CodCxa (/data/CodColigada)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := Open(t)
			b.Booked(inc, incWith(nil))
			if tc.books != "" {
				b.Exec(tc.books)
			}
			b.Refused(alt, altWith(With(Object{"Historico": "Alterado"}, tc.data)), tc.want...)
		})
	}
}

func TestAmountsAreStoredSignedByKind(t *testing.T) {
	b := Open(t)
	check := func(what, value, accounting, reais string) {
		t.Helper()
		r := b.Row(`SELECT * FROM FXCX`)
		if r["VALOR"] != value || r["VALORCONTABIL"] != accounting || r["VALOREMREAIS"] != reais {
			t.Errorf("%s: %v, %v, %v", what, r["VALOR"], r["VALORCONTABIL"], r["VALOREMREAIS"])
		}
	}
	b.Booked(inc, incWith(Object{"Tipo": "1", "Valor": Number("100.5")}))
	check("a withdrawal", "-100.5000", "-100.5000", "100.5000")
	b.Booked(alt, altWith(Object{"Historico": "x"}))
	check("left alone", "-100.5000", "-100.5000", "100.5000")
	b.Booked(alt, altWith(Object{"Valor": 300}))
	check("another amount, which the others follow", "-300.0000", "-300.0000", "300.0000")
	b.Booked(alt, altWith(Object{"Tipo": 2}))
	check("made a deposit", "300.0000", "300.0000", "300.0000")
	b.Booked(alt, altWith(Object{"ValorEmReais": 1500, "Tipo": 1}))
	check("in reais something else", "-300.0000", "-300.0000", "1500.0000")
	b.Booked(alt, altWith(Object{"Valor": 400}))
	check("which does not follow", "-400.0000", "-400.0000", "1500.0000")
	b.Ties()
}

func TestEditsKeepClearAndReplace(t *testing.T) {
	b := Open(t)
	b.Booked(inc, incWith(Object{"CodTb1Flx": "A", "DataVencimento": "2026-04-01", "Complementos": Object{"Contrato": "42", "Evento": "e"}, "UsuarioInclusao": "ana"}))
	result := b.Booked(alt, altWith(Object{"CodTb1Flx": nil, "Historico": "Outro", "Compensado": 1, "DataCompensacao": "2026-03-02T10:00:00-03:00",
		"Complementos": Object{"EVENTO": nil, "Outro": 1}, "CodUsuario": "eva"}))
	if result.Key != "1;1" || result.Keys["IdXcx"] != int64(1) || len(result.Warnings) != 1 || result.Warnings[0].Pointer != "/data/Complementos/Outro" {
		t.Errorf("%q %v %v", result.Key, result.Keys, result.Warnings)
	}
	r := b.Row(`SELECT * FROM FXCX LEFT JOIN FXCXCOMPL USING (CODCOLIGADA, IDXCX)`)
	for column, want := range map[string]any{
		"CODTB1FLX": nil, "DATAVENCIMENTO": "2026-04-01", "HISTORICO": "Outro", "COMPENSADO": int64(1), "DATACOMPENSACAO": "2026-03-02", "CONTRATO": "42", "EVENTO": nil,
		"USUARIOCRIACAO": "ana", "USUARIO": "eva", "RECCREATEDBY": "ana", "RECMODIFIEDBY": "eva", "CODCOLCXA": int64(1), "RECMODIFIEDON": "2026-03-31T23:30:15Z",
	} {
		if r[column] != want {
			t.Errorf("%s is %v, not %v", column, r[column], want)
		}
	}
	if next := b.Booked(inc, incWith(nil)); next.Key != "1;2" {
		t.Errorf("the next is %q", next.Key)
	}
}

// What stays as it was is not judged again.
func TestUnchangedCodesAreNotJudgedAgain(t *testing.T) {
	b := Open(t)
	b.Booked(inc, incWith(nil))
	b.Exec(`UPDATE FCXA SET ATIVO = 'F'`)
	b.Booked(alt, altWith(Object{"CodCxa": "001", "CodColCxa": 1, "Historico": "x"}))
	b.Refused(alt, altWith(Object{"CodCxa": "002"}), "RM-CXA-INACTIVE /data/CodCxa (/data/CodColigada)")
}
