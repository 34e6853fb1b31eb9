package statement

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// judgeCodes makes sure that the codes of an entry exist and are active.
func judgeCodes(ctx context.Context, e *command.Execution, entry, before *contracts.Record) (ledger.StatementMaster, error) {
	company := entry.Int("CodColigada")
	if !entry.Has("CodColigada") {
		return ledger.StatementMaster{}, nil // nothing can be looked up without a company
	}
	e.CompleteCompanies(e.Given, entry, company)
	known, err := ledger.LookUpStatement(ctx, e.Tx, company, entry.Int("CodFilial"), entry.Int("CodColCxa"), entry.Text("CodCxa"))
	if err != nil || !e.JudgeCompany(known.Company) {
		return known, err
	}
	e.JudgeCodes(entry, before,
		command.Code{Status: known.Branch, Name: "CodFilial", Of: "CodColigada", Unknown: faults.BranchUnknown, Inactive: faults.BranchInactive},
		command.Code{Status: known.Cash, Name: "CodCxa", Of: "CodColCxa", Unknown: faults.CashUnknown, Inactive: faults.CashInactive},
	)
	return known, nil
}

// judgeClearing wants a clearing date of what is cleared, and none before the entry's own date.
func judgeClearing(e *command.Execution, entry, before *contracts.Record) {
	if !command.Changes(entry, before, "Compensado", "DataCompensacao", "Data") {
		return
	}
	cleared, date := entry.Date("DataCompensacao"), entry.Date("Data")
	switch state := entry.State("DataCompensacao"); {
	case state == contracts.Present && date != "" && cleared < date:
		e.Fault(faults.ClearingBeforeDate, entry, "DataCompensacao", faults.Args{}.Date("cleared", cleared).Date("date", date), entry.Pointer("Data"))
	case state != contracts.Present && state != contracts.Invalid && entry.Int("Compensado") == contracts.Cleared:
		e.Fault(faults.ClearingDateNeeded, entry, "DataCompensacao", nil, entry.Pointer("Compensado"))
	}
}

// judgeState lets only entries be edited that a command could have made and that nothing has happened to
// since.
func judgeState(ctx context.Context, e *command.Execution, stored *contracts.Record) error {
	company, id := stored.Int("CodColigada"), stored.Int("IdXcx")
	by, err := ledger.SettlementOf(ctx, e.Tx, company, id)
	if err != nil {
		return err
	}
	args := faults.Args{"entry": key(stored), "by": by}
	kind := stored.Int("Tipo")
	for _, option := range contracts.FXCX.Field("Tipo").Values {
		if option.Value == kind {
			args["kind"], args["kind.en"] = option.PT, option.EN
		}
	}
	for _, rule := range []struct {
		broken bool
		code   faults.Code
	}{
		{by != "", faults.StatementSettlement},
		{by == "" && kind != contracts.Withdrawal && kind != contracts.Deposit, faults.StatementProcess},
		{stored.Int("Compensado") == contracts.Cleared, faults.StatementCleared},
		{stored.Int("Compensado") == contracts.ClearingCancelled, faults.StatementCancelled},
		{stored.Int("Reconciliado") != 0, faults.StatementReconciled},
		{stored.Int("Estornado") != 0, faults.StatementReversed},
		{stored.Int("Contabil") != 0, faults.StatementAccounted},
	} {
		if rule.broken {
			e.Fault(rule.code, e.Given, "IdXcx", args)
		}
	}
	return nil
}

// followAmount lets the amounts for accounting and in reais follow the amount of an edit: an amount that
// was the entry's own and is not given stays the entry's own.
func followAmount(given, entry, before *contracts.Record) {
	if !entry.Has("Valor") || !entry.Changes(before, "Valor") {
		return
	}
	for _, name := range []string{"ValorContabil", "ValorEmReais"} {
		if given.State(name) == contracts.Absent && before.Has(name) && before.Int(name) == before.Int("Valor") {
			entry.Set(name, contracts.Int(entry.Int("Valor")))
		}
	}
}

// closing is up to when finance is closed. FXCX has one date that counts.
func closing(known ledger.StatementMaster, entry *contracts.Record) command.Closing {
	return command.Finance(known.ClosedUpTo, entry.Display("CodColigada"), key(entry), "data", "date")
}
