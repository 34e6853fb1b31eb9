package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// TestLaterOnesOfABlockedKeyNeverOvertake: whatever keeps the first of an ordering key, those behind
// it wait, and everything else goes on.
func TestLaterOnesOfABlockedKeyNeverOvertake(t *testing.T) {
	for _, size := range []int{1, 10} {
		for _, way := range []string{"fail", "postpone", "blocked", "reject"} {
			t.Run(fmt.Sprintf("%s, batch %d", way, size), func(t *testing.T) {
				w := newWorld(t, batchOf(size))
				mended := false
				w.ways["postpone"] = func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
					return consumer.Postpone(x.Now.Add(time.Hour), "later")
				}
				w.ways["first"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
					switch {
					case mended:
						return consumer.Done("1", nil)
					case way == "blocked":
						return agenttest.Fail(ctx, tx, x, log)
					}
					return w.ways[way](ctx, tx, x, log)
				}
				key := agenttest.OrderingKey("k")
				first := agenttest.Delivery("1", agenttest.Do("first"), key)
				w.store(first, agenttest.Delivery("2", key), agenttest.Delivery("other"), agenttest.Delivery("3", key), agenttest.Delivery("else", agenttest.OrderingKey("l")))
				w.drain()
				if way == "blocked" {
					for range 4 {
						w.clock.Advance(time.Hour)
						w.drain()
					}
				}
				if way == "reject" { // a no lets them go on, each as soon as the one before it has gone
					w.want(map[int]string{1: "2 other 3 else", 10: "other else 2 3"}[size])
					return
				}
				w.want("other else")
				w.store(agenttest.Delivery("4", key))
				w.drain()
				w.want("other else")

				mended = true
				if way == "blocked" {
					if i := w.item(first.Message.ID); i.State != link.ERPBlocked {
						t.Fatalf("%+v", i)
					}
					if err := w.box.Desk("ana").Reprocess(t.Context(), first.Message.ID); err != nil {
						t.Fatal(err)
					}
				} else {
					w.clock.Advance(time.Hour)
				}
				w.drain()
				w.want("other else 1 2 3 4")
			})
		}
	}
}

// want compares what was booked, in its order. Those of different keys come in the order of arrival.
func (w *world) want(docs string) {
	w.t.Helper()
	got := strings.Join(w.Rows(w.t, `SELECT DOC FROM BOOK ORDER BY `+agenttest.Order()), " ")
	if got != docs {
		w.t.Errorf("booked %q, want %q", got, docs)
	}
}

func TestDiscardedOneLetsTheOthersGoOn(t *testing.T) {
	w := newWorld(t)
	key := agenttest.OrderingKey("k")
	first := agenttest.Delivery("1", agenttest.Do("fail"), key)
	w.store(first, agenttest.Delivery("2", key), agenttest.Delivery("3", key))
	w.drain()
	w.want("")
	if err := w.box.Desk("ana").Discard(t.Context(), first.Message.ID, "not wanted"); err != nil {
		t.Fatal(err)
	}
	w.drain()
	w.want("2 3")
}

func TestReprocessedOneGoesBeforeThoseBehindIt(t *testing.T) {
	w := newWorld(t)
	mended := false
	w.ways["reject"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
		if mended {
			return consumer.Done("1", nil)
		}
		return agenttest.Reject(ctx, tx, x, log)
	}
	key := agenttest.OrderingKey("k")
	first := agenttest.Delivery("1", agenttest.Do("reject"), key)
	second := agenttest.Delivery("2", agenttest.Do("fail"), key)
	w.store(first, second, agenttest.Delivery("3", key))
	w.drain() // 1 is rejected, 2 waits, 3 is held by 2
	mended = true
	if err := w.box.Desk("ana").Reprocess(t.Context(), first.Message.ID); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute) // both are due: the earlier one goes first
	n, err := w.e.RunOnce(t.Context())
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	w.want("1")
	w.ways["fail"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Done("2", nil)
	}
	w.drain()
	w.want("1 2 3")
}

// TestReprocessedWhileALaterOneRuns: the running one comes to its end first, and if it fails it
// waits behind the reprocessed one.
func TestReprocessedWhileALaterOneRuns(t *testing.T) {
	w := newWorld(t)
	key := agenttest.OrderingKey("k")
	first := agenttest.Delivery("1", agenttest.Do("reject"), key)
	second := agenttest.Delivery("2", agenttest.Do("fail"), key)
	w.store(first, second, agenttest.Delivery("3", key))
	if n, err := w.e.RunOnce(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	rows, err := w.box.Claim(t.Context(), "job", 1, func(string) bool { return true })
	if err != nil || len(rows) != 1 || rows[0].Message.ID != second.Message.ID {
		t.Fatalf("%v, %v", rows, err)
	}
	if err := w.box.Desk("ana").Reprocess(t.Context(), first.Message.ID); err != nil {
		t.Fatal(err)
	}
	if more, err := w.box.Claim(t.Context(), "job", 9, func(string) bool { return true }); err != nil || len(more) != 0 {
		t.Fatalf("%d of the key were claimed beside the running one, %v", len(more), err)
	}
	if err := w.box.GiveBack(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	// Its claim undone, the running one is where it was: first in line, as nothing of it was executed.
	w.ways["reject"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Done("1", nil)
	}
	fails := errors.New("once more")
	w.ways["fail"] = func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		if x.Attempt == 1 {
			return consumer.Retry(0, fails)
		}
		return consumer.Done("2", nil)
	}
	w.drain()
	w.want("1")
	w.clock.Advance(5 * time.Minute)
	w.drain()
	w.want("1 2 3")
}
