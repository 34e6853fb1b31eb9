package sqldb

import (
	"context"
	"database/sql"
	"fmt"
)

// Querier is a database or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Table is a table or a view of a database.
type Table struct {
	Schema string // empty in SQLite
	Name   string // in capitals
	Ours   bool   // it stands in the schema that statements without one mean
}

// tablesSQL lists all tables and views that the log-in may see, but for the database's own.
var tablesSQL = map[Dialect]string{
	SQLite: `SELECT '', UPPER(name), 1 FROM sqlite_master WHERE type IN ('table', 'view')`,
	Postgres: `SELECT table_schema, UPPER(table_name), CASE WHEN table_schema = current_schema() THEN 1 ELSE 0 END
		FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
	SQLServer: `SELECT TABLE_SCHEMA, UPPER(TABLE_NAME), CASE WHEN TABLE_SCHEMA = SCHEMA_NAME() THEN 1 ELSE 0 END
		FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA NOT IN (N'sys', N'INFORMATION_SCHEMA')`,
}

// Tables lists the tables and views of all schemas of a database that the log-in may see.
func Tables(ctx context.Context, db Querier) ([]Table, error) {
	rows, err := db.QueryContext(ctx, tablesSQL[DialectOf(db)])
	if err != nil {
		return nil, fmt.Errorf("look at the tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []Table
	for rows.Next() {
		var t Table
		if err := rows.Scan(&t.Schema, &t.Name, &t.Ours); err != nil {
			return nil, fmt.Errorf("look at the tables: %w", err)
		}
		found = append(found, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the tables: %w", err)
	}
	return found, nil
}

// Own is Tables of the schema that statements without one mean, by their names.
func Own(tables []Table) map[string]bool {
	own := map[string]bool{}
	for _, t := range tables {
		own[t.Name] = own[t.Name] || t.Ours
	}
	return own
}

// String is the table's name with its schema.
func (t Table) String() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}
