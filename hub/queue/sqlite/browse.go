package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// part is deliveries of a queue that one index walks in order.
type part struct{ index, where string }

// parts are what each list is put together from.
var parts = map[queue.List][]part{
	queue.ListWaiting: {
		{"delivery_ready", "state = 'ready'"}, {"delivery_behind_pos", "state = 'behind'"}, {"delivery_delayed_pos", "state = 'delayed'"},
	},
	queue.ListDead:    {{"delivery_dead", "state = 'dead'"}},
	queue.ListHistory: {{"delivery_history", "state IN ('acked', 'discarded')"}},
}

// place is where a delivery stands.
type place struct {
	pos, mid int64
	typ      string // read only when it matters
}

// typeChunk is how many deliveries are looked at together in search of a type.
const typeChunk = 500

// Browse walks a list.
func (s *Store) Browse(ctx context.Context, b queue.Browse) (queue.Page, error) {
	q, leased := s.leasedOf(b.Queue)
	if q == nil {
		return queue.Page{}, link.NewError(link.CodeNoQueue)
	}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return queue.Page{}, fmt.Errorf("browse %s: %w", b.Queue, err)
	}
	defer func() { _ = tx.Rollback() }()
	w := walk{ctx: ctx, tx: tx, b: b, qid: q.id, leased: leased}
	page, err := w.page()
	if err != nil {
		return queue.Page{}, fmt.Errorf("browse %s: %w", b.Queue, err)
	}
	return page, nil
}

// leasedOf answers a queue and its open leases. It is asked before the file's snapshot begins: a
// lease that ends in between is told from the file.
func (s *Store) leasedOf(name queue.Name) (*queueState, map[int64]lease) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	q := s.memory.queues[name]
	if q == nil {
		return nil, nil
	}
	open := make(map[int64]lease, len(q.leased))
	for mid, l := range q.leased {
		open[mid] = *l
	}
	return q, open
}

// walk is one page of a list, from one state of the file.
type walk struct {
	ctx    context.Context
	tx     *sql.Tx
	b      queue.Browse
	qid    int64
	leased map[int64]lease
}

func (w *walk) page() (queue.Page, error) {
	page := queue.Page{Items: []queue.Entry{}}
	at := queue.Cursor{Pos: 0}
	if w.b.Newest {
		at.Pos = everything
	}
	if w.b.After != nil {
		at = *w.b.After
	}
	for scanned := 0; ; {
		n := w.b.Limit + 1
		if w.b.Type != "" {
			n = max(n, typeChunk)
		}
		n = min(n, queue.MaxScan-scanned)
		places, err := w.places(at.Pos, n)
		if err != nil {
			return queue.Page{}, err
		}
		for _, p := range places {
			if len(page.Items) == w.b.Limit {
				page.Next = &at
				return page, nil
			}
			at.Pos, at.Rank = p.pos, at.Rank+1
			scanned++
			if p.typ != w.b.Type {
				continue
			}
			e, err := w.entry(p)
			if err != nil {
				return queue.Page{}, err
			}
			e.Position = at.Rank
			page.Items = append(page.Items, e)
		}
		switch {
		case len(places) < n:
			return page, nil
		case scanned >= queue.MaxScan:
			page.Next = &at
			return page, nil
		}
	}
}

// places finds the next deliveries of the list, in order.
func (w *walk) places(after int64, n int) ([]place, error) {
	than, order := ">", "ASC"
	if w.b.Newest {
		than, order = "<", "DESC"
	}
	typ := "''"
	if w.b.Type != "" {
		typ = "(SELECT type FROM message WHERE mid = delivery.mid)"
	}
	var all []place
	for _, p := range parts[w.b.List] {
		rows, err := w.tx.QueryContext(w.ctx, fmt.Sprintf(`SELECT pos, mid, %s FROM delivery INDEXED BY %s WHERE qid = ? AND %s AND pos %s ?
			ORDER BY pos %s LIMIT ?`, typ, p.index, p.where, than, order), w.qid, after, n)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var at place
			if err := rows.Scan(&at.pos, &at.mid, &at.typ); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			all = append(all, at)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		if w.b.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.pos, b.pos)
	})
	return all[:min(n, len(all))], nil
}

// entry reads one delivery, without the body.
func (w *walk) entry(p place) (queue.Entry, error) {
	var e queue.Entry
	var m messageRow
	var due, settled sql.NullInt64
	err := w.tx.QueryRowContext(w.ctx, `SELECT id, tenant, root, type, audience, app, client, business_key, ordering_key, correlation,
		created_at, created_by, headers, content_type, x'', d.size, d.state, d.attempt, d.requeue_count, d.lost_count, d.due_at,
		d.settled_at, coalesce(d.dead_reason, ''), coalesce(d.reason, '') FROM delivery AS d JOIN message USING (mid)
		WHERE d.mid = ? AND d.qid = ?`, p.mid, w.qid).Scan(append(m.into(), &e.Size, &e.State, &e.Attempt, &e.RequeueCount, &e.LostCount,
		&due, &settled, &e.DeadReason, &e.Reason)...)
	if err != nil {
		return queue.Entry{}, err
	}
	if e.Message, err = m.message(); err != nil {
		return queue.Entry{}, err
	}
	e.Message.Body = nil
	e.NextTry, e.SettledAt = optional(due), optional(settled)
	if l, open := w.leased[p.mid]; open && e.State == link.StateReady {
		until := moment(l.until)
		e.State, e.Attempt, e.LeaseUntil, e.Installation = link.StateLeased, l.n(), &until, l.installation
	}
	e.ERP, e.Outcome, err = w.erp(p.mid)
	return e, err
}

// erp tells how a delivery stands at the ERP: its last report and its answer.
func (w *walk) erp(mid int64) (*link.ERPStatus, *link.Outcome, error) {
	var now *link.ERPStatus
	var reported time.Time
	var s link.ERPStatus
	var at, received int64
	var next sql.NullInt64
	err := w.tx.QueryRowContext(w.ctx, `SELECT state, attempt, at, next_try, code, reason, received_at FROM report
		WHERE mid = ? AND qid = ? ORDER BY seq DESC LIMIT 1`, mid, w.qid).Scan(&s.State, &s.Attempt, &at, &next, &s.Code, &s.Reason, &received)
	switch {
	case err == nil:
		s.At, s.NextTry = moment(at), optional(next)
		now, reported = &s, moment(received)
	case !errors.Is(err, sql.ErrNoRows):
		return nil, nil, err
	}
	o := link.Outcome{}
	faults := ""
	err = w.tx.QueryRowContext(w.ctx, `SELECT number, status, key, errors, at FROM outcome WHERE mid = ? AND qid = ?
		ORDER BY number DESC LIMIT 1`, mid, w.qid).Scan(&o.Number, &o.Status, &o.Key, &faults, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return now, nil, nil
	case err != nil:
		return nil, nil, err
	}
	o.At = moment(at)
	if faults != "" {
		if err := json.Unmarshal([]byte(faults), &o.Errors); err != nil {
			return nil, nil, fmt.Errorf("errors of outcome %d: %w", o.Number, err)
		}
	}
	return standing(now, reported, &o), &o, nil
}
