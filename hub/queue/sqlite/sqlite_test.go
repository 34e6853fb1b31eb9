package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
			t.Parallel() // a suite keeps one core busy
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
			return sqlite.Open(ctx, f.path(), sqlite.Options{Clock: c, Window: f.window, History: f.history()})
		},
		Crash: f.crash,
	}
}

func (f *file) history() string { return filepath.Join(f.dir, fmt.Sprint("history-", f.crashes)) }

// crash copies files and logs as they stand, which is what a killed process leaves behind, and lets the
// old ones go.
func (f *file) crash(d queue.Driver) error {
	old, history := f.path(), f.history()
	f.crashes++
	return errors.Join(copyFile(old, f.path()), copyFile(old+"-wal", f.path()+"-wal"), copyFolder(history, f.history()), d.Close())
}

func copyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err, os.Mkdir(to, 0o700)}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "-shm") {
			errs = append(errs, copyFile(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
		}
	}
	return errors.Join(errs...)
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
