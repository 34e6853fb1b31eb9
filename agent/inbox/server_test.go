package inbox_test

import (
	"context"
	"testing"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestWritersOfAServerComeOneAfterTheOther: while one instance ends a message, another stores the next of
// its ordering key. It has to see the end, or the next would be held by nobody for ever.
func TestWritersOfAServerComeOneAfterTheOther(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	w := newWorld(t)
	other, err := inbox.Attach(t.Context(), w.Database, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	w.store(agenttest.Delivery("first", agenttest.OrderingKey("k")))
	rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true })
	if err != nil || len(rows) != 1 {
		t.Fatal(len(rows), err)
	}
	tx, err := w.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	var session int
	if err := tx.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&session); err != nil {
		t.Fatal(err)
	}
	stored := make(chan error, 1)
	go func() {
		_, err := other.Store(t.Context(), []link.Delivery{agenttest.Delivery("second", agenttest.OrderingKey("k"))})
		stored <- err
	}()
	for waiting := 0; waiting == 0; {
		select {
		case err := <-stored:
			t.Fatalf("stored beside an open transaction: %v", err)
		default:
			waiting = w.Int(t, `SELECT COUNT(*) FROM pg_stat_activity WHERE ? = ANY (pg_blocking_pids(pid))`, session)
		}
	}
	answer, err := inbox.NewAnswer(&rows[0].Message, 1, link.AnswerData{Status: link.ERPDone, Key: "1"})
	if err != nil {
		t.Fatal(err)
	}
	err = tx.Settle(t.Context(), rows[0], &inbox.Ending{
		State: link.ERPDone, Answer: answer, Hashes: inbox.HashesOf(&rows[0].Message), Started: w.clock.Now(), Ended: w.clock.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-stored; err != nil {
		t.Fatal(err)
	}
	if rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true }); err != nil || len(rows) != 1 {
		t.Errorf("the next of the key: %d claimed, %v", len(rows), err)
	}
}

// TestTextsThatPostgresCannotHold: what came with NUL is stored all the same, and its body comes out as
// it came in.
func TestTextsThatPostgresCannotHold(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	w := newWorld(t)
	d := agenttest.Delivery("x", func(m *link.Message) { m.CreatedBy, m.Body = "a\x00\xffb", []byte("\x00\xff") })
	w.store(d)
	rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true })
	if err != nil || len(rows) != 1 || rows[0].Message.CreatedBy != "a\uFFFD\uFFFDb" || string(rows[0].Message.Body) != "\x00\xff" {
		t.Errorf("%d rows, %v: %+v", len(rows), err, rows)
	}
}
