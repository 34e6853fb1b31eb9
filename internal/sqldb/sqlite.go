// Package sqldb opens databases the way every part of SmartLink wants them, migrates their schema,
// and tells their errors apart.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"smartlink/internal/sqlraw"
	"smartlink/internal/sqlvfs"
)

// syncData has SQLite bring a file's data to the disk without its times, which nobody needs to read it
// back; a commit is as durable, and waits for less. Where the system cannot, all is synced as before.
var syncData = sync.OnceFunc(func() { _, _ = sqlite.Fdatasync(true) })

// OpenSQLite opens, or makes, a SQLite file: write-ahead log, a sync at every commit, foreign
// keys on, immediate transactions. maxConns bounds its connections; 1 gives a single writer. A new
// file is its owner's alone: messages and books are nobody else's business.
func OpenSQLite(ctx context.Context, path string, maxConns int) (*sql.DB, error) {
	if err := ownFile(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return openThere(ctx, path, maxConns, "")
}

// OpenSQLiteGathered is OpenSQLite for a file whose writer waits for its commits more than for anything else: where
// that can be, each is written at once instead of page by page (sqlvfs.Gathering). All connections of the file may be
// opened so, or some.
func OpenSQLiteGathered(ctx context.Context, path string, maxConns int) (*sql.DB, error) {
	if err := ownFile(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return openThere(ctx, path, maxConns, gathering())
}

// gathering is the VFS that gathers; "", SQLite's own, where there is none: then all is written as ever.
func gathering() string {
	name, _ := sqlvfs.Gathering()
	return name
}

// ReopenSQLite is OpenSQLite for a file that must be there. One that is missing or empty is an error: who
// has lost a database must not go on with a new one.
func ReopenSQLite(ctx context.Context, path string, maxConns int) (*sql.DB, error) {
	return reopen(ctx, path, maxConns, "")
}

// ReopenSQLiteGathered is OpenSQLiteGathered for a file that must be there.
func ReopenSQLiteGathered(ctx context.Context, path string, maxConns int) (*sql.DB, error) {
	return reopen(ctx, path, maxConns, gathering())
}

func reopen(ctx context.Context, path string, maxConns int, vfs string) (*sql.DB, error) {
	switch i, err := os.Stat(path); {
	case err != nil:
		return nil, fmt.Errorf("open %s again: %w", path, err)
	case i.Size() == 0:
		return nil, fmt.Errorf("open %s again: it is empty", path)
	}
	return openThere(ctx, path, maxConns, vfs)
}

// openThere opens a file that is there. None of its connections ever makes one, also those that the pool
// opens later.
func openThere(ctx context.Context, path string, maxConns int, vfs string) (*sql.DB, error) {
	syncData()
	q := place(path, vfs)
	q.Set("_txlock", "immediate")
	for _, pragma := range pragmas {
		q.Add("_pragma", pragma)
	}
	db, err := sql.Open("sqlite", uri(path, q))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

// pragmas are how every connection is set.
var pragmas = []string{
	"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)", "cache_size(-16384)",
}

// place is what the URI of a file that is there says, and by which VFS it is opened.
func place(path, vfs string) url.Values {
	q := url.Values{}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	if path != ":memory:" {
		q.Set("mode", "rw")
	}
	return q
}

func uri(path string, q url.Values) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

// OpenSQLiteRaw opens one more connection to a file that OpenSQLiteGathered or ReopenSQLiteGathered has opened, set as
// theirs are: for a writer that goes below database/sql. The caller begins its transactions IMMEDIATE.
func OpenSQLiteRaw(path string) (*sqlraw.Conn, error) {
	c, err := sqlraw.Open(uri(path, place(path, gathering())))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	for _, pragma := range pragmas {
		if err := c.Exec("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %s: %w", path, pragma, err), c.Close())
		}
	}
	return c, nil
}

// ownFile makes a file that is not there yet; SQLite takes an empty one for a new database, and gives
// its log the same permissions. What is there keeps those it has; a database in memory has no file.
func ownFile(path string) error {
	if path == ":memory:" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// MigrateSQLite brings a schema up to date with the .sql files of fsys. versions names the table
// that remembers which were applied, so that two rooms can keep their own in one file.
func MigrateSQLite(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, fsys, goose.WithTableName(versions))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return bringUp(ctx, p)
}
