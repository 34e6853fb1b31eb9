package ledger

import (
	"context"
	"fmt"

	"smartlink/consumer"
)

// sequence gives the ids of a table, per company. Ids may have gaps and never come twice.
type sequence struct {
	table, query string
	within       bool
}

// newSequence makes a sequence over the last column of a primary key that begins with the company. It
// looks at the table too, by the key, so that records made by other means never stand in its way: at
// the whole company, or, where the key has a column between, at the records that share it.
func newSequence(table, column, within string) sequence {
	where := "CODCOLIGADA = ?2"
	if within != "" {
		where += " AND " + within + " = ?3"
	}
	return sequence{table, "INSERT INTO SLSEQUENCIA (CODCOLIGADA, TABELA, ULTIMO) SELECT ?2, '" + table + "', COALESCE(MAX(" + column + "), 0) + ?1 FROM " +
		table + " WHERE " + where + " ON CONFLICT (CODCOLIGADA, TABELA) DO UPDATE SET ULTIMO = MAX(ULTIMO + ?1, excluded.ULTIMO) RETURNING ULTIMO", within != ""}
}

// next takes n ids of a company and answers the first. among is the value of the column between.
func (s sequence) next(ctx context.Context, tx consumer.Tx, company, among int64, n int) (int64, error) {
	args := []any{n, company}
	if s.within {
		args = append(args, among)
	}
	var last int64
	if err := tx.QueryRowContext(ctx, s.query, args...).Scan(&last); err != nil {
		return 0, fmt.Errorf("take ids of %s: %w", s.table, err)
	}
	return last - int64(n) + 1, nil
}
