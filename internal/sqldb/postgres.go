package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrationLock is the advisory lock that is held while a PostgreSQL schema is migrated: of several
// programs that start together one does it, the others wait.
const migrationLock = 0x534d4c4b // "SMLK"

// MigratePostgres is MigrateSQLite for PostgreSQL. Several programs may call it at the same time.
func MigratePostgres(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) error {
	p, err := goose.NewProvider(goose.DialectPostgres, db, fsys, goose.WithTableName(versions))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return locked(ctx, db, migrationLock, func() error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}
