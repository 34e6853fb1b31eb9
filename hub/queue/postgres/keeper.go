package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"smartlink/hub/queue"
	"smartlink/link"
)

// keepLock is the advisory lock of keeping: of several hubs one does a step at a time.
const keepLock = 0x534d4b50 // "SMKP"

// historyTables are the tables that a message moves through, with their columns.
var historyTables = []struct{ name, columns string }{
	{"message", `tenant, id, place, root, type, audience, app, client, business_key, ordering_key, correlation, created_at, created_by, headers,
		content_type, body, search_keys`},
	{"delivery", `tenant, id, qid, pos, state, okey, size, attempt, requeue_count, lost_count, due_at, settled_at, dead_reason, reason, holds, tag,
		leased_at, installation`},
	{"attempt", `tenant, tag, id, qid, n, installation, leased_at, ended_at, ended, reason, next_try`},
	{"event", `tenant, id, qid, n, at, name, by, reason`},
	{"report", `tenant, id, qid, seq, state, attempt, at, next_try, code, reason, received_at`},
	{"outcome", `tenant, id, qid, number, status, key, errors, answer, at`},
	{"erased", `tenant, id, at, by, reason`},
}

// dayTables are all that have a part for each day.
var dayTables = func() []string {
	list := []string{"search"}
	for _, t := range historyTables {
		list = append(list, t.name)
	}
	return list
}()

// keeper is where a round of keeping stands. mu is held during each step.
type keeper struct {
	mu     sync.Mutex
	begun  bool
	queues []queueKey // left to walk
	pos    int64      // in the first of them
	lone   bool       // messages without a queue are done
	days   []string
}

// Retain registers who tells how long a tenant's messages are kept.
func (s *Store) Retain(of func(tenant uuid.UUID) queue.Retention) { s.retention = of }

// forever is what holds until somebody says more.
func forever(uuid.UUID) queue.Retention { return queue.Retention{History: link.Retention} }

// cut is the last day of a tenant's history that is over, YYYY-MM-DD: later ones are there to be read.
func (s *Store) cut(tenant uuid.UUID) time.Time {
	day := s.now().UTC().Add(-s.retention(tenant).History).AddDate(0, 0, -1)
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
}

// Keep does one step of a round. While another hub is at it there is nothing to do.
func (s *Store) Keep(ctx context.Context, o queue.Keeping) (queue.KeepStep, error) {
	k := &s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	step, err := s.keep(ctx, o)
	if err != nil || step.Done {
		k.begun, k.queues, k.pos, k.lone, k.days = false, nil, 0, false, nil
	}
	if err != nil {
		return queue.KeepStep{}, fmt.Errorf("keep history: %w", err)
	}
	return step, nil
}

func (s *Store) keep(ctx context.Context, o queue.Keeping) (queue.KeepStep, error) {
	k := &s.keeper
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return queue.KeepStep{}, err
	}
	defer c.Release()
	var mine bool
	if err := c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, keepLock).Scan(&mine); err != nil {
		return queue.KeepStep{}, err
	}
	if !mine {
		return queue.KeepStep{Done: true}, nil
	}
	defer func() {
		// A connection that cannot unlock is not used again, and the lock ends with it.
		if _, err := c.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, keepLock); err != nil {
			_ = c.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	if !k.begun {
		if err := s.begin(ctx, c); err != nil {
			return queue.KeepStep{}, err
		}
	}
	for len(k.queues) > 0 {
		n, looked, err := s.moveOfQueue(ctx, c, o)
		if err != nil || n > 0 || looked == o.Chunk {
			return queue.KeepStep{Kept: queue.Kept{Moved: n}}, err
		}
	}
	if !k.lone {
		n, all, err := s.moveLone(ctx, c, o)
		k.lone = all
		if err != nil || n > 0 {
			return queue.KeepStep{Kept: queue.Kept{Moved: n}}, err
		}
	}
	return s.thinOut(ctx, c, o)
}

// begin looks at what there is to do in a round.
func (s *Store) begin(ctx context.Context, c *pgxpool.Conn) error {
	k := &s.keeper
	rows, err := c.Query(ctx, `SELECT tenant, qid FROM queue ORDER BY tenant, qid`)
	if err != nil {
		return err
	}
	k.queues, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (q queueKey, err error) {
		err = row.Scan(&q.tenant, &q.qid)
		return q, err
	})
	if err != nil {
		return err
	}
	rows, err = c.Query(ctx, `SELECT to_char(day, 'YYYY-MM-DD') FROM history_day ORDER BY day`)
	if err != nil {
		return err
	}
	k.days, err = pgx.CollectRows(rows, pgx.RowTo[string])
	k.begun = err == nil
	return err
}

// ending is a message that may have ended, with how many deliveries it has.
type ending struct {
	id   uuid.UUID
	n    int
	end  time.Time
	open bool
}

// moveOfQueue moves some of what a queue has done with. It answers how many moved, and at how many it
// looked.
func (s *Store) moveOfQueue(ctx context.Context, c *pgxpool.Conn, o queue.Keeping) (moved, looked int, err error) {
	k := &s.keeper
	q := k.queues[0]
	list, err := s.endings(ctx, c, q, o.Chunk)
	if err != nil {
		return 0, 0, err
	}
	before, allRecent := s.now().Add(-o.Recent), len(list) > 0
	days := map[string][]ending{}
	for _, m := range list {
		recent := m.end.After(before)
		allRecent = allRecent && !m.open && recent
		if !m.open && !recent {
			days[queue.Day(m.end)] = append(days[queue.Day(m.end)], m)
		}
	}
	if len(list) < o.Chunk || allRecent {
		k.queues, k.pos = k.queues[1:], 0
	}
	for day, list := range days {
		n, err := s.move(ctx, c, q.tenant, day, list)
		if err != nil {
			return moved, len(list), err
		}
		moved += n
	}
	return moved, len(list), nil
}

// endings looks at some closed deliveries of the queue that is walked, in its order.
func (s *Store) endings(ctx context.Context, c *pgxpool.Conn, q queueKey, limit int) ([]ending, error) {
	rows, err := c.Query(ctx, `SELECT f.pos, d.id, d.state, coalesce(d.settled_at, 'epoch'), coalesce(a.installation, ''), coalesce(o.status, ''),
		coalesce(o.at, 'epoch') FROM (SELECT tenant, id, pos FROM delivery AS x WHERE x.tenant = $1 AND x.qid = $2 AND x.state IN ('acked', 'discarded')
		AND x.pos > $3 ORDER BY x.pos LIMIT $4) AS f JOIN delivery AS d ON d.tenant = f.tenant AND d.id = f.id
		LEFT JOIN LATERAL (SELECT x.installation FROM attempt AS x WHERE x.tenant = d.tenant AND x.id = d.id AND x.qid = d.qid
		ORDER BY x.leased_at DESC, x.tag DESC LIMIT 1) AS a ON true LEFT JOIN LATERAL (SELECT x.status, x.at FROM outcome AS x
		WHERE x.tenant = d.tenant AND x.id = d.id AND x.qid = d.qid ORDER BY x.number DESC LIMIT 1) AS o ON true ORDER BY f.pos`,
		q.tenant, q.qid, s.keeper.pos, limit)
	if err != nil {
		return nil, err
	}
	var list []ending
	var id uuid.UUID
	var e queue.Ending
	waiting := s.retention(q.tenant).Waiting
	_, err = pgx.ForEachRow(rows, []any{&s.keeper.pos, &id, &e.State, &e.SettledAt, &e.Installation, &e.Outcome, &e.AnsweredAt}, func() error {
		if len(list) == 0 || list[len(list)-1].id != id {
			list = append(list, ending{id: id})
		}
		m := &list[len(list)-1]
		end, over := queue.EndOf(e, waiting)
		m.n++
		m.open = m.open || !over
		if end.After(m.end) {
			m.end = end
		}
		return nil
	})
	return list, err
}

// moveLone moves messages that stand in no queue. all tells that none is left.
func (s *Store) moveLone(ctx context.Context, c *pgxpool.Conn, o queue.Keeping) (moved int, all bool, err error) {
	rows, err := c.Query(ctx, `SELECT tenant, id, created_at FROM lone WHERE created_at <= $1 ORDER BY created_at LIMIT $2`, s.now().Add(-o.Recent), o.Chunk)
	if err != nil {
		return 0, false, err
	}
	type place struct {
		tenant uuid.UUID
		day    string
	}
	found, n := map[place][]ending{}, 0
	var p place
	var m ending
	_, err = pgx.ForEachRow(rows, []any{&p.tenant, &m.id, &m.end}, func() error {
		p.day = queue.Day(m.end)
		found[p] = append(found[p], m)
		n++
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	for p, list := range found {
		n, err := s.move(ctx, c, p.tenant, p.day, list)
		if err != nil {
			return moved, false, err
		}
		moved += n
	}
	return moved, n < o.Chunk, nil
}

// move moves messages of one tenant to a day, in one transaction. Those that somebody works on are left:
// the mover waits for nobody.
func (s *Store) move(ctx context.Context, c *pgxpool.Conn, tenant uuid.UUID, day string, list []ending) (int, error) {
	if err := s.partition(ctx, c, day); err != nil {
		return 0, err
	}
	n := 0
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		slices.SortFunc(list, func(a, b ending) int { return compareUUID(a.id, b.id) })
		rows, err := tx.Query(ctx, `SELECT d.id FROM unnest($2::uuid[]) AS u (id) JOIN delivery AS d ON d.tenant = $1 AND d.id = u.id
			ORDER BY d.id, d.qid FOR UPDATE OF d SKIP LOCKED`, tenant, column(list, func(m ending) [16]byte { return m.id }))
		if err != nil {
			return err
		}
		locked := map[uuid.UUID]int{}
		var id uuid.UUID
		if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { locked[id]++; return nil }); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(m ending) bool { return locked[m.id] != m.n })
		n = len(list)
		ids := column(list, func(m ending) [16]byte { return m.id })
		var sh sheet
		if err := moveKeys(ctx, &sh, tx, tenant, ids, day); err != nil {
			return err
		}
		sh.exec(countPast, tenant, ids)
		for _, t := range historyTables {
			sh.exec(`WITH gone AS (DELETE FROM `+t.name+` AS t USING unnest($2::uuid[]) AS u (id) WHERE t.tenant = $1 AND t.id = u.id RETURNING t.*)
				INSERT INTO history_`+t.name+` (day, `+t.columns+`) SELECT $3::text::date, `+t.columns+` FROM gone`, tenant, ids, day)
		}
		sh.exec(`DELETE FROM lone AS t USING unnest($2::uuid[]) AS u (id) WHERE t.tenant = $1 AND t.id = u.id`, tenant, ids)
		return sh.send(ctx, tx.Conn())
	})
	if err != nil {
		return 0, fmt.Errorf("move to the history of %s: %w", day, err)
	}
	return n, nil
}

// countPast counts the deliveries of messages that are about to leave.
const countPast = `INSERT INTO queue_past AS p (tenant, qid, acked, discarded) SELECT d.tenant, d.qid, count(*) FILTER (WHERE d.state = 'acked'),
	count(*) FILTER (WHERE d.state = 'discarded') FROM unnest($2::uuid[]) AS u (id) JOIN delivery AS d ON d.tenant = $1 AND d.id = u.id
	GROUP BY d.tenant, d.qid ON CONFLICT (tenant, qid) DO UPDATE SET acked = p.acked + excluded.acked, discarded = p.discarded + excluded.discarded`

// keyed are the keys that messages are found by, as columns.
type keyed struct {
	keys   [][]byte
	places []int64
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// keysOf reads the keys of messages from a table.
func keysOf(ctx context.Context, tx querier, table string, tenant uuid.UUID, ids any) (keyed, error) {
	var k keyed
	rows, err := tx.Query(ctx, `SELECT m.place, m.search_keys FROM unnest($2::uuid[]) AS u (id) JOIN `+table+` AS m ON m.tenant = $1 AND m.id = u.id
		WHERE m.search_keys IS NOT NULL`, tenant, ids)
	if err != nil {
		return k, err
	}
	var place int64
	var keys []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &keys}, func() error {
		for _, key := range queue.SplitKeys(keys) {
			k.keys, k.places = append(k.keys, bytes.Clone(key)), append(k.places, place)
		}
		return nil
	})
	return k, err
}

// moveKeys has the keys of messages moved with them.
func moveKeys(ctx context.Context, sh *sheet, tx pgx.Tx, tenant uuid.UUID, ids any, day string) error {
	k, err := keysOf(ctx, tx, "message", tenant, ids)
	if err != nil || len(k.keys) == 0 {
		return err
	}
	sh.exec(`WITH gone AS (DELETE FROM search AS t USING unnest($2::bytea[], $3::bigint[]) AS u (key, place) WHERE t.tenant = $1 AND t.key = u.key
		AND t.place = u.place RETURNING t.*) INSERT INTO history_search (day, tenant, key, place, id) SELECT $4::text::date, tenant, key, place, id FROM gone`,
		tenant, k.keys, k.places, day)
	return nil
}

// partitionOf names a day's part of a table.
func partitionOf(table, day string) string {
	return pgx.Identifier{"history_" + table + "_" + strings.ReplaceAll(day, "-", "")}.Sanitize()
}

// partition makes a day's partitions. They are made apart and attached, which keeps nobody from reading
// or writing the others.
func (s *Store) partition(ctx context.Context, c *pgxpool.Conn, day string) error {
	var there bool
	if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM history_day WHERE day = $1::text::date)`, day).Scan(&there); err != nil || there {
		return err
	}
	began, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		for _, t := range dayTables {
			p := partitionOf(t, day)
			for _, q := range []string{
				`CREATE TABLE ` + p + ` (LIKE history_` + t + ` INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
				`ALTER TABLE history_` + t + ` ATTACH PARTITION ` + p + ` FOR VALUES FROM ('` + day + `') TO ('` + began.AddDate(0, 0, 1).Format(time.DateOnly) + `')`,
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return fmt.Errorf("make the history of %s: %w", day, err)
				}
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO history_day (day) VALUES ($1::text::date)`, day)
		return err
	})
}

// thinOut drops a day whose retention is over for every tenant in it, or removes messages of one for
// which it is. It ends the round when no day is left.
func (s *Store) thinOut(ctx context.Context, c *pgxpool.Conn, o queue.Keeping) (queue.KeepStep, error) {
	k := &s.keeper
	for len(k.days) > 0 {
		day := k.days[0]
		over, left, err := s.tenantsOf(ctx, c, day)
		switch {
		case err != nil:
			return queue.KeepStep{}, err
		case left == 0:
			k.days = k.days[1:]
			freed, err := s.drop(ctx, c, day)
			return queue.KeepStep{Kept: queue.Kept{Days: 1, Freed: freed}}, err
		case len(over) == 0:
			k.days = k.days[1:]
			continue
		}
		n, err := s.removeOf(ctx, c, day, over[0], o.Chunk)
		return queue.KeepStep{Kept: queue.Kept{Erased: n}}, err
	}
	return queue.KeepStep{Done: true}, nil
}

// tenantsOf lists whose retention of a day is over, and counts the others that have messages of it.
func (s *Store) tenantsOf(ctx context.Context, c *pgxpool.Conn, day string) (over []uuid.UUID, left int, err error) {
	for last := uuid.Nil; ; {
		rows, err := c.Query(ctx, `SELECT tenant FROM history_message WHERE day = $1::text::date AND tenant > $2 ORDER BY tenant LIMIT 1`, day, last)
		if err != nil {
			return nil, 0, err
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil || len(list) == 0 {
			return over, left, err
		}
		last = list[0]
		if queue.DayOver(day, s.retention(last).History, s.now()) {
			over = append(over, last)
		} else {
			left++
		}
	}
}

// HistoryOf counts a tenant's messages in each day.
func (s *Store) HistoryOf(ctx context.Context, tenant uuid.UUID, most int64) ([]queue.HistoryDay, error) {
	rows, err := s.pool.Query(ctx, `SELECT to_char(d.day, 'YYYY-MM-DD'), n.messages FROM history_day AS d CROSS JOIN LATERAL (SELECT count(*) AS messages
		FROM (SELECT 1 FROM history_message AS m WHERE m.tenant = $1 AND m.day = d.day LIMIT $2) AS x) AS n WHERE n.messages > 0 ORDER BY d.day`, tenant, most)
	if err != nil {
		return nil, fmt.Errorf("count the history: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[queue.HistoryDay])
	if err != nil {
		return nil, fmt.Errorf("count the history: %w", err)
	}
	return list, nil
}

// drop drops a day, and answers the size of its partitions. They are detached without keeping others from
// the rest.
func (s *Store) drop(ctx context.Context, c *pgxpool.Conn, day string) (freed int64, err error) {
	for _, t := range []string{"report", "outcome"} { // what was told of its messages after they had moved
		if _, err := c.Exec(ctx, `DELETE FROM `+t+` AS t USING history_message AS m WHERE m.day = $1::text::date AND t.tenant = m.tenant AND t.id = m.id`,
			day); err != nil {
			return freed, fmt.Errorf("drop the history of %s: %w", day, err)
		}
	}
	for _, t := range dayTables {
		p := partitionOf(t, day)
		var attached, pending bool
		var size int64
		err := c.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(inhdetachpending), false) FROM pg_inherits WHERE inhrelid = to_regclass($1)`, p).
			Scan(&attached, &pending)
		if err == nil && attached {
			how := ` CONCURRENTLY`
			if pending { // a hub stopped in the middle of it
				how = ` FINALIZE`
			}
			_, err = c.Exec(ctx, `ALTER TABLE history_`+t+` DETACH PARTITION `+p+how)
		}
		if err == nil {
			err = c.QueryRow(ctx, `SELECT coalesce(pg_total_relation_size(to_regclass($1)), 0)`, p).Scan(&size)
		}
		if err == nil {
			_, err = c.Exec(ctx, `DROP TABLE IF EXISTS `+p)
		}
		if err != nil {
			return freed, fmt.Errorf("drop the history of %s: %w", day, err)
		}
		freed += size
	}
	if _, err := c.Exec(ctx, `DELETE FROM history_day WHERE day = $1::text::date`, day); err != nil {
		return freed, fmt.Errorf("drop the history of %s: %w", day, err)
	}
	return freed, nil
}

// removeOf removes some messages of a tenant from a day.
func (s *Store) removeOf(ctx context.Context, c *pgxpool.Conn, day string, tenant uuid.UUID, limit int) (int, error) {
	n := 0
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM history_message WHERE tenant = $1 AND day = $2::text::date LIMIT $3`, tenant, day, limit)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return err
		}
		n = len(ids)
		k, err := keysOf(ctx, tx, "history_message", tenant, ids)
		if err != nil {
			return err
		}
		var sh sheet
		sh.exec(`DELETE FROM history_search AS t USING unnest($2::bytea[], $3::bigint[]) AS u (key, place) WHERE t.tenant = $1 AND t.key = u.key
			AND t.place = u.place AND t.day = $4::text::date`, tenant, k.keys, k.places, day)
		for _, t := range historyTables {
			sh.exec(`DELETE FROM history_`+t.name+` AS t USING unnest($2::uuid[]) AS u (id) WHERE t.tenant = $1 AND t.id = u.id AND t.day = $3::text::date`,
				tenant, ids, day)
		}
		for _, t := range []string{"report", "outcome"} {
			sh.exec(`DELETE FROM `+t+` AS t USING unnest($2::uuid[]) AS u (id) WHERE t.tenant = $1 AND t.id = u.id`, tenant, ids)
		}
		return sh.send(ctx, tx.Conn())
	})
	if err != nil {
		return 0, fmt.Errorf("thin out the history of %s: %w", day, err)
	}
	return n, nil
}
