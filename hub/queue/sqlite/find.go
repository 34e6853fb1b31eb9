package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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
	found, err := s.find(ctx, f, query, key, before)
	if err != nil {
		return queue.Found{}, fmt.Errorf("find messages: %w", err)
	}
	return found, nil
}

// find looks into queue.db and then into the history: what is in both is found once.
func (s *Store) find(ctx context.Context, f queue.Find, query string, key any, before int64) (queue.Found, error) {
	found := queue.Found{IDs: []uuid.UUID{}}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return found, err
	}
	defer func() { _ = tx.Rollback() }()
	type hit struct {
		mid int64
		id  uuid.UUID
	}
	var hits []hit
	look := func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query, f.Tenant[:], key, before, f.Limit+1)
		if err != nil {
			return err
		}
		for rows.Next() {
			var h hit
			if err := rows.Scan(&h.mid, &h.id); err != nil {
				return errors.Join(err, rows.Close())
			}
			hits = append(hits, h)
		}
		return errors.Join(rows.Err(), rows.Close())
	}
	if err := look(tx); err != nil {
		return found, err
	}
	x, err := s.historyOf(ctx, f.Tenant)
	if err != nil {
		return found, err
	}
	defer x.end()
	for _, tx := range x.txs {
		if err := look(tx); err != nil {
			return found, err
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.mid, a.mid) })
	hits = slices.CompactFunc(hits, func(a, b hit) bool { return a.mid == b.mid })
	for i, h := range hits {
		if i == f.Limit {
			found.Next = hits[i-1].mid
			break
		}
		found.IDs = append(found.IDs, h.id)
	}
	return found, nil
}
