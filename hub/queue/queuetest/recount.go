package queuetest

import (
	"context"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var recountPromises = []promise{
	{"the counts are what the messages add up to", func(w *world) {
		q, empty := w.queue("A"), w.queue()
		for range 4 {
			w.send("A", ordered("k"))
			w.send("A")
		}
		got := w.get(q, 4)
		w.ack(q, got[0])
		w.fail(q, got[1], "no")
		w.must(w.settleOne(q, queue.Settle{Tag: got[2].Tag, How: queue.Dead}))
		w.must(w.discard(q, w.send("A")))
		counted, err := w.faulty.Count(w.ctx(), w.tenant)
		w.must(err)
		equal(w, "queues", len(counted), 2)
		total := int64(0)
		for _, c := range counted {
			equal(w, "counts", countsText(c.Kept), countsText(c.Found))
			if c.Queue == empty {
				equal(w, "empty", countsText(c.Found), "[]")
			}
			for _, n := range c.Found {
				total += n
			}
		}
		equal(w, "messages", total, 9)
	}},
	{"a count that differs is told, and mended", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		w.send("A")
		w.breakCounts(q, map[link.State]int64{link.StateReady: 2, link.StateAcked: -1})
		want := []queue.Drift{{Queue: q, State: link.StateReady, Kept: 3, Found: 1}, {Queue: q, State: link.StateAcked, Kept: -1, Found: 0}}
		for _, mend := range []bool{false, true} { // looking changes nothing
			n, drifts, err := w.Recount(w.ctx(), w.tenant, mend)
			w.must(err)
			equal(w, "queues", n, 2)
			equalList(w, "differences", drifts, want)
		}
		equal(w, "counts", w.counts(q), "[ready 1]")
		w.crash()
		equal(w, "counts", w.counts(q), "[ready 1]")
		equal(w, "the other's", w.counts(other), "[ready 1]")
		w.gets(q, 10, w.oldest(q))
	}},
	{"of one tenant, or of all", func(w *world) {
		w.queue("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		w.breakCounts(foreign, map[link.State]int64{link.StateDead: 1})
		for tenant, want := range map[uuid.UUID]int{w.tenant: 0, link.NewID(): 0, uuid.Nil: 1} {
			_, drifts, err := w.Recount(w.ctx(), tenant, false)
			w.must(err)
			equal(w, "differences", len(drifts), want)
		}
		_, _, err := w.Recount(w.ctx(), uuid.Nil, true)
		w.must(err)
	}},
	{"what is leased is no difference", func(w *world) {
		q := w.queue("A")
		w.send("A")
		w.getOne(q)
		w.recounts(w.ctx())
		w.advance(time.Minute)
		w.recounts(w.ctx())
	}},
}

// breakCounts makes the counts of a queue wrong.
func (w *world) breakCounts(q queue.Name, add map[link.State]int64) {
	w.Helper()
	_, err := w.faulty.Apply(w.ctx(), w.faulty.Lane(q.Tenant), []queue.Op{queue.OpMend{Queue: q, Add: add}})
	w.must(err)
}

// oldest is the first message of a queue.
func (w *world) oldest(q queue.Name) uuid.UUID {
	w.Helper()
	p, err := w.Browse(w.ctx(), queue.Browse{Queue: q, List: queue.ListWaiting, Limit: 1})
	w.must(err)
	return p.Items[0].Message.ID
}

// recounts expects that no count of the store differs from its messages. An engine that is stopped, or
// a store that cannot be used, is asked nothing.
func (w *world) recounts(ctx context.Context) {
	w.Helper()
	synctest.Wait()
	_, drifts, err := w.Recount(ctx, uuid.Nil, false)
	if link.CodeOf(err) == link.CodeUnavailable {
		return
	}
	w.must(err)
	for _, d := range drifts {
		w.Errorf("queue %s counts %d %s, but there are %d", d.Queue, d.Kept, d.State, d.Found)
	}
}
