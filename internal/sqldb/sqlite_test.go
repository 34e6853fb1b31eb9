package sqldb_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"smartlink/internal/sqldb"
)

// TestNewFileIsItsOwnersAlone looks at the permissions of a new database and its log, and that those of
// an old one are kept.
func TestNewFileIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits: those of a new database are NOT tested")
	}
	dir := t.TempDir()
	shared := filepath.Join(dir, "shared.db")
	if err := os.WriteFile(shared, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{filepath.Join(dir, "own.db"): 0o600, shared: 0o640} {
		db, err := sqldb.OpenSQLite(t.Context(), path, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (x)"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, path + "-wal"} {
			i, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			if got := i.Mode().Perm(); got != want {
				t.Errorf("%s: %v, want %v", filepath.Base(p), got, want)
			}
		}
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "x.db")
	if _, err := sqldb.OpenSQLite(t.Context(), path, 1); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}
