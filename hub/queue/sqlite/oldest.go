package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"smartlink/hub/queue"
)

// oldest is when the oldest waiting message of a queue was made. It stays the oldest until something leaves
// what waits, or comes back from the dead: what is sent is newer. So a list of thousands of queues asks
// the file for those only in which something happened.
type oldest struct {
	known   bool
	created int64
	changes int64 // counts what makes it unknown, so that an answer that was on its way is not believed
}

func (o *oldest) forget() { o.known, o.changes = false, o.changes+1 }

// unsure tells whether a change of counts can have changed which message is the oldest.
func (c counts) unsure() bool { return c.acked != 0 || c.dead != 0 || c.discarded != 0 }

// asking is a queue that the file is asked for.
type asking struct {
	q       *queueState
	place   int   // in the list of names
	changes int64 // of q.oldest, when it was asked
}

// Oldest finds the oldest waiting message of each queue.
func (s *Store) Oldest(ctx context.Context, queues []queue.Name) ([]time.Time, error) {
	found := make([]time.Time, len(queues))
	asked := map[int64]asking{}
	s.memory.mu.Lock()
	for i, name := range queues {
		q := s.memory.queues[name]
		switch {
		case q == nil || q.counts.ready+q.counts.behind+q.counts.delayed == 0:
		case q.oldest.known:
			found[i] = moment(q.oldest.created)
		default:
			asked[q.id] = asking{q, i, q.oldest.changes}
		}
	}
	s.memory.mu.Unlock()
	if len(asked) == 0 {
		return found, nil
	}
	created, err := s.oldestOf(ctx, asked)
	if err != nil {
		return nil, fmt.Errorf("oldest messages: %w", err)
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for id, at := range created {
		a := asked[id]
		found[a.place] = moment(at)
		if o := &a.q.oldest; o.changes == a.changes {
			o.known, o.created = true, at
		}
	}
	return found, nil
}

// oldestOf asks the file, for all queues at once: the first message of each list of each queue.
func (s *Store) oldestOf(ctx context.Context, queues map[int64]asking) (map[int64]int64, error) {
	ids := make([]int64, 0, len(queues))
	for id := range queues {
		ids = append(ids, id)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	columns := make([]string, 0, 3)
	for _, p := range parts[queue.ListWaiting] {
		columns = append(columns, fmt.Sprintf(`(SELECT m.created_at FROM delivery AS d INDEXED BY %s JOIN message AS m USING (mid)
			WHERE d.qid = q.value AND d.%s ORDER BY d.pos LIMIT 1)`, p.index, p.where))
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT q.value, `+strings.Join(columns, ", ")+` FROM json_each(?) AS q`, string(list))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	created := make(map[int64]int64, len(ids))
	for rows.Next() {
		var id int64
		var first [3]sql.NullInt64
		if err := rows.Scan(&id, &first[0], &first[1], &first[2]); err != nil {
			return nil, err
		}
		for _, at := range first {
			if earlier, known := created[id]; at.Valid && (!known || at.Int64 < earlier) {
				created[id] = at.Int64
			}
		}
	}
	return created, rows.Err()
}
