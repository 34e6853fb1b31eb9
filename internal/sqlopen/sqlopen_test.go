package sqlopen_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		address, shown string
		dialect        sqldb.Dialect
	}{
		{"rm.db", "rm.db", sqldb.SQLite},
		{`C:\data\rm.db`, `C:\data\rm.db`, sqldb.SQLite},
		{"postgres://ana:secret@db.example:5433/erp?sslmode=verify-full&password=secret", "postgres://ana@db.example:5433/erp", sqldb.Postgres},
		{"postgresql:///erp?host=/run/postgresql&user=ana&search_path=books", "postgresql:///erp?search_path=books", sqldb.Postgres},
		{"sqlserver://ana:secret@db.example/instance?database=ERP&encrypt=true&password=secret", "sqlserver://ana@db.example/instance?database=ERP", sqldb.SQLServer},
		{"postgres://ana:se%zzcret@db.example/erp", "postgres://…", sqldb.Postgres},
		{"mysql://ana:secret@db.example/erp", "mysql://ana@db.example/erp", ""},
	} {
		dialect, err := sqlopen.DialectOf(c.address)
		if dialect != c.dialect || (err != nil) != (c.dialect == "") {
			t.Errorf("%s is %q, %v", c.shown, dialect, err)
		}
		if got := sqlopen.Redact(c.address); got != c.shown {
			t.Errorf("shown as %s, want %s", got, c.shown)
		}
		if sqlopen.IsFile(c.address) != (c.dialect == sqldb.SQLite) {
			t.Errorf("%s: a file or not", c.shown)
		}
	}
}

// TestErrorsNeverShowThePassword opens addresses that cannot be opened, in every way.
func TestErrorsNeverShowThePassword(t *testing.T) {
	for _, address := range []string{
		"postgres://ana:geheim@127.0.0.1:1/erp", "postgres://ana:geheim%zz@127.0.0.1:1/erp", "postgres://ana:geheim@127.0.0.1:port/erp",
		"postgres://ana:geheim@127.0.0.1:1/erp?sslmode=nonsense", "sqlserver://ana:geheim@127.0.0.1:1?database=erp&dial+timeout=1",
		"sqlserver://ana:geheim%zz@127.0.0.1:1", "sqlserver://ana:geheim@127.0.0.1:port", "sqlserver://ana:geheim@127.0.0.1?encrypt=nonsense", "oracle://ana:geheim@h/x",
	} {
		db, err := sqlopen.Open(t.Context(), address, 1)
		if err == nil {
			_ = db.Close()
			t.Errorf("%s was opened", address)
			continue
		}
		if said := fmt.Sprintf("%v %+v", err, err); strings.Contains(said, "geheim") {
			t.Errorf("the error shows the password: %s", said)
		}
	}
}

func TestExists(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "rm.db")
	for address, want := range map[string]bool{missing: false, t.TempDir(): true, "postgres://h/x": true} {
		if there, err := sqlopen.Exists(address); err != nil || there != want {
			t.Errorf("%s: %v, %v", address, there, err)
		}
	}
}

// TestSessionsOfPostgres: every session has the schema, gives up waiting for locks, and does not keep
// them for ever; what the address says goes before.
func TestSessionsOfPostgres(t *testing.T) {
	address := sqltest.Postgres(t) + "&lock_timeout=3s"
	db := sqltest.Open(t, address)
	defer func() { _ = db.Close() }()
	for name, want := range map[string]string{
		"lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min", "TimeZone": "UTC", "transaction_isolation": "read committed", "application_name": "smartlink",
	} {
		var got string
		if err := db.QueryRowContext(t.Context(), `SELECT current_setting('`+name+`')`).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", name, got, want, err)
		}
	}
	name, there, err := sqldb.CurrentSchema(t.Context(), db)
	if err != nil || there || !strings.HasPrefix(name, "slt_") {
		t.Errorf("schema %s, there: %v, %v", name, there, err)
	}
	for range 2 {
		if err := sqldb.MakeSchema(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	if _, there, err := sqldb.CurrentSchema(t.Context(), db); err != nil || !there {
		t.Errorf("made, but there: %v, %v", there, err)
	}
}

// TestNeverInEverybodysSchema: tables of ours do not go where everybody's are.
func TestNeverInEverybodysSchema(t *testing.T) {
	address := sqltest.PostgresDatabase(t) + "&search_path=public"
	db := sqltest.Open(t, address)
	defer func() { _ = db.Close() }()
	if err := sqldb.MakeSchema(t.Context(), db); link.CodeOf(err) != link.CodeSharedSchema {
		t.Error(err)
	}
	if _, err := sqldb.Describe(t.Context(), db); link.CodeOf(err) != link.CodeSharedSchema {
		t.Error(err)
	}
}
