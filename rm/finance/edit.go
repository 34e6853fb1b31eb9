package finance

import (
	"context"
	"fmt"
	"slices"

	"smartlink/contracts"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// edit judges and writes the change of an entry.
func (e *execution) edit(ctx context.Context) (booked, error) {
	company, id := e.given.Int("CodColigada"), e.given.Int("IdLan")
	named := e.given.Has("CodColigada") && e.given.Has("IdLan")
	var stored *contracts.Record
	var rows []*contracts.Record
	if named {
		var err error
		if stored, err = ledger.LoadEntry(ctx, e.tx, company, id); err != nil {
			return booked{}, err
		}
	}
	accounted := false
	if stored != nil {
		var err error
		if rows, err = ledger.LoadRows(ctx, e.tx, company, id); err != nil {
			return booked{}, err
		}
		accounted = slices.Contains([]int64{contracts.AccountingDone, contracts.AccountingSettled, contracts.AccountingThenOpen}, stored.Int("TipoContabilLan"))
		e.judgeState(stored)
		e.faults.AddViolations(e.given.CheckStored(stored, accounted))
	}
	// Without a stored entry everything given is judged as if it changed.
	before := stored
	if before == nil {
		before = contracts.NewRecord(contracts.FLAN, "")
	}
	entry := e.given.Over(before)
	known, err := e.judgeCodes(ctx, entry, before)
	if err != nil {
		return booked{}, err
	}
	if named && stored == nil && known.Company != ledger.Missing {
		e.fault(faults.EntryUnknown, e.given, "IdLan", faults.Args{"entry": entryKey(company, id), "keys": "CodColigada;IdLan"}, e.given.Pointer("CodColigada"))
	}
	e.judgeDates(entry, before)
	e.judgeClosing(entry, before, known.ClosedUpTo)
	change, err := e.judgeRowChange(ctx, entry, stored, rows, accounted)
	if err != nil {
		return booked{}, err
	}
	custom, err := e.judgeCustom(ctx)
	if err != nil || e.faults.Any() {
		return booked{}, err
	}
	return e.writeEdit(ctx, entry, change, custom)
}

// judgeState lets only open entries be edited.
func (e *execution) judgeState(stored *contracts.Record) {
	key := faults.Args{"entry": entryKey(stored.Int("CodColigada"), stored.Int("IdLan"))}
	switch stored.Int("StatusLan") {
	case contracts.EntryOpen:
		if stored.Int("AlteracaoBloqueada") != 0 {
			e.fault(faults.EntryBlocked, e.given, "IdLan", key)
		}
	case contracts.EntryCancelled:
		e.fault(faults.EntryCancelled, e.given, "IdLan", key)
	case contracts.EntryInRemittance:
		e.fault(faults.EntryRemitted, e.given, "IdLan", key)
	default:
		e.fault(faults.EntrySettled, e.given, "IdLan", key)
	}
}

// rowChange is what an edit does to the apportionment.
type rowChange struct{ add, change, remove []*contracts.Record }

func (c rowChange) empty() bool { return len(c.add) == 0 && len(c.change) == 0 && len(c.remove) == 0 }

// judgeRowChange joins the given list with the stored rows: a real id keeps its row, -1 adds one,
// what is not listed goes. An absent list leaves the rows as they are. before is the stored entry, nil
// when there is none; then nothing can be said about ids of rows either.
func (e *execution) judgeRowChange(ctx context.Context, entry, before *contracts.Record, stored []*contracts.Record, accounted bool) (rowChange, error) {
	if e.given.State("Rateios") == contracts.Absent {
		if len(stored) > 0 && e.given.Changes(before, "ValorOriginal") {
			e.fault(faults.ApportionmentNeeded, e.given, "ValorOriginal", nil, e.given.Pointer("Rateios"))
		}
		return rowChange{}, nil
	}
	byID := make(map[int64]*contracts.Record, len(stored))
	for _, row := range stored {
		byID[row.Int("IdRatCCu")] = row
	}
	key := entryKey(entry.Int("CodColigada"), entry.Int("IdLan"))
	var c rowChange
	var all []*contracts.Record
	originals := map[*contracts.Record]*contracts.Record{} // whole row → as stored
	listed := map[int64]bool{}
	for _, row := range e.given.Rows("Rateios") {
		id := row.Int("IdRatCCu")
		old := byID[id]
		switch {
		case row.State("IdRatCCu") == contracts.Invalid:
			all = append(all, row)
			continue
		case id <= 0:
			whole := row.Complete()
			c.add, all = append(c.add, whole), append(all, whole)
			continue
		case listed[id]:
			e.fault(faults.ApportionmentRepeated, row, "IdRatCCu", faults.Args{"value": row.Display("IdRatCCu"), "id": "IdRatCCu"})
		case old == nil && before != nil:
			e.fault(faults.ApportionmentUnknown, row, "IdRatCCu", faults.Args{"value": row.Display("IdRatCCu"), "entry": key, "id": "IdRatCCu"})
		}
		listed[id] = true
		if old == nil {
			all = append(all, row)
			continue
		}
		whole := row.Over(old)
		originals[whole] = old
		all = append(all, whole)
	}
	if err := e.judgeRows(ctx, entry, all, originals); err != nil {
		return rowChange{}, err
	}
	for _, row := range all {
		if old := originals[row]; old != nil && differs(row, old) {
			c.change = append(c.change, row)
		}
	}
	for _, row := range stored {
		if !listed[row.Int("IdRatCCu")] {
			c.remove = append(c.remove, row)
		}
	}
	if accounted && !c.empty() {
		e.faults.AddViolations([]contracts.Violation{{
			Code: contracts.Locked, Pointer: e.given.Pointer("Rateios"), Field: contracts.FLANRATCCU.Name, Of: contracts.FLAN.Field("Rateios"),
			Args: map[string]string{"stored": fmt.Sprintf("itens: %d", len(stored)), "stored.en": fmt.Sprintf("rows: %d", len(stored))},
		}})
	}
	return c, nil
}

// differs tells whether any column of a row changed.
func differs(whole, old *contracts.Record) bool {
	for i := range whole.Table.Fields {
		if whole.Changes(old, whole.Table.Fields[i].Name) {
			return true
		}
	}
	return false
}

// writeEdit writes the entry and what changed of its children.
func (e *execution) writeEdit(ctx context.Context, entry *contracts.Record, change rowChange, custom []ledger.CustomValue) (booked, error) {
	company, id := entry.Int("CodColigada"), entry.Int("IdLan")
	entry.Set("DataAlteracao", contracts.String(string(contracts.DateOf(e.x.Now.UTC()))))
	entry.Set("RecModifiedBy", e.user("CodUsuario"))
	entry.Set("RecModifiedOn", contracts.String(contracts.FormatMoment(e.x.Now)))
	if err := ledger.UpdateEntry(ctx, e.tx, entry); err != nil {
		return booked{}, err
	}
	for _, row := range change.remove {
		if err := ledger.DeleteRow(ctx, e.tx, row); err != nil {
			return booked{}, err
		}
	}
	for _, row := range change.change {
		if err := ledger.UpdateRow(ctx, e.tx, row); err != nil {
			return booked{}, err
		}
	}
	if err := e.insertRows(ctx, company, id, change.add); err != nil {
		return booked{}, err
	}
	switch {
	case e.given.State("Complementos") == contracts.Null:
		if err := ledger.EntryCustom.Clear(ctx, e.tx, company, id); err != nil {
			return booked{}, err
		}
	case len(custom) > 0:
		if err := ledger.EntryCustom.Save(ctx, e.tx, company, id, custom); err != nil {
			return booked{}, err
		}
	}
	return booked{company, id, "alterado"}, nil
}
