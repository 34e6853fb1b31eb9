package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// messageColumns are the columns that messageRow reads.
const messageColumns = `m.id, m.tenant, m.root, m.type, m.audience, m.app, m.client, m.business_key, m.ordering_key, m.correlation, m.created_at,
	m.created_by, m.headers, m.content_type, m.body`

// messageRow is a row of message.
type messageRow struct {
	m       link.Message
	headers string
}

func (r *messageRow) into() []any {
	m := &r.m
	return []any{&m.ID, &m.TenantID, &m.RootID, &m.Type, &m.Audience, &m.Sender.App, &m.Sender.ClientID, &m.BusinessKey, &m.OrderingKey,
		&m.CorrelationID, &m.CreatedAt, &m.CreatedBy, &r.headers, &m.ContentType, &m.Body}
}

func (r *messageRow) message() (link.Message, error) {
	m := r.m
	m.CreatedAt = m.CreatedAt.UTC()
	if r.headers != "" {
		if err := json.Unmarshal([]byte(r.headers), &m.Headers); err != nil {
			return link.Message{}, fmt.Errorf("headers of message %s: %w", m.ID, err)
		}
	}
	return m, nil
}

// Message reads a message with its body. Errors: link.CodeMessageUnknown, link.CodeBodyGone.
func (s *Store) Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) {
	var m messageRow
	erased := false
	err := pgx.BeginTxFunc(ctx, s.pool, readOnly, func(tx pgx.Tx) error {
		in, err := s.find(ctx, tx, tenant, id, messageColumns, m.into()...)
		if err == nil {
			err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+in+`erased WHERE tenant = $1 AND id = $2)`, tenant, id).Scan(&erased)
		}
		return err
	})
	if err == nil && erased {
		return link.Message{}, link.NewError(link.CodeBodyGone)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return link.Message{}, link.NewError(link.CodeMessageUnknown)
	}
	if err != nil {
		return link.Message{}, fmt.Errorf("read message %s: %w", id, err)
	}
	return m.message()
}

// Queues lists the queues of a tenant by name, or of all.
func (s *Store) Queues(ctx context.Context, tenant uuid.UUID) ([]queue.Info, error) {
	infos, err := s.queues(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	return infos, nil
}

// queues reads the queues of one tenant, or, for the hub's own overview, of all. The second is not a
// hot path.
func (s *Store) queues(ctx context.Context, tenant uuid.UUID) ([]queue.Info, error) {
	where, args := `WHERE q.tenant = $1`, []any{tenant}
	if tenant == uuid.Nil {
		where, args = ``, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT q.tenant, q.qid, q.client, q.requeue_max, q.hold, q.paused_at, q.paused_reason, q.paused_by, q.created_at,
		coalesce(c.ready, 0), coalesce(c.leased, 0), coalesce(c.behind, 0), coalesce(c.delayed, 0), coalesce(c.acked, 0), coalesce(c.dead, 0),
		coalesce(c.discarded, 0), c.last_get, coalesce(c.installation, ''), ARRAY(SELECT s.type FROM subscription AS s WHERE s.tenant = q.tenant
		AND s.qid = q.qid ORDER BY s.type)
		FROM queue AS q CROSS JOIN LATERAL (SELECT sum(x.ready)::bigint AS ready, sum(x.leased)::bigint AS leased, sum(x.behind)::bigint AS behind,
		sum(x.delayed)::bigint AS delayed, sum(x.acked)::bigint AS acked, sum(x.dead)::bigint AS dead, sum(x.discarded)::bigint AS discarded,
		max(x.last_get) AS last_get, (array_agg(x.installation ORDER BY x.last_get DESC NULLS LAST))[1] AS installation
		FROM queue_count AS x WHERE x.tenant = q.tenant AND x.qid = q.qid) AS c `+where, args...)
	if err != nil {
		return nil, err
	}
	infos := []queue.Info{}
	defer rows.Close()
	for rows.Next() {
		i, k := queue.Info{}, queueKey{}
		var t tally
		var pausedAt, lastGet *time.Time
		var paused queue.Paused
		if err := rows.Scan(&k.tenant, &k.qid, &i.Queue.Client, &i.RequeueCountMax, &i.Hold, &pausedAt, &paused.Reason, &paused.By, &i.CreatedAt,
			&t.ready, &t.leased, &t.behind, &t.delayed, &t.acked, &t.dead, &t.discarded, &lastGet, &i.Installation, &i.Subscriptions); err != nil {
			return nil, err
		}
		i.Queue.Tenant, i.CreatedAt = k.tenant, i.CreatedAt.UTC()
		i.Counts = queue.Counts{
			Ready: t.ready, Leased: t.leased, Behind: t.behind, Delayed: t.delayed, Acked: t.acked, Dead: t.dead, Discarded: t.discarded,
		}
		if pausedAt != nil {
			paused.At = pausedAt.UTC()
			i.Paused = &paused
		}
		if lastGet != nil {
			i.LastGet = lastGet.UTC()
		}
		if at, installation, here := s.known.last(k); here && at.After(i.LastGet) {
			i.LastGet, i.Installation = at, installation
		}
		infos = append(infos, i)
	}
	slices.SortFunc(infos, func(a, b queue.Info) int { return a.Queue.Compare(b.Queue) })
	return infos, rows.Err()
}

// Health lists the last health of each installation of a tenant.
func (s *Store) Health(ctx context.Context, tenant uuid.UUID) ([]queue.Health, error) {
	rows, err := s.pool.Query(ctx, `SELECT client, installation, at, content_type, body FROM health WHERE tenant = $1 AND at IS NOT NULL
		ORDER BY client, installation`, tenant)
	if err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	defer rows.Close()
	list := []queue.Health{}
	for rows.Next() {
		h := queue.Health{Queue: queue.Name{Tenant: tenant}}
		if err := rows.Scan(&h.Queue.Client, &h.Installation, &h.At, &h.ContentType, &h.Body); err != nil {
			return nil, fmt.Errorf("read health: %w", err)
		}
		h.At = h.At.UTC()
		list = append(list, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	return list, nil
}

// everything lies behind every place.
const everything = math.MaxInt64

// Find finds messages by one key, the newest first.
func (s *Store) Find(ctx context.Context, f queue.Find) (queue.Found, error) {
	before := f.After
	if before == 0 {
		before = everything
	}
	var where string
	var key any
	switch {
	case f.BusinessKey != "":
		key, where = text(f.BusinessKey), `business_key = $2 AND business_key <> ''`
	case f.CorrelationID != "":
		key, where = text(f.CorrelationID), `correlation = $2 AND correlation <> ''`
	default:
		key, where = f.RootID, `root = $2 AND root <> id`
	}
	from := func(table, and string) string {
		q := `(SELECT place, id FROM ` + table + ` WHERE tenant = $1 AND ` + where + ` AND place < $3` + and + ` ORDER BY place DESC LIMIT $4)`
		if f.RootID != uuid.Nil {
			q += ` UNION ALL SELECT place, id FROM ` + table + ` WHERE tenant = $1 AND id = $2 AND place < $3` + and
		}
		return q
	}
	rows, err := s.pool.Query(ctx, `SELECT place, id FROM (`+from("message", "")+` UNION ALL `+from("history_message", " AND day > $5")+
		`) AS m ORDER BY place DESC LIMIT $4`, f.Tenant, key, before, f.Limit+1, s.cut(f.Tenant))
	if err != nil {
		return queue.Found{}, fmt.Errorf("find messages: %w", err)
	}
	found := queue.Found{IDs: []uuid.UUID{}}
	var place, last int64
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&place, &id}, func() error {
		if len(found.IDs) == f.Limit {
			found.Next = last
			return nil
		}
		last = place
		found.IDs = append(found.IDs, id)
		return nil
	})
	if err != nil {
		return queue.Found{}, fmt.Errorf("find messages: %w", err)
	}
	return found, nil
}
