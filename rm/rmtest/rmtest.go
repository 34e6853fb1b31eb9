// Package rmtest runs RM's consumers on seeded books of their own, for the tests of rm. It checks what
// has to hold whatever a message says: no panic, no technical fault, nothing written by a refused
// message, faults that a person can read, the same outcome and record at a desk (rm/webservice/desk).
package rmtest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/internal/sqldb"
	"smartlink/link"
	"smartlink/rm/schema"
)

// Now is the moment all executions see: late on 31 March in UTC.
var Now = time.Date(2026, 3, 31, 23, 30, 15, 0, time.UTC)

// Books are the reference schema with its seed, and a runner on it.
type Books struct {
	Runner *consumertest.Runner
	t      testing.TB
	kept   *kept
}

// Of answers the same books for a subtest.
func (b *Books) Of(t testing.TB) *Books { return &Books{b.Runner, t, b.kept} }

// Run gives a message to its consumer, and fails the test when what must always hold does not.
func (b *Books) Run(c consumer.Consumer, body string) consumertest.Result {
	b.t.Helper()
	ctx := context.Background()
	tx := b.begin(ctx)
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	other := atDesk(ctx, tx, c, body, someOf)
	before := Changes(ctx, tx)
	result := Attempt(ctx, tx, c, body)
	problems := slices.Concat(Check(result, Changes(ctx, tx)-before), Unreadable(result), other.differs(ctx, tx, c, body, result))
	if result.Kind == consumer.KindDone {
		if err := tx.Commit(); err != nil {
			b.t.Fatal(err)
		}
		result.Committed = true
	}
	for _, problem := range problems {
		b.t.Errorf("%s\nmessage: %s", problem, body)
	}
	return result
}

// Booked runs a message that must be booked, and answers its result.
func (b *Books) Booked(c consumer.Consumer, body string) consumertest.Result {
	b.t.Helper()
	result := b.Run(c, body)
	if result.Kind != consumer.KindDone || !result.Committed {
		b.t.Fatalf("%s: %s %v\nmessage: %s", c.Type(), result.Kind, Lines(result.Errors), body)
	}
	return result
}

// Refused runs a message that must be refused with exactly these faults, written as Lines does, in
// any order.
func (b *Books) Refused(c consumer.Consumer, body string, want ...string) consumertest.Result {
	b.t.Helper()
	result := b.Run(c, body)
	got := Lines(result.Errors)
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if result.Kind != consumer.KindReject || !slices.Equal(got, want) {
		b.t.Errorf("%s: %s with\n\t%s\nwant\n\t%s\nmessage: %s", c.Type(), result.Kind, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), body)
	}
	return result
}

// View is the books for package books.
func (b *Books) View() sqldb.Bound { return sqldb.BindDB(b.Runner.DB) }

// Context is the test's.
func (b *Books) Context() context.Context { return b.t.Context() }

// Exec changes the books by other means than a message.
func (b *Books) Exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.View().ExecContext(context.Background(), query, args...); err != nil {
		b.t.Fatal(err)
	}
}

// Empty takes everything booked out of the books, and lets ids begin anew.
func (b *Books) Empty() {
	b.t.Helper()
	for _, table := range []string{"FLANCOMPL", "FLANRATCCU", "FLAN", "FXCXCOMPL", "FXCX", "CRATEIOLC", "CPARTIDA", "CLANCAMENTO", "SLSEQUENCIA"} {
		b.Exec("DELETE FROM " + table)
	}
}

// Rows answers what a query finds, each row by its columns in capitals: nil, int64 or string, whatever
// types the database has.
func (b *Books) Rows(query string, args ...any) []map[string]any {
	b.t.Helper()
	found, err := Query(context.Background(), keptDB{b}, query, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// Row answers the one row a query finds.
func (b *Books) Row(query string, args ...any) map[string]any {
	b.t.Helper()
	found := b.Rows(query, args...)
	if len(found) != 1 {
		b.t.Fatalf("%d rows of %s", len(found), query)
	}
	return found[0]
}

// Counts answers how many rows every table has.
func (b *Books) Counts() map[string]int64 {
	b.t.Helper()
	counts := map[string]int64{}
	tables, err := sqldb.Tables(context.Background(), b.View())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, table := range tables {
		if table.Ours {
			counts[table.Name], _ = b.Row(`SELECT COUNT(*) AS N FROM ` + table.Name)["N"].(int64)
		}
	}
	return counts
}

// Query answers what a query finds, through a database or a consumer's transaction.
func Query(ctx context.Context, db schema.Querier, query string, args ...any) ([]map[string]any, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var found []map[string]any
	for rows.Next() {
		cells := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make(map[string]any, len(columns))
		for i, c := range columns {
			row[strings.ToUpper(c)] = plain(cells[i])
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// plain is a cell as SQLite has it: servers have types of their own for amounts, dates and moments.
func plain(cell any) any {
	switch v := cell.(type) {
	case []byte:
		return string(v)
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format(time.RFC3339)
	}
	return cell
}

// changed counts the changed rows. SQL Server has no such count of its own: there the transaction counts.
var changed = map[sqldb.Dialect]string{
	sqldb.SQLite:   `SELECT total_changes()`,
	sqldb.Postgres: `SELECT COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_xact_user_tables`,
}

// Changes answers how many rows the connection of a transaction has changed so far.
func Changes(ctx context.Context, tx consumer.Tx) (n int64) {
	if c, ok := tx.(*serverTx); ok && changed[sqldb.DialectOf(c)] == "" {
		return c.changes
	}
	dialect := sqldb.DialectOf(tx)
	if err := tx.QueryRowContext(ctx, changed[dialect]).Scan(&n); err != nil && dialect == sqldb.SQLite {
		panic(err)
	}
	return n // in PostgreSQL, after an error, 0: the outcome tells of it
}

// Check says what is wrong with a result, whatever the message was. changes counts the rows that the
// consumer changed in its transaction.
func Check(result consumertest.Result, changes int64) []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if result.Panic != nil {
		add("panic: %v", result.Panic)
	}
	switch result.Kind {
	case consumer.KindDone:
		if result.Key == "" || len(result.Keys) == 0 || len(result.Errors) > 0 || changes == 0 {
			add("done with key %q, %v, errors %v, %d changes", result.Key, result.Keys, result.Errors, changes)
		}
	case consumer.KindReject:
		if len(result.Errors) == 0 || result.Key != "" {
			add("refused for no reason, key %q", result.Key)
		}
		if changes != 0 {
			add("refused, but %d rows were changed", changes)
		}
	default:
		add("%s: %v", result.Kind, result.Cause)
	}
	for _, f := range slices.Concat(result.Errors, result.Warnings) {
		if !strings.HasPrefix(f.Code, "RM-") {
			add("a fault has the code %q", f.Code)
		}
		for _, at := range append([]string{f.Pointer}, f.Related...) {
			if at != "" && at[0] != '/' {
				add("%s points at %q", f.Code, at)
			}
		}
	}
	return wrong
}

// leftOver finds what a text was not given: a placeholder, or a gap where a value should stand.
var leftOver = regexp.MustCompile(`\{[a-z.]+\}|  | [.,;:)]|\( |\(\)|^[:., ]`)

// Unreadable says which sentences of a result a person could make nothing of. Where a message holds odd
// values, so do the sentences: then it says nothing.
func Unreadable(result consumertest.Result) []string {
	var wrong []string
	for _, f := range slices.Concat(result.Errors, result.Warnings) {
		for _, text := range []string{f.Description, f.DescriptionEn, f.Help, f.HelpEn} {
			if text == "" || leftOver.MatchString(text) {
				wrong = append(wrong, fmt.Sprintf("%s says %q", f.Code, text))
			}
		}
		if f.Description == f.DescriptionEn || f.Help == f.HelpEn {
			wrong = append(wrong, fmt.Sprintf("%s says the same in both languages: %q", f.Code, f.Description))
		}
	}
	return wrong
}

// Lines writes faults as "RM-CODE pointer (related)".
func Lines(faults []link.Fault) []string {
	lines := make([]string, 0, len(faults))
	for _, f := range faults {
		line := f.Code + " " + f.Pointer
		if len(f.Related) > 0 {
			line += " (" + strings.Join(f.Related, " ") + ")"
		}
		lines = append(lines, line)
	}
	return lines
}
