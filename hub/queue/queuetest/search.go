package queuetest

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

var searchPromises = []promise{
	{"by every field of a message, the newest first, of one tenant", func(w *world) {
		w.queue("A", "B")
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		keyed := func(business, correlation string, root uuid.UUID) func(*queue.Publish) {
			return func(p *queue.Publish) {
				p.Message.BusinessKey, p.Message.CorrelationID, p.Message.RootID = business, correlation, root
			}
		}
		first := w.send("A", keyed("b1", "c1", uuid.Nil))
		w.advance(time.Hour)
		second := w.send("B", keyed("b1", "c2", first))
		w.advance(time.Hour)
		third := w.send("A", keyed("b2", "c1", first))
		w.send("A", keyed("b1", "c1", first), func(p *queue.Publish) { p.Message.TenantID = foreign.Tenant })
		w.searches(queue.Search{}, third, second, first)
		w.searches(queue.Search{ID: second}, second)
		w.searches(queue.Search{RootID: first}, third, second, first)
		w.searches(queue.Search{RootID: second}, second)
		w.searches(queue.Search{BusinessKey: "b1"}, second, first)
		w.searches(queue.Search{CorrelationID: "c1"}, third, first)
		w.searches(queue.Search{Type: "A"}, third, first)
		w.searches(queue.Search{BusinessKey: "b1", Type: "A"}, first)
		w.searches(queue.Search{CorrelationID: "c1", RootID: first, BusinessKey: "b2"}, third)
		w.searches(queue.Search{ID: first, Type: "B"})
		w.searches(queue.Search{From: began.Add(time.Hour)}, third, second)
		w.searches(queue.Search{To: began.Add(time.Hour)}, first)
		w.searches(queue.Search{From: began.Add(time.Minute), To: began.Add(2 * time.Hour), Type: "B"}, second)
		w.searches(queue.Search{BusinessKey: "b1", From: began.Add(time.Minute)}, second)
		w.searches(queue.Search{ID: link.NewID()})
	}},
	{"by queue and state, wherever it stands", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		only := w.send("A", to(other))
		behind := []uuid.UUID{w.send("A", to(q), ordered("k")), w.send("A", to(q), ordered("k"))}
		acked, dead, delayed, discarded := w.send("A", to(q)), w.send("A", to(q)), w.send("A", to(q)), w.send("A")
		ready := w.send("A", to(q))
		got := w.get(q, 4)
		w.ack(q, got[1])
		w.must(w.settleOne(q, queue.Settle{Tag: got[2].Tag, How: queue.Dead}))
		w.fail(q, got[3], "no")
		w.must(w.discard(q, discarded))
		in := func(s link.State, want ...uuid.UUID) {
			w.Helper()
			w.searches(queue.Search{Queue: q.Client, State: s}, want...)
		}
		check := func() {
			w.Helper()
			in(link.StateReady, ready)
			in(link.StateBehind, behind[1])
			in(link.StateAcked, acked)
			in(link.StateDead, dead)
			in(link.StateDelayed, delayed)
			in(link.StateDiscarded, discarded)
			in("", ready, discarded, delayed, dead, acked, behind[1], behind[0])
			w.searches(queue.Search{State: link.StateReady}, ready, discarded, only)
			w.searches(queue.Search{State: link.StateDead, Type: "A"}, dead)
			w.searches(queue.Search{State: link.StateDead, Type: "B"})
			w.searches(queue.Search{ID: discarded, Queue: q.Client, State: link.StateReady})
			w.searches(queue.Search{ID: discarded, State: link.StateReady}, discarded)
			w.searches(queue.Search{Queue: link.NewClientID()})
		}
		in(link.StateLeased, behind[0])
		check()
		w.searches(queue.Search{ID: behind[0], State: link.StateLeased}, behind[0])
		w.ack(q, w.gets(q, 1, ready)...)
		in(link.StateReady)
		in(link.StateAcked, ready, acked)
		w.must(w.redrive(q, dead))
		in(link.StateReady, dead)
		in("", dead, ready, discarded, delayed, acked, behind[1], behind[0])
	}},
	{"by keys of the index", func(w *world) {
		q := w.queue("A", "B")
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		var ids []uuid.UUID
		for i := range 3 {
			ids = append(ids, w.send("A", keys("same", fmt.Sprint("own ", i), "own 0")))
		}
		b := w.send("B", keys("same"))
		w.send("A", keys("same"), func(p *queue.Publish) { p.Message.TenantID = foreign.Tenant })
		w.ack(q, w.getOne(q))
		w.crash()
		by := func(keys ...string) queue.Search {
			s := queue.Search{}
			for _, k := range keys {
				s.Keys = append(s.Keys, []byte(k))
			}
			return s
		}
		w.searches(by("same"), b, ids[2], ids[1], ids[0])
		w.searches(by("own 1"), ids[1])
		w.searches(by("own 0"), ids[2], ids[1], ids[0])
		w.searches(by("own 1", "own 2"), ids[2], ids[1])
		w.searches(by("own 0", "own 1"), ids[2], ids[1], ids[0])
		w.searches(by("own"))
		w.searches(by("\x00\xff"))
		typed := by("same")
		typed.Type = "A"
		w.searches(typed, ids[2], ids[1], ids[0])
		typed.State, typed.Queue = link.StateAcked, q.Client
		w.searches(typed, ids[0])
	}},
	{"a message that was not stored is not in the index", func(w *world) {
		w.queue("A")
		id := w.send("A", keys("k"), request("r", 1))
		w.repeats(id, "A", keys("k"), request("r", 1))
		_, err := w.Publish(w.ctx(), w.message("nobody", keys("k")))
		w.refused(link.CodeNoRoute, err)
		w.once(NotApplied)
		_, err = w.Publish(w.ctx(), w.message("A", keys("k")))
		w.refused(link.CodeUnavailable, err)
		w.searches(queue.Search{Keys: [][]byte{[]byte("k")}}, id)
	}},
	{"a body that is the one", func(w *world) {
		w.queue("A")
		body := func(s string) func(*queue.Publish) { return func(p *queue.Publish) { p.Message.Body = []byte(s) } }
		first := w.send("A", body("one needle"))
		w.send("A", body("hay"))
		last := w.send("A", body("needle two"))
		in := func(b []byte) bool { return bytes.Contains(b, []byte("needle")) }
		w.searches(queue.Search{In: in}, last, first)
		w.searches(queue.Search{In: in, State: link.StateDead})
	}},
	{"pages follow each other, by every way", func(w *world) {
		q := w.queue("A")
		var ids []uuid.UUID
		for range 7 {
			ids = append(ids, w.send("A", keys("k"), func(p *queue.Publish) {
				p.Message.BusinessKey, p.Message.CorrelationID = "b", "c"
				if len(ids) > 0 {
					p.Message.RootID = ids[0]
				}
			}))
		}
		slices.Reverse(ids)
		for name, s := range map[string]queue.Search{
			"all": {}, "queue": {Queue: q.Client}, "state": {State: link.StateReady}, "business key": {BusinessKey: "b"}, "correlation": {CorrelationID: "c"},
			"root": {RootID: ids[6]}, "keys": {Keys: [][]byte{[]byte("k"), []byte("other")}},
		} {
			s.Tenant, s.Limit = w.tenant, 3
			var seen []uuid.UUID
			for pages := 1; ; pages++ {
				r, err := w.Search(w.ctx(), s)
				w.must(err)
				seen = append(seen, r.IDs...)
				if r.Next == nil {
					equal(w, name+": pages", pages, 3)
					break
				}
				equal(w, name+": reached", r.Reached, began)
				s.After = r.Next
			}
			equalList(w, name, seen, ids)
		}
	}},
	{"a page looks at a bounded number, and goes on from there", func(w *world) {
		w.queue("A")
		needle := w.send("A")
		w.clock.Advance(time.Second)
		list := make([]queue.Publish, queue.MaxSearched+10)
		for i := range list {
			list[i] = w.message("A")
		}
		w.publishAll(list)
		s := queue.Search{Tenant: w.tenant, In: func(b []byte) bool { return bytes.Contains(b, []byte(needle.String())) }}
		r, err := w.Search(w.ctx(), s)
		w.must(err)
		equal(w, "found", len(r.IDs), 0)
		equal(w, "reached", r.Reached, began.Add(time.Second))
		s.After = r.Next
		r, err = w.Search(w.ctx(), s)
		w.must(err)
		equalList(w, "found", r.IDs, []uuid.UUID{needle})
		equal(w, "the end", r.Next == nil, true)
	}},
	{"what is newer than asked for is passed over", func(w *world) {
		w.queue("A")
		old := []uuid.UUID{w.send("A"), w.send("A")}
		w.advance(2 * time.Hour)
		list := make([]queue.Publish, queue.MaxSearched+10)
		for i := range list {
			list[i] = w.message("A")
		}
		w.publishAll(list)
		w.searches(queue.Search{To: began.Add(time.Hour)}, old[1], old[0])
		w.searches(queue.Search{To: began})
		w.searches(queue.Search{From: began.Add(time.Minute), To: began.Add(time.Hour)})
		r, err := w.Search(w.ctx(), queue.Search{Tenant: w.tenant, To: began.Add(3 * time.Hour), Limit: 3})
		w.must(err)
		equal(w, "found", len(r.IDs), 3)
	}},
	{"a page reads a bounded amount of bodies", func(w *world) {
		w.queue("A")
		large := bytes.Repeat([]byte("x"), link.MaxBody)
		n := queue.MaxSearchedBytes/link.MaxBody + 2
		list := make([]queue.Publish, n)
		for i := range list {
			list[i] = w.message("A", func(p *queue.Publish) { p.Message.Body = large })
		}
		w.publishAll(list)
		looked := 0
		s := queue.Search{Tenant: w.tenant, In: func(b []byte) bool { looked++; return len(b) == len(large) && looked == n }}
		r, err := w.Search(w.ctx(), s)
		w.must(err)
		equal(w, "looked at", looked, queue.MaxSearchedBytes/link.MaxBody)
		s.After = r.Next
		r, err = w.Search(w.ctx(), s)
		w.must(err)
		equal(w, "found", len(r.IDs), 1)
		equal(w, "looked at", looked, n)
	}},
	{"what a client has sent or received", func(w *world) {
		q, other := w.queue("A"), w.queue("A")
		both := w.send("A")
		mine := w.send("A", from(q.Client), to(other))
		others := w.send("A", to(other))
		w.searches(queue.Search{}, others, mine, both)
		w.searches(queue.Search{Party: q.Client}, mine, both)
		w.searches(queue.Search{Party: q.Client, Taken: true}, mine)
		w.ack(q, w.getOne(q))
		w.searches(queue.Search{Party: q.Client, Taken: true}, mine, both)
		w.searches(queue.Search{Party: other.Client, Taken: true})
		w.searches(queue.Search{Party: link.NewClientID()})
	}},
	{"a message nobody received is found too", func(w *world) {
		w.queue("A")
		id := w.send("nobody", optional, keys("k"))
		w.searches(queue.Search{}, id)
		w.searches(queue.Search{Keys: [][]byte{[]byte("k")}}, id)
		w.searches(queue.Search{Party: w.sender}, id)
		w.searches(queue.Search{State: link.StateReady})
	}},
	{"what stands in no search is no error", func(w *world) {
		w.queue("A")
		w.send("A")
		for _, text := range []string{"\x00", "\xff", "ç", "'; DROP TABLE message; --", string(bytes.Repeat([]byte("x"), 100_000))} {
			w.searches(queue.Search{BusinessKey: text})
			w.searches(queue.Search{CorrelationID: text, Type: text})
			w.searches(queue.Search{Queue: link.ClientID(text), State: link.StateReady})
			w.searches(queue.Search{Party: link.ClientID(text)})
			w.searches(queue.Search{State: link.State(text)})
		}
		for _, after := range []string{"", "x", "0123456789abcdef0"} {
			_, err := w.Search(w.ctx(), queue.Search{Tenant: w.tenant, BusinessKey: "b", After: []byte(after)})
			w.refused(link.CodeUnavailable, err)
		}
	}},
}

// keys has a message found by keys.
func keys(list ...string) func(*queue.Publish) {
	return func(p *queue.Publish) {
		for _, k := range list {
			p.Keys = append(p.Keys, []byte(k))
		}
	}
}

// searches expects exactly these messages, in order.
func (w *world) searches(s queue.Search, want ...uuid.UUID) {
	w.Helper()
	s.Tenant = w.tenant
	r, err := w.Search(w.ctx(), s)
	w.must(err)
	equalList(w, "found", r.IDs, want)
	equal(w, "the end", r.Next == nil, true)
}
