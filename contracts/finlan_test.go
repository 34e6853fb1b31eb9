package contracts_test

import (
	"slices"
	"strings"
	"testing"

	"smartlink/contracts"
)

// names lists the fields that have something, in the order of the table.
func names(t *contracts.Table, has func(*contracts.Field) bool) []string {
	var out []string
	for i := range t.Fields {
		if has(&t.Fields[i]) {
			out = append(out, t.Fields[i].Name)
		}
	}
	return out
}

// What was decided about the fields of a financial entry, against the table.
func TestFieldsOfTheFinancialEntry(t *testing.T) {
	for _, tc := range []struct {
		what, want string
		has        func(*contracts.Field) bool
	}{
		{"required", "CodFilial PagRec CodTdo NumeroDocumento CodColCfo CodCfo DataEmissao DataVencimento ValorOriginal Historico",
			func(f *contracts.Field) bool { return f.Required }},
		{"the key", "CodColigada IdLan", func(f *contracts.Field) bool { return f.Key }},
		{"generated", "IdLan", func(f *contracts.Field) bool { return f.Generated }},
		{"kept by the books", "StatusLan DataBaixa DataPag DataCancelamento DataCancelBaixa DataContabiliz DataContabilizBx DataEstornoLan ValorBaixado " +
			"NumLoteContabil FilialContabil NumeroContabil NumContabilBx IdPgto CodColPgto IdXcx CodColXcx NfOuDup Classificacao StatusExportacao " +
			"StatusExtrato LibAutorizada BaixaAutorizada Reembolsavel AlteracaoBloqueada BaixaPendente StatusOrcamento StatusAprovacao " +
			"DataAlteracao RecCreatedBy RecCreatedOn RecModifiedBy RecModifiedOn",
			func(f *contracts.Field) bool { return f.ReadOnly }},
		{"the author, once it exists", "UsuarioInclusao", func(f *contracts.Field) bool { return f.InsertOnly }},
		{"locked when accounted", "CodColCfo CodCfo DataEmissao DataVencimento MesDeCompetencia ValorOriginal ValorJuros ValorDesconto ValorMulta ValorCap " +
			"ValorOp1 ValorOp2 ValorOp3 ValorOp4 ValorOp5 ValorOp6 ValorOp7 ValorOp8 CodMoeValorOriginal CodColCxa CodCxa TipoContabilLan Rateios",
			func(f *contracts.Field) bool { return f.Locked }},
		{"above zero", "ValorOriginal", func(f *contracts.Field) bool { return f.Sign == contracts.AboveZero }},
		{"not below zero", "CotacaoInclusao CotacaoBaixa", func(f *contracts.Field) bool { return f.Sign == contracts.NotBelowZero }},
		{"never empty", "SerieDocumento CodMoeValorOriginal CodAplicacao TipoContabilLan", func(f *contracts.Field) bool { return f.NotNull }},
		{"companies of codes", "CodColCfo CodColCxa CodColCCusto CodColConvenio", func(f *contracts.Field) bool { return f.CompanyOf != "" }},
		{"columns of another name", "CodUsuario UsuarioInclusao Rateios Complementos", func(f *contracts.Field) bool { return f.Column != strings.ToUpper(f.Name) }},
		{"nine places", "CotacaoInclusao CotacaoBaixa", func(f *contracts.Field) bool { return f.Kind == contracts.Amount && f.Numeric == contracts.Rate }},
	} {
		if got := names(contracts.FLAN, tc.has); !slices.Equal(got, strings.Fields(tc.want)) {
			t.Errorf("%s:\n got %v\nwant %v", tc.what, got, tc.want)
		}
	}
	for name, want := range map[string]string{
		"SerieDocumento": "@@@", "CodMoeValorOriginal": "R$", "CodAplicacao": "F", "TipoContabilLan": "0", "StatusLan": "0", "ValorBaixado": "0",
		"BaixaAutorizada": "1", "NumLoteContabil": "0", "NfOuDup": "0", "Historico": "", "CodColCxa": "",
	} {
		if got := contracts.FLAN.Field(name).Default; got != want {
			t.Errorf("default of %s: %q, want %q", name, got, want)
		}
	}
	if got := contracts.FLAN.Field("DataPrevBaixa").DefaultFrom; got != "DataVencimento" {
		t.Errorf("DataPrevBaixa comes from %q", got)
	}
	if got := contracts.FLAN.Field("TipoContabilLan").Settable; !slices.Equal(got, []int64{0, 1, 3}) {
		t.Errorf("accounting states a command may give: %v", got)
	}
}

// Sizes as the layouts of RM have them; characters, not bytes.
func TestSizesOfTheFinancialEntry(t *testing.T) {
	want := map[string]int{
		"CodTdo": 10, "NumeroDocumento": 40, "SerieDocumento": 8, "SegundoNumero": 20, "CodCfo": 25, "CodMoeValorOriginal": 10, "CodIndexador": 10,
		"CodCxa": 10, "CodCCusto": 25, "CodDepartamento": 25, "CodTb1Flx": 25, "CodTb2Flx": 25, "CodTb3Flx": 25, "CodTb4Flx": 25, "CodTb5Flx": 25,
		"CampoAlfaOp1": 100, "CampoAlfaOp2": 20, "CampoAlfaOp3": 20, "Historico": 255, "CodAplicacao": 2, "NumeroContabil": 20, "NumContabilBx": 20,
		"CnabBanco": 3, "CnabNossoNumero": 20, "Ipte": 48, "CodigoBarra": 44, "CodUsuario": 20, "UsuarioInclusao": 20,
		"Convenio": 20, "RecCreatedBy": 50, "RecModifiedBy": 50, // ours
	}
	for i := range contracts.FLAN.Fields {
		f := &contracts.FLAN.Fields[i]
		if f.Kind == contracts.Text && f.Size != want[f.Name] {
			t.Errorf("%s takes %d characters, want %d", f.Name, f.Size, want[f.Name])
		}
	}
	rows := map[string]int{"CodCCusto": 25, "CodNatFinanceira": 40}
	for name, size := range rows {
		if got := contracts.FLANRATCCU.Field(name).Size; got != size {
			t.Errorf("FLANRATCCU.%s takes %d characters, want %d", name, got, size)
		}
	}
	if got := names(contracts.FLANRATCCU, func(f *contracts.Field) bool { return f.Required }); !slices.Equal(got, []string{"Valor"}) {
		t.Errorf("required of a row: %v", got)
	}
}

func TestAliasesOfTheFinancialEntry(t *testing.T) {
	body := `{"data": {"CODCOLIGADA": 1, "codfilial": 1, "PagRec": "2", "CodTdo": "EMPR", "NumeroDocumento": "1", "CodColCfo": 1, "CodCfo": "F",
		"DataEmissao": "2026-03-02", "DataVencimento": "2026-03-02", "ValorOriginal": "10", "Historico": "h",
		"usuarioinclusao": "ana", "CODUSUARIO": "bia", "RATEIOS": [{"Valor": 10}], "complementos": {"Contrato": "42"},
		"UsuarioCriacao": "x", "Usuario": "x", "FLANRATCCU": [], "FLANCOMPL": {}}}`
	r, f := contracts.FinLanInc.Decode([]byte(body))
	same(t, "violations", brief(f.Violations))
	same(t, "unknown", brief(f.Unknown), "PROPERTY-UNKNOWN /data/UsuarioCriacao", "PROPERTY-UNKNOWN /data/Usuario",
		"PROPERTY-UNKNOWN /data/FLANRATCCU", "PROPERTY-UNKNOWN /data/FLANCOMPL")
	for name, column := range map[string]string{"UsuarioInclusao": "USUARIOCRIACAO", "CodUsuario": "USUARIO", "Rateios": "FLANRATCCU", "Complementos": "FLANCOMPL"} {
		if got := contracts.FLAN.Field(name).Column; got != column {
			t.Errorf("%s is stored in %s", name, got)
		}
	}
	if r.Text("UsuarioInclusao") != "ana" || r.Text("CodUsuario") != "bia" || len(r.Rows("Rateios")) != 1 || len(r.Extras()) != 1 || r.Int("PagRec") != 2 {
		t.Errorf("%+v", r)
	}
}

func TestTooManyRowsOfAnEntry(t *testing.T) {
	list := func(n int) string {
		return `{"data": {"CodColigada": 1, "IdLan": 1, "Rateios": [` + strings.TrimSuffix(strings.Repeat(`{"Valor":1},`, n), ",") + `]}}`
	}
	_, f := contracts.FinLanAlt.Decode([]byte(list(contracts.MaxRows)))
	same(t, "as many as fit", brief(f.Violations))
	_, f = contracts.FinLanAlt.Decode([]byte(list(contracts.MaxRows + 1)))
	same(t, "one more", brief(f.Violations), "TOO-MANY-ROWS /data/Rateios")
}
