package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Bounds of one tick, so that it never holds others up for long.
const (
	tickRows  = 500 // of each shard
	tickSweep = 1000
)

func machineNow() time.Time { return clock.Real.Now() }

// asked is a message that an answer is for, and the queues it stands or stood in.
type asked struct {
	asker   link.ClientID
	holders set[int64]
}

// wanted is what the operations speak of.
type wanted struct {
	names  set[queue.Name]
	routes set[routeKey]
	asked  set[messageKey]
	tags   map[tagKey]queue.Name // with who says so
	ids    []wantedID
	tick   bool
}

type wantedID struct {
	queue.Name
	id uuid.UUID
}

// wants collects what the operations speak of.
func (g *group) wants() *wanted {
	w := &wanted{names: set[queue.Name]{}, routes: set[routeKey]{}, asked: set[messageKey]{}, tags: map[tagKey]queue.Name{}}
	for _, op := range g.ops {
		switch op := op.(type) {
		case queue.OpPublish:
			m := &op.Message
			w.routes.add(routeKey{m.TenantID, m.Type})
			if op.Answer != nil {
				w.asked.add(messageKey{m.TenantID, op.Answer.To})
			}
			if op.Answer != nil || len(op.Report) > 0 {
				w.names.add(queue.Name{Tenant: m.TenantID, Client: m.Sender.ClientID})
			}
		case queue.OpSettle:
			w.names.add(op.Queue)
			for _, item := range op.Items {
				w.tags[tagKey{op.Queue.Tenant, item.Tag}] = op.Queue
			}
		case queue.OpExtend:
			w.names.add(op.Queue)
			for _, item := range op.Items {
				w.tags[tagKey{op.Queue.Tenant, item.Tag}] = op.Queue
			}
		case opLease:
			w.names.add(op.Queue)
		case queue.OpTick:
			w.tick = true
		case queue.OpRedrive:
			w.names.add(op.Queue)
			for _, id := range op.IDs {
				w.ids = append(w.ids, wantedID{op.Queue, id})
			}
		case queue.OpDiscard:
			w.names.add(op.Queue)
			for _, id := range op.IDs {
				w.ids = append(w.ids, wantedID{op.Queue, id})
			}
		case queue.OpPause:
			w.names.add(op.Queue)
		case queue.OpHold:
			w.names.add(op.Queue)
		case queue.OpMend:
			w.names.add(op.Queue)
		}
	}
	return w
}

// queueColumns are the columns that queueOf reads.
const queueColumns = `q.tenant, q.qid, q.client, q.requeue_max, q.hold, q.paused_at IS NOT NULL, q.paused_reason`

// queueOf gives the one queueInfo of a queue.
func (g *group) queueOf(i *queueInfo) *queueInfo {
	if known := g.queues[i.queueKey]; known != nil {
		return known
	}
	i.name.Tenant = i.tenant
	g.queues[i.queueKey] = i
	g.names[i.name] = i
	return i
}

func (i *queueInfo) into() []any {
	return []any{&i.tenant, &i.qid, &i.name.Client, &i.requeueMax, &i.hold, &i.paused, &i.pausedReason}
}

// begin begins the transaction and asks for the time, which is one for the whole group.
func (g *group) begin(s *sheet) {
	s.exec("BEGIN")
	s.each(func(rows pgx.Rows) error {
		err := rows.Scan(&g.now)
		g.now = g.now.UTC()
		return err
	}, `SELECT coalesce($1::timestamptz, now())`, g.s.given())
}

// look reads without locks what memory does not have. It sends what stands on the sheet, and leaves it
// empty.
func (g *group) look(ctx context.Context, s *sheet, w *wanted) error {
	if len(w.names) > 0 {
		g.lookAtNames(s, w, func(i *queueInfo) { g.queueOf(i) })
	}
	if len(w.routes) > 0 {
		g.lookAtRoutes(s, w, func(r routeKey, i *queueInfo) { g.routes[r] = append(g.routes[r], g.queueOf(i)) })
	}
	if len(w.asked) > 0 {
		g.lookAtAsked(s, w)
	}
	if len(w.tags) > 0 {
		g.lookAtTags(s, w)
	}
	if len(w.ids) > 0 {
		s.each(g.peek, peekRows+`FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS u (tenant, client, id)
			JOIN queue AS q ON q.tenant = u.tenant AND q.client = u.client
			JOIN delivery AS d ON d.tenant = u.tenant AND d.id = u.id AND d.qid = q.qid`,
			column(w.ids, func(i wantedID) [16]byte { return i.Tenant }), column(w.ids, func(i wantedID) string { return text(string(i.Client)) }),
			column(w.ids, func(i wantedID) [16]byte { return i.id }))
	}
	if w.tick {
		g.ticked = true
		s.each(func(rows pgx.Rows) error {
			r, err := g.peeked(rows)
			g.due = append(g.due, r)
			return err
		}, peekRows+`FROM unnest($1::smallint[]) AS u (shard) CROSS JOIN LATERAL (SELECT * FROM delivery AS x WHERE x.shard = u.shard
			AND x.due_at <= coalesce($2::timestamptz, now()) ORDER BY x.due_at LIMIT $3) AS d
			JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid`, g.s.shardsOf(g.lane), g.s.given(), tickRows)
	}
	if len(g.ops) == 1 {
		g.lookAlone(s)
	}
	if err := s.send(ctx, g.c); err != nil {
		return err
	}
	*s = sheet{}
	return g.lookBack(ctx, w)
}

func (g *group) lookAtNames(s *sheet, w *wanted, found func(*queueInfo)) {
	names := slices.Collect(maps.Keys(w.names))
	s.each(func(rows pgx.Rows) error {
		i := &queueInfo{}
		if err := rows.Scan(i.into()...); err != nil {
			return err
		}
		i.name.Tenant = i.tenant
		found(i)
		return nil
	}, `SELECT `+queueColumns+` FROM unnest($1::uuid[], $2::text[]) AS u (tenant, client) JOIN queue AS q ON q.tenant = u.tenant AND q.client = u.client`,
		column(names, func(n queue.Name) [16]byte { return n.Tenant }), column(names, func(n queue.Name) string { return text(string(n.Client)) }))
}

func (g *group) lookAtRoutes(s *sheet, w *wanted, found func(routeKey, *queueInfo)) {
	routes := slices.Collect(maps.Keys(w.routes))
	s.each(func(rows pgx.Rows) error {
		i, r := &queueInfo{}, routeKey{}
		if err := rows.Scan(append(i.into(), &r.typ)...); err != nil {
			return err
		}
		i.name.Tenant, r.tenant = i.tenant, i.tenant
		found(r, i)
		return nil
	}, `SELECT `+queueColumns+`, s.type FROM unnest($1::uuid[], $2::text[]) AS u (tenant, type)
		JOIN subscription AS s ON s.tenant = u.tenant AND s.type = u.type JOIN queue AS q ON q.tenant = s.tenant AND q.qid = s.qid
		ORDER BY q.qid`, column(routes, func(r routeKey) [16]byte { return r.tenant }), column(routes, func(r routeKey) string { return text(r.typ) }))
}

func (g *group) lookAtAsked(s *sheet, w *wanted) {
	ids := w.asked.sorted(compareMessages)
	s.each(g.askedRow, `SELECT m.tenant, m.id, m.client, d.qid FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, id)
		JOIN message AS m ON m.tenant = u.tenant AND m.id = u.id LEFT JOIN delivery AS d ON d.tenant = m.tenant AND d.id = m.id`,
		column(ids, func(k messageKey) [16]byte { return k.tenant }), column(ids, func(k messageKey) [16]byte { return k.id }))
}

// askedRow reads a delivery of a message that an answer is for.
func (g *group) askedRow(rows pgx.Rows) error {
	var id messageKey
	var asker link.ClientID
	var qid *int64
	if err := rows.Scan(&id.tenant, &id.id, &asker, &qid); err != nil {
		return err
	}
	a := g.asked[id]
	if a == nil {
		a = &asked{asker: asker, holders: set[int64]{}}
		g.asked[id] = a
	}
	if qid != nil {
		a.holders.add(*qid)
	}
	return nil
}

// lookAtTags finds open leases first: one that ends in between is found here, and seen as ended when
// its row is locked.
func (g *group) lookAtTags(s *sheet, w *wanted) {
	tags := slices.Collect(maps.Keys(w.tags))
	tenants, numbers := column(tags, func(t tagKey) [16]byte { return t.tenant }), column(tags, func(t tagKey) int64 { return t.tag })
	s.each(func(rows pgx.Rows) error {
		r, err := g.peeked(rows)
		if err == nil {
			g.tagged[tagKey{r.tenant, r.tag}] = r
		}
		return err
	}, peekRows+`FROM unnest($1::uuid[], $2::bigint[]) AS u (tenant, tag) JOIN delivery AS d ON d.tenant = u.tenant AND d.tag = u.tag
		JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid`, tenants, numbers)
	s.each(g.endedRow, `SELECT a.tenant, a.tag, a.qid FROM unnest($1::uuid[], $2::bigint[]) AS u (tenant, tag)
		JOIN attempt AS a ON a.tenant = u.tenant AND a.tag = u.tag`, tenants, numbers)
}

// endedRow reads a lease that has ended.
func (g *group) endedRow(rows pgx.Rows) error {
	var t tagKey
	var qid int64
	err := rows.Scan(&t.tenant, &t.tag, &qid)
	g.ended[t] = qid
	return err
}

// lookAlone does what operations that stand alone need: they lock their queue before anything else.
func (g *group) lookAlone(s *sheet) {
	switch op := g.ops[0].(type) {
	case queue.OpRaiseEpoch:
		s.each(func(rows pgx.Rows) error { return rows.Scan(&g.epoch) }, `UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value`)
	case queue.OpHold:
		if op.Hold.Hold {
			return
		}
		s.exec(`SELECT 1 FROM queue WHERE tenant = $1 AND client = $2 FOR UPDATE`, op.Queue.Tenant, text(string(op.Queue.Client)))
		s.each(g.peek, peekRows+`FROM queue AS q JOIN delivery AS d ON d.tenant = q.tenant AND d.qid = q.qid AND d.holds
			WHERE q.tenant = $1 AND q.client = $2 ORDER BY d.pos`, op.Queue.Tenant, text(string(op.Queue.Client)))
	}
}

// peekRows begins a statement that peeked reads.
const peekRows = `SELECT ` + queueColumns + `, ` + rowColumns + ` `

// rowColumns are the columns of delivery that row reads.
const rowColumns = `d.tenant, d.id, d.qid, d.pos, d.state, d.okey, d.size, d.attempt, d.requeue_count, d.lost_count, d.due_at, d.settled_at,
	d.dead_reason, d.reason, d.holds, coalesce(d.tag, 0), d.leased_at, d.installation`

func (r *row) into() []any {
	return []any{&r.tenant, &r.id, &r.qid, &r.pos, &r.state, &r.okey, &r.size, &r.attempt, &r.requeues, &r.lost, &r.due, &r.settledAt,
		&r.dead, &r.reason, &r.holds, &r.tag, &r.leasedAt, &r.installation}
}

// peek reads a delivery that is not locked yet. Until it is, the group trusts nothing of it but its
// key and its ordering key.
func (g *group) peek(rows pgx.Rows) error {
	_, err := g.peeked(rows)
	return err
}

func (g *group) peeked(rows pgx.Rows) (*row, error) {
	i, r := &queueInfo{}, &row{}
	if err := rows.Scan(append(i.into(), r.into()...)...); err != nil {
		return nil, err
	}
	r.queue = g.queueOf(i)
	if known := g.rows[r.rowKey]; known != nil {
		return known, nil
	}
	g.rows[r.rowKey] = r
	g.order = append(g.order, r)
	return r, nil
}
