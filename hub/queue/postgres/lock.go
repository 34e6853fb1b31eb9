package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// locks are what a group must hold before it begins, by the order in which it is taken.
type locks struct {
	queues   set[queueKey]  // whose settings must not change meanwhile
	health   set[healthKey] //
	requests []*request     // sorted
	orders   set[orderKey]  // ordering keys
	freed    set[orderKey]  // those of them that may let the next one go on
	rows     set[rowKey]    // deliveries
	due      set[rowKey]    // deliveries that are left alone when somebody else works on them
	places   int
	asked    []*request // requests that are only asked for
}

// lock takes every lock that the group may have to wait for, reads what it locked, and then takes what is
// ready for gets, as far as it is free. Whatever the group locks later, by writing new rows, it finds free.
// The sheet may have statements that come before.
func (g *group) lock(ctx context.Context, s *sheet) error {
	l := &locks{
		queues: set[queueKey]{}, health: set[healthKey]{}, orders: set[orderKey]{}, freed: set[orderKey]{}, rows: set[rowKey]{}, due: set[rowKey]{},
	}
	for i, op := range g.ops {
		g.needs(l, i, op)
	}
	g.needsOfTick(l)
	for _, r := range g.requests {
		if r.by >= 0 {
			l.requests = append(l.requests, r)
		} else {
			l.asked = append(l.asked, r)
		}
	}
	if g.guessed.made {
		g.checkOld(s)
	} else {
		var err error
		if l.requests, err = g.readOld(ctx, l.requests); err != nil {
			return err
		}
		if l.asked, err = g.readOld(ctx, l.asked); err != nil {
			return err
		}
	}
	slices.SortFunc(l.requests, func(a, b *request) int { return compareRequests(a.requestKey, b.requestKey) })

	g.lockQueues(s, l)
	if len(l.health) > 0 {
		if err := g.lockHealth(ctx, s, l); err != nil {
			return err
		}
		*s = sheet{}
	}
	g.lockRequests(s, l)
	g.lockOrders(s, l)
	g.lockRows(s, l)
	g.lockReady(s)
	if l.places > 0 {
		s.each(func(rows pgx.Rows) error {
			var p int64
			err := rows.Scan(&p)
			g.places = append(g.places, p)
			return err
		}, `SELECT nextval('place') FROM generate_series(1, $1)`, l.places)
	}
	if err := s.send(ctx, g.c); err != nil {
		return err
	}
	for o := range l.freed {
		g.keys[o].known = true
	}
	for _, r := range l.requests {
		if !r.first {
			l.asked = append(l.asked, r)
		}
	}
	return g.readRequests(ctx, l.asked)
}

// needs collects the locks of one operation.
func (g *group) needs(l *locks, i int, op queue.Op) {
	switch op := op.(type) {
	case queue.OpPublish:
		to := &g.plans[i]
		if to.err != nil || to.noRoute {
			return
		}
		l.places++
		if okey := text(op.Message.OrderingKey); okey != "" {
			for _, q := range to.to {
				l.orders.add(orderKey{q.queueKey, okey})
			}
		}
		if op.Metrics != nil {
			l.health.add(healthKey{queue.Name{Tenant: op.Message.TenantID, Client: op.Message.Sender.ClientID}, text(op.Metrics.Installation)})
		}
	case queue.OpSettle:
		q := g.names[op.Queue]
		for _, item := range op.Items {
			r := g.tagged[tagKey{op.Queue.Tenant, item.Tag}]
			if q == nil || r == nil || r.queue != q {
				continue
			}
			l.row(r)
			if r.okey != "" && (item.How == queue.Dead || item.How == queue.Requeue) {
				l.queues.add(q.queueKey)
			}
		}
	case queue.OpExtend:
		for _, item := range op.Items {
			if r := g.tagged[tagKey{op.Queue.Tenant, item.Tag}]; r != nil {
				l.rows.add(r.rowKey)
			}
		}
	case queue.OpRedrive:
		l.places += len(op.IDs)
		g.needsOf(l, op.Queue, op.IDs)
	case queue.OpDiscard:
		g.needsOf(l, op.Queue, op.IDs)
	case queue.OpHold:
		for _, r := range g.order {
			l.row(r)
		}
	}
}

// row has a delivery locked, with its ordering key.
func (l *locks) row(r *row) {
	l.rows.add(r.rowKey)
	if r.okey != "" {
		l.orders.add(r.order())
		l.freed.add(r.order())
	}
}

func (g *group) needsOf(l *locks, name queue.Name, ids []uuid.UUID) {
	q := g.names[name]
	if q == nil {
		return
	}
	l.queues.add(q.queueKey)
	for _, id := range ids {
		if r := g.rows[rowKey{messageKey{name.Tenant, id}, q.qid}]; r != nil {
			l.row(r)
		}
	}
}

// needsOfTick collects what ending leases and delays needs: more only where a lost lease may be the
// last one.
func (g *group) needsOfTick(l *locks) {
	for _, r := range g.due {
		l.due.add(r.rowKey)
		if r.okey != "" && r.state == link.StateLeased && r.lost+1 > link.LostMax(r.queue.requeueMax) {
			l.queues.add(r.queue.queueKey)
			l.orders.add(r.order())
			l.freed.add(r.order())
		}
	}
}

func (g *group) lockQueues(s *sheet, l *locks) {
	if len(l.queues) == 0 {
		return
	}
	list := l.queues.sorted(compareQueues)
	s.each(func(rows pgx.Rows) error {
		i := queueInfo{}
		if err := rows.Scan(i.into()...); err != nil {
			return err
		}
		q := g.queues[i.queueKey]
		q.requeueMax, q.hold, q.paused, q.pausedReason = i.requeueMax, i.hold, i.paused, i.pausedReason
		return nil
	}, `SELECT `+queueColumns+` FROM unnest($1::uuid[], $2::bigint[]) AS u (tenant, qid) JOIN queue AS q ON q.tenant = u.tenant AND q.qid = u.qid
		ORDER BY q.tenant, q.qid FOR SHARE OF q`,
		column(list, func(k queueKey) [16]byte { return k.tenant }), column(list, func(k queueKey) int64 { return k.qid }))
}

// lockHealth locks the last reports, makes rows for first ones, and looks at the messages that will be
// replaced.
func (g *group) lockHealth(ctx context.Context, s *sheet, l *locks) error {
	list := l.health.sorted(compareHealths)
	var ids []messageKey
	s.each(func(rows pgx.Rows) error {
		var k healthKey
		var id *uuid.UUID
		if err := rows.Scan(&k.Tenant, &k.Client, &k.installation, &id); err != nil {
			return err
		}
		g.health[k] = id
		if id != nil {
			ids = append(ids, messageKey{k.Tenant, *id})
		}
		return nil
	}, `INSERT INTO health (tenant, client, installation) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])
		ON CONFLICT (tenant, client, installation) DO UPDATE SET client = excluded.client RETURNING tenant, client, installation, message`,
		column(list, func(k healthKey) [16]byte { return k.Tenant }), column(list, func(k healthKey) string { return text(string(k.Client)) }),
		column(list, func(k healthKey) string { return k.installation }))
	if err := s.send(ctx, g.c); err != nil || len(ids) == 0 {
		return err
	}
	var peek sheet
	peek.each(func(rows pgx.Rows) error {
		r, err := g.peeked(rows)
		if err == nil {
			l.row(r)
		}
		return err
	}, peekRows+`FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, id) JOIN delivery AS d ON d.tenant = u.tenant AND d.id = u.id
		JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid WHERE d.state = 'ready' AND d.attempt = 0`,
		column(ids, func(k messageKey) [16]byte { return k.tenant }), column(ids, func(k messageKey) [16]byte { return k.id }))
	return peek.send(ctx, g.c)
}

// lockRequests notes requests; one that is there within the window stays as it is.
func (g *group) lockRequests(s *sheet, l *locks) {
	if len(l.requests) == 0 {
		return
	}
	publish := func(r *request) *queue.Publish {
		p := g.ops[r.by].(queue.OpPublish)
		return &p.Publish
	}
	s.each(func(rows pgx.Rows) error {
		var k requestKey
		err := rows.Scan(&k.tenant, &k.key)
		g.requests[k].first = true
		return err
	}, `INSERT INTO dedupe (tenant, key, hash, id, at) SELECT u.tenant, u.key, u.hash, u.id, coalesce($5, now()) FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[])
		AS u (tenant, key, hash, id) ON CONFLICT (tenant, key) DO UPDATE SET hash = excluded.hash, id = excluded.id, at = excluded.at
		WHERE dedupe.at <= excluded.at - $6::interval RETURNING tenant, key`,
		column(l.requests, func(r *request) [16]byte { return r.tenant }), column(l.requests, func(r *request) [16]byte { return r.key }),
		column(l.requests, func(r *request) []byte { h := publish(r).Dedupe.Hash; return h[:] }),
		column(l.requests, func(r *request) [16]byte { return publish(r).Message.ID }), g.s.given(), link.DedupeWindow)
}

// lockOrders locks ordering keys; those that nothing was outstanding of are made.
func (g *group) lockOrders(s *sheet, l *locks) {
	if len(l.orders) == 0 {
		return
	}
	list := l.orders.sorted(compareOrders)
	s.each(func(rows pgx.Rows) error {
		k := &key{dirty: true}
		if err := rows.Scan(&k.tenant, &k.qid, &k.okey, &k.n); err != nil {
			return err
		}
		g.keys[k.orderKey] = k
		return nil
	}, `INSERT INTO ordering (tenant, qid, okey, n) SELECT u.*, 0 FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS u (tenant, qid, okey)
		ON CONFLICT (tenant, qid, okey) DO UPDATE SET n = ordering.n RETURNING tenant, qid, okey, n`,
		column(list, func(k orderKey) [16]byte { return k.tenant }), column(list, func(k orderKey) int64 { return k.qid }),
		column(list, func(k orderKey) string { return k.okey }))
}

// lockRows locks deliveries, and looks at what comes after them.
func (g *group) lockRows(s *sheet, l *locks) {
	lock := func(rows set[rowKey], how string) {
		if len(rows) == 0 {
			return
		}
		list := rows.sorted(compareRows)
		s.each(g.locked, `SELECT `+rowColumns+` FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS u (tenant, id, qid)
			JOIN delivery AS d ON d.tenant = u.tenant AND d.id = u.id AND d.qid = u.qid ORDER BY d.tenant, d.id, d.qid FOR UPDATE OF d `+how,
			column(list, func(k rowKey) [16]byte { return k.tenant }), column(list, func(k rowKey) [16]byte { return k.id }),
			column(list, func(k rowKey) int64 { return k.qid }))
	}
	lock(l.rows, "")
	lock(l.due, "SKIP LOCKED")
	if len(l.freed) > 0 {
		list := l.freed.sorted(compareOrders)
		g.lookBehind(s, list)
	}
}

// locked reads a delivery that is locked now.
func (g *group) locked(rows pgx.Rows) error {
	r := &row{}
	if err := rows.Scan(r.into()...); err != nil {
		return err
	}
	known := g.rows[r.rowKey]
	r.queue, r.locked = known.queue, true
	r.utc()
	*known = *r
	return nil
}

// utc puts the moments of a row that was read into UTC.
func (r *row) utc() {
	for _, at := range []**time.Time{&r.due, &r.settledAt, &r.leasedAt} {
		if *at != nil {
			t := (*at).UTC()
			*at = &t
		}
	}
}

// lookBehind finds the first delivery behind each of some ordering keys, which are locked.
func (g *group) lookBehind(s *sheet, list []orderKey) {
	s.each(func(rows pgx.Rows) error {
		r := &row{}
		if err := rows.Scan(r.into()...); err != nil {
			return err
		}
		r.queue = g.queues[queueKey{r.tenant, r.qid}]
		r.utc()
		r.locked = true // by its key
		switch known := g.rows[r.rowKey]; {
		case known == nil:
			g.rows[r.rowKey] = r
			g.order = append(g.order, r)
		case known.locked:
			r = known
		default:
			*known = *r
			r = known
		}
		g.keys[r.order()].next = r
		return nil
	}, `SELECT `+rowColumns+` FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS u (tenant, qid, okey) CROSS JOIN LATERAL (SELECT * FROM delivery AS x
		WHERE x.tenant = u.tenant AND x.qid = u.qid AND x.okey = u.okey AND x.state = 'behind' ORDER BY x.pos LIMIT 1) AS d`,
		column(list, func(k orderKey) [16]byte { return k.tenant }), column(list, func(k orderKey) int64 { return k.qid }),
		column(list, func(k orderKey) string { return k.okey }))
}

// goOn lets the next of a delivery's ordering key go on.
func (g *group) goOn(ctx context.Context, r *row) error {
	if r.okey == "" {
		return nil
	}
	k := g.keys[r.order()]
	k.n--
	k.dirty = true
	if k.n == 0 {
		return nil
	}
	next, err := g.behind(ctx, k)
	if err != nil || next == nil {
		return err
	}
	g.move(next, link.StateReady)
	return nil
}

// behind finds the first delivery behind an ordering key, those of this group included.
func (g *group) behind(ctx context.Context, k *key) (*row, error) {
	if k.next != nil && k.next.state != link.StateBehind {
		k.known, k.next = false, nil // it was used
	}
	if !k.known {
		// What was written above is not there yet; let it be, and look again.
		var s sheet
		g.flush(&s)
		g.lookBehind(&s, []orderKey{k.orderKey})
		if err := s.send(ctx, g.c); err != nil {
			return nil, err
		}
		k.known = true
	}
	first := k.next
	for _, r := range k.mine {
		if r.state == link.StateBehind && (first == nil || r.pos < first.pos) {
			first = r
		}
	}
	return first, nil
}
