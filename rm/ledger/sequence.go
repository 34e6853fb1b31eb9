package ledger

import (
	"context"
	"fmt"

	"smartlink/consumer"
	"smartlink/internal/sqldb"
)

// sequence gives the ids of a table, per company. Ids may have gaps and never come twice.
type sequence struct {
	table, query string
	server       string // query for SQL Server
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
	// The highest id so far and n more, and what of two such numbers counts.
	top := "SELECT CAST(?2 AS BIGINT) AS CODCOLIGADA, '" + table + "' AS TABELA, COALESCE(MAX(" + column + "), 0) + CAST(?1 AS BIGINT) AS ULTIMO FROM " +
		table + " WHERE " + where
	higher := func(old, fresh string) string {
		return "CASE WHEN " + old + " + CAST(?1 AS BIGINT) > " + fresh + " THEN " + old + " + CAST(?1 AS BIGINT) ELSE " + fresh + " END"
	}
	return sequence{
		table: table, within: within != "",
		query: "INSERT INTO SLSEQUENCIA (CODCOLIGADA, TABELA, ULTIMO) " + top + " ON CONFLICT (CODCOLIGADA, TABELA) DO UPDATE SET ULTIMO = " +
			higher("SLSEQUENCIA.ULTIMO", "excluded.ULTIMO") + " RETURNING ULTIMO",
		server: "MERGE INTO SLSEQUENCIA WITH (HOLDLOCK) AS S USING (" + top + ") AS N ON S.CODCOLIGADA = N.CODCOLIGADA AND S.TABELA = N.TABELA" +
			" WHEN MATCHED THEN UPDATE SET ULTIMO = " + higher("S.ULTIMO", "N.ULTIMO") +
			" WHEN NOT MATCHED THEN INSERT (CODCOLIGADA, TABELA, ULTIMO) VALUES (N.CODCOLIGADA, N.TABELA, N.ULTIMO) OUTPUT inserted.ULTIMO;",
	}
}

// next takes n ids of a company and answers the first. among is the value of the column between.
func (s sequence) next(ctx context.Context, tx consumer.Tx, company, among int64, n int) (int64, error) {
	args := []any{n, company}
	if s.within {
		args = append(args, among)
	}
	query := s.query
	if sqldb.DialectOf(tx) == sqldb.SQLServer {
		query = s.server
	}
	var last int64
	if err := sqldb.Aside(ctx, tx, &last, query, args...); err != nil {
		return 0, fmt.Errorf("take ids of %s: %w", s.table, err)
	}
	return last - int64(n) + 1, nil
}
