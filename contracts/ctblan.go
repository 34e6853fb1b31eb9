package contracts

import "math"

// The commands over accounting entries.
var (
	CtbLanInc = &Command{Type: "CtbLanIncDataCommand", Table: CLANCAMENTO, Insert: true,
		PT: "Inclui um lançamento contábil", EN: "Creates an accounting entry"}
	CtbLanAlt = &Command{Type: "CtbLanAltDataCommand", Table: CLANCAMENTO,
		PT: "Altera um lançamento contábil", EN: "Edits an accounting entry"}
)

// Commands lists all commands.
var Commands = []*Command{FinLanInc, FinLanAlt, FinXCXInc, FinXCXAlt, CtbLanInc, CtbLanAlt}

// CommandOf answers the command of a message type, or nil.
func CommandOf(messageType string) *Command {
	for _, c := range Commands {
		if c.Type == messageType {
			return c
		}
	}
	return nil
}

// IntegratedBatch is the batch of what has been taken into the ledger; commands leave it alone.
const IntegratedBatch = 0

// CLANCAMENTO is the head of an accounting entry; its amounts stand in the lines.
var CLANCAMENTO = NewTable("CLANCAMENTO", "Lançamento contábil", "Accounting entry",
	Field{Name: "CodColigada", Kind: Integer, Min: 1, Max: math.MaxInt32, Key: true, PT: "Coligada", EN: "Company"},
	Field{Name: "CodLote", Kind: Integer, Max: 99999, Key: true, PT: "Lote", EN: "Batch"},
	Field{Name: "IdLancamento", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador do lançamento contábil", EN: "Accounting entry id"},
	Field{Name: "Descricao", Kind: Text, Size: 250, Required: true, PT: "Descrição", EN: "Description"},

	Field{Name: "CodUsuario", Column: "USUARIO", Kind: Text, Size: 20, PT: "Usuário", EN: "User"},
	Field{Name: "UsuarioInclusao", Column: "USUARIOCRIACAO", Kind: Text, Size: 20, InsertOnly: true, PT: "Usuário da inclusão", EN: "User who created it"},
	Field{Name: "RecCreatedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro criado por", EN: "Record created by"}, // sizes ours
	Field{Name: "RecCreatedOn", Kind: Moment, ReadOnly: true, PT: "Registro criado em", EN: "Record created on"},
	Field{Name: "RecModifiedBy", Kind: Text, Size: 50, ReadOnly: true, PT: "Registro alterado por", EN: "Record changed by"},
	Field{Name: "RecModifiedOn", Kind: Moment, ReadOnly: true, PT: "Registro alterado em", EN: "Record changed on"},

	Field{Name: "Partidas", Column: "CPARTIDA", Kind: List, Child: CPARTIDA, MaxRows: MaxRows, PT: "Partidas", EN: "Lines"},
)

// CPARTIDA is one line of an accounting entry: a debit, a credit, or both of one amount.
var CPARTIDA = NewTable("CPARTIDA", "Partida do lançamento contábil", "Line of the accounting entry",
	Field{Name: "CodColigada", Kind: Integer, FromParent: true, PT: "Coligada", EN: "Company"},
	Field{Name: "CodLote", Kind: Integer, FromParent: true, PT: "Lote", EN: "Batch"},
	Field{Name: "IdLancamento", Kind: Integer, FromParent: true, PT: "Identificador do lançamento contábil", EN: "Accounting entry id"},
	Field{Name: "IdPartida", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador da partida", EN: "Line id"},
	Field{Name: "CodLoteOrigem", Kind: Integer, ReadOnly: true, DefaultFrom: "CodLote", PT: "Lote de origem", EN: "Batch it came from"},
	Field{Name: "LctRef", Kind: Integer, ReadOnly: true, PT: "Referência do lançamento", EN: "Reference of the entry"},
	Field{Name: "CodFilial", Kind: Integer, Min: 1, Max: math.MaxInt16, Required: true, PT: "Filial", EN: "Branch"},
	Field{Name: "CodDepartamento", Kind: Text, Size: 25, PT: "Departamento", EN: "Department"},
	Field{Name: "CodCCusto", Kind: Text, Size: 25, PT: "Centro de custo", EN: "Cost centre"},
	Field{Name: "Data", Kind: Day, Required: true, PT: "Data", EN: "Posting date"},
	Field{Name: "Documento", Kind: Text, Size: 32, PT: "Documento", EN: "Document"},
	Field{Name: "CodColDebito", Kind: Integer, CompanyOf: "Debito", PT: "Coligada da conta de débito", EN: "Company of the debit account"},
	Field{Name: "Debito", Kind: Text, Size: 40, PT: "Conta de débito", EN: "Debit account"},
	Field{Name: "CodColCredito", Kind: Integer, CompanyOf: "Credito", PT: "Coligada da conta de crédito", EN: "Company of the credit account"},
	Field{Name: "Credito", Kind: Text, Size: 40, PT: "Conta de crédito", EN: "Credit account"},
	Field{Name: "CodColPartida", Kind: Integer, CompanyOf: "Partida", PT: "Coligada da contrapartida", EN: "Company of the counter-account"},
	Field{Name: "Partida", Kind: Text, Size: 40, PT: "Contrapartida", EN: "Counter-account"},
	Field{Name: "Valor", Kind: Amount, Numeric: Money, Sign: AboveZero, Required: true, PT: "Valor", EN: "Amount"},
	Field{Name: "CodHistP", Kind: Text, Size: 10, PT: "Histórico padrão", EN: "Standard history"},
	Field{Name: "Complemento", Kind: Text, Size: 250, PT: "Complemento do histórico", EN: "Complement of the history"},
	Field{Name: "IntegraAplicacao", Kind: Text, Size: 2, ReadOnly: true, PT: "Módulo de origem", EN: "Module it came from"},
	Field{Name: "IntegraChave", Kind: Text, Size: 255, ReadOnly: true, PT: "Chave na origem", EN: "Key where it came from"},
	Field{Name: "CodUsuario", Column: "USUARIO", Kind: Text, Size: 20, PT: "Usuário (padrão: o do lançamento)", EN: "User (default: the entry's)"},

	Field{Name: "Rateios", Column: "CRATEIOLC", Kind: List, Child: CRATEIOLC, MaxRows: MaxRows, PT: "Rateio gerencial", EN: "Managerial apportionment"},
)

// CRATEIOLC is one row of a line's managerial apportionment: an amount of its debit or of its credit.
var CRATEIOLC = NewTable("CRATEIOLC", "Rateio gerencial da partida", "Managerial apportionment of the line",
	Field{Name: "CodColigada", Kind: Integer, FromParent: true, PT: "Coligada", EN: "Company"},
	Field{Name: "IdPartida", Kind: Integer, FromParent: true, PT: "Identificador da partida", EN: "Line id"},
	Field{Name: "IdRateio", Kind: Integer, Min: -1, Max: math.MaxInt32, Key: true, Generated: true, PT: "Identificador do rateio", EN: "Row id"},
	Field{Name: "LctRef", Kind: Integer, ReadOnly: true, PT: "Referência do lançamento", EN: "Reference of the entry"},
	Field{Name: "CodConta", Kind: Text, Size: 40, ReadOnly: true, PT: "Conta contábil", EN: "Account"},
	Field{Name: "CodGerencial", Kind: Text, Size: 40, Required: true, PT: "Conta gerencial", EN: "Managerial account"},
	Field{Name: "Data", Kind: Day, ReadOnly: true, PT: "Data", EN: "Posting date"},
	Field{Name: "VlrDebito", Kind: Amount, Numeric: Money, Sign: NotBelowZero, NotNull: true, Default: "0", PT: "Valor a débito", EN: "Amount on the debit side"},
	Field{Name: "VlrCredito", Kind: Amount, Numeric: Money, Sign: NotBelowZero, NotNull: true, Default: "0", PT: "Valor a crédito", EN: "Amount on the credit side"},
)
