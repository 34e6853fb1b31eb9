//go:build linux

package sqlvfs_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"smartlink/internal/powercut"
	"smartlink/internal/sqlvfs"
)

// TestLogIsWrittenAtOnce lets one connection write transactions small and large, also such as do not fit into
// its memory and change what they wrote, and another one read each as soon as it has ended.
func TestLogIsWrittenAtOnce(t *testing.T) {
	for _, synchronous := range []string{"FULL", "OFF"} {
		t.Run(synchronous, func(t *testing.T) {
			dir := t.TempDir()
			r := powercut.Record(t, dir) // below what gathers
			path := filepath.Join(dir, "t.db")
			writer, reader := open(t, path, synchronous), open(t, path, synchronous)
			exec(t, writer, "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)")
			rows, bytes := 0, 0
			for i, pages := range []int{1, 40, 1, 700, 3, 90, 2} {
				before := r.Now()
				tx, err := writer.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for range pages {
					exec(t, tx, "INSERT INTO t (x) VALUES (zeroblob(4000))")
				}
				exec(t, tx, "UPDATE t SET x = zeroblob(3999) WHERE n % 7 = 0")
				if i == 5 { // what was given up is not there, and is no harm to what follows
					if err := tx.Rollback(); err != nil {
						t.Fatal(err)
					}
				} else if err := tx.Commit(); err != nil {
					t.Fatal(err)
				} else {
					rows += pages
				}
				if bytes = rows*4000 - rows/7; count(t, reader) != [2]int{rows, bytes} {
					t.Fatalf("transaction %d: the other connection sees %v, want %d rows of %d bytes", i, count(t, reader), rows, bytes)
				}
				if did := r.Now() - before; pages == 40 && did > 8 {
					t.Errorf("a transaction of %d pages took %d writes and syncs", pages, did)
				}
			}
			for _, db := range []*sql.DB{writer, reader} {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
			again := open(t, path, synchronous)
			defer func() { _ = again.Close() }()
			if got := count(t, again); got != [2]int{rows, bytes} {
				t.Errorf("opened again it has %v", got)
			}
			var state string
			if err := again.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&state); err != nil || state != "ok" {
				t.Errorf("integrity: %s, %v", state, err)
			}
		})
	}
}

func open(t *testing.T, path, synchronous string) *sql.DB {
	t.Helper()
	vfs, err := sqlvfs.Gathering()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?vfs=%s&_pragma=journal_mode(WAL)&_pragma=synchronous(%s)&_pragma=cache_size(50)", path, vfs, synchronous))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func exec(t *testing.T, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, query string,
) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB) (c [2]int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*), coalesce(sum(length(x)), 0) FROM t").Scan(&c[0], &c[1]); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWhatWasGivenUpIsNeverWritten has two connections write in turn, of which one gives up what did not fit into
// its memory: where that stood in the log, the other's commit stands then.
func TestWhatWasGivenUpIsNeverWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	a, b := open(t, path, "FULL"), open(t, path, "FULL")
	exec(t, a, "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)")
	rows := 0
	for i := range 20 {
		if i%2 == 1 {
			exec(t, b, "PRAGMA wal_checkpoint(PASSIVE)") // else what is given up reads the log at its end
		}
		tx, err := a.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, tx, fmt.Sprintf("INSERT INTO t (x) VALUES (randomblob(%d))", 4000*(52+i))) // the connection keeps 50 pages
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			exec(t, b, "INSERT INTO t (x) VALUES (zeroblob(4000))")
			rows++
		}
		for _, db := range []*sql.DB{a, b} {
			if got := count(t, db); got != [2]int{rows, 4000 * rows} {
				t.Fatalf("round %d: %v, want %d rows", i, got, rows)
			}
		}
	}
	for _, db := range []*sql.DB{a, b} {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, path, "FULL")
	defer func() { _ = again.Close() }()
	var state string
	if err := again.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&state); err != nil || state != "ok" {
		t.Errorf("integrity: %s, %v", state, err)
	}
	if got := count(t, again); got != [2]int{rows, 4000 * rows} {
		t.Errorf("opened again it has %v, want %d rows", got, rows)
	}
}
