package executor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// raising makes a function of PostgreSQL that fails with a code.
func (w *world) raising() {
	w.t.Helper()
	w.Exec(w.t, `CREATE FUNCTION FAILS(CODE TEXT) RETURNS INTEGER LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as the test wants it' USING ERRCODE = CODE; END $$`)
}

// raise fails with a code, inside the transaction.
func raise(ctx context.Context, tx consumer.Tx, code string) error {
	var n int
	return tx.QueryRowContext(ctx, `SELECT FAILS(?)`, code).Scan(&n)
}

// TestErrorThatSpoilsTheTransactionCostsOnlyTheCulprit: in PostgreSQL nothing works after an error until
// the savepoint, whatever the consumer makes of it.
func TestErrorThatSpoilsTheTransactionCostsOnlyTheCulprit(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	for name, says := range map[string]func(err error) consumer.Outcome{
		"and the consumer says so":   func(err error) consumer.Outcome { return consumer.Retry(0, err) },
		"and the consumer is silent": func(error) consumer.Outcome { return consumer.Done("1", nil) },
		"and the consumer panics":    func(err error) consumer.Outcome { panic(err) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batchOf(3))
			w.raising()
			w.ways["spoil"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
				err := raise(ctx, tx, "22012")
				var n int
				if again := tx.QueryRowContext(ctx, `SELECT 1`).Scan(&n); again == nil {
					t.Error("the transaction goes on")
				}
				return says(err)
			}
			bad := agenttest.Delivery("2", agenttest.Do("spoil"))
			good := []link.Delivery{agenttest.Delivery("1"), agenttest.Delivery("3")}
			w.store(good[0], bad, good[1])
			w.drain()
			for _, d := range good {
				if a := w.answer(d); a.Status != link.ERPDone {
					t.Errorf("%+v", a)
				}
				if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE = ?`, d.Message.ID.String()); n != 1 {
					t.Errorf("%d executions of a bystander", n)
				}
			}
			if i := w.item(bad.Message.ID); i.State != link.ERPWaiting || i.Attempt != 1 {
				t.Errorf("%+v", i)
			}
			if w.booked() != 2 {
				t.Errorf("booked %d", w.booked())
			}
		})
	}
}

// TestConflictsAreRepeatedInsideTheAttempt: deadlocks and serialisation failures are repeated 3 times,
// and then cost the attempt.
func TestConflictsAreRepeatedInsideTheAttempt(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	for _, state := range []string{"40P01", "40001", "55P03"} {
		for failures, want := range map[int]link.ERPState{3: link.ERPDone, 4: link.ERPWaiting} {
			w := newWorld(t, batchOf(2))
			w.raising()
			calls := 0
			w.ways["conflict"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
				if calls++; calls > failures {
					return consumer.Done("free", nil)
				}
				if x.Attempt != 1 {
					t.Errorf("attempt %d", x.Attempt)
				}
				return consumer.Retry(0, errors.New("in words of its own: "+raise(ctx, tx, state).Error()))
			}
			d := agenttest.Delivery("a", agenttest.Do("conflict"))
			w.store(d, agenttest.Delivery("b"))
			w.drain()
			if calls != 4 {
				t.Errorf("%s: called %d times", state, calls)
			}
			if want == link.ERPDone {
				if a := w.answer(d); a.Status != want || w.booked() != 2 {
					t.Errorf("%s: %+v, booked %d", state, a, w.booked())
				}
			} else if i := w.item(d.Message.ID); i.State != want || i.Attempt != 1 || w.booked() != 1 {
				t.Errorf("%s: %+v, booked %d", state, i, w.booked())
			}
		}
	}
}

// TestDeadlockIsBrokenAndRepeated makes a real one, with a session that has what the consumer wants and
// wants what the consumer has.
func TestDeadlockIsBrokenAndRepeated(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	w := newWorld(t)
	w.Exec(t, `CREATE TABLE ACCOUNT (ID INTEGER PRIMARY KEY, N INTEGER NOT NULL)`)
	w.Exec(t, `INSERT INTO ACCOUNT VALUES (1, 0), (2, 0)`)
	db := sqltest.Open(t, w.Database)
	defer func() { _ = db.Close() }()
	other, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	for _, statement := range []string{`SET LOCAL deadlock_timeout = '1h'`, `UPDATE ACCOUNT SET N = N + 10 WHERE ID = 2`} {
		if _, err := other.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	calls, waits := 0, make(chan error, 1)
	w.ways["transfer"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
		if calls++; calls == 2 { // the savepoint has let the other session's row go
			if err := <-waits; err != nil {
				t.Errorf("the other session: %v", err)
			}
		}
		// It shall be this session that notices, and not the other.
		if _, err := tx.ExecContext(ctx, `SET LOCAL deadlock_timeout = '1ms'`); err != nil {
			t.Error(err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE ACCOUNT SET N = N + 1 WHERE ID = 1`); err != nil {
			return consumer.Retry(0, err)
		}
		if calls == 1 {
			go func() {
				_, err := other.ExecContext(context.Background(), `UPDATE ACCOUNT SET N = N + 10 WHERE ID = 1`)
				waits <- errors.Join(err, other.Commit())
			}()
			for waiting := 0; waiting == 0; {
				waiting = w.Int(t, `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.query LIKE '%WHERE ID = 1%'`)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE ACCOUNT SET N = N + 1 WHERE ID = 2`); err != nil {
			if !sqldb.IsBusy(err) {
				t.Errorf("no deadlock: %v", err)
			}
			return consumer.Retry(0, err)
		}
		return consumer.Done("1", nil)
	}
	d := agenttest.Delivery("a", agenttest.Do("transfer"))
	w.store(d)
	w.drain()
	if a := w.answer(d); a.Status != link.ERPDone || calls != 2 || w.Int(t, `SELECT QTDETENTATIVAEXEC FROM GTOTVSLINKMESSAGEEXEC`) != 1 {
		t.Errorf("%+v after %d calls", a, calls)
	}
	if sum := fmt.Sprint(w.Rows(t, `SELECT N FROM ACCOUNT ORDER BY ID`)); sum != "[11 11]" {
		t.Errorf("the accounts have %s", sum)
	}
}

// TestExecutorPausesWhileTheServerIsOutOfReach cuts the line at every place of an execution: no attempt
// is counted, nothing is booked twice, and the work goes on when the line is mended.
func TestExecutorPausesWhileTheServerIsOutOfReach(t *testing.T) {
	if sqltest.Kind() == sqldb.SQLite { // for it: TestClaimsAreGivenBackWhenTheDatabaseReturns
		sqltest.On(t, sqldb.Postgres)
	}
	w := newWorld(t)
	relay := sqltest.NewRelay(t, w.Database)
	box, err := inbox.Open(t.Context(), inbox.Config{Database: relay.Address, Installation: w.Installation, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := box.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	w.config.Box = box
	w.config.BatchSize = 3
	w.restart()
	cut := true
	w.ways["cut"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
		if !cut {
			return consumer.Done("at last", nil)
		}
		relay.Cut()
		_, err := tx.ExecContext(ctx, `INSERT INTO BOOK (DOC, IDMESSAGE) VALUES ('never', 'x')`)
		if err == nil {
			t.Error("written over a cut line")
		}
		return consumer.Retry(0, err)
	}
	all := []link.Delivery{agenttest.Delivery("1"), agenttest.Delivery("2", agenttest.Do("cut")), agenttest.Delivery("3")}
	if _, err := box.Store(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	for range 7 { // more often than there are attempts
		if n, err := w.e.RunOnce(t.Context()); err == nil || n != 0 {
			t.Fatalf("%d executed, %v", n, err)
		}
		if box.Answers(t.Context()) == nil {
			t.Error("a database out of reach answers")
		}
		relay.Mend()
		if err := box.Answers(t.Context()); err != nil {
			t.Errorf("it answers again, but: %v", err)
		}
	}
	cut = false
	if _, err := w.e.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if a := w.answer(d); a.Status != link.ERPDone {
			t.Errorf("%+v", a)
		}
		if n := w.Int(t, `SELECT QTDETENTATIVAEXEC FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE = ?`, d.Message.ID.String()); n != 1 {
			t.Errorf("attempt %d", n)
		}
	}
	if w.booked() != 3 {
		t.Errorf("booked %d", w.booked())
	}
}
