package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrationLock is the advisory lock that is held while a PostgreSQL schema is migrated: of several
// programs that start together one does it, the others wait.
const migrationLock = 0x534d4c4b // "SMLK"

// MigratePostgres is MigrateSQLite for PostgreSQL. Several programs may call it at the same time.
func MigratePostgres(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) (err error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db, fsys, goose.WithTableName(versions))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	defer func() {
		if _, unlock := lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrationLock); unlock != nil {
			err = errors.Join(err, fmt.Errorf("unlock the schema: %w", unlock))
		}
	}()
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
