package sqlite

import (
	"container/heap"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Bounds of one tick, so that it never holds others up for long.
const (
	tickLeases = 500
	tickDelays = 500
	tickSweep  = 1000
)

// sweepEvery is the pause between looks at the dedupe window.
const sweepEvery = time.Hour

// settle settles deliveries of one queue, each on its own.
func (g *group) settle(o queue.OpSettle) (queue.Result, error) {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}, nil
	}
	r := queue.Result{Settle: make([]error, len(o.Items))}
	for i, item := range o.Items {
		l, err := g.end(q, item.Tag)
		if err != nil {
			r.Settle[i] = err
			continue
		}
		switch item.How {
		case queue.Ack:
			err = g.ack(l)
		case queue.Release:
			err = g.release(l, item.Reason)
		case queue.Dead:
			err = g.bury(l, l.entry, link.EventDeadLettered, link.DeadByReceiver, item.Reason)
		default:
			err = g.requeue(l, item, o.Backoff)
		}
		if err != nil {
			return queue.Result{}, err
		}
	}
	return r, nil
}

// end marks a lease as ended by this group.
func (g *group) end(q *queueState, tag int64) (*lease, error) {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	l, err := g.m.find(q, tag, g.steady)
	if err == nil {
		l.ending = true
		g.ended = append(g.ended, l)
	}
	return l, err
}

// close writes how a lease ended.
func (g *group) close(l *lease, how link.EventName, reason string, next any) error {
	if _, err := g.st.leaseDrop.exec(l.tag); err != nil {
		return err
	}
	queue.Happened(&g.happened(l.queue).QueueFigures, how)
	_, err := g.st.attemptAdd.exec(l.entry.mid, l.queue.id, l.tag, int64(l.n()), l.installation, l.at, g.now, string(how), reason, next)
	return err
}

// ack: taken over. The next of its ordering key goes on.
func (g *group) ack(l *lease) error {
	if err := g.close(l, link.EventAcknowledged, "", nil); err != nil {
		return err
	}
	if err := g.leave(l, l.entry, link.StateAcked, nil, nil); err != nil {
		return err
	}
	return g.goOn(l.queue, l.entry.okey)
}

// release: back to its place, as if it had not been handed out.
func (g *group) release(l *lease, reason string) error {
	if err := g.close(l, link.EventReleased, reason, nil); err != nil {
		return err
	}
	g.ready = append(g.ready, placed{l.queue, l.entry})
	return nil
}

// requeue: failed. Again after a delay, or dead past the queue's limit.
func (g *group) requeue(l *lease, item queue.Settle, backoff func(int) time.Duration) error {
	e := l.entry // the lease itself changes only with the commit
	e.requeues++
	if e.requeues > l.queue.requeueMax {
		return g.bury(l, e, link.EventDeadLettered, link.DeadRequeueLimit, item.Reason)
	}
	after := item.After
	if after <= 0 {
		after = backoff(l.entry.requeues)
	}
	due := g.steady + after.Microseconds()
	if err := g.close(l, link.EventRequeued, item.Reason, g.now+after.Microseconds()); err != nil {
		return err
	}
	if _, err := g.st.delay.exec(int64(l.n()), int64(e.requeues), due, item.Reason, e.mid, l.queue.id); err != nil {
		return err
	}
	g.count(l.queue, link.StateReady, -1)
	g.count(l.queue, link.StateDelayed, 1)
	g.delays = true
	return nil
}

// lose: the lease's time is over. Back to its place, or dead past the limit.
func (g *group) lose(l *lease) error {
	e := l.entry
	e.lost++
	if e.lost > link.LostMax(l.queue.requeueMax) {
		return g.bury(l, e, link.EventLeaseLost, link.DeadLeaseLostLimit, "")
	}
	if err := g.close(l, link.EventLeaseLost, "", nil); err != nil {
		return err
	}
	if _, err := g.st.lose.exec(int64(l.n()), int64(e.lost), e.mid, l.queue.id); err != nil {
		return err
	}
	e.attempt++
	g.ready = append(g.ready, placed{l.queue, e})
	return nil
}

// bury: to the dead letters. The next of its ordering key goes on, unless the queue holds.
func (g *group) bury(l *lease, e entry, how link.EventName, why link.DeadReason, reason string) error {
	ended := reason
	if how == link.EventDeadLettered {
		ended = queue.EventDetail(string(why), reason)
	} else {
		g.happened(l.queue).Dead++
		if _, err := g.st.eventAdd.exec(e.mid, l.queue.id, g.now, string(link.EventDeadLettered), "", string(why)); err != nil {
			return err
		}
	}
	if err := g.close(l, how, ended, nil); err != nil {
		return err
	}
	if err := g.leave(l, e, link.StateDead, string(why), reason); err != nil {
		return err
	}
	if l.queue.hold && e.okey != "" {
		_, err := g.st.holdSet.exec(int64(1), e.mid, l.queue.id)
		return err
	}
	return g.goOn(l.queue, e.okey)
}

// leave takes a delivery out of what waits, with its counts as they are now.
func (g *group) leave(l *lease, e entry, to link.State, why, reason any) error {
	if _, err := g.st.settle.exec(string(to), int64(l.n()), int64(e.requeues), int64(e.lost), g.now, why, reason, e.mid, l.queue.id); err != nil {
		return err
	}
	g.count(l.queue, link.StateReady, -1)
	g.count(l.queue, to, 1)
	return nil
}

// goOn lets the next of an ordering key go on.
func (g *group) goOn(q *queueState, okey string) error {
	if okey == "" {
		return nil
	}
	row, err := g.st.orderingTake.one(q.id, okey)
	if err != nil || row == nil {
		return err
	}
	if row[0].(int64) == 0 {
		_, err := g.st.orderingDrop.exec(q.id, okey)
		return err
	}
	if row, err = g.st.orderingNext.one(q.id, okey); err != nil || row == nil {
		return err
	}
	e := readEntry(row)
	if _, err := g.st.promote.exec(e.mid, q.id); err != nil {
		return err
	}
	g.count(q, link.StateBehind, -1)
	g.count(q, link.StateReady, 1)
	g.ready = append(g.ready, placed{q, e})
	return nil
}

// tick ends leases that are over, makes delayed deliveries ready, and forgets old requests.
func (g *group) tick() (queue.Result, error) {
	for _, l := range g.overdue() {
		if err := g.lose(l); err != nil {
			return queue.Result{}, err
		}
	}
	if err := g.undelay(); err != nil {
		return queue.Result{}, err
	}
	if err := g.trim(); err != nil {
		return queue.Result{}, err
	}
	return queue.Result{}, g.sweep()
}

// overdue marks leases whose time is over as ended by this group. They leave the heap when the
// group holds.
func (g *group) overdue() []*lease {
	m := g.m
	m.mu.Lock()
	defer m.mu.Unlock()
	var over, seen []*lease
	for len(over) < tickLeases && len(m.ends) > 0 && m.ends[0].until <= g.steady {
		l := heap.Pop(&m.ends).(*lease)
		seen = append(seen, l)
		if !l.ending { // else it was settled earlier in this group
			l.ending = true
			over = append(over, l)
		}
	}
	for _, l := range seen {
		heap.Push(&m.ends, l)
	}
	g.ended = append(g.ended, over...)
	return over
}

// undelay makes delayed deliveries ready.
func (g *group) undelay() error {
	g.m.mu.Lock()
	due := g.m.nextDelay > 0 && g.m.nextDelay <= g.steady
	g.m.mu.Unlock()
	if !due {
		return nil
	}
	g.delays = true
	var over []placed
	err := g.st.delayedDue.each(func(row []any) error {
		over = append(over, placed{g.m.byID[row[0].(int64)], readEntry(row[1:])})
		return nil
	}, g.steady, int64(tickDelays))
	if err != nil {
		return err
	}
	for _, p := range over {
		if _, err := g.st.undelay.exec(p.entry.mid, p.queue.id); err != nil {
			return err
		}
		g.count(p.queue, link.StateDelayed, -1)
		g.count(p.queue, link.StateReady, 1)
		g.ready = append(g.ready, p)
	}
	return nil
}

// sweep forgets requests that are past the dedupe window.
func (g *group) sweep() error {
	g.m.mu.Lock()
	due := g.m.nextSweep > 0 && g.m.nextSweep <= g.steady
	g.m.mu.Unlock()
	if !due {
		return nil
	}
	window := link.DedupeWindow.Microseconds()
	if _, err := g.st.dedupeSweep.exec(int64(tickSweep), g.steady-window); err != nil {
		return err
	}
	row, err := g.st.dedupeOldest.one()
	if err != nil {
		return err
	}
	g.swept, g.nextSweep = true, 0
	if row != nil {
		g.nextSweep = row[0].(int64) + window
		if g.nextSweep > g.steady { // not one by one
			g.nextSweep = max(g.nextSweep, g.steady+sweepEvery.Microseconds())
		}
	}
	return nil
}
