package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/clock"
)

// TestSuite runs the suite with the usual window, and with one so small that most of a queue stands
// outside of it.
func TestSuite(t *testing.T) {
	for _, window := range []int{0, 3} {
		t.Run(fmt.Sprint("window ", window), func(t *testing.T) {
			queuetest.Run(t, func(t testing.TB) queuetest.Store { return (&file{dir: t.TempDir(), window: window}).store() })
		})
	}
}

// TestModel lets the windows be of all sizes that make a difference.
func TestModel(t *testing.T) {
	n := 0
	queuetest.RunModel(t, func(t testing.TB) queuetest.Store {
		n++
		return (&file{dir: t.TempDir(), window: []int{1, 3, 0}[n%3]}).store()
	})
}

// file is a store's file; a crash moves on to a copy of it.
type file struct {
	dir     string
	window  int
	crashes int
}

func (f *file) path() string { return filepath.Join(f.dir, fmt.Sprint("queue-", f.crashes, ".db")) }

func (f *file) store() queuetest.Store {
	return queuetest.Store{
		Open: func(ctx context.Context, c clock.Clock) (queue.Driver, error) {
			return sqlite.Open(ctx, f.path(), sqlite.Options{Clock: c, Window: f.window})
		},
		Crash: f.crash,
	}
}

// crash copies file and log as they stand, which is what a killed process leaves behind, and lets the
// old ones go.
func (f *file) crash(d queue.Driver) error {
	old := f.path()
	f.crashes++
	return errors.Join(copyFile(old, f.path()), copyFile(old+"-wal", f.path()+"-wal"), d.Close())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
