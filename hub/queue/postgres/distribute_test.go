package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue/postgres"
)

// TestDistribute opens a store where functions stand in for Citus: every table is spread once, by its
// tenant, beside the table queue, which comes first.
func TestDistribute(t *testing.T) {
	dsn := database(t)
	const schema = "queue_citus_test"
	c := admin(t, dsn)
	_, err := c.Exec(t.Context(), `DROP SCHEMA IF EXISTS `+schema+` CASCADE; CREATE SCHEMA `+schema+`; SET search_path TO `+schema+`;
		CREATE TABLE pg_dist_partition (n int GENERATED ALWAYS AS IDENTITY, logicalrel regclass, col text, beside text);
		CREATE FUNCTION create_distributed_table(t regclass, col text, distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default') RETURNS void
			LANGUAGE sql AS 'INSERT INTO pg_dist_partition (logicalrel, col, beside) VALUES (t, col, colocate_with)'`)
	must(t, err)
	for range 2 {
		s, err := postgres.Open(t.Context(), dsn+" search_path="+schema, postgres.Options{Alone: true})
		must(t, err)
		must(t, s.Close())
	}
	rows, err := c.Query(t.Context(), `SELECT logicalrel::text, col, beside FROM pg_dist_partition ORDER BY n`)
	must(t, err)
	var table, col, beside string
	var spread []string
	_, err = pgx.ForEachRow(rows, []any{&table, &col, &beside}, func() error {
		want := "queue"
		if table == "queue" {
			want = "default"
		}
		if col != "tenant" || beside != want {
			t.Errorf("%s by %s beside %s", table, col, beside)
		}
		spread = append(spread, table)
		return nil
	})
	must(t, err)
	if len(spread) < 12 || spread[0] != "queue" || !slices.Contains(spread, "message") || !slices.Contains(spread, "delivery") || slices.Contains(spread, "meta") {
		t.Errorf("spread %v", spread)
	}
	for i, x := range spread {
		if slices.Contains(spread[:i], x) {
			t.Errorf("%s twice", x)
		}
	}
	_, err = c.Exec(t.Context(), `DROP SCHEMA `+schema+` CASCADE`)
	must(t, err)
}

// TestJoinsStayWithinATenant reads the statements: where one table is joined to another, their tenants are
// compared, so that no join crosses tenants and each can be answered by one node.
func TestJoinsStayWithinATenant(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	literal := regexp.MustCompile("`[^`]*`")
	// A table with its condition, up to what follows it.
	join := regexp.MustCompile(`(?s)JOIN ([a-z_]+) AS ([a-z]+) ON (.*?)(?: JOIN | WHERE | ORDER | GROUP | CROSS |\)|$)`)
	using := regexp.MustCompile(`(?s)JOIN [a-z_]+(?: AS [a-z]+)? USING`)
	joins := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "copy.go" { // which reads SQLite files
			continue
		}
		text, err := os.ReadFile(file)
		must(t, err)
		for _, statement := range literal.FindAllString(string(text), -1) {
			statement = strings.Join(strings.Fields(strings.Trim(statement, "`")), " ")
			if using.MatchString(statement) {
				t.Errorf("%s: a join whose condition cannot be read: %s", file, statement)
			}
			for _, m := range join.FindAllStringSubmatch(statement, -1) {
				if joins++; !strings.Contains(m[3], m[2]+".tenant = ") && !strings.Contains(m[3], ".tenant = "+m[2]+".tenant") {
					t.Errorf("%s: %s is joined without its tenant: %s", file, m[1], fmt.Sprintf("%.200s", statement))
				}
			}
		}
	}
	if joins < 15 {
		t.Errorf("only %d joins: the test looks in the wrong place", joins)
	}
}
