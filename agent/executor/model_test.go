package executor_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// modelMessage is what the model knows of one message.
type modelMessage struct {
	d        link.Delivery
	state    link.ERPState
	attempt  int
	deaths   int
	outcomes int
	next     time.Time
}

// model is an executor in a few lines: batch size 1, one message after the other.
type model struct {
	w        *world
	messages []*modelMessage // in the order of their arrival
	booked   map[string]bool // business keys and roots
	mood     string          // what the ERP says to everything at the moment
}

// heldBy answers the message that a message waits for, or nil.
func (m *model) heldBy(x *modelMessage) *modelMessage {
	for _, o := range m.messages {
		if o == x {
			return nil
		}
		if key := x.d.Message.OrderingKey; key != "" && o.d.Message.OrderingKey == key && !o.state.Closed() && o.state != link.ERPRejected {
			return o
		}
	}
	return nil
}

// next answers the message to be executed now: the due ones by their time, then the new ones by
// their arrival.
func (m *model) next() *modelMessage {
	now := m.w.clock.Now()
	var due, fresh []*modelMessage
	for _, x := range m.messages {
		switch {
		case m.heldBy(x) != nil:
		case x.state == link.ERPWaiting && !x.next.After(now):
			due = append(due, x)
		case x.state == link.ERPStored:
			fresh = append(fresh, x)
		}
	}
	slices.SortStableFunc(due, func(a, b *modelMessage) int { return cmp.Compare(a.next.UnixNano(), b.next.UnixNano()) })
	if all := append(due, fresh...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// execute does to the model what the executor does to the inbox.
func (m *model) execute(x *modelMessage) {
	facts := []string{"root " + x.d.Message.RootID.String()}
	if k := x.d.Message.BusinessKey; k != "" {
		facts = append(facts, "key "+k)
	}
	x.attempt++
	if slices.ContainsFunc(facts, func(f string) bool { return m.booked[f] }) {
		x.state = link.ERPDuplicate
		x.outcomes++
		return
	}
	switch m.mood {
	case "done":
		x.state = link.ERPDone
		x.outcomes++
		for _, f := range facts {
			m.booked[f] = true
		}
	case "reject":
		x.state = link.ERPRejected
		x.outcomes++
	case "fail", "panic":
		x.state, x.next = link.ERPWaiting, m.w.clock.Now().Add(time.Duration(3*x.attempt)*time.Minute)
		if x.attempt >= 3 {
			x.state = link.ERPBlocked
			x.outcomes++
		}
	case "postpone":
		x.attempt--
		x.state, x.next = link.ERPWaiting, m.w.clock.Now().Add(90*time.Second)
	}
}

// pick draws one of the messages; nil when there is none.
func (m *model) pick(t *rapid.T) *modelMessage {
	if len(m.messages) == 0 {
		t.Skip("no messages")
	}
	return m.messages[rapid.IntRange(0, len(m.messages)-1).Draw(t, "message")]
}

// actions are what may happen to an inbox.
func (m *model) actions(t *testing.T) map[string]func(*rapid.T) {
	ctx := context.Background()
	return map[string]func(*rapid.T){
		"store": func(r *rapid.T) {
			d := agenttest.Delivery("x", agenttest.Do("mood"),
				agenttest.OrderingKey(rapid.SampledFrom([]string{"", "o1", "o2"}).Draw(r, "orderingKey")),
				agenttest.BusinessKey(rapid.SampledFrom([]string{"", "b1", "b2", "b3"}).Draw(r, "businessKey")))
			if len(m.messages) > 0 && rapid.Bool().Draw(r, "copy") {
				d.Message.RootID = m.pick(r).d.Message.RootID
			}
			if _, err := m.w.box.Store(ctx, []link.Delivery{d}); err != nil {
				r.Fatal(err)
			}
			m.messages = append(m.messages, &modelMessage{d: d, state: link.ERPStored})
		},
		"redeliver": func(r *rapid.T) {
			if _, err := m.w.box.Store(ctx, []link.Delivery{m.pick(r).d}); err != nil {
				r.Fatal(err)
			}
		},
		"mood": func(r *rapid.T) {
			m.mood = rapid.SampledFrom([]string{"done", "reject", "fail", "panic", "postpone"}).Draw(r, "mood")
		},
		"time": func(r *rapid.T) {
			m.w.clock.Advance(time.Duration(rapid.IntRange(1, 10).Draw(r, "minutes")) * time.Minute)
		},
		"run": func(r *rapid.T) {
			x := m.next()
			n, err := m.w.e.RunOnce(ctx)
			if err != nil || (n == 1) != (x != nil) {
				r.Fatalf("%d executed, %v; the model executes %+v", n, err, x)
			}
			if x != nil {
				m.execute(x)
			}
		},
		"die": func(r *rapid.T) {
			rows, err := m.w.box.Claim(ctx, uuid.NewString(), 1, func(string) bool { return true })
			x := m.next()
			if err != nil || (len(rows) == 1) != (x != nil) {
				r.Fatalf("%d claimed, %v; the model claims %+v", len(rows), err, x)
			}
			m.w.restart()
			if x == nil {
				return
			}
			if _, _, err := m.w.box.Recover(ctx, 3); err != nil {
				r.Fatal(err)
			}
			if x.deaths++; x.deaths >= 3 {
				x.state = link.ERPBlocked
				x.outcomes++
			} else if x.next = (time.Time{}); x.attempt == 0 {
				x.state = link.ERPStored // also one that was only postponed
			}
		},
		"reprocess": func(r *rapid.T) {
			x := m.pick(r)
			err := m.w.box.Desk("ana").Reprocess(ctx, x.d.Message.ID)
			switch x.state {
			case link.ERPRejected, link.ERPBlocked:
				x.state, x.attempt, x.deaths, x.next = link.ERPStored, 0, 0, time.Time{}
			case link.ERPWaiting:
				x.next = time.Time{}
			default:
				if link.CodeOf(err) != link.CodeNotNow {
					r.Fatalf("reprocess of %s: %v", x.state, err)
				}
				return
			}
			if err != nil {
				r.Fatal(err)
			}
		},
		"discard": func(r *rapid.T) {
			x := m.pick(r)
			err := m.w.box.Desk("ana").Discard(ctx, x.d.Message.ID, "r")
			if x.state.Closed() {
				if link.CodeOf(err) != link.CodeNotNow {
					r.Fatalf("discard of %s: %v", x.state, err)
				}
				return
			}
			if err != nil {
				r.Fatal(err)
			}
			x.state = link.ERPDiscarded
			x.outcomes++
		},
		"": func(r *rapid.T) { m.compare(t, r) },
	}
}

// compare compares every message of the inbox with the model's.
func (m *model) compare(t *testing.T, r *rapid.T) {
	page, err := m.w.box.List(context.Background(), inbox.Filter{Limit: 500})
	if err != nil {
		r.Fatal(err)
	}
	items := map[uuid.UUID]inbox.Item{}
	for _, i := range page.Items {
		items[i.ID] = i
	}
	outcomes := m.w.outcomes(t)
	done := 0
	for n, x := range m.messages {
		id := x.d.Message.ID
		i, there := items[id]
		delete(items, id)
		if x.state == link.ERPDone {
			done++
		}
		if there == x.state.Closed() {
			r.Fatalf("message %d is %s, in the inbox: %v", n, x.state, there)
		}
		if there && (i.State != x.state || i.Attempt != x.attempt || i.Deaths != x.deaths || i.Held != (m.heldBy(x) != nil && x.state != link.ERPRejected)) {
			r.Fatalf("message %d is %+v, the model says %+v, held %v", n, i, x, m.heldBy(x) != nil)
		}
		if there && x.state == link.ERPWaiting && !x.next.IsZero() && (i.NextTry == nil || !i.NextTry.Equal(x.next)) {
			r.Fatalf("message %d waits until %v, the model says %s", n, i.NextTry, x.next)
		}
		if got := outcomes[id.String()]; len(got) != x.outcomes || x.state.Answered() && got[x.outcomes-1] != x.state {
			r.Fatalf("message %d: %v; the model says %+v", n, got, x)
		}
	}
	if len(items) > 0 {
		r.Fatalf("rows nobody sent: %+v", items)
	}
	if n := m.w.count(t, `SELECT COUNT(*) FROM BOOK`); n != done {
		r.Fatalf("%d bookings, the model says %d", n, done)
	}
}

// outcomes reads the outcomes of all messages, in their order.
func (w *world) outcomes(t *testing.T) map[string][]link.ERPState {
	t.Helper()
	rows, err := w.pool.QueryContext(t.Context(), `SELECT IDMESSAGE, OUTCOME FROM SMARTLINKRESULT ORDER BY IDMESSAGE, OUTCOMENUMBER`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string][]link.ERPState{}
	for rows.Next() {
		var id string
		var o link.ERPState
		if err := rows.Scan(&id, &o); err != nil {
			t.Fatal(err)
		}
		all[id] = append(all[id], o)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// count reads a number without opening the database anew.
func (w *world) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := w.pool.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestExecutorIsTheModel drives inbox and executor at random and compares them with the model after
// each step.
func TestExecutorIsTheModel(t *testing.T) {
	var m *model
	w := newWorld(t, func(c *executor.Config) { c.Retry = executor.Retry{QtdeTentativasExec: 3} })
	w.pool = openPool(t, w)
	w.ways["mood"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
		switch m.mood {
		case "done":
			return consumer.Done("1", nil)
		case "reject":
			return agenttest.Reject(ctx, tx, x, log)
		case "panic":
			return agenttest.Panic(ctx, tx, x, log)
		case "postpone":
			return consumer.Postpone(x.Now.Add(90*time.Second), "not yet")
		}
		return consumer.Retry(0, errors.New("it failed"))
	}
	rapid.Check(t, func(r *rapid.T) {
		for _, table := range []string{"BOOK", "GTOTVSLINKMESSAGE", "GTOTVSLINKMESSAGEEXEC", "GTOTVSLINKLOG", "SMARTLINKRESULT"} {
			if _, err := w.pool.ExecContext(t.Context(), fmt.Sprint(`DELETE FROM `, table)); err != nil {
				r.Fatal(err)
			}
		}
		m = &model{w: w, booked: map[string]bool{}, mood: "done"}
		r.Repeat(m.actions(t))
	})
}

// openPool opens a second way to the database, for looking and for clearing up.
func openPool(t *testing.T, w *world) *sql.DB {
	t.Helper()
	var pool *sql.DB
	box, err := inbox.Open(t.Context(), inbox.Config{Database: w.Database, Installation: w.Installation, Clock: w.clock,
		Prepare: func(_ context.Context, db *sql.DB) error { pool = db; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return pool
}
