package queuetest

import (
	"slices"

	"smartlink/hub/queue"
	"smartlink/link"
)

var setupPromises = []promise{
	{"makes an empty queue", func(w *world) {
		q := queue.Name{Tenant: w.tenant, Client: link.NewClientID()}
		r := w.setup(q, 7, "B", "A", "B")
		equalList(w, "subscriptions", r.Subscriptions, []string{"A", "B"})
		equalList(w, "added", r.Added, []string{"A", "B"})
		equalList(w, "removed", r.Removed, nil)
		equal(w, "limit", r.RequeueCountMax, 7)
		i := w.info(q)
		equalList(w, "subscriptions", i.Subscriptions, []string{"A", "B"})
		equal(w, "limit", i.RequeueCountMax, 7)
		equal(w, "created", i.CreatedAt, began)
		equal(w, "never read", i.LastGet.IsZero(), true)
		equal(w, "counts", w.counts(q), "[]")
	}},
	{"again changes nothing", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.clock.Advance(requeueDelay)
		r := w.setup(q, link.DefaultRequeueCountMax, "A")
		equalList(w, "added", r.Added, nil)
		equalList(w, "removed", r.Removed, nil)
		equal(w, "created", w.info(q).CreatedAt, began)
		w.gets(q, 10, id)
	}},
	{"the list replaces the old one", func(w *world) {
		q := w.queue("A", "B")
		r := w.setup(q, link.DefaultRequeueCountMax, "C", "B")
		equalList(w, "added", r.Added, []string{"C"})
		equalList(w, "removed", r.Removed, []string{"A"})
		_, err := w.Publish(w.ctx(), w.message("A"))
		w.refused(link.CodeNoRoute, err)
		w.gets(q, 10, w.send("B"), w.send("C"))
	}},
	{"what waits of a removed type is delivered", func(w *world) {
		q := w.queue("A")
		id := w.send("A")
		w.setup(q, link.DefaultRequeueCountMax)
		w.gets(q, 10, id)
	}},
	{"a new limit applies to what waits", func(w *world) {
		q := w.queueWithLimit(10, "A")
		id := w.send("A")
		d := w.getOne(q)
		w.setup(q, 0, "A")
		w.fail(q, d, "no")
		w.state(id, q, link.StateDead)
	}},
	{"a queue belongs to its tenant and client", func(w *world) {
		q := w.queue("A")
		other := w.queue("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: q.Client}
		w.setup(foreign, 3, "A")
		w.setup(q, 5)
		w.gets(other, 10, w.send("A"))
		w.gets(q, 10)
		w.gets(foreign, 10)
		equal(w, "limit", w.info(foreign).RequeueCountMax, 3)
	}},
	{"all queues are listed by name, of one tenant or of all", func(w *world) {
		q1, q2 := w.queue("A"), w.queue("A")
		foreign := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
		w.setup(foreign, 3, "A")
		w.setup(q1, 5, "A", "B") // a queue that is set up again is still one
		mine, err := w.Queues(w.ctx(), w.tenant)
		w.must(err)
		equalList(w, "queues", namesOf(mine), sorted(q1, q2))
		all, err := w.Queues(w.ctx(), [16]byte{})
		w.must(err)
		equalList(w, "queues", namesOf(all), sorted(q1, q2, foreign))
	}},
}

// info is one queue as people see it.
func (w *world) info(q queue.Name) queue.Info {
	w.Helper()
	infos, err := w.Queues(w.ctx(), q.Tenant)
	w.must(err)
	i := slices.IndexFunc(infos, func(i queue.Info) bool { return i.Queue == q })
	if i < 0 {
		w.Fatalf("no queue %s", q)
	}
	return infos[i]
}

func namesOf(infos []queue.Info) []string {
	var names []string
	for _, i := range infos {
		names = append(names, i.Queue.String())
	}
	return names
}

func sorted(queues ...queue.Name) []string {
	var names []string
	for _, q := range queues {
		names = append(names, q.String())
	}
	slices.Sort(names)
	return names
}

func equalList[T comparable](w *world, what string, got, want []T) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
