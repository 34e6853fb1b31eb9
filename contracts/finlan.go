package contracts

import "math"

// The commands over financial entries.
var (
	FinLanInc = &Command{Type: "FinLanIncDataCommand", Table: FLAN, Insert: true,
		PT: "Inclui um lançamento financeiro", EN: "Creates a financial entry"}
	FinLanAlt = &Command{Type: "FinLanAltDataCommand", Table: FLAN,
		PT: "Altera um lançamento financeiro", EN: "Edits a financial entry"}
)

// MaxRows is how many rows one list of a command may have (ours): enough for any apportionment,
// and a bound for what one transaction writes.
const MaxRows = 1000

// States of a financial entry, FLAN.STATUSLAN.
const (
	EntryOpen          = 0
	EntrySettled       = 1
	EntryCancelled     = 2
	EntrySettledByDeal = 3
	EntryPartlySettled = 4
	EntryInRemittance  = 5
)

// Accounting states of a financial entry, FLAN.TIPOCONTABILLAN.
const (
	AccountingNone      = 0
	AccountingDone      = 1
	AccountingSettled   = 2
	AccountingOpen      = 3
	AccountingThenOpen  = 6
	AccountingDueSettle = 7
)

// FLAN is the financial entry. Sizes and meanings: RM's layouts; where no public text gives a size
// the comment says "ours".
var FLAN = NewTable("FLAN", "Lançamento financeiro", "Financial entry",
	Field{Name: "CodColigada", Kind: Integer, Min: 1, Max: math.MaxInt32, Key: true, PT: "Coligada", EN: "Company"},
	Field{Name: "IdLan", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador do lançamento", EN: "Entry id"},
	Field{Name: "CodFilial", Kind: Integer, Min: 1, Max: math.MaxInt16, Required: true, PT: "Filial", EN: "Branch"},
	Field{Name: "PagRec", Kind: Integer, Values: []Option{{1, "A receber", "Receivable"}, {2, "A pagar", "Payable"}}, Required: true,
		PT: "A pagar ou a receber", EN: "Payable or receivable"},
	Field{Name: "StatusLan", Kind: Integer, Values: []Option{
		{EntryOpen, "Em aberto", "Open"}, {EntrySettled, "Baixado", "Settled"}, {EntryCancelled, "Cancelado", "Cancelled"},
		{EntrySettledByDeal, "Baixado por acordo", "Settled by agreement"}, {EntryPartlySettled, "Baixado parcialmente", "Partly settled"},
		{EntryInRemittance, "Borderô", "In a remittance"},
	}, Default: "0", ReadOnly: true, PT: "Situação", EN: "State"},
	Field{Name: "CodTdo", Kind: Text, Size: 10, Required: true, PT: "Tipo de documento", EN: "Document type"},
	Field{Name: "NumeroDocumento", Kind: Text, Size: 40, Required: true, PT: "Número do documento", EN: "Document number"},
	Field{Name: "SerieDocumento", Kind: Text, Size: 8, NotNull: true, Default: "@@@", PT: "Série do documento", EN: "Document series"},
	Field{Name: "Parcela", Kind: Integer, Min: 0, Max: math.MaxInt32, PT: "Parcela", EN: "Instalment"},
	Field{Name: "SegundoNumero", Kind: Text, Size: 20, PT: "Segundo número", EN: "Second number"},
	Field{Name: "CodColCfo", Kind: Integer, Required: true, CompanyOf: "CodCfo", Locked: true, PT: "Coligada do cliente/fornecedor", EN: "Company of the customer/supplier"},
	Field{Name: "CodCfo", Kind: Text, Size: 25, Required: true, Locked: true, PT: "Cliente/fornecedor", EN: "Customer/supplier"},

	Field{Name: "DataEmissao", Kind: Day, Required: true, Locked: true, PT: "Data de emissão", EN: "Issue date"},
	Field{Name: "DataVencimento", Kind: Day, Required: true, Locked: true, PT: "Data de vencimento", EN: "Due date"},
	Field{Name: "DataPrevBaixa", Kind: Day, DefaultFrom: "DataVencimento", PT: "Previsão de baixa", EN: "Expected settlement"},
	Field{Name: "DataCriacao", Kind: Day, PT: "Data de criação (padrão: hoje)", EN: "Creation date (default: today)"},
	Field{Name: "MesDeCompetencia", Kind: Day, Locked: true, PT: "Mês de competência", EN: "Competence month"},
	Field{Name: "DataBaixa", Kind: Day, ReadOnly: true, PT: "Data da baixa", EN: "Settlement date"},
	Field{Name: "DataPag", Kind: Day, ReadOnly: true, PT: "Data do pagamento", EN: "Payment date"},
	Field{Name: "DataCancelamento", Kind: Day, ReadOnly: true, PT: "Data do cancelamento", EN: "Cancellation date"},
	Field{Name: "DataCancelBaixa", Kind: Day, ReadOnly: true, PT: "Data do cancelamento da baixa", EN: "Cancellation date of the settlement"},
	Field{Name: "DataContabiliz", Kind: Day, ReadOnly: true, PT: "Data da contabilização", EN: "Accounting date"},
	Field{Name: "DataContabilizBx", Kind: Day, ReadOnly: true, PT: "Data da contabilização da baixa", EN: "Accounting date of the settlement"},
	Field{Name: "DataEstornoLan", Kind: Day, ReadOnly: true, PT: "Data do estorno", EN: "Reversal date"},

	Field{Name: "ValorOriginal", Kind: Amount, Numeric: Money, Sign: AboveZero, Required: true, Locked: true, PT: "Valor original", EN: "Face value"},
	Field{Name: "ValorBaixado", Kind: Amount, Numeric: Money, Default: "0", ReadOnly: true, PT: "Valor baixado", EN: "Settled so far"},
	Field{Name: "ValorJuros", Kind: Amount, Numeric: Money, Locked: true, PT: "Juros", EN: "Interest"},
	Field{Name: "ValorDesconto", Kind: Amount, Numeric: Money, Locked: true, PT: "Desconto", EN: "Discount"},
	Field{Name: "ValorMulta", Kind: Amount, Numeric: Money, Locked: true, PT: "Multa", EN: "Fine"},
	Field{Name: "ValorCap", Kind: Amount, Numeric: Money, Locked: true, PT: "Capitalização", EN: "Capitalisation"},
	Field{Name: "ValorOp1", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 1", EN: "Optional value 1"},
	Field{Name: "ValorOp2", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 2", EN: "Optional value 2"},
	Field{Name: "ValorOp3", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 3", EN: "Optional value 3"},
	Field{Name: "ValorOp4", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 4", EN: "Optional value 4"},
	Field{Name: "ValorOp5", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 5", EN: "Optional value 5"},
	Field{Name: "ValorOp6", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 6", EN: "Optional value 6"},
	Field{Name: "ValorOp7", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 7", EN: "Optional value 7"},
	Field{Name: "ValorOp8", Kind: Amount, Numeric: Money, Locked: true, PT: "Valor opcional 8", EN: "Optional value 8"},
	Field{Name: "JurosDia", Kind: Amount, Numeric: Money, PT: "Juros ao dia", EN: "Interest per day"},
	Field{Name: "MultaDia", Kind: Amount, Numeric: Money, PT: "Multa ao dia", EN: "Fine per day"},
	Field{Name: "CapMensal", Kind: Amount, Numeric: Money, PT: "Capitalização mensal", EN: "Monthly capitalisation"},
	Field{Name: "CarenciaJuros", Kind: Integer, Min: 0, Max: math.MaxInt16, PT: "Carência de juros (dias)", EN: "Days without interest"},
	Field{Name: "TipoJurosDia", Kind: Integer, Min: 0, Max: math.MaxInt16, PT: "Tipo de juros ao dia", EN: "Kind of daily interest"},
	Field{Name: "CodMoeValorOriginal", Kind: Text, Size: 10, NotNull: true, Default: "R$", Locked: true, PT: "Moeda", EN: "Currency"},
	Field{Name: "CodIndexador", Kind: Text, Size: 10, PT: "Indexador", EN: "Index"},
	Field{Name: "CotacaoInclusao", Kind: Amount, Numeric: Rate, Sign: NotBelowZero, PT: "Cotação na inclusão", EN: "Exchange rate at creation"},
	Field{Name: "CotacaoBaixa", Kind: Amount, Numeric: Rate, Sign: NotBelowZero, PT: "Cotação na baixa", EN: "Exchange rate at settlement"},

	Field{Name: "CodColCxa", Kind: Integer, CompanyOf: "CodCxa", Locked: true, PT: "Coligada da conta/caixa", EN: "Company of the cash account"},
	Field{Name: "CodCxa", Kind: Text, Size: 10, Locked: true, PT: "Conta/caixa", EN: "Cash account"},
	Field{Name: "CodColCCusto", Kind: Integer, CompanyOf: "CodCCusto", PT: "Coligada do centro de custo", EN: "Company of the cost centre"},
	Field{Name: "CodCCusto", Kind: Text, Size: 25, PT: "Centro de custo", EN: "Cost centre"},
	Field{Name: "CodDepartamento", Kind: Text, Size: 25, PT: "Departamento", EN: "Department"},
	Field{Name: "CodTb1Flx", Kind: Text, Size: 25, PT: "Tabela opcional 1", EN: "Classification 1"},
	Field{Name: "CodTb2Flx", Kind: Text, Size: 25, PT: "Tabela opcional 2", EN: "Classification 2"},
	Field{Name: "CodTb3Flx", Kind: Text, Size: 25, PT: "Tabela opcional 3", EN: "Classification 3"},
	Field{Name: "CodTb4Flx", Kind: Text, Size: 25, PT: "Tabela opcional 4", EN: "Classification 4"},
	Field{Name: "CodTb5Flx", Kind: Text, Size: 25, PT: "Tabela opcional 5", EN: "Classification 5"},
	Field{Name: "CampoAlfaOp1", Kind: Text, Size: 100, PT: "Campo livre 1", EN: "Free text 1"},
	Field{Name: "CampoAlfaOp2", Kind: Text, Size: 20, PT: "Campo livre 2", EN: "Free text 2"},
	Field{Name: "CampoAlfaOp3", Kind: Text, Size: 20, PT: "Campo livre 3", EN: "Free text 3"},
	Field{Name: "DataOp1", Kind: Day, PT: "Data livre 1", EN: "Free date 1"},
	Field{Name: "DataOp2", Kind: Day, PT: "Data livre 2", EN: "Free date 2"},
	Field{Name: "DataOp3", Kind: Day, PT: "Data livre 3", EN: "Free date 3"},
	Field{Name: "Historico", Kind: Text, Size: 255, Required: true, PT: "Histórico", EN: "Description"},
	Field{Name: "IdHistorico", Kind: Integer, Min: 0, Max: math.MaxInt32, PT: "Histórico longo", EN: "Long description"},

	Field{Name: "CodAplicacao", Kind: Text, Size: 2, NotNull: true, Default: "F", PT: "Aplicação de origem", EN: "Creating module"},
	Field{Name: "TipoContabilLan", Kind: Integer, Values: []Option{
		{AccountingNone, "Não contábil", "Not accounted"}, {AccountingDone, "Contábil", "Accounted"},
		{AccountingSettled, "Baixa contábil", "Settlement accounted"}, {AccountingOpen, "A contabilizar", "To be accounted"},
		{AccountingThenOpen, "Contábil, baixa a contabilizar", "Accounted, settlement to be accounted"},
		{AccountingDueSettle, "Baixa a contabilizar", "Settlement to be accounted"},
	}, Settable: []int64{AccountingNone, AccountingDone, AccountingOpen}, NotNull: true, Default: "0", Locked: true,
		PT: "Situação contábil", EN: "Accounting state"},
	Field{Name: "NumLoteContabil", Kind: Integer, Default: "0", ReadOnly: true, PT: "Lote contábil", EN: "Accounting batch"},
	Field{Name: "FilialContabil", Kind: Integer, ReadOnly: true, PT: "Filial contábil", EN: "Accounting branch"},
	Field{Name: "NumeroContabil", Kind: Text, Size: 20, ReadOnly: true, PT: "Número contábil", EN: "Accounting number"},
	Field{Name: "NumContabilBx", Kind: Text, Size: 20, ReadOnly: true, PT: "Número contábil da baixa", EN: "Accounting number of the settlement"},
	Field{Name: "ModeloContabilizacao", Kind: Integer, Min: 0, Max: math.MaxInt16, PT: "Modelo de contabilização", EN: "Accounting model"},
	Field{Name: "ModeloContabilizacaoBaixa", Kind: Integer, Min: 0, Max: math.MaxInt16, PT: "Modelo de contabilização da baixa", EN: "Accounting model of the settlement"},

	Field{Name: "IdPgto", Kind: Integer, ReadOnly: true, PT: "Pagamento", EN: "Payment"},
	Field{Name: "CodColPgto", Kind: Integer, ReadOnly: true, PT: "Coligada do pagamento", EN: "Company of the payment"},
	Field{Name: "IdXcx", Kind: Integer, ReadOnly: true, PT: "Extrato da baixa", EN: "Statement entry of the settlement"},
	Field{Name: "CodColXcx", Kind: Integer, ReadOnly: true, PT: "Coligada do extrato", EN: "Company of the statement entry"},
	Field{Name: "Convenio", Kind: Text, Size: 20, PT: "Convênio", EN: "Bank agreement"}, // size ours
	Field{Name: "CodColConvenio", Kind: Integer, CompanyOf: "IdConvenio", PT: "Coligada do convênio", EN: "Company of the bank agreement"},
	Field{Name: "IdConvenio", Kind: Integer, Min: 0, Max: math.MaxInt32, PT: "Identificador do convênio", EN: "Bank agreement id"},
	Field{Name: "CnabBanco", Kind: Text, Size: 3, PT: "Banco (CNAB)", EN: "Bank (CNAB)"},
	Field{Name: "CnabNossoNumero", Kind: Text, Size: 20, PT: "Nosso número", EN: "Bank's own number"},
	Field{Name: "Ipte", Kind: Text, Size: 48, PT: "Linha digitável", EN: "Typed line of the slip"},
	Field{Name: "CodigoBarra", Kind: Text, Size: 44, PT: "Código de barras", EN: "Bar code"},

	flag("NfOuDup", "0", "Nota fiscal ou duplicata", "Invoice or duplicate"),
	flag("Classificacao", "0", "Classificação", "Class"),
	flag("StatusExportacao", "0", "Situação da exportação", "Export state"),
	flag("StatusExtrato", "0", "Situação do extrato", "Statement state"),
	flag("LibAutorizada", "0", "Liberação autorizada", "Release authorised"),
	flag("BaixaAutorizada", "1", "Baixa autorizada", "Settlement authorised"),
	flag("Reembolsavel", "0", "Reembolsável", "Refundable"),
	flag("AlteracaoBloqueada", "0", "Alteração bloqueada", "Editing blocked"),
	flag("BaixaPendente", "0", "Baixa pendente", "Settlement pending"),
	flag("StatusOrcamento", "0", "Situação orçamentária", "Budget state"),
	flag("StatusAprovacao", "0", "Situação da aprovação", "Approval state"),

	Field{Name: "CodUsuario", Column: "USUARIO", Kind: Text, Size: 20, PT: "Usuário", EN: "User"},
	Field{Name: "UsuarioInclusao", Column: "USUARIOCRIACAO", Kind: Text, Size: 20, InsertOnly: true, PT: "Usuário da inclusão", EN: "User who created it"},
	Field{Name: "DataAlteracao", Kind: Day, ReadOnly: true, PT: "Data da alteração", EN: "Date of the last edit"},
	Field{Name: "RecCreatedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro criado por", EN: "Record created by"}, // sizes ours
	Field{Name: "RecCreatedOn", Kind: Moment, ReadOnly: true, PT: "Registro criado em", EN: "Record created on"},
	Field{Name: "RecModifiedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro alterado por", EN: "Record changed by"},
	Field{Name: "RecModifiedOn", Kind: Moment, ReadOnly: true, PT: "Registro alterado em", EN: "Record changed on"},

	Field{Name: "PreencherRatCCusto", Kind: Switch, PT: "Pedir ao RM o rateio por centro de custo", EN: "Ask RM to apportion by cost centre"},
	Field{Name: "PreencherRatDepto", Kind: Switch, PT: "Pedir ao RM o rateio por departamento", EN: "Ask RM to apportion by department"},
	Field{Name: "Rateios", Column: "FLANRATCCU", Kind: List, Child: FLANRATCCU, MaxRows: MaxRows, Locked: true, PT: "Rateio", EN: "Apportionment"},
	Field{Name: "Complementos", Column: "FLANCOMPL", Kind: Open, Size: 255, PT: "Campos complementares", EN: "Custom fields"},
)

// FLANRATCCU is one row of an entry's apportionment by cost centre and financial nature.
var FLANRATCCU = NewTable("FLANRATCCU", "Rateio do lançamento", "Apportionment of the entry",
	Field{Name: "CodColigada", Kind: Integer, FromParent: true, PT: "Coligada", EN: "Company"},
	Field{Name: "IdLan", Kind: Integer, FromParent: true, PT: "Identificador do lançamento", EN: "Entry id"},
	Field{Name: "IdRatCCu", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador do rateio", EN: "Row id"},
	Field{Name: "CodCCusto", Kind: Text, Size: 25, PT: "Centro de custo", EN: "Cost centre"},
	Field{Name: "CodColNatFinanceira", Kind: Integer, CompanyOf: "CodNatFinanceira", PT: "Coligada da natureza", EN: "Company of the nature"},
	Field{Name: "CodNatFinanceira", Kind: Text, Size: 40, PT: "Natureza financeira", EN: "Financial nature"},
	Field{Name: "Valor", Kind: Amount, Numeric: Money, Sign: NotBelowZero, Required: true, PT: "Valor", EN: "Amount"},
	Field{Name: "Percentual", Kind: Amount, Numeric: Percent, Sign: NotBelowZero, PT: "Percentual", EN: "Percentage"},
)

// flag is a small number the books keep for themselves.
func flag(name, initial, pt, en string) Field {
	return Field{Name: name, Kind: Integer, Min: math.MinInt16, Max: math.MaxInt16, Default: initial, ReadOnly: true, PT: pt, EN: en}
}
