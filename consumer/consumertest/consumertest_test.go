package consumertest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// writer writes a row and then ends as it is told.
type writer struct {
	end func(x consumer.Execution) consumer.Outcome
}

func (writer) Type() string { return "WriteDataCommand" }

func (w writer) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	log.Warn("attempt %d", x.Attempt)
	if _, err := tx.ExecContext(ctx, `INSERT INTO T (N) VALUES (?)`, x.Attempt); err != nil {
		return consumer.Retry(0, err)
	}
	if _, canCommit := tx.(interface{ Commit() error }); canCommit {
		panic("the transaction can be committed by a consumer")
	}
	return w.end(x)
}

func start(t *testing.T) *consumertest.Runner {
	t.Helper()
	r, err := consumertest.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if _, err := r.DB.Exec(`CREATE TABLE T (N INTEGER PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	return r
}

func rowCount(t *testing.T, r *consumertest.Runner) (n int) {
	t.Helper()
	if err := r.DB.QueryRow(`SELECT COUNT(*) FROM T`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnlyDoneIsCommitted(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(consumer.Execution) consumer.Outcome
		kind consumer.Kind
		rows int
	}{
		"done":     {func(consumer.Execution) consumer.Outcome { return consumer.Done("1", nil) }, consumer.KindDone, 1},
		"reject":   {func(consumer.Execution) consumer.Outcome { return consumer.Reject([]link.Fault{{Code: "X"}}) }, consumer.KindReject, 0},
		"retry":    {func(consumer.Execution) consumer.Outcome { return consumer.Retry(0, errors.New("x")) }, consumer.KindRetry, 0},
		"postpone": {func(x consumer.Execution) consumer.Outcome { return consumer.Postpone(x.Now, "x") }, consumer.KindPostpone, 0},
		"panic":    {func(consumer.Execution) consumer.Outcome { panic("boom") }, consumer.KindRetry, 0},
		"nothing":  {func(consumer.Execution) consumer.Outcome { return consumer.Outcome{} }, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			result, err := r.Run(t.Context(), writer{tc.end}, consumertest.Message("WriteDataCommand", `{}`))
			if err != nil {
				t.Fatal(err)
			}
			if result.Kind != tc.kind || result.Committed != (tc.rows == 1) || rowCount(t, r) != tc.rows {
				t.Errorf("kind %q, committed %v, %d rows", result.Kind, result.Committed, rowCount(t, r))
			}
			if len(result.Lines) != 1 || result.Lines[0] != (consumertest.Line{Level: "warn", Text: "attempt 1"}) {
				t.Errorf("lines %v", result.Lines)
			}
			if (result.Panic != nil) != (name == "panic") {
				t.Errorf("panic %v", result.Panic)
			}
		})
	}
}

func TestRunnerTellsAttemptAndTime(t *testing.T) {
	r := start(t)
	r.Now = time.Date(2026, 3, 31, 21, 0, 0, 0, time.FixedZone("BRT", -3*3600))
	var seen consumer.Execution
	end := func(x consumer.Execution) consumer.Outcome { seen = x; return consumer.Done("1", nil) }
	if _, err := r.RunAttempt(t.Context(), writer{end}, consumertest.Message("WriteDataCommand", `{}`), 3); err != nil {
		t.Fatal(err)
	}
	if seen.Attempt != 3 || !seen.Now.Equal(r.Now) || seen.Now.Location() != time.UTC {
		t.Errorf("attempt %d at %v", seen.Attempt, seen.Now)
	}
}

func TestDatabaseErrorsReachTheConsumerUnchanged(t *testing.T) {
	r := start(t)
	w := writer{func(consumer.Execution) consumer.Outcome { return consumer.Done("1", nil) }}
	for range 2 { // the second insert violates the primary key
		if _, err := r.Run(t.Context(), w, consumertest.Message("WriteDataCommand", `{}`)); err != nil {
			t.Fatal(err)
		}
	}
	result, err := r.Run(t.Context(), w, consumertest.Message("WriteDataCommand", `{}`))
	if err != nil || result.Kind != consumer.KindRetry || !sqldb.IsUnique(result.Cause) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestWrongTypeIsTheTestersMistake(t *testing.T) {
	r := start(t)
	if _, err := r.Run(t.Context(), writer{}, consumertest.Message("OtherDataCommand", `{}`)); err == nil {
		t.Error("a message of another type was executed")
	}
}
