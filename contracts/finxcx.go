package contracts

import "math"

// The commands over entries of the cash statement.
var (
	FinXCXInc = &Command{Type: "FinXCXIncDataCommand", Table: FXCX, Insert: true,
		PT: "Inclui um lançamento no extrato de caixa", EN: "Creates an entry of the cash statement"}
	FinXCXAlt = &Command{Type: "FinXCXAltDataCommand", Table: FXCX,
		PT: "Altera um lançamento do extrato de caixa", EN: "Edits an entry of the cash statement"}
)

// Kinds of statement entry, FXCX.TIPO, that a command may make; all others are made by processes.
const (
	Withdrawal = 1
	Deposit    = 2
)

// Clearing states of a statement entry, FXCX.COMPENSADO.
const (
	NotCleared        = 0
	Cleared           = 1
	ClearingCancelled = 2
)

// FXCX is the entry of the cash statement. VALOR and VALORCONTABIL are stored signed by TIPO; in a
// message they are above zero.
var FXCX = NewTable("FXCX", "Lançamento do extrato de caixa", "Entry of the cash statement",
	Field{Name: "CodColigada", Kind: Integer, Min: 1, Max: math.MaxInt32, Key: true, PT: "Coligada", EN: "Company"},
	Field{Name: "IdXcx", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador do lançamento do extrato", EN: "Statement entry id"},
	Field{Name: "CodColCxa", Kind: Integer, CompanyOf: "CodCxa", PT: "Coligada da conta/caixa", EN: "Company of the cash account"},
	Field{Name: "CodCxa", Kind: Text, Size: 10, Required: true, PT: "Conta/caixa", EN: "Cash account"},
	Field{Name: "CodFilial", Kind: Integer, Min: 1, Max: math.MaxInt16, Required: true, PT: "Filial", EN: "Branch"},
	Field{Name: "Tipo", Kind: Integer, Required: true, Settable: []int64{Withdrawal, Deposit}, Values: []Option{
		{0, "Nada", "Nothing"}, {Withdrawal, "Saque", "Withdrawal"}, {Deposit, "Depósito", "Deposit"},
		{3, "Saque transferência", "Withdrawal by transfer"}, {4, "Depósito transferência", "Deposit by transfer"},
		{5, "Depósito na baixa", "Deposit at settlement"}, {6, "Saque na baixa", "Withdrawal at settlement"},
		{7, "Saque do cheque", "Withdrawal of a cheque"},
		{8, "Depósito cancelamento de baixa", "Deposit by a cancelled settlement"}, {9, "Saque cancelamento de baixa", "Withdrawal by a cancelled settlement"},
		{10, "Depósito cancelamento de cheque", "Deposit by a cancelled cheque"}, {11, "Saque CPMF", "Withdrawal of CPMF"},
		{12, "Recebimento via cheque", "Receipt by cheque"}, {13, "Saque cancelamento de recebimento de cheque", "Withdrawal by a cancelled receipt by cheque"},
		{14, "Depósito cancelamento de CPMF", "Deposit by cancelled CPMF"},
		{15, "Desconto em aberto", "Open discount"}, {16, "Desconto efetivado", "Effected discount"}, {17, "Devolução de desconto", "Returned discount"},
	}, PT: "Tipo", EN: "Kind"},
	Field{Name: "NumeroDocumento", Kind: Text, Size: 40, Required: true, PT: "Número do documento", EN: "Document number"}, // size ours
	Field{Name: "Data", Kind: Day, Required: true, PT: "Data", EN: "Date"},
	Field{Name: "DataCompensacao", Kind: Day, PT: "Data da compensação", EN: "Clearing date"},
	Field{Name: "DataVencimento", Kind: Day, PT: "Data de vencimento", EN: "Due date"},
	Field{Name: "Valor", Kind: Amount, Numeric: Money, Sign: AboveZero, Required: true, PT: "Valor", EN: "Amount"},
	Field{Name: "ValorContabil", Kind: Amount, Numeric: Money, Sign: AboveZero, NotNull: true, DefaultFrom: "Valor", PT: "Valor contábil", EN: "Amount for accounting"},
	Field{Name: "ValorEmReais", Kind: Amount, Numeric: Money, Sign: AboveZero, NotNull: true, DefaultFrom: "Valor", PT: "Valor em reais", EN: "Amount in reais"},
	Field{Name: "Compensado", Kind: Integer, NotNull: true, Default: "0", Settable: []int64{NotCleared, Cleared}, Values: []Option{
		{NotCleared, "Não compensado", "Not cleared"}, {Cleared, "Compensado", "Cleared"}, {ClearingCancelled, "Cancelado", "Cancelled"},
	}, PT: "Compensado", EN: "Cleared"},
	flag("Reconciliado", "0", "Reconciliado", "Reconciled"),
	Field{Name: "Historico", Kind: Text, Size: 255, Required: true, PT: "Histórico", EN: "Description"},
	flag("Contabil", "0", "Situação contábil", "Accounting state"),
	flag("StatusExportacao", "0", "Situação da exportação", "Export state"),
	flag("StatusOrcamento", "0", "Situação orçamentária", "Budget state"),
	flag("ModeloContabilizacao", "0", "Modelo de contabilização", "Accounting model"),
	flag("StatusAvp", "0", "Situação do ajuste a valor presente", "State of the present-value adjustment"),
	flag("StatusEstorno", "0", "Situação do estorno", "State of the reversal"),
	flag("Estornado", "0", "Estornado", "Reversed"),
	flag("LiberacaoAutorizada", "0", "Liberação autorizada", "Release authorised"),
	flag("ECheque", "0", "É cheque", "Is a cheque"),
	flag("PreDatado", "0", "Pré-datado", "Post-dated"),
	flag("ChequeImpresso", "0", "Cheque impresso", "Cheque printed"),
	flag("TipoCustodia", "0", "Custódia do cheque", "Custody of the cheque"),
	Field{Name: "CodTb1Flx", Kind: Text, Size: 25, PT: "Tabela opcional 1", EN: "Classification 1"},
	Field{Name: "CodTb2Flx", Kind: Text, Size: 25, PT: "Tabela opcional 2", EN: "Classification 2"},
	Field{Name: "CodTb3Flx", Kind: Text, Size: 25, PT: "Tabela opcional 3", EN: "Classification 3"},
	Field{Name: "CodTb4Flx", Kind: Text, Size: 25, PT: "Tabela opcional 4", EN: "Classification 4"},
	Field{Name: "CodTb5Flx", Kind: Text, Size: 25, PT: "Tabela opcional 5", EN: "Classification 5"},

	Field{Name: "CodUsuario", Column: "USUARIO", Kind: Text, Size: 20, PT: "Usuário", EN: "User"},
	Field{Name: "UsuarioInclusao", Column: "USUARIOCRIACAO", Kind: Text, Size: 20, InsertOnly: true, PT: "Usuário da inclusão", EN: "User who created it"},
	Field{Name: "RecCreatedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro criado por", EN: "Record created by"}, // sizes ours
	Field{Name: "RecCreatedOn", Kind: Moment, ReadOnly: true, PT: "Registro criado em", EN: "Record created on"},
	Field{Name: "RecModifiedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro alterado por", EN: "Record changed by"},
	Field{Name: "RecModifiedOn", Kind: Moment, ReadOnly: true, PT: "Registro alterado em", EN: "Record changed on"},

	Field{Name: "Complementos", Column: "FXCXCOMPL", Kind: Open, Size: 255, PT: "Campos complementares", EN: "Custom fields"},
)
