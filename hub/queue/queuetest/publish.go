package queuetest

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var publishPromises = []promise{
	{"one delivery for each queue that hears the type", func(w *world) {
		q1, q2, deaf := w.queue("A", "B"), w.queue("A"), w.queue("B")
		p := w.message("A")
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		var names []string
		for _, q := range r.Queues {
			names = append(names, q.String())
		}
		slices.Sort(names)
		equalList(w, "queues", names, sorted(q1, q2))
		equal(w, "duplicate", r.Duplicate, false)
		w.ack(q1, w.gets(q1, 10, r.ID)...)
		w.state(r.ID, q1, link.StateAcked)
		w.gets(q2, 10, r.ID) // its own delivery
		w.gets(deaf, 10)
	}},
	{"only listed clients get it", func(w *world) {
		q1, q2 := w.queue("A"), w.queue("A")
		id := w.send("A", to(q1))
		w.gets(q1, 10, id)
		w.gets(q2, 10)
	}},
	{"the sender's own queue gets it too", func(w *world) {
		q := w.queue("A")
		w.gets(q, 10, w.send("A", from(q.Client)))
	}},
	{"nobody hears it: refused, nothing stored", func(w *world) {
		q := w.queue("B")
		for _, p := range []queue.Publish{w.message("A"), w.message("B", to()), w.message("A", request("k", 1))} {
			_, err := w.Publish(w.ctx(), p)
			w.refused(link.CodeNoRoute, err)
			w.unknown(p.Message.ID)
		}
		equal(w, "counts", w.counts(q), "[]")
		w.setup(q, link.DefaultRequeueCountMax, "A")
		w.gets(q, 10, w.send("A", request("k", 2))) // the refused request's key is free
	}},
	{"optional: kept without a queue", func(w *world) {
		p := w.message("A", optional)
		r, err := w.Publish(w.ctx(), p)
		w.must(err)
		equal(w, "queues", len(r.Queues), 0)
		_, err = w.Message(w.ctx(), w.tenant, p.Message.ID)
		w.must(err)
	}},
	{"transient: not kept without a queue, else delivered", func(w *world) {
		p := w.message("A", transient)
		_, err := w.Publish(w.ctx(), p)
		w.must(err)
		w.unknown(p.Message.ID)
		q := w.queue("A")
		w.gets(q, 10, w.send("A", transient))
	}},
	{"every field and byte is kept", func(w *world) {
		q := w.queue("A")
		id := link.NewID()
		m := link.Message{
			ID: id, RootID: link.NewID(), BusinessKey: "contract 42/2024-03", OrderingKey: "42 é", CorrelationID: "c-1", TenantID: w.tenant,
			Sender: link.Sender{App: "GESPLAN", ClientID: w.sender}, Type: "A", Audience: "GESPLAN-RM", CreatedBy: "maria",
			Headers: map[string]string{"SL-Meta-x": "\"1\"\u2028", "traceparent": ""}, ContentType: "application/octet-stream",
			Body: []byte{0, 0xff, '\n', '"', 0xc3},
		}
		_, err := w.Publish(w.ctx(), queue.Publish{Message: m, Route: queue.Route{All: true}})
		w.must(err)
		m.CreatedAt = began
		stored, err := w.Message(w.ctx(), w.tenant, id)
		w.must(err)
		same(w, stored, m)
		same(w, w.getOne(q).Message, m)
		t, err := w.Trace(w.ctx(), w.tenant, id)
		w.must(err)
		tr := t.Trace
		same(w, link.Message{
			ID: tr.ID, RootID: tr.RootID, BusinessKey: tr.BusinessKey, OrderingKey: tr.OrderingKey, CorrelationID: tr.CorrelationID,
			TenantID: w.tenant, Sender: tr.Sender, Type: tr.Type, Audience: tr.Audience, CreatedAt: tr.CreatedAt, CreatedBy: tr.CreatedBy,
			Headers: m.Headers, ContentType: m.ContentType, Body: m.Body,
		}, m)
	}},
	{"an empty body is kept empty", func(w *world) {
		q := w.queue("A")
		w.send("A", func(p *queue.Publish) { p.Message.Body = nil })
		equal(w, "bytes", len(w.getOne(q).Message.Body), 0)
	}},
	{"without a root the message is its own", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		equal(w, "root", w.getOne(q).Message.RootID, id)
	}},
	{"nothing crosses tenants", func(w *world) {
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		p := w.message("A")
		_, err := w.Publish(w.ctx(), p)
		w.refused(link.CodeNoRoute, err)
		q := w.queue("A")
		id := w.send("A", to(q, foreign))
		w.gets(foreign, 10)
		_, err = w.Trace(w.ctx(), foreign.Tenant, id)
		w.refused(link.CodeMessageUnknown, err)
		_, err = w.Message(w.ctx(), foreign.Tenant, id)
		w.refused(link.CodeMessageUnknown, err)
	}},
	{"an id used twice fails alone, others of its group hold", func(w *world) {
		q := w.queue("A")
		first, acked := w.send("A"), w.send("A")
		got := w.gets(q, 10, first, acked)
		twice, good := w.message("A"), w.message("A")
		twice.Message.ID = first
		release := w.faulty.Hold()
		results := w.together(func() error { _, err := w.Publish(w.ctx(), w.message("A", to(q))); return err }, // the group that is held
			func() error { return w.settleOne(q, queue.Settle{Tag: got[1].Tag, How: queue.Ack}) },
			func() error { _, err := w.Publish(w.ctx(), good); return err },
			func() error { _, err := w.Publish(w.ctx(), twice); return err })
		release()
		for _, r := range results[:3] {
			w.must(<-r)
		}
		w.refused(link.CodeUnavailable, <-results[3])
		w.state(acked, q, link.StateAcked)
		equal(w, "last", last(w.get(q, 10)).Message.ID, good.Message.ID)
		equal(w, "counts", w.counts(q), "[acked 1 leased 3]")
	}},
	{"the moment is the store's", func(w *world) {
		q := w.queue("A")
		w.advance(90 * time.Second)
		w.send("A", func(p *queue.Publish) { p.Message.CreatedAt = began.Add(-time.Hour) })
		equal(w, "created", w.getOne(q).Message.CreatedAt, began.Add(90*time.Second))
	}},
}

// same compares messages, moments as moments.
func same(w *world, got, want link.Message) {
	w.Helper()
	equal(w, "createdAt", got.CreatedAt.Equal(want.CreatedAt), true)
	if !bytes.Equal(got.Body, want.Body) || !maps.Equal(got.Headers, want.Headers) {
		w.Fatalf("got body %q and headers %q,\nwant %q and %q", got.Body, got.Headers, want.Body, want.Headers)
	}
	plain := func(m link.Message) any {
		return struct {
			id, root, tenant                  uuid.UUID
			bk, ok, co, typ, aud, by, content string
			sender                            link.Sender
		}{m.ID, m.RootID, m.TenantID, m.BusinessKey, m.OrderingKey, m.CorrelationID, m.Type, m.Audience, m.CreatedBy, m.ContentType, m.Sender}
	}
	if plain(got) != plain(want) {
		w.Fatalf("got message %+v,\nwant %+v", got, want)
	}
}
