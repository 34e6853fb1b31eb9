package queuetest

import (
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var crashPromises = []promise{
	{"what was accepted is there", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, 500)
		want := map[uuid.UUID]bool{}
		for i := range p {
			p[i] = w.message("A")
			want[p[i].Message.ID] = true
		}
		w.publishAll(p)
		w.crash()
		equal(w, "counts", w.counts(q), "[ready 500]")
		for _, d := range w.get(q, link.MaxGet) {
			delete(want, d.Message.ID)
		}
		equal(w, "lost", len(want), 0)
	}},
	{"open leases end, counted as attempts only", func(w *world) {
		for _, again := range []func(){w.crash, w.restart} {
			q := w.queue("A")
			id, second := w.send("A"), w.send("A")
			old := w.getOne(q)
			again()
			if w.store.KeepsLeases {
				w.gets(q, 10, second)
				w.ack(q, old)
				continue
			}
			for _, how := range hows {
				w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: old.Tag, How: how}))
			}
			w.state(id, q, link.StateReady)
			equal(w, "last event", last(w.way(id, q).Events).Event, link.EventHubRestarted)
			d := w.gets(q, 10, id, second)[0]
			equal(w, "attempt", d.Attempt, 2)
			equal(w, "lostCount", d.LostCount, 0)
			equal(w, "requeueCount", d.RequeueCount, 0)
			w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: old.Tag, How: queue.Ack}))
		}
	}},
	{"a restart counts once, however often the store is opened", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.getOne(q)
		w.crash()
		w.crash()
		w.restart()
		w.advance(time.Minute)
		equal(w, "attempt", w.gets(q, 10, id)[0].Attempt, 2)
	}},
	{"a tag is never issued again", func(w *world) {
		q := w.queue("A")
		seen := map[int64]bool{}
		for range 5 {
			w.send("A")
			d := w.getOne(q)
			if seen[d.Tag] {
				w.Fatalf("tag %d was issued twice", d.Tag)
			}
			seen[d.Tag] = true
			w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release}))
			w.crash()
		}
	}},
	{"every state is as it was", func(w *world) {
		q := w.queueWithLimit(1, "A")
		acked, dead, limit, delayed := w.send("A"), w.send("A"), w.send("A"), w.send("A")
		ready := w.send("A", ordered("k"))
		behind := w.send("A", ordered("k"))
		got := w.gets(q, 4, acked, dead, limit, delayed)
		w.ack(q, got[0])
		w.must(w.settleOne(q, queue.Settle{Tag: got[1].Tag, How: queue.Dead, Reason: "broken"}))
		w.must(w.settleOne(q, queue.Settle{Tag: got[2].Tag, How: queue.Requeue, After: time.Second}))
		w.advance(time.Second)
		w.fail(q, w.gets(q, 1, limit)[0], "again")
		w.must(w.settleOne(q, queue.Settle{Tag: got[3].Tag, How: queue.Requeue, After: time.Hour, Reason: "later"}))
		for _, again := range []func(){w.crash, w.restart} {
			again()
			w.state(acked, q, link.StateAcked)
			w.state(dead, q, link.StateDead)
			w.state(limit, q, link.StateDead)
			w.state(delayed, q, link.StateDelayed)
			w.state(ready, q, link.StateReady)
			w.state(behind, q, link.StateBehind)
			equal(w, "counts", w.counts(q), "[acked 1 behind 1 dead 2 delayed 1 ready 1]")
			equal(w, "reason", w.way(dead, q).Reason, "broken")
			equal(w, "reason", w.way(delayed, q).Reason, "later")
		}
		w.advance(time.Hour)
		w.gets(q, 10, delayed, ready)
	}},
	{"a delay that ended meanwhile is over", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no")
		w.crashFor(time.Hour)
		w.advance(0)
		w.gets(q, 10, id)
	}},
	{"subscriptions are as they were", func(w *world) {
		q := w.queueWithLimit(4, "A", "B")
		w.setup(q, 5, "B", "C")
		for _, again := range []func(){w.crash, w.restart} {
			again()
			equalList(w, "subscriptions", w.info(q).Subscriptions, []string{"B", "C"})
			equal(w, "limit", w.info(q).RequeueCountMax, 5)
			_, err := w.Publish(w.ctx(), w.message("A"))
			w.refused(link.CodeNoRoute, err)
			w.ack(q, w.gets(q, 10, w.send("C"))...)
		}
	}},
}

// crashFor is a crash after which the store stays shut for a while.
func (w *world) crashFor(d time.Duration) {
	w.Helper()
	w.shut()
	w.clock.Advance(d)
	w.open()
}
