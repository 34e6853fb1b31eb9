package sqlite

import (
	"context"
	"errors"
	"fmt"

	"smartlink/internal/sqldb"
)

// Restored raises the epoch of delivery tags of a file that comes from a backup, and that nobody has open,
// by n: more than the hub was opened since the backup. Tags from then are refused.
func Restored(ctx context.Context, path string, n int64) (err error) {
	db, err := sqldb.OpenSQLite(ctx, path, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `UPDATE meta SET value = value + ? WHERE name = 'epoch'`, n); err != nil {
		return fmt.Errorf("raise the epoch of %s: %w", path, err)
	}
	return nil
}

// Schema is the newest version of the schema that this program knows.
func Schema() int64 { return sqldb.NewestMigration(migrations, "migrations") }
