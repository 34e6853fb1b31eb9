// Package datadir guards a data folder: one process at a time.
package datadir

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"smartlink/link"
)

// Lock is a held folder; Release gives it back. The operating system gives it back when the
// process dies.
type Lock struct{ f *flock.Flock }

// Acquire makes the folder if needed and locks it. A folder that another process holds is
// link.CodeDataInUse.
func Acquire(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f := flock.New(filepath.Join(dir, "lock"))
	ok, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if !ok {
		return nil, link.NewError(link.CodeDataInUse, "dir", dir)
	}
	return &Lock{f}, nil
}

// Release gives the folder back.
func (l *Lock) Release() error { return l.f.Unlock() }
