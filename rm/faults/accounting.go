package faults

// Codes of accounting's rules.
const (
	AccountUnknown     Code = "CONTA-UNKNOWN"
	AccountInactive    Code = "CONTA-INACTIVE"
	AccountSynthetic   Code = "CONTA-SYNTHETIC"
	HistoryUnknown     Code = "HISTP-UNKNOWN"
	HistoryInactive    Code = "HISTP-INACTIVE"
	ManagerialUnknown  Code = "GERENCIAL-UNKNOWN"
	ManagerialInactive Code = "GERENCIAL-INACTIVE"
	BatchUnknown       Code = "LOTE-UNKNOWN"
	BatchInactive      Code = "LOTE-INACTIVE"
	BatchIntegrated    Code = "LOTE-INTEGRATED"

	OutsidePeriod     Code = "DATE-OUTSIDE-PERIOD"
	OutsideBatch      Code = "DATE-OUTSIDE-BATCH"
	EntryOutsideBatch Code = "ENTRY-OUTSIDE-BATCH"

	LinesMissing    Code = "PARTIDAS-MISSING"
	LineUnknown     Code = "PARTIDA-UNKNOWN"
	LineRepeated    Code = "PARTIDA-REPEATED"
	LineNoAccount   Code = "PARTIDA-NO-ACCOUNT"
	LineSameAccount Code = "PARTIDA-SAME-ACCOUNT"
	Unbalanced      Code = "ENTRY-UNBALANCED"
	UnbalancedGroup Code = "ENTRY-UNBALANCED-DATE"

	ManagerialNeeded  Code = "RATEIO-GERENCIAL-NEEDED"
	ManagerialSum     Code = "RATEIO-GERENCIAL-SUM"
	ManagerialSide    Code = "RATEIO-GERENCIAL-SIDE"
	ManagerialNoSide  Code = "RATEIO-GERENCIAL-NO-ACCOUNT"
	ManagerialForeign Code = "RATEIO-GERENCIAL-UNKNOWN"
)

var accountingTexts = map[Code]text{
	AccountUnknown: {
		"Conta contábil {value} não existe na coligada {company}.", "Corrija {name} ou {of} (0 = conta comum), ou cadastre a conta no RM e reprocesse.",
		"Account {value} does not exist in company {company}.", "Correct {name} or {of} (0 = shared), or register the account in RM and reprocess."},
	AccountInactive: {
		"Conta contábil {value} da coligada {company} está inativa.", "Use em {name} uma conta ativa, ou reative-a no RM e reprocesse.",
		"Account {value} of company {company} is inactive.", "Use an active account in {name}, or reactivate it in RM and reprocess."},
	AccountSynthetic: {
		"Conta contábil {value} da coligada {company} é sintética: só soma as de baixo.", "Use em {name} uma conta de último nível.",
		"Account {value} of company {company} is synthetic: it only sums those below.", "Use an account of the last level in {name}."},
	HistoryUnknown: {
		"Histórico padrão {value} não existe na coligada {company}.", "Corrija CodHistP, ou cadastre o histórico no RM e reprocesse.",
		"Standard history {value} does not exist in company {company}.", "Correct CodHistP, or register the history in RM and reprocess."},
	HistoryInactive: {
		"Histórico padrão {value} da coligada {company} está inativo.", "Use um histórico ativo, ou reative-o no RM e reprocesse.",
		"Standard history {value} of company {company} is inactive.", "Use an active history, or reactivate it in RM and reprocess."},
	ManagerialUnknown: {
		"Conta gerencial {value} não existe na coligada {company}.", "Corrija CodGerencial, ou cadastre a conta no RM e reprocesse.",
		"Managerial account {value} does not exist in company {company}.", "Correct CodGerencial, or register the account in RM and reprocess."},
	ManagerialInactive: {
		"Conta gerencial {value} da coligada {company} está inativa.", "Use uma conta ativa, ou reative-a no RM e reprocesse.",
		"Managerial account {value} of company {company} is inactive.", "Use an active account, or reactivate it in RM and reprocess."},
	BatchUnknown: {
		"Lote {value} não existe na coligada {company}.", "Corrija CodLote, ou crie o lote no RM e reprocesse.",
		"Batch {value} does not exist in company {company}.", "Correct CodLote, or make the batch in RM and reprocess."},
	BatchInactive: {
		"Lote {value} da coligada {company} está inativo.", "Use um lote ativo, ou reative-o no RM e reprocesse.",
		"Batch {value} of company {company} is inactive.", "Use an active batch, or reactivate it in RM and reprocess."},
	BatchIntegrated: {
		"O lote 0 é o livro integrado e não recebe nem altera lançamentos por aqui.", "Use em CodLote um lote de trabalho; o RM o integra ao lote 0.",
		"Batch 0 is the integrated ledger; nothing is created or edited in it from here.", "Use a working batch in CodLote; RM integrates it into batch 0."},

	OutsidePeriod: {
		"A data {date} não está em nenhum período contábil da coligada {company}.", "Corrija Data, ou abra o período no RM e reprocesse.",
		"The date {date} is in no accounting period of company {company}.", "Correct Data, or open the period in RM and reprocess."},
	OutsideBatch: {
		"A data {date} está fora do lote {batch}, que vai de {from} a {to}.", "Corrija Data ou CodLote, ou altere a capa do lote no RM e reprocesse.",
		"The date {date} is outside of batch {batch}, which goes from {from} to {to}.", "Correct Data or CodLote, or change the batch's cover in RM and reprocess."},
	EntryOutsideBatch: {
		"O lançamento {entry} tem a data {date}, fora do lote {batch}, que vai de {from} a {to}.", "Altere a capa do lote no RM e reprocesse.",
		"Entry {entry} has the date {date}, outside of batch {batch}, which goes from {from} to {to}.", "Change the batch's cover in RM and reprocess."},

	LinesMissing: {
		"O lançamento não tem partidas.", "Envie em Partidas ao menos uma, com débito e crédito iguais.",
		"The entry has no lines.", "Send at least one in Partidas, with equal debit and credit."},
	LineUnknown: {
		"A partida {value} não pertence ao lançamento {entry}.", "Use o IdPartida de uma partida do lançamento, ou -1 para uma nova.",
		"Line {value} is not one of entry {entry}.", "Use the IdPartida of one of the entry's lines, or -1 for a new one."},
	LineRepeated: {
		"A partida {value} aparece mais de uma vez.", "Envie cada IdPartida uma só vez.",
		"Line {value} stands there more than once.", "Send each IdPartida once."},
	LineNoAccount: {
		"A partida não tem conta de débito nem de crédito.", "Informe Debito, Credito, ou os dois.",
		"The line has neither a debit nor a credit account.", "Give Debito, Credito, or both."},
	LineSameAccount: {
		"A partida debita e credita a mesma conta {value}.", "Use contas diferentes em Debito e Credito.",
		"The line debits and credits the same account {value}.", "Use different accounts in Debito and Credito."},
	Unbalanced: {
		"O lançamento não fecha: débitos {debit}, créditos {credit} (diferença {difference}).", "Ajuste Valor, Debito e Credito das Partidas até a soma dos débitos igualar a dos créditos.",
		"The entry does not balance: debits {debit}, credits {credit} (difference {difference}).", "Adjust Valor, Debito and Credito of the Partidas until debits equal credits."},
	UnbalancedGroup: {
		"A filial {branch} não fecha em {date}: débitos {debit}, créditos {credit} (diferença {difference}).", "Em cada filial e data os débitos devem igualar os créditos; ajuste as Partidas indicadas.",
		"Branch {branch} does not balance on {date}: debits {debit}, credits {credit} (difference {difference}).", "Per branch and date debits must equal credits; adjust the Partidas pointed at."},

	ManagerialNeeded: {
		"A conta {value} exige rateio gerencial, e a partida não traz o do lado {side}.", "Envie em Rateios as contas gerenciais, com {amount} somando Valor.",
		"Account {value} wants a managerial apportionment, and the line brings none on its {side} side.", "Send the managerial accounts in Rateios, with {amount} adding up to Valor."},
	ManagerialSum: {
		"O rateio gerencial do lado {side} soma {sum}, a partida vale {value} (diferença {difference}).", "Ajuste {amount} em Rateios para somar exatamente Valor.",
		"The managerial apportionment of the {side} side adds up to {sum}, the line is of {value} (difference {difference}).", "Adjust {amount} in Rateios to add up to exactly Valor."},
	ManagerialSide: {
		"O rateio gerencial deve ter valor de um lado só.", "Informe VlrDebito ou VlrCredito acima de zero, e o outro zero ou fora; para os dois lados, envie dois itens.",
		"A row of the managerial apportionment must have an amount on one side only.", "Give VlrDebito or VlrCredito above zero and leave the other out or zero; for both sides send two items."},
	ManagerialNoSide: {
		"O rateio gerencial é do lado {side}, em que a partida não tem conta.", "Mude o valor para o lado da conta, ou informe a conta desse lado na partida.",
		"The row of the managerial apportionment is on the {side} side, on which the line has no account.", "Move the amount to the account's side, or give the line an account on this side."},
	ManagerialForeign: {
		"O rateio gerencial {value} não pertence à partida {entry}.", "Use o IdRateio de um rateio da partida, ou -1 para um novo.",
		"Row {value} of the managerial apportionment is not one of line {entry}.", "Use the IdRateio of one of the line's rows, or -1 for a new one."},
}
