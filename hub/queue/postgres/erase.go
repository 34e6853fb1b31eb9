package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// blanking is how what a message says is taken out of the tables whose names begin with {}.
var blanking = []string{
	`UPDATE {}message SET body = '', headers = '', business_key = '', ordering_key = '', correlation = '', search_keys = NULL WHERE tenant = $1 AND id = $2`,
	`UPDATE {}delivery SET okey = '', reason = '' WHERE tenant = $1 AND id = $2`,
	`UPDATE {}attempt SET reason = '' WHERE tenant = $1 AND id = $2`,
	`UPDATE {}report SET code = '', reason = '' WHERE tenant = $1 AND id = $2`,
	`UPDATE {}outcome SET key = '', errors = '' WHERE tenant = $1 AND id = $2`,
}

// erase erases what a message says, wherever it stands. It is alone in its group, so it may lock what it
// finds.
func (g *group) erase(ctx context.Context, o queue.Erase) (queue.Result, error) {
	rows, err := g.c.Query(ctx, `SELECT state FROM delivery WHERE tenant = $1 AND id = $2 ORDER BY qid FOR UPDATE`, o.Tenant, o.ID)
	if err != nil {
		return queue.Result{}, err
	}
	states, err := pgx.CollectRows(rows, pgx.RowTo[link.State])
	if err != nil {
		return queue.Result{}, err
	}
	for _, s := range states {
		if !s.Final() {
			return queue.Result{Err: notNow(o.ID, s, []link.State{link.StateAcked, link.StateDiscarded})}, nil
		}
	}
	var in string
	err = g.c.QueryRow(ctx, `SELECT '' FROM message WHERE tenant = $1 AND id = $2 UNION ALL
		SELECT 'history_' FROM history_message WHERE tenant = $1 AND id = $2 LIMIT 1`, o.Tenant, o.ID).Scan(&in)
	if errors.Is(err, pgx.ErrNoRows) {
		return queue.Result{Err: link.NewError(link.CodeMessageUnknown)}, nil
	}
	if err != nil {
		return queue.Result{}, err
	}
	k, err := keysOf(ctx, g.c, in+"message", o.Tenant, []uuid.UUID{o.ID})
	if err != nil {
		return queue.Result{}, err
	}
	var s sheet
	s.exec(`DELETE FROM `+in+`search AS t USING unnest($2::bytea[], $3::bigint[]) AS u (key, place) WHERE t.tenant = $1 AND t.key = u.key
		AND t.place = u.place`, o.Tenant, k.keys, k.places)
	for _, q := range blanking {
		s.exec(open.Replace(q), o.Tenant, o.ID) // of one in the history: what was told later
		if in != "" {
			s.exec(inHistory.Replace(q), o.Tenant, o.ID)
		}
	}
	if in == "" {
		s.exec(`INSERT INTO erased (tenant, id, at, by, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, o.Tenant, o.ID, g.now, text(o.By), text(o.Reason))
	} else {
		s.exec(`INSERT INTO history_erased (tenant, id, day, at, by, reason) SELECT tenant, id, day, $3, $4, $5 FROM history_message
			WHERE tenant = $1 AND id = $2 ON CONFLICT DO NOTHING`, o.Tenant, o.ID, g.now, text(o.By), text(o.Reason))
	}
	return queue.Result{}, s.send(ctx, g.c)
}

// EraseHistory has nothing to do: a message stands in one place, and OpErase finds it there.
func (s *Store) EraseHistory(context.Context, queue.Erase) (queue.Op, bool, error) {
	return nil, false, nil
}

// Scrub lets the server use the space of what was erased anew. What its pages, its log and its backups
// still hold until then is out of reach; see docs/decisions/0063.
func (s *Store) Scrub(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `VACUUM message, outcome, report, attempt, history_message, history_outcome, history_report, history_attempt`); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	return nil
}

// purged is the place behind the open tables, where the days come.
var purged = []byte("days")

// Purge removes some messages of a tenant that have ended: from the open tables, and then from the days.
func (s *Store) Purge(ctx context.Context, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	step, err := s.purge(ctx, p, after, limit)
	if err != nil {
		return queue.PurgeStep{}, fmt.Errorf("purge: %w", err)
	}
	return step, nil
}

func (s *Store) purge(ctx context.Context, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return queue.PurgeStep{}, err
	}
	defer c.Release()
	if string(after) != string(purged) {
		return s.purgeOpen(ctx, c.Conn(), p, after, limit)
	}
	rows, err := c.Query(ctx, `SELECT to_char(day, 'YYYY-MM-DD') FROM history_day ORDER BY day`)
	if err != nil {
		return queue.PurgeStep{}, err
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return queue.PurgeStep{}, err
	}
	for _, day := range days {
		if n, err := s.removeOf(ctx, c, day, p.Tenant, limit); err != nil || n > 0 {
			return queue.PurgeStep{After: purged, Removed: n}, err
		}
	}
	_, err = c.Exec(ctx, `DELETE FROM health WHERE tenant = $1`, p.Tenant)
	return queue.PurgeStep{}, err
}

// purgeOpen removes messages from the open tables, in one transaction. What somebody works on is left.
func (s *Store) purgeOpen(ctx context.Context, c *pgx.Conn, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	last := uuid.Nil
	if len(after) == len(last) {
		last = uuid.UUID(after)
	}
	step := queue.PurgeStep{After: purged}
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, (SELECT count(*) FROM delivery AS d WHERE d.tenant = m.tenant AND d.id = m.id) FROM message AS m
			WHERE m.tenant = $1 AND m.id > $2 AND m.created_at < $3 ORDER BY m.id LIMIT $4`, p.Tenant, last, p.Before, limit)
		if err != nil {
			return err
		}
		deliveries := map[uuid.UUID]int{}
		var all []uuid.UUID
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&last, &n}, func() error {
			all, deliveries[last] = append(all, last), n
			return nil
		}); err != nil {
			return err
		}
		if len(all) == limit {
			step.After = last[:]
		}
		rows, err = tx.Query(ctx, `SELECT d.id FROM unnest($2::uuid[]) AS u (id) JOIN delivery AS d ON d.tenant = $1 AND d.id = u.id
			WHERE d.state IN ('acked', 'discarded') ORDER BY d.id, d.qid FOR UPDATE OF d SKIP LOCKED`, p.Tenant, all)
		if err != nil {
			return err
		}
		locked := map[uuid.UUID]int{}
		var id uuid.UUID
		if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { locked[id]++; return nil }); err != nil {
			return err
		}
		var ids []uuid.UUID
		for _, id := range all {
			if locked[id] == deliveries[id] {
				ids = append(ids, id)
			}
		}
		step.Removed, step.Left = len(ids), len(all)-len(ids)
		k, err := keysOf(ctx, tx, "message", p.Tenant, ids)
		if err != nil {
			return err
		}
		var sh sheet
		sh.exec(`DELETE FROM search AS t USING unnest($2::bytea[], $3::bigint[]) AS u (key, place) WHERE t.tenant = $1 AND t.key = u.key
			AND t.place = u.place`, p.Tenant, k.keys, k.places)
		sh.exec(countPast, p.Tenant, ids)
		for _, t := range append([]string{"lone"}, dayTables[1:]...) {
			sh.exec(`DELETE FROM `+t+` AS t USING unnest($2::uuid[]) AS u (id) WHERE t.tenant = $1 AND t.id = u.id`, p.Tenant, ids)
		}
		return sh.send(ctx, tx.Conn())
	})
	return step, err
}
