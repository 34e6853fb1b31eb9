package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/pgdb"
)

// ErrNotEmpty says that a database to copy into holds something already.
var ErrNotEmpty = errors.New("the database is not empty")

// CopyToPostgres copies a registry that no hub has open from its SQLite file into the empty tables of a
// PostgreSQL database, in a transaction of the caller. It tells how many rows each table has.
func CopyToPostgres(ctx context.Context, file *sql.DB, tx pgx.Tx) (map[string]int64, error) {
	tables, err := tablesOf(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("copy registry: %w", err)
	}
	copied := map[string]int64{}
	for _, t := range tables {
		if copied[t], err = copyTable(ctx, file, tx, t); err != nil {
			return nil, fmt.Errorf("copy %s: %w", t, err)
		}
	}
	for _, q := range []string{
		`SELECT setval(pg_get_serial_sequence('audit', 'n'), coalesce(max(n), 0) + 1, false) FROM audit`,
		`UPDATE registry_version SET n = n + 1`,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return nil, fmt.Errorf("copy registry: %w", err)
		}
	}
	return copied, nil
}

// tablesOf lists the tables of a file, each behind those it refers to.
func tablesOf(ctx context.Context, file *sql.DB) ([]string, error) {
	left, err := collect(ctx, file, scanName, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'registry_schema' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var sorted []string
	for len(left) > 0 {
		at, err := firstFree(ctx, file, left, sorted)
		if err != nil {
			return nil, err
		}
		sorted = append(sorted, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return sorted, nil
}

func firstFree(ctx context.Context, file *sql.DB, left, sorted []string) (int, error) {
	for i, t := range left {
		parents, err := collect(ctx, file, scanName, `SELECT "table" FROM pragma_foreign_key_list($1)`, t)
		if err != nil {
			return 0, err
		}
		if !slices.ContainsFunc(parents, func(p string) bool { return p != t && !slices.Contains(sorted, p) }) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("tables refer to each other in a circle: %v", left)
}

func scanName(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}

func copyTable(ctx context.Context, file *sql.DB, tx pgx.Tx, table string) (int64, error) {
	columns, err := collect(ctx, file, scanName, `SELECT name FROM pragma_table_info($1) ORDER BY cid`, table)
	if err != nil {
		return 0, err
	}
	name := pgx.Identifier{table}
	var full bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+name.Sanitize()+`)`).Scan(&full); err != nil {
		return 0, err
	}
	if full {
		return 0, ErrNotEmpty
	}
	rows, err := file.QueryContext(ctx, `SELECT "`+strings.Join(columns, `", "`)+`" FROM "`+table+`"`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	n, err := tx.CopyFrom(ctx, name, columns, &source{rows: rows, n: len(columns)})
	if err != nil {
		return 0, err
	}
	var there int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+name.Sanitize()).Scan(&there); err != nil {
		return 0, err
	}
	if there != n {
		return 0, fmt.Errorf("%d rows arrived of %d", there, n)
	}
	return n, nil
}

// source gives the rows of a file to PostgreSQL.
type source struct {
	rows *sql.Rows
	n    int
}

func (s *source) Next() bool { return s.rows.Next() }
func (s *source) Err() error { return s.rows.Err() }

func (s *source) Values() ([]any, error) {
	values, into := make([]any, s.n), make([]any, s.n)
	for i := range values {
		into[i] = &values[i]
	}
	if err := s.rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if text, ok := v.(string); ok {
			values[i] = pgdb.Text(text)
		}
	}
	return values, nil
}
