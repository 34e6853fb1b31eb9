package queuetest

import (
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

var seriesPromises = []promise{
	{"what happens counts in its minute and its hour", func(w *world) {
		q, other := w.queueWithLimit(1, "A"), w.queue("A")
		for range 6 {
			w.send("A", to(q))
		}
		got := w.get(q, 4)
		w.ack(q, got[0])
		w.fail(q, got[1], "no")
		w.must(w.settleOne(q, queue.Settle{Tag: got[2].Tag, How: queue.Dead}))
		w.must(w.settleOne(q, queue.Settle{Tag: got[3].Tag, How: queue.Release}))
		w.figures(q, time.Minute, began, link.QueueFigures{Published: 6, Delivered: 4, Acked: 1, Requeued: 1, Dead: 1})
		w.advance(requeueDelay)
		second := began.Add(requeueDelay)
		dead := got[2].Message.ID
		w.must(w.redrive(q, dead))
		w.must(w.discard(q, dead))
		w.get(q, 1)
		w.advance(time.Minute) // the lease ends
		w.figures(q, time.Minute, second, link.QueueFigures{Delivered: 1, Redriven: 1, Discarded: 1})
		w.figures(q, time.Minute, second.Add(time.Minute), link.QueueFigures{Lost: 1})
		w.figures(q, time.Hour, began, link.QueueFigures{
			Published: 6, Delivered: 5, Acked: 1, Requeued: 1, Dead: 1, Lost: 1, Redriven: 1, Discarded: 1,
		})
		w.figures(other, time.Hour, began, link.QueueFigures{})
	}},
	{"past a limit the dead letter counts", func(w *world) {
		q := w.queueWithLimit(0, "A")
		w.send("A")
		w.fail(q, w.getOne(q), "no")
		w.figures(q, time.Minute, began, link.QueueFigures{Published: 1, Delivered: 1, Dead: 1})
		w.send("A")
		for range link.LostMax(0) + 1 {
			w.getOne(q)
			w.advance(time.Minute)
		}
		n := int64(link.LostMax(0) + 1)
		w.figures(q, time.Hour, began, link.QueueFigures{Published: 2, Delivered: n + 1, Dead: 2, Lost: n})
	}},
	{"an answer of the ERP counts once", func(w *world) {
		q := w.queue("A")
		first, second := w.send("A"), w.send("A")
		w.ack(q, w.get(q, 2)...)
		w.send("AResponse", from(q.Client), answering(first, 1, link.ERPRejected))
		w.send("AResponse", from(q.Client), answering(first, 1, link.ERPRejected))
		w.send("AResponse", from(q.Client), answering(first, 2, link.ERPDone))
		w.send("AResponse", from(q.Client), answering(first, 2, link.ERPDone))
		w.send("AResponse", from(q.Client), answering(second, 1, link.ERPDone))
		w.send("AResponse", from(q.Client), answering(second, 2, link.ERPDuplicate))
		w.figures(q, time.Hour, began, link.QueueFigures{Published: 2, Delivered: 2, Acked: 2, Done: 2, Rejected: 1})
	}},
	{"a replaced report of health counts as discarded", func(w *world) {
		q := w.queue("metrics")
		for range 3 {
			w.health(q, "one", "up 1")
		}
		w.figures(q, time.Minute, began, link.QueueFigures{Published: 3, Discarded: 2})
	}},
	{"how many waited, at the end of every step", func(w *world) {
		q := w.queue("A")
		w.send("A")
		w.send("A", ordered("k"))
		w.send("A", ordered("k"))
		w.advance(2 * time.Minute)
		w.fail(q, w.getOne(q), "no")
		w.advance(time.Minute)
		got := w.get(q, 1)
		w.ack(q, got...)
		w.waited(q, time.Minute, 0, 3, 3, 3, 2)
		w.crash()
		w.waited(q, time.Minute, 0, 3, 3, 3, 2)
		w.advance(time.Hour)
		w.send("A")
		w.waited(q, time.Hour, 0, 2, 3)
	}},
	{"nothing is counted of what was not stored", func(w *world) {
		q := w.queue("A")
		w.repeats(w.send("A", request("k", 1)), "A", request("k", 1))
		w.once(NotApplied)
		_, err := w.Publish(w.ctx(), w.message("A"))
		w.refused(link.CodeUnavailable, err)
		w.figures(q, time.Minute, began, link.QueueFigures{Published: 1})
	}},
	{"it is there after a crash, and goes on", func(w *world) {
		q := w.queue("A")
		w.send("A")
		w.crash()
		w.send("A")
		w.restart()
		w.send("A")
		w.figures(q, time.Minute, began, link.QueueFigures{Published: 3})
		w.figures(q, time.Hour, began, link.QueueFigures{Published: 3})
	}},
	{"minutes go after two days, hours after forty", func(w *world) {
		q := w.queue("A")
		w.send("A")
		kept := func(unit time.Duration) int {
			w.Helper()
			r, err := w.faulty.Recorded(w.ctx(), []queue.Name{q}, unit, time.Time{})
			w.must(err)
			return len(r[q].Units)
		}
		w.advance(queue.MinutesKept)
		equal(w, "minutes", kept(time.Minute), 1)
		w.advance(2 * time.Hour)
		equal(w, "minutes", kept(time.Minute), 0)
		equal(w, "hours", kept(time.Hour), 1)
		w.send("A")
		w.crash()
		w.advance(queue.HoursKept - 3*24*time.Hour)
		equal(w, "hours", kept(time.Hour), 2)
		w.advance(2 * 24 * time.Hour)
		equal(w, "hours", kept(time.Hour), 1)
		equal(w, "counts", w.counts(q), "[ready 2]")
	}},
	{"several queues at once, unknown ones left out", func(w *world) {
		q, other := w.queue("A"), w.queue("B")
		foreign := queue.Name{Tenant: link.NewID(), Client: q.Client}
		w.setup(foreign, 3, "A")
		w.send("A")
		all, err := w.Series(w.ctx(), queue.Series{
			Queues: []queue.Name{q, other, foreign, {Tenant: w.tenant, Client: link.NewClientID()}}, From: began, To: began.Add(time.Minute), Step: time.Minute,
		})
		w.must(err)
		equal(w, "queues", len(all), 3)
		equal(w, "of the queue", all[q][0].Published, 1)
		equal(w, "of another", all[other][0].Published, 0)
		equal(w, "of another tenant's", all[foreign][0].Published, 0)
	}},
	{"steps are whole, and within what is kept", func(w *world) {
		q := w.queue("A")
		w.advance(90*time.Second + time.Millisecond)
		w.send("A")
		series := func(from, to time.Time, step time.Duration) []link.SeriesPoint {
			w.Helper()
			all, err := w.Series(w.ctx(), queue.Series{Queues: []queue.Name{q}, From: from, To: to, Step: step})
			w.must(err)
			return all[q]
		}
		p := series(began.Add(61*time.Second), began.Add(62*time.Second), time.Minute)
		equal(w, "points", len(p), 1)
		equal(w, "at", p[0].At, began.Add(time.Minute))
		equal(w, "published", p[0].Published, 1)
		equal(w, "five minutes", series(began, began.Add(time.Second), 5*time.Minute)[0].Published, 1)
		equal(w, "points of the future", len(series(began, began.Add(time.Hour), time.Minute)), 2)
		equal(w, "minutes kept", len(series(began.Add(-1000*time.Hour), began.Add(time.Hour), time.Minute)), int(queue.MinutesKept/time.Minute))
		equal(w, "days", len(series(began.Add(-10000*time.Hour), began, 24*time.Hour)), 40)
		equal(w, "backwards", len(series(began.Add(time.Minute), began, time.Minute)), 0)
		equal(w, "before what is kept", len(series(began.Add(-1000*time.Hour), began.Add(-900*time.Hour), time.Minute)), 0)
	}},
}

// figures expects what was counted within one step.
func (w *world) figures(q queue.Name, step time.Duration, at time.Time, want link.QueueFigures) {
	w.Helper()
	all, err := w.Series(w.ctx(), queue.Series{Queues: []queue.Name{q}, From: at, To: at.Add(step), Step: step})
	w.must(err)
	equal(w, "points", len(all[q]), 1)
	equal(w, "figures", all[q][0].QueueFigures, want)
}

// waited expects how many waited, from the step before the first up to now.
func (w *world) waited(q queue.Name, step time.Duration, want ...int64) {
	w.Helper()
	all, err := w.Series(w.ctx(), queue.Series{Queues: []queue.Name{q}, From: began.Add(-step), To: w.clock.Now().Add(1), Step: step})
	w.must(err)
	var got []int64
	for _, p := range all[q] {
		got = append(got, p.Waiting)
	}
	equalList(w, "waiting", got, want)
}
