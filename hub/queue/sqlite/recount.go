package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Count counts the deliveries of each queue of a tenant, or of all, and reads the counts that are kept:
// each queue from one state of the file.
func (s *Store) Count(ctx context.Context, tenant uuid.UUID) ([]queue.Counted, error) {
	var queues []*queueState
	s.memory.mu.Lock()
	for _, q := range s.memory.queues {
		if tenant == uuid.Nil || q.name.Tenant == tenant {
			queues = append(queues, q)
		}
	}
	s.memory.mu.Unlock()
	all := make([]queue.Counted, 0, len(queues))
	for _, q := range queues {
		c, err := s.recount(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("count messages of %s: %w", q.name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (s *Store) recount(ctx context.Context, q *queueState) (queue.Counted, error) {
	c := queue.Counted{Queue: q.name, Kept: map[link.State]int64{}, Found: map[link.State]int64{}}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return c, err
	}
	defer func() { _ = tx.Rollback() }()
	var k counts
	err = tx.QueryRowContext(ctx, `SELECT ready, behind, delayed, acked, dead, discarded FROM queue WHERE qid = ?`, q.id).
		Scan(&k.ready, &k.behind, &k.delayed, &k.acked, &k.dead, &k.discarded)
	if err != nil {
		return c, err
	}
	for _, state := range []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateAcked, link.StateDead, link.StateDiscarded} {
		c.Kept[state] = *k.of(state)
	}
	for _, list := range parts {
		for _, p := range list {
			if err := countPart(ctx, tx, q.id, p, c.Found); err != nil {
				return c, err
			}
		}
	}
	var acked, discarded int64
	err = tx.QueryRowContext(ctx, `SELECT acked, discarded FROM past WHERE qid = ?`, q.id).Scan(&acked, &discarded)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	c.Found[link.StateAcked] += acked
	c.Found[link.StateDiscarded] += discarded
	return c, nil
}

// countPart counts deliveries that one index walks, by state.
func countPart(ctx context.Context, tx *sql.Tx, qid int64, p part, found map[link.State]int64) error {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT state, count(*) FROM delivery INDEXED BY %s WHERE qid = ? AND %s GROUP BY state`,
		p.index, p.where), qid)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state link.State
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		found[state] += n
	}
	return rows.Err()
}

// mend adds to the counts of a queue.
func (g *group) mend(o queue.OpMend) queue.Result {
	q := g.m.queues[o.Queue]
	if q == nil {
		return queue.Result{Err: link.NewError(link.CodeNoQueue)}
	}
	for state, n := range o.Add {
		g.count(q, state, n)
	}
	return queue.Result{}
}
