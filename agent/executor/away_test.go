package executor_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// fails makes the database fail under a transaction: SQLite is full for its connection, so that the next
// big row fails with SQLITE_FULL, as it does when the disk is; a server ends the session.
func fails(ctx context.Context, t *testing.T, tx consumer.Tx) error {
	t.Helper()
	if sqltest.Kind() != sqldb.SQLite {
		var session int
		if err := tx.QueryRowContext(ctx, map[sqldb.Dialect]string{sqldb.Postgres: `SELECT pg_backend_pid()`, sqldb.SQLServer: `SELECT @@SPID`}[sqltest.Kind()]).Scan(&session); err != nil {
			t.Error(err)
		}
		sqltest.Kill(t, session)
		_, err := tx.ExecContext(ctx, `INSERT INTO BOOK (DOC, IDMESSAGE) VALUES ('x', 'y')`)
		if !sqldb.IsUnavailable(err) {
			t.Errorf("the database is not away: %v", err)
		}
		return err
	}
	var pages int
	if err := tx.QueryRowContext(ctx, `PRAGMA max_page_count = 1`).Scan(&pages); err != nil {
		t.Error(err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO BOOK VALUES (?, 'big')`, strings.Repeat("x", 1<<20))
	if !sqldb.IsUnavailable(err) {
		t.Errorf("the database is not full: %v", err)
	}
	return err
}

func TestAttemptIsNeverCountedForADatabaseThatIsAway(t *testing.T) {
	for name, says := range map[string]func(error) consumer.Outcome{
		"and the consumer says so":   func(err error) consumer.Outcome { return consumer.Retry(0, err) },
		"and the consumer is silent": func(error) consumer.Outcome { return consumer.Done("never", nil) },
		"and the consumer refuses":   func(error) consumer.Outcome { return consumer.Reject(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batchOf(3))
			away := true
			w.ways["full"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
				if !away {
					return consumer.Done("at last", nil)
				}
				return says(fails(ctx, t, tx))
			}
			all := []link.Delivery{agenttest.Delivery("1"), agenttest.Delivery("2", agenttest.Do("full")), agenttest.Delivery("3")}
			w.store(all...)
			for range 10 { // more often than there are attempts
				if n, err := w.e.RunOnce(t.Context()); err == nil || n != 0 {
					t.Fatalf("%d executed, %v", n, err)
				}
			}
			for _, d := range all {
				if i := w.item(d.Message.ID); i.State != link.ERPStored || i.Attempt != 0 || i.Deaths != 0 {
					t.Errorf("%+v", i)
				}
			}
			if w.booked() != 0 || w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC`) != 0 {
				t.Error("something was kept")
			}
			away = false
			w.drain()
			for _, d := range all {
				if a := w.answer(d); a.Status != link.ERPDone {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

// TestClaimsAreGivenBackWhenTheDatabaseReturns: while the file is out of reach nothing can be given
// back; when it returns, that comes first.
func TestClaimsAreGivenBackWhenTheDatabaseReturns(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // for the others: TestExecutorPausesWhileTheServerIsOutOfReach
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves no open file: a database that is away is NOT tested")
	}
	w := newWorld(t)
	var pool *sql.DB
	box, err := inbox.Open(t.Context(), inbox.Config{Database: w.Database, Installation: w.Installation, Clock: w.clock,
		Prepare: func(_ context.Context, db *sql.DB) error { pool = db; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := box.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	pool.SetMaxIdleConns(0) // every connection but the writer's is opened anew
	w.config.Box = box
	w.restart()
	dir, elsewhere := filepath.Dir(w.Database), filepath.Dir(w.Database)+"-away"
	here := true
	w.ways["move"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
		if !here {
			return consumer.Done("back", nil)
		}
		here = false
		if err := os.Rename(dir, elsewhere); err != nil {
			t.Fatal(err)
		}
		return consumer.Retry(0, fails(ctx, t, tx))
	}
	d := agenttest.Delivery("a", agenttest.Do("move"))
	w.store(d)
	for range 3 {
		if n, err := w.e.RunOnce(t.Context()); err == nil || n != 0 {
			t.Fatalf("%d executed, %v", n, err)
		}
		if box.Answers(t.Context()) == nil {
			t.Error("a database out of reach answers")
		}
	}
	if err := os.Rename(elsewhere, dir); err != nil {
		t.Fatal(err)
	}
	if err := box.Answers(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := w.e.RunOnce(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d executed, %v", n, err)
	}
	if a := w.answer(d); a.Status != link.ERPDone || w.Int(t, `SELECT QTDETENTATIVAEXEC FROM GTOTVSLINKMESSAGEEXEC`) != 1 {
		t.Errorf("%+v", a)
	}
}

func TestBusyIsRepeatedInsideTheAttempt(t *testing.T) {
	for failures, want := range map[int]link.ERPState{3: link.ERPDone, 4: link.ERPWaiting} {
		w := newWorld(t, func(c *executor.Config) { c.BatchSize = 2 })
		calls := 0
		w.ways["locked"] = func(ctx context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
			if calls++; calls > failures {
				return consumer.Done("free", nil)
			}
			if x.Attempt != 1 {
				t.Errorf("attempt %d", x.Attempt)
			}
			return consumer.Retry(0, busy(ctx, t, w.Database))
		}
		d := agenttest.Delivery("a", agenttest.Do("locked"))
		w.store(d, agenttest.Delivery("b"))
		w.drain()
		if calls != 4 {
			t.Errorf("called %d times", calls)
		}
		if want == link.ERPDone {
			if a := w.answer(d); a.Status != want || w.booked() != 2 {
				t.Errorf("%+v, booked %d", a, w.booked())
			}
		} else if i := w.item(d.Message.ID); i.State != want || i.Attempt != 1 || w.booked() != 1 {
			t.Errorf("%+v, booked %d", i, w.booked())
		}
	}
}

// busy makes an error of a lock: a second connection writes, or takes the table, while the execution's
// transaction is open.
func busy(ctx context.Context, t *testing.T, database string) error {
	t.Helper()
	db := sqltest.Open(t, database)
	defer func() { _ = db.Close() }()
	statements := map[sqldb.Dialect][2]string{
		sqldb.SQLite:    {`PRAGMA busy_timeout = 0`, `INSERT INTO BOOK VALUES ('other', 'other')`},
		sqldb.Postgres:  {`SET lock_timeout = '1ms'`, `DELETE FROM SMARTLINKMARKER`},
		sqldb.SQLServer: {`SET LOCK_TIMEOUT 0`, `DELETE FROM SMARTLINKMARKER`},
	}[sqltest.Kind()]
	if _, err := db.ExecContext(ctx, statements[0]); err != nil {
		t.Fatal(err)
	}
	_, err := db.ExecContext(ctx, statements[1])
	if !sqldb.IsBusy(err) {
		t.Errorf("not busy: %v", err)
	}
	return err
}

func TestRunWakesPausesAndStops(t *testing.T) {
	w := newWorld(t)
	answered := make(chan struct{}, 100)
	w.config.Answered = func() { answered <- struct{}{} }
	w.restart()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.e.Run(ctx); close(ended) }()

	w.store(agenttest.Delivery("by a wake"))
	w.e.Wake()
	<-answered

	// Another process puts one in: within a second the executor sees it by itself.
	other, err := inbox.Attach(t.Context(), w.Database, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Store(t.Context(), []link.Delivery{agenttest.Delivery("by another process")}); err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		select {
		case <-answered:
			done = true
		default:
			w.clock.Advance(time.Second)
			runtime.Gosched()
		}
	}
	if err := other.Close(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
	<-ended
	if w.booked() != 2 {
		t.Errorf("booked %d", w.booked())
	}
	if s := w.e.Stats(); s["done"] != 2 {
		t.Errorf("%v", s)
	}
}
