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

// blanking is how what a message says is taken out of the file that it stands in. What is overwritten is
// overwritten with zeros too; see secureDelete.
var blanking = []string{
	`UPDATE message SET body = x'', headers = '', business_key = '', ordering_key = '', correlation = '', search_keys = NULL WHERE mid = ?`,
	`UPDATE delivery SET okey = NULL, reason = NULL WHERE mid = ?`,
	`UPDATE attempt SET reason = '' WHERE mid = ?`,
	`UPDATE report SET code = '', reason = '' WHERE mid = ?`,
	`UPDATE outcome SET key = '', errors = '' WHERE mid = ?`,
}

const noteErased = `INSERT OR IGNORE INTO erased (mid, at, by, reason) VALUES (?, ?, ?, ?)`

// erase erases what a message says, where it stands in queue.db.
func (g *group) erase(o queue.Erase) (queue.Result, error) {
	row, err := g.st.eraseFind.one(o.ID[:], o.Tenant[:])
	if err != nil {
		return queue.Result{}, err
	}
	if row == nil {
		return queue.Result{Err: link.NewError(link.CodeMessageUnknown)}, nil
	}
	mid := row[0].(int64)
	keys, _ := row[1].([]byte)
	keys = slices.Clone(keys)
	open := link.State("")
	err = g.st.eraseStates.each(func(row []any) error {
		if s := link.State(row[0].(string)); !s.Final() {
			open = s
		}
		return nil
	}, mid)
	if err != nil {
		return queue.Result{}, err
	}
	if open != "" {
		return queue.Result{Err: notNow(o.ID, open, []link.State{link.StateAcked, link.StateDiscarded})}, nil
	}
	for _, k := range queue.SplitKeys(keys) {
		if _, err := g.st.searchDrop.exec(o.Tenant[:], k, mid); err != nil {
			return queue.Result{}, err
		}
	}
	if _, err := g.blank(mid); err != nil {
		return queue.Result{}, err
	}
	_, err = g.st.eraseNote.exec(mid, g.now, o.By, o.Reason)
	return queue.Result{}, err
}

// opBlank takes out of queue.db what was told of a message in the history.
type opBlank struct{ mid int64 }

// Size is that of a few rows.
func (o opBlank) Size() int { return 4096 }

// Weight is that of a few rows.
func (o opBlank) Weight() int { return 8 }

// Alone is false: it can join any group.
func (o opBlank) Alone() bool { return false }

func (g *group) blank(mid int64) (queue.Result, error) {
	for _, st := range g.st.blank {
		if _, err := st.exec(mid); err != nil {
			return queue.Result{}, err
		}
	}
	return queue.Result{}, nil
}

// EraseHistory erases what a message says from the day's file that has it.
func (s *Store) EraseHistory(ctx context.Context, o queue.Erase) (queue.Op, bool, error) {
	s.keeper.mu.Lock() // between two steps of keeping, so that none copies it meanwhile
	defer s.keeper.mu.Unlock()
	var op queue.Op
	for _, f := range s.history.list() {
		mid, err := s.eraseIn(ctx, f.day, o)
		if err != nil {
			return nil, false, errors.Join(fmt.Errorf("erase from the history of %s: %w", f.day, err), s.keeper.rest())
		}
		if mid != 0 {
			op = opBlank{mid}
		}
	}
	return op, op != nil, nil
}

// eraseIn answers the message's number, 0 when the day does not have it.
func (s *Store) eraseIn(ctx context.Context, day string, o queue.Erase) (int64, error) {
	x, err := s.historyBut(ctx, func(d string) bool { return d != day })
	if err != nil {
		return 0, err
	}
	var mid int64
	_, _, err = x.find(ctx, o.Tenant, o.ID, `mid`, &mid)
	x.end()
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	w, err := s.dayWriter(ctx, day)
	if err != nil {
		return 0, err
	}
	err = w.change(ctx, func(tx *sql.Tx) error {
		err := dropKeys(ctx, tx, numberList([]int64{mid}))
		for _, q := range blanking {
			if err == nil {
				_, err = tx.ExecContext(ctx, q, mid)
			}
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, noteErased, mid, micros(s.now()), o.By, o.Reason)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return mid, emptyLog(ctx, w.conn)
}

// dropKeys makes messages of a day not found by their keys any more.
func dropKeys(ctx context.Context, tx *sql.Tx, numbers string) error {
	return eachKey(ctx, tx, numbers, func(mid int64, tenant []byte, keys [][]byte) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, `DELETE FROM search WHERE tenant = ? AND key = ? AND mid = ?`, tenant, k, mid); err != nil {
				return err
			}
		}
		return nil
	})
}

// Scrub empties the log of queue.db, which still has what was erased.
func (s *Store) Scrub(ctx context.Context) error {
	c, err := s.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return emptyLog(ctx, c)
}

// emptyLog moves the log's content into the file and cuts the log off.
func emptyLog(ctx context.Context, c *sql.Conn) error {
	for range 3 {
		var busy, pages, moved int
		if err := c.QueryRowContext(ctx, `PRAGMA main.wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
			return fmt.Errorf("empty the log: %w", err)
		}
		if busy == 0 {
			return nil
		}
	}
	return errors.New("empty the log: somebody reads it; what was erased is erased, its log is emptied when this is repeated")
}

// Purge removes some messages of a tenant that have ended: from queue.db, and then from the days.
func (s *Store) Purge(ctx context.Context, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	step, err := s.purge(ctx, p, after, limit)
	if err != nil {
		return queue.PurgeStep{}, errors.Join(fmt.Errorf("purge: %w", err), s.keeper.rest())
	}
	return step, nil
}

// purged is the place behind queue.db, where the days come.
var purged = slices.Repeat([]byte{0xff}, 17)

func (s *Store) purge(ctx context.Context, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	if slices.Compare(after, purged) < 0 {
		return s.purgeOpen(ctx, p, after, limit)
	}
	for _, f := range s.history.list() {
		mids, _, err := s.removeOf(ctx, f.day, p.Tenant, limit)
		if err != nil {
			return queue.PurgeStep{}, err
		}
		if len(mids) > 0 { // also what was told later
			return queue.PurgeStep{Op: opForget{copied: told(mids)}, After: purged, Removed: len(mids)}, nil
		}
		if s.keeper.writer != nil && s.keeper.writer.day == f.day {
			if err := emptyLog(ctx, s.keeper.writer.conn); err != nil {
				return queue.PurgeStep{}, err
			}
		}
	}
	return queue.PurgeStep{Op: opHealthDrop{p.Tenant}}, s.keeper.writer.flush(ctx)
}

// flush empties a writer's log, if there is one.
func (w *dayWriter) flush(ctx context.Context) error {
	if w == nil || w.conn == nil {
		return nil
	}
	return emptyLog(ctx, w.conn)
}

// purgeOpen finds messages of queue.db to be removed.
func (s *Store) purgeOpen(ctx context.Context, p queue.Purge, after []byte, limit int) (queue.PurgeStep, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT mid, id, search_keys, EXISTS (SELECT 1 FROM delivery AS d WHERE d.mid = m.mid
		AND d.state NOT IN ('acked', 'discarded')) FROM message AS m INDEXED BY message_id WHERE tenant = ? AND id > ? AND created_at < ? ORDER BY id LIMIT ?`,
		p.Tenant[:], after, micros(p.Before), limit)
	if err != nil {
		return queue.PurgeStep{}, err
	}
	defer func() { _ = rows.Close() }()
	step := queue.PurgeStep{After: purged}
	var list []copied
	n := 0
	for rows.Next() {
		c := copied{outcomes: -1, reports: -1, tenant: p.Tenant[:]}
		var id, keys []byte
		var open bool
		if err := rows.Scan(&c.mid, &id, &keys, &open); err != nil {
			return queue.PurgeStep{}, err
		}
		n++
		step.After = id
		if open {
			step.Left++
			continue
		}
		c.keys = queue.SplitKeys(keys)
		list = append(list, c)
	}
	if n < limit {
		step.After = purged
	}
	if step.Removed = len(list); len(list) > 0 {
		step.Op = opForget{copied: list}
	}
	return step, rows.Err()
}

// opHealthDrop forgets the health reports of a tenant.
type opHealthDrop struct{ tenant uuid.UUID }

// Size is that of a few rows.
func (o opHealthDrop) Size() int { return 4096 }

// Weight is that of a few rows.
func (o opHealthDrop) Weight() int { return 8 }

// Alone is false: it can join any group.
func (o opHealthDrop) Alone() bool { return false }

func (g *group) dropHealth(o opHealthDrop) (queue.Result, error) {
	_, err := g.st.healthDrop.exec(o.tenant[:])
	return queue.Result{}, err
}
