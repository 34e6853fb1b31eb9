package queuetest

import (
	"context"
	"errors"
	"testing/synctest"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

var stopPromises = []promise{
	{"waiting readers go home empty", func(w *world) {
		r := w.waiting(w.queue("A"))
		w.must(w.Stop(w.ctx()))
		equal(w, "messages", len(r.got(w)), 0)
		w.open()
	}},
	{"nothing new is taken", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.must(w.Stop(w.ctx()))
		w.must(w.Stop(w.ctx())) // once more is nothing
		_, err := w.Publish(w.ctx(), w.message("A"))
		w.refused(link.CodeUnavailable, err)
		_, err = w.Get(w.ctx(), queue.Get{Queue: q})
		w.refused(link.CodeUnavailable, err)
		_, err = w.Settle(w.ctx(), q, []queue.Settle{{Tag: 1, How: queue.Ack}})
		w.refused(link.CodeUnavailable, err)
		_, err = w.Trace(w.ctx(), w.tenant, id)
		w.refused(link.CodeUnavailable, err)
		w.refused(link.CodeUnavailable, w.Ready(w.ctx()))
		w.open()
		w.gets(q, 10, id)
	}},
	{"what was taken is stored", func(w *world) {
		q := w.queue("A")
		release := w.faulty.Hold()
		var calls []func() error
		for range 20 {
			p := w.message("A")
			calls = append(calls, func() error { _, err := w.Publish(w.ctx(), p); return err })
		}
		results := w.together(calls...)
		stopped := w.together(func() error { return w.Stop(w.ctx()) })[0]
		equal(w, "stopped early", len(stopped), 0)
		release()
		w.must(<-stopped)
		for _, r := range results {
			w.must(<-r)
		}
		w.open()
		equal(w, "messages", len(w.get(q, 50)), 20)
	}},
	{"it is bounded by its context and ends all the same", func(w *world) {
		q := w.queue("A")
		release := w.faulty.Hold()
		p := w.message("A")
		result := w.together(func() error { _, err := w.Publish(w.ctx(), p); return err })[0]
		ctx, cancel := context.WithTimeout(w.ctx(), time.Second)
		defer cancel()
		equal(w, "stop", errors.Is(w.Stop(ctx), context.DeadlineExceeded), true)
		release()
		w.must(<-result)
		synctest.Wait()
		w.open()
		w.gets(q, 10, p.Message.ID)
	}},
	{"it ends while the store cannot be opened", func(w *world) {
		q := w.queue("A")
		w.faulty.FailReopen(1 << 30)
		w.once(UnknownLost)
		_, err := w.Publish(w.ctx(), w.message("A"))
		w.refused(link.CodeOutcomeUnknown, err)
		synctest.Wait()
		w.must(w.Stop(w.ctx()))
		w.open()
		w.gets(q, 10)
	}},
}
