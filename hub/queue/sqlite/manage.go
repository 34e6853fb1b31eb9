package sqlite

import (
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// extend lengthens leases. Where they end lives in memory only, so nothing is written.
func (g *group) extend(o queue.OpExtend) queue.Result {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}
	}
	r := queue.Result{Extend: make([]queue.Extended, len(o.Items))}
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	for i, item := range o.Items {
		l, err := g.m.find(q, item.Tag, g.steady)
		if err != nil {
			r.Extend[i].Err = err
			continue
		}
		until := g.steady + item.Lease.Microseconds()
		r.Extend[i].Until = g.s.shown(until)
		g.later = append(g.later, func() { g.m.prolong(l, until) })
	}
	return r
}

// pause stops a queue handing out, or lets it go on.
func (g *group) pause(o queue.Pause) (queue.Result, error) {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}, nil
	}
	var paused *queue.Paused
	at := int64(0)
	if o.Pause {
		at = g.now
		paused = &queue.Paused{At: moment(at), Reason: o.Reason, By: o.By}
	}
	if _, err := g.st.queuePause.exec(at, o.Reason, o.By, q.id); err != nil {
		return queue.Result{}, err
	}
	g.later = append(g.later, func() {
		q.paused = paused
		if paused == nil {
			g.wake(q)
		}
	})
	return queue.Result{}, nil
}

// hold switches whether a dead letter stops its ordering key.
func (g *group) hold(o queue.Hold) (queue.Result, error) {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}, nil
	}
	stored := int64(0)
	if o.Hold {
		stored = 1
	} else if err := g.letGo(q); err != nil {
		return queue.Result{}, err
	}
	if _, err := g.st.queueHold.exec(stored, q.id); err != nil {
		return queue.Result{}, err
	}
	g.later = append(g.later, func() { q.hold = o.Hold })
	return queue.Result{}, nil
}

// delivery is a row that a person works on.
type delivery struct {
	placed
	id    uuid.UUID
	state link.State
	holds bool
}

// find reads the delivery of a message in a queue.
func (g *group) find(q *queueState, id uuid.UUID) (*delivery, error) {
	row, err := g.st.deliveryFind.one(id[:], q.name.Tenant[:], q.id)
	if err != nil || row == nil {
		return nil, err
	}
	d := &delivery{placed: placed{q, readEntry(row)}, id: id, state: link.State(row[7].(string)), holds: row[8].(int64) != 0}
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	if l := q.leased[d.entry.mid]; l != nil && !l.ending && d.state == link.StateReady {
		d.state = link.StateLeased
	}
	return d, nil
}

// eachOf does something with each of some messages of a queue that are in a wanted state.
func (g *group) eachOf(q *queueState, ids []uuid.UUID, do func(*delivery) error, wanted ...link.State) (queue.Result, error) {
	r := queue.Result{Settle: make([]error, len(ids))}
	for i, id := range ids {
		d, err := g.find(q, id)
		switch {
		case err != nil:
			return queue.Result{}, err
		case d == nil:
			if r.Settle[i], err = g.notNowMoved(q, id, wanted); err != nil {
				return queue.Result{}, err
			}
		case !slices.Contains(wanted, d.state):
			r.Settle[i] = notNow(id, d.state, wanted)
		default:
			refusal, err := refused(do(d))
			if err != nil {
				return queue.Result{}, err
			}
			r.Settle[i] = refusal.Err
		}
	}
	return r, nil
}

func notNow(id uuid.UUID, is link.State, wanted []link.State) error {
	return link.NewError(link.CodeNotNow, "id", id.String(), "state", string(is), "wanted", words(wanted))
}

// words lists states.
func words(states []link.State) string {
	out := ""
	for i, s := range states {
		if i > 0 {
			out += ", "
		}
		out += string(s)
	}
	return out
}

// redrive sends dead letters on: to the end, or to its place where one holds its key.
func (g *group) redrive(o queue.Redrive) (queue.Result, error) {
	q := g.m.queues[o.Queue]
	switch {
	case q == nil:
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}, nil
	case q.paused != nil:
		return queue.Result{Err: link.NewError(link.CodeQueuePaused, "reason", q.paused.Reason)}, nil
	}
	return g.eachOf(q, o.IDs, func(d *delivery) error {
		e := d.entry
		e.requeues, e.lost = 0, 0
		state := link.StateReady
		if !d.holds {
			g.s.numbers.message++
			e.pos = g.s.numbers.message
			if _, err := g.st.placeSet.exec(e.pos); err != nil {
				return err
			}
			if e.okey != "" {
				row, err := g.st.orderingAdd.one(q.id, e.okey)
				if err != nil {
					return err
				}
				if row[0].(int64) > 1 {
					state = link.StateBehind
				}
			}
		}
		if _, err := g.st.redrive.exec(string(state), e.pos, e.mid, q.id); err != nil {
			return err
		}
		g.count(q, link.StateDead, -1)
		g.count(q, state, 1)
		if state == link.StateReady {
			g.ready = append(g.ready, placed{q, e})
		}
		return g.note(d, link.EventRedriven, o.By, "")
	}, link.StateDead)
}

// discard gives messages up.
func (g *group) discard(o queue.Discard) (queue.Result, error) {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}, nil
	}
	wanted := []link.State{link.StateDead, link.StateReady, link.StateBehind, link.StateDelayed}
	return g.eachOf(q, o.IDs, func(d *delivery) error {
		if d.state == link.StateReady && !g.withdraw(d.placed) {
			return notNow(d.id, link.StateLeased, wanted) // a reader took it just now
		}
		e := d.entry
		if _, err := g.st.settle.exec(string(link.StateDiscarded), int64(e.attempt), int64(e.requeues), int64(e.lost), g.now, nil, o.Reason,
			e.mid, q.id); err != nil {
			return err
		}
		g.count(q, d.state, -1)
		g.count(q, link.StateDiscarded, 1)
		g.delays = g.delays || d.state == link.StateDelayed
		if err := g.note(d, link.EventDiscarded, o.By, o.Reason); err != nil {
			return err
		}
		switch {
		case d.state == link.StateBehind:
			_, err := g.st.orderingTake.one(q.id, e.okey)
			return err
		case d.state == link.StateDead && !d.holds:
			return nil
		}
		return g.goOn(q, e.okey)
	}, wanted...)
}

// note writes what a person did.
func (g *group) note(d *delivery, what link.EventName, by, reason string) error {
	queue.Happened(&g.happened(d.queue).QueueFigures, what)
	_, err := g.st.eventAdd.exec(d.entry.mid, d.queue.id, g.now, string(what), by, reason)
	return err
}

// letGo lets every key go on that a dead letter of the queue holds.
func (g *group) letGo(q *queueState) error {
	var held []placed
	err := g.st.holding.each(func(row []any) error {
		held = append(held, placed{q, readEntry(row)})
		return nil
	}, q.id)
	if err != nil {
		return err
	}
	for _, p := range held {
		if _, err := g.st.holdSet.exec(int64(0), p.entry.mid, q.id); err != nil {
			return err
		}
		if err := g.goOn(q, p.entry.okey); err != nil {
			return err
		}
	}
	return nil
}
