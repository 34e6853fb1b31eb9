package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Trace tells everything about one message.
func (s *Store) Trace(ctx context.Context, tenant, id uuid.UUID) (queue.Traced, error) {
	traced, err := s.trace(ctx, tenant, id)
	if errors.Is(err, sql.ErrNoRows) {
		return queue.Traced{}, link.NewError(link.CodeMessageUnknown)
	}
	if err != nil {
		return queue.Traced{}, fmt.Errorf("trace of message %s: %w", id, err)
	}
	return traced, nil
}

func (s *Store) trace(ctx context.Context, tenant, id uuid.UUID) (queue.Traced, error) {
	tr := link.Trace{ID: id, Queues: []link.QueueTrace{}}
	var mid, created int64
	columns := `mid, root, business_key, ordering_key, correlation, type, audience, app, client, created_at, created_by`
	into := []any{&mid, &tr.RootID, &tr.BusinessKey, &tr.OrderingKey, &tr.CorrelationID, &tr.Type, &tr.Audience, &tr.Sender.App, &tr.Sender.ClientID,
		&created, &tr.CreatedBy}
	find := `SELECT ` + columns + ` FROM message WHERE id = ? AND tenant = ?`
	var leased map[int64]lease
	err := s.reader.QueryRowContext(ctx, find, id[:], tenant[:]).Scan(into...)
	if err == nil {
		// Memory is looked at before the file's snapshot begins: a lease that ends in between is told
		// from the file, where its tag shows that it is the same one.
		leased = s.leasesOf(tenant, mid)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return queue.Traced{}, err
	}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return queue.Traced{}, err
	}
	defer func() { _ = tx.Rollback() }()
	t := tracer{ctx: ctx, tx: tx, leased: leased}
	// It may have moved meanwhile, and is in the history then: what the snapshot lacks left before it.
	err = tx.QueryRowContext(ctx, find, id[:], tenant[:]).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		x, openErr := s.historyOf(ctx, tenant)
		if openErr != nil {
			return queue.Traced{}, openErr
		}
		defer x.end()
		t.later = tx
		t.tx, _, err = x.find(ctx, tenant, id, columns, into...)
	}
	if err != nil {
		return queue.Traced{}, err
	}
	t.mid, tr.CreatedAt = mid, moment(created)
	if err := t.read(&tr); err != nil {
		return queue.Traced{}, err
	}
	traced := queue.Traced{Trace: tr}
	for _, w := range t.ways {
		traced.Trace.Queues = append(traced.Trace.Queues, w.QueueTrace)
		traced.Clients = append(traced.Clients, w.client)
	}
	return traced, nil
}

// leasesOf answers the open leases of a message by queue.
func (s *Store) leasesOf(tenant uuid.UUID, mid int64) map[int64]lease {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	open := map[int64]lease{}
	for id, q := range s.memory.byID {
		if l := q.leased[mid]; l != nil && q.name.Tenant == tenant {
			open[id] = *l
		}
	}
	return open
}

// tracer puts together a message's ways through its queues, from one state of the file.
type tracer struct {
	ctx    context.Context
	tx     *sql.Tx // of the file that has the message
	later  *sql.Tx // of queue.db, for a message of the history: what was told since it moved; else nil
	mid    int64
	leased map[int64]lease // by queue
	ways   []*way          // by queue id
}

// way is the way of a message through one queue.
type way struct {
	link.QueueTrace
	qid      int64
	client   link.ClientID
	reported time.Time // when the last report came
}

func (t *tracer) read(tr *link.Trace) error {
	for _, step := range []func() error{t.deliveries, t.attempts, t.people, t.reports, t.outcomes} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := t.erased(tr); err != nil {
		return err
	}
	for _, w := range t.ways {
		if l, open := t.leased[w.qid]; open {
			w.State, w.Attempt = link.StateLeased, l.n()
			w.delivered(l.n(), l.at, l.installation)
		}
		slices.SortStableFunc(w.Events, func(a, b link.TraceEvent) int { return a.At.Compare(b.At) })
		first := []link.TraceEvent{
			{At: tr.CreatedAt, Event: link.EventAccepted, Client: tr.Sender.ClientID},
			{At: tr.CreatedAt, Event: link.EventQueued, Client: w.client},
		}
		w.Events = append(first, w.Events...)
	}
	return nil
}

// erased tells who had the message's content erased.
func (t *tracer) erased(tr *link.Trace) error {
	return t.each(`SELECT at, by, reason FROM erased WHERE mid = ?`, func(rows *sql.Rows) error {
		var at int64
		e := link.Erasure{}
		if err := rows.Scan(&at, &e.By, &e.Reason); err != nil {
			return err
		}
		e.At = moment(at)
		tr.Erased = &e
		for _, w := range t.ways {
			w.Events = append(w.Events, link.TraceEvent{At: e.At, Event: link.EventErased, By: e.By, Detail: e.Reason, Client: w.client})
		}
		return nil
	})
}

// way finds the way through a queue.
func (t *tracer) way(qid int64) *way {
	for _, w := range t.ways {
		if w.qid == qid {
			return w
		}
	}
	return nil
}

// each runs a query about the message and scans each row.
func (t *tracer) each(query string, scan func(*sql.Rows) error) error {
	return t.eachOf(t.tx, query, scan)
}

// told is each, over what can be told of a message after it has moved; scan answers what makes a row the
// same in both files.
func (t *tracer) told(query string, scan func(*sql.Rows) (key [2]int64, use func(), err error)) error {
	seen := map[[2]int64]bool{}
	type told struct {
		key [2]int64
		use func()
	}
	var all []told
	collect := func(rows *sql.Rows) error {
		key, use, err := scan(rows)
		if err == nil && !seen[key] {
			seen[key] = true
			all = append(all, told{key, use})
		}
		return err
	}
	if err := t.each(query, collect); err != nil {
		return err
	}
	if t.later != nil {
		if err := t.eachOf(t.later, query, collect); err != nil {
			return err
		}
		slices.SortStableFunc(all, func(a, b told) int { return slices.Compare(a.key[:], b.key[:]) })
	}
	for _, x := range all {
		x.use()
	}
	return nil
}

func (t *tracer) eachOf(tx *sql.Tx, query string, scan func(*sql.Rows) error) error {
	rows, err := tx.QueryContext(t.ctx, query, t.mid)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tracer) deliveries() error {
	return t.each(`SELECT d.qid, q.tenant, q.client, d.state, d.attempt, d.requeue_count, d.lost_count, d.due_at,
		coalesce(d.dead_reason, ''), coalesce(d.reason, '') FROM delivery AS d JOIN queue AS q USING (qid) WHERE d.mid = ? ORDER BY d.qid`,
		func(rows *sql.Rows) error {
			w := &way{}
			name := queue.Name{}
			var due sql.NullInt64
			if err := rows.Scan(&w.qid, &name.Tenant, &name.Client, &w.State, &w.Attempt, &w.RequeueCount, &w.LostCount, &due,
				&w.DeadReason, &w.Reason); err != nil {
				return err
			}
			w.Queue, w.client, w.NextTry = name.String(), name.Client, optional(due)
			t.ways = append(t.ways, w)
			return nil
		})
}

// attempts tells each lease that has ended.
func (t *tracer) attempts() error {
	return t.each(`SELECT qid, tag, n, installation, leased_at, ended_at, ended, reason, next_try FROM attempt WHERE mid = ? ORDER BY tag`,
		func(rows *sql.Rows) error {
			var qid, tag, at, endedAt int64
			var n int
			var installation, reason string
			var how link.EventName
			var next sql.NullInt64
			if err := rows.Scan(&qid, &tag, &n, &installation, &at, &endedAt, &how, &reason, &next); err != nil {
				return err
			}
			if l, open := t.leased[qid]; open && l.tag == tag {
				delete(t.leased, qid)
			}
			w := t.way(qid)
			w.delivered(n, at, installation)
			e := link.TraceEvent{
				At: moment(endedAt), Event: how, Attempt: n, Client: w.client, Installation: installation, Detail: reason, NextTry: optional(next),
			}
			w.Events = append(w.Events, e)
			return nil
		})
}

// people tells what was done to the message by hand, and which limit of lost leases it met.
func (t *tracer) people() error {
	return t.each(`SELECT qid, at, name, by, reason FROM event WHERE mid = ? ORDER BY qid, n`, func(rows *sql.Rows) error {
		var qid, at int64
		e := link.TraceEvent{}
		if err := rows.Scan(&qid, &at, &e.Event, &e.By, &e.Detail); err != nil {
			return err
		}
		w := t.way(qid)
		e.At, e.Client = moment(at), w.client
		w.Events = append(w.Events, e)
		return nil
	})
}

// delivered tells that the message was handed out.
func (w *way) delivered(n int, at int64, installation string) {
	w.Events = append(w.Events, link.TraceEvent{
		At: moment(at), Event: link.EventDelivered, Attempt: n, Client: w.client, Installation: installation,
	})
}

// reports tells what the ERP's side reported; the highest seq is how it stands.
func (t *tracer) reports() error {
	return t.told(`SELECT qid, seq, state, attempt, at, next_try, code, reason, received_at FROM report WHERE mid = ? ORDER BY qid, seq`,
		func(rows *sql.Rows) ([2]int64, func(), error) {
			var qid, seq, at, received int64
			var next sql.NullInt64
			s := link.ERPStatus{}
			if err := rows.Scan(&qid, &seq, &s.State, &s.Attempt, &at, &next, &s.Code, &s.Reason, &received); err != nil {
				return [2]int64{}, nil, err
			}
			s.At, s.NextTry = moment(at), optional(next)
			return [2]int64{qid, seq}, func() {
				w := t.way(qid)
				w.ERP, w.reported = &s, moment(received)
				w.Events = append(w.Events, link.TraceEvent{
					At: w.reported, Event: link.EventERP, Attempt: s.Attempt, Client: w.client, Detail: queue.EventDetail(string(s.State), s.Code, s.Reason),
					NextTry: s.NextTry,
				})
			}, nil
		})
}

// outcomes tells the answers; the highest number counts.
func (t *tracer) outcomes() error {
	return t.told(`SELECT qid, number, status, key, errors, at FROM outcome WHERE mid = ? ORDER BY qid, number`,
		func(rows *sql.Rows) ([2]int64, func(), error) {
			var qid, at int64
			var faults string
			o := link.Outcome{}
			if err := rows.Scan(&qid, &o.Number, &o.Status, &o.Key, &faults, &at); err != nil {
				return [2]int64{}, nil, err
			}
			o.At = moment(at)
			if faults != "" {
				if err := json.Unmarshal([]byte(faults), &o.Errors); err != nil {
					return [2]int64{}, nil, fmt.Errorf("errors of outcome %d: %w", o.Number, err)
				}
			}
			return [2]int64{qid, int64(o.Number)}, func() {
				w := t.way(qid)
				w.Outcome, w.ERP = &o, queue.StandingAfter(w.ERP, w.reported, &o)
				w.Events = append(w.Events, link.TraceEvent{
					At: o.At, Event: link.EventOutcome, Client: w.client, Detail: queue.EventDetail(string(o.Status), o.Key),
				})
			}, nil
		})
}

// optional reads a moment that may be missing.
func optional(us sql.NullInt64) *time.Time {
	if !us.Valid {
		return nil
	}
	t := moment(us.Int64)
	return &t
}
