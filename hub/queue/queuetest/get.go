package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var getPromises = []promise{
	{"without a queue", func(w *world) {
		_, err := w.Get(w.ctx(), queue.Get{Queue: queue.Name{Tenant: w.tenant, Client: link.NewClientID()}, Wait: time.Second})
		w.refused(link.CodeNoQueue, err)
	}},
	{"an empty queue answers at once", func(w *world) {
		w.gets(w.queue("A"), 10)
	}},
	{"first in, first out, at most max", func(w *world) {
		q := w.queue("A", "B")
		var ids []uuid.UUID
		for i := range 7 {
			ids = append(ids, w.send([]string{"A", "B"}[i%2]))
		}
		w.gets(q, 0, ids[0]) // the default is one
		w.gets(q, 3, ids[1:4]...)
		w.gets(q, 10, ids[4:]...)
		w.gets(q, 10)
	}},
	{"at most the limit whatever is asked", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, link.MaxGet+1)
		for i := range p {
			p[i] = w.message("A")
		}
		w.publishAll(p)
		equal(w, "messages", len(w.get(q, 10*link.MaxGet)), link.MaxGet)
		equal(w, "messages", len(w.get(q, 10*link.MaxGet)), 1)
	}},
	{"at most maxBytes, and at least one", func(w *world) {
		q := w.queue("A")
		sized := func(n int) uuid.UUID {
			return w.send("A", func(p *queue.Publish) { p.Message.Body = make([]byte, n) })
		}
		big, a, b, c := sized(1000), sized(60), sized(40), sized(1)
		for _, want := range [][]uuid.UUID{{big}, {a, b}, {c}} {
			got, err := w.Get(w.ctx(), queue.Get{Queue: q, Max: 10, MaxBytes: 100})
			w.must(err)
			equalList(w, "messages", idsOf(got), want)
		}
	}},
	{"order holds over more than memory keeps", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 2000 {
			ids = append(ids, w.send("A"))
		}
		for n := range slices.Chunk(ids, 150) {
			got := w.gets(q, len(n), n...)
			w.settleAll(q, queue.Release, got) // given back, they come again before the others
			w.settleAll(q, queue.Ack, w.gets(q, len(n), n...))
		}
		w.gets(q, 10)
		equal(w, "counts", w.counts(q), "[acked 2000]")
	}},
	{"what a delivery tells", func(w *world) {
		q := w.queue("A")
		w.send("A")
		d := w.getOne(q)
		equal(w, "attempt", d.Attempt, 1)
		equal(w, "requeueCount", d.RequeueCount, 0)
		equal(w, "lostCount", d.LostCount, 0)
		equal(w, "leaseUntil", d.LeaseUntil, began.Add(time.Minute))
		equal(w, "counts", w.counts(q), "[leased 1]")
	}},
	{"the lease keeps to its limits", func(w *world) {
		q := w.queue("A")
		for ask, want := range map[time.Duration]time.Duration{
			0: link.DefaultLease, 1: link.MinLease, link.MinLease: link.MinLease, 7 * time.Minute: 7 * time.Minute, time.Hour: link.MaxLease,
			-time.Hour: link.MinLease,
		} {
			w.send("A")
			got, err := w.Get(w.ctx(), queue.Get{Queue: q, Lease: ask})
			w.must(err)
			equal(w, fmt.Sprint("lease of ", ask), got[0].LeaseUntil.Sub(w.clock.Now()), want)
		}
	}},
	{"a read is remembered, also over a restart", func(w *world) {
		q := w.queue("A")
		w.advance(time.Second)
		w.send("A")
		w.getOne(q)
		check := func() {
			equal(w, "last get", w.info(q).LastGet.Equal(began.Add(time.Second)), true)
			equal(w, "installation", w.info(q).Installation, "inst")
		}
		check()
		w.restart()
		check()
	}},
	{"a waiting reader is answered at once", func(w *world) {
		q := w.queue("A")
		r := w.waiting(q)
		id := w.send("A")
		equalList(w, "messages", idsOf(r.got(w)), []uuid.UUID{id})
		equal(w, "now", w.clock.Now(), began)
	}},
	{"a wait ends empty in time, at most the limit", func(w *world) {
		q := w.queue("A")
		r := w.waitingFor(q, time.Hour)
		w.advance(link.MaxWait - 1)
		equal(w, "still waiting", r.ended(), false)
		w.advance(1)
		equal(w, "messages", len(r.got(w)), 0)
	}},
	{"a waiting reader gets what comes back", func(w *world) {
		q := w.queue("A")
		id := w.send("A", ordered("k"))
		next := w.send("A", ordered("k"))
		back := func(what string, want uuid.UUID, f func(d link.Delivery)) {
			w.Helper()
			first, err := w.Get(w.ctx(), queue.Get{Queue: q, Lease: link.MinLease})
			w.must(err)
			r := w.waiting(q)
			f(first[0])
			synctest.Wait()
			if !r.ended() {
				w.Fatalf("%s: the reader still waits", what)
			}
			again := r.got(w)
			equalList(w, what, idsOf(again), []uuid.UUID{want})
			w.must(w.settleOne(q, queue.Settle{Tag: again[0].Tag, How: queue.Release}))
		}
		back("release", id, func(d link.Delivery) { w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release})) })
		back("lease lost", id, func(link.Delivery) { w.advance(link.MinLease) })
		back("delay", id, func(d link.Delivery) {
			w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Requeue, After: time.Second}))
			w.advance(time.Second)
		})
		back("the next of its key", next, func(d link.Delivery) { w.ack(q, d) })
	}},
	{"a reader that leaves takes nothing along", func(w *world) {
		q := w.queue("A")
		ctx, cancel := context.WithCancel(w.ctx())
		errs := w.together(func() error { _, err := w.Get(ctx, queue.Get{Queue: q, Wait: link.MaxWait}); return err })
		cancel()
		equal(w, "cancelled", errors.Is(<-errs[0], context.Canceled), true)
		id := w.send("A")
		_, err := w.Get(ctx, queue.Get{Queue: q})
		equal(w, "cancelled", errors.Is(err, context.Canceled), true)
		synctest.Wait()
		d := w.gets(q, 10, id)[0]
		equal(w, "attempt", d.Attempt, 1)
	}},
	{"a reader that leaves while it is answered gives back, uncounted", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		ctx, cancel := context.WithCancel(w.ctx())
		w.faulty.OnChosen(cancel)
		_, err := w.Get(ctx, queue.Get{Queue: q})
		equal(w, "cancelled", errors.Is(err, context.Canceled), true)
		w.faulty.OnChosen(nil)
		equal(w, "attempt", w.gets(q, 10, id)[0].Attempt, 1)
	}},
	{"what comes just after a reader looked is not missed", func(w *world) {
		q := w.queue("A")
		var id uuid.UUID
		looks := 0
		w.faulty.OnChosen(func() {
			looks++
			if looks == 1 { // the one before it waits
				id = w.send("A")
			}
		})
		got, err := w.Get(w.ctx(), queue.Get{Queue: q, Wait: link.MaxWait})
		w.must(err)
		equalList(w, "messages", idsOf(got), []uuid.UUID{id})
		equal(w, "now", w.clock.Now(), began)
	}},
	{"what is leased is not given again, whatever comes back around it", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 10 {
			ids = append(ids, w.send("A"))
		}
		for _, d := range w.gets(q, 8, ids[:8]...)[:5] {
			w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release}))
		}
		w.gets(q, 10, append(ids[:5:5], ids[8:]...)...)
	}},
	{"of two waiting readers one gets the message", func(w *world) {
		q := w.queue("A")
		a, b := w.waiting(q), w.waiting(q)
		w.send("A")
		synctest.Wait()
		equal(w, "readers answered", a.ended() != b.ended(), true)
		w.advance(link.MaxWait)
		equal(w, "messages", len(a.got(w))+len(b.got(w)), 1)
	}},
	{"no message goes to two readers at once", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, 600)
		for i := range p {
			p[i] = w.message("A")
		}
		w.publishAll(p)
		const readers = 8
		lists := make(chan []link.Delivery, readers)
		for range readers {
			go func() {
				var all []link.Delivery
				for {
					got, err := w.Get(w.ctx(), queue.Get{Queue: q, Max: 7})
					if err != nil || len(got) == 0 {
						lists <- all
						return
					}
					all = append(all, got...)
				}
			}()
		}
		seen, tags := map[uuid.UUID]bool{}, map[int64]bool{}
		for range readers {
			for _, d := range <-lists {
				if seen[d.Message.ID] || tags[d.Tag] {
					w.Fatalf("message %s or tag %d was given twice", d.Message.ID, d.Tag)
				}
				seen[d.Message.ID], tags[d.Tag] = true, true
			}
		}
		equal(w, "messages", len(seen), len(p))
	}},
}

// reader is a Get that goes on in the background.
type reader struct {
	messages []link.Delivery
	err      chan error
}

// waiting starts a Get that waits as long as it may, for one message.
func (w *world) waiting(q queue.Name) *reader { return w.waitingFor(q, link.MaxWait) }

func (w *world) waitingFor(q queue.Name, wait time.Duration) *reader {
	r := &reader{}
	r.err = w.together(func() (err error) {
		r.messages, err = w.Get(w.ctx(), queue.Get{Queue: q, Max: 1, Wait: wait, Lease: time.Minute, Installation: "inst"})
		return err
	})[0]
	return r
}

// ended tells whether the Get has been answered.
func (r *reader) ended() bool { return len(r.err) > 0 }

// got is what the Get brought.
func (r *reader) got(w *world) []link.Delivery {
	w.Helper()
	w.must(<-r.err)
	return r.messages
}
