package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"smartlink/link"
)

// MakeSchema makes sure that the tables get a schema that is not everybody's: in PostgreSQL it makes
// the one of the search path when it is not there. A schema that is everybody's is
// link.CodeSharedSchema. SQLite has none.
func MakeSchema(ctx context.Context, db *sql.DB) error {
	name, there, err := CurrentSchema(ctx, db)
	if err != nil || there {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+`"`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
		return fmt.Errorf("make the schema %s: %w", name, err)
	}
	return nil
}

// CurrentSchema tells which schema statements mean that name none, and whether it is there. One that is
// everybody's is link.CodeSharedSchema.
func CurrentSchema(ctx context.Context, db *sql.DB) (name string, there bool, err error) {
	switch DialectOf(db) {
	case Postgres:
		err = db.QueryRowContext(ctx, `SELECT trim(both '"' from split_part(current_setting('search_path'), ',', 1)), current_schema() IS NOT NULL`).Scan(&name, &there)
	case SQLServer:
		there = true
		err = db.QueryRowContext(ctx, `SELECT COALESCE(SCHEMA_NAME(), N'dbo')`).Scan(&name)
	default:
		return "", true, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look at the schema: %w", err)
	}
	switch strings.ToLower(name) {
	case "", "public", "dbo", "guest", "sys", "$user":
		return name, there, link.NewError(link.CodeSharedSchema, "schema", name)
	}
	return name, there, nil
}
