//go:build linux

package sqlvfs_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqlvfs"
)

// The disk that may be full lies below what gathers, whichever test runs first.
var (
	disk      *sqlite3.Tsqlite3_vfs
	logs      atomic.Pointer[sqlite3.Tsqlite3_io_methods] // what they do on the disk
	fullDisk  atomic.Bool                                 // no log takes more
	logsOfOne uintptr                                     // the methods of a log on it
)

func init() {
	var err error
	if disk, err = sqlvfs.Stack("disk", true, func(vfs *sqlite3.Tsqlite3_vfs) { vfs.FxOpen = sqlvfs.Function(openOnDisk) }); err != nil {
		panic(err)
	}
}

func openOnDisk(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](disk.FxOpen)(tls, vfs, path, file, flags, outFlags)
	if f := sqlvfs.At[sqlite3.Tsqlite3_file](file); rc == sqlite3.SQLITE_OK && flags&sqlite3.SQLITE_OPEN_WAL != 0 {
		methods := *sqlvfs.At[sqlite3.Tsqlite3_io_methods](f.FpMethods)
		if logs.CompareAndSwap(nil, new(methods)) {
			methods.FxWrite = sqlvfs.Function(writeOnDisk)
			var err error
			if logsOfOne, err = sqlvfs.Keep(tls, methods); err != nil {
				panic(err)
			}
		}
		f.FpMethods = logsOfOne
	}
	return rc
}

func writeOnDisk(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	if fullDisk.Load() {
		return sqlite3.SQLITE_FULL
	}
	return sqlvfs.Call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](logs.Load().FxWrite)(tls, file, data, n, offset)
}

// TestFullDiskLosesNothing fills the disk while a transaction reads what did not fit into memory. SQLite gives up that
// statement alone: what the ones before it wrote is there when the transaction ends well after all.
func TestFullDiskLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	db := open(t, path, "FULL")
	defer func() { _ = db.Close() }()
	exec(t, db, "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB UNIQUE)")
	exec(t, db, "INSERT INTO t (x) VALUES (randomblob(4000))")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const rows = 60 // the connection keeps 50 pages
	for range rows {
		exec(t, tx, "INSERT INTO t (x) VALUES (randomblob(4000))")
	}
	fullDisk.Store(true)
	_, err = tx.ExecContext(t.Context(), "UPDATE t SET x = randomblob(4001)")
	fullDisk.Store(false)
	if err == nil {
		t.Fatal("the disk is full, and the statement is done")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got, state := left(t, path); got != [2]int{rows + 1, 4000 * (rows + 1)} || state != "ok" {
		t.Errorf("a killed process would leave %v, %s", got, state)
	}
	if got := count(t, db); got != [2]int{rows + 1, 4000 * (rows + 1)} {
		t.Errorf("it has %v", got)
	}
}
