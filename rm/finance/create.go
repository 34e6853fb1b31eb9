package finance

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/ledger"
)

// create judges and writes a new entry.
func create(ctx context.Context, x *command.Execution) (command.Booked, error) {
	e := &execution{Execution: x}
	entry := e.Given.Complete()
	known, err := e.judgeCodes(ctx, entry, nil)
	if err != nil {
		return command.Booked{}, err
	}
	e.judgeDates(entry, nil)
	e.JudgeNew(closing(known, entry), entry, "DataEmissao")
	rows := make([]*contracts.Record, 0, len(e.Given.Rows("Rateios")))
	for _, row := range e.Given.Rows("Rateios") {
		rows = append(rows, row.Complete())
	}
	if err := e.judgeRows(ctx, entry, rows, nil); err != nil {
		return command.Booked{}, err
	}
	custom, err := e.JudgeCustom(ctx, ledger.EntryCustom)
	if err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	return e.writeNew(ctx, entry, rows, custom)
}

// writeNew gives the entry and its rows their ids and inserts them.
func (e *execution) writeNew(ctx context.Context, entry *contracts.Record, rows []*contracts.Record, custom []ledger.CustomValue) (command.Booked, error) {
	company := entry.Int("CodColigada")
	id, err := ledger.NextEntryID(ctx, e.Tx, company)
	if err != nil {
		return command.Booked{}, err
	}
	entry.Set("IdLan", contracts.Int(id))
	if !entry.Has("DataCriacao") {
		entry.Set("DataCriacao", e.Today())
	}
	e.Created(entry)
	if err := ledger.InsertEntry(ctx, e.Tx, entry); err != nil {
		return command.Booked{}, err
	}
	if err := e.insertRows(ctx, company, id, rows); err != nil {
		return command.Booked{}, err
	}
	return booked(entry, "incluído"), e.WriteCustom(ctx, ledger.EntryCustom, company, id, custom)
}

// insertRows gives new rows their ids and inserts them.
func (e *execution) insertRows(ctx context.Context, company, id int64, rows []*contracts.Record) error {
	if len(rows) == 0 {
		return nil
	}
	next, err := ledger.NextRowIDs(ctx, e.Tx, company, id, len(rows))
	if err != nil {
		return err
	}
	for i, row := range rows {
		row.Set("CodColigada", contracts.Int(company))
		row.Set("IdLan", contracts.Int(id))
		row.Set("IdRatCCu", contracts.Int(next+int64(i)))
		if err := ledger.InsertRow(ctx, e.Tx, row); err != nil {
			return err
		}
	}
	return nil
}
