package executor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

func lanes(n int) func(*executor.Config) { return func(c *executor.Config) { c.Parallel = n } }

// TestLanesKeepTheOrderOfKeys: several transactions at the same time, messages that fail at random and
// lock each other's rows in any order. Each is booked once, those of a key one after the other, and a key
// that is blocked stops nobody else.
func TestLanesKeepTheOrderOfKeys(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	const keys, each, accounts = 9, 8, 4
	w := newWorld(t, batchOf(3), lanes(4))
	w.config.Alarm = nil
	w.restart()
	w.Exec(t, `CREATE TABLE PASSED (N BIGSERIAL PRIMARY KEY, KEYOF TEXT NOT NULL, DOC TEXT NOT NULL, BEFORE INTEGER NOT NULL)`)
	w.Exec(t, `CREATE TABLE ACCOUNT (ID INTEGER PRIMARY KEY, N INTEGER NOT NULL)`)
	for id := range accounts {
		w.Exec(t, `INSERT INTO ACCOUNT VALUES (?, 0)`, id)
	}
	w.ways["pass"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		if x.Attempt == 1 && rand.N(5) == 0 {
			return consumer.Retry(0, errors.New("it failed"))
		}
		if _, err := tx.ExecContext(ctx, `SET LOCAL deadlock_timeout = '20ms'`); err != nil {
			return consumer.Retry(0, err)
		}
		for _, id := range rand.Perm(accounts)[:2] {
			if _, err := tx.ExecContext(ctx, `UPDATE ACCOUNT SET N = N + 1 WHERE ID = ?`, id); err != nil {
				return consumer.Retry(0, err)
			}
		}
		var body agenttest.Body
		if err := json.Unmarshal(x.Message.Body, &body); err != nil {
			t.Error(err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO PASSED (KEYOF, DOC, BEFORE) SELECT ?1, ?2, COUNT(*) FROM PASSED WHERE KEYOF = ?1`, x.Message.OrderingKey, body.Doc)
		if err != nil {
			return consumer.Retry(0, err)
		}
		return consumer.Done(x.Message.OrderingKey, nil)
	}
	stuck := agenttest.Delivery("stuck", agenttest.Do("fail"), agenttest.OrderingKey("stuck"))
	all := []link.Delivery{stuck}
	for place := range each {
		for key := range keys {
			all = append(all, agenttest.Delivery(fmt.Sprint(key, "/", place), agenttest.Do("pass"), agenttest.OrderingKey(fmt.Sprint(key))))
		}
		all = append(all, agenttest.Delivery("behind it", agenttest.Do("pass"), agenttest.OrderingKey("stuck")))
	}
	w.store(all...)
	left := func() int {
		return w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream' AND ORDERINGKEY <> 'stuck'`)
	}
	for rounds := 0; left() > 0; rounds++ {
		if rounds > 100 {
			t.Fatalf("%d are left", left())
		}
		w.drain()
		w.clock.Advance(5 * time.Minute)
	}
	for range 5 {
		w.clock.Advance(time.Hour)
		w.drain()
	}
	for key := range keys {
		var want []string
		for place := range each {
			want = append(want, fmt.Sprintf("%d/%d after %d", key, place, place))
		}
		// Each counted those before it.
		if got := w.Rows(t, `SELECT DOC || ' after ' || BEFORE FROM PASSED WHERE KEYOF = ? ORDER BY N`, fmt.Sprint(key)); !slices.Equal(got, want) {
			t.Errorf("key %d: %v", key, got)
		}
	}
	if n := w.Int(t, `SELECT SUM(N) FROM ACCOUNT`); n != 2*keys*each || w.booked() != keys*each {
		t.Errorf("%d changes of accounts, %d bookings, of %d messages", n, w.booked(), keys*each)
	}
	if i := w.item(stuck.Message.ID); i.State != link.ERPBlocked {
		t.Errorf("%+v", i)
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream' AND ORDERINGKEY = 'stuck' AND STATE = 'stored' AND HELD = 1`); n != each {
		t.Errorf("%d wait behind the blocked one", n)
	}
}

// TestLanesRunAtTheSameTime: two messages that wait for each other come to their end, and two of one key
// never meet.
func TestLanesRunAtTheSameTime(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	w := newWorld(t, lanes(2))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var once sync.Once
	inside, met := map[string]int{}, make(chan struct{})
	w.ways["meet"] = func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		mu.Lock()
		inside[x.Message.OrderingKey]++
		if inside[x.Message.OrderingKey] > 1 {
			t.Error("two of a key at the same time")
		}
		if len(inside) == 2 {
			once.Do(func() { close(met) })
		}
		mu.Unlock()
		select {
		case <-met:
		case <-ctx.Done():
			t.Error("nobody came")
		}
		mu.Lock()
		defer mu.Unlock()
		inside[x.Message.OrderingKey]--
		return consumer.Done("1", nil)
	}
	for range 2 {
		for _, key := range []string{"a", "b"} {
			w.store(agenttest.Delivery("x", agenttest.Do("meet"), agenttest.OrderingKey(key)))
		}
	}
	if n := w.drain(); n != 4 || w.booked() != 4 {
		t.Errorf("%d executed, booked %d", n, w.booked())
	}
}
