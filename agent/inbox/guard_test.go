package inbox

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// place is a folder with the file of one agent, and its database.
type place struct{ dir, database, installation string }

func newPlace(t *testing.T) place {
	t.Helper()
	database := sqltest.Address(t)
	dir := filepath.Dir(database)
	if !sqlopen.IsFile(database) {
		dir = t.TempDir()
	}
	return place{dir, database, filepath.Join(dir, "installation.json")}
}

func (p place) config() Config { return Config{Database: p.database, Installation: p.installation} }

// open opens and closes the inbox.
func (p place) open(t *testing.T) error {
	t.Helper()
	b, err := Open(t.Context(), p.config())
	if err != nil {
		return err
	}
	return b.Close(t.Context())
}

func (p place) exec(t *testing.T, query string) {
	t.Helper()
	db := sqltest.Open(t, p.database)
	defer func() { _ = db.Close() }()
	if err := sqldb.MakeSchema(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// schema lists everything the database has.
func (p place) schema(t *testing.T) string {
	t.Helper()
	db := sqltest.Open(t, p.database)
	defer func() { _ = db.Close() }()
	columns := `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = `
	rows, err := db.QueryContext(t.Context(), map[sqldb.Dialect]string{
		sqldb.SQLite:    `SELECT name, sql, '' FROM sqlite_master`,
		sqldb.Postgres:  columns + `current_schema() ORDER BY table_name, ordinal_position`,
		sqldb.SQLServer: columns + `SCHEMA_NAME() ORDER BY table_name, ordinal_position`,
	}[sqltest.Kind()])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all strings.Builder
	for rows.Next() {
		var a, b, c sql.NullString
		if err := rows.Scan(&a, &b, &c); err != nil {
			t.Fatal(err)
		}
		all.WriteString(a.String + " " + b.String + " " + c.String + "; ")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestFirstStartMakesTablesMarkerAndFile(t *testing.T) {
	p := newPlace(t)
	prepared := 0
	cfg := p.config()
	cfg.Prepare = func(_ context.Context, db *sql.DB) error {
		prepared++
		tables, err := sqldb.Tables(t.Context(), db)
		n := 0
		for _, x := range tables {
			if x.Ours {
				n++
			}
		}
		if err != nil || n != 0 && prepared == 1 {
			t.Errorf("%d tables before the ERP's were prepared, %v", n, err)
		}
		return nil
	}
	for start := 1; start <= 2; start++ {
		b, err := Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Answers(t.Context()); err != nil {
			t.Error(err)
		}
		inst, err := OpenInstallation(p.installation)
		if err != nil || inst.ID != b.Installation().ID || inst.ID == uuid.Nil || len(inst.Key) != keySize || inst.CreatedAt.IsZero() {
			t.Errorf("start %d: %+v, %v", start, inst, err)
		}
		if sqltest.Kind() == sqldb.SQLite {
			var mode string
			if err := b.db.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
				t.Errorf("journal %s, %v", mode, err)
			}
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if prepared != 2 {
		t.Errorf("prepared %d times", prepared)
	}
	s, err := os.Stat(p.installation)
	if err != nil || runtime.GOOS != "windows" && s.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", s.Mode(), err)
	}
	var all []byte
	if sqlopen.IsFile(p.database) {
		if all, err = os.ReadFile(p.database); err != nil {
			t.Fatal(err)
		}
	}
	inst, err := ReadInstallation(p.installation)
	if err != nil || bytes.Contains(all, []byte(inst.ID.String())) || bytes.Contains(all, inst.Key) {
		t.Errorf("the database holds the id or the key itself, %v", err)
	}
	files, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(f.Name(), "installation") && f.Name() != "installation.json" {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

// TestNeverAnotherProgramsTables: tables with our names that nobody marked stay as they are, whatever
// their spelling, and so does everything around them.
func TestNeverAnotherProgramsTables(t *testing.T) {
	for _, table := range []string{
		`CREATE TABLE GTOTVSLINKMESSAGE (ID TEXT)`, `CREATE TABLE GTotvsLinkLog (ID TEXT)`, `CREATE VIEW GTOTVSLINKMESSAGEEXEC AS SELECT 1 AS ONE`,
		`CREATE TABLE GTOTVSLINKSOMETHING (ID TEXT)`,
	} {
		p := newPlace(t)
		p.exec(t, table)
		before := p.schema(t)
		cfg := p.config()
		cfg.Prepare = func(context.Context, *sql.DB) error { t.Error("prepared"); return nil }
		for range 2 {
			if _, err := Open(t.Context(), cfg); link.CodeOf(err) != link.CodeForeignTables || !strings.Contains(err.Error(), sqlopen.Redact(p.database)) ||
				!strings.Contains(err.Error(), strings.ToUpper(strings.Fields(table)[2])) {
				t.Errorf("%s: %v", table, err)
			}
		}
		if after := p.schema(t); after != before {
			t.Errorf("changed: %s", after)
		}
		if _, err := os.Stat(p.installation); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an installation was made, %v", err)
		}
		if _, err := Attach(t.Context(), p.database, nil); link.CodeOf(err) != link.CodeForeignTables {
			t.Errorf("attached to it: %v", err)
		}
	}
}

func TestDatabaseOfAnotherInstallationIsRefused(t *testing.T) {
	t.Run("missing file", func(t *testing.T) {
		p := newPlace(t)
		if err := p.open(t); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(p.installation); err != nil {
			t.Fatal(err)
		}
		if err := p.open(t); link.CodeOf(err) != link.CodeForeignDatabase || !strings.Contains(err.Error(), "missing") {
			t.Error(err)
		}
		var e *link.Error
		if errors.As(p.open(t), &e); !strings.Contains(e.Problem(link.Portuguese, "").Detail, "(falta o arquivo ") {
			t.Error(e.Problem(link.Portuguese, ""))
		}
		// The client needs the id early, so a fresh file is there: it is not taken for the right one,
		// and does not stay.
		if _, err := OpenInstallation(p.installation); err != nil {
			t.Fatal(err)
		}
		if err := p.open(t); link.CodeOf(err) != link.CodeForeignDatabase || !strings.Contains(err.Error(), "missing") {
			t.Error(err)
		}
		if _, err := os.Stat(p.installation); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the fresh file stays, %v", err)
		}
	})
	t.Run("foreign file", func(t *testing.T) {
		p, other := newPlace(t), newPlace(t)
		for _, at := range []place{p, other} {
			if err := at.open(t); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Rename(other.installation, p.installation); err != nil {
			t.Fatal(err)
		}
		if err := p.open(t); link.CodeOf(err) != link.CodeForeignDatabase || !strings.Contains(err.Error(), "another's") {
			t.Error(err)
		}
		if _, err := os.Stat(p.installation); err != nil {
			t.Errorf("the other installation's file was touched: %v", err)
		}
	})
}

// TestFirstStartCutShortIsCompleted stops the first start at each place between its steps.
func TestFirstStartCutShortIsCompleted(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, p place){
		"the file, no tables": func(t *testing.T, p place) {
			if _, err := OpenInstallation(p.installation); err != nil {
				t.Fatal(err)
			}
		},
		"the tables, no mark in them": func(t *testing.T, p place) {
			if err := p.open(t); err != nil {
				t.Fatal(err)
			}
			p.exec(t, `DELETE FROM SMARTLINKMARKER`)
		},
		"the tables, no mark, no file": func(t *testing.T, p place) {
			if err := p.open(t); err != nil {
				t.Fatal(err)
			}
			p.exec(t, `DELETE FROM SMARTLINKMARKER`)
			if err := os.Remove(p.installation); err != nil {
				t.Fatal(err)
			}
		},
		"the mark, the file not told": func(t *testing.T, p place) {
			if err := p.open(t); err != nil {
				t.Fatal(err)
			}
			inst, err := ReadInstallation(p.installation)
			if err != nil {
				t.Fatal(err)
			}
			inst.bound = false
			if err := inst.write(); err != nil {
				t.Fatal(err)
			}
		},
		"half a temporary file": func(t *testing.T, p place) {
			if err := os.WriteFile(p.installation+".123", []byte(`{"id":`), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			prepare(t, p)
			for range 2 {
				if err := p.open(t); err != nil {
					t.Fatal(err)
				}
			}
			if inst, err := ReadInstallation(p.installation); err != nil || !inst.bound {
				t.Errorf("%+v, %v", inst, err)
			}
		})
	}
}

func TestPrepareThatRefusesLeavesNothing(t *testing.T) {
	p := newPlace(t)
	cfg := p.config()
	cfg.Prepare = func(context.Context, *sql.DB) error { return link.NewError(link.CodeLiveRM, "table", "GUSUARIO") }
	if _, err := Open(t.Context(), cfg); link.CodeOf(err) != link.CodeLiveRM {
		t.Error(err)
	}
	if s := p.schema(t); s != "" {
		t.Errorf("there is %s", s)
	}
}

func TestAttachMakesNothing(t *testing.T) {
	p := newPlace(t)
	if _, err := Attach(t.Context(), p.database, nil); link.CodeOf(err) != link.CodeNotFound {
		t.Error(err)
	}
	if _, err := os.Stat(p.database); sqlopen.IsFile(p.database) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made, %v", err)
	}
	p.exec(t, `CREATE TABLE OTHERS (ID INTEGER)`) // of no name that RM has: who looks for a live RM on this server looks everywhere
	if _, err := Attach(t.Context(), p.database, nil); link.CodeOf(err) != link.CodeNotFound {
		t.Error(err)
	}
}

func TestDamagedInstallationFileIsAnErrorAndStays(t *testing.T) {
	for _, content := range []string{``, `{`, `{}`, `{"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff"}`, `{"id":"x"}`, `[]`,
		`{"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff","key":"c2hvcnQ="}`} {
		p := newPlace(t)
		if err := os.WriteFile(p.installation, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenInstallation(p.installation); err == nil || !strings.Contains(err.Error(), p.installation) {
			t.Errorf("%s: %v", content, err)
		}
		if b, err := os.ReadFile(p.installation); err != nil || string(b) != content {
			t.Errorf("%s became %s, %v", content, b, err)
		}
	}
}

func FuzzInstallation(f *testing.F) {
	f.Add([]byte(`{"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff","key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","createdAt":"2026-03-01T12:00:00Z","bound":true}`))
	f.Add([]byte(`{"id":null,"key":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		inst, err := parseInstallation(b)
		if err == nil && (inst.ID == uuid.Nil || len(inst.Key) != keySize) {
			t.Errorf("%s became %+v", b, inst)
		}
	})
}
