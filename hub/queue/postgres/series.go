package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// units are the lengths that figures are kept by, and how long.
var units = []struct{ step, kept time.Duration }{{time.Minute, queue.MinutesKept}, {time.Hour, queue.HoursKept}}

// tickTrim is how many old figures one tick lets go at most, of each unit.
const tickTrim = 2000

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

// net is how many more wait after the group.
func (t *tally) net() int64 { return t.ready + t.leased + t.behind + t.delayed }

// writeSeries adds what happened in queues to the minute and the hour of the group, in rows of this
// store's slot, and writes the answers. Which of those are new, and so count, only their insertion
// tells: both are one statement.
func (g *group) writeSeries(s *sheet) {
	list := make([]queueKey, 0, len(g.tallies))
	keys := set[queueKey]{}
	for k, t := range g.tallies {
		if t.figures != (link.QueueFigures{}) || t.net() != 0 {
			keys.add(k)
		}
	}
	for _, o := range g.outcomes {
		keys.add(queueKey{o.tenant, o.qid})
	}
	if len(keys) == 0 {
		return
	}
	list = append(list, keys.sorted(compareQueues)...)
	of := func(field func(*tally) int64) []int64 {
		return column(list, func(k queueKey) int64 { return field(g.tally(k)) })
	}
	told := g.outcomes
	g.outcomes = nil
	sortBy(told, compareRows, func(o outcome) rowKey { return o.rowKey })
	s.exec(`WITH told AS (INSERT INTO outcome (tenant, id, qid, number, status, key, errors, answer, at) SELECT o.*, $23 FROM unnest($15::uuid[],
		$16::uuid[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[], $22::uuid[]) AS o ON CONFLICT DO NOTHING
		RETURNING tenant, qid, status)
		INSERT INTO series AS s (tenant, qid, step, at, slot, published, delivered, acked, requeued, dead, lost, redriven, discarded, net, done, rejected)
		SELECT u.tenant, u.qid, x.step, x.at, $12, u.published, u.delivered, u.acked, u.requeued, u.dead, u.lost, u.redriven, u.discarded, u.net,
		(SELECT count(*) FROM told AS t WHERE t.tenant = u.tenant AND t.qid = u.qid AND t.status = $24),
		(SELECT count(*) FROM told AS t WHERE t.tenant = u.tenant AND t.qid = u.qid AND t.status = $25)
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
		$10::bigint[], $11::bigint[]) AS u (tenant, qid, published, delivered, acked, requeued, dead, lost, redriven, discarded, net)
		CROSS JOIN unnest($13::integer[], $14::timestamptz[]) AS x (step, at)
		ON CONFLICT (tenant, qid, step, at, slot) DO UPDATE SET published = s.published + excluded.published, delivered = s.delivered + excluded.delivered,
		acked = s.acked + excluded.acked, requeued = s.requeued + excluded.requeued, dead = s.dead + excluded.dead, lost = s.lost + excluded.lost,
		redriven = s.redriven + excluded.redriven, discarded = s.discarded + excluded.discarded, done = s.done + excluded.done,
		rejected = s.rejected + excluded.rejected, net = s.net + excluded.net`,
		column(list, func(k queueKey) [16]byte { return k.tenant }), column(list, func(k queueKey) int64 { return k.qid }),
		of(func(t *tally) int64 { return t.figures.Published }), of(func(t *tally) int64 { return t.figures.Delivered }),
		of(func(t *tally) int64 { return t.figures.Acked }), of(func(t *tally) int64 { return t.figures.Requeued }),
		of(func(t *tally) int64 { return t.figures.Dead }), of(func(t *tally) int64 { return t.figures.Lost }),
		of(func(t *tally) int64 { return t.figures.Redriven }), of(func(t *tally) int64 { return t.figures.Discarded }),
		of((*tally).net), g.s.slot, []int32{seconds(time.Minute), seconds(time.Hour)},
		[]time.Time{g.now.Truncate(time.Minute), g.now.Truncate(time.Hour)},
		column(told, func(o outcome) [16]byte { return o.tenant }), column(told, func(o outcome) [16]byte { return o.id }),
		column(told, func(o outcome) int64 { return o.qid }), column(told, func(o outcome) int64 { return int64(o.answer.Number) }),
		column(told, func(o outcome) string { return string(o.answer.Status) }), column(told, func(o outcome) string { return text(o.answer.Key) }),
		column(told, func(o outcome) string { return text(o.faults) }), column(told, func(o outcome) [16]byte { return o.by }), g.now,
		string(link.ERPDone), string(link.ERPRejected))
}

// trim lets figures go that are kept long enough, and tells whether there may be more.
func (g *group) trim(ctx context.Context) (more bool, err error) {
	for _, u := range units {
		tag, err := g.c.Exec(ctx, `DELETE FROM series WHERE (tenant, qid, step, at, slot) IN (SELECT tenant, qid, step, at, slot FROM series
			WHERE step = $1 AND at < $2 ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED)`, seconds(u.step), g.now.Add(-u.kept), tickTrim)
		if err != nil {
			return false, err
		}
		more = more || tag.RowsAffected() == tickTrim
	}
	return more, nil
}

// Recorded reads the figures of queues since a moment, and how many wait, from one state of the store.
func (s *Store) Recorded(ctx context.Context, queues []queue.Name, unit time.Duration, since time.Time) (map[queue.Name]queue.Recorded, error) {
	all := make(map[queue.Name]queue.Recorded, len(queues))
	err := pgx.BeginTxFunc(ctx, s.pool, readOnly, func(tx pgx.Tx) error {
		byKey := map[queueKey]queue.Name{}
		var now, then sheet
		now.each(func(rows pgx.Rows) error {
			var k queueKey
			var name queue.Name
			var waiting int64
			err := rows.Scan(&k.tenant, &k.qid, &name.Client, &waiting)
			name.Tenant = k.tenant
			byKey[k], all[name] = name, queue.Recorded{Waiting: waiting}
			return err
		}, `SELECT q.tenant, q.qid, q.client, (SELECT coalesce(sum(c.ready + c.leased + c.behind + c.delayed), 0)::bigint FROM queue_count AS c
			WHERE c.tenant = q.tenant AND c.qid = q.qid) FROM unnest($1::uuid[], $2::text[]) AS u (tenant, client)
			JOIN queue AS q ON q.tenant = u.tenant AND q.client = u.client`,
			column(queues, func(n queue.Name) [16]byte { return n.Tenant }), column(queues, func(n queue.Name) string { return text(string(n.Client)) }))
		if err := now.send(ctx, tx.Conn()); err != nil {
			return err
		}
		tenants, numbers := make([]uuid.UUID, 0, len(byKey)), make([]int64, 0, len(byKey))
		for k := range byKey {
			tenants, numbers = append(tenants, k.tenant), append(numbers, k.qid)
		}
		then.each(func(rows pgx.Rows) error {
			var k queueKey
			var u queue.Unit
			if err := rows.Scan(&k.tenant, &k.qid, &u.At, &u.Published, &u.Delivered, &u.Acked, &u.Requeued, &u.Dead, &u.Lost, &u.Redriven,
				&u.Discarded, &u.Done, &u.Rejected, &u.Net); err != nil {
				return err
			}
			u.At = u.At.UTC()
			r := all[byKey[k]]
			r.Units = append(r.Units, u)
			all[byKey[k]] = r
			return nil
		}, `SELECT u.tenant, u.qid, s.at, sum(s.published)::bigint, sum(s.delivered)::bigint, sum(s.acked)::bigint, sum(s.requeued)::bigint,
			sum(s.dead)::bigint, sum(s.lost)::bigint, sum(s.redriven)::bigint, sum(s.discarded)::bigint, sum(s.done)::bigint, sum(s.rejected)::bigint,
			sum(s.net)::bigint FROM unnest($1::uuid[], $2::bigint[]) AS u (tenant, qid) JOIN series AS s ON s.tenant = u.tenant AND s.qid = u.qid
			AND s.step = $3 AND s.at >= $4 GROUP BY u.tenant, u.qid, s.at ORDER BY s.at`, tenants, numbers, seconds(unit), since)
		return then.send(ctx, tx.Conn())
	})
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	return all, nil
}

// happened notes how a lease ended, or what a person did.
func (g *group) happened(r *row, what link.EventName) {
	queue.Happened(&g.tally(r.queue.queueKey).figures, what)
}
