package pgcopy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/internal/pgcopy"
	"smartlink/internal/sqldb"
)

// database is an empty schema of this test's with one table of every type that is copied.
func database(t *testing.T) (dsn string) {
	t.Helper()
	dsn = os.Getenv("SMARTLINK_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SMARTLINK_TEST_POSTGRES names no PostgreSQL database: copies into one are NOT tested")
	}
	c, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	_, err = c.Exec(t.Context(), `DROP SCHEMA IF EXISTS pgcopy_test CASCADE; CREATE SCHEMA pgcopy_test; SET search_path TO pgcopy_test;
		CREATE TABLE thing (n bigint PRIMARY KEY, name text NOT NULL, small smallint, id uuid, data bytea, yes boolean, at timestamptz)`)
	must(t, err)
	return dsn + " search_path=pgcopy_test"
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// things is a file with rows, and the part that copies them.
func things(t *testing.T, n int) pgcopy.Part {
	t.Helper()
	file, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "things.db"), 1)
	must(t, err)
	t.Cleanup(func() { must(t, file.Close()) })
	_, err = file.ExecContext(t.Context(), `CREATE TABLE thing (n INTEGER PRIMARY KEY, name TEXT NOT NULL)`)
	must(t, err)
	for i := range n {
		_, err := file.ExecContext(t.Context(), `INSERT INTO thing VALUES (?, ?)`, i, []string{"", "ação ☃ \x1f", "-", "+1"}[i%4])
		must(t, err)
	}
	moments := []time.Time{time.Date(2026, 3, 27, 9, 14, 13, 123457000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(9999, 1, 2, 3, 4, 5, 1000, time.UTC)}
	return pgcopy.Part{
		From: "things.db", File: file, Table: "thing", Columns: []string{"n", "name", "small", "id", "data", "yes", "at"},
		Query: `SELECT n, name, n, n, n, n, n FROM thing ORDER BY n`,
		Value: func(column int, v any) (any, error) {
			if column < 2 {
				return v, nil
			}
			n := v.(int64)
			if n%5 == 0 {
				return nil, nil
			}
			return []any{int16(n), [16]byte(uuid.NewSHA1(uuid.Nil, []byte{byte(n)})), []byte{0, byte(n)}, n%2 == 0, moments[n%3]}[column-2], nil
		},
	}
}

func begin(t *testing.T, dsn, source string, anew bool) (*pgcopy.Copy, error) {
	t.Helper()
	c, err := pgcopy.Begin(t.Context(), dsn, pgcopy.Options{Source: source, Tables: []string{"thing"}, Anew: anew, Piece: 4})
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

func nothing(pgx.Tx) error { return nil }

// TestValuesAreComparedAlike: of every type the database's checksum is that of what was sent, and one value
// that is another is found.
func TestValuesAreComparedAlike(t *testing.T) {
	dsn := database(t)
	c, err := begin(t, dsn, "a", false)
	must(t, err)
	must(t, c.Add(t.Context(), things(t, 41)))
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, change := range []string{`at = at + interval '1 microsecond'`, `yes = NOT yes`, `data = data || '\x00'`, `id = NULL`, `name = name || ' '`, `small = NULL`} {
		tx, err := conn.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), `UPDATE thing SET `+change+` WHERE n = 7`)
		must(t, err)
		must(t, tx.Commit(t.Context()))
		if _, err := c.Finish(t.Context(), nothing); err == nil {
			t.Errorf("%s: not found", change)
		}
		_, err = conn.Exec(t.Context(), `DELETE FROM thing; DELETE FROM copy_part`)
		must(t, err)
		must(t, c.Add(t.Context(), things(t, 41)))
	}
	if standing, err := pgcopy.Look(t.Context(), dsn); err != nil || standing != pgcopy.Unfinished {
		t.Errorf("standing %d, %v", standing, err)
	}
	rows, err := c.Finish(t.Context(), nothing)
	if err != nil || rows["thing"] != 41 {
		t.Errorf("rows %v, %v", rows, err)
	}
	if standing, err := pgcopy.Look(t.Context(), dsn); err != nil || standing != pgcopy.Ended {
		t.Errorf("standing %d, %v", standing, err)
	}
}

// TestTakenUp: who was thought dead and lives stores nothing any more once another has taken the copy up,
// also when that one began anew.
func TestTakenUp(t *testing.T) {
	dsn := database(t)
	part := things(t, 20)
	first, err := begin(t, dsn, "a", false)
	must(t, err)
	if _, err := begin(t, dsn, "b", false); !errors.Is(err, pgcopy.ErrChanged) {
		t.Errorf("from another source: %v", err)
	}
	second, err := begin(t, dsn, "a", false)
	must(t, err)
	if !second.Resumed() || first.Resumed() {
		t.Error("not told what goes on")
	}
	if err := first.Add(t.Context(), part); !errors.Is(err, pgcopy.ErrTaken) {
		t.Errorf("the first one goes on: %v", err)
	}
	third, err := begin(t, dsn, "a", true)
	must(t, err)
	if err := second.Add(t.Context(), part); !errors.Is(err, pgcopy.ErrTaken) {
		t.Errorf("the second one goes on: %v", err)
	}
	must(t, third.Add(t.Context(), part))
	if _, err := second.Finish(t.Context(), nothing); !errors.Is(err, pgcopy.ErrTaken) {
		t.Errorf("the second one ends it: %v", err)
	}
	if _, err := third.Finish(t.Context(), nothing); err != nil {
		t.Error(err)
	}
	if _, err := begin(t, dsn, "a", true); !errors.Is(err, pgcopy.ErrNotEmpty) {
		t.Errorf("an ended copy is thrown away: %v", err)
	}
	if again, err := begin(t, dsn, "a", false); err != nil || !again.Ended() {
		t.Errorf("an ended copy is not told about: %v", err)
	}
}
