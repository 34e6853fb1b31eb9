package queuetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

var tracePromises = []promise{
	{"tells every step", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.advance(time.Second)
		w.fail(q, w.getOne(q), "no database")
		w.advance(requeueDelay)
		w.getOne(q)
		w.advance(time.Minute)
		d := w.getOne(q)
		w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Release, Reason: "stopping"}))
		w.advance(time.Second)
		w.ack(q, w.getOne(q))
		equal(w, "steps", steps(w.way(id, q)), strings.Join([]string{
			"0s accepted", "0s queued", "1s delivered 1 inst", "1s requeued 1 inst no database next 1m1s", "1m1s delivered 2 inst",
			"2m1s lease-lost 2 inst", "2m1s delivered 3 inst", "2m1s released 3 inst stopping", "2m2s delivered 3 inst", "2m2s acknowledged 3 inst",
		}, "\n"))
	}},
	{"an open lease is told", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.getOne(q)
		way := w.way(id, q)
		equal(w, "state", way.State, link.StateLeased)
		equal(w, "attempt", way.Attempt, 1)
		equal(w, "steps", steps(way), "0s accepted\n0s queued\n0s delivered 1 inst")
	}},
	{"why it is dead", func(w *world) {
		q := w.queueWithLimit(0, "A")
		id := w.send("A")
		w.fail(q, w.getOne(q), "no database")
		e := last(w.way(id, q).Events)
		equal(w, "event", e.Event, link.EventDeadLettered)
		equal(w, "detail", e.Detail, "requeue-limit: no database")
	}},
	{"each queue and who may read it", func(w *world) {
		q1, q2 := w.queue("A"), w.queue("A")
		w.queue("B")
		id := w.send("A")
		t, err := w.Trace(w.ctx(), w.tenant, id)
		w.must(err)
		equal(w, "ways", len(t.Trace.Queues), 2)
		for i, way := range t.Trace.Queues {
			equal(w, "client", queue.Name{Tenant: w.tenant, Client: t.Clients[i]}.String(), way.Queue)
		}
		want := []link.ClientID{q1.Client, q2.Client}
		slices.Sort(want)
		slices.Sort(t.Clients)
		equalList(w, "clients", t.Clients, want)
	}},
	{"an unknown message", func(w *world) { w.unknown(link.NewID()) }},
	{"reading changes nothing", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		for range 3 {
			w.way(id, q)
			_, err := w.Message(w.ctx(), w.tenant, id)
			w.must(err)
		}
		equal(w, "attempt", w.gets(q, 10, id)[0].Attempt, 1)
	}},
}

// steps are a way's events as lines.
func steps(way link.QueueTrace) string {
	var lines []string
	for _, e := range way.Events {
		line := fmt.Sprint(e.At.Sub(began), " ", e.Event)
		if e.Attempt > 0 {
			line += fmt.Sprint(" ", e.Attempt)
		}
		if e.By != "" {
			line += " by " + e.By
		}
		for _, s := range []string{e.Installation, e.Detail} {
			if s != "" {
				line += " " + s
			}
		}
		if e.NextTry != nil {
			line += fmt.Sprint(" next ", e.NextTry.Sub(began))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
