package queue

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"smartlink/link"
)

// Counted is what a store keeps as the counts of a queue, and what its messages add up to, both from
// one state of the store. A store that has its leases in memory counts leased ones as ready.
type Counted struct {
	Queue       Name
	Kept, Found map[link.State]int64
}

// Drift is a count of a queue that is not what its messages add up to.
type Drift struct {
	Queue       Name
	State       link.State
	Kept, Found int64
}

// OpMend adds to the counts of a queue, for those that do not agree with its messages.
type OpMend struct {
	Queue Name
	Add   map[link.State]int64
}

// Size is one row.
func (o OpMend) Size() int { return 64 }

// Weight is one row.
func (o OpMend) Weight() int { return 1 }

// Alone is false: it can join any group.
func (o OpMend) Alone() bool { return false }

// drifts are the counts that differ, by state.
func (c Counted) drifts() []Drift {
	var list []Drift
	for _, s := range []link.State{
		link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateAcked, link.StateDead, link.StateDiscarded,
	} {
		if c.Kept[s] != c.Found[s] {
			list = append(list, Drift{c.Queue, s, c.Kept[s], c.Found[s]})
		}
	}
	return list
}

// Recount counts the messages of a tenant's queues, or of all with uuid.Nil, and tells how many queues
// there are and which of their counts differ. Counts are kept with every change, so a difference is a
// fault of ours, or of whoever wrote into the store by hand. Sends and gets go on meanwhile. With mend
// the counts are put right: a difference stays the same while others change the counts, so it is what is
// added. Errors: link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Recount(ctx context.Context, tenant uuid.UUID, mend bool) (queues int, list []Drift, err error) {
	all, err := ask(e, func() ([]Counted, error) { return e.driver.Count(ctx, tenant) })
	if err != nil {
		return 0, nil, err
	}
	slices.SortFunc(all, func(a, b Counted) int { return a.Queue.Compare(b.Queue) })
	for _, c := range all {
		differ := c.drifts()
		list = append(list, differ...)
		if len(differ) == 0 || !mend {
			continue
		}
		add := map[link.State]int64{}
		for _, d := range differ {
			add[d.State] = d.Found - d.Kept
		}
		if _, err := e.call(ctx, c.Queue.Tenant, OpMend{c.Queue, add}); err != nil {
			return 0, nil, err
		}
	}
	return len(all), list, nil
}
