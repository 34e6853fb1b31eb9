package queuetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var browsePromises = []promise{
	{"without a queue", func(w *world) {
		_, err := w.Browse(w.ctx(), queue.Browse{Queue: queue.Name{Tenant: w.tenant, Client: link.NewClientID()}, List: queue.ListWaiting})
		w.refused(link.CodeNoQueue, err)
	}},
	{"each list in the queue's order, from either end", func(w *world) {
		q := w.queueWithLimit(0, "A")
		leased, acked, dead, limit := w.send("A"), w.send("A"), w.send("A"), w.send("A")
		got := w.gets(q, 4, leased, acked, dead, limit)
		w.ack(q, got[1])
		w.must(w.settleOne(q, queue.Settle{Tag: got[2].Tag, How: queue.Dead, Reason: "broken"}))
		w.fail(q, got[3], "no")
		w.setup(q, 3, "A")
		delayed := w.send("A")
		w.fail(q, w.gets(q, 10, delayed)[0], "later")
		ready := w.send("A", ordered("k"))
		behind := w.send("A", ordered("k"))
		w.browses(queue.Browse{Queue: q, List: queue.ListWaiting}, leased, delayed, ready, behind)
		w.browses(queue.Browse{Queue: q, List: queue.ListWaiting, Newest: true}, behind, ready, delayed, leased)
		w.browses(queue.Browse{Queue: q, List: queue.ListDead}, dead, limit)
		w.browses(queue.Browse{Queue: q, List: queue.ListHistory}, acked)
		states := ""
		for _, e := range w.browse(queue.Browse{Queue: q, List: queue.ListWaiting}).Items {
			states += fmt.Sprint(e.Position, " ", e.State, " ", e.Attempt, "\n")
		}
		equal(w, "states", states, "1 leased 1\n2 delayed 1\n3 ready 0\n4 behind 0\n")
	}},
	{"what an entry tells", func(w *world) {
		q := w.queue("A")
		p := w.message("A", ordered("k"), func(p *queue.Publish) {
			p.Message.BusinessKey, p.Message.Headers = "contract 1", map[string]string{"SL-Meta-x": "1"}
		})
		_, err := w.Publish(w.ctx(), p)
		w.must(err)
		one := func() queue.Entry { return w.browse(queue.Browse{Queue: q, List: queue.ListWaiting}).Items[0] }
		e := one()
		equal(w, "size", e.Size, len(p.Message.Body))
		equal(w, "body", len(e.Message.Body), 0)
		m := e.Message
		m.Body, p.Message.CreatedAt, p.Message.RootID = p.Message.Body, began, p.Message.ID
		same(w, m, p.Message)
		equal(w, "erp", e.ERP == nil, true)

		w.advance(time.Second)
		d := w.getOne(q)
		e = one()
		equal(w, "lease", e.LeaseUntil.Equal(d.LeaseUntil), true)
		equal(w, "installation", e.Installation, "inst")
		w.fail(q, d, "no database")
		w.report(q, link.StatusItem{ID: p.Message.ID, Seq: 1, State: link.ERPWaiting, Attempt: 2, At: began, Reason: "busy"})
		e = one()
		equal(w, "next try", e.NextTry.Equal(began.Add(time.Second+requeueDelay)), true)
		equal(w, "requeues", e.RequeueCount, 1)
		equal(w, "reason", e.Reason, "no database")
		equal(w, "erp", e.ERP.State, link.ERPWaiting)
		equal(w, "why", e.ERP.Reason, "busy")

		w.advance(requeueDelay)
		w.ack(q, w.getOne(q))
		w.send("AResponse", from(q.Client), answering(p.Message.ID, 1, link.ERPDone))
		e = w.browse(queue.Browse{Queue: q, List: queue.ListHistory}).Items[0]
		equal(w, "settled", e.SettledAt.Equal(w.clock.Now()), true)
		equal(w, "erp", e.ERP.State, link.ERPDone)
		equal(w, "key", e.Outcome.Key, "key 1")
	}},
	{"pages follow each other without gap or repeat", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for i := range 23 {
			if i%3 == 0 {
				ids = append(ids, w.send("A", ordered("k")))
			} else {
				ids = append(ids, w.send("A"))
			}
		}
		for _, newest := range []bool{false, true} {
			b := queue.Browse{Queue: q, List: queue.ListWaiting, Limit: 5, Newest: newest}
			var seen []uuid.UUID
			for pages := 1; ; pages++ {
				page := w.browse(b)
				for _, e := range page.Items {
					seen = append(seen, e.Message.ID)
					equal(w, "position", e.Position, int64(len(seen)))
				}
				if page.Next == nil {
					equal(w, "pages", pages, 5)
					break
				}
				b.After = page.Next
			}
			want := append([]uuid.UUID(nil), ids...)
			if newest {
				for i := range want {
					want[i] = ids[len(ids)-1-i]
				}
			}
			equalList(w, "messages", seen, want)
		}
	}},
	{"a full last page has no next", func(w *world) {
		q := w.queue("A")
		w.send("A")
		w.send("A")
		equal(w, "next", w.browse(queue.Browse{Queue: q, List: queue.ListWaiting, Limit: 2}).Next == nil, true)
	}},
	{"of one type, within bounds", func(w *world) {
		q := w.queue("A", "B")
		var list []queue.Publish
		for range queue.MaxScan {
			list = append(list, w.message("A", func(p *queue.Publish) { p.Message.Body = nil }))
		}
		b1 := w.send("B")
		w.publishAll(list)
		b2 := w.send("B")
		b := queue.Browse{Queue: q, List: queue.ListWaiting, Type: "B", Limit: 3}
		page := w.browse(b)
		equal(w, "found", len(page.Items), 1)
		equal(w, "first", page.Items[0].Message.ID, b1)
		equal(w, "looked at", page.Next.Rank, queue.MaxScan)
		b.After = page.Next
		page = w.browse(b)
		equal(w, "found", len(page.Items), 1)
		equal(w, "second", page.Items[0].Message.ID, b2)
		equal(w, "position", page.Items[0].Position, queue.MaxScan+2)
		equal(w, "next", page.Next == nil, true)
	}},
	{"looking changes nothing", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		for range 3 {
			w.browses(queue.Browse{Queue: q, List: queue.ListWaiting}, id)
		}
		equal(w, "attempt", w.gets(q, 1, id)[0].Attempt, 1)
		equal(w, "never read before", strings.Count(steps(w.way(id, q)), "\n"), 2)
	}},
	{"the oldest that waits", func(w *world) {
		q, empty := w.queue("A"), w.queue("B")
		names := []queue.Name{empty, q, {Tenant: w.tenant, Client: link.NewClientID()}}
		check := func(want time.Duration) {
			w.Helper()
			oldest, err := w.Oldest(w.ctx(), names)
			w.must(err)
			equal(w, "queues", len(oldest), len(names))
			equal(w, "nothing in an empty one", oldest[0].IsZero() && oldest[2].IsZero(), true)
			equal(w, "something waits", !oldest[1].IsZero(), want >= 0)
			if want >= 0 {
				equal(w, "age", oldest[1].Sub(began), want)
			}
		}
		check(-1)
		w.send("A", ordered("k"))
		w.advance(time.Second)
		w.send("A", ordered("k"))
		w.advance(time.Second)
		w.send("A")
		check(0)
		d := w.getOne(q) // leased, it waits still
		check(0)
		w.fail(q, d, "no")
		check(0)
		w.advance(requeueDelay)
		w.ack(q, w.getOne(q))
		check(time.Second)
		last := w.get(q, 10)
		w.settleAll(q, queue.Dead, last)
		check(-1)
		w.send("A")
		check(2*time.Second + requeueDelay)
		newer := w.getOne(q)
		w.must(w.redrive(q, last[0].Message.ID))
		w.ack(q, newer)
		check(time.Second) // what came back is as old as it was
		w.must(w.discard(q, last[0].Message.ID))
		check(-1)
	}},
}

func (w *world) browse(b queue.Browse) queue.Page {
	w.Helper()
	page, err := w.Browse(w.ctx(), b)
	w.must(err)
	return page
}

// browses expects exactly these messages, in order, and no next page.
func (w *world) browses(b queue.Browse, want ...uuid.UUID) {
	w.Helper()
	page := w.browse(b)
	var ids []uuid.UUID
	for _, e := range page.Items {
		ids = append(ids, e.Message.ID)
	}
	equalList(w, "messages", ids, want)
	equal(w, "next", page.Next == nil, true)
}
