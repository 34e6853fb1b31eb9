// Package datadir guards a data folder: one process at a time.
package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"smartlink/link"
)

// Lock is a held folder; Release gives it back. The operating system gives it back when the
// process dies.
type Lock struct {
	dir string

	mu   sync.Mutex
	f    *flock.Flock
	seen os.FileInfo // the locked file
}

// Acquire makes the folder if needed and locks it. A folder that another process holds is
// link.CodeDataInUse.
func Acquire(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	l := &Lock{dir: dir}
	if err := l.lock(); err != nil {
		return nil, err
	}
	return l, nil
}

// Keep makes sure that the folder is still held: one that was moved away and replaced, as by a copy, is
// locked anew. Another process may have been faster: link.CodeDataInUse.
func (l *Lock) Keep() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now, err := os.Stat(l.path()); err == nil && os.SameFile(now, l.seen) {
		return nil
	}
	old := l.f
	if err := l.lock(); err != nil {
		return err
	}
	_ = old.Close() // of a file that has no name any more
	return nil
}

func (l *Lock) path() string { return filepath.Join(l.dir, "lock") }

func (l *Lock) lock() error {
	f := flock.New(l.path())
	ok, err := f.TryLock()
	if err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	if !ok {
		return errors.Join(link.NewError(link.CodeDataInUse, "dir", l.dir), f.Close())
	}
	seen, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("lock data folder: %w", err), f.Close())
	}
	os.SameFile(seen, seen) // has Windows note now which file it is
	l.f, l.seen = f, seen
	return nil
}

// Release gives the folder back.
func (l *Lock) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Unlock()
}
