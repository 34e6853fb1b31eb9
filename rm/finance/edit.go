package finance

import (
	"context"
	"fmt"
	"slices"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// edit judges and writes the change of an entry.
func edit(ctx context.Context, x *command.Execution) (command.Booked, error) {
	e := &execution{Execution: x, edits: true}
	company, id := e.Given.Int("CodColigada"), e.Given.Int("IdLan")
	named := e.Given.Has("CodColigada") && e.Given.Has("IdLan")
	var stored *contracts.Record
	var rows []*contracts.Record
	if named {
		var err error
		if stored, err = ledger.LockEntry(ctx, e.Tx, company, id); err != nil {
			return command.Booked{}, err
		}
	}
	accounted := false
	if stored != nil {
		var err error
		if rows, err = ledger.LoadRows(ctx, e.Tx, company, id); err != nil {
			return command.Booked{}, err
		}
		accounted = slices.Contains([]int64{contracts.AccountingDone, contracts.AccountingSettled, contracts.AccountingThenOpen}, stored.Int("TipoContabilLan"))
		e.judgeState(stored)
		e.Faults.AddViolations(e.Given.CheckStored(stored, accounted))
	}
	// Without a stored entry everything given is judged as if it changed.
	before := stored
	if before == nil {
		before = contracts.NewRecord(contracts.FLAN, "")
	}
	entry := e.Given.Over(before)
	known, err := e.judgeCodes(ctx, entry, before)
	if err != nil {
		return command.Booked{}, err
	}
	if named && stored == nil && known.Company != ledger.Missing {
		e.Fault(faults.EntryUnknown, e.Given, "IdLan", faults.Args{"entry": key(e.Given), "keys": "CodColigada;IdLan"}, e.Given.Pointer("CodColigada"))
	}
	e.judgeDates(entry, before)
	e.JudgeStored(closing(known, entry), before.Date("DataEmissao"), "IdLan", "DATAEMISSAO")
	if entry.Changes(before, "DataEmissao") {
		e.JudgeNew(closing(known, entry), entry, "DataEmissao")
	}
	change, err := e.judgeRowChange(ctx, entry, stored, rows, accounted)
	if err != nil {
		return command.Booked{}, err
	}
	custom, err := e.JudgeCustom(ctx, ledger.EntryCustom)
	if err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	return e.writeEdit(ctx, entry, change, custom)
}

// judgeState lets only open entries be edited.
func (e *execution) judgeState(stored *contracts.Record) {
	args := faults.Args{"entry": key(stored)}
	switch stored.Int("StatusLan") {
	case contracts.EntryOpen:
		if stored.Int("AlteracaoBloqueada") != 0 {
			e.Fault(faults.EntryBlocked, e.Given, "IdLan", args)
		}
	case contracts.EntryCancelled:
		e.Fault(faults.EntryCancelled, e.Given, "IdLan", args)
	case contracts.EntryInRemittance:
		e.Fault(faults.EntryRemitted, e.Given, "IdLan", args)
	default:
		e.Fault(faults.EntrySettled, e.Given, "IdLan", args)
	}
}

// judgeRowChange joins the given list with the stored rows. An absent list leaves the rows as they are.
// before is the stored entry, nil when there is none; then nothing can be said about ids of rows either.
func (e *execution) judgeRowChange(ctx context.Context, entry, before *contracts.Record, stored []*contracts.Record, accounted bool) (command.Rows, error) {
	if e.Given.State("Rateios") == contracts.Absent {
		if len(stored) > 0 && e.Given.Changes(before, "ValorOriginal") {
			e.Fault(faults.ApportionmentNeeded, e.Given, "ValorOriginal", nil, e.Given.Pointer("Rateios"))
		}
		return command.Rows{}, nil
	}
	unknown := faults.ApportionmentUnknown
	if before == nil {
		unknown = ""
	}
	rows := e.Join(e.Given.Rows("Rateios"), stored, "IdRatCCu", unknown, faults.ApportionmentRepeated, faults.Args{"entry": key(entry)})
	if err := e.judgeRows(ctx, entry, rows.All, rows.Old); err != nil {
		return rows, err
	}
	if accounted && (len(rows.Add) > 0 || len(rows.Remove) > 0 || len(rows.Changed()) > 0) {
		e.Faults.AddViolations([]contracts.Violation{{
			Code: contracts.Locked, Pointer: e.Given.Pointer("Rateios"), Field: contracts.FLANRATCCU.Name, Of: contracts.FLAN.Field("Rateios"),
			Args: map[string]string{"stored": fmt.Sprintf("itens: %d", len(stored)), "stored.en": fmt.Sprintf("rows: %d", len(stored))},
		}})
	}
	return rows, nil
}

// writeEdit writes the entry and what changed of its children.
func (e *execution) writeEdit(ctx context.Context, entry *contracts.Record, rows command.Rows, custom []ledger.CustomValue) (command.Booked, error) {
	company, id := entry.Int("CodColigada"), entry.Int("IdLan")
	entry.Set("DataAlteracao", e.Today())
	e.Modified(entry)
	if err := ledger.UpdateEntry(ctx, e.Tx, entry); err != nil {
		return command.Booked{}, err
	}
	for _, row := range rows.Remove {
		if err := ledger.DeleteRow(ctx, e.Tx, row); err != nil {
			return command.Booked{}, err
		}
	}
	for _, row := range rows.Changed() {
		if err := ledger.UpdateRow(ctx, e.Tx, row); err != nil {
			return command.Booked{}, err
		}
	}
	if err := e.insertRows(ctx, company, id, rows.Add); err != nil {
		return command.Booked{}, err
	}
	return booked(entry, "alterado"), e.WriteCustom(ctx, ledger.EntryCustom, company, id, custom)
}
