package inbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestWatchTellsOfEveryCommit, whoever commits and by whatever name the file is known; no more of a log that is
// not the database's.
func TestWatchTellsOfEveryCommit(t *testing.T) {
	sqltest.On(t, sqldb.SQLite)
	w := newWorld(t)
	watch := func(box *inbox.Box) *inbox.Watch {
		t.Helper()
		watch, err := box.Watch()
		if err != nil {
			t.Fatal(err)
		}
		return watch
	}
	linked := agenttest.Files{Database: filepath.Join(t.TempDir(), "linked.db"), Installation: w.Files.Installation}
	if err := os.Symlink(w.Database, linked.Database); err != nil {
		t.Fatal(err)
	}
	other := linked.Open(t, w.clock)
	own, far := watch(w.Box), watch(other)
	for range 3 {
		w.store(agenttest.Delivery("a"))
		<-own.Changed()
		<-far.Changed()
		if _, err := other.Store(t.Context(), []link.Delivery{agenttest.Delivery("b")}); err != nil {
			t.Fatal(err)
		}
		<-own.Changed()
		<-far.Changed()
	}
	if err := far.Close(); err != nil {
		t.Error(err)
	}
	for range far.Changed() { // to its end
	}
	if err := os.Rename(w.Database+"-wal", w.Database+"-was"); err != nil {
		t.Fatal(err)
	}
	for range own.Changed() {
	}
	if err := errors.Join(os.Rename(w.Database+"-was", w.Database+"-wal"), own.Close()); err != nil {
		t.Error(err)
	}
}

// TestWatchOfAServer: there is none.
func TestWatchOfAServer(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	if _, err := newWorld(t).Watch(); !errors.Is(err, inbox.ErrNoWatch) {
		t.Error(err)
	}
}
