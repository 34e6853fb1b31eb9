package executor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestStatementsThatAreKeptCostOnlyTheCulprit: what a consumer gives to sqldb.Later fails when it is sent;
// that is its own failure and nobody else's, wherever it shows.
func TestStatementsThatAreKeptCostOnlyTheCulprit(t *testing.T) {
	wrong := sqldb.Statement{Query: `INSERT INTO BOOK (DOC, IDMESSAGE) VALUES (NULL, 'x')`}
	none := sqldb.Statement{Query: `DELETE FROM BOOK WHERE DOC = 'not there'`, Result: func(rows int64, err error) error {
		if err == nil && rows != 1 {
			err = errors.New("not there")
		}
		return err
	}}
	for name, s := range map[string]sqldb.Statement{"an error": wrong, "a result that is not as it should be": none} {
		for _, silent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, silent: %v", name, silent), func(t *testing.T) {
				w := newWorld(t, batchOf(3))
				w.ways["later"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
					if err := sqldb.Later(ctx, tx, s); err != nil && !silent {
						return consumer.Retry(0, err)
					}
					if silent {
						var n int
						_ = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM BOOK`).Scan(&n)
						return consumer.Reject(nil)
					}
					return consumer.Done("1", nil)
				}
				bad := agenttest.Delivery("2", agenttest.Do("later"))
				good := []link.Delivery{agenttest.Delivery("1"), agenttest.Delivery("3")}
				w.store(good[0], bad, good[1])
				w.drain()
				for _, d := range good {
					if a := w.answer(d); a.Status != link.ERPDone {
						t.Errorf("%+v", a)
					}
				}
				if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE <> ?`, bad.Message.ID.String()); n != 2 {
					t.Errorf("%d executions of bystanders", n)
				}
				if silent && sqltest.Kind() != sqldb.Postgres {
					return // the consumer was told, and said nothing
				}
				if i := w.item(bad.Message.ID); i.State != link.ERPWaiting || i.Attempt != 1 || w.booked() != 2 {
					t.Errorf("%+v, booked %d", i, w.booked())
				}
			})
		}
	}
}

// TestLostClaimOfOneKeepsTheOthers: that a claim is gone shows only after the ones behind it were
// executed. It is not theirs, and nothing of its own is kept.
func TestLostClaimOfOneKeepsTheOthers(t *testing.T) {
	w := newWorld(t, batchOf(3))
	w.ways["lose"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		if _, err := tx.ExecContext(ctx, `UPDATE GTOTVSLINKMESSAGE SET IDJOB = 'another' WHERE ID = ?`, x.Message.ID.String()); err != nil {
			t.Error(err)
		}
		return consumer.Done("1", nil)
	}
	lost := agenttest.Delivery("1", agenttest.Do("lose"))
	good := []link.Delivery{agenttest.Delivery("2"), agenttest.Delivery("3", agenttest.Do("reject"))}
	w.store(lost, good[0], good[1])
	w.drain()
	if got := w.answers(lost); len(got) != 0 || w.booked() != 1 {
		t.Errorf("answered %+v, booked %d", got, w.booked())
	}
	if a := w.answer(good[0]); a.Status != link.ERPDone {
		t.Errorf("%+v", a)
	}
	if a := w.answer(good[1]); a.Status != link.ERPRejected {
		t.Errorf("%+v", a)
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC`); n != 2 {
		t.Errorf("%d executions", n)
	}
}

// TestSecondInABatchIsADuplicateWhateverItSays: earlier bookings are looked for once for a batch, and
// those of the batch itself count all the same.
func TestSecondInABatchIsADuplicateWhateverItSays(t *testing.T) {
	w := newWorld(t, batchOf(5))
	key := agenttest.BusinessKey("k")
	first, second := agenttest.Delivery("1", key), agenttest.Delivery("2", key, agenttest.Do("reject"))
	third := agenttest.Delivery("3", func(m *link.Message) { m.RootID = first.Message.ID }, agenttest.Do("reject"))
	other := agenttest.Delivery("4", key, func(m *link.Message) { m.Sender.App = "OTHER" })
	w.store(first, second, third, other)
	w.drain()
	w.store(agenttest.Delivery("5"), agenttest.Delivery("6", key, agenttest.Do("reject")))
	w.drain()
	for _, d := range []link.Delivery{second, third} {
		if a := w.answer(d); a.Status != link.ERPDuplicate || a.FirstID == nil || *a.FirstID != first.Message.ID {
			t.Errorf("%+v", a)
		}
	}
	if a := w.answer(other); a.Status != link.ERPDone {
		t.Errorf("of another app: %+v", a)
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM SMARTLINKRESULT WHERE OUTCOME = 'duplicate'`); n != 3 || w.booked() != 3 {
		t.Errorf("%d duplicates, booked %d", n, w.booked())
	}
}

// TestWhatWasReadIsForgottenWhenItMayHaveChanged: the messages of a batch share what they read, until one
// of them writes, or is undone.
func TestWhatWasReadIsForgottenWhenItMayHaveChanged(t *testing.T) {
	w := newWorld(t, batchOf(9))
	var known []string
	for name, way := range map[string]func(ctx context.Context, tx consumer.Tx) (consumer.Outcome, error){
		"read":     func(context.Context, consumer.Tx) (consumer.Outcome, error) { return consumer.Done("1", nil), nil },
		"rejected": func(context.Context, consumer.Tx) (consumer.Outcome, error) { return consumer.Reject(nil), nil },
		"writes": func(ctx context.Context, tx consumer.Tx) (consumer.Outcome, error) {
			_, err := tx.ExecContext(ctx, `UPDATE BOOK SET DOC = DOC`)
			return consumer.Done("1", nil), err
		},
		"writes and asks": func(ctx context.Context, tx consumer.Tx) (consumer.Outcome, error) {
			if sqldb.DialectOf(tx) == sqldb.SQLServer {
				_, err := tx.ExecContext(ctx, `UPDATE BOOK SET DOC = DOC`)
				return consumer.Done("1", nil), err
			}
			rows, err := tx.QueryContext(ctx, ` update BOOK SET DOC = DOC RETURNING DOC`)
			if err == nil {
				err = errors.Join(rows.Err(), rows.Close())
			}
			return consumer.Done("1", nil), err
		},
		"writes nothing of it": func(ctx context.Context, tx consumer.Tx) (consumer.Outcome, error) {
			_, err := tx.ExecContext(sqldb.Harmless(ctx), `UPDATE BOOK SET DOC = DOC`)
			return consumer.Done("1", nil), errors.Join(err, sqldb.Later(ctx, tx, sqldb.Statement{Query: `UPDATE BOOK SET DOC = DOC`}))
		},
	} {
		w.ways[name] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
			memo := sqldb.MemoOf(tx)
			memo.Put("what", "x")
			out, err := way(ctx, tx)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name == "rejected" {
				return out // it is forgotten with the rest
			}
			_, ok := memo.Get("what")
			known = append(known, fmt.Sprint(name, " ", ok))
			return out
		}
	}
	w.config.Consumers = []consumer.Consumer{&quiet{w.ways}}
	w.restart()
	w.ways["ask"] = func(_ context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
		_, ok := sqldb.MemoOf(tx).Get("what")
		known = append(known, fmt.Sprint("then ", ok))
		return consumer.Done("1", nil)
	}
	for _, way := range []string{"read", "ask", "writes", "writes nothing of it", "ask", "writes and asks", "read", "rejected", "ask"} {
		w.store(agenttest.Delivery(way, agenttest.Do(way)))
	}
	w.drain()
	w.store(agenttest.Delivery("ask", agenttest.Do("ask")))
	w.drain()
	want := "[read true then true writes false writes nothing of it true then true writes and asks false read true then false then false]"
	if got := fmt.Sprint(known); got != want {
		t.Errorf("known:\n%s, want\n%s", got, want)
	}
}

// quiet does what a message's Do names, and writes nothing itself.
type quiet struct{ ways map[string]agenttest.Way }

func (*quiet) Type() string        { return agenttest.Command }
func (*quiet) Transactional() bool { return true }

func (q *quiet) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	var body agenttest.Body
	if err := json.Unmarshal(x.Message.Body, &body); err != nil {
		return consumer.Retry(0, err)
	}
	return q.ways[body.Do](ctx, tx, x, log)
}
