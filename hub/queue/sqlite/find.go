package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"smartlink/hub/queue"
)

// Find finds messages by one key, the newest first.
func (s *Store) Find(ctx context.Context, f queue.Find) (queue.Found, error) {
	before := f.After
	if before == 0 {
		before = everything
	}
	var query string
	var key any
	switch {
	case f.BusinessKey != "":
		key, query = f.BusinessKey, `SELECT mid, id FROM message INDEXED BY message_business_key
			WHERE tenant = ?1 AND business_key = ?2 AND business_key <> '' AND mid < ?3 ORDER BY mid DESC LIMIT ?4`
	case f.CorrelationID != "":
		key, query = f.CorrelationID, `SELECT mid, id FROM message INDEXED BY message_correlation
			WHERE tenant = ?1 AND correlation = ?2 AND correlation <> '' AND mid < ?3 ORDER BY mid DESC LIMIT ?4`
	default:
		key, query = f.RootID[:], `SELECT mid, id FROM (
			SELECT mid, id FROM message INDEXED BY message_root WHERE tenant = ?1 AND root = ?2 AND root <> id
			UNION ALL SELECT mid, id FROM message WHERE id = ?2 AND tenant = ?1) WHERE mid < ?3 ORDER BY mid DESC LIMIT ?4`
	}
	rows, err := s.reader.QueryContext(ctx, query, f.Tenant[:], key, before, f.Limit+1)
	if err != nil {
		return queue.Found{}, fmt.Errorf("find messages: %w", err)
	}
	found := queue.Found{IDs: []uuid.UUID{}}
	var last int64
	for rows.Next() {
		if len(found.IDs) == f.Limit {
			found.Next = last
			break
		}
		var id uuid.UUID
		if err := rows.Scan(&last, &id); err != nil {
			return queue.Found{}, errors.Join(fmt.Errorf("find messages: %w", err), rows.Close())
		}
		found.IDs = append(found.IDs, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return queue.Found{}, fmt.Errorf("find messages: %w", err)
	}
	return found, nil
}
