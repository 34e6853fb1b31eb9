package queuetest

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

const day = 24 * time.Hour

var historyPromises = []promise{
	{"what has ended moves, and is read as before", func(w *world) {
		q, q2 := w.queue("A", "B"), w.queue("B")
		var ids []uuid.UUID
		for i := range 7 {
			ids = append(ids, w.send([]string{"A", "B"}[i%2], ordered("k"), keyed("business"), func(p *queue.Publish) { p.Message.CorrelationID = "c" }))
			w.advance(10 * time.Hour) // they end on several days
			w.take(q, 1)
			w.take(q2, 1)
		}
		w.must(w.discardOne(q, w.send("A", keyed("business"))))
		before := w.look(q, ids)
		equal(w, "moved", w.keep().Moved, 6) // the discarded one, and the last, are too recent
		equal(w, "looked at", w.look(q, ids), before)
		equal(w, "moved again", w.keep().Moved, 0)
		w.crash()
		equal(w, "looked at after a crash", w.look(q, ids), before)
		w.restart()
		equal(w, "looked at after a restart", w.look(q, ids), before)
		w.advance(2 * time.Hour)
		equal(w, "moved later", w.keep().Moved, 2)
		equal(w, "looked at in the end", w.look(q, ids), before)
	}},
	{"what has not ended never moves, whatever time passes", func(w *world) {
		q, slow := w.queueWithLimit(0, "A"), w.queue("A")
		dead := w.send("A")
		w.fail(q, w.getOne(q), "no")
		unanswered := w.send("A")
		w.ack(q, w.getOne(q)) // by an installation
		waiting := w.send("A", ordered("k"))
		behind := w.send("A", ordered("k"))
		both := w.send("A")
		w.ack(slow, w.get(slow, 2)...)
		before := w.counts(q)
		for range 12 {
			w.advance(30 * day)
			equal(w, "kept", w.keep(), queue.Kept{})
		}
		equal(w, "counts", w.counts(q), before)
		w.state(dead, q, link.StateDead)
		w.state(unanswered, q, link.StateAcked)
		w.state(behind, q, link.StateBehind)
		w.gets(slow, 10, waiting, both)
		w.gets(q, 10, waiting, both)
	}},
	{"the time of a message that an installation took begins with the ERP's outcome", func(w *world) {
		q := w.queue("A")
		for _, status := range []link.ERPState{link.ERPDone, link.ERPDuplicate, link.ERPRejected, link.ERPDiscarded} {
			id := w.send("A")
			w.ack(q, w.getOne(q))
			w.send("R", answering(id, 1, link.ERPBlocked), from(q.Client))
			w.advance(40 * day)
			w.keep()
			w.state(id, q, link.StateAcked)
			w.send("R", answering(id, 2, status), from(q.Client))
			w.advance(link.Retention)
			w.keep()
			equal(w, "outcome", w.way(id, q).Outcome.Status, status)
			w.advance(day)
			w.keep()
			w.unknown(id)
		}
	}},
	{"history is dropped by the day, and by the tenant", func(w *world) {
		q := w.queue("A")
		other := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(other, 3, "A")
		w.retain(other.Tenant, queue.Retention{History: day})
		id := w.send("A")
		theirs := w.send("A", func(p *queue.Publish) { p.Message.TenantID = other.Tenant })
		w.take(q, 1)
		w.take(other, 1)
		w.advance(2 * time.Hour)
		equal(w, "moved", w.keep().Moved, 2)
		w.advance(day + 9*time.Hour) // 23:00 of the next day
		w.keep()
		_, err := w.Trace(w.ctx(), other.Tenant, theirs)
		w.must(err)
		w.advance(2 * time.Hour)
		_, err = w.Trace(w.ctx(), other.Tenant, theirs) // hidden before it is gone
		w.refused(link.CodeMessageUnknown, err)
		equal(w, "erased", w.keep(), queue.Kept{Erased: 1})
		w.retain(other.Tenant, queue.Retention{History: 30 * day})
		_, err = w.Trace(w.ctx(), other.Tenant, theirs)
		w.refused(link.CodeMessageUnknown, err)
		w.state(id, q, link.StateAcked)
		w.advance(6*day - 2*time.Hour)
		equal(w, "not yet", w.keep(), queue.Kept{})
		w.state(id, q, link.StateAcked)
		w.advance(2 * time.Hour)
		equal(w, "dropped", w.keep(), queue.Kept{Days: 1})
		w.unknown(id)
		page, err := w.Browse(w.ctx(), queue.Browse{Queue: q, List: queue.ListHistory})
		w.must(err)
		equal(w, "in the list", len(page.Items), 0)
		equal(w, "counts", w.counts(q), "[acked 1]") // what ever happened
		w.crash()
		w.unknown(id)
		w.gets(q, 10, w.send("A"))
	}},
	{"what a round would remove is told before, and the round removes that", func(w *world) {
		q := w.queueWithLimit(0, "A")
		for range 2 {
			w.send("A")
			w.take(q, 1) // ends on this day, and on the next
			w.advance(day)
		}
		w.keep()
		w.send("A", ordered("k"))
		w.fail(q, w.getOne(q), "no")
		w.advance(day)
		w.send("A")
		w.send("A")
		w.advance(time.Hour)
		due := func(r queue.Retention) queue.Due {
			w.Helper()
			d, err := w.Due(w.ctx(), q.Tenant, r)
			w.must(err)
			return d
		}
		all := due(queue.Retention{Waiting: time.Hour, Dead: day})
		equal(w, "waiting", all.Waiting, 2)
		equal(w, "dead", all.Dead, 1)
		equal(w, "days", len(all.History), 2)
		equal(w, "messages of the first day", all.History[0].Messages, 1)
		none := due(queue.Retention{Waiting: day, Dead: 2 * day})
		equal(w, "younger", none.Waiting+none.Dead, 0)
		equal(w, "without a time", due(queue.Retention{}).Waiting, 0)
		other, err := w.Due(w.ctx(), link.NewID(), queue.Retention{Waiting: time.Hour, Dead: day})
		w.must(err)
		equal(w, "of another tenant", len(other.History), 0)
		w.retain(q.Tenant, queue.Retention{Waiting: time.Hour, Dead: day})
		equal(w, "given up", int64(w.keep().Discarded), all.Waiting+all.Dead)
		before := len(w.Rounds())
		for range 3 {
			w.keep()
		}
		equal(w, "rounds, with one that came to nothing", len(w.Rounds()), before+1)
	}},
	{"an answer to a message in the history is its outcome", func(w *world) {
		q := w.queue("A")
		asker := w.queue("R")
		w.queue("R") // hears the type too, and asked nothing
		id := w.send("A", from(asker.Client))
		w.ack(q, w.getOne(q))
		w.send("X", answering(id, 1, link.ERPRejected), from(q.Client))
		w.advance(2 * time.Hour)
		w.keep()
		answer := func(number int, status link.ERPState) queue.Publish {
			return w.message("R", answering(id, number, status), from(q.Client), to(asker))
		}
		r, err := w.Publish(w.ctx(), answer(2, link.ERPDone))
		w.must(err)
		equal(w, "late", r.AnswerLate, false)
		equalList(w, "queues", r.Queues, []queue.Name{asker})
		_, err = w.Publish(w.ctx(), answer(1, link.ERPDone)) // of one number the first stands
		w.must(err)
		_, err = w.Publish(w.ctx(), w.message("R", answering(id, 3, link.ERPDone), from(link.NewClientID())))
		w.refused(link.CodeNotYourMessage, err)
		check := func() {
			w.Helper()
			way := w.way(id, q)
			equal(w, "outcome", way.Outcome.Status, link.ERPDone)
			equal(w, "key", way.Outcome.Key, "key 2")
			equal(w, "ERP", way.ERP.State, link.ERPDone)
			var told []string
			for _, e := range way.Events {
				if e.Event == link.EventOutcome {
					told = append(told, e.Detail)
				}
			}
			equalList(w, "outcomes", told, []string{"rejected: key 1", "done: key 2"})
			page, err := w.Browse(w.ctx(), queue.Browse{Queue: q, List: queue.ListHistory})
			w.must(err)
			equal(w, "entry", page.Items[0].Outcome.Key, "key 2")
		}
		check()
		w.keep()
		check()
		w.crash()
		check()
		w.advance(link.Retention + day)
		w.keep()
		w.unknown(id)
		r, err = w.Publish(w.ctx(), answer(3, link.ERPDone))
		w.must(err)
		equal(w, "late", r.AnswerLate, true)
	}},
	{"a report of a message in the history tells what is new", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.take(q, 1)
		report := func(c link.ClientID, seq int64, state link.ERPState) {
			w.send("S", from(c), transient, func(p *queue.Publish) {
				p.Report = []queue.Report{{ID: id, Seq: seq, State: state, At: w.clock.Now()}}
			})
		}
		report(q.Client, 5, link.ERPStored)
		w.advance(2 * time.Hour)
		w.keep()
		report(q.Client, 4, link.ERPBlocked)
		report(q.Client, 5, link.ERPBlocked)
		report(link.NewClientID(), 9, link.ERPBlocked)
		equal(w, "old news", w.way(id, q).ERP.State, link.ERPStored)
		report(q.Client, 6, link.ERPWaiting)
		equal(w, "news", w.way(id, q).ERP.State, link.ERPWaiting)
		w.keep()
		report(q.Client, 6, link.ERPBlocked)
		equal(w, "news kept", w.way(id, q).ERP.State, link.ERPWaiting)
		report(q.Client, 7, link.ERPRunning)
		page, err := w.Browse(w.ctx(), queue.Browse{Queue: q, List: queue.ListHistory})
		w.must(err)
		equal(w, "entry", page.Items[0].ERP.State, link.ERPRunning)
	}},
	{"what is told while a message moves is not lost", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.take(q, 1)
		w.advance(2 * time.Hour)
		synctest.Wait()
		step, err := w.faulty.Driver.Keep(w.ctx(), queue.Keeping{Recent: time.Hour, Chunk: 10})
		w.must(err)
		w.send("R", answering(id, 1, link.ERPDone), from(q.Client))
		if step.Op != nil {
			_, err = w.faulty.Driver.Apply(w.ctx(), w.faulty.Lane(w.tenant), []queue.Op{step.Op})
			w.must(err)
		}
		equal(w, "outcome", w.way(id, q).Outcome.Key, "key 1")
		w.keep()
		w.keep()
		equal(w, "outcome", w.way(id, q).Outcome.Key, "key 1")
		equal(w, "events", len(w.way(id, q).Events), 5)
	}},
	{"a repeat of a message in the history is told where it went", func(w *world) {
		q, q2 := w.queue("A"), w.queue("A")
		first := w.send("A", request("k", 1))
		w.take(q, 1)
		w.take(q2, 1)
		w.advance(2 * time.Hour)
		equal(w, "moved", w.keep().Moved, 1)
		r, err := w.Publish(w.ctx(), w.message("A", request("k", 1)))
		w.must(err)
		equal(w, "id", r.ID, first)
		equal(w, "queues", len(r.Queues), 2)
		w.advance(link.Retention + day)
		w.keep()
		w.repeats(first, "A", request("k", 1)) // the window is longer than the trace
	}},
	{"a message that stands in no queue moves too", func(w *world) {
		id := w.send("A", optional, keyed("b"))
		equal(w, "moved at once", w.keep().Moved, 0)
		w.advance(2 * time.Hour)
		equal(w, "moved", w.keep().Moved, 1)
		m, err := w.Message(w.ctx(), w.tenant, id)
		w.must(err)
		equal(w, "key", m.BusinessKey, "b")
		w.advance(link.Retention + day)
		w.keep()
		w.unknown(id)
	}},
	{"a crash between copying and letting go leaves each message once", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 5 {
			ids = append(ids, w.send("A", keyed("business")))
		}
		w.take(q, 5)
		w.advance(2 * time.Hour)
		before := w.look(q, ids)
		w.faulty.Plan(func([]queue.Op) Fault { return NotApplied })
		_, err := w.Keep(w.ctx())
		if w.atomic() {
			w.must(err)
		} else {
			w.refused(link.CodeUnavailable, err)
		}
		w.faulty.Plan(nil)
		equal(w, "cut off", w.look(q, ids), before)
		w.crash()
		equal(w, "after the crash", w.look(q, ids), before)
		w.send("R", answering(ids[2], 1, link.ERPDone), from(q.Client)) // before the next round
		before = w.look(q, ids)
		w.keep()
		equal(w, "after the next round", w.look(q, ids), before)
		w.keep()
		equal(w, "after one more", w.look(q, ids), before)
		equal(w, "moved again", w.keep().Moved, 0)
		equal(w, "counts", w.counts(q), "[acked 5]")
	}},
	{"places go on where they were when all has moved", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 3 {
			for range 3 {
				ids = append(ids, w.send("A"))
			}
			w.take(q, 3)
			w.advance(2 * time.Hour)
			equal(w, "moved", w.keep().Moved, 3)
			w.crash()
		}
		page, err := w.Browse(w.ctx(), queue.Browse{Queue: q, List: queue.ListHistory})
		w.must(err)
		var listed []uuid.UUID
		for _, e := range page.Items {
			listed = append(listed, e.Message.ID)
		}
		equalList(w, "history", listed, ids)
	}},
	{"waiting and dead messages are given up by age where the tenant says so", func(w *world) {
		q := w.queueWithLimit(0, "A")
		dead := w.send("A")
		w.fail(q, w.getOne(q), "no")
		w.advance(day)
		taken, leased := w.send("A"), w.send("A")
		got := w.gets(q, 2, taken, leased)
		w.ack(q, got[0]) // by an installation that never answers
		old := w.send("A", ordered("k"))
		w.advance(0)
		each, err := w.Extend(w.ctx(), q, []queue.Extend{{Tag: got[1].Tag, Lease: link.MaxLease}})
		w.must(err)
		w.must(each[0].Err)
		w.retain(w.tenant, queue.Retention{Dead: day + time.Minute, Waiting: 10 * time.Minute})
		w.advance(9 * time.Minute)
		young := w.send("A", ordered("k"))
		equal(w, "not yet", w.keep().Discarded, 1)
		w.state(dead, q, link.StateDiscarded)
		equal(w, "by", last(w.way(dead, q).Events).By, "hub")
		w.advance(time.Minute)
		equal(w, "given up", w.keep().Discarded, 1)
		w.state(old, q, link.StateDiscarded)
		w.state(leased, q, link.StateLeased)
		w.gets(q, 10, young)
		w.advance(2 * time.Hour)
		equal(w, "given up later", w.keep().Discarded, 2)
		w.advance(2 * time.Hour)
		w.keep()
		w.advance(link.Retention + day)
		w.keep()
		for _, id := range []uuid.UUID{dead, taken, leased, old, young} {
			w.unknown(id)
		}
	}},
	{"it is done by itself", func(w *world) {
		w.keepEvery = 10 * time.Minute
		w.restart()
		q := w.queue("A")
		id := w.send("A")
		w.take(q, 1)
		for range 12 { // rounds, with pauses between their steps
			w.advance(15 * time.Minute)
		}
		equal(w, "left to move", w.keep().Moved, 0)
		w.state(id, q, link.StateAcked)
		w.advance(link.Retention + 2*day)
		for range 12 {
			w.advance(15 * time.Minute)
		}
		equal(w, "left to drop", w.keep(), queue.Kept{})
		w.unknown(id)
	}},
	{"sending and reading go on meanwhile", func(w *world) {
		q := w.queue("A")
		const n = 300
		var list []queue.Publish
		for range n {
			list = append(list, w.message("A"))
		}
		w.publishAll(list)
		for range n / 50 {
			w.take(q, 50)
		}
		w.advance(2 * time.Hour)
		kept := make(chan error, 1)
		go func() {
			_, err := w.Keep(w.ctx())
			kept <- err
		}()
		for _, p := range list { // each is seen once, wherever it is
			w.state(p.Message.ID, q, link.StateAcked)
			w.send("A")
		}
		w.must(<-kept)
		seen, b := 0, queue.Browse{Queue: q, List: queue.ListHistory, Limit: 70}
		for {
			page, err := w.Browse(w.ctx(), b)
			w.must(err)
			seen += len(page.Items)
			if page.Next == nil {
				break
			}
			b.After = page.Next
		}
		equal(w, "history", seen, n)
	}},
}

// keep does all the keeping there is; the counts still are what the messages add up to.
func (w *world) keep() queue.Kept {
	w.Helper()
	k, err := w.Keep(w.ctx())
	w.must(err)
	_, drifts, err := w.Recount(w.ctx(), uuid.Nil, false)
	w.must(err)
	equal(w, "counts that differ", len(drifts), 0)
	equal(w, "the round that is told of", w.Rounds()[0].Kept, k)
	k.Freed = 0 // each store has its own sizes
	return k
}

// atomic tells whether a message moves in one transaction of the store.
func (w *world) atomic() bool { return w.store.MovesAtOnce }

func (w *world) retentionOf(tenant uuid.UUID) queue.Retention {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.retention[tenant]
}

// retain sets how long messages of a tenant are kept.
func (w *world) retain(tenant uuid.UUID, r queue.Retention) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retention[tenant] = r
}

// take gets messages for a client without an installation, and acknowledges them.
func (w *world) take(q queue.Name, max int) {
	w.Helper()
	got, err := w.Get(w.ctx(), queue.Get{Queue: q, Max: max, Lease: time.Minute})
	w.must(err)
	if len(got) > 0 {
		w.ack(q, got...)
	}
}

func (w *world) discardOne(q queue.Name, id uuid.UUID) error {
	each, err := w.Discard(w.ctx(), queue.Discard{Queue: q, IDs: []uuid.UUID{id}, Reason: "test", By: "maria"})
	if err == nil {
		err = each[0]
	}
	return err
}

func keyed(key string) func(*queue.Publish) {
	return func(p *queue.Publish) {
		p.Message.BusinessKey = key
		p.Keys = [][]byte{[]byte("value of " + key), []byte(p.Message.ID.String())}
	}
}

// look is what people see of messages and of a queue's history, as text.
func (w *world) look(q queue.Name, ids []uuid.UUID) string {
	w.Helper()
	var all []any
	for _, id := range ids {
		t, err := w.Trace(w.ctx(), w.tenant, id)
		w.must(err)
		m, err := w.Message(w.ctx(), w.tenant, id)
		w.must(err)
		all = append(all, t, m)
	}
	for _, b := range []queue.Browse{{}, {Newest: true}, {Type: "A"}, {Type: "A", Newest: true}} {
		for _, limit := range []int{1, 3, 100} {
			b.Queue, b.List, b.Limit, b.After = q, queue.ListHistory, limit, nil
			for {
				page, err := w.Browse(w.ctx(), b)
				w.must(err)
				all = append(all, page.Items)
				if page.Next == nil {
					break
				}
				b.After = page.Next
			}
		}
	}
	for _, f := range []queue.Find{{BusinessKey: "business"}, {CorrelationID: "c"}, {RootID: ids[0]}} {
		for _, limit := range []int{2, 100} {
			f.Tenant, f.Limit, f.After = w.tenant, limit, 0
			var found []uuid.UUID
			for {
				page, err := w.Find(w.ctx(), f)
				w.must(err)
				found = append(found, page.IDs...)
				if f.After = page.Next; f.After == 0 {
					break
				}
			}
			if n := len(slices.Compact(slices.SortedFunc(slices.Values(found), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }))); n != len(found) {
				w.Fatalf("found twice: %v", found)
			}
			all = append(all, found)
		}
	}
	for _, s := range []queue.Search{
		{}, {ID: ids[0]}, {RootID: ids[0]}, {BusinessKey: "business"}, {CorrelationID: "c"}, {Keys: [][]byte{[]byte("value of business")}}, {State: link.StateAcked},
		{Queue: q.Client}, {Queue: q.Client, State: link.StateDiscarded}, {Type: "A", In: func(b []byte) bool { return len(b) > 0 }}, {Party: q.Client, Taken: true},
	} {
		for _, limit := range []int{2, 100} {
			s.Tenant, s.Limit, s.After = w.tenant, limit, nil
			var found []uuid.UUID
			for {
				r, err := w.Search(w.ctx(), s)
				w.must(err)
				found = append(found, r.IDs...)
				if s.After = r.Next; s.After == nil {
					break
				}
			}
			all = append(all, found)
		}
	}
	infos, err := w.Queues(w.ctx(), w.tenant)
	w.must(err)
	all = append(all, len(infos), w.counts(q))
	b, err := json.MarshalIndent(all, "", " ")
	w.must(err)
	return string(b)
}
