package sqldb_test

import (
	"fmt"
	"testing"

	"smartlink/internal/sqldb"
)

func TestCommonForm(t *testing.T) {
	for _, c := range []struct{ query, sqlite, postgres, server string }{
		{`SELECT 1`, `SELECT 1`, `SELECT 1`, `SELECT 1`},
		{`A = ? AND B = ?`, `A = ? AND B = ?`, `A = $1 AND B = $2`, `A = @p1 AND B = @p2`},
		{`A = ?2 OR A = ?2 OR B = ?`, `A = ?2 OR A = ?2 OR B = ?`, `A = $2 OR A = $2 OR B = $3`, `A = @p2 OR A = @p2 OR B = @p3`},
		{`? ?1 ?12 ?`, `? ?1 ?12 ?`, `$1 $1 $12 $13`, `@p1 @p1 @p12 @p13`},
		{`'it''s ?' "?" -- ? {limit 1}` + "\n? /* ? */ `?`", `'it''s ?' "?" -- ? {limit 1}` + "\n? /* ? */ `?`",
			`'it''s ?' "?" -- ? {limit 1}` + "\n$1 /* ? */ `?`", `'it''s ?' "?" -- ? {limit 1}` + "\n@p1 /* ? */ `?`"},
		{`A = ? ORDER BY B {limit ?}`, `A = ? ORDER BY B LIMIT ?`, `A = $1 ORDER BY B LIMIT $2`, `A = @p1 ORDER BY B OFFSET 0 ROWS FETCH NEXT @p2 ROWS ONLY`},
		{`ORDER BY B {limit 5})`, `ORDER BY B LIMIT 5)`, `ORDER BY B LIMIT 5)`, `ORDER BY B OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY)`},
		{`T {skip locked} WHERE ? {for update}`, `T   WHERE ?  `, `T   WHERE $1 FOR UPDATE SKIP LOCKED`, `T WITH (UPDLOCK, READPAST, ROWLOCK) WHERE @p1  `},
		{`'{"a":1}' {other} ? {`, `'{"a":1}' {other} ? {`, `'{"a":1}' {other} $1 {`, `'{"a":1}' {other} @p1 {`},
		{`'open ?`, `'open ?`, `'open ?`, `'open ?`},
		{`$1 @p1`, `$1 @p1`, `$1 @p1`, `$1 @p1`},
	} {
		for d, want := range map[sqldb.Dialect]string{sqldb.SQLite: c.sqlite, sqldb.Postgres: c.postgres, sqldb.SQLServer: c.server} {
			for range 2 { // the second time remembered
				if got := d.SQL(c.query); got != want {
					t.Errorf("%s of %q:\n%q, want\n%q", d, c.query, got, want)
				}
			}
		}
	}
}

// FuzzSQL: it ends, and of SQLite's own text without marks nothing changes.
func FuzzSQL(f *testing.F) {
	for _, s := range []string{"", "?", "{", "{limit ?}", "'", "--", "/*", "{}", "?99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range []sqldb.Dialect{sqldb.SQLite, sqldb.Postgres, sqldb.SQLServer} {
			if got := d.SQL(s + " {limit 1}"); got == "" {
				t.Errorf("%s of %q is empty", d, s)
			}
		}
	})
}

func TestTextsArePostgresSafe(t *testing.T) {
	args := []any{"a\x00b", 1, "ok", "br\xffoken", nil}
	if got := fmt.Sprintf("%q", sqldb.Postgres.Args(args)); got != fmt.Sprintf("%q", []any{"a\uFFFDb", 1, "ok", "br\uFFFDoken", nil}) {
		t.Error(got)
	}
	if args[0] != "a\x00b" || fmt.Sprintf("%q", sqldb.SQLServer.Args(args)) != fmt.Sprintf("%q", args) {
		t.Errorf("%q", args)
	}
}
