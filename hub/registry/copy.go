package registry

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/pgcopy"
	"smartlink/internal/pgdb"
)

// Tables are those of a registry's SQLite file, each behind those it refers to.
func Tables(ctx context.Context, file *sql.DB) ([]string, error) {
	tables, err := tablesOf(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("read the registry's tables: %w", err)
	}
	return tables, nil
}

// CopyToPostgres copies a registry that no hub has open from its SQLite file, which from names.
func CopyToPostgres(ctx context.Context, file *sql.DB, from string, c *pgcopy.Copy) error {
	tables, err := Tables(ctx, file)
	if err != nil {
		return err
	}
	for _, t := range tables {
		columns, err := collect(ctx, file, scanName, `SELECT name FROM pragma_table_info($1) ORDER BY cid`, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", t, err)
		}
		key, err := collect(ctx, file, scanName, `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", t, err)
		}
		if len(key) == 0 {
			return fmt.Errorf("%s has no primary key", t)
		}
		list := func(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
		if err := c.Add(ctx, pgcopy.Part{
			From: from, File: file, Table: t, Columns: columns, Query: `SELECT ` + list(columns) + ` FROM "` + t + `" ORDER BY ` + list(key),
			Value: func(_ int, v any) (any, error) {
				if text, ok := v.(string); ok {
					return pgdb.Text(text), nil
				}
				return v, nil
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// Copied has what counts up begin behind what was copied, in the transaction that ends the copy.
func Copied(ctx context.Context, tx pgx.Tx) error {
	for _, q := range []string{
		`SELECT setval(pg_get_serial_sequence('audit', 'n'), coalesce(max(n), 0) + 1, false) FROM audit`,
		`UPDATE registry_version SET n = n + 1`,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return fmt.Errorf("copy registry: %w", err)
		}
	}
	return nil
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
