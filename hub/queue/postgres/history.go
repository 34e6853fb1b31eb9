package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// What a group finds in the history is what left it out of the open tables: it asks there only for what
// it did not find in them.

// past is a delivery in the history.
type past struct{ state link.State }

// lookBack looks in the history for what look has not found.
func (g *group) lookBack(ctx context.Context, w *wanted) error {
	var s sheet
	var ids []messageKey
	for id := range w.asked {
		if g.asked[id] == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		s.each(g.askedRow, `SELECT m.tenant, m.id, m.client, d.qid FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS u (tenant, id, cut)
			JOIN history_message AS m ON m.tenant = u.tenant AND m.id = u.id AND m.day > u.cut
			LEFT JOIN history_delivery AS d ON d.tenant = m.tenant AND d.id = m.id AND d.day = m.day`,
			column(ids, func(k messageKey) [16]byte { return k.tenant }), column(ids, func(k messageKey) [16]byte { return k.id }),
			column(ids, func(k messageKey) any { return g.s.cut(k.tenant) }))
	}
	var tags []tagKey
	for t := range w.tags {
		if _, ended := g.ended[t]; !ended && g.tagged[t] == nil {
			tags = append(tags, t)
		}
	}
	if len(tags) > 0 {
		s.each(g.endedRow, `SELECT a.tenant, a.tag, a.qid FROM unnest($1::uuid[], $2::bigint[]) AS u (tenant, tag)
			JOIN history_attempt AS a ON a.tenant = u.tenant AND a.tag = u.tag`,
			column(tags, func(t tagKey) [16]byte { return t.tenant }), column(tags, func(t tagKey) int64 { return t.tag }))
	}
	for _, i := range w.ids {
		q := g.names[i.Name]
		if q == nil || g.rows[rowKey{messageKey{i.Tenant, i.id}, q.qid}] != nil {
			continue
		}
		k := rowKey{messageKey{i.Tenant, i.id}, q.qid}
		s.each(func(rows pgx.Rows) error {
			var p past
			err := rows.Scan(&p.state)
			g.past[k] = p
			return err
		}, `SELECT d.state FROM history_delivery AS d WHERE d.tenant = $1 AND d.id = $2 AND d.qid = $3 AND d.day > $4`, i.Tenant, i.id, q.qid, g.s.cut(i.Tenant))
	}
	return s.send(ctx, g.c)
}

// queuesBack lists the queues that first messages of requests went to, for those in the history.
func (g *group) queuesBack(ctx context.Context, byFirst map[messageKey][]*request) error {
	var s sheet
	for id, list := range byFirst {
		if len(list) == 0 || len(list[0].queues) > 0 {
			continue
		}
		s.each(func(rows pgx.Rows) error {
			name := queue.Name{Tenant: id.tenant}
			err := rows.Scan(&name.Client)
			for _, r := range list {
				r.queues = append(r.queues, name)
			}
			return err
		}, `SELECT q.client FROM history_delivery AS d JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid
			WHERE d.tenant = $1 AND d.id = $2 AND d.day > $3 ORDER BY q.qid`, id.tenant, id.id, g.s.cut(id.tenant))
	}
	return s.send(ctx, g.c)
}

// find finds a message for a reader, in the open tables or in the history: columns of a table m are
// scanned. It answers what the names of the tables begin with that have it.
func (s *Store) find(ctx context.Context, tx pgx.Tx, tenant, id uuid.UUID, columns string, into ...any) (string, error) {
	err := tx.QueryRow(ctx, `SELECT `+columns+` FROM message AS m WHERE m.tenant = $1 AND m.id = $2`, tenant, id).Scan(into...)
	if !errors.Is(err, pgx.ErrNoRows) {
		return "", err
	}
	return "history_", tx.QueryRow(ctx, `SELECT `+columns+` FROM history_message AS m WHERE m.tenant = $1 AND m.id = $2 AND m.day > $3
		ORDER BY m.day DESC LIMIT 1`, tenant, id, s.cut(tenant)).Scan(into...)
}
