package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// countedStates are the columns of queue_count, in their order.
var countedStates = []link.State{
	link.StateReady, link.StateLeased, link.StateBehind, link.StateDelayed, link.StateAcked, link.StateDead, link.StateDiscarded,
}

// Count counts the deliveries of each queue of a tenant, or of all tenants one after the other, and reads
// the counts that are kept: each tenant from one state of the store.
func (s *Store) Count(ctx context.Context, tenant uuid.UUID) ([]queue.Counted, error) {
	tenants := []uuid.UUID{tenant}
	if tenant == uuid.Nil {
		rows, err := s.pool.Query(ctx, `SELECT DISTINCT tenant FROM queue`)
		if err == nil {
			tenants, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		if err != nil {
			return nil, fmt.Errorf("count messages: %w", err)
		}
	}
	var all []queue.Counted
	for _, t := range tenants {
		list, err := s.countOf(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("count messages of tenant %s: %w", t, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

func (s *Store) countOf(ctx context.Context, tenant uuid.UUID) ([]queue.Counted, error) {
	// One statement is one state of the store.
	rows, err := s.pool.Query(ctx, `WITH found AS (SELECT qid, state, count(*) AS n FROM delivery WHERE tenant = $1 GROUP BY qid, state),
		kept AS (SELECT qid, sum(ready)::bigint AS ready, sum(leased)::bigint AS leased, sum(behind)::bigint AS behind, sum(delayed)::bigint AS delayed,
		sum(acked)::bigint AS acked, sum(dead)::bigint AS dead, sum(discarded)::bigint AS discarded FROM queue_count WHERE tenant = $1 GROUP BY qid)
		SELECT q.client, s.state, coalesce((SELECT CASE s.state WHEN 'ready' THEN k.ready WHEN 'leased' THEN k.leased WHEN 'behind' THEN k.behind
		WHEN 'delayed' THEN k.delayed WHEN 'acked' THEN k.acked WHEN 'dead' THEN k.dead ELSE k.discarded END FROM kept AS k WHERE k.qid = q.qid), 0),
		coalesce((SELECT f.n FROM found AS f WHERE f.qid = q.qid AND f.state = s.state), 0) + coalesce((SELECT CASE s.state WHEN 'acked' THEN p.acked
		WHEN 'discarded' THEN p.discarded END FROM queue_past AS p WHERE p.tenant = $1 AND p.qid = q.qid), 0)
		FROM queue AS q CROSS JOIN unnest($2::text[]) AS s (state) WHERE q.tenant = $1`, tenant, column(countedStates, func(s link.State) string { return string(s) }))
	if err != nil {
		return nil, err
	}
	byClient := map[link.ClientID]queue.Counted{}
	var client link.ClientID
	var state link.State
	var kept, found int64
	_, err = pgx.ForEachRow(rows, []any{&client, &state, &kept, &found}, func() error {
		c, known := byClient[client]
		if !known {
			c = queue.Counted{Queue: queue.Name{Tenant: tenant, Client: client}, Kept: map[link.State]int64{}, Found: map[link.State]int64{}}
			byClient[client] = c
		}
		c.Kept[state], c.Found[state] = kept, found
		return nil
	})
	list := make([]queue.Counted, 0, len(byClient))
	for _, c := range byClient {
		list = append(list, c)
	}
	return list, err
}

// mend adds to the counts of a queue, in this store's slot.
func (g *group) mend(o queue.OpMend) queue.Result {
	q := g.names[o.Queue]
	if q == nil {
		return noQueue()
	}
	for state, n := range o.Add {
		g.count(q.queueKey, state, n)
	}
	return queue.Result{}
}
