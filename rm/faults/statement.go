package faults

// Codes of the cash statement's rules.
const (
	ClearingDateNeeded Code = "CLEARING-DATE-NEEDED"
	ClearingBeforeDate Code = "CLEARING-BEFORE-DATE"

	StatementCleared    Code = "STATEMENT-CLEARED"
	StatementCancelled  Code = "STATEMENT-CANCELLED"
	StatementReconciled Code = "STATEMENT-RECONCILED"
	StatementReversed   Code = "STATEMENT-REVERSED"
	StatementAccounted  Code = "STATEMENT-ACCOUNTED"
	StatementSettlement Code = "STATEMENT-BY-SETTLEMENT"
	StatementProcess    Code = "STATEMENT-BY-PROCESS"
)

var statementTexts = map[Code]text{
	ClearingDateNeeded: {
		"O lançamento está compensado, mas não tem data de compensação.", "Informe DataCompensacao, ou envie Compensado 0.",
		"The entry is cleared but has no clearing date.", "Give DataCompensacao, or send Compensado 0."},
	ClearingBeforeDate: {
		"A compensação {cleared} é anterior à data {date} do lançamento.", "Corrija DataCompensacao ou Data.",
		"The clearing date {cleared} is before the entry's date {date}.", "Correct DataCompensacao or Data."},

	StatementCleared: {
		"O lançamento {entry} do extrato já foi compensado.", "Desfaça a compensação no RM antes de alterar, ou lance um ajuste.",
		"Statement entry {entry} is cleared.", "Undo the clearing in RM before editing, or book an adjustment."},
	StatementCancelled: {
		"O lançamento {entry} do extrato está cancelado.", "Inclua um lançamento novo.",
		"Statement entry {entry} is cancelled.", "Create a new entry."},
	StatementReconciled: {
		"O lançamento {entry} do extrato já foi conciliado com o banco.", "Desfaça a conciliação no RM antes de alterar, ou lance um ajuste.",
		"Statement entry {entry} is reconciled with the bank.", "Undo the reconciliation in RM before editing, or book an adjustment."},
	StatementReversed: {
		"O lançamento {entry} do extrato foi estornado.", "Inclua um lançamento novo.",
		"Statement entry {entry} is reversed.", "Create a new entry."},
	StatementAccounted: {
		"O lançamento {entry} do extrato já foi contabilizado.", "Estorne a contabilização no RM antes de alterar, ou lance um ajuste.",
		"Statement entry {entry} is accounted.", "Reverse its accounting in RM before editing, or book an adjustment."},
	StatementSettlement: {
		"O lançamento {entry} do extrato foi feito pela baixa do lançamento financeiro {by}.", "Altere a baixa no RM; o extrato a acompanha.",
		"Statement entry {entry} was made by the settlement of financial entry {by}.", "Change the settlement in RM; the statement follows it."},
	StatementProcess: {
		"O lançamento {entry} do extrato foi feito por um processo do RM ({kind}).", "Altere-o no processo que o fez; por aqui, só saques e depósitos (Tipo 1 e 2).",
		"Statement entry {entry} was made by a process of RM ({kind}).", "Change it in the process that made it; here only withdrawals and deposits (Tipo 1 and 2)."},
}
