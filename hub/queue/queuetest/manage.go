package queuetest

import (
	"strings"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var managePromises = []promise{
	{"without a queue", func(w *world) {
		q := queue.Name{Tenant: w.tenant, Client: link.NewClientID()}
		_, err := w.Extend(w.ctx(), q, []queue.Extend{{Tag: 1 << 33}})
		w.refused(link.CodeNoQueue, err)
		_, err = w.Redrive(w.ctx(), queue.Redrive{Queue: q, IDs: []uuid.UUID{link.NewID()}})
		w.refused(link.CodeNoQueue, err)
		_, err = w.Discard(w.ctx(), queue.Discard{Queue: q, IDs: []uuid.UUID{link.NewID()}})
		w.refused(link.CodeNoQueue, err)
		w.refused(link.CodeNoQueue, w.Pause(w.ctx(), queue.Pause{Queue: q, Pause: true}))
		w.refused(link.CodeNoQueue, w.Hold(w.ctx(), queue.Hold{Queue: q, Hold: true}))
	}},
	{"an extended lease ends later, within limits", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		w.advance(50 * time.Second)
		equal(w, "until", w.extend(q, d.Tag, time.Minute).Until.Equal(began.Add(110*time.Second)), true)
		w.advance(59 * time.Second)
		w.gets(q, 10)
		equal(w, "until", w.extend(q, d.Tag, time.Hour).Until.Sub(w.clock.Now()), link.MaxLease)
		w.advance(link.MaxLease - time.Second)
		equal(w, "until", w.extend(q, d.Tag, 1).Until.Sub(w.clock.Now()), link.MinLease)
		w.advance(link.MinLease)
		w.gets(q, 10, id)
		equal(w, "lostCount", w.way(id, q).LostCount, 1)
	}},
	{"a shortened lease ends sooner", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		w.extend(q, d.Tag, link.MinLease)
		w.advance(link.MinLease)
		w.gets(q, 10, id)
	}},
	{"an ended or foreign lease is not extended", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		w.send("A")
		d := w.getOne(q)
		w.refused(link.CodeTagUnknown, w.extend(other, d.Tag, time.Minute).Err)
		w.refused(link.CodeTagUnknown, w.extend(q, d.Tag+1, time.Minute).Err)
		w.advance(time.Minute)
		w.refused(link.CodeLeaseEnded, w.extend(q, d.Tag, time.Minute).Err)
	}},
	{"a paused queue hands nothing out, its readers wait", func(w *world) {
		q := w.queue("A")
		first := w.send("A")
		d := w.getOne(q)
		w.must(w.Pause(w.ctx(), queue.Pause{Queue: q, Pause: true, Reason: "month close", By: "maria"}))
		second := w.send("A")
		w.gets(q, 10)
		r := w.waiting(q)
		w.ack(q, d) // what is out can be settled
		w.state(first, q, link.StateAcked)
		for _, again := range []func(){w.crash, w.restart} {
			w.advance(link.MaxWait)
			equal(w, "messages", len(r.got(w)), 0)
			again()
			p := w.info(q).Paused
			equal(w, "reason", p.Reason, "month close")
			equal(w, "by", p.By, "maria")
			equal(w, "at", p.At.Equal(began), true)
			r = w.waiting(q)
		}
		w.must(w.Pause(w.ctx(), queue.Pause{Queue: q}))
		equalList(w, "messages", idsOf(r.got(w)), []uuid.UUID{second})
		equal(w, "paused", w.info(q).Paused == nil, true)
	}},
	{"a redriven dead letter joins at the end, its counts at zero", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no database")
		first := w.send("A")
		w.advance(time.Hour)
		w.must(w.redrive(q, id))
		for _, again := range []func(){func() {}, w.crash} { // also when opened anew: places are not given twice
			again()
			w.browses(queue.Browse{Queue: q, List: queue.ListWaiting}, first, id)
		}
		second := w.send("A")
		d := w.gets(q, 10, first, id, second)[1]
		equal(w, "attempt", d.Attempt, 2)
		equal(w, "requeueCount", d.RequeueCount, 0)
		equal(w, "created", d.Message.CreatedAt.Equal(began), true)
		way := w.way(id, q)
		equal(w, "dead reason", way.DeadReason, "")
		equal(w, "reason", way.Reason, "")
		equal(w, "steps", strings.Contains(steps(way), "dead-lettered 1 inst requeue-limit: no database\n1h0m0s redriven by maria\n"), true)
		equal(w, "counts", w.counts(q), "[leased 3]")
	}},
	{"a redriven one waits for its key", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id, next := w.send("A", ordered("k")), w.send("A", ordered("k"))
		w.fail(q, w.getOne(q), "no")
		w.must(w.redrive(q, id))
		w.state(id, q, link.StateBehind)
		w.ack(q, w.gets(q, 10, next)...)
		w.gets(q, 10, id)
	}},
	{"redriving wakes a reader", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no")
		r := w.waiting(q)
		w.must(w.redrive(q, id))
		equalList(w, "messages", idsOf(r.got(w)), []uuid.UUID{id})
	}},
	{"only dead letters are redriven, each on its own", func(w *world) {
		q := w.queueWithLimit(0, "A")
		dead, ready := w.send("A"), w.send("A")
		w.fail(q, w.getOne(q), "no")
		each, err := w.Redrive(w.ctx(), queue.Redrive{Queue: q, IDs: []uuid.UUID{ready, link.NewID(), dead, dead}})
		w.must(err)
		w.refused(link.CodeNotNow, each[0])
		w.refused(link.CodeMessageUnknown, each[1])
		w.must(each[2])
		w.refused(link.CodeNotNow, each[3])
		equal(w, "counts", w.counts(q), "[ready 2]")
	}},
	{"nothing is redriven into a paused queue", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no")
		w.must(w.Pause(w.ctx(), queue.Pause{Queue: q, Pause: true, Reason: "month close"}))
		_, err := w.Redrive(w.ctx(), queue.Redrive{Queue: q, IDs: []uuid.UUID{id}})
		w.refused(link.CodeQueuePaused, err)
		w.state(id, q, link.StateDead)
	}},
	{"of another queue or tenant nothing is touched", func(w *world) {
		q, other := w.queueWithLimit(0, "A"), w.queue("B")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no")
		foreign := queue.Name{Tenant: link.NewID(), Client: q.Client}
		w.setup(foreign, 3, "A")
		for _, there := range []queue.Name{other, foreign} {
			w.refused(link.CodeMessageUnknown, w.redrive(there, id))
			w.refused(link.CodeMessageUnknown, w.discard(there, id))
		}
		w.state(id, q, link.StateDead)
	}},
	{"a queue that holds stops the key of a dead letter", func(w *world) {
		q := w.queueWithLimit(0, "A")
		w.hold(q, true)
		id, next := w.send("A", ordered("k")), w.send("A", ordered("k"))
		free := w.send("A", ordered("other"))
		w.fail(q, w.getOne(q), "no")
		w.crash()
		w.ack(q, w.gets(q, 10, free)...)
		w.state(next, q, link.StateBehind)
		w.must(w.redrive(q, id)) // at its old place
		w.ack(q, w.gets(q, 10, id)...)
		w.gets(q, 10, next)
	}},
	{"a discarded one lets its key go on", func(w *world) {
		q := w.queueWithLimit(0, "A")
		w.hold(q, true)
		id, second, third := w.send("A", ordered("k")), w.send("A", ordered("k")), w.send("A", ordered("k"))
		w.fail(q, w.getOne(q), "no")
		w.must(w.discard(q, second)) // from behind: nobody goes on
		w.gets(q, 10)
		w.must(w.discard(q, id))
		w.gets(q, 10, third)
		equal(w, "counts", w.counts(q), "[discarded 2 leased 1]")
	}},
	{"a queue that holds no more lets every key go on", func(w *world) {
		q := w.queueWithLimit(0, "A")
		w.hold(q, true)
		var waiting []uuid.UUID
		for _, key := range []string{"a", "b"} {
			w.send("A", ordered(key))
			waiting = append(waiting, w.send("A", ordered(key)))
		}
		for _, d := range w.get(q, 10) {
			w.fail(q, d, "no")
		}
		w.gets(q, 10)
		w.setup(q, 0, "A") // leaves it as it is
		equal(w, "holds", w.info(q).Hold, true)
		w.gets(q, 10)
		w.hold(q, false)
		got := w.gets(q, 10, waiting...)
		w.ack(q, got...)
		w.gets(q, 10, w.send("A", ordered("a")))
	}},
	{"what waits is discarded, what is leased is not", func(w *world) {
		q := w.queue("A")
		leased, delayed := w.send("A"), w.send("A")
		got := w.gets(q, 10, leased, delayed)
		w.fail(q, got[1], "later")
		ready, behind := w.send("A", ordered("k")), w.send("A", ordered("k"))
		each, err := w.Discard(w.ctx(), queue.Discard{Queue: q, IDs: []uuid.UUID{leased, delayed, ready, behind, ready}, Reason: "sent in error", By: "maria"})
		w.must(err)
		w.refused(link.CodeNotNow, each[0])
		w.must(each[1])
		w.must(each[2])
		w.must(each[3])
		w.refused(link.CodeNotNow, each[4])
		w.advance(time.Hour)
		w.gets(q, 10, leased) // its lease was lost
		way := w.way(ready, q)
		equal(w, "state", way.State, link.StateDiscarded)
		equal(w, "reason", way.Reason, "sent in error")
		equal(w, "step", steps(way), "0s accepted\n0s queued\n0s discarded by maria sent in error")
		equal(w, "counts", w.counts(q), "[discarded 3 leased 1]")
		w.gets(q, 10, w.send("A", ordered("k")))
	}},
	{"a discarded one beyond memory is not handed out", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 10 {
			ids = append(ids, w.send("A"))
		}
		for _, id := range []uuid.UUID{ids[8], ids[1]} {
			w.must(w.discard(q, id))
		}
		w.gets(q, 20, append(append([]uuid.UUID{ids[0]}, ids[2:8]...), ids[9])...)
	}},
	{"a failed group leaves a lease's end as it was", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		d := w.getOne(q)
		synctest.Wait()
		w.once(NotApplied)
		_, err := w.Extend(w.ctx(), q, []queue.Extend{{Tag: d.Tag, Lease: time.Hour}})
		w.refused(link.CodeUnavailable, err)
		w.advance(time.Minute)
		w.gets(q, 10, id)
	}},
}

func (w *world) extend(q queue.Name, tag int64, lease time.Duration) queue.Extended {
	w.Helper()
	each, err := w.Extend(w.ctx(), q, []queue.Extend{{Tag: tag, Lease: lease}})
	w.must(err)
	equal(w, "results", len(each), 1)
	return each[0]
}

func (w *world) redrive(q queue.Name, id uuid.UUID) error {
	w.Helper()
	each, err := w.Redrive(w.ctx(), queue.Redrive{Queue: q, IDs: []uuid.UUID{id}, By: "maria"})
	w.must(err)
	equal(w, "results", len(each), 1)
	return each[0]
}

func (w *world) discard(q queue.Name, id uuid.UUID) error {
	w.Helper()
	each, err := w.Discard(w.ctx(), queue.Discard{Queue: q, IDs: []uuid.UUID{id}, Reason: "sent in error", By: "maria"})
	w.must(err)
	equal(w, "results", len(each), 1)
	return each[0]
}

// hold sets whether a queue's dead letters hold their key.
func (w *world) hold(q queue.Name, hold bool) {
	w.Helper()
	w.must(w.Hold(w.ctx(), queue.Hold{Queue: q, Hold: hold}))
}
