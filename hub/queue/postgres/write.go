package postgres

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// slots is in how many rows the counts of a queue are kept. Hubs that run together have epochs that
// follow each other, and so different slots.
const slots = 16

// What a group writes beside deliveries.
type (
	stored struct {
		link.Message
		headers string
		place   int64
		keys    [][]byte
		lone    bool // it stands in no queue
	}
	outcome struct {
		rowKey
		answer *queue.Answer
		faults string
		by     uuid.UUID
	}
	report struct {
		rowKey
		item *queue.Report
	}
	healthRow struct {
		healthKey
		contentType string
		body        []byte
		message     *uuid.UUID
	}
	attempt struct {
		rowKey
		tag          int64
		n            int
		installation string
		leasedAt     time.Time
		how          link.EventName
		reason       string
		next         *time.Time
	}
	event struct {
		rowKey
		what       link.EventName
		by, reason string
	}
)

// flush puts what the group has made so far on a sheet: one statement for each table, rows in the
// order of their keys, tables in one order.
func (g *group) flush(s *sheet) {
	g.writeMessages(s)
	g.writeDeliveries(s)
	g.writeTold(s)
	g.writeAttempts(s)
	g.writeOrders(s)
}

// finish is the last flush, with what is written once in a group.
func (g *group) finish(s *sheet) error {
	g.flush(s)
	if g.ticked {
		g.s.known.addTo(g)
		s.each(func(rows pgx.Rows) error { return rows.Scan(&g.nextDue) }, `SELECT min(d.due_at) FROM unnest($1::smallint[]) AS u (shard)
			CROSS JOIN LATERAL (SELECT due_at FROM delivery AS x WHERE x.shard = u.shard AND x.due_at IS NOT NULL ORDER BY x.due_at LIMIT 1) AS d`,
			g.s.shardsOf(g.lane))
	}
	g.writeTallies(s)
	g.writeSeries(s)
	return nil
}

func (g *group) writeMessages(s *sheet) {
	list := g.messages
	if len(list) == 0 {
		return
	}
	g.messages = nil
	g.writeLone(s, list)
	sortBy(list, compareMessages, func(m stored) messageKey { return messageKey{m.TenantID, m.ID} })
	of := func(field func(stored) string) []string {
		return column(list, func(m stored) string { return text(field(m)) })
	}
	s.exec(`INSERT INTO message (tenant, id, place, root, type, audience, app, client, business_key, ordering_key, correlation, created_at, created_by,
		headers, content_type, body, search_keys) SELECT u.tenant, u.id, u.place, u.root, u.type, u.audience, u.app, u.client, u.business_key, u.ordering_key,
		u.correlation, $15, u.created_by, u.headers, u.content_type, u.body, u.search_keys FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[],
		$6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $16::bytea[],
		$17::bytea[]) AS u (tenant, id, place, root, type, audience, app, client, business_key, ordering_key, correlation, created_by, headers, content_type,
		body, search_keys)`,
		column(list, func(m stored) [16]byte { return m.TenantID }), column(list, func(m stored) [16]byte { return m.ID }),
		column(list, func(m stored) int64 { return m.place }), column(list, func(m stored) [16]byte { return m.RootID }),
		of(func(m stored) string { return m.Type }), of(func(m stored) string { return m.Audience }), of(func(m stored) string { return m.Sender.App }),
		of(func(m stored) string { return string(m.Sender.ClientID) }), of(func(m stored) string { return m.BusinessKey }),
		of(func(m stored) string { return m.OrderingKey }), of(func(m stored) string { return m.CorrelationID }),
		of(func(m stored) string { return m.CreatedBy }), of(func(m stored) string { return m.headers }),
		of(func(m stored) string { return m.ContentType }), g.now, column(list, func(m stored) []byte { return notNull(m.Body) }),
		column(list, func(m stored) []byte { return queue.JoinKeys(m.keys) }))
	writeKeys(s, list)
}

// writeLone notes which messages stand in no queue.
func (g *group) writeLone(s *sheet, list []stored) {
	var lone []stored
	for _, m := range list {
		if m.lone {
			lone = append(lone, m)
		}
	}
	if len(lone) > 0 {
		s.exec(`INSERT INTO lone (tenant, id, created_at) SELECT u.*, $3 FROM unnest($1::uuid[], $2::uuid[]) AS u`,
			column(lone, func(m stored) [16]byte { return m.TenantID }), column(lone, func(m stored) [16]byte { return m.ID }), g.now)
	}
}

// notNull keeps an empty body from being stored as NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (g *group) writeDeliveries(s *sheet) {
	var fresh, changed []*row
	for _, r := range g.order {
		switch {
		case r.fresh:
			fresh = append(fresh, r)
		case r.dirty:
			changed = append(changed, r)
		}
		r.fresh, r.dirty = false, false
	}
	if len(fresh) > 0 {
		shard := func(r *row) int16 { return shardOf(r.tenant) }
		s.exec(`INSERT INTO delivery (tenant, id, qid, shard, size, okey, `+changing+`) SELECT u.tenant, u.id, u.qid, u.shard, u.size, u.okey, `+changedTo+`
			FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], `+changingArrays+`, $17::smallint[], $18::integer[], $19::text[])
			AS u (tenant, id, qid, `+changing+`, shard, size, okey)`,
			append(rowArrays(fresh), column(fresh, shard), column(fresh, func(r *row) int { return r.size }), column(fresh, func(r *row) string { return r.okey }))...)
	}
	if len(changed) > 0 {
		s.exec(`UPDATE delivery AS d SET (`+changing+`) = ROW (`+changedTo+`) FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], `+changingArrays+`)
			AS u (tenant, id, qid, `+changing+`) WHERE d.tenant = u.tenant AND d.id = u.id AND d.qid = u.qid`, rowArrays(changed)...)
	}
}

// The columns of a delivery that change, and the arrays they come from.
const (
	changing  = `pos, state, attempt, requeue_count, lost_count, due_at, settled_at, dead_reason, reason, holds, tag, leased_at, installation`
	changedTo = `u.pos, u.state, u.attempt, u.requeue_count, u.lost_count, u.due_at, u.settled_at, u.dead_reason, u.reason, u.holds, u.tag, u.leased_at,
		u.installation`
	changingArrays = `$4::bigint[], $5::text[], $6::integer[], $7::integer[], $8::integer[], $9::timestamptz[], $10::timestamptz[], $11::text[],
		$12::text[], $13::boolean[], $14::bigint[], $15::timestamptz[], $16::text[]`
)

// rowArrays are the arguments of a statement over deliveries.
func rowArrays(list []*row) []any {
	sortBy(list, compareRows, func(r *row) rowKey { return r.rowKey })
	return []any{
		column(list, func(r *row) [16]byte { return r.tenant }), column(list, func(r *row) [16]byte { return r.id }),
		column(list, func(r *row) int64 { return r.qid }), column(list, func(r *row) int64 { return r.pos }),
		column(list, func(r *row) string { return string(r.state) }), column(list, func(r *row) int { return r.attempt }),
		column(list, func(r *row) int { return r.requeues }), column(list, func(r *row) int { return r.lost }),
		column(list, func(r *row) *time.Time { return r.due }), column(list, func(r *row) *time.Time { return r.settledAt }),
		column(list, func(r *row) string { return string(r.dead) }), column(list, func(r *row) string { return r.reason }),
		column(list, func(r *row) bool { return r.holds }), column(list, func(r *row) *int64 {
			if r.tag == 0 {
				return nil
			}
			return &r.tag
		}), column(list, func(r *row) *time.Time { return r.leasedAt }), column(list, func(r *row) string { return r.installation }),
	}
}

// writeTold writes what was told about messages: reports, health. Answers are written with the series.
func (g *group) writeTold(s *sheet) {
	if list := g.reports; len(list) > 0 {
		g.reports = nil
		sortBy(list, compareRows, func(r report) rowKey { return r.rowKey })
		s.exec(`INSERT INTO report (tenant, id, qid, seq, state, attempt, at, next_try, code, reason, received_at) SELECT u.*, $11 FROM unnest($1::uuid[],
			$2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::integer[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[])
			AS u (tenant, id, qid, seq, state, attempt, at, next_try, code, reason)
			WHERE (EXISTS (SELECT 1 FROM delivery AS d WHERE d.tenant = u.tenant AND d.id = u.id AND d.qid = u.qid)
			OR EXISTS (SELECT 1 FROM history_delivery AS d WHERE d.tenant = u.tenant AND d.id = u.id AND d.qid = u.qid)
			AND NOT EXISTS (SELECT 1 FROM history_report AS r WHERE r.tenant = u.tenant AND r.id = u.id AND r.qid = u.qid AND r.seq >= u.seq))
			AND NOT EXISTS (SELECT 1 FROM report AS r WHERE r.tenant = u.tenant AND r.id = u.id AND r.qid = u.qid AND r.seq >= u.seq)
			ON CONFLICT DO NOTHING`,
			column(list, func(r report) [16]byte { return r.tenant }), column(list, func(r report) [16]byte { return r.id }),
			column(list, func(r report) int64 { return r.qid }), column(list, func(r report) int64 { return r.item.Seq }),
			column(list, func(r report) string { return string(r.item.State) }), column(list, func(r report) int { return r.item.Attempt }),
			column(list, func(r report) time.Time { return r.item.At }), column(list, func(r report) *time.Time { return r.item.NextTry }),
			column(list, func(r report) string { return text(r.item.Code) }), column(list, func(r report) string { return text(r.item.Reason) }), g.now)
	}
	if list := g.healths; len(list) > 0 {
		g.healths = nil
		s.exec(`UPDATE health AS h SET at = $7, content_type = u.content_type, body = u.body, message = u.message FROM unnest($1::uuid[], $2::text[],
			$3::text[], $4::text[], $5::bytea[], $6::uuid[]) AS u (tenant, client, installation, content_type, body, message)
			WHERE h.tenant = u.tenant AND h.client = u.client AND h.installation = u.installation`,
			column(list, func(h healthRow) [16]byte { return h.Tenant }), column(list, func(h healthRow) string { return text(string(h.Client)) }),
			column(list, func(h healthRow) string { return h.installation }), column(list, func(h healthRow) string { return text(h.contentType) }),
			column(list, func(h healthRow) []byte { return notNull(h.body) }), column(list, func(h healthRow) *uuid.UUID { return h.message }), g.now)
	}
}

func (g *group) writeAttempts(s *sheet) {
	if list := g.attempts; len(list) > 0 {
		g.attempts = nil
		s.exec(`INSERT INTO attempt (tenant, tag, id, qid, n, installation, leased_at, ended, reason, next_try, ended_at) SELECT u.*, $11 FROM unnest(
			$1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::integer[], $6::text[], $7::timestamptz[], $8::text[], $9::text[], $10::timestamptz[]) AS u`,
			column(list, func(a attempt) [16]byte { return a.tenant }), column(list, func(a attempt) int64 { return a.tag }),
			column(list, func(a attempt) [16]byte { return a.id }), column(list, func(a attempt) int64 { return a.qid }),
			column(list, func(a attempt) int { return a.n }), column(list, func(a attempt) string { return a.installation }),
			column(list, func(a attempt) time.Time { return a.leasedAt }), column(list, func(a attempt) string { return string(a.how) }),
			column(list, func(a attempt) string { return a.reason }), column(list, func(a attempt) *time.Time { return a.next }), g.now)
	}
	if list := g.events; len(list) > 0 {
		g.events = nil
		s.exec(`INSERT INTO event (tenant, id, qid, name, by, reason, at) SELECT u.*, $7 FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[],
			$5::text[], $6::text[]) AS u`,
			column(list, func(e event) [16]byte { return e.tenant }), column(list, func(e event) [16]byte { return e.id }),
			column(list, func(e event) int64 { return e.qid }), column(list, func(e event) string { return string(e.what) }),
			column(list, func(e event) string { return e.by }), column(list, func(e event) string { return e.reason }), g.now)
	}
}

// writeOrders writes how much is outstanding; keys that nothing is outstanding of are let go.
func (g *group) writeOrders(s *sheet) {
	var kept, empty []*key
	for _, k := range g.keys {
		switch {
		case !k.dirty:
		case k.n > 0:
			kept = append(kept, k)
		default:
			empty = append(empty, k)
		}
		k.dirty = k.n == 0 // a later flush of the group may bring it back, or must let it go again
	}
	arrays := func(list []*key) []any {
		return []any{
			column(list, func(k *key) [16]byte { return k.tenant }), column(list, func(k *key) int64 { return k.qid }), column(list, func(k *key) string { return k.okey }),
		}
	}
	if len(kept) > 0 {
		s.exec(`INSERT INTO ordering (tenant, qid, okey, n) SELECT u.* FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) AS u
			ON CONFLICT (tenant, qid, okey) DO UPDATE SET n = excluded.n`, append(arrays(kept), column(kept, func(k *key) int64 { return k.n }))...)
	}
	if len(empty) > 0 {
		s.exec(`DELETE FROM ordering AS o USING unnest($1::uuid[], $2::bigint[], $3::text[]) AS u (tenant, qid, okey)
			WHERE o.tenant = u.tenant AND o.qid = u.qid AND o.okey = u.okey`, arrays(empty)...)
	}
}

// writeTallies adds to the counts of this store's slot.
func (g *group) writeTallies(s *sheet) {
	keys := set[queueKey]{}
	for k, t := range g.tallies {
		if t.counts() {
			keys.add(k)
		}
	}
	if len(keys) == 0 {
		return
	}
	list := keys.sorted(compareQueues)
	of := func(field func(*tally) int64) []int64 {
		return column(list, func(k queueKey) int64 { return field(g.tallies[k]) })
	}
	s.exec(`INSERT INTO queue_count AS c (tenant, qid, slot, ready, leased, behind, delayed, acked, dead, discarded, last_get, installation)
		SELECT u.tenant, u.qid, $3, u.ready, u.leased, u.behind, u.delayed, u.acked, u.dead, u.discarded, u.last_get, u.installation
		FROM unnest($1::uuid[], $2::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
		$11::timestamptz[], $12::text[]) AS u (tenant, qid, ready, leased, behind, delayed, acked, dead, discarded, last_get, installation)
		ON CONFLICT (tenant, qid, slot) DO UPDATE SET ready = c.ready + excluded.ready, leased = c.leased + excluded.leased,
		behind = c.behind + excluded.behind, delayed = c.delayed + excluded.delayed, acked = c.acked + excluded.acked, dead = c.dead + excluded.dead,
		discarded = c.discarded + excluded.discarded, last_get = greatest(c.last_get, excluded.last_get),
		installation = CASE WHEN excluded.last_get IS NULL OR excluded.last_get < c.last_get THEN c.installation ELSE excluded.installation END`,
		column(list, func(k queueKey) [16]byte { return k.tenant }), column(list, func(k queueKey) int64 { return k.qid }), g.s.slot,
		of(func(t *tally) int64 { return t.ready }), of(func(t *tally) int64 { return t.leased }), of(func(t *tally) int64 { return t.behind }),
		of(func(t *tally) int64 { return t.delayed }), of(func(t *tally) int64 { return t.acked }), of(func(t *tally) int64 { return t.dead }),
		of(func(t *tally) int64 { return t.discarded }), column(list, func(k queueKey) *time.Time { return g.tallies[k].lastGet }),
		column(list, func(k queueKey) string { return g.tallies[k].installation }))
}
