package queuetest

import (
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

var dedupePromises = []promise{
	{"a repeat answers the first id and stores nothing", func(w *world) {
		q, q2 := w.queue("A"), w.queue("A")
		first := w.send("A", request("k", 1))
		w.repeats(first, "A", request("k", 1))
		p := w.message("A", request("k", 1))
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		equal(w, "queues", len(r.Queues), 2)
		w.unknown(p.Message.ID)
		w.gets(q, 10, first)
		w.gets(q2, 10, first)
	}},
	{"the same key with other content is a conflict", func(w *world) {
		q := w.queue("A")
		first := w.send("A", request("k", 1))
		p := w.message("A", request("k", 2))
		_, err := w.Publish(w.ctx(), p)
		w.refused(link.CodeIdempotency, err)
		w.unknown(p.Message.ID)
		w.repeats(first, "A", request("k", 1))
		w.gets(q, 10, first)
	}},
	{"keys belong to tenant and sender", func(w *world) {
		q := w.queue("A")
		first := w.send("A", request("k", 1))
		second := w.send("A", request("k", 2), from(link.NewClientID()))
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		third := w.send("A", request("k", 3), func(p *queue.Publish) { p.Message.TenantID = foreign.Tenant })
		w.gets(q, 10, first, second)
		w.gets(foreign, 10, third)
	}},
	{"without a key nothing is a repeat", func(w *world) {
		q := w.queue("A")
		w.gets(q, 10, w.send("A"), w.send("A"))
	}},
	{"repeats at the same time are stored once", func(w *world) {
		q := w.queue("A")
		release := w.faulty.Hold()
		ids := make([]queue.PublishResult, 20)
		var calls []func() error
		for i := range ids {
			calls = append(calls, func() (err error) {
				ids[i], err = w.Publish(w.ctx(), w.message("A", request("k", 1)))
				return err
			})
		}
		results := w.together(calls...)
		release()
		firsts := 0
		for i := range results {
			w.must(<-results[i])
			equal(w, "id", ids[i].ID, ids[0].ID)
			if !ids[i].Duplicate {
				firsts++
			}
		}
		equal(w, "firsts", firsts, 1)
		w.gets(q, 10, ids[0].ID)
	}},
	{"a repeat is one for the whole window, and not longer", func(w *world) {
		q := w.queue("A")
		first := w.send("A", request("k", 1))
		w.advance(link.DedupeWindow - time.Microsecond)
		w.repeats(first, "A", request("k", 1))
		w.advance(time.Microsecond)
		w.gets(q, 10, first, w.send("A", request("k", 1)))
	}},
	{"forgetting goes on with many requests, and takes only old ones", func(w *world) {
		q := w.queue("A")
		p := make([]queue.Publish, 2500)
		for i := range p {
			p[i] = w.message("A", request(link.NewID().String(), 1))
		}
		w.publishAll(p)
		w.advance(link.DedupeWindow / 2)
		young := w.send("A", request("young", 1))
		w.advance(link.DedupeWindow / 2)
		w.repeats(young, "A", request("young", 1))
		for _, i := range []int{0, 1000, 2499} {
			w.send("A", request(p[i].Dedupe.Key, 2)) // forgotten, so it is no conflict
		}
		equal(w, "counts", w.counts(q), "[ready 2504]")
	}},
	{"a repeat is recognised after the receiver has left", func(w *world) {
		q := w.queue("A")
		first := w.send("A", request("k", 1))
		w.setup(q, link.DefaultRequeueCountMax)
		w.repeats(first, "A", request("k", 1))
	}},
	{"a repeat is recognised after a crash and a restart", func(w *world) {
		w.queue("A")
		first := w.send("A", request("k", 1))
		w.crash()
		w.repeats(first, "A", request("k", 1))
		w.restart()
		w.repeats(first, "A", request("k", 1))
		_, err := w.Publish(w.ctx(), w.message("A", request("k", 2)))
		w.refused(link.CodeIdempotency, err)
	}},
	{"a transient message is not repeated either", func(w *world) {
		p := w.message("A", transient, request("k", 1))
		_, err := w.Publish(w.ctx(), p)
		w.must(err)
		w.repeats(p.Message.ID, "A", transient, request("k", 1))
	}},
}
