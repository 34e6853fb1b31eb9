//go:build linux

package powercut_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"smartlink/internal/powercut"
	"smartlink/internal/sqlvfs"
)

const cuts = 25

// TestItBites is the counter-test of the simulation: a database that does not sync loses what it has
// committed, one that does loses nothing, also when a commit goes into the log at once.
func TestItBites(t *testing.T) {
	for _, mode := range []struct {
		synchronous string
		loses       bool
		gathers     bool
	}{{"OFF", true, false}, {"FULL", false, false}, {"OFF", true, true}, {"FULL", false, true}} {
		t.Run(fmt.Sprintf("%s,gathers=%t", mode.synchronous, mode.gathers), func(t *testing.T) {
			vfs := ""
			if mode.gathers {
				var err error
				if vfs, err = sqlvfs.Gathering(); err != nil {
					t.Fatal(err)
				}
			}
			dir := t.TempDir()
			r := powercut.Record(t, dir)
			committed := fill(t, r, filepath.Join(dir, "t.db"), vfs, mode.synchronous)
			chance := rand.New(rand.NewPCG(1, 2))
			lost := 0
			for range cuts {
				moment := chance.IntN(r.Now()) + 1
				want := 0
				for want < len(committed) && committed[want] <= moment {
					want++
				}
				if got := count(t, filepath.Join(r.Rebuild(t, moment, chance), "t.db")); got < want {
					lost++
				}
			}
			if mode.loses != (lost > 0) {
				t.Errorf("%d of %d cuts lost something", lost, cuts)
			}
		})
	}
}

// fill commits rows, one at a time, and tells when each was committed.
func fill(t *testing.T, r *powercut.Recorder, path, vfs, synchronous string) (committed []int) {
	t.Helper()
	db := open(t, path, vfs, synchronous)
	for range 20 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (randomblob(3000))"); err != nil {
			t.Fatal(err)
		}
		committed = append(committed, r.Now())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return committed
}

func open(t *testing.T, path, vfs, synchronous string) *sql.DB {
	t.Helper()
	if vfs != "" {
		vfs = "vfs=" + vfs + "&"
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?%s_pragma=journal_mode(WAL)&_pragma=synchronous(%s)", path, vfs, synchronous))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS t (x)"); err != nil {
		_ = db.Close()
		return nil
	}
	return db
}

// count tells how many rows a database has; -1: it cannot be read.
func count(t *testing.T, path string) int {
	t.Helper()
	db := open(t, path, "", "FULL")
	if db == nil {
		return -1
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM t").Scan(&n); err != nil {
		return -1
	}
	return n
}
