//go:build linux

package sqlvfs_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestLogIsAsEver has two connections write one database in turn, in transactions of every size and end, with
// savepoints given up and the log moved in between. After each, both see what was committed, and so does whoever
// opens the files as a killed process leaves them.
func TestLogIsAsEver(t *testing.T) {
	dir := t.TempDir()
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		path := filepath.Join(dir, strconv.Itoa(number)+".db")
		synchronous := rapid.SampledFrom([]string{"OFF", "OFF", "OFF", "NORMAL", "FULL"}).Draw(r, "synchronous")
		connections := []*sql.DB{open(t, path, synchronous), open(t, path, synchronous)}
		defer func() {
			for _, db := range connections {
				_ = db.Close()
			}
		}()
		exec(t, connections[0], "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)")
		want := [2]int{}
		for range rapid.IntRange(1, 8).Draw(r, "transactions") {
			db := connections[rapid.IntRange(0, 1).Draw(r, "connection")]
			if rapid.IntRange(0, 3).Draw(r, "move") == 0 {
				exec(t, db, "PRAGMA wal_checkpoint("+rapid.SampledFrom([]string{"PASSIVE", "RESTART", "TRUNCATE"}).Draw(r, "how")+")")
			}
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			did := want
			for range rapid.IntRange(1, 4).Draw(r, "steps") {
				before, given := did, rapid.Bool().Draw(r, "savepoint")
				if given {
					exec(t, tx, "SAVEPOINT s")
				}
				size := rapid.SampledFrom([]int{1, 1, 4000, 4000, 4000, 300_000, 300_000, 1_200_000}).Draw(r, "size") // a connection keeps 50 pages of 4 KiB
				if did[0] > 0 && rapid.Bool().Draw(r, "change") {
					exec(t, tx, "UPDATE t SET x = zeroblob("+strconv.Itoa(size)+") WHERE n = 1")
					if err := tx.QueryRowContext(t.Context(), "SELECT count(*), sum(length(x)) FROM t").Scan(&did[0], &did[1]); err != nil {
						t.Fatal(err)
					}
				} else {
					exec(t, tx, "INSERT INTO t (x) VALUES (randomblob("+strconv.Itoa(size)+"))")
					did[0], did[1] = did[0]+1, did[1]+size
				}
				if given {
					if rapid.Bool().Draw(r, "given up") {
						exec(t, tx, "ROLLBACK TO s")
						did = before
					}
					exec(t, tx, "RELEASE s")
				}
			}
			if rapid.Bool().Draw(r, "commit") {
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				want = did
			} else if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			for i, db := range connections {
				if got := count(t, db); got != want {
					r.Fatalf("connection %d sees %v, want %v", i, got, want)
				}
			}
			if got, state := left(t, path); got != want || state != "ok" {
				r.Fatalf("a killed process would leave %v, %s; want %v", got, state, want)
			}
		}
	})
}

// left is what stands in copies of a database's files, and whether they are whole.
func left(t *testing.T, path string) (rows [2]int, state string) {
	t.Helper()
	to := filepath.Join(filepath.Dir(path), "left.db")
	for _, part := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(to + part)
	}
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + part)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+part, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, to, "OFF")
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&state); err != nil {
		return rows, err.Error()
	}
	return count(t, db), state
}
