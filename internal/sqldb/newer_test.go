package sqldb_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// TestNewerSchemaIsLeftAlone has an older program meet a newer one's tables.
func TestNewerSchemaIsLeftAlone(t *testing.T) {
	db, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "a.db"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	older := fstest.MapFS{"00001_a.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE a (n INTEGER);\n")}}
	newer := fstest.MapFS{"00003_b.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE b (n INTEGER);\n")}}
	newer["00001_a.sql"] = older["00001_a.sql"]
	for range 2 {
		if err := sqldb.Migrate(t.Context(), db, newer, "versions"); err != nil {
			t.Fatal(err)
		}
	}
	err = sqldb.Migrate(t.Context(), db, older, "versions")
	if link.CodeOf(err) != link.CodeNewerSchema || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("the older program says %v", err)
	}
	if err := sqldb.Migrate(t.Context(), db, newer, "versions"); err != nil {
		t.Error(err)
	}
}
