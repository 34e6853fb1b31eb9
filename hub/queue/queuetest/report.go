package queuetest

import (
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var reportPromises = []promise{
	{"the highest seq is how the message stands", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		next := began.Add(time.Hour)
		w.report(q, link.StatusItem{ID: id, Seq: 2, State: link.ERPWaiting, Attempt: 1, At: began, NextTry: &next, Code: "SL-X", Reason: "no database"})
		w.report(q, link.StatusItem{ID: id, Seq: 1, State: link.ERPStored, At: began})
		w.report(q, link.StatusItem{ID: id, Seq: 2, State: link.ERPBlocked, At: began})
		check := func() {
			w.Helper()
			erp := w.way(id, q).ERP
			equal(w, "state", erp.State, link.ERPWaiting)
			equal(w, "attempt", erp.Attempt, 1)
			equal(w, "code", erp.Code, "SL-X")
			equal(w, "reason", erp.Reason, "no database")
			equal(w, "next try", erp.NextTry.Equal(next), true)
		}
		check()
		w.crash()
		check()
		w.report(q, link.StatusItem{ID: id, Seq: 3, State: link.ERPBlocked, Attempt: 5, At: began})
		erp := w.way(id, q).ERP
		equal(w, "state", erp.State, link.ERPBlocked)
		equal(w, "next try", erp.NextTry == nil, true)
	}},
	{"several in one message, each on its own", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		a, b, notMine := w.send("A"), w.send("A"), w.send("A", to(other))
		w.report(q, link.StatusItem{ID: a, Seq: 1, State: link.ERPStored, At: began},
			link.StatusItem{ID: link.NewID(), Seq: 1, State: link.ERPStored, At: began},
			link.StatusItem{ID: notMine, Seq: 1, State: link.ERPStored, At: began},
			link.StatusItem{ID: b, Seq: 1, State: link.ERPRunning, At: began})
		equal(w, "a", w.way(a, q).ERP.State, link.ERPStored)
		equal(w, "b", w.way(b, q).ERP.State, link.ERPRunning)
		equal(w, "told by another queue", w.way(a, other).ERP == nil, true)
		equal(w, "not the reporter's", w.way(notMine, other).ERP == nil, true)
	}},
	{"a report of who has no queue is not taken", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.report(queue.Name{Tenant: w.tenant, Client: link.NewClientID()}, link.StatusItem{ID: id, Seq: 1, State: link.ERPDone, At: began})
		equal(w, "erp", w.way(id, q).ERP == nil, true)
	}},
	{"the final answer wins over reports, another one until the next report", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		erp := func() link.ERPState { return w.way(id, q).ERP.State }
		w.report(q, link.StatusItem{ID: id, Seq: 1, State: link.ERPRunning, Attempt: 2, At: began})
		w.send("AResponse", from(q.Client), answering(id, 1, link.ERPRejected))
		equal(w, "refused", erp(), link.ERPRejected)
		w.advance(time.Second)
		w.report(q, link.StatusItem{ID: id, Seq: 2, State: link.ERPWaiting, At: w.clock.Now()})
		equal(w, "reprocessed", erp(), link.ERPWaiting)
		w.advance(time.Second)
		w.send("AResponse", from(q.Client), answering(id, 2, link.ERPDone))
		w.advance(time.Second)
		w.report(q, link.StatusItem{ID: id, Seq: 3, State: link.ERPWaiting, At: w.clock.Now()})
		equal(w, "booked", erp(), link.ERPDone)
	}},
	{"the last health of each installation", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		w.health(q, "one", "up 0")
		w.health(q, "two", "up 2")
		w.health(other, "one", "up 3")
		w.advance(time.Minute)
		w.health(q, "one", "up 1")
		check := func() {
			w.Helper()
			list, err := w.Health(w.ctx(), w.tenant)
			w.must(err)
			got := map[string]string{}
			for _, h := range list {
				got[h.Queue.String()+" "+h.Installation] = h.ContentType + " " + string(h.Body) + " " + h.At.Sub(began).String()
			}
			equal(w, "reports", len(got), 3)
			equal(w, "one", got[q.String()+" one"], "text/plain up 1 1m0s")
			equal(w, "two", got[q.String()+" two"], "text/plain up 2 0s")
			equal(w, "other", got[other.String()+" one"], "text/plain up 3 0s")
		}
		check()
		w.crash()
		check()
		foreign, err := w.Health(w.ctx(), link.NewID())
		w.must(err)
		equal(w, "foreign", len(foreign), 0)
	}},
	{"newer health replaces what was not handed out", func(w *world) {
		q := w.queue("A")
		hears := w.queue("metrics")
		first := w.health(q, "one", "1")
		foreign := w.health(q, "two", "2")
		second := w.health(q, "one", "3")
		w.state(first, hears, link.StateDiscarded)
		w.gets(hears, 1, foreign)
		third := w.health(q, "one", "4")
		w.state(second, hears, link.StateDiscarded)
		w.gets(hears, 10, third)
		w.health(q, "two", "5") // what is leased stays
		w.state(foreign, hears, link.StateLeased)
		equal(w, "counts", w.counts(hears), "[discarded 2 leased 2 ready 1]")
	}},
	{"health is kept without anybody who hears it", func(w *world) {
		q := w.queue("A")
		w.unknown(w.health(q, "one", "1"))
		list, err := w.Health(w.ctx(), w.tenant)
		w.must(err)
		equal(w, "reports", len(list), 1)
	}},
	{"a group that fails leaves what it would have replaced", func(w *world) {
		q := w.queue("A")
		hears := w.queue("metrics")
		first := w.health(q, "one", "1")
		twice := w.message("A", to(q))
		twice.Message.ID = first
		newer := w.metrics(q, "one", "2")
		w.faulty.Plan(func(ops []queue.Op) Fault {
			if p, ok := ops[0].(queue.OpPublish); ok && len(ops) == 1 && p.Message.ID == newer.Message.ID {
				return NotApplied // when it is tried alone
			}
			return NoFault
		})
		release := w.faulty.Hold()
		results := w.together(func() error { _, err := w.Publish(w.ctx(), w.message("A")); return err }, // the group that is held
			func() error { _, err := w.Publish(w.ctx(), newer); return err },
			func() error { _, err := w.Publish(w.ctx(), twice); return err })
		release()
		w.must(<-results[0])
		w.refused(link.CodeUnavailable, <-results[1])
		w.refused(link.CodeUnavailable, <-results[2])
		w.gets(hears, 10, first)
		equal(w, "counts", w.counts(hears), "[leased 1]")
	}},
}

// report publishes states at the ERP's side of a queue.
func (w *world) report(q queue.Name, items ...link.StatusItem) {
	w.Helper()
	w.send("SmartLinkStatus", from(q.Client), transient, func(p *queue.Publish) { p.Report = items })
}

// metrics is a health report of an installation of a queue's client.
func (w *world) metrics(q queue.Name, installation, text string) queue.Publish {
	return w.message("metrics", from(q.Client), transient, func(p *queue.Publish) {
		p.Metrics = &queue.Metrics{Installation: installation}
		p.Message.ContentType, p.Message.Body = "text/plain", []byte(text)
	})
}

func (w *world) health(q queue.Name, installation, text string) uuid.UUID {
	w.Helper()
	r, err := w.Publish(w.ctx(), w.metrics(q, installation, text))
	w.must(err)
	return r.ID
}
