package datadir_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"smartlink/internal/datadir"
	"smartlink/link"
)

// TestReplacedFolderIsLockedAnew: who holds a folder holds the one that takes its place, unless somebody
// else was faster.
func TestReplacedFolderIsLockedAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves no folder with an open file: a replaced one is NOT tested")
	}
	dir := filepath.Join(t.TempDir(), "data")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := datadir.Acquire(dir)
	must(err)
	must(l.Keep())
	inUse := func() {
		t.Helper()
		if _, err := datadir.Acquire(dir); link.CodeOf(err) != link.CodeDataInUse {
			t.Errorf("another may have it: %v", err)
		}
	}
	inUse()
	must(os.RemoveAll(dir))
	if err := l.Keep(); err == nil {
		t.Error("a folder that is not there is held")
	}
	must(os.Mkdir(dir, 0o700))
	must(l.Keep())
	inUse()
	must(os.RemoveAll(dir))
	other, err := datadir.Acquire(dir)
	must(err)
	if err := l.Keep(); link.CodeOf(err) != link.CodeDataInUse {
		t.Errorf("somebody else's folder: %v", err)
	}
	must(other.Release())
	must(l.Keep())
	must(l.Release())
	last, err := datadir.Acquire(dir)
	must(err)
	must(last.Release())
}
