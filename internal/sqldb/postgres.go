package sqldb

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrationLock is the lock that is held while a schema on a server is migrated.
const migrationLock = 0x534d4c4b // "SMLK"

// MigratePostgres is MigrateSQLite for PostgreSQL. Several programs may call it at the same time.
func MigratePostgres(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) error {
	return migrateServer(ctx, goose.DialectPostgres, db, fsys, versions)
}
