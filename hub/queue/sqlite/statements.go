package sqlite

import (
	"errors"
	"fmt"

	"smartlink/internal/sqlraw"
)

// statements are the prepared statements of the writing connection.
type statements struct {
	begin, commit, rollback *stmt
	logState, logMove       *stmt

	queueAdd, queueLimit, queueHold, queuePause, queueCounts *stmt
	subscribe, unsubscribe                                   *stmt

	dedupeAdd, dedupeFind, dedupeDrop, dedupeSweep, dedupeOldest *stmt
	messageAdd, messageAddMany, messageFind, messageQueues       *stmt
	searchAdd, searchAddMany, searchDrop                         *stmt
	deliveryAdd, deliveryAddMany, deliveryHas                    *stmt
	orderingAdd, orderingTake, orderingDrop, orderingNext        *stmt
	outcomeAdd, reportAdd, healthFind, healthSet                 *stmt

	leaseAdd, leaseDrop, attemptAdd                                *stmt
	deliveryFind, redrive, placeSet, holdSet, holding, eventAdd    *stmt
	settle, delay, lose, promote, undelay                          *stmt
	loneAdd, lateAdd, grown, pastAdd, shrink                       *stmt
	eraseFind, eraseStates, eraseNote, healthDrop                  *stmt
	forget, blank                                                  []*stmt
	readyAfter, delayedDue, delayedNext, unsentMetrics, epochRaise *stmt
	seriesAdd, seriesTrim                                          *stmt
}

// forgotten are the tables that a message leaves when it has moved.
var forgotten = append([]string{"message", "lone", "late"}, childTables...)

// How rows of what is sent are stored, and the parameters of one. A statement that fails leaves what it has done, for its
// whole group is given up then; so SQLite need not keep each page it changes as it was before the statement.
const (
	intoMessage = `INSERT OR FAIL INTO message (mid, id, tenant, root, type, audience, app, client, business_key, ordering_key, correlation, created_at,
		created_by, headers, content_type, body, search_keys) VALUES `
	aMessage     = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	intoDelivery = `INSERT OR FAIL INTO delivery (mid, qid, pos, state, okey, size) VALUES `
	aDelivery    = `(?, ?, ?, ?, ?, ?)`
	intoSearch   = `INSERT OR FAIL INTO search (tenant, key, mid) VALUES `
	aSearch      = `(?, ?, ?)`
)

// prepare prepares them all; they last as long as the connection.
func prepare(c *sqlraw.Conn) (*statements, error) {
	st := &statements{}
	st.forget = make([]*stmt, len(forgotten))
	list := []struct {
		to  **stmt
		sql string
	}{
		{&st.begin, `BEGIN IMMEDIATE`},
		{&st.commit, `COMMIT`},
		{&st.rollback, `ROLLBACK`},
		{&st.logState, `PRAGMA wal_checkpoint(NOOP)`},
		{&st.logMove, movePassive},

		{&st.queueAdd, `INSERT INTO queue (tenant, client, requeue_max, created_at) VALUES (?, ?, ?, ?) RETURNING qid`},
		{&st.queueLimit, `UPDATE queue SET requeue_max = ? WHERE qid = ?`},
		{&st.queueHold, `UPDATE queue SET hold = ? WHERE qid = ?`},
		{&st.queuePause, `UPDATE queue SET paused_at = ?, paused_reason = ?, paused_by = ? WHERE qid = ?`},
		{&st.queueCounts, `UPDATE queue SET last_get = ?, installation = ?, ready = ?, behind = ?, delayed = ?, acked = ?, dead = ?,
			discarded = ? WHERE qid = ?`},
		{&st.subscribe, `INSERT INTO subscription (qid, type) VALUES (?, ?)`},
		{&st.unsubscribe, `DELETE FROM subscription WHERE qid = ? AND type = ?`},

		{&st.dedupeAdd, `INSERT OR FAIL INTO dedupe (n, key, hash, id, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`},
		{&st.dedupeFind, `SELECT hash, id, at FROM dedupe WHERE key = ?`},
		{&st.dedupeDrop, `DELETE FROM dedupe WHERE key = ?`},
		{&st.dedupeSweep, `DELETE FROM dedupe WHERE n IN (SELECT n FROM dedupe ORDER BY n LIMIT ?) AND at <= ?`},
		{&st.dedupeOldest, `SELECT at FROM dedupe ORDER BY n LIMIT 1`},

		{&st.messageAdd, intoMessage + aMessage},
		{&st.messageAddMany, intoMessage + times(aMessage, messageRows)},
		{&st.searchDrop, `DELETE FROM search WHERE tenant = ? AND key = ? AND mid = ?`},
		{&st.searchAdd, intoSearch + aSearch + ` ON CONFLICT DO NOTHING`},
		{&st.searchAddMany, intoSearch + times(aSearch, searchRows) + ` ON CONFLICT DO NOTHING`},
		{&st.messageFind, `SELECT mid, client FROM message WHERE id = ? AND tenant = ?`},
		{&st.messageQueues, `SELECT d.qid FROM message AS m JOIN delivery AS d ON d.mid = m.mid WHERE m.id = ? AND m.tenant = ? ORDER BY d.qid`},
		{&st.deliveryAdd, intoDelivery + aDelivery},
		{&st.deliveryAddMany, intoDelivery + times(aDelivery, deliveryRows)},
		{&st.deliveryHas, `SELECT 1 FROM delivery WHERE mid = ? AND qid = ?`},

		{&st.orderingAdd, `INSERT INTO ordering (qid, okey, n) VALUES (?, ?, 1) ON CONFLICT (qid, okey) DO UPDATE SET n = n + 1
			RETURNING n`},
		{&st.orderingTake, `UPDATE ordering SET n = n - 1 WHERE qid = ? AND okey = ? RETURNING n`},
		{&st.orderingDrop, `DELETE FROM ordering WHERE qid = ? AND okey = ?`},
		{&st.orderingNext, `SELECT pos, mid, okey, attempt, requeue_count, lost_count, size FROM delivery INDEXED BY delivery_behind
			WHERE qid = ? AND state = 'behind' AND okey = ? ORDER BY pos LIMIT 1`},

		{&st.outcomeAdd, `INSERT INTO outcome (mid, qid, number, status, key, errors, answer, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`},
		{&st.reportAdd, `INSERT INTO report (mid, qid, seq, state, attempt, at, next_try, code, reason, received_at)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
			WHERE ?3 > coalesce((SELECT max(seq) FROM report WHERE mid = ?1 AND qid = ?2), -1)`},
		{&st.healthFind, `SELECT mid FROM health WHERE tenant = ? AND client = ? AND installation = ? AND mid IS NOT NULL`},
		{&st.healthSet, `INSERT INTO health (tenant, client, installation, at, content_type, body, mid) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, client, installation) DO UPDATE SET at = excluded.at, content_type = excluded.content_type,
			body = excluded.body, mid = excluded.mid`},
		{&st.unsentMetrics, `SELECT qid, pos, mid, okey, attempt, requeue_count, lost_count, size FROM delivery
			WHERE mid = ? AND state = 'ready' AND attempt = 0`},

		{&st.leaseAdd, `INSERT INTO lease (tag, mid, qid, n, installation, leased_at) VALUES (?, ?, ?, ?, ?, ?)`},
		{&st.leaseDrop, `DELETE FROM lease WHERE tag = ?`},
		{&st.attemptAdd, `INSERT INTO attempt (mid, qid, tag, n, installation, leased_at, ended_at, ended, reason, next_try)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&st.settle, `UPDATE delivery SET state = ?, attempt = ?, requeue_count = ?, lost_count = ?, settled_at = ?, dead_reason = ?,
			reason = ?, due_at = NULL, holds = 0 WHERE mid = ? AND qid = ?`},
		{&st.delay, `UPDATE delivery SET state = 'delayed', attempt = ?, requeue_count = ?, due_at = ?, reason = ? WHERE mid = ? AND qid = ?`},
		{&st.lose, `UPDATE delivery SET attempt = ?, lost_count = ? WHERE mid = ? AND qid = ?`},
		{&st.promote, `UPDATE delivery SET state = 'ready' WHERE mid = ? AND qid = ?`},
		{&st.undelay, `UPDATE delivery SET state = 'ready', due_at = NULL WHERE mid = ? AND qid = ?`},

		{&st.readyAfter, `SELECT pos, mid, okey, attempt, requeue_count, lost_count, size FROM delivery INDEXED BY delivery_ready
			WHERE qid = ? AND state = 'ready' AND pos > ? ORDER BY pos LIMIT ?`},
		{&st.delayedDue, `SELECT qid, pos, mid, okey, attempt, requeue_count, lost_count, size FROM delivery INDEXED BY delivery_delayed
			WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at LIMIT ?`},
		{&st.delayedNext, `SELECT due_at FROM delivery INDEXED BY delivery_delayed WHERE state = 'delayed' ORDER BY due_at LIMIT 1`},
		{&st.deliveryFind, `SELECT d.pos, d.mid, d.okey, d.attempt, d.requeue_count, d.lost_count, d.size, d.state, d.holds FROM message AS m
			JOIN delivery AS d ON d.mid = m.mid AND d.qid = ?3 WHERE m.id = ?1 AND m.tenant = ?2`},
		{&st.redrive, `UPDATE delivery SET state = ?, pos = ?, requeue_count = 0, lost_count = 0, settled_at = NULL, dead_reason = NULL,
			reason = NULL, holds = 0 WHERE mid = ? AND qid = ?`},
		{&st.placeSet, `UPDATE meta SET value = ? WHERE name = 'place'`},
		{&st.holdSet, `UPDATE delivery SET holds = ? WHERE mid = ? AND qid = ?`},
		{&st.holding, `SELECT pos, mid, okey, attempt, requeue_count, lost_count, size FROM delivery INDEXED BY delivery_holds
			WHERE qid = ? AND holds = 1 ORDER BY pos`},
		{&st.eventAdd, `INSERT INTO event (mid, qid, n, at, name, by, reason) SELECT ?1, ?2,
			coalesce((SELECT max(n) FROM event WHERE mid = ?1 AND qid = ?2), 0) + 1, ?3, ?4, ?5, ?6`},

		{&st.seriesAdd, `INSERT INTO series (qid, step, at, published, delivered, acked, requeued, dead, lost, redriven, discarded, done, rejected, net)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (qid, step, at) DO UPDATE SET published = published + excluded.published,
			delivered = delivered + excluded.delivered, acked = acked + excluded.acked, requeued = requeued + excluded.requeued,
			dead = dead + excluded.dead, lost = lost + excluded.lost, redriven = redriven + excluded.redriven,
			discarded = discarded + excluded.discarded, done = done + excluded.done, rejected = rejected + excluded.rejected, net = net + excluded.net`},
		{&st.seriesTrim, `DELETE FROM series WHERE (qid, step, at) IN (SELECT qid, step, at FROM series INDEXED BY series_age WHERE step = ? AND at < ?
			LIMIT ?)`},
		{&st.loneAdd, `INSERT INTO lone (mid, created_at) VALUES (?, ?)`},
		{&st.lateAdd, `INSERT OR IGNORE INTO late (mid, day) VALUES (?, ?)`},
		{&st.grown, `SELECT j.value, (SELECT count(*) FROM outcome AS o WHERE o.mid = j.value), (SELECT count(*) FROM report AS r WHERE r.mid = j.value)
			FROM json_each(?) AS j`},
		{&st.pastAdd, `INSERT INTO past (qid, acked, discarded) SELECT qid, sum(state = 'acked'), sum(state = 'discarded') FROM delivery
			WHERE mid IN (SELECT value FROM json_each(?)) GROUP BY qid
			ON CONFLICT (qid) DO UPDATE SET acked = acked + excluded.acked, discarded = discarded + excluded.discarded`},
		{&st.eraseFind, `SELECT mid, search_keys FROM message WHERE id = ? AND tenant = ?`},
		{&st.eraseStates, `SELECT state FROM delivery WHERE mid = ?`},
		{&st.eraseNote, noteErased},
		{&st.healthDrop, `DELETE FROM health WHERE tenant = ?`},
		{&st.shrink, fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, shrinkPages)},

		{&st.epochRaise, `UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value`},
	}
	for i, t := range forgotten {
		list = append(list, struct {
			to  **stmt
			sql string
		}{&st.forget[i], `DELETE FROM ` + t + ` WHERE mid IN (SELECT value FROM json_each(?))`})
	}
	st.blank = make([]*stmt, len(blanking))
	for i, q := range blanking {
		list = append(list, struct {
			to  **stmt
			sql string
		}{&st.blank[i], q})
	}
	for _, x := range list {
		s, err := c.Prepare(x.sql)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.sql, err)
		}
		*x.to = &stmt{x.sql, s}
	}
	return st, nil
}

// stmt is one prepared statement. Its errors tell which.
type stmt struct {
	sql string
	s   *sqlraw.Stmt
}

// exec runs the statement and answers how many rows it changed.
func (s *stmt) exec(args ...any) (int64, error) {
	n, err := s.s.Exec(args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.sql, err)
	}
	return n, nil
}

// each runs the statement and calls f with each row, which is valid until f returns.
func (s *stmt) each(f func(row []any) error, args ...any) error {
	if err := s.s.Each(f, args...); err != nil {
		return fmt.Errorf("%s: %w", s.sql, err)
	}
	return nil
}

// errEnough ends a statement of which no further row is wanted.
var errEnough = errors.New("enough")

// one runs the statement and answers its first row, which is valid until the statement runs again; nil when there is none.
func (s *stmt) one(args ...any) (row []any, err error) {
	err = s.s.Each(func(r []any) error {
		row = r
		return errEnough
	}, args...)
	if err != nil && err != errEnough {
		return nil, fmt.Errorf("%s: %w", s.sql, err)
	}
	return row, nil
}
