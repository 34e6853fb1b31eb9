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
	typ      string  // read only when it matters
	tx       *sql.Tx // of the file that it stands in
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
	w := walk{ctx: ctx, txs: []*sql.Tx{tx}, b: b, qid: q.id, leased: leased, shown: s.shown}
	if b.List == queue.ListHistory {
		if err := fix(ctx, tx); err != nil {
			return queue.Page{}, fmt.Errorf("browse %s: %w", b.Queue, err)
		}
		x, err := s.historyOf(ctx, b.Queue.Tenant)
		if err != nil {
			return queue.Page{}, fmt.Errorf("browse %s: %w", b.Queue, err)
		}
		defer x.end()
		w.txs = append(w.txs, x.txs...)
	}
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

// fix begins the snapshot of a transaction. What moves to the history after it is found twice, never not
// at all, by who opens the history then.
func fix(ctx context.Context, tx *sql.Tx) error {
	var n int
	return tx.QueryRowContext(ctx, `SELECT count(*) FROM meta`).Scan(&n)
}

// walk is one page of a list, from one state of each file.
type walk struct {
	ctx    context.Context
	txs    []*sql.Tx // queue.db, and the days for the history
	b      queue.Browse
	qid    int64
	leased map[int64]lease
	shown  func(steady int64) time.Time
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
	for _, tx := range w.txs {
		for _, p := range parts[w.b.List] {
			var err error
			if all, err = w.part(all, tx, p, typ, than, order, after, n); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(all, func(a, b place) int {
		if w.b.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.pos, b.pos)
	})
	// What has just moved, or whose move was cut off, stands in two files.
	all = slices.CompactFunc(all, func(a, b place) bool { return a.pos == b.pos })
	return all[:min(n, len(all))], nil
}

// part adds the next deliveries of one part in one file.
func (w *walk) part(all []place, tx *sql.Tx, p part, typ, than, order string, after int64, n int) ([]place, error) {
	rows, err := tx.QueryContext(w.ctx, fmt.Sprintf(`SELECT pos, mid, %s FROM delivery INDEXED BY %s WHERE qid = ? AND %s AND pos %s ?
		ORDER BY pos %s LIMIT ?`, typ, p.index, p.where, than, order), w.qid, after, n)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		at := place{tx: tx}
		if err := rows.Scan(&at.pos, &at.mid, &at.typ); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		all = append(all, at)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// entry reads one delivery, without the body.
func (w *walk) entry(p place) (queue.Entry, error) {
	var e queue.Entry
	var m messageRow
	var due, settled sql.NullInt64
	err := p.tx.QueryRowContext(w.ctx, `SELECT id, tenant, root, type, audience, app, client, business_key, ordering_key, correlation,
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
		until := w.shown(l.until)
		e.State, e.Attempt, e.LeaseUntil, e.Installation = link.StateLeased, l.n(), &until, l.installation
	}
	e.ERP, e.Outcome, err = w.erp(p)
	return e, err
}

// newest scans the row with the highest number of what was told of a delivery: in its file and, of one in
// the history, also in queue.db, where later news stand.
func (w *walk) newest(p place, table, number, columns string, into ...any) error {
	files := []*sql.Tx{p.tx}
	if p.tx != w.txs[0] {
		files = append(files, w.txs[0])
	}
	highest, found := int64(-1), sql.ErrNoRows
	for _, tx := range files {
		err := tx.QueryRowContext(w.ctx, `SELECT `+number+`, `+columns+` FROM `+table+` WHERE mid = ? AND qid = ? AND `+number+` > ?
			ORDER BY `+number+` DESC LIMIT 1`, p.mid, w.qid, highest).Scan(append([]any{&highest}, into...)...)
		switch {
		case err == nil:
			found = nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
	}
	return found
}

// erp tells how a delivery stands at the ERP: its last report and its answer.
func (w *walk) erp(p place) (*link.ERPStatus, *link.Outcome, error) {
	var now *link.ERPStatus
	var reported time.Time
	var s link.ERPStatus
	var at, received int64
	var next sql.NullInt64
	err := w.newest(p, "report", "seq", `state, attempt, at, next_try, code, reason, received_at`, &s.State, &s.Attempt, &at, &next, &s.Code, &s.Reason, &received)
	switch {
	case err == nil:
		s.At, s.NextTry = moment(at), optional(next)
		now, reported = &s, moment(received)
	case !errors.Is(err, sql.ErrNoRows):
		return nil, nil, err
	}
	o := link.Outcome{}
	faults := ""
	err = w.newest(p, "outcome", "number", `number, status, key, errors, at`, &o.Number, &o.Status, &o.Key, &faults, &at)
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
	return queue.StandingAfter(now, reported, &o), &o, nil
}
