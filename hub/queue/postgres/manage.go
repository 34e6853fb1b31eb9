package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// setup creates or changes a queue. It stands alone in its group.
func (g *group) setup(ctx context.Context, o queue.Setup) (queue.Result, error) {
	want := slices.Compact(slices.Sorted(slices.Values(o.Subscriptions)))
	tenant, client := o.Queue.Tenant, text(string(o.Queue.Client))
	var qid int64
	err := g.c.QueryRow(ctx, `INSERT INTO queue (tenant, qid, client, requeue_max, created_at) VALUES ($1, nextval('queue_number'), $2, $3, $4)
		ON CONFLICT (tenant, client) DO UPDATE SET requeue_max = excluded.requeue_max RETURNING qid`, tenant, client, o.RequeueCountMax, g.now).Scan(&qid)
	if err != nil {
		return queue.Result{}, err
	}
	rows, err := g.c.Query(ctx, `SELECT type FROM subscription AS s WHERE s.tenant = $1 AND s.qid = $2 ORDER BY type`, tenant, qid)
	if err != nil {
		return queue.Result{}, err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return queue.Result{}, err
	}
	r := queue.SetupResult{Subscriptions: want, RequeueCountMax: o.RequeueCountMax, Added: without(want, old), Removed: without(old, want)}
	var s sheet
	s.exec(`INSERT INTO subscription (tenant, type, qid) SELECT $1, u.type, $2 FROM unnest($3::text[]) AS u (type)`, tenant, qid, r.Added)
	s.exec(`DELETE FROM subscription WHERE tenant = $1 AND qid = $2 AND type = ANY ($3)`, tenant, qid, r.Removed)
	return queue.Result{Setup: r}, s.send(ctx, g.c)
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

// pause stops a queue handing out, or lets it go on. It stands alone in its group.
func (g *group) pause(ctx context.Context, o queue.Pause) (queue.Result, error) {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue(), nil
	}
	at := &g.now
	if !o.Pause {
		at = nil
		g.ready.add(q.queueKey)
		g.wake.add(q.name)
	}
	_, err := g.c.Exec(ctx, `UPDATE queue SET paused_at = $3, paused_reason = $4, paused_by = $5 WHERE tenant = $1 AND qid = $2`, q.tenant, q.qid, at,
		text(o.Reason), text(o.By))
	return queue.Result{}, err
}

// hold switches whether a dead letter stops its ordering key; switched off, those that are held go on.
// It stands alone in its group, which has locked the queue and what holds.
func (g *group) hold(ctx context.Context, o queue.Hold) (queue.Result, error) {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue(), nil
	}
	if !o.Hold {
		for _, r := range slices.Clone(g.order) {
			if r.queue != q || !r.holds {
				continue
			}
			r.holds, r.dirty = false, true
			if err := g.goOn(ctx, r); err != nil {
				return queue.Result{}, err
			}
		}
	}
	_, err := g.c.Exec(ctx, `UPDATE queue SET hold = $3 WHERE tenant = $1 AND qid = $2`, q.tenant, q.qid, o.Hold)
	return queue.Result{}, err
}

// eachOf does something with each of some messages of a queue that are in a wanted state.
func (g *group) eachOf(q *queueInfo, ids []uuid.UUID, do func(*row) error, wanted ...link.State) (queue.Result, error) {
	result := queue.Result{Settle: make([]error, len(ids))}
	for i, id := range ids {
		r := g.rows[rowKey{messageKey{q.tenant, id}, q.qid}]
		switch {
		case r == nil || !r.locked:
			result.Settle[i] = link.NewError(link.CodeMessageUnknown)
			if p, moved := g.past[rowKey{messageKey{q.tenant, id}, q.qid}]; moved {
				result.Settle[i] = notNow(id, p.state, wanted)
			}
		case !slices.Contains(wanted, r.state):
			result.Settle[i] = notNow(id, r.state, wanted)
		default:
			if err := do(r); err != nil {
				return queue.Result{}, err
			}
		}
	}
	return result, nil
}

func notNow(id uuid.UUID, is link.State, wanted []link.State) error {
	return link.NewError(link.CodeNotNow, "id", id.String(), "state", string(is), "wanted", words(wanted))
}

// words lists states.
func words(states []link.State) string {
	return strings.Join(column(states, func(s link.State) string { return string(s) }), ", ")
}

// redrive sends dead letters on: to the end, or to its place where one holds its key.
func (g *group) redrive(o queue.Redrive) (queue.Result, error) {
	q := g.names[o.Queue]
	switch {
	case q == nil:
		return noQueue(), nil
	case q.paused:
		return queue.Result{Err: link.NewError(link.CodeQueuePaused, "reason", q.pausedReason)}, nil
	}
	return g.eachOf(q, o.IDs, func(r *row) error {
		to := link.StateReady
		if !r.holds {
			r.pos = g.place()
			if r.okey != "" {
				to = g.join(r)
			}
		}
		r.requeues, r.lost, r.settledAt, r.dead, r.reason, r.holds = 0, 0, nil, "", "", false
		g.move(r, to)
		g.note(r, link.EventRedriven, o.By, "")
		return nil
	}, link.StateDead)
}

// discard gives messages up.
func (g *group) discard(ctx context.Context, o queue.Discard) (queue.Result, error) {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue(), nil
	}
	return g.eachOf(q, o.IDs, func(r *row) error {
		was, held := r.state, r.holds
		g.move(r, link.StateDiscarded)
		r.settledAt, r.dead, r.reason, r.holds = &g.now, "", text(o.Reason), false
		g.note(r, link.EventDiscarded, o.By, o.Reason)
		switch {
		case was == link.StateBehind:
			k := g.keys[r.order()]
			k.n--
			k.dirty = true
			return nil
		case was == link.StateDead && !held:
			return nil
		}
		return g.goOn(ctx, r)
	}, link.StateDead, link.StateReady, link.StateBehind, link.StateDelayed)
}

// note writes what a person did.
func (g *group) note(r *row, what link.EventName, by, reason string) {
	g.happened(r, what)
	g.events = append(g.events, event{r.rowKey, what, text(by), text(reason)})
}
