package ledger

import (
	"context"
	"fmt"

	"smartlink/consumer"
	"smartlink/contracts"
)

var (
	entries = newStatements(contracts.FLAN, 2, "CodColigada", "IdLan")
	rows    = newStatements(contracts.FLANRATCCU, 2, "CodColigada", "IdLan", "IdRatCCu")
)

// LoadEntry reads a financial entry; nil when there is none.
func LoadEntry(ctx context.Context, tx consumer.Tx, company, id int64) (*contracts.Record, error) {
	found, err := entries.load(ctx, tx, company, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
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
	_, err := tx.ExecContext(ctx, `DELETE FROM FLANRATCCU WHERE CODCOLIGADA = ? AND IDLAN = ? AND IDRATCCU = ?`,
		r.Int("CodColigada"), r.Int("IdLan"), r.Int("IdRatCCu"))
	if err != nil {
		return fmt.Errorf("delete from FLANRATCCU: %w", err)
	}
	return nil
}

// The sequence looks at the table too, so that entries made by other means never stand in its way.
const nextEntry = `INSERT INTO SLSEQUENCIA (CODCOLIGADA, TABELA, ULTIMO)
	SELECT ?, 'FLAN', COALESCE(MAX(IDLAN), 0) + 1 FROM FLAN WHERE CODCOLIGADA = ?
	ON CONFLICT (CODCOLIGADA, TABELA) DO UPDATE SET ULTIMO = MAX(ULTIMO + 1, excluded.ULTIMO)
	RETURNING ULTIMO`

// NextEntryID takes the id of a new entry of a company.
func NextEntryID(ctx context.Context, tx consumer.Tx, company int64) (int64, error) {
	var id int64
	if err := tx.QueryRowContext(ctx, nextEntry, company, company).Scan(&id); err != nil {
		return 0, fmt.Errorf("take an id of FLAN: %w", err)
	}
	return id, nil
}

const nextRows = `INSERT INTO SLSEQUENCIA (CODCOLIGADA, TABELA, ULTIMO) VALUES (?, 'FLANRATCCU', ?)
	ON CONFLICT (CODCOLIGADA, TABELA) DO UPDATE SET ULTIMO = ULTIMO + excluded.ULTIMO
	RETURNING ULTIMO`

// NextRowIDs takes n ids for rows of apportionments of a company, and answers the first.
func NextRowIDs(ctx context.Context, tx consumer.Tx, company int64, n int) (int64, error) {
	var last int64
	if err := tx.QueryRowContext(ctx, nextRows, company, n).Scan(&last); err != nil {
		return 0, fmt.Errorf("take ids of FLANRATCCU: %w", err)
	}
	return last - int64(n) + 1, nil
}
