package queuetest

import (
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

var settlePromises = []promise{
	{"without a queue", func(w *world) {
		_, err := w.Settle(w.ctx(), queue.Name{Tenant: w.tenant, Client: link.NewClientID()}, []queue.Settle{{Tag: 1 << 33, How: queue.Ack}})
		w.refused(link.CodeNoQueue, err)
	}},
	{"nothing to settle", func(w *world) {
		each, err := w.Settle(w.ctx(), w.queue("A"), nil)
		w.must(err)
		equal(w, "results", len(each), 0)
	}},
	{"ack takes it out of this queue only", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		w.ack(q, d)
		w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
		w.advance(time.Hour)
		w.gets(q, 10)
		w.state(id, q, link.StateAcked)
		equal(w, "counts", w.counts(q), "[acked 1]")
		w.gets(other, 10, id)
	}},
	{"each of a list on its own", func(w *world) {
		q := w.queue("A")
		ended := w.send("A")
		lost := w.getOne(q)
		w.advance(time.Minute)
		w.gets(q, 1, ended)
		a, b := w.send("A"), w.send("A")
		got := w.gets(q, 10, a, b)
		each, err := w.Settle(w.ctx(), q, []queue.Settle{
			{Tag: lost.Tag, How: queue.Ack}, {Tag: got[0].Tag, How: queue.Ack}, {Tag: 5, How: queue.Ack},
			{Tag: got[0].Tag, How: queue.Dead}, {Tag: got[1].Tag, How: queue.Dead, Reason: "broken"},
		})
		w.must(err)
		equal(w, "results", len(each), 5)
		w.refused(link.CodeLeaseEnded, each[0])
		w.must(each[1])
		w.refused(link.CodeTagUnknown, each[2])
		w.refused(link.CodeLeaseEnded, each[3])
		w.must(each[4])
		w.state(a, q, link.StateAcked)
		w.state(b, q, link.StateDead)
	}},
	{"requeue comes back after the engine's delay, which grows", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		for i, delay := range []time.Duration{requeueDelay, 2 * requeueDelay, 4 * requeueDelay} {
			d := w.getOne(q)
			equal(w, "attempt", d.Attempt, i+1)
			equal(w, "requeueCount", d.RequeueCount, i)
			w.fail(q, d, "no database")
			way := w.way(id, q)
			equal(w, "state", way.State, link.StateDelayed)
			equal(w, "reason", way.Reason, "no database")
			equal(w, "next try", way.NextTry.Equal(w.clock.Now().Add(delay)), true)
			w.advance(delay - time.Microsecond)
			w.gets(q, 10)
			w.advance(time.Microsecond)
			w.state(id, q, link.StateReady)
			equal(w, "next try", w.way(id, q).NextTry == nil, true)
		}
		equal(w, "counts", w.counts(q), "[ready 1]")
	}},
	{"requeue comes back when it was asked to", func(w *world) {
		q := w.queue("A")
		later, sooner := w.send("A"), w.send("A")
		got := w.gets(q, 10, later, sooner)
		w.must(w.settleOne(q, queue.Settle{Tag: got[0].Tag, How: queue.Requeue, After: 2 * time.Hour}))
		w.must(w.settleOne(q, queue.Settle{Tag: got[1].Tag, How: queue.Requeue, After: time.Hour}))
		w.advance(time.Hour)
		w.gets(q, 10, sooner)
		w.advance(time.Hour)
		w.gets(q, 10, later, sooner) // the sooner one's lease is lost; each is at its old place
	}},
	{"past the limit it is dead, with the last cause", func(w *world) {
		q := w.queueWithLimit(2, "A")
		id := w.send("A")
		for _, reason := range []string{"first", "second"} {
			w.fail(q, w.getOne(q), reason)
			w.advance(4 * requeueDelay)
		}
		w.fail(q, w.getOne(q), "third")
		way := w.way(id, q)
		equal(w, "state", way.State, link.StateDead)
		equal(w, "dead reason", way.DeadReason, link.DeadRequeueLimit)
		equal(w, "reason", way.Reason, "third")
		equal(w, "requeueCount", way.RequeueCount, 3)
		equal(w, "attempt", way.Attempt, 3)
		w.advance(24 * time.Hour)
		w.gets(q, 10)
		equal(w, "counts", w.counts(q), "[dead 1]")
	}},
	{"with limit 0 the first failure is the last", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no")
		w.state(id, q, link.StateDead)
	}},
	{"dead at once when the receiver says so", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Dead, Reason: "cannot be read"}))
		way := w.way(id, q)
		equal(w, "state", way.State, link.StateDead)
		equal(w, "dead reason", way.DeadReason, link.DeadByReceiver)
		equal(w, "reason", way.Reason, "cannot be read")
		equal(w, "requeueCount", way.RequeueCount, 0)
		w.advance(24 * time.Hour)
		w.gets(q, 10)
		w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
	}},
	{"release gives back at once, at its place, and counts nothing", func(w *world) {
		q := w.queue("A")
		first, second := w.send("A"), w.send("A")
		for range 3 {
			d := w.getOne(q)
			equal(w, "attempt", d.Attempt, 1)
			w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release, Reason: "stopping"}))
		}
		got := w.gets(q, 10, first, second)
		equal(w, "attempt", got[0].Attempt, 1)
		equal(w, "requeueCount", got[0].RequeueCount, 0)
		equal(w, "lostCount", got[0].LostCount, 0)
		equal(w, "counts", w.counts(q), "[leased 2]")
	}},
	{"many delayed ones come back together, in order", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, 1200)
		for i := range p {
			p[i] = w.message("A")
		}
		w.publishAll(p)
		var all []link.Delivery
		for range 3 {
			got := w.get(q, 400)
			all = append(all, got...)
			w.settleAll(q, queue.Requeue, got)
		}
		equal(w, "counts", w.counts(q), "[delayed 1200]")
		w.advance(requeueDelay)
		equal(w, "counts", w.counts(q), "[ready 1200]")
		for i := range 3 {
			w.gets(q, 400, idsOf(all)[i*400:(i+1)*400]...)
		}
	}},
}
