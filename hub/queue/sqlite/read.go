package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Message reads a message with its body. Errors: link.CodeMessageUnknown, link.CodeBodyGone.
func (s *Store) Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) {
	var m messageRow
	erased := false
	err := s.reader.QueryRowContext(ctx, `SELECT `+messageColumns+erasedColumn+` FROM message WHERE id = ? AND tenant = ?`, id[:], tenant[:]).
		Scan(append(m.into(), &erased)...)
	if errors.Is(err, sql.ErrNoRows) {
		m = messageRow{}
		err = s.movedMessage(ctx, tenant, id, append(m.into(), &erased))
	}
	if err == nil && erased {
		return link.Message{}, link.NewError(link.CodeBodyGone)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return link.Message{}, link.NewError(link.CodeMessageUnknown)
	}
	if err != nil {
		return link.Message{}, fmt.Errorf("read message %s: %w", id, err)
	}
	return m.message()
}

// erasedColumn tells whether a message's content was erased.
const erasedColumn = `, EXISTS (SELECT 1 FROM erased AS e WHERE e.mid = message.mid)`

// movedMessage reads a message of the history.
func (s *Store) movedMessage(ctx context.Context, tenant, id uuid.UUID, into []any) error {
	x, err := s.historyOf(ctx, tenant)
	if err != nil {
		return err
	}
	defer x.end()
	_, _, err = x.find(ctx, tenant, id, messageColumns+erasedColumn, into...)
	return err
}

// Queues lists the queues of a tenant by name, or of all.
func (s *Store) Queues(_ context.Context, tenant uuid.UUID) ([]queue.Info, error) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	infos := []queue.Info{}
	if tenant == uuid.Nil {
		infos = slices.Grow(infos, len(s.memory.list))
	}
	for _, q := range s.memory.byName() {
		if tenant != uuid.Nil && q.name.Tenant != tenant {
			continue
		}
		c, leased := q.counts, int64(len(q.leased))
		info := queue.Info{
			Queue: q.name, Subscriptions: q.subscriptions, RequeueCountMax: q.requeueMax, Hold: q.hold, Paused: q.paused, CreatedAt: moment(q.createdAt),
			Installation: q.installation, Counts: queue.Counts{
				Ready: c.ready - leased, Leased: leased, Behind: c.behind, Delayed: c.delayed, Acked: c.acked, Dead: c.dead, Discarded: c.discarded,
			},
		}
		if q.lastGet > 0 {
			info.LastGet = moment(q.lastGet)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// Health lists the last health of each installation of a tenant.
func (s *Store) Health(ctx context.Context, tenant uuid.UUID) ([]queue.Health, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT client, installation, at, content_type, body FROM health WHERE tenant = ?
		ORDER BY client, installation`, tenant[:])
	if err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []queue.Health{}
	for rows.Next() {
		h := queue.Health{Queue: queue.Name{Tenant: tenant}}
		var at int64
		if err := rows.Scan(&h.Queue.Client, &h.Installation, &at, &h.ContentType, &h.Body); err != nil {
			return nil, fmt.Errorf("read health: %w", err)
		}
		h.At = moment(at)
		list = append(list, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read health: %w", err)
	}
	return list, nil
}
