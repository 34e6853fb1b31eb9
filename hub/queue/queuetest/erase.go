package queuetest

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var erasePromises = []promise{
	{"what a message says is gone, and the trace says so, wherever it stands", func(w *world) {
		for _, moved := range []bool{false, true} {
			q := w.queue("A")
			id := w.send("A", to(q), keyed("business"), ordered("k"), func(p *queue.Publish) { p.Message.CorrelationID = "c" })
			w.take(q, 1)
			w.send("R", answering(id, 1, link.ERPRejected), from(q.Client))
			if moved {
				w.advance(2 * time.Hour)
				w.keep()
				w.send("R", answering(id, 2, link.ERPDone), from(q.Client)) // told since
			}
			at := w.clock.Now()
			for _, by := range []string{"maria", "jose"} { // the first one stands
				w.must(w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: id, By: by, Reason: "asked for"}))
			}
			check := func() {
				w.Helper()
				_, err := w.Message(w.ctx(), w.tenant, id)
				w.refused(link.CodeBodyGone, err)
				t, err := w.Trace(w.ctx(), w.tenant, id)
				w.must(err)
				if t.Trace.Erased == nil {
					w.Fatal("the trace does not say that the message was erased")
				}
				equal(w, "erased", *t.Trace.Erased, link.Erasure{At: at, By: "maria", Reason: "asked for"})
				equal(w, "keys", t.Trace.BusinessKey+t.Trace.OrderingKey+t.Trace.CorrelationID, "")
				way := w.way(id, q)
				equal(w, "state", way.State, link.StateAcked)
				equal(w, "key", way.Outcome.Key, "")
				w.finds(queue.Find{BusinessKey: "business"})
				w.finds(queue.Find{CorrelationID: "c"})
				w.searches(queue.Search{Keys: [][]byte{[]byte("value of business")}})
				w.searches(queue.Search{ID: id}, id)
			}
			check()
			w.crash()
			check()
			w.advance(2 * time.Hour)
			w.keep()
			check()
			w.advance(link.Retention + day)
			w.keep()
			w.unknown(id)
		}
	}},
	{"what has not ended is refused, unless it is forced; what a reader has, always", func(w *world) {
		q := w.queueWithLimit(0, "A")
		dead := w.send("A")
		w.fail(q, w.getOne(q), "no")
		first, behind := w.send("A", ordered("k")), w.send("A", ordered("k"))
		for _, id := range []uuid.UUID{dead, first, behind} {
			w.refused(link.CodeNotNow, w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: id, By: "maria", Reason: "no"}))
			_, err := w.Message(w.ctx(), w.tenant, id)
			w.must(err)
		}
		for _, id := range []uuid.UUID{dead, first} {
			w.must(w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: id, Force: true, By: "maria", Reason: "no"}))
			w.state(id, q, link.StateDiscarded)
			_, err := w.Message(w.ctx(), w.tenant, id)
			w.refused(link.CodeBodyGone, err)
		}
		got := w.gets(q, 10, behind) // it goes on
		w.refused(link.CodeNotNow, w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: behind, Force: true, By: "maria", Reason: "no"}))
		w.ack(q, got...)
		w.must(w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: behind, By: "maria", Reason: "no"}))
		w.keep()
	}},
	{"another tenant's message is not there", func(w *world) {
		w.queue("A")
		id := w.send("A")
		w.refused(link.CodeMessageUnknown, w.Erase(w.ctx(), queue.Erase{Tenant: link.NewID(), ID: id, Force: true}))
		w.refused(link.CodeMessageUnknown, w.Erase(w.ctx(), queue.Erase{Tenant: w.tenant, ID: link.NewID(), Force: true}))
		_, err := w.Message(w.ctx(), w.tenant, id)
		w.must(err)
	}},
	{"all of a tenant goes, and nothing else", func(w *world) {
		q, other := w.queue("A"), queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(other, 3, "A")
		theirs := func(p *queue.Publish) { p.Message.TenantID = other.Tenant }
		var ids []uuid.UUID
		for i := range 130 {
			ids = append(ids, w.send("A", keyed("business")))
			if i%10 == 0 {
				w.send("A", theirs)
			}
		}
		lone := w.send("B", optional)
		w.take(q, 60)
		w.take(other, 5)
		w.advance(2 * time.Hour)
		w.keep()
		w.take(q, 20)
		w.must(w.settleOne(q, queue.Settle{Tag: w.getOne(q).Tag, How: queue.Dead}))
		leased := w.getOne(q)
		removed, left := 0, 0
		p := queue.Purge{Tenant: w.tenant, Before: w.clock.Now().Add(time.Second), By: "maria", Reason: "left", Progress: func(r, l int) error {
			removed, left = removed+r, left+l
			return nil
		}}
		w.must(w.Purge(w.ctx(), p))
		equal(w, "removed", removed, 130) // 129 and the one without a queue
		equal(w, "left", left, 1)
		for _, id := range append(ids, lone) {
			if id != leased.Message.ID {
				w.unknown(id)
			}
		}
		w.finds(queue.Find{BusinessKey: "business"}, leased.Message.ID)
		w.searches(queue.Search{Keys: [][]byte{[]byte("value of business")}}, leased.Message.ID)
		w.ack(q, leased)
		w.must(w.Purge(w.ctx(), p))
		w.unknown(leased.Message.ID)
		w.keep()
		page, err := w.Browse(w.ctx(), queue.Browse{Queue: other, List: queue.ListHistory})
		w.must(err)
		equal(w, "theirs in the history", len(page.Items), 5)
		w.crash()
		equal(w, "theirs", w.counts(other), "[acked 5 ready 8]")
		w.gets(q, 10, w.send("A"))
	}},
	{"a purge can be cut off and done again", func(w *world) {
		q := w.queue("A")
		for range 250 {
			w.send("A")
		}
		w.take(q, 250)
		enough := errors.New("enough")
		removed := 0
		p := queue.Purge{Tenant: w.tenant, Before: w.clock.Now().Add(time.Second), By: "maria", Reason: "left", Progress: func(r, _ int) error {
			if removed += r; removed >= 100 {
				return enough
			}
			return nil
		}}
		if err := w.Purge(w.ctx(), p); !errors.Is(err, enough) {
			w.Fatalf("purge: %v", err)
		}
		equal(w, "removed", removed, 100)
		p.Progress = func(r, _ int) error { removed += r; return nil }
		w.must(w.Purge(w.ctx(), p))
		equal(w, "removed", removed, 250)
		w.keep()
	}},
}
