package queuetest

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var orderPromises = []promise{
	{"of one key one is leased, also within one get", func(w *world) {
		q := w.queue("A")
		a1, a2, b1, free := w.send("A", ordered("a")), w.send("A", ordered("a")), w.send("A", ordered("b")), w.send("A")
		w.gets(q, 10, a1, b1, free)
		w.gets(q, 10)
		w.state(a2, q, link.StateBehind)
		equal(w, "counts", w.counts(q), "[behind 1 leased 3]")
	}},
	{"after an ack the next goes on, in order", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 5 {
			ids = append(ids, w.send("A", ordered("k")))
		}
		for _, id := range ids {
			w.ack(q, w.gets(q, 10, id)...)
		}
		w.gets(q, 10, w.send("A", ordered("k"))) // the key is free again
	}},
	{"after a dead one the next goes on", func(w *world) {
		q := w.queueWithLimit(0, "A")
		first, second, third := w.send("A", ordered("k")), w.send("A", ordered("k")), w.send("A", ordered("k"))
		d := w.gets(q, 10, first)[0]
		w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Dead}))
		w.fail(q, w.gets(q, 10, second)[0], "limit 0")
		w.gets(q, 10, third)
	}},
	{"a delay makes the later ones wait", func(w *world) {
		q := w.queue("A")
		first, second := w.send("A", ordered("k")), w.send("A", ordered("k"))
		other := w.send("A", ordered("other"))
		w.fail(q, w.getOne(q), "no")
		w.ack(q, w.gets(q, 10, other)...)
		w.state(second, q, link.StateBehind)
		w.advance(requeueDelay)
		w.ack(q, w.gets(q, 10, first)...)
		w.gets(q, 10, second)
	}},
	{"a lost lease and a release keep the order", func(w *world) {
		q := w.queue("A")
		first, second := w.send("A", ordered("k")), w.send("A", ordered("k"))
		w.gets(q, 10, first)
		w.advance(time.Minute)
		d := w.gets(q, 10, first)[0]
		w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release}))
		w.ack(q, w.gets(q, 10, first)...)
		w.gets(q, 10, second)
	}},
	{"keys belong to their queue", func(w *world) {
		q1, q2 := w.queue("A"), w.queue("A")
		first, second := w.send("A", ordered("k")), w.send("A", ordered("k"))
		w.ack(q1, w.gets(q1, 10, first)...)
		w.gets(q1, 10, second)
		w.gets(q2, 10, first)
		w.state(second, q2, link.StateBehind)
	}},
	{"keys are compared byte for byte", func(w *world) {
		q := w.queue("A")
		w.gets(q, 10, w.send("A", ordered("k")), w.send("A", ordered("K")), w.send("A", ordered("k ")), w.send("A", ordered("ké")))
	}},
	{"one group settles and sends of the same key", func(w *world) {
		q := w.queue("A")
		first, second := w.send("A", ordered("k")), w.send("A", ordered("k"))
		d := w.gets(q, 10, first)[0]
		p := w.message("A", ordered("k"))
		release := w.faulty.Hold()
		results := w.together(func() error { _, err := w.Publish(w.ctx(), w.message("A")); return err }, // the group that is held
			func() error { return w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Ack}) },
			func() error { _, err := w.Publish(w.ctx(), p); return err })
		release()
		for _, r := range results {
			w.must(<-r)
		}
		got := w.get(q, 10)
		equal(w, "messages", len(got), 2)
		equal(w, "first", got[0].Message.ID, second)
		w.ack(q, got[0])
		w.gets(q, 10, p.Message.ID)
	}},
	{"order and keys hold over crashes", func(w *world) {
		q := w.queue("A")
		first, second, third := w.send("A", ordered("k")), w.send("A", ordered("k")), w.send("A", ordered("k"))
		w.getOne(q)
		w.crash()
		w.advance(time.Minute) // where leases outlast the crash
		w.ack(q, w.gets(q, 10, first)...)
		w.fail(q, w.gets(q, 10, second)[0], "no")
		w.crash()
		w.gets(q, 10)
		w.advance(requeueDelay)
		w.ack(q, w.gets(q, 10, second)...)
		w.restart()
		w.gets(q, 10, third)
	}},
	{"many behind one key stop nobody else", func(w *world) {
		q := w.queue("A")
		w.getOneAfter(q, "stuck")
		p := make([]queue.Publish, 5000)
		for i := range p {
			p[i] = w.message("A", ordered("stuck"))
		}
		w.publishAll(p)
		for i := range 10 {
			w.ack(q, w.gets(q, 10, w.send("A", ordered(fmt.Sprint("free ", i))))...)
		}
		equal(w, "counts", w.counts(q), "[acked 10 behind 5000 leased 1]")
	}},
}

// getOneAfter sends a message of an ordering key and leases it.
func (w *world) getOneAfter(q queue.Name, key string) link.Delivery {
	w.Helper()
	return w.gets(q, 1, w.send("A", ordered(key)))[0]
}
