package queuetest

import (
	"context"
	"maps"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var manyPromises = []promise{
	{"several publishes keep their order, each on its own", func(w *world) {
		q := w.queue("A")
		first := w.send("A", request("k", 1))
		list := []queue.Publish{
			w.message("A", ordered("x")), w.message("nobody"), w.message("A", request("k", 1)), w.message("A", request("k", 2)),
			w.message("A", ordered("x")), w.message("A"),
		}
		got, err := w.PublishAll(w.ctx(), list)
		w.must(err)
		equal(w, "results", len(got), len(list))
		w.must(got[0].Err)
		w.refused(link.CodeNoRoute, got[1].Err)
		equal(w, "duplicate", got[2].Duplicate, true)
		equal(w, "first", got[2].ID, first)
		w.refused(link.CodeIdempotency, got[3].Err)
		w.must(got[4].Err)
		w.must(got[5].Err)
		w.gets(q, 10, first, list[0].Message.ID, list[5].Message.ID)
		w.state(list[4].Message.ID, q, link.StateBehind)
	}},
	{"repeats inside one list are stored once", func(w *world) {
		q := w.queue("A")
		got, err := w.PublishAll(w.ctx(), []queue.Publish{w.message("A", request("k", 1)), w.message("A", request("k", 1)), w.message("A", request("k", 2))})
		w.must(err)
		equal(w, "duplicate", got[1].Duplicate, true)
		equal(w, "id", got[1].ID, got[0].ID)
		w.refused(link.CodeIdempotency, got[2].Err)
		w.gets(q, 10, got[0].ID)
	}},
	{"more than one group, one of which fails", func(w *world) {
		q := w.queue("A")
		list := make([]queue.Publish, 1500)
		for i := range list {
			list[i] = w.message("A")
		}
		w.blame(list[700].Message.ID)
		got, err := w.PublishAll(w.ctx(), list)
		w.must(err)
		want := make([]uuid.UUID, 0, len(list))
		for i, r := range got {
			if i == 700 {
				w.refused(link.CodeUnavailable, r.Err)
				continue
			}
			w.must(r.Err)
			want = append(want, list[i].Message.ID)
		}
		for len(want) > 0 {
			n := min(link.MaxGet, len(want))
			w.gets(q, n, want[:n]...)
			want = want[n:]
		}
	}},
	{"what a list sends is known to the rest of it", func(w *world) {
		q, hears := w.queue("A"), w.queue("metrics")
		first, again := w.message("A", request("k", 1)), w.message("A", request("k", 1))
		id := first.Message.ID
		report := w.message(link.TypeStatus, from(q.Client), transient)
		report.Report = []link.StatusItem{{ID: id, Seq: 1, State: link.ERPStored, At: began}}
		old, newer := w.metrics(q, "one", "1"), w.metrics(q, "one", "2")
		got, err := w.PublishAll(w.ctx(), []queue.Publish{
			first, again, w.message("AResponse", from(q.Client), answering(id, 1, link.ERPDone)), report, old, newer,
		})
		w.must(err)
		for _, r := range got {
			w.must(r.Err)
		}
		equal(w, "duplicate", got[1].Duplicate, true)
		equal(w, "queues of the duplicate", len(got[1].Queues), 1)
		way := w.way(id, q)
		if way.Outcome == nil {
			w.Fatal("the answer is not known")
		}
		equal(w, "outcome", way.Outcome.Status, link.ERPDone)
		reported := 0
		for _, e := range way.Events {
			if e.Event == link.EventERP {
				reported++
			}
		}
		equal(w, "reports", reported, 1)
		w.state(old.Message.ID, hears, link.StateDiscarded)
		w.gets(hears, 10, newer.Message.ID)
	}},
	{"messages of a list keep their own headers", func(w *world) {
		w.queue("A")
		headers := []map[string]string{{"SL-Meta-x": "1"}, {"SL-Meta-x": "1"}, {"SL-Meta-x": "2"}, nil, {"SL-Meta-x": "2", "SL-Meta-y": ""}, {"SL-Meta-y": "2"}}
		list := make([]queue.Publish, len(headers))
		for i, h := range headers {
			list[i] = w.message("A")
			list[i].Message.Headers = h
		}
		got, err := w.PublishAll(w.ctx(), list)
		w.must(err)
		for i, r := range got {
			w.must(r.Err)
			m, err := w.Message(w.ctx(), w.tenant, r.ID)
			w.must(err)
			if !maps.Equal(m.Headers, headers[i]) {
				w.Errorf("message %d has the headers %v, want %v", i, m.Headers, headers[i])
			}
		}
	}},
	{"nothing is published", func(w *world) {
		got, err := w.PublishAll(w.ctx(), nil)
		w.must(err)
		equal(w, "results", len(got), 0)
	}},
	{"who waits for an answer gets it at once", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		var t queue.Traced
		result := w.together(func() (err error) {
			t, err = w.Await(w.ctx(), w.tenant, id, link.MaxWait, answered)
			return err
		})[0]
		equal(w, "early", len(result), 0)
		w.send("AResponse", from(q.Client), answering(id, 1, link.ERPDone))
		w.must(<-result)
		equal(w, "status", t.Trace.Queues[0].Outcome.Status, link.ERPDone)
		equal(w, "now", w.clock.Now(), began)
	}},
	{"who waits looks by itself too", func(w *world) { // another hub may have stored the answer
		q := w.queue("A")
		id := w.send("A")
		done := false
		result := w.together(func() error {
			_, err := w.Await(w.ctx(), w.tenant, id, link.MaxWait, func(t link.Trace) bool {
				done = t.Queues[0].State == link.StateAcked
				return done
			})
			return err
		})[0]
		w.ack(q, w.getOne(q))
		synctest.Wait()
		equal(w, "early", len(result), 0)
		w.advance(time.Second)
		w.must(<-result)
		equal(w, "done", done, true)
	}},
	{"a wait for an answer ends in time, by its caller, and with the engine", func(w *world) {
		w.queue("A")
		id := w.send("A")
		ctx, cancel := context.WithCancel(w.ctx())
		await := func(ctx context.Context, wait time.Duration) func() error {
			return func() error {
				t, err := w.Await(ctx, w.tenant, id, wait, answered)
				if err == nil && t.Trace.ID != id {
					w.Errorf("trace of %s", t.Trace.ID)
				}
				return err
			}
		}
		results := w.together(await(w.ctx(), 5*time.Second), await(ctx, time.Hour), await(w.ctx(), time.Hour))
		for range 5 {
			w.advance(time.Second)
		}
		w.must(<-results[0])
		cancel()
		w.must(<-results[1])
		w.must(w.Stop(w.ctx()))
		w.must(<-results[2])
		w.open()
		_, err := w.Await(w.ctx(), w.tenant, link.NewID(), time.Hour, answered)
		w.refused(link.CodeMessageUnknown, err)
	}},
}

// answered tells whether every queue's outcome is there.
func answered(t link.Trace) bool {
	for _, q := range t.Queues {
		if q.Outcome == nil {
			return false
		}
	}
	return true
}
