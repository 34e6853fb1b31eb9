package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/queuetest"
	"smartlink/internal/clock"
)

// database is the address of an empty database that tests may do with as they like; ci/test starts one.
func database(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("SMARTLINK_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SMARTLINK_TEST_POSTGRES names no PostgreSQL database: the PostgreSQL driver is NOT tested")
	}
	return dsn + " application_name=queue_test" // other packages' connections are theirs
}

// TestSuite runs the suite. Network and bubbles go together because a Store that is alone leaves no
// connection listening.
func TestSuite(t *testing.T) {
	dsn := database(t)
	queuetest.Run(t, func(t testing.TB) queuetest.Store { return store(t, dsn) })
}

func TestModel(t *testing.T) {
	dsn := database(t)
	queuetest.RunModel(t, func(t testing.TB) queuetest.Store { return store(t, dsn) })
}

// store is an empty store that tells the time as it is told.
func store(t testing.TB, dsn string) queuetest.Store {
	t.Helper()
	empty(t, dsn)
	return queuetest.Store{
		Open: func(ctx context.Context, c clock.Clock) (queue.Driver, error) {
			return postgres.Open(ctx, dsn, postgres.Options{Clock: c, Alone: true})
		},
		KeepsLeases: true, MovesAtOnce: true,
	}
}

// empty makes the schema if it is not there, and leaves nothing else in it.
func empty(t testing.TB, dsn string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	rows, err := c.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('meta', 'queue_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string]) // none before the first test, fewer when an older version made them
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if _, err := c.Exec(ctx, "DELETE FROM "+pgx.Identifier{table}.Sanitize()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Exec(ctx, `DO $$ DECLARE day regclass; BEGIN
		FOR day IN SELECT c.oid FROM pg_class AS c JOIN pg_inherits ON inhrelid = c.oid WHERE c.relkind = 'r' AND c.relname LIKE 'history\_%' LOOP
			EXECUTE 'DROP TABLE ' || day;
		END LOOP; END $$`); err != nil {
		t.Fatal(err)
	}
}
