package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Choose looks whether a queue has something ready, unless it is to be expected; leasing it is an
// operation, because the leases stand in the store.
func (s *Store) Choose(ctx context.Context, g queue.Get) (queue.Chosen, error) {
	if q, known := s.memory.knows(g.Queue); known && !s.tags.spent() && s.known.expects(q) {
		s.known.read(q, g.Queue, g.Installation, s.now())
		return queue.Chosen{Op: opLease{g}, Then: queue.ThenWait}, nil
	}
	var qid int64
	var paused, ready bool
	err := s.pool.QueryRow(ctx, `SELECT q.qid, q.paused_at IS NOT NULL, EXISTS (SELECT 1 FROM delivery AS d WHERE d.tenant = q.tenant AND d.qid = q.qid
		AND d.state = 'ready') FROM queue AS q WHERE q.tenant = $1 AND q.client = $2`, g.Queue.Tenant, text(string(g.Queue.Client))).Scan(&qid, &paused, &ready)
	if errors.Is(err, pgx.ErrNoRows) {
		return queue.Chosen{}, link.NewError(link.CodeNoQueue)
	}
	if err != nil {
		return queue.Chosen{}, fmt.Errorf("look into queue %s: %w", g.Queue, err)
	}
	s.known.read(queueKey{g.Queue.Tenant, qid}, g.Queue, g.Installation, s.now())
	switch {
	case paused, !ready:
		return queue.Chosen{}, nil
	case s.tags.spent():
		return queue.Chosen{Op: queue.OpRaiseEpoch{}, Then: queue.ThenAgain}, nil
	}
	return queue.Chosen{Op: opLease{g}, Then: queue.ThenWait}, nil
}

// now is the time, roughly where the database's counts.
func (s *Store) now() time.Time {
	if at := s.given(); at != nil {
		return *at
	}
	return machineNow()
}

// opLease leases ready deliveries.
type opLease struct{ queue.Get }

// Size is roughly what it writes.
func (o opLease) Size() int { return 96 * o.Max }

// Weight is its rows.
func (o opLease) Weight() int { return o.Max }

// Alone is false: it can join any group.
func (o opLease) Alone() bool { return false }

// lockReady takes what is ready in the queues that gets are for and not locked by others, as much as they
// want.
func (g *group) lockReady(s *sheet) {
	want := map[*queueInfo]int{}
	var queues []*queueInfo
	for _, op := range g.ops {
		get, isGet := op.(opLease)
		q := g.names[get.Queue]
		if !isGet || q == nil || q.paused {
			continue
		}
		if want[q] == 0 {
			queues = append(queues, q)
		}
		want[q] += get.Max
	}
	for _, q := range queues {
		s.each(func(rows pgx.Rows) error {
			r := &row{}
			if err := rows.Scan(r.into()...); err != nil {
				return err
			}
			if known := g.rows[r.rowKey]; known != nil && known.locked {
				r = known
			} else {
				r.queue, r.locked = q, true
				r.utc()
				g.rows[r.rowKey] = r
				g.order = append(g.order, r)
			}
			g.takes[q] = append(g.takes[q], r)
			return nil
		}, `SELECT `+rowColumns+` FROM delivery AS d WHERE d.tenant = $1 AND d.qid = $2 AND d.state = 'ready' ORDER BY d.pos LIMIT $3
			FOR UPDATE OF d SKIP LOCKED`, q.tenant, q.qid, want[q])
	}
}

// lease serves the gets of the group: it shares out what was ready, and leaves the reading of the bodies to
// the last statements.
func (g *group) lease(last *sheet) {
	given := map[messageKey][]place{}
	for i, op := range g.ops {
		get, isGet := op.(opLease)
		if !isGet {
			continue
		}
		if q := g.names[get.Queue]; q != nil {
			g.give(i, get.Get, q, given)
		} else {
			g.results[i] = noQueue()
		}
	}
	g.readBodies(given, last)
}

// place is where a delivery stands in the results.
type place struct{ op, at int }

// give leases the first deliveries to one get, within its limits. What another operation of the group has
// brought into another state meanwhile is left out.
func (g *group) give(i int, get queue.Get, q *queueInfo, given map[messageKey][]place) {
	t := g.tally(q.queueKey)
	t.lastGet, t.installation = &g.now, text(get.Installation)
	until := g.now.Add(get.Lease).Truncate(time.Microsecond)
	ready := g.takes[q]
	if q.paused {
		ready = nil
	}
	n, bytes := 0, 0
	for n < get.Max && len(ready) > 0 {
		r := ready[0]
		if r.state != link.StateReady {
			ready = ready[1:]
			continue
		}
		bytes += r.size
		if n > 0 && bytes > get.MaxBytes {
			break
		}
		ready = ready[1:]
		g.move(r, link.StateLeased)
		t.figures.Delivered++
		r.tag, r.leasedAt, r.due, r.installation = g.s.tags.next(), &g.now, &until, text(get.Installation)
		g.ends(until)
		g.leased = append(g.leased, r)
		given[r.messageKey] = append(given[r.messageKey], place{i, n})
		g.results[i].Delivered = append(g.results[i].Delivered, link.Delivery{
			Tag: r.tag, Attempt: r.n(), RequeueCount: r.requeues, LostCount: r.lost, LeaseUntil: until,
		})
		n++
	}
	g.takes[q] = ready
	g.more[q.queueKey] = n == get.Max || len(ready) > 0
}

// readBodies has the messages of leased deliveries read.
func (g *group) readBodies(given map[messageKey][]place, last *sheet) {
	if len(given) == 0 {
		return
	}
	ids := slices.Collect(maps.Keys(given))
	last.each(func(rows pgx.Rows) error {
		var m messageRow
		if err := rows.Scan(m.into()...); err != nil {
			return err
		}
		message, err := m.message()
		if err != nil {
			return err
		}
		for _, p := range given[messageKey{message.TenantID, message.ID}] {
			g.results[p.op].Delivered[p.at].Message = message
		}
		return nil
	}, `SELECT `+messageColumns+` FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, id) JOIN message AS m ON m.tenant = u.tenant AND m.id = u.id`,
		column(ids, func(k messageKey) [16]byte { return k.tenant }), column(ids, func(k messageKey) [16]byte { return k.id }))
}
