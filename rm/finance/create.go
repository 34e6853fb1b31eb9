package finance

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/ledger"
)

// create judges and writes a new entry.
func (e *execution) create(ctx context.Context) (booked, error) {
	entry := e.given.Complete()
	known, err := e.judgeCodes(ctx, entry, nil)
	if err != nil {
		return booked{}, err
	}
	e.judgeDates(entry, nil)
	e.judgeClosing(entry, nil, known.ClosedUpTo)
	rows := make([]*contracts.Record, 0, len(e.given.Rows("Rateios")))
	for _, row := range e.given.Rows("Rateios") {
		rows = append(rows, row.Complete())
	}
	if err := e.judgeRows(ctx, entry, rows, nil); err != nil {
		return booked{}, err
	}
	custom, err := e.judgeCustom(ctx)
	if err != nil || e.faults.Any() {
		return booked{}, err
	}
	return e.writeNew(ctx, entry, rows, custom)
}

// writeNew gives the entry and its rows their ids and inserts them.
func (e *execution) writeNew(ctx context.Context, entry *contracts.Record, rows []*contracts.Record, custom []ledger.CustomValue) (booked, error) {
	company := entry.Int("CodColigada")
	id, err := ledger.NextEntryID(ctx, e.tx, company)
	if err != nil {
		return booked{}, err
	}
	entry.Set("IdLan", contracts.Int(id))
	if !entry.Has("DataCriacao") {
		entry.Set("DataCriacao", contracts.String(string(contracts.DateOf(e.x.Now.UTC()))))
	}
	entry.Set("RecCreatedBy", e.user("CodUsuario", "UsuarioInclusao"))
	entry.Set("RecCreatedOn", contracts.String(contracts.FormatMoment(e.x.Now)))
	if err := ledger.InsertEntry(ctx, e.tx, entry); err != nil {
		return booked{}, err
	}
	if err := e.insertRows(ctx, company, id, rows); err != nil {
		return booked{}, err
	}
	if len(custom) > 0 {
		if err := ledger.EntryCustom.Save(ctx, e.tx, company, id, custom); err != nil {
			return booked{}, err
		}
	}
	return booked{company, id, "incluído"}, nil
}

// insertRows gives new rows their ids and inserts them.
func (e *execution) insertRows(ctx context.Context, company, id int64, rows []*contracts.Record) error {
	if len(rows) == 0 {
		return nil
	}
	next, err := ledger.NextRowIDs(ctx, e.tx, company, id, len(rows))
	if err != nil {
		return err
	}
	for i, row := range rows {
		row.Set("CodColigada", contracts.Int(company))
		row.Set("IdLan", contracts.Int(id))
		row.Set("IdRatCCu", contracts.Int(next+int64(i)))
		if err := ledger.InsertRow(ctx, e.tx, row); err != nil {
			return err
		}
	}
	return nil
}
