package ledger

import (
	"context"

	"smartlink/consumer"
	"smartlink/contracts"
)

var (
	entries = newStatements(contracts.FLAN, 2, "CodColigada", "IdLan")
	rows    = newStatements(contracts.FLANRATCCU, 2, "CodColigada", "IdLan", "IdRatCCu")
)

// LoadEntry reads a financial entry; nil when there is none.
func LoadEntry(ctx context.Context, tx consumer.Tx, company, id int64) (*contracts.Record, error) {
	return only(entries.load(ctx, tx, company, id))
}

// LockEntry is LoadEntry for one that is going to be changed: nobody else changes it, or its children,
// until the transaction ends.
func LockEntry(ctx context.Context, tx consumer.Tx, company, id int64) (*contracts.Record, error) {
	return entries.lock(ctx, tx, company, id)
}

// LoadRows reads the apportionment of an entry, in the order of its ids.
func LoadRows(ctx context.Context, tx consumer.Tx, company, id int64) ([]*contracts.Record, error) {
	return rows.load(ctx, tx, company, id)
}

// InsertEntry writes a new entry without its children.
func InsertEntry(ctx context.Context, tx consumer.Tx, e *contracts.Record) error {
	return entries.insert(ctx, tx, e)
}

// UpdateEntry writes an existing entry without its children.
func UpdateEntry(ctx context.Context, tx consumer.Tx, e *contracts.Record) error {
	return entries.update(ctx, tx, e)
}

// InsertRow writes a new row of an apportionment.
func InsertRow(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return rows.insert(ctx, tx, r)
}

// UpdateRow writes an existing row of an apportionment.
func UpdateRow(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return rows.update(ctx, tx, r)
}

// DeleteRow removes a row of an apportionment.
func DeleteRow(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return rows.remove(ctx, tx, r)
}

var (
	entryIDs = newSequence("FLAN", "IDLAN", "")
	rowIDs   = newSequence("FLANRATCCU", "IDRATCCU", "IDLAN")
)

// NextEntryID takes the id of a new entry of a company.
func NextEntryID(ctx context.Context, tx consumer.Tx, company int64) (int64, error) {
	return entryIDs.next(ctx, tx, company, 0, 1)
}

// NextRowIDs takes n ids for rows of the apportionment of an entry, and answers the first.
func NextRowIDs(ctx context.Context, tx consumer.Tx, company, id int64, n int) (int64, error) {
	return rowIDs.next(ctx, tx, company, id, n)
}
