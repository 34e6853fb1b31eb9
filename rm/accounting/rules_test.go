package accounting_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"smartlink/rm/accounting"
	. "smartlink/rm/rmtest"
)

var (
	inc = accounting.CtbLançamentoIncConsumerDataCommandMessage{}
	alt = accounting.CtbLançamentoAltConsumerDataCommandMessage{}
)

// line is a line of a debit, a credit, or both.
func line(debit, credit any, value any, more ...Object) Object {
	o := Object{"CodFilial": 1, "Data": "2026-03-31", "Debito": debit, "Credito": credit, "Valor": value}
	for _, m := range more {
		o = With(o, m)
	}
	return o
}

const interest, payable, bank, services, suppliers = "4.1.03.001", "2.1.02.004", "1.1.01.002", "4.1.02.002", "2.1.01.001"

// both is one line that balances by itself.
func both(more ...Object) Object { return line(interest, payable, 100, more...) }

// entry is a new accounting entry of some lines.
func entry(lines ...any) Object {
	return Object{"CodColigada": 1, "CodLote": 10, "Descricao": "Juros", "Partidas": lines}
}

func incWith(data Object) string { return Body(inc.Type(), data) }

func altWith(changes Object) string {
	return Body(alt.Type(), With(Object{"CodColigada": 1, "CodLote": 10, "IdLancamento": 1}, changes))
}

func managerial(code, side string, value any) Object {
	return Object{"CodGerencial": code, side: value}
}

func TestRulesOfNewEntries(t *testing.T) {
	b := Open(t)
	b.Booked(inc, incWith(entry(both())))
	before := b.Counts()
	head := func(changes Object) Object { return With(entry(both()), changes) }
	const p0, p1 = "/data/Partidas/0", "/data/Partidas/1"
	of := func(at string) string { // what an unbalanced line is pointed at
		return at + "/Valor " + at + "/Debito " + at + "/Credito " + at + "/CodFilial " + at + "/Data"
	}
	group := func(at string) string {
		return at + "/CodFilial " + at + "/Data " + at + "/Valor " + at + "/Debito " + at + "/Credito"
	}
	for _, tc := range []struct {
		name string
		data Object
		want []string
	}{
		// 1: what is named exists and is active.
		{"company unknown", head(Object{"CodColigada": 77}), []string{"RM-COLIGADA-UNKNOWN /data/CodColigada"}},
		{"company inactive", head(Object{"CodColigada": 9}), []string{"RM-COLIGADA-INACTIVE /data/CodColigada", "RM-LOTE-UNKNOWN /data/CodLote (/data/CodColigada)",
			"RM-FILIAL-INACTIVE " + p0 + "/CodFilial (/data/CodColigada)", "RM-CONTA-UNKNOWN " + p0 + "/Debito (/data/CodColigada)", "RM-CONTA-UNKNOWN " + p0 + "/Credito (/data/CodColigada)",
			"RM-DATE-OUTSIDE-PERIOD " + p0 + "/Data"}},
		{"batch unknown", head(Object{"CodLote": 77}), []string{"RM-LOTE-UNKNOWN /data/CodLote (/data/CodColigada)"}},
		{"batch inactive", head(Object{"CodLote": 90}), []string{"RM-LOTE-INACTIVE /data/CodLote (/data/CodColigada)"}},
		{"branch unknown", entry(both(Object{"CodFilial": 77})), []string{"RM-FILIAL-UNKNOWN " + p0 + "/CodFilial (/data/CodColigada)"}},
		{"branch inactive", entry(both(Object{"CodFilial": 3})), []string{"RM-FILIAL-INACTIVE " + p0 + "/CodFilial (/data/CodColigada)"}},
		{"cost centre unknown", entry(both(Object{"CodCCusto": "77"})), []string{"RM-CCUSTO-UNKNOWN " + p0 + "/CodCCusto (/data/CodColigada)"}},
		{"cost centre inactive", entry(both(Object{"CodCCusto": "09.001"})), []string{"RM-CCUSTO-INACTIVE " + p0 + "/CodCCusto (/data/CodColigada)"}},
		{"cost centre that takes no entries", entry(both(Object{"CodCCusto": "01"})), []string{"RM-CCUSTO-NO-POSTING " + p0 + "/CodCCusto (/data/CodColigada)"}},
		{"department unknown", entry(both(Object{"CodDepartamento": "X"})), []string{"RM-DEPTO-UNKNOWN " + p0 + "/CodDepartamento (/data/CodColigada)"}},
		{"department inactive", entry(both(Object{"CodDepartamento": "EXP"})), []string{"RM-DEPTO-INACTIVE " + p0 + "/CodDepartamento (/data/CodColigada)"}},
		{"history unknown", entry(both(Object{"CodHistP": "10"})), []string{"RM-HISTP-UNKNOWN " + p0 + "/CodHistP (/data/CodColigada)"}},
		{"history inactive", entry(both(Object{"CodHistP": "900"})), []string{"RM-HISTP-INACTIVE " + p0 + "/CodHistP (/data/CodColigada)"}},
		{"account unknown", entry(line("4.1.03.777", payable, 1)), []string{"RM-CONTA-UNKNOWN " + p0 + "/Debito (/data/CodColigada)"}},
		{"account not shared", entry(both(Object{"CodColCredito": 0})), []string{"RM-CONTA-UNKNOWN " + p0 + "/Credito (" + p0 + "/CodColCredito)"}},
		{"account of another company", entry(both(Object{"CodColCredito": 2})), []string{"RM-COMPANY " + p0 + "/CodColCredito (/data/CodColigada)"}},
		{"counter-account unknown", entry(both(Object{"Partida": "9"})), []string{"RM-CONTA-UNKNOWN " + p0 + "/Partida (/data/CodColigada)"}},
		{"managerial account unknown", entry(line(services, suppliers, 100, Object{"Rateios": List{managerial("G77", "VlrDebito", 100)}})),
			[]string{"RM-GERENCIAL-UNKNOWN " + p0 + "/Rateios/0/CodGerencial (/data/CodColigada)"}},
		{"managerial account inactive", entry(line(services, suppliers, 100, Object{"Rateios": List{managerial("G90", "VlrDebito", 100)}})),
			[]string{"RM-GERENCIAL-INACTIVE " + p0 + "/Rateios/0/CodGerencial (/data/CodColigada)"}},

		// 6: lines, accounts, dates, batch, balance.
		{"no lines", entry(), []string{"RM-PARTIDAS-MISSING /data/Partidas"}},
		{"no list of lines", head(Object{"Partidas": Left}), []string{"RM-PARTIDAS-MISSING /data/Partidas"}},
		{"lines that are none", entry("x", 1), []string{"RM-TYPE " + p0, "RM-TYPE " + p1}},
		{"more lines than go", entry(slices.Repeat(List{both()}, 1001)...), []string{"RM-TOO-MANY-ROWS /data/Partidas"}},
		{"a line without account", entry(both(), line(nil, "", 5)), []string{"RM-PARTIDA-NO-ACCOUNT " + p1 + "/Debito (" + p1 + "/Credito)"}},
		{"debit and credit the same", entry(line(bank, bank, 5)), []string{"RM-PARTIDA-SAME-ACCOUNT " + p0 + "/Debito (" + p0 + "/Credito)"}},
		{"synthetic accounts", entry(line("4.1.03", "2", 5)), []string{"RM-CONTA-SYNTHETIC " + p0 + "/Debito (/data/CodColigada)", "RM-CONTA-SYNTHETIC " + p0 + "/Credito (/data/CodColigada)"}},
		{"inactive account", entry(line("4.1.03.009", payable, 5)), []string{"RM-CONTA-INACTIVE " + p0 + "/Debito (/data/CodColigada)"}},
		{"more debit than credit", entry(line(interest, nil, Number("100.0001")), line(nil, payable, 100)),
			[]string{"RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + " " + of(p1) + ")"}},
		{"a debit alone", entry(line(interest, nil, 1)), []string{"RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + ")"}},
		{"balanced over two branches only", entry(line(interest, nil, 100), line(nil, payable, 100, Object{"CodFilial": 2})),
			[]string{"RM-ENTRY-UNBALANCED-DATE /data/Partidas (" + group(p0) + ")", "RM-ENTRY-UNBALANCED-DATE /data/Partidas (" + group(p1) + ")"}},
		{"balanced over two dates only", entry(line(interest, nil, 100), line(nil, payable, 100, Object{"Data": "2026-03-30"})),
			[]string{"RM-ENTRY-UNBALANCED-DATE /data/Partidas (" + group(p0) + ")", "RM-ENTRY-UNBALANCED-DATE /data/Partidas (" + group(p1) + ")"}},
		{"one branch of two off", entry(both(), line(interest, nil, 1, Object{"CodFilial": 2})),
			[]string{"RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + " " + of(p1) + ")", "RM-ENTRY-UNBALANCED-DATE /data/Partidas (" + group(p1) + ")"}},
		{"the integrated batch", head(Object{"CodLote": 0}), []string{"RM-LOTE-INTEGRATED /data/CodLote"}},
		{"after the batch", With(entry(both(Object{"Data": "2026-04-01"})), Object{"CodLote": 12}), []string{"RM-DATE-OUTSIDE-BATCH " + p0 + "/Data (/data/CodLote)"}},
		{"in no period", entry(both(Object{"Data": "2029-01-01"})), []string{"RM-DATE-OUTSIDE-BATCH " + p0 + "/Data (/data/CodLote)", "RM-DATE-OUTSIDE-PERIOD " + p0 + "/Data"}},
		{"on the closing date", entry(both(Object{"Data": "2025-12-31"})), []string{"RM-PERIOD-CLOSED " + p0 + "/Data (/data/CodColigada)"}},
		{"amount zero", entry(both(Object{"Valor": 0})), []string{"RM-NOT-POSITIVE " + p0 + "/Valor"}},
		{"what a line needs", entry(Object{"Debito": interest}), []string{"RM-REQUIRED " + p0 + "/CodFilial", "RM-REQUIRED " + p0 + "/Data", "RM-REQUIRED " + p0 + "/Valor"}},
		{"no description", head(Object{"Descricao": " "}), []string{"RM-REQUIRED /data/Descricao"}},
		{"no batch", head(Object{"CodLote": Left}), []string{"RM-REQUIRED /data/CodLote"}},
		{"ids of their own", head(Object{"IdLancamento": 4, "Partidas": List{both(Object{"IdPartida": 4})}}), []string{"RM-KEY-GIVEN /data/IdLancamento", "RM-KEY-GIVEN " + p0 + "/IdPartida"}},
		{"a line of another entry", entry(both(Object{"CodLote": 11, "CodColigada": 2, "IdLancamento": 3})),
			[]string{"RM-PARENT-KEY " + p0 + "/CodColigada (/data/CodColigada)", "RM-PARENT-KEY " + p0 + "/CodLote (/data/CodLote)", "RM-PARENT-KEY " + p0 + "/IdLancamento (/data/IdLancamento)"}},
		{"what the books keep", entry(both(Object{"LctRef": 1, "CodLoteOrigem": 11, "IntegraChave": "x"})),
			[]string{"RM-READ-ONLY " + p0 + "/LctRef", "RM-READ-ONLY " + p0 + "/CodLoteOrigem", "RM-READ-ONLY " + p0 + "/IntegraChave"}},

		// The managerial apportionment.
		{"apportionment needed", entry(line(services, suppliers, 100)), []string{"RM-RATEIO-GERENCIAL-NEEDED " + p0 + "/Rateios (" + p0 + "/Debito)"}},
		{"apportionment short", entry(line(services, suppliers, 100, Object{"Rateios": List{managerial("G01", "VlrDebito", 60), managerial("G02", "VlrDebito", Number("39.9999"))}})),
			[]string{"RM-RATEIO-GERENCIAL-SUM " + p0 + "/Rateios (" + p0 + "/Valor " + p0 + "/Debito " + p0 + "/Rateios/0/VlrDebito " + p0 + "/Rateios/1/VlrDebito)"}},
		{"apportionment of an account that needs none, short", entry(both(Object{"Rateios": List{managerial("G01", "VlrCredito", 99)}})),
			[]string{"RM-RATEIO-GERENCIAL-SUM " + p0 + "/Rateios (" + p0 + "/Valor " + p0 + "/Credito " + p0 + "/Rateios/0/VlrCredito)"}},
		{"a row of both sides", entry(both(Object{"Rateios": List{Object{"CodGerencial": "G01", "VlrDebito": 100, "VlrCredito": 100}}})),
			[]string{"RM-RATEIO-GERENCIAL-SIDE " + p0 + "/Rateios/0/VlrDebito (" + p0 + "/Rateios/0/VlrCredito)"}},
		{"a row of no side", entry(both(Object{"Rateios": List{Object{"CodGerencial": "G01"}}})), []string{"RM-RATEIO-GERENCIAL-SIDE " + p0 + "/Rateios/0/VlrDebito (" + p0 + "/Rateios/0/VlrCredito)"}},
		{"a row of a side without account", entry(line(interest, nil, 100, Object{"Rateios": List{managerial("G01", "VlrCredito", 100)}}), line(nil, payable, 100)),
			[]string{"RM-RATEIO-GERENCIAL-NO-ACCOUNT " + p0 + "/Rateios/0/VlrCredito (" + p0 + "/Credito)"}},
		{"a row below zero", entry(both(Object{"Rateios": List{managerial("G01", "VlrDebito", -1)}})), []string{"RM-NEGATIVE " + p0 + "/Rateios/0/VlrDebito"}},
		{"a row of another line", entry(both(Object{"Rateios": List{With(managerial("G01", "VlrDebito", 100), Object{"IdPartida": 5, "CodColigada": 2})}})),
			[]string{"RM-PARENT-KEY " + p0 + "/Rateios/0/CodColigada (/data/CodColigada)", "RM-PARENT-KEY " + p0 + "/Rateios/0/IdPartida (" + p0 + "/IdPartida)"}},

		{"everything", Object{"CodColigada": 1, "CodLote": 12, "Descricao": strings.Repeat("x", 251), "Partidas": List{
			line("4.1.03", nil, 5, Object{"Data": "2025-12-31", "CodHistP": "900"}), line(nil, "9.9", 6, Object{"Data": "2025-12-31", "CodCCusto": "01"})}},
			[]string{"RM-TOO-LONG /data/Descricao", "RM-PERIOD-CLOSED " + p0 + "/Data (/data/CodColigada)", "RM-DATE-OUTSIDE-BATCH " + p0 + "/Data (/data/CodLote)",
				"RM-PERIOD-CLOSED " + p1 + "/Data (/data/CodColigada)", "RM-DATE-OUTSIDE-BATCH " + p1 + "/Data (/data/CodLote)", "RM-HISTP-INACTIVE " + p0 + "/CodHistP (/data/CodColigada)",
				"RM-CONTA-SYNTHETIC " + p0 + "/Debito (/data/CodColigada)", "RM-CCUSTO-NO-POSTING " + p1 + "/CodCCusto (/data/CodColigada)",
				"RM-CONTA-UNKNOWN " + p1 + "/Credito (/data/CodColigada)", "RM-ENTRY-UNBALANCED /data/Partidas (" + of(p0) + " " + of(p1) + ")"}},
	} {
		t.Run(tc.name, func(t *testing.T) { b.Of(t).Refused(inc, incWith(tc.data), tc.want...) })
	}
	if after := b.Counts(); !maps.Equal(before, after) {
		t.Errorf("refusals left traces:\n%v\n%v", before, after)
	}
}

func TestNewEntriesAtTheEdgeOfTheRules(t *testing.T) {
	many := List{}
	for i := range 999 {
		many = append(many, line(interest, nil, Number("99999999999.9999"), Object{"Complemento": fmt.Sprint(i)}))
		if i%2 == 1 {
			many[i] = line(nil, payable, Number("99999999999.9999"))
		}
	}
	many = append(many, line(nil, payable, Number("99999999999.9999")))
	for name, data := range map[string]Object{
		"one line of both accounts":       entry(both()),
		"a debit, two credits":            entry(line(interest, nil, Number("0.0003")), line(nil, payable, Number("0.0001")), line(nil, bank, Number("0.0002"))),
		"two branches and dates":          entry(both(), both(Object{"CodFilial": 2}), both(Object{"Data": "2026-02-28"})),
		"the same account shared and own": entry(line("9.1.01.001", "9.1.01.002", 5, Object{"CodColDebito": 0, "CodColCredito": "0"})),
		"the batch's last day":            With(entry(both(Object{"Data": "2026-03-31T23:59:59"})), Object{"CodLote": 12}),
		"the first open day":              entry(both(Object{"Data": "2026-01-01"})),
		"apportionment of both sides": entry(line(services, "4.1.01.001", 100, Object{"Rateios": List{
			managerial("G01", "VlrDebito", 100), managerial("G01", "VlrCredito", Number("33.3333")), managerial("G02", "VlrCredito", Number("66.6667")),
		}})),
		"apportionment where none is needed": entry(both(Object{"Rateios": List{managerial("G01", "VlrDebito", 100)}})),
		"as many and large lines as go":      entry(many...),
		"what would be stored anyway":        entry(both(Object{"CodLoteOrigem": 10, "CodLote": 10, "CodColigada": "1", "IdLancamento": -1})),
	} {
		t.Run(name, func(t *testing.T) {
			b := Open(t)
			result := b.Booked(inc, incWith(data))
			if result.Key != fmt.Sprintf("1;%v;1", data["CodLote"]) || result.Keys["IdLancamento"] != int64(1) || result.Keys["CodLote"] != int64(data["CodLote"].(int)) {
				t.Errorf("key %q, %v", result.Key, result.Keys)
			}
			b.Ties()
		})
	}
}

func TestEveryFieldLandsInItsColumn(t *testing.T) {
	b := Open(t)
	b.Booked(inc, incWith(With(entry(), Object{"UsuarioInclusao": "ana", "CodUsuario": "eva", "Partidas": List{
		line(services, suppliers, Number("1250.75"), Object{"Documento": "CT0042", "CodHistP": "010", "Complemento": "Contrato 42", "CodCCusto": "01.002", "CodDepartamento": "FIN",
			"Partida": bank, "Data": "2026-03-31T00:00:00", "CodFilial": 2, "Rateios": List{managerial("G01", "VlrDebito", 1250), managerial("G02", "VlrDebito", Number("75e-2"))}}),
	}})))
	for table, want := range map[string]map[string]any{
		"CLANCAMENTO": {"CODCOLIGADA": int64(1), "CODLOTE": int64(10), "IDLANCAMENTO": int64(1), "DESCRICAO": "Juros", "USUARIO": "eva", "USUARIOCRIACAO": "ana",
			"RECCREATEDBY": "eva", "RECCREATEDON": "2026-03-31T23:30:15Z", "RECMODIFIEDBY": nil, "RECMODIFIEDON": nil},
		"CPARTIDA": {"CODCOLIGADA": int64(1), "CODLOTE": int64(10), "IDLANCAMENTO": int64(1), "IDPARTIDA": int64(1), "CODLOTEORIGEM": int64(10), "LCTREF": int64(1), "CODFILIAL": int64(2),
			"CODDEPARTAMENTO": "FIN", "CODCCUSTO": "01.002", "DATA": "2026-03-31", "DOCUMENTO": "CT0042", "CODCOLDEBITO": int64(1), "DEBITO": services, "CODCOLCREDITO": int64(1),
			"CREDITO": suppliers, "CODCOLPARTIDA": int64(1), "PARTIDA": bank, "VALOR": "1250.7500", "CODHISTP": "010", "COMPLEMENTO": "Contrato 42", "INTEGRAAPLICACAO": nil,
			"INTEGRACHAVE": nil, "USUARIO": "eva"},
		"CRATEIOLC WHERE IDRATEIO = 2": {"CODCOLIGADA": int64(1), "IDPARTIDA": int64(1), "IDRATEIO": int64(2), "LCTREF": int64(1), "CODCONTA": services, "CODGERENCIAL": "G02", "DATA": "2026-03-31",
			"VLRDEBITO": "0.7500", "VLRCREDITO": "0.0000"},
	} {
		if got := b.Row(`SELECT * FROM ` + table); !maps.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", table, got, want)
		}
	}
}
