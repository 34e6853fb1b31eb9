package faults

import (
	"maps"

	"smartlink/contracts"
)

// Codes of the rules. Those of a command's form are the codes of contracts.
const (
	CompanyUnknown    Code = "COLIGADA-UNKNOWN"
	CompanyInactive   Code = "COLIGADA-INACTIVE"
	BranchUnknown     Code = "FILIAL-UNKNOWN"
	BranchInactive    Code = "FILIAL-INACTIVE"
	PartyUnknown      Code = "CFO-UNKNOWN"
	PartyInactive     Code = "CFO-INACTIVE"
	DocTypeUnknown    Code = "TDO-UNKNOWN"
	DocTypeInactive   Code = "TDO-INACTIVE"
	CashUnknown       Code = "CXA-UNKNOWN"
	CashInactive      Code = "CXA-INACTIVE"
	CurrencyUnknown   Code = "MOEDA-UNKNOWN"
	CurrencyInactive  Code = "MOEDA-INACTIVE"
	CentreUnknown     Code = "CCUSTO-UNKNOWN"
	CentreInactive    Code = "CCUSTO-INACTIVE"
	CentreNoPosting   Code = "CCUSTO-NO-POSTING"
	DepartmentUnknown Code = "DEPTO-UNKNOWN"
	DepartmentInact   Code = "DEPTO-INACTIVE"
	NatureUnknown     Code = "NATUREZA-UNKNOWN"
	NatureInactive    Code = "NATUREZA-INACTIVE"
	NatureSynthetic   Code = "NATUREZA-SYNTHETIC"

	DueBeforeIssue    Code = "DUE-BEFORE-ISSUE"
	PeriodClosed      Code = "PERIOD-CLOSED"
	EntryPeriodClosed Code = "ENTRY-PERIOD-CLOSED"

	EntryUnknown   Code = "ENTRY-UNKNOWN"
	EntrySettled   Code = "ENTRY-SETTLED"
	EntryCancelled Code = "ENTRY-CANCELLED"
	EntryRemitted  Code = "ENTRY-IN-REMITTANCE"
	EntryBlocked   Code = "ENTRY-BLOCKED"

	ApportionmentSum      Code = "RATEIO-SUM"
	ApportionmentPercent  Code = "RATEIO-PERCENT-SUM"
	ApportionmentSome     Code = "RATEIO-PERCENT-SOME"
	ApportionmentNeeded   Code = "RATEIO-NEEDED"
	ApportionmentUnknown  Code = "RATEIO-UNKNOWN"
	ApportionmentRepeated Code = "RATEIO-REPEATED"
	ApportionmentEmpty    Code = "RATEIO-EMPTY"

	// Of the writer that calls RM's web services.
	MarkerField        Code = "MARKER-FIELD"
	MarkerRoom         Code = "MARKER-ROOM"
	ApportionmentStays Code = "RATEIO-STAYS"
	Refused            Code = "REFUSED"

	More Code = "MORE"
)

// text is a fault in both languages. {label} is the field's meaning, {name} its property.
type text struct{ pt, helpPT, en, helpEN string }

var catalogue = merged(general, statementTexts, accountingTexts)

func merged(parts ...map[Code]text) map[Code]text {
	all := map[Code]text{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// general holds the texts of a command's form and of financial entries.
var general = map[Code]text{
	Code(contracts.NotJSON): {
		"O corpo da mensagem não é um JSON válido em UTF-8.", "Corrija o remetente e envie de novo; nada foi lançado.",
		"The message's body is not valid JSON in UTF-8.", "Correct the sender and send again; nothing was booked."},
	Code(contracts.NoData): {
		"O corpo não traz um objeto de dados (um registro por mensagem).", "Envie {\"header\":{…},\"data\":{…}}, com um objeto em data.",
		"The body carries no data object (one record per message).", "Send {\"header\":{…},\"data\":{…}}, with one object in data."},
	Code(contracts.Repeated): {
		"A propriedade {name} aparece mais de uma vez (maiúsculas e minúsculas não contam).", "Envie a propriedade uma só vez.",
		"The property {name} stands there more than once (case does not count).", "Send the property once."},
	Code(contracts.Unknown): {
		"A propriedade {name} não é conhecida; foi guardada com a mensagem e não foi lançada.", "Confira o nome; se não for preciso, deixe de enviar.",
		"The property {name} is not known; it was kept with the message and not booked.", "Check the name; leave it out if it is not needed."},
	Code(contracts.Required): {
		"{label} é obrigatório.", "Informe {name}.",
		"{label} is required.", "Give {name}."},
	Code(contracts.NotNull): {
		"{label} não pode ficar vazio.", "Informe um valor em {name}, ou deixe de enviar para não alterar.",
		"{label} cannot be empty.", "Give a value in {name}, or leave it out so that it stays."},
	Code(contracts.WrongType): {
		"{label}: o valor deve ser {want}.", "Corrija {name}; códigos vão sempre entre aspas.",
		"{label}: the value must be {want}.", "Correct {name}; codes always stand in quotes."},
	Code(contracts.TooLong): {
		"{label} tem {length} caracteres; cabem {size}.", "Encurte {name}; nada é cortado por conta própria.",
		"{label} has {length} characters; {size} fit.", "Shorten {name}; nothing is ever cut for you."},
	Code(contracts.OutOfRange): {
		"{label}: {value} está fora do intervalo ({range}).", "Corrija {name}.",
		"{label}: {value} is out of range ({range}).", "Correct {name}."},
	Code(contracts.TooManyPlaces): {
		"{label}: {value} tem mais de {places} casas decimais.", "Arredonde {name} na origem; aqui nada é arredondado.",
		"{label}: {value} has more than {places} decimal places.", "Round {name} at its source; nothing is rounded here."},
	Code(contracts.NotDate): {
		"{label}: {value} não é uma data válida.", "Use AAAA-MM-DD ou AAAA-MM-DDThh:mm:ss em {name}, de 1900 a 2999.",
		"{label}: {value} is no valid date.", "Use YYYY-MM-DD or YYYY-MM-DDThh:mm:ss in {name}, from 1900 to 2999."},
	Code(contracts.NotAllowed): {
		"{label}: {value} não é um valor aceito.", "Use um destes em {name}: {allowed}.",
		"{label}: {value} is not an accepted value.", "Use one of these in {name}: {allowed}."},
	Code(contracts.BadCharacters): {
		"{label} contém caracteres de controle ou que se perderam no caminho.", "Remova-os de {name} e envie em UTF-8.",
		"{label} contains control characters or characters that were lost on the way.", "Remove them from {name} and send UTF-8."},
	Code(contracts.NotPositive): {
		"{label} deve ser maior que zero; veio {value}.", "Envie {name} acima de zero; o sentido não vai no sinal.",
		"{label} must be above zero; {value} came.", "Send {name} above zero; the sign does not tell the direction."},
	Code(contracts.Negative): {
		"{label} não pode ser negativo; veio {value}.", "Corrija {name}.",
		"{label} cannot be below zero; {value} came.", "Correct {name}."},
	Code(contracts.KeyGiven): {
		"{label}: uma inclusão não traz identificador próprio; veio {value}.", "Envie {name} -1 para incluir, ou o comando de alteração para alterar.",
		"{label}: a new record brings no id of its own; {value} came.", "Send {name} -1 to create, or the edit command to change."},
	Code(contracts.KeyMissing): {
		"{label}: a alteração exige o identificador real.", "Informe em {name} o identificador que a inclusão respondeu.",
		"{label}: an edit needs the real id.", "Give in {name} the id that the creation answered."},
	Code(contracts.ParentKey): {
		"{label}: o item diz {value}, o registro a que pertence diz {parent}.", "Deixe {name} fora do item, ou repita o do registro.",
		"{label}: the item says {value}, the record it belongs to says {parent}.", "Leave {name} out of the item, or repeat the record's."},
	Code(contracts.ReadOnly): {
		"{label} é mantido pelo ERP e não pode ser alterado: veio {value}, vale {expected}.", "Deixe {name} fora da mensagem.",
		"{label} is kept by the ERP and cannot be changed: {value} came, {expected} holds.", "Leave {name} out of the message."},
	Code(contracts.Locked): {
		"{label} não pode mudar: o lançamento já foi contabilizado (está {stored}).", "Estorne a contabilização no ERP antes, ou não altere {name}.",
		"{label} cannot change: the entry is accounted (it holds {stored}).", "Reverse the accounting in the ERP first, or leave {name} as it is."},
	Code(contracts.ForeignCompany): {
		"{label}: {value} não é 0 nem a coligada do lançamento ({company}).", "Use em {name} 0 (cadastro comum a todas) ou {company}.",
		"{label}: {value} is neither 0 nor the entry's company ({company}).", "Use 0 (shared by all) or {company} in {name}."},
	Code(contracts.TooManyRows): {
		"{label}: {rows} itens; cabem {max}.", "Agrupe os itens de {name}.",
		"{label}: {rows} items; {max} fit.", "Group the items of {name}."},
	Code(contracts.MustBeFalse): {
		"{label} não é feito aqui: o rateio não é preenchido por conta própria.", "Envie o rateio em Rateios e deixe {name} fora, ou false.",
		"{label} is not done here: the apportionment is never filled in for you.", "Send the apportionment in Rateios and leave {name} out, or false."},

	CompanyUnknown: {
		"Coligada {company} não existe.", "Corrija CodColigada, ou cadastre a coligada no RM e reprocesse.",
		"Company {company} does not exist.", "Correct CodColigada, or register the company in RM and reprocess."},
	CompanyInactive: {
		"Coligada {company} está inativa.", "Use uma coligada ativa, ou reative-a no RM e reprocesse.",
		"Company {company} is inactive.", "Use an active company, or reactivate it in RM and reprocess."},
	BranchUnknown: {
		"Filial {value} não existe na coligada {company}.", "Corrija CodFilial, ou cadastre a filial no RM e reprocesse.",
		"Branch {value} does not exist in company {company}.", "Correct CodFilial, or register the branch in RM and reprocess."},
	BranchInactive: {
		"Filial {value} da coligada {company} está inativa.", "Use uma filial ativa, ou reative-a no RM e reprocesse.",
		"Branch {value} of company {company} is inactive.", "Use an active branch, or reactivate it in RM and reprocess."},
	PartyUnknown: {
		"{who} {value} não existe na coligada {company}.", "Corrija CodCfo ou CodColCfo (0 = cadastro comum), ou cadastre o {who.small} no RM e reprocesse.",
		"{who} {value} does not exist in company {company}.", "Correct CodCfo or CodColCfo (0 = shared), or register the {who.small} in RM and reprocess."},
	PartyInactive: {
		"{who} {value} da coligada {company} está inativo.", "Use um {who.small} ativo, ou reative-o no RM e reprocesse.",
		"{who} {value} of company {company} is inactive.", "Use an active {who.small}, or reactivate it in RM and reprocess."},
	DocTypeUnknown: {
		"Tipo de documento {value} não existe na coligada {company}.", "Corrija CodTdo, ou cadastre o tipo no RM e reprocesse.",
		"Document type {value} does not exist in company {company}.", "Correct CodTdo, or register the type in RM and reprocess."},
	DocTypeInactive: {
		"Tipo de documento {value} da coligada {company} está inativo.", "Use um tipo ativo, ou reative-o no RM e reprocesse.",
		"Document type {value} of company {company} is inactive.", "Use an active type, or reactivate it in RM and reprocess."},
	CashUnknown: {
		"Conta/caixa {value} não existe na coligada {company}.", "Corrija CodCxa ou CodColCxa, ou cadastre a conta no RM e reprocesse.",
		"Cash account {value} does not exist in company {company}.", "Correct CodCxa or CodColCxa, or register the account in RM and reprocess."},
	CashInactive: {
		"Conta/caixa {value} da coligada {company} está inativa.", "Use uma conta ativa, ou reative-a no RM e reprocesse.",
		"Cash account {value} of company {company} is inactive.", "Use an active account, or reactivate it in RM and reprocess."},
	CurrencyUnknown: {
		"Moeda {value} não existe.", "Corrija CodMoeValorOriginal (o padrão é R$), ou cadastre a moeda no RM e reprocesse.",
		"Currency {value} does not exist.", "Correct CodMoeValorOriginal (the default is R$), or register the currency in RM and reprocess."},
	CurrencyInactive: {
		"Moeda {value} está inativa.", "Use uma moeda ativa, ou reative-a no RM e reprocesse.",
		"Currency {value} is inactive.", "Use an active currency, or reactivate it in RM and reprocess."},
	CentreUnknown: {
		"Centro de custo {value} não existe na coligada {company}.", "Corrija CodCCusto, ou cadastre o centro de custo no RM e reprocesse.",
		"Cost centre {value} does not exist in company {company}.", "Correct CodCCusto, or register the cost centre in RM and reprocess."},
	CentreInactive: {
		"Centro de custo {value} da coligada {company} está inativo.", "Use um centro de custo ativo, ou reative-o no RM e reprocesse.",
		"Cost centre {value} of company {company} is inactive.", "Use an active cost centre, or reactivate it in RM and reprocess."},
	CentreNoPosting: {
		"Centro de custo {value} da coligada {company} não aceita lançamentos.", "Use um centro de custo de último nível, ou permita lançamentos nele no RM.",
		"Cost centre {value} of company {company} takes no entries.", "Use a cost centre of the last level, or let it take entries in RM."},
	DepartmentUnknown: {
		"Departamento {value} não existe na coligada {company}.", "Corrija CodDepartamento, ou cadastre o departamento no RM e reprocesse.",
		"Department {value} does not exist in company {company}.", "Correct CodDepartamento, or register the department in RM and reprocess."},
	DepartmentInact: {
		"Departamento {value} da coligada {company} está inativo.", "Use um departamento ativo, ou reative-o no RM e reprocesse.",
		"Department {value} of company {company} is inactive.", "Use an active department, or reactivate it in RM and reprocess."},
	NatureUnknown: {
		"Natureza financeira {value} não existe na coligada {company}.", "Corrija CodNatFinanceira ou CodColNatFinanceira, ou cadastre a natureza no RM e reprocesse.",
		"Financial nature {value} does not exist in company {company}.", "Correct CodNatFinanceira or CodColNatFinanceira, or register the nature in RM and reprocess."},
	NatureInactive: {
		"Natureza financeira {value} da coligada {company} está inativa.", "Use uma natureza ativa, ou reative-a no RM e reprocesse.",
		"Financial nature {value} of company {company} is inactive.", "Use an active nature, or reactivate it in RM and reprocess."},
	NatureSynthetic: {
		"Natureza financeira {value} da coligada {company} é sintética: só soma as de baixo.", "Use uma natureza de último nível.",
		"Financial nature {value} of company {company} is synthetic: it only sums those below.", "Use a nature of the last level."},

	DueBeforeIssue: {
		"O vencimento {due} é anterior à emissão {issue}.", "Corrija DataVencimento ou DataEmissao.",
		"The due date {due} is before the issue date {issue}.", "Correct DataVencimento or DataEmissao."},
	PeriodClosed: {
		"A {what} {date} está em período fechado: {module} da coligada {company} está fechado até {closed}.",
		"Use uma data depois de {closed}, ou peça a reabertura do período no RM e reprocesse.",
		"The {what} {date} is in a closed period: {module} of company {company} is closed up to {closed}.",
		"Use a date after {closed}, or ask to reopen the period in RM and reprocess."},
	EntryPeriodClosed: {
		"O lançamento {entry} tem {what} {date}, em período fechado: {module} da coligada {company} está fechado até {closed}.",
		"Peça a reabertura do período no RM e reprocesse, ou lance a correção em um período aberto.",
		"Entry {entry} has the {what} {date}, in a closed period: {module} of company {company} is closed up to {closed}.",
		"Ask to reopen the period in RM and reprocess, or book the correction in an open period."},

	EntryUnknown: {
		"O lançamento {entry} não existe.", "Confira a chave ({keys}) com a resposta da inclusão; se ela ainda não foi lançada, reprocesse depois.",
		"Entry {entry} does not exist.", "Compare the key ({keys}) with the answer to the creation; if that is not booked yet, reprocess later."},
	EntrySettled: {
		"O lançamento {entry} já foi baixado, no todo ou em parte.", "Cancele a baixa no RM antes de alterar, ou lance um ajuste.",
		"Entry {entry} is settled, wholly or partly.", "Cancel the settlement in RM before editing, or book an adjustment."},
	EntryCancelled: {
		"O lançamento {entry} está cancelado.", "Inclua um lançamento novo.",
		"Entry {entry} is cancelled.", "Create a new entry."},
	EntryRemitted: {
		"O lançamento {entry} está em um borderô.", "Retire-o do borderô no RM antes de alterar.",
		"Entry {entry} is in a remittance.", "Take it out of the remittance in RM before editing."},
	EntryBlocked: {
		"O lançamento {entry} está com a alteração bloqueada no RM.", "Desbloqueie a alteração no RM e reprocesse.",
		"Editing of entry {entry} is blocked in RM.", "Unblock it in RM and reprocess."},

	ApportionmentSum: {
		"A soma dos rateios é {sum}, o valor original é {value} (diferença {difference}).", "Ajuste os Valor de Rateios para somar exatamente ValorOriginal.",
		"The rows of the apportionment add up to {sum}, the face value is {value} (difference {difference}).", "Adjust Valor in Rateios to add up to exactly ValorOriginal."},
	ApportionmentPercent: {
		"Os percentuais dos rateios somam {sum}, não 100.", "Ajuste os Percentual de Rateios para somar 100, ou deixe-os todos fora.",
		"The percentages of the apportionment add up to {sum}, not 100.", "Adjust Percentual in Rateios to add up to 100, or leave all of them out."},
	ApportionmentSome: {
		"Só alguns rateios têm percentual.", "Informe Percentual em todos os itens de Rateios, ou em nenhum.",
		"Only some rows of the apportionment have a percentage.", "Give Percentual in all items of Rateios, or in none."},
	ApportionmentNeeded: {
		"O valor original mudou, mas o lançamento tem rateio e a mensagem não traz Rateios.", "Envie em Rateios a lista inteira, com a soma do novo valor.",
		"The face value changed, but the entry has an apportionment and the message brings no Rateios.", "Send the whole list in Rateios, adding up to the new value."},
	ApportionmentUnknown: {
		"O rateio {value} não pertence ao lançamento {entry}.", "Use o {id} de um rateio do lançamento, ou -1 para um novo.",
		"Row {value} of the apportionment is not one of entry {entry}.", "Use the {id} of one of the entry's rows, or -1 for a new one."},
	ApportionmentRepeated: {
		"O rateio {value} aparece mais de uma vez.", "Envie cada {id} uma só vez.",
		"Row {value} of the apportionment stands there more than once.", "Send each {id} once."},
	ApportionmentEmpty: {
		"O rateio não tem centro de custo nem natureza financeira.", "Informe CodCCusto ou CodNatFinanceira no item.",
		"The row has neither a cost centre nor a financial nature.", "Give CodCCusto or CodNatFinanceira in the item."},

	MarkerField: {
		"{label} guarda o marcador com que se reconhece o lançamento no RM, e não pode trazer outro texto.", "Deixe {name} vazio, ou configure outro campo para o marcador.",
		"{label} keeps the marker by which the entry is recognised in RM, and can hold no other text.", "Leave {name} empty, or configure another field for the marker."},
	MarkerRoom: {
		"{label}: {length} caracteres; com o marcador do lançamento, que vai no fim, cabem {size}.", "Abrevie {name}.",
		"{label}: {length} characters; beside the entry's marker, which stands at the end, {size} fit.", "Shorten {name}."},
	ApportionmentStays: {
		"O serviço web do RM não retira o último item de um rateio.", "Retire o rateio no RM, ou envie um com pelo menos um item.",
		"RM's web service does not take the last row out of an apportionment.", "Take the apportionment out in RM, or send one with at least one row."},
	Refused: {
		"O RM recusou: {text}.", "Corrija o que o RM diz e envie de novo; se for um cadastro, corrija-o e reprocesse.",
		"RM refused: {text}.", "Correct what RM says and send again; master data can be mended and the message reprocessed."},

	More: {
		"Há mais {count} além dos listados.", "Corrija os listados e envie de novo.",
		"There are {count} more beyond those listed.", "Correct those listed and send again."},
}
