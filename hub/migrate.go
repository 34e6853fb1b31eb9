package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/datadir"
	"smartlink/internal/durable"
	"smartlink/internal/pgdb"
	"smartlink/internal/sqldb"
)

// movedFile stands in a data folder whose content was moved to a database.
const movedFile = "moved.txt"

// Moved tells what Migrate brought into a database.
type Moved struct {
	Rows map[string]int64 // of each table
	// Forgotten is how many requests cannot be recognised any more when they are repeated: their messages
	// are gone.
	Forgotten int64
}

// Migrate moves the data folder of a stopped hub into an empty PostgreSQL database: registry, people,
// audit, queues, history. It is one transaction: what arrived is compared with what was sent, rows of
// each table and a checksum over all bodies, and then everything is there or nothing is. The folder
// stays as it is, with a note that keeps a hub from opening it; its hub.key is the key file of the hubs to
// come.
func Migrate(ctx context.Context, dataDir, database string) (Moved, error) {
	for _, name := range []string{"hub.db", "queue.db", "hub.key"} {
		if _, err := os.Stat(filepath.Join(dataDir, name)); err != nil {
			return Moved{}, fmt.Errorf("no hub's data folder: %w", err)
		}
	}
	if err := notMoved(dataDir); err != nil {
		return Moved{}, err
	}
	lock, err := datadir.Acquire(dataDir)
	if err != nil {
		return Moved{}, err
	}
	moved, err := migrate(ctx, dataDir, database)
	return moved, errors.Join(err, lock.Release())
}

func migrate(ctx context.Context, dataDir, database string) (Moved, error) {
	hubFile, queueFile := filepath.Join(dataDir, "hub.db"), filepath.Join(dataDir, "queue.db")
	// Opening brings the files up to date and ends what was leased.
	store, err := registry.Open(ctx, hubFile, registry.Options{})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return Moved{}, err
	}
	driver, err := sqlite.Open(ctx, queueFile, sqlite.Options{})
	if err == nil {
		err = driver.Close()
	}
	if err != nil {
		return Moved{}, err
	}
	if err := makeSchema(ctx, database); err != nil {
		return Moved{}, err
	}
	config, err := pgdb.Parse(database)
	if err != nil {
		return Moved{}, err
	}
	maps.Copy(config.RuntimeParams, map[string]string{"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}) // it may take hours
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return Moved{}, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	tx, err := c.Begin(ctx)
	if err != nil {
		return Moved{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	moved, err := copyAll(ctx, tx, dataDir)
	if err != nil {
		return Moved{}, err
	}
	if err := tx.Commit(ctx); err != nil {
		return Moved{}, fmt.Errorf("commit: %w", err)
	}
	note := fmt.Sprintf("Moved to the database %s. A hub that opens these files again would go its own way.\n", pgdb.Name(database))
	if err := durable.Write(filepath.Join(dataDir, movedFile), []byte(note)); err != nil {
		return moved, fmt.Errorf("everything was moved, but the note in the old folder failed; do not start a hub there: %w", err)
	}
	return moved, nil
}

// makeSchema makes the tables.
func makeSchema(ctx context.Context, database string) error {
	store, err := registry.OpenPostgres(ctx, database, registry.Options{})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return err
	}
	driver, err := postgres.Open(ctx, database, postgres.Options{Alone: true})
	if err != nil {
		return err
	}
	return driver.Close()
}

func copyAll(ctx context.Context, tx pgx.Tx, dataDir string) (Moved, error) {
	people, err := sqldb.OpenSQLite(ctx, filepath.Join(dataDir, "hub.db"), 1)
	if err != nil {
		return Moved{}, err
	}
	defer func() { _ = people.Close() }()
	moved := Moved{}
	if moved.Rows, err = registry.CopyToPostgres(ctx, people, tx); err != nil {
		return Moved{}, err
	}
	queues, err := sqldb.OpenSQLite(ctx, filepath.Join(dataDir, "queue.db"), 1)
	if err != nil {
		return Moved{}, err
	}
	defer func() { _ = queues.Close() }()
	days, err := filepath.Glob(filepath.Join(dataDir, "history", "*.db"))
	if err != nil {
		return Moved{}, err
	}
	copied, err := postgres.CopyFromSQLite(ctx, postgres.Files{Queue: queues, Days: days}, tx)
	if err != nil {
		return Moved{}, err
	}
	maps.Copy(moved.Rows, copied.Rows)
	moved.Forgotten = copied.Forgotten
	return moved, nil
}

// notMoved refuses a folder whose content went to a database.
func notMoved(dataDir string) error {
	note, err := os.ReadFile(filepath.Join(dataDir, movedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s: %s (smartlink hub --database)", filepath.Join(dataDir, movedFile), string(note[:max(len(note)-1, 0)]))
}
