package registry

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"smartlink/internal/sqldb"
)

// One file of migrations for each store; both make the same tables and columns, a test compares them.
//
//go:embed migrations/*.sql migrations/postgres/*.sql
var migrations embed.FS

// dialect is what the two stores do differently. The statements of the registry are written so that both
// understand them, so this is all.
type dialect interface {
	// migrate brings the schema up to date.
	migrate(ctx context.Context, db *sql.DB) error
	// lock makes a transaction the only one that changes the registry, of all that share the store.
	lock(ctx context.Context, tx *sql.Tx) error
	// changed numbers a change that others have to read anew, and tells them when it is committed.
	changed(ctx context.Context, tx *sql.Tx) error
	// version answers the number of the last change, 0 where nobody shares the store.
	version(ctx context.Context, q querier) (int64, error)
	// reading begins a transaction whose statements all see one state.
	reading(ctx context.Context, db *sql.DB) (*sql.Tx, error)
	// check tells whether the store can be written.
	check(ctx context.Context, s *Store) error
}

// inFile is a registry in a SQLite file, which one process has.
type inFile struct{}

func (inFile) migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return sqldb.MigrateSQLite(ctx, db, files, "registry_schema")
}

// Transactions are immediate: they begin with the lock.
func (inFile) lock(context.Context, *sql.Tx) error    { return nil }
func (inFile) changed(context.Context, *sql.Tx) error { return nil }

func (inFile) version(context.Context, querier) (int64, error) { return 0, nil }

func (inFile) reading(ctx context.Context, db *sql.DB) (*sql.Tx, error) { return db.BeginTx(ctx, nil) }

func (inFile) check(ctx context.Context, s *Store) error {
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("registry cannot be written: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if s.sick != nil {
		// Nobody uses the number; setting it writes a page.
		if _, err := tx.ExecContext(ctx, "PRAGMA user_version = 0"); err != nil {
			return s.failed(err)
		}
		return s.commit(tx)
	}
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM audit`).Scan(&n); err != nil {
		return fmt.Errorf("registry cannot be read: %w", s.failed(err))
	}
	return nil
}

// Schema is the newest version of the registry's schema that this program knows, in a SQLite file or in
// PostgreSQL.
func Schema(postgres bool) int64 {
	if postgres {
		return sqldb.NewestMigration(migrations, "migrations/postgres")
	}
	return sqldb.NewestMigration(migrations, "migrations")
}
