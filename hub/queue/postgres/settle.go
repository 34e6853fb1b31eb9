package postgres

import (
	"context"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// sweepEvery is the pause between looks at the dedupe window.
const sweepEvery = time.Hour

// find answers the lease that a reader of a queue may settle by a tag.
func (g *group) find(q *queueInfo, tag int64) (*row, error) {
	k := tagKey{q.tenant, tag}
	r := g.tagged[k]
	switch {
	case r == nil && g.ended[k] == q.qid:
		return nil, link.NewError(link.CodeLeaseEnded)
	case r == nil, r.queue != q:
		return nil, link.NewError(link.CodeTagUnknown)
	case r.tag != tag, !g.now.Before(*r.due):
		return nil, link.NewError(link.CodeLeaseEnded)
	}
	return r, nil
}

// settle settles deliveries of one queue, each on its own.
func (g *group) settle(ctx context.Context, o queue.OpSettle) (queue.Result, error) {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue(), nil
	}
	result := queue.Result{Settle: make([]error, len(o.Items))}
	for i, item := range o.Items {
		r, err := g.find(q, item.Tag)
		if err != nil {
			result.Settle[i] = err
			continue
		}
		item.Reason = text(item.Reason)
		switch item.How {
		case queue.Ack:
			err = g.ack(ctx, r)
		case queue.Release:
			g.close(r, link.EventReleased, item.Reason, nil)
			g.move(r, link.StateReady)
		case queue.Dead:
			err = g.bury(ctx, r, link.EventDeadLettered, link.DeadByReceiver, item.Reason)
		default:
			err = g.requeue(ctx, r, item, o.Backoff)
		}
		if err != nil {
			return queue.Result{}, err
		}
	}
	return result, nil
}

// close notes how a lease ended. It stands before the change of the row.
func (g *group) close(r *row, how link.EventName, reason string, next *time.Time) {
	g.happened(r, how)
	g.closed = append(g.closed, tagKey{r.tenant, r.tag})
	g.attempts = append(g.attempts, attempt{r.rowKey, r.tag, r.n(), r.installation, *r.leasedAt, how, reason, next})
}

// ack: taken over. The next of its ordering key goes on.
func (g *group) ack(ctx context.Context, r *row) error {
	g.close(r, link.EventAcknowledged, "", nil)
	r.attempt++
	r.settledAt, r.reason = &g.now, ""
	g.move(r, link.StateAcked)
	return g.goOn(ctx, r)
}

// requeue: failed. Again after a delay, or dead past the queue's limit.
func (g *group) requeue(ctx context.Context, r *row, item queue.Settle, backoff func(int) time.Duration) error {
	r.requeues++
	if r.requeues > r.queue.requeueMax {
		return g.bury(ctx, r, link.EventDeadLettered, link.DeadRequeueLimit, item.Reason)
	}
	after := item.After
	if after <= 0 {
		after = backoff(r.requeues - 1)
	}
	due := g.now.Add(after).Truncate(time.Microsecond)
	g.close(r, link.EventRequeued, item.Reason, &due)
	r.attempt++
	r.reason = item.Reason
	g.move(r, link.StateDelayed)
	r.due = &due
	g.ends(due)
	return nil
}

// lose: the lease's time is over. Back to its place, or dead past the limit.
func (g *group) lose(ctx context.Context, r *row) error {
	if r.lost+1 > link.LostMax(r.queue.requeueMax) {
		if r.okey != "" && g.keys[r.order()] == nil {
			return nil // it came to this only after the group looked: the next tick has what it needs
		}
		r.lost++
		return g.bury(ctx, r, link.EventLeaseLost, link.DeadLeaseLostLimit, "")
	}
	r.lost++
	g.close(r, link.EventLeaseLost, "", nil)
	r.attempt++
	g.move(r, link.StateReady)
	return nil
}

// bury: to the dead letters. The next of its ordering key goes on, unless the queue holds.
func (g *group) bury(ctx context.Context, r *row, how link.EventName, why link.DeadReason, reason string) error {
	ended := reason
	if how == link.EventDeadLettered {
		ended = queue.EventDetail(string(why), reason)
	} else {
		g.happened(r, link.EventDeadLettered)
		g.events = append(g.events, event{r.rowKey, link.EventDeadLettered, "", string(why)})
	}
	g.close(r, how, ended, nil)
	r.attempt++
	r.settledAt, r.dead, r.reason = &g.now, why, reason
	g.move(r, link.StateDead)
	if r.queue.hold && r.okey != "" {
		r.holds = true
		return nil
	}
	return g.goOn(ctx, r)
}

// tick ends leases that are over, makes delayed deliveries ready, and forgets old requests.
func (g *group) tick(ctx context.Context) error {
	for _, r := range g.due {
		if !r.locked || r.due == nil || g.now.Before(*r.due) {
			continue // somebody else works on it, or has
		}
		if r.state == link.StateDelayed {
			g.move(r, link.StateReady)
			continue
		}
		if err := g.lose(ctx, r); err != nil {
			return err
		}
	}
	l := &g.s.lanes[g.lane]
	l.mu.Lock()
	g.nextSweep = l.swep
	l.mu.Unlock()
	if g.lane != 0 || g.now.Before(g.nextSweep) {
		return nil
	}
	more, err := g.trim(ctx)
	if err != nil {
		return err
	}
	tag, err := g.c.Exec(ctx, `DELETE FROM dedupe WHERE (tenant, key) IN (SELECT tenant, key FROM dedupe WHERE at <= $1 ORDER BY at LIMIT $2
		FOR UPDATE SKIP LOCKED)`, g.now.Add(-link.DedupeWindow), tickSweep)
	if err == nil && !more && tag.RowsAffected() < tickSweep { // else the rest is taken with the next look
		g.nextSweep = g.now.Add(sweepEvery)
	}
	return err
}

// extend moves the ends of leases.
func (g *group) extend(o queue.OpExtend) queue.Result {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue()
	}
	result := queue.Result{Extend: make([]queue.Extended, len(o.Items))}
	for i, item := range o.Items {
		r, err := g.find(q, item.Tag)
		if err != nil {
			result.Extend[i].Err = err
			continue
		}
		until := g.now.Add(item.Lease).Truncate(time.Microsecond)
		r.due, r.dirty = &until, true
		g.ends(until)
		result.Extend[i].Until = until
	}
	return result
}
