package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"smartlink/internal/sqldb"
)

// Seed fills in the master data, in one transaction. Rows that exist stay as they
// are, so it may run at every start.
func Seed(ctx context.Context, db *sql.DB) error {
	var err error
	if sqldb.DialectOf(db) == sqldb.SQLite {
		err = seedFile(ctx, db)
	} else {
		err = seedServer(ctx, db)
	}
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

func seedFile(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, file := range []string{"seed/finance.sql", "seed/accounting.sql"} {
		text, err := seeds.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return tx.Commit()
}

// seedServer has SQLite make the master data in memory, and copies them: they are written once.
func seedServer(ctx context.Context, db *sql.DB) (err error) {
	from, err := sqldb.OpenSQLite(ctx, ":memory:", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := errors.Join(Migrate(ctx, from), seedFile(ctx, from)); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	to := sqldb.Bind(tx, sqldb.DialectOf(db))
	tables, err := sqldb.Column(ctx, from, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('`+marker+`', '`+VersionTable+`') AND name NOT LIKE 'sqlite%' ORDER BY rowid`)
	for _, table := range tables {
		if err == nil {
			err = copyTable(ctx, from, to, table)
		}
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// copyTable puts the rows of a table where those with their keys are not yet.
func copyTable(ctx context.Context, from *sql.DB, to sqldb.Bound, table string) error {
	keys, err := sqldb.Column(ctx, from, `SELECT name FROM pragma_table_info('`+table+`') WHERE pk > 0 ORDER BY pk`)
	if err != nil {
		return err
	}
	columns, err := sqldb.Column(ctx, from, `SELECT name FROM pragma_table_info('`+table+`') ORDER BY cid`)
	if err != nil {
		return err
	}
	insert := sqldb.DialectOf(to).InsertNew(sqldb.Insert{Table: table, Columns: columns, Keys: keys})
	rows, err := from.QueryContext(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+table)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	cells, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if _, err := to.ExecContext(ctx, insert, cells...); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return rows.Err()
}
