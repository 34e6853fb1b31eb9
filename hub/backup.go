package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/datadir"
	"smartlink/internal/durable"
	"smartlink/internal/sqldb"
)

// epochsSkipped is by how much a restore raises the epoch of delivery tags: more starts than a hub makes
// between a backup and its restore, and few enough for hundreds of restores.
const epochsSkipped = 4096

// Backup copies the data folder of a hub, also of one that runs, into a new folder, which is there only
// when it is whole. Each file is of one moment. The queues are copied first, then their history, then the
// registry: what moves or is made meanwhile stands in the copy once or twice, never not at all.
func Backup(ctx context.Context, dataDir, to string) (err error) {
	if _, err := os.Stat(filepath.Join(dataDir, "queue.db")); err != nil {
		return fmt.Errorf("no hub's data folder: %w", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("back up to %s: it is there already", to), err)
	}
	part := to + ".part"
	if err := os.Mkdir(part, 0o700); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	if err := copyDatabase(ctx, filepath.Join(dataDir, "queue.db"), filepath.Join(part, "queue.db")); err != nil {
		return err
	}
	days, err := filepath.Glob(filepath.Join(dataDir, "history", "*.db"))
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if len(days) > 0 {
		if err := os.Mkdir(filepath.Join(part, "history"), 0o700); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
	}
	for _, day := range days {
		// One whose retention ended meanwhile is gone.
		err := copyDatabase(ctx, day, filepath.Join(part, "history", filepath.Base(day)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := copyDatabase(ctx, filepath.Join(dataDir, "hub.db"), filepath.Join(part, "hub.db")); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(dataDir, "hub.key"), filepath.Join(part, "hub.key")); err != nil {
		return err
	}
	if err := durable.SyncDir(part); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return durable.SyncDir(filepath.Dir(to))
}

// copyDatabase copies a SQLite file as it is at one moment, also while others write to it.
func copyDatabase(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	db, err := sqldb.OpenSQLite(ctx, from, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return syncFile(to)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Chmod(path, 0o600)); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}

// Restore makes a data folder of a backup; dataDir must not be there, or be empty. Delivery tags, tokens
// and log-ins from before are refused: the backup does not know what became of them.
func Restore(ctx context.Context, from, dataDir string) error {
	if _, err := os.Stat(filepath.Join(from, "queue.db")); err != nil {
		return fmt.Errorf("no backup of a hub: %w", err)
	}
	lock, err := datadir.Acquire(dataDir)
	if err != nil {
		return err
	}
	return errors.Join(restore(ctx, from, dataDir), lock.Release())
}

func restore(ctx context.Context, from, dataDir string) error {
	for _, name := range []string{"hub.db", "queue.db", "history", "hub.key"} {
		if _, err := os.Stat(filepath.Join(dataDir, name)); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("restore into %s: there is a %s already; restore into an empty folder", dataDir, name), err)
		}
	}
	files, err := filepath.Glob(filepath.Join(from, "history", "*.db"))
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if len(files) > 0 {
		if err := os.Mkdir(filepath.Join(dataDir, "history"), 0o700); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	for _, day := range files {
		if err := copyFile(day, filepath.Join(dataDir, "history", filepath.Base(day))); err != nil {
			return err
		}
	}
	for _, name := range []string{"queue.db", "hub.db", "hub.key"} {
		if err := copyFile(filepath.Join(from, name), filepath.Join(dataDir, name)); err != nil {
			return err
		}
	}
	if err := sqlite.Restored(ctx, filepath.Join(dataDir, "queue.db"), epochsSkipped); err != nil {
		return err
	}
	store, err := registry.Open(ctx, filepath.Join(dataDir, "hub.db"), registry.Options{})
	if err != nil {
		return err
	}
	return errors.Join(store.Restored(ctx, registry.System), store.Close())
}

// Restored tells a PostgreSQL database that it comes from a backup, before any hub uses it: delivery tags,
// tokens and log-ins from before are refused.
func Restored(ctx context.Context, database string) error {
	if err := postgres.Restored(ctx, database, epochsSkipped); err != nil {
		return err
	}
	store, err := registry.OpenPostgres(ctx, database, registry.Options{})
	if err != nil {
		return err
	}
	return errors.Join(store.Restored(ctx, registry.System), store.Close())
}
