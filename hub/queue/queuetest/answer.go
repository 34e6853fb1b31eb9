package queuetest

import (
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var answerPromises = []promise{
	{"an answer sets the outcome of the delivery", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		id := w.send("A")
		w.getOne(q)
		w.advance(time.Second)
		p := w.message("AResponse", from(q.Client), answering(id, 1, link.ERPRejected))
		p.Answer.Errors = []link.Fault{{Code: "RM-CFO-UNKNOWN", Pointer: "/data/CodCfo", Description: "não existe", DescriptionEn: "unknown"}}
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		equal(w, "late", r.AnswerLate, false)
		way := w.way(id, q)
		o := way.Outcome
		if o == nil {
			w.Fatal("no outcome")
		}
		equal(w, "number", o.Number, 1)
		equal(w, "status", o.Status, link.ERPRejected)
		equal(w, "key", o.Key, "key 1")
		equal(w, "at", o.At.Equal(began.Add(time.Second)), true)
		equal(w, "errors", len(o.Errors), 1)
		equal(w, "pointer", o.Errors[0].Pointer, "/data/CodCfo")
		equal(w, "erp", way.ERP.State, link.ERPRejected)
		equal(w, "state", way.State, link.StateLeased)
		equal(w, "last event", last(way.Events).Event, link.EventOutcome)
		equal(w, "other queue", w.way(id, other).Outcome == nil, true)
		_, err = w.Message(w.ctx(), w.tenant, p.Message.ID) // without a queue of its own it is kept all the same
		w.must(err)
	}},
	{"also after the ack, and over a crash", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.ack(q, w.getOne(q))
		w.crash()
		w.send("AResponse", from(q.Client), answering(id, 1, link.ERPDone))
		w.crash()
		equal(w, "status", w.way(id, q).Outcome.Status, link.ERPDone)
	}},
	{"the highest number counts, of one number the first", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		answer := func(number int, status link.ERPState) {
			w.send("AResponse", from(q.Client), answering(id, number, status))
		}
		answer(2, link.ERPDone)
		answer(1, link.ERPRejected)
		answer(2, link.ERPBlocked)
		way := w.way(id, q)
		equal(w, "number", way.Outcome.Number, 2)
		equal(w, "status", way.Outcome.Status, link.ERPDone)
		equal(w, "erp", way.ERP.State, link.ERPDone)
	}},
	{"only who got the message may answer", func(w *world) {
		q := w.queue("A")
		outsider := w.queue("B")
		id := w.send("A")
		for _, who := range []link.ClientID{outsider.Client, w.sender, link.NewClientID()} {
			p := w.message("AResponse", from(who), answering(id, 1, link.ERPDone), request("k", 1))
			_, err := w.Publish(w.ctx(), p)
			w.refused(link.CodeNotYourMessage, err)
			w.unknown(p.Message.ID)
		}
		equal(w, "outcome", w.way(id, q).Outcome == nil, true)
	}},
	{"an answer to what is not known any more is passed on, marked late", func(w *world) {
		q := w.queue("A")
		hears := w.queue("AResponse")
		p := w.message("AResponse", from(q.Client), answering(link.NewID(), 1, link.ERPDone))
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		equal(w, "late", r.AnswerLate, true)
		w.gets(hears, 10, r.ID)
	}},
	{"a message of another tenant is not known", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: q.Client}
		w.setup(foreign, 3, "A")
		p := w.message("AResponse", from(q.Client), answering(id, 1, link.ERPDone))
		p.Message.TenantID = foreign.Tenant
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		equal(w, "late", r.AnswerLate, true)
		equal(w, "outcome", w.way(id, q).Outcome == nil, true)
	}},
	{"an answer goes to who asked, if that hears it and is listed", func(w *world) {
		q := w.queue("A")
		asker, colleague := w.queue("AResponse"), w.queue("AResponse")
		id := w.send("A", from(asker.Client))
		answer := func(change ...func(*queue.Publish)) uuid.UUID {
			return w.send("AResponse", append(change, from(q.Client), answering(id, 1, link.ERPDone))...)
		}
		first := answer(to(asker, colleague))
		w.gets(asker, 10, first)
		w.gets(colleague, 10)

		second := answer(to(colleague)) // the asker is not listed
		w.gets(asker, 10)
		w.gets(colleague, 10, second)

		third := answer() // LinkProxy: to everybody
		w.gets(asker, 10, third)
		w.gets(colleague, 10, third)

		w.setup(asker, 3) // hears it no more
		fourth := answer(to(asker, colleague))
		w.gets(asker, 10)
		w.gets(colleague, 10, fourth)
	}},
	{"a repeated answer is a repeat", func(w *world) {
		q := w.queue("A")
		hears := w.queue("AResponse")
		id := w.send("A")
		first := w.send("AResponse", from(q.Client), answering(id, 1, link.ERPDone), request("answer", 1))
		w.repeats(first, "AResponse", from(q.Client), answering(id, 1, link.ERPDone), request("answer", 1))
		w.gets(hears, 10, first)
	}},
}
