package sqlraw_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqlraw"
)

func open(t *testing.T) *sqlraw.Conn {
	t.Helper()
	c, err := sqlraw.Open("file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "t.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return c
}

func exec(t *testing.T, c *sqlraw.Conn, sql string, args ...any) {
	t.Helper()
	if err := c.Exec(sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func prepare(t *testing.T, c *sqlraw.Conn, sql string) *sqlraw.Stmt {
	t.Helper()
	s, err := c.Prepare(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func rows(t *testing.T, s *sqlraw.Stmt, args ...any) (all [][]any) {
	t.Helper()
	if err := s.Each(func(row []any) error { all = append(all, append([]any{}, row...)); return nil }, args...); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestValuesComeBack sends each kind of value through a table, in one statement after another: short after long, text
// after NULL.
func TestValuesComeBack(t *testing.T) {
	c := open(t)
	exec(t, c, "CREATE TABLE t (n INTEGER PRIMARY KEY, a ANY, b ANY, c ANY) STRICT")
	add := prepare(t, c, "INSERT INTO t (a, b, c) VALUES (?, ?, ?)")
	long, deep := strings.Repeat("ção ", 5000), bytes.Repeat([]byte{0, 1, 0xff}, 100_000)
	sent := [][]any{
		{int64(-1) << 63, "", []byte{}},
		{1.25, long, deep},
		{nil, "a\x00b", []byte("blob")},
		{int64(7), nil, nil},
		{"x", []byte{0}, long},
	}
	for i, args := range sent {
		if n, err := add.Exec(args...); err != nil || n != 1 {
			t.Fatalf("row %d: %d, %v", i, n, err)
		}
	}
	if _, err := add.Exec([]byte(nil), nil, nil); err != nil {
		t.Fatal(err)
	}
	got := rows(t, prepare(t, c, "SELECT a, b, c FROM t ORDER BY n"))
	if want := append(sent, []any{nil, nil, nil}); !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows came back as others than they were", len(got))
	}
	if kinds := rows(t, prepare(t, c, "SELECT DISTINCT typeof(c) FROM t ORDER BY 1")); !reflect.DeepEqual(kinds, [][]any{{"blob"}, {"null"}, {"text"}}) {
		t.Errorf("stored as %v", kinds)
	}
}

// TestChangesAreCounted tells how many rows a statement changed, also one that answers rows.
func TestChangesAreCounted(t *testing.T) {
	c := open(t)
	exec(t, c, "CREATE TABLE t (n INTEGER PRIMARY KEY)")
	add := prepare(t, c, "INSERT INTO t VALUES (?), (?) ON CONFLICT DO NOTHING RETURNING n")
	for _, want := range []int64{2, 0} {
		if n, err := add.Exec(int64(1), int64(2)); err != nil || n != want {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
}

// TestFailuresAreTold has statements fail and run again: the error tells SQLite's code, and nothing of the run that
// failed is left.
func TestFailuresAreTold(t *testing.T) {
	c := open(t)
	exec(t, c, "CREATE TABLE t (n INTEGER PRIMARY KEY)")
	add := prepare(t, c, "INSERT INTO t VALUES (?)")
	if _, err := add.Exec(int64(1)); err != nil {
		t.Fatal(err)
	}
	_, err := add.Exec(int64(1))
	if e, ok := errors.AsType[*sqlraw.Error](err); !ok || e.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || !strings.Contains(e.Error(), "t.n") {
		t.Errorf("a key twice: %v", err)
	}
	if _, err := add.Exec(int64(2)); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	for _, args := range [][]any{{}, {int64(3), int64(4)}, {3}, {struct{}{}}} {
		if _, err := add.Exec(args...); err == nil {
			t.Errorf("arguments %v are taken", args)
		}
	}
	if _, err := c.Prepare("SELECT * FROM nowhere"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no such table: %v", err)
	}
	for _, empty := range []string{"", "-- nothing"} {
		if _, err := c.Prepare(empty); err == nil {
			t.Errorf("%q is a statement", empty)
		}
	}
	enough := errors.New("enough")
	list := prepare(t, c, "SELECT n FROM t ORDER BY n")
	if err := list.Each(func([]any) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("ended by its reader: %v", err)
	}
	exec(t, c, "DROP TABLE t") // a statement that were still under way would hold it
	exec(t, c, "CREATE TABLE t (n INTEGER PRIMARY KEY, x INTEGER DEFAULT 5)")
	if _, err := prepare(t, c, "INSERT INTO t (n) VALUES (?)").Exec(int64(9)); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, list); !reflect.DeepEqual(got, [][]any{{int64(9)}}) {
		t.Errorf("after the table was made anew: %v", got)
	}
}

// TestOpenNothing tells that a file is not there, or is no database.
func TestOpenNothing(t *testing.T) {
	for _, uri := range []string{"file:" + filepath.ToSlash(filepath.Join(t.TempDir(), "none.db")) + "?mode=rw", "file:x?vfs=none"} {
		if c, err := sqlraw.Open(uri); err == nil {
			t.Errorf("%q is opened", uri)
			_ = c.Close()
		}
	}
}
