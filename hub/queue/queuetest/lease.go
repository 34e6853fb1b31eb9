package queuetest

import (
	"testing/synctest"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// hows are the ways to settle.
var hows = []queue.How{queue.Ack, queue.Requeue, queue.Dead, queue.Release}

var leasePromises = []promise{
	{"exclusive until its end, then the message comes back", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.getOne(q)
		w.advance(time.Minute - time.Microsecond)
		w.gets(q, 10)
		w.state(id, q, link.StateLeased)
		w.advance(time.Microsecond)
		w.state(id, q, link.StateReady)
		d := w.gets(q, 10, id)[0]
		equal(w, "attempt", d.Attempt, 2)
		equal(w, "lostCount", d.LostCount, 1)
		equal(w, "requeueCount", d.RequeueCount, 0)
	}},
	{"settling after the end is an error and changes nothing", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		w.advance(time.Minute)
		for range 2 { // as ready, then as leased by another tag
			before := w.counts(q)
			for _, how := range hows {
				w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: how}))
			}
			equal(w, "counts", w.counts(q), before)
			if before == "[ready 1]" {
				w.getOne(q)
			}
		}
		way := w.way(id, q)
		equal(w, "lostCount", way.LostCount, 1)
		equal(w, "requeueCount", way.RequeueCount, 0)
	}},
	{"the end counts by the store's clock, also before anybody looked", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		synctest.Wait()
		w.clock.Advance(time.Minute) // nobody waits for the ticker
		w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
		w.advance(0)
		w.state(id, q, link.StateReady)
	}},
	{"lost leases have a limit of their own", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A", ordered("k"))
		next := w.send("A", ordered("k"))
		for i := range link.LostMax(0) {
			d := w.gets(q, 10, id)[0]
			equal(w, "lostCount", d.LostCount, i)
			equal(w, "attempt", d.Attempt, i+1)
			w.advance(time.Minute)
		}
		w.gets(q, 10, id)
		w.advance(time.Minute)
		way := w.way(id, q)
		equal(w, "state", way.State, link.StateDead)
		equal(w, "reason", way.DeadReason, link.DeadLeaseLostLimit)
		equal(w, "lostCount", way.LostCount, link.LostMax(0)+1)
		equal(w, "requeueCount", way.RequeueCount, 0)
		equal(w, "last event", last(way.Events).Event, link.EventDeadLettered)
		w.gets(q, 10, next)
	}},
	{"a tag that was never issued is unknown", func(w *world) {
		q := w.queue("A")
		w.send("A")
		d := w.getOne(q)
		for _, tag := range []int64{0, -1, 1, -d.Tag, d.Tag + 1, d.Tag + 1<<32, 1<<53 - 1, 1<<62 + 1} {
			for _, how := range hows {
				w.refused(link.CodeTagUnknown, w.settleOne(q, queue.Settle{Tag: tag, How: how}))
			}
		}
		w.ack(q, d)
	}},
	{"a tag of another queue is unknown and stays good", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: q.Client}
		w.setup(foreign, 3, "A")
		w.send("A")
		d := w.getOne(q)
		for _, how := range hows {
			w.refused(link.CodeTagUnknown, w.settleOne(other, queue.Settle{Tag: d.Tag, How: how}))
			w.refused(link.CodeTagUnknown, w.settleOne(foreign, queue.Settle{Tag: d.Tag, How: how}))
		}
		w.ack(q, d)
	}},
	{"tags are positive, below 2^53, and each names one delivery", func(w *world) {
		q := w.queue("A")
		w.send("A")
		seen := map[int64]bool{}
		for range 20 {
			d := w.getOne(q)
			if d.Tag <= 0 || d.Tag >= 1<<53 || seen[d.Tag] {
				w.Fatalf("tag %d, seen %v", d.Tag, seen[d.Tag])
			}
			seen[d.Tag] = true
			w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release}))
		}
	}},
	{"many that end at once all come back, in order", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, 1200)
		for i := range p {
			p[i] = w.message("A")
		}
		w.publishAll(p)
		var first []link.Delivery
		for range 3 {
			first = append(first, w.get(q, 400)...)
		}
		equal(w, "messages", len(first), len(p))
		w.advance(time.Minute)
		equal(w, "counts", w.counts(q), "[ready 1200]")
		for i := range 3 {
			w.gets(q, 400, idsOf(first)[i*400:(i+1)*400]...)
		}
	}},
}

func last[T any](list []T) T { return list[len(list)-1] }
