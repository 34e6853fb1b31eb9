package finance_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"smartlink/contracts"
	. "smartlink/rm/rmtest"
)

// sent is every field a message may set, as it is sent and as the books hold it.
var sent = map[string]struct{ value, stored any }{
	"CodColigada":               {"1", int64(1)},
	"CodFilial":                 {2, int64(2)},
	"PagRec":                    {"1", int64(1)},
	"CodTdo":                    {"NF", "NF"},
	"NumeroDocumento":           {"CT-0042/03", "CT-0042/03"},
	"SerieDocumento":            {"A1", "A1"},
	"Parcela":                   {3, int64(3)},
	"SegundoNumero":             {"00012", "00012"},
	"CodColCfo":                 {0, int64(0)},
	"CodCfo":                    {"B00001", "B00001"},
	"DataEmissao":               {"2026-03-02T23:30:00-03:00", "2026-03-02"},
	"DataVencimento":            {"2026-04-01T00:00:00", "2026-04-01"},
	"DataPrevBaixa":             {"2026-04-02", "2026-04-02"},
	"DataCriacao":               {"2026-03-01", "2026-03-01"},
	"MesDeCompetencia":          {"2026-03-01", "2026-03-01"},
	"ValorOriginal":             {Number("11250.7500"), "11250.7500"},
	"ValorJuros":                {Number("1.5"), "1.5000"},
	"ValorDesconto":             {Number("0.0001"), "0.0001"},
	"ValorMulta":                {"2", "2.0000"},
	"ValorCap":                  {Number("-3.25"), "-3.2500"},
	"ValorOp1":                  {Number("99999999999.9999"), "99999999999.9999"},
	"ValorOp2":                  {Number("-99999999999.9999"), "-99999999999.9999"},
	"ValorOp3":                  {Number("0.1"), "0.1000"},
	"ValorOp4":                  {Number("1e3"), "1000.0000"},
	"ValorOp5":                  {Number("90071992547.4093"), "90071992547.4093"},
	"ValorOp6":                  {Number("0"), "0.0000"},
	"ValorOp7":                  {Number("-0"), "0.0000"},
	"ValorOp8":                  {Number("8.00000000"), "8.0000"},
	"JurosDia":                  {Number("0.0333"), "0.0333"},
	"MultaDia":                  {Number("0.5"), "0.5000"},
	"CapMensal":                 {Number("1.99"), "1.9900"},
	"CarenciaJuros":             {5, int64(5)},
	"TipoJurosDia":              {1, int64(1)},
	"CodMoeValorOriginal":       {"US$", "US$"},
	"CodIndexador":              {"IPCA", "IPCA"},
	"CotacaoInclusao":           {Number("5.123456789"), "5.123456789"},
	"CotacaoBaixa":              {Number("0.1"), "0.100000000"},
	"CodColCxa":                 {1, int64(1)},
	"CodCxa":                    {"001", "001"},
	"CodColCCusto":              {1, int64(1)},
	"CodCCusto":                 {"01.002", "01.002"},
	"CodDepartamento":           {"FIN", "FIN"},
	"CodTb1Flx":                 {"T1", "T1"},
	"CodTb2Flx":                 {"T2", "T2"},
	"CodTb3Flx":                 {"T3", "T3"},
	"CodTb4Flx":                 {"T4", "T4"},
	"CodTb5Flx":                 {"T5", "T5"},
	"CampoAlfaOp1":              {strings.Repeat("ç", 100), strings.Repeat("ç", 100)},
	"CampoAlfaOp2":              {"alfa 2", "alfa 2"},
	"CampoAlfaOp3":              {"7", "7"},
	"DataOp1":                   {"2024-02-29", "2024-02-29"},
	"DataOp2":                   {"1900-01-01", "1900-01-01"},
	"DataOp3":                   {"2999-12-31", "2999-12-31"},
	"Historico":                 {"Parcela 3: juros, multa e 'aspas' \"duplas\" 😀", "Parcela 3: juros, multa e 'aspas' \"duplas\" 😀"},
	"IdHistorico":               {77, int64(77)},
	"CodAplicacao":              {"S", "S"},
	"TipoContabilLan":           {"3", int64(3)},
	"ModeloContabilizacao":      {1, int64(1)},
	"ModeloContabilizacaoBaixa": {2, int64(2)},
	"Convenio":                  {"C-1", "C-1"},
	"CodColConvenio":            {0, int64(0)},
	"IdConvenio":                {9, int64(9)},
	"CnabBanco":                 {"001", "001"},
	"CnabNossoNumero":           {"000123", "000123"},
	"Ipte":                      {strings.Repeat("1", 48), strings.Repeat("1", 48)},
	"CodigoBarra":               {strings.Repeat("2", 44), strings.Repeat("2", 44)},
	"CodUsuario":                {"bia", "bia"},
	"UsuarioInclusao":           {"ana", "ana"},
}

// kept is what a new entry holds of the fields that the books keep to themselves.
var kept = map[string]any{
	"StatusLan": int64(0), "ValorBaixado": "0.0000", "NumLoteContabil": int64(0), "BaixaAutorizada": int64(1),
	"NfOuDup": int64(0), "Classificacao": int64(0), "StatusExportacao": int64(0), "StatusExtrato": int64(0), "LibAutorizada": int64(0),
	"Reembolsavel": int64(0), "AlteracaoBloqueada": int64(0), "BaixaPendente": int64(0), "StatusOrcamento": int64(0), "StatusAprovacao": int64(0),
	"DataBaixa": nil, "DataPag": nil, "DataCancelamento": nil, "DataCancelBaixa": nil, "DataContabiliz": nil, "DataContabilizBx": nil,
	"DataEstornoLan": nil, "FilialContabil": nil, "NumeroContabil": nil, "NumContabilBx": nil, "IdPgto": nil, "CodColPgto": nil,
	"IdXcx": nil, "CodColXcx": nil, "DataAlteracao": nil, "RecModifiedBy": nil, "RecModifiedOn": nil,
}

// everything is a message with every field, and how the books hold it.
func everything() (data Object, stored map[string]any) {
	data, stored = Object{}, maps.Clone(kept)
	for name, f := range sent {
		data[name], stored[name] = f.value, f.stored
	}
	return data, stored
}

// compare compares an entry with what its fields should hold.
func compare(t *testing.T, entry map[string]any, want map[string]any) {
	t.Helper()
	for i := range contracts.FLAN.Fields {
		f := &contracts.FLAN.Fields[i]
		if !f.Stored() {
			continue
		}
		value, ok := want[f.Name]
		if !ok {
			t.Errorf("nothing is known of %s", f.Name)
		}
		if got := entry[f.Column]; got != value {
			t.Errorf("%s holds %#v, want %#v", f.Column, got, value)
		}
	}
}

func TestEveryFieldLandsInItsColumn(t *testing.T) {
	b := books{OpenFile(t, filepath.Join(t.TempDir(), "rm.db"))}
	data, stored := everything()
	data["IdLan"] = -1
	// The books' own, as they will be, may come along.
	maps.Copy(data, kept)
	data["PreencherRatCCusto"], data["PreencherRatDepto"] = false, "false"
	data["Rateios"] = List{
		Object{"IdRatCCu": -1, "CodColigada": 1, "IdLan": -1, "CodCCusto": "01.002", "CodColNatFinanceira": 1, "CodNatFinanceira": "02.02", "Valor": 10000, "Percentual": Number("88.8829")},
		Object{"Valor": "1250.75", "Percentual": Number("11.1171"), "CodNatFinanceira": "02.01"},
	}
	data["Complementos"] = Object{"contrato": "42", "EVENTO": Number("3.50")}
	result := b.Booked(inc, Body(inc.Type(), data))
	if result.Key != "1;1" || len(result.Warnings) != 0 {
		t.Errorf("key %s, warnings %v", result.Key, Lines(result.Warnings))
	}
	stored["IdLan"] = int64(1)
	stored["RecCreatedBy"], stored["RecCreatedOn"] = "bia", "2026-03-31T23:30:15Z"
	compare(t, b.entry(1), stored)
	want := []map[string]any{
		{"CODCOLIGADA": int64(1), "IDLAN": int64(1), "IDRATCCU": int64(1), "CODCCUSTO": "01.002", "CODCOLNATFINANCEIRA": int64(1), "CODNATFINANCEIRA": "02.02", "VALOR": "10000.0000", "PERCENTUAL": "88.8829"},
		{"CODCOLIGADA": int64(1), "IDLAN": int64(1), "IDRATCCU": int64(2), "CODCCUSTO": nil, "CODCOLNATFINANCEIRA": int64(1), "CODNATFINANCEIRA": "02.01", "VALOR": "1250.7500", "PERCENTUAL": "11.1171"},
	}
	if got := b.rows(1); !slices.EqualFunc(got, want, maps.Equal) {
		t.Errorf("rows\n%v\nwant\n%v", got, want)
	}
	if got := b.Row(`SELECT * FROM FLANCOMPL`); !maps.Equal(got, map[string]any{"CODCOLIGADA": int64(1), "IDLAN": int64(1), "CONTRATO": "42", "EVENTO": "3.50"}) {
		t.Errorf("custom columns %v", got)
	}
}

// The same fields, put into an entry that had none of them by an edit.
func TestEveryFieldCanBeEdited(t *testing.T) {
	b := open(t)
	entry := b.create(Object{"UsuarioInclusao": "ana"})
	data, stored := everything()
	for _, key := range []string{"IdLan", "UsuarioInclusao"} {
		delete(data, key)
	}
	b.Booked(alt, altWith(entry, data))
	stored["IdLan"], stored["DataAlteracao"] = entry, "2026-03-31"
	stored["RecCreatedBy"], stored["RecCreatedOn"] = "ana", "2026-03-31T23:30:15Z"
	stored["RecModifiedBy"], stored["RecModifiedOn"] = "bia", "2026-03-31T23:30:15Z"
	compare(t, b.entry(entry), stored)

	// What may be empty can be cleared again; an edit of nothing changes nothing.
	before := b.entry(entry)
	b.Booked(alt, altWith(entry, Object{"CodUsuario": "bia"}))
	if after := b.entry(entry); !maps.Equal(before, after) {
		t.Errorf("an edit of nothing changed %v\nto %v", before, after)
	}
	b.Booked(alt, altWith(entry, Object{"UsuarioInclusao": "ana"})) // who created it did not edit it
	if got := b.entry(entry)["RECMODIFIEDBY"]; got != "smartlink" {
		t.Errorf("edited by %v", got)
	}
	cleared := Object{}
	for name := range sent {
		f := contracts.FLAN.Field(name)
		if !f.Key && !f.Required && !f.NotNull && !f.InsertOnly && f.CompanyOf == "" {
			cleared[name], stored[name] = nil, nil
		}
	}
	if len(cleared) < 40 {
		t.Fatalf("only %d fields are cleared", len(cleared))
	}
	b.Booked(alt, altWith(entry, cleared))
	stored["RecModifiedBy"] = "smartlink" // nobody says who
	compare(t, b.entry(entry), stored)
}

func TestDefaultsOfANewEntry(t *testing.T) {
	b := open(t)
	_, stored := everything()
	for name := range sent {
		stored[name] = nil
	}
	maps.Copy(stored, map[string]any{
		"CodColigada": int64(1), "IdLan": int64(1), "CodFilial": int64(1), "PagRec": int64(2), "CodTdo": "EMPR", "NumeroDocumento": "D-1",
		"CodColCfo": int64(1), "CodCfo": "F00017", "DataEmissao": "2026-03-02", "DataVencimento": "2026-04-01", "ValorOriginal": "100.0000", "Historico": "Parcela",
		// What the message does not say.
		"SerieDocumento": "@@@", "CodMoeValorOriginal": "R$", "CodAplicacao": "F", "TipoContabilLan": int64(0), "DataPrevBaixa": "2026-04-01",
		"DataCriacao": "2026-03-31", "RecCreatedBy": "smartlink", "RecCreatedOn": "2026-03-31T23:30:15Z",
	})
	compare(t, b.entry(b.create(nil)), stored)
	if rows := b.rows(1); len(rows) != 0 {
		t.Errorf("rows %v", rows)
	}

	// null is the same as nothing, and a code without a company is of the entry's own.
	stored["IdLan"] = int64(2)
	stored["CodCxa"], stored["CodColCxa"], stored["CodCCusto"], stored["CodColCCusto"] = "001", int64(1), "01.002", int64(1)
	stored["IdConvenio"], stored["CodColConvenio"] = int64(5), int64(1)
	entry := b.create(Object{
		"IdLan": nil, "SerieDocumento": nil, "CodMoeValorOriginal": "", "CodAplicacao": " ", "TipoContabilLan": nil, "DataPrevBaixa": nil, "DataCriacao": nil,
		"StatusLan": nil, "ValorBaixado": nil, "Rateios": nil, "Complementos": nil, "CodUsuario": nil, "PreencherRatDepto": nil,
		"CodCxa": "001", "CodColCxa": nil, "CodCCusto": "01.002", "IdConvenio": 5,
	})
	compare(t, b.entry(entry), stored)
}

// Who created an entry: the user of the message, else its author, else this program.
func TestWhoTheBooksSayDidIt(t *testing.T) {
	b := open(t)
	for _, tc := range []struct {
		data Object
		want string
	}{
		{Object{"CodUsuario": "bia", "UsuarioInclusao": "ana"}, "bia"},
		{Object{"UsuarioInclusao": "ana"}, "ana"},
		{nil, "smartlink"},
	} {
		entry := b.create(tc.data)
		if got := b.entry(entry)["RECCREATEDBY"]; got != tc.want {
			t.Errorf("%v: created by %v, want %s", tc.data, got, tc.want)
		}
		// The author of the entry did not do the edit.
		b.Booked(alt, altWith(entry, Object{"Historico": "Outro"}))
		if got := b.entry(entry)["RECMODIFIEDBY"]; got != "smartlink" {
			t.Errorf("%v: edited by %v", tc.data, got)
		}
		b.Booked(alt, altWith(entry, Object{"Historico": "Mais um", "CodUsuario": "caio"}))
		if got := b.entry(entry); got["RECMODIFIEDBY"] != "caio" || got["RECCREATEDBY"] != tc.want || got["USUARIO"] != "caio" {
			t.Errorf("%v: edited by %v, created by %v, user %v", tc.data, got["RECMODIFIEDBY"], got["RECCREATEDBY"], got["USUARIO"])
		}
	}
}

func TestIdsOfNewEntries(t *testing.T) {
	b := open(t)
	for i, given := range []any{-1, 0, Left, nil, "-1", "0"} {
		if got := b.create(Object{"IdLan": given}); got != int64(i+1) {
			t.Errorf("IdLan %v became %d, want %d", given, got, i+1)
		}
	}
	// Every company counts for itself, and entries made by other means never stand in the way.
	other := Object{"CodColigada": 2, "CodColCfo": 2}
	if result := b.Booked(inc, incWith(other)); result.Key != "2;1" {
		t.Errorf("first of company 2: %s", result.Key)
	}
	b.Exec(`UPDATE FLAN SET IDLAN = 69 WHERE CODCOLIGADA = 1 AND IDLAN = 6`)
	if got := b.create(nil); got != 70 {
		t.Errorf("after 69 came %d", got)
	}
	b.Exec(`DELETE FROM FLAN WHERE CODCOLIGADA = 1 AND IDLAN = 70`)
	if got := b.create(nil); got != 71 {
		t.Errorf("an id came twice: %d", got)
	}
	if result := b.Booked(inc, incWith(other)); result.Key != "2;2" {
		t.Errorf("second of company 2: %s", result.Key)
	}
}

// Recognising a repeat is the agent's, by id and business key; a consumer books what it is given.
func TestTheSameMessageTwiceIsTwoEntries(t *testing.T) {
	b := open(t)
	first, second := b.Booked(inc, incWith(nil)), b.Booked(inc, incWith(nil))
	if first.Key == second.Key {
		t.Errorf("both are %s", first.Key)
	}
	edit := altWith(1, Object{"ValorOriginal": 50})
	b.Booked(alt, edit)
	before := b.entry(1)
	b.Booked(alt, edit)
	if after := b.entry(1); !maps.Equal(before, after) {
		t.Errorf("the same edit twice: %v, then %v", before, after)
	}
}

// Unknown properties are remarks, whether the message is booked or refused.
func TestUnknownPropertiesAreRemarked(t *testing.T) {
	b := open(t)
	extra := Object{"Foo": 1, "Complementos": Object{"Contrato": "42", "Nobody": "x"}, "Rateios": List{Object{"Valor": 100, "CodCCusto": "01.002", "Bar": nil}}}
	want := []string{"RM-PROPERTY-UNKNOWN /data/Complementos/Nobody", "RM-PROPERTY-UNKNOWN /data/Foo", "RM-PROPERTY-UNKNOWN /data/Rateios/0/Bar"}
	for name, result := range map[string][]string{
		"booked":  Lines(b.Booked(inc, incWith(extra)).Warnings),
		"refused": Lines(b.Refused(inc, incWith(With(extra, Object{"CodCfo": "F99999"})), "RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)").Warnings),
	} {
		slices.Sort(result)
		if !slices.Equal(result, want) {
			t.Errorf("%s: %v", name, result)
		}
	}
	if got := b.Row(`SELECT CONTRATO FROM FLANCOMPL`)["CONTRATO"]; got != "42" {
		t.Errorf("the known one is %v", got)
	}
	many := Object{}
	for i := range 130 {
		many[fmt.Sprint("Foo", i)] = i
	}
	if got := b.Booked(inc, incWith(many)).Warnings; len(got) != 101 || got[100].Code != "RM-MORE" {
		t.Errorf("%d warnings", len(got))
	}
}
