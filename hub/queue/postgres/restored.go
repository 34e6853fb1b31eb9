package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/sqldb"
)

// Restored raises the epoch of delivery tags of a database that comes from a backup, and that no hub
// uses, by n: more than hubs were opened since the backup. Tags from then are refused.
func Restored(ctx context.Context, dsn string, n int64) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("open the queue database: %w", err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, `UPDATE meta SET value = value + $1 WHERE name = 'epoch'`, n); err != nil {
		return fmt.Errorf("raise the epoch: %w", err)
	}
	return nil
}

// Schema is the newest version of the schema that this program knows.
func Schema() int64 { return sqldb.NewestMigration(migrations, "migrations") }
