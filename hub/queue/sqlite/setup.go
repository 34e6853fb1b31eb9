package sqlite

import (
	"slices"

	"smartlink/hub/queue"
)

// setup creates or changes a queue. It stands alone in its group, so what it changes in memory after
// the commit is there for all that follow.
func (g *group) setup(o queue.Setup) (queue.Result, error) {
	want := slices.Compact(slices.Sorted(slices.Values(o.Subscriptions)))
	q := g.m.queues[o.Queue]
	if q == nil {
		q = g.s.newQueue()
		q.name, q.createdAt = o.Queue, g.now
		row, err := g.st.queueAdd.one(o.Queue.Tenant[:], string(o.Queue.Client), int64(o.RequeueCountMax), g.now)
		if err != nil {
			return queue.Result{}, err
		}
		q.id = row[0].(int64)
	} else if _, err := g.st.queueLimit.exec(int64(o.RequeueCountMax), q.id); err != nil {
		return queue.Result{}, err
	}
	r := queue.SetupResult{
		Subscriptions: want, RequeueCountMax: o.RequeueCountMax, Added: without(want, q.subscriptions), Removed: without(q.subscriptions, want),
	}
	for _, t := range r.Added {
		if _, err := g.st.subscribe.exec(q.id, t); err != nil {
			return queue.Result{}, err
		}
	}
	for _, t := range r.Removed {
		if _, err := g.st.unsubscribe.exec(q.id, t); err != nil {
			return queue.Result{}, err
		}
	}
	g.later = append(g.later, func() {
		q.requeueMax = o.RequeueCountMax
		g.m.addQueue(q)
		g.m.subscribe(q, want)
	})
	return queue.Result{Setup: r}, nil
}

// without is what stands in a and not in b, both sorted.
func without(a, b []string) []string {
	var out []string
	for _, x := range a {
		if _, found := slices.BinarySearch(b, x); !found {
			out = append(out, x)
		}
	}
	return out
}
