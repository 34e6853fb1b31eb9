package schema_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
	"smartlink/rm/schema"
)

// content lists every row of a table, each value as text.
func content(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT * FROM `+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		cells, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(columns))
		for i, c := range cells {
			if at, ok := c.(time.Time); ok {
				c = at.Format(time.DateOnly)
			}
			line[i] = strings.ToUpper(columns[i]) + "=" + fmt.Sprint(c)
		}
		all = append(all, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// TestBooksInPostgreSQLAreTheSame: same tables, same columns, same master data, and both stay when they
// are made again.
func TestBooksInPostgreSQLAreTheSame(t *testing.T) {
	ctx, file := t.Context(), open(t)
	address := sqltest.Postgres(t)
	server := sqltest.Open(t, address)
	server.SetMaxOpenConns(sqldb.MigrateConns)
	defer func() { _ = server.Close() }()
	for range 2 {
		for _, db := range []*sql.DB{file, server} {
			if err := errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db), schema.Check(ctx, db)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tables, err := sqldb.Tables(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	seeded := 0
	for _, table := range tables {
		if table.Name == strings.ToUpper(schema.VersionTable) || strings.HasPrefix(table.Name, "SQLITE") {
			continue
		}
		want, got := content(t, file, table.Name), content(t, server, table.Name)
		if seeded += len(got); !slices.Equal(want, got) {
			t.Errorf("%s has %d rows, not %d\n%v\n%v", table.Name, len(got), len(want), got[:min(3, len(got))], want[:min(3, len(want))])
		}
	}
	if seeded < 500 {
		t.Errorf("%d rows of master data", seeded)
	}
}

// TestNeverTouchesALiveRMOnAServer: whatever schema RM's tables are in.
func TestNeverTouchesALiveRMOnAServer(t *testing.T) {
	for name, ddl := range map[string]string{
		"RM's dictionary":                 `CREATE TABLE public.GDIC (TABELA TEXT)`,
		"RM's links, in another schema":   `CREATE SCHEMA rm; CREATE TABLE rm."GLINKSREL" (X TEXT)`,
		"companies without our marker":    `CREATE TABLE public.GCOLIGADA (CODCOLIGADA INTEGER)`,
		"entries in what would be ours":   `CREATE SCHEMA smartlink; CREATE TABLE smartlink.FLAN (IDLAN INTEGER)`,
		"a view over entries of somebody": `CREATE VIEW public.FXCX AS SELECT 1 AS IDXCX`,
	} {
		t.Run(name, func(t *testing.T) {
			db := sqltest.Open(t, sqltest.PostgresDatabase(t))
			db.SetMaxOpenConns(sqldb.MigrateConns)
			defer func() { _ = db.Close() }()
			if _, err := db.ExecContext(t.Context(), ddl); err != nil {
				t.Fatal(err)
			}
			before, err := sqldb.Tables(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{"Migrate": schema.Migrate(t.Context(), db), "Check": schema.Check(t.Context(), db)} {
				if link.CodeOf(err) != link.CodeLiveRM {
					t.Errorf("%s: %v", what, err)
				}
			}
			if after, err := sqldb.Tables(t.Context(), db); err != nil || len(after) != len(before) {
				t.Errorf("tables were %v, are %v (%v)", before, after, err)
			}
		})
	}
}

var (
	createTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`)
	addedColumn = regexp.MustCompile(`(?i)ALTER TABLE (\w+) ADD (?:COLUMN )?(\w+)`)
	columnName  = regexp.MustCompile(`(?m)^    ([A-Z0-9]+) +[A-Z]`)
)

// shape is every table of a migration with its columns.
func shape(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, table := range createTable.FindAllStringSubmatch(string(text), -1) {
		b.WriteString(table[1] + ":")
		for _, c := range columnName.FindAllStringSubmatch(table[2], -1) {
			if !slices.Contains([]string{"PRIMARY", "FOREIGN", "CHECK"}, c[1]) {
				b.WriteString(" " + c[1])
			}
		}
		b.WriteString("\n")
	}
	for _, column := range addedColumn.FindAllStringSubmatch(string(text), -1) {
		if column[2] != "CONSTRAINT" {
			b.WriteString(column[1] + ": + " + column[2] + "\n")
		}
	}
	return b.String()
}

// TestMigrationsAreThereForEveryDatabase: a migration that is added for one is added for all, with the
// same tables and columns.
func TestMigrationsAreThereForEveryDatabase(t *testing.T) {
	for _, dir := range []string{"migrations", "../../agent/inbox/migrations"} {
		files, err := fs.Glob(os.DirFS(dir), "*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, of := range []string{"postgres", "sqlserver"} {
			there, err := fs.Glob(os.DirFS(path.Join(dir, of)), "*.sql")
			if err != nil || !slices.Equal(there, files) {
				t.Errorf("%s for %s: %v, not %v (%v)", dir, of, there, files, err)
			}
			for _, f := range there {
				if got, want := shape(t, path.Join(dir, of, f)), shape(t, path.Join(dir, f)); got != want || want == "" {
					t.Errorf("%s of %s has\n%snot\n%s", f, of, got, want)
				}
			}
		}
	}
}
