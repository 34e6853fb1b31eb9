package queuetest

import (
	"slices"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var faultPromises = []promise{
	{"not applied: only the culprit fails", func(w *world) {
		q := w.queue("A")
		release := w.faulty.Hold()
		var list []queue.Publish
		var calls []func() error
		for range 6 {
			p := w.message("A")
			list = append(list, p)
			calls = append(calls, func() error { _, err := w.Publish(w.ctx(), p); return err })
		}
		culprit := list[3].Message.ID
		w.blame(culprit)
		results := w.together(calls...)
		release()
		var want []uuid.UUID
		for i, r := range results {
			if i == 3 {
				w.refused(link.CodeUnavailable, <-r)
				continue
			}
			w.must(<-r)
			want = append(want, list[i].Message.ID)
		}
		w.gets(q, 10, want...)
		w.unknown(culprit)
		w.must(w.Ready(w.ctx()))
	}},
	{"not applied: a repeat is the first", func(w *world) {
		q := w.queue("A")
		w.once(NotApplied)
		_, err := w.Publish(w.ctx(), w.message("A", request("k", 1)))
		w.refused(link.CodeUnavailable, err)
		w.gets(q, 10, w.send("A", request("k", 1)))
	}},
	{"not applied: the lease is still open", func(w *world) {
		q := w.queue("A")
		for _, how := range hows {
			w.send("A")
			d := w.getOne(q)
			synctest.Wait() // the lease is recorded
			w.once(NotApplied)
			_, err := w.Settle(w.ctx(), q, []queue.Settle{{Tag: d.Tag, How: how}})
			w.refused(link.CodeUnavailable, err)
			w.ack(q, d)
		}
		equal(w, "counts", w.counts(q), "[acked 4]")
	}},
	{"not applied: a lease that was not recorded can be settled", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.once(NotApplied)
		if w.store.KeepsLeases { // it was not given either
			_, err := w.Get(w.ctx(), queue.Get{Queue: q})
			w.refused(link.CodeUnavailable, err)
		}
		d := w.getOne(q)
		synctest.Wait()
		equal(w, "attempt", d.Attempt, 1)
		w.ack(q, d)
		w.crash()
		w.state(id, q, link.StateAcked)
	}},
	{"not applied: the ticker tries again", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.getOne(q)
		synctest.Wait()
		w.faulty.Plan(func(ops []queue.Op) Fault {
			if slices.Contains(ops, queue.Op(queue.OpTick{})) {
				return NotApplied // of each lane: all of them tick
			}
			return NoFault
		})
		w.advance(time.Minute)
		w.gets(q, 10)
		w.faulty.Plan(nil)
		w.advance(time.Second)
		w.gets(q, 10, id)
	}},
	{"unknown and lost: a repeat stores it", func(w *world) {
		q := w.queue("A")
		w.once(UnknownLost)
		p := w.message("A", request("k", 1))
		_, err := w.Publish(w.ctx(), p)
		w.refused(link.CodeOutcomeUnknown, err)
		synctest.Wait()
		w.unknown(p.Message.ID)
		w.gets(q, 10, w.send("A", request("k", 1)))
	}},
	{"unknown and kept: a repeat is a repeat", func(w *world) {
		q := w.queue("A")
		w.once(UnknownKept)
		p := w.message("A", request("k", 1))
		_, err := w.Publish(w.ctx(), p)
		w.refused(link.CodeOutcomeUnknown, err)
		synctest.Wait()
		w.repeats(p.Message.ID, "A", request("k", 1))
		w.gets(q, 10, p.Message.ID)
	}},
	{"unknown and kept: a waiting reader gets it", func(w *world) {
		r := w.waiting(w.queue("A"))
		w.once(UnknownKept)
		p := w.message("A")
		_, err := w.Publish(w.ctx(), p)
		w.refused(link.CodeOutcomeUnknown, err)
		equalList(w, "messages", idsOf(r.got(w)), []uuid.UUID{p.Message.ID})
		equal(w, "now", w.clock.Now(), began)
	}},
	{"unknown ack: acknowledged, or delivered again", func(w *world) {
		for _, fault := range []Fault{UnknownLost, UnknownKept} {
			q := w.queue("A")
			id := w.send("A")
			d := w.getOne(q)
			synctest.Wait()
			w.once(fault)
			_, err := w.Settle(w.ctx(), q, []queue.Settle{{Tag: d.Tag, How: queue.Ack}})
			w.refused(link.CodeOutcomeUnknown, err)
			synctest.Wait()
			w.advance(time.Minute)
			if fault == UnknownKept {
				w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
				w.gets(q, 10)
				w.state(id, q, link.StateAcked)
			} else {
				w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
				w.ack(q, w.gets(q, 10, id)...)
			}
		}
	}},
	{"unknown setup holds or does not, and nothing between", func(w *world) {
		q := w.queue("A")
		for fault, want := range map[Fault]string{UnknownKept: "B", UnknownLost: "A"} {
			w.setup(q, 3, "A")
			w.once(fault)
			_, err := w.Setup(w.ctx(), queue.Setup{Queue: q, Subscriptions: []string{"B"}, RequeueCountMax: 4})
			w.refused(link.CodeOutcomeUnknown, err)
			synctest.Wait()
			equalList(w, "subscriptions", w.info(q).Subscriptions, []string{want})
			w.send(want)
		}
	}},
	{"unknown lease: the message comes again", func(w *world) {
		for _, fault := range []Fault{UnknownLost, UnknownKept} {
			q := w.queue("A")
			id := w.send("A")
			w.once(fault)
			if w.store.KeepsLeases { // the reader learns of no lease, which is there or not
				_, err := w.Get(w.ctx(), queue.Get{Queue: q, Lease: time.Minute})
				w.refused(link.CodeUnavailable, err)
				synctest.Wait()
				want := map[Fault]link.State{UnknownLost: link.StateReady, UnknownKept: link.StateLeased}
				w.state(id, q, want[fault])
			} else {
				d := w.getOne(q)
				synctest.Wait()
				w.refused(link.CodeLeaseEnded, w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}))
			}
			w.advance(time.Minute)
			w.gets(q, 10, id)
		}
	}},
	{"while the store is shut everything is refused, then it goes on by itself", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		r := w.waiting(w.queue("B"))
		w.faulty.FailReopen(3)
		w.once(UnknownLost)
		_, err := w.Publish(w.ctx(), w.message("A"))
		w.refused(link.CodeOutcomeUnknown, err)
		for range 3 {
			synctest.Wait()
			w.refused(link.CodeUnavailable, w.Ready(w.ctx()))
			_, err = w.Publish(w.ctx(), w.message("A"))
			w.refused(link.CodeUnavailable, err)
			_, err = w.Get(w.ctx(), queue.Get{Queue: q})
			w.refused(link.CodeUnavailable, err)
			_, err = w.Trace(w.ctx(), w.tenant, id)
			w.refused(link.CodeUnavailable, err)
			_, err = w.Queues(w.ctx(), w.tenant)
			w.refused(link.CodeUnavailable, err)
			w.clock.Advance(time.Second)
		}
		synctest.Wait()
		w.must(w.Ready(w.ctx()))
		w.gets(q, 10, id)
		equal(w, "still waiting", r.ended(), false)
		late := w.send("B")
		equalList(w, "messages", idsOf(r.got(w)), []uuid.UUID{late})
	}},
}

// once lets the next group fail, and no other. First everything comes to rest, so that it is not a tick
// of the beginning that fails.
func (w *world) once(f Fault) {
	synctest.Wait()
	done := false
	w.faulty.Plan(func([]queue.Op) Fault {
		if done {
			return NoFault
		}
		done = true
		return f
	})
}

// blame lets every group fail that stores a message.
func (w *world) blame(id uuid.UUID) {
	w.faulty.Plan(func(ops []queue.Op) Fault {
		if slices.ContainsFunc(ops, func(op queue.Op) bool { p, ok := op.(queue.OpPublish); return ok && p.Message.ID == id }) {
			return NotApplied
		}
		return NoFault
	})
}
