package queuetest

import (
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var findPromises = []promise{
	{"by each key, the newest first, of one tenant", func(w *world) {
		w.queue("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		keyed := func(business, correlation string, root uuid.UUID) func(*queue.Publish) {
			return func(p *queue.Publish) {
				p.Message.BusinessKey, p.Message.CorrelationID, p.Message.RootID = business, correlation, root
			}
		}
		first := w.send("A", keyed("b1", "c1", uuid.Nil))
		second := w.send("A", keyed("b1", "c2", first))
		third := w.send("A", keyed("b2", "c1", first))
		w.send("A")
		w.send("A", keyed("b1", "c1", first), func(p *queue.Publish) { p.Message.TenantID = foreign.Tenant })
		w.finds(queue.Find{BusinessKey: "b1"}, second, first)
		w.finds(queue.Find{BusinessKey: "b"})
		w.finds(queue.Find{CorrelationID: "c1"}, third, first)
		w.finds(queue.Find{RootID: first}, third, second, first)
		w.finds(queue.Find{RootID: second}, second)
		w.finds(queue.Find{RootID: link.NewID()})
	}},
	{"pages follow each other", func(w *world) {
		w.queue("A")
		var ids []uuid.UUID
		for range 7 {
			ids = append(ids, w.send("A", func(p *queue.Publish) { p.Message.BusinessKey = "b" }))
		}
		slices.Reverse(ids)
		var seen []uuid.UUID
		f := queue.Find{Tenant: w.tenant, BusinessKey: "b", Limit: 3}
		for pages := 1; ; pages++ {
			found, err := w.Find(w.ctx(), f)
			w.must(err)
			seen = append(seen, found.IDs...)
			if found.Next == 0 {
				equal(w, "pages", pages, 3)
				break
			}
			f.After = found.Next
		}
		equalList(w, "messages", seen, ids)
	}},
	{"whatever became of them", func(w *world) {
		q := w.queue("A")
		id := w.send("A", func(p *queue.Publish) { p.Message.BusinessKey = "b" })
		w.ack(q, w.getOne(q))
		kept := w.send("nobody", optional, func(p *queue.Publish) { p.Message.BusinessKey = "b" })
		w.crash()
		w.finds(queue.Find{BusinessKey: "b"}, kept, id)
	}},
}

// finds expects exactly these messages, in order.
func (w *world) finds(f queue.Find, want ...uuid.UUID) {
	w.Helper()
	f.Tenant = w.tenant
	found, err := w.Find(w.ctx(), f)
	w.must(err)
	equalList(w, "found", found.IDs, want)
	equal(w, "next", found.Next, 0)
}
