package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Trace tells everything about one message, from one state of the store.
func (s *Store) Trace(ctx context.Context, tenant, id uuid.UUID) (queue.Traced, error) {
	var traced queue.Traced
	err := pgx.BeginTxFunc(ctx, s.pool, readOnly, func(tx pgx.Tx) (err error) {
		t := tracer{s: s, id: messageKey{tenant, id}}
		traced, err = t.trace(ctx, tx)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return queue.Traced{}, link.NewError(link.CodeMessageUnknown)
	}
	if err != nil {
		return queue.Traced{}, fmt.Errorf("trace of message %s: %w", id, err)
	}
	return traced, nil
}

// tracer puts together a message's ways through its queues.
type tracer struct {
	s    *Store
	id   messageKey
	ways []*way // by queue
}

// way is the way of a message through one queue.
type way struct {
	link.QueueTrace
	qid      int64
	client   link.ClientID
	reported time.Time // when the last report came

	leasedAt     *time.Time // of the open lease
	installation string
}

func (t *tracer) trace(ctx context.Context, tx pgx.Tx) (queue.Traced, error) {
	tr := link.Trace{ID: t.id.id, Queues: []link.QueueTrace{}}
	in, err := t.s.find(ctx, tx, t.id.tenant, t.id.id, `m.root, m.business_key, m.ordering_key, m.correlation, m.type, m.audience, m.app, m.client,
		m.created_at, m.created_by`, &tr.RootID, &tr.BusinessKey, &tr.OrderingKey, &tr.CorrelationID, &tr.Type, &tr.Audience, &tr.Sender.App,
		&tr.Sender.ClientID, &tr.CreatedAt, &tr.CreatedBy)
	if err != nil {
		return queue.Traced{}, err
	}
	tr.CreatedAt = tr.CreatedAt.UTC()
	var s sheet
	s.each(t.delivery, `SELECT d.qid, q.client, d.state, d.attempt, d.requeue_count, d.lost_count, d.due_at, d.dead_reason, d.reason, d.leased_at,
		d.installation FROM `+in+`delivery AS d JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid WHERE d.tenant = $1 AND d.id = $2 ORDER BY d.qid`,
		t.id.tenant, t.id.id)
	s.each(t.attempt, `SELECT qid, n, installation, leased_at, ended_at, ended, reason, next_try FROM `+in+`attempt WHERE tenant = $1 AND id = $2
		ORDER BY leased_at, tag`, t.id.tenant, t.id.id)
	s.each(t.person, `SELECT qid, at, name, by, reason FROM `+in+`event WHERE tenant = $1 AND id = $2 ORDER BY qid, n`, t.id.tenant, t.id.id)
	s.each(t.report, `SELECT qid, state, attempt, at, next_try, code, reason, received_at FROM `+told(in, "report", "seq")+` ORDER BY qid, seq`,
		t.id.tenant, t.id.id)
	s.each(t.outcome, `SELECT qid, number, status, key, errors, at FROM `+told(in, "outcome", "number")+` ORDER BY qid, number`,
		t.id.tenant, t.id.id)
	s.each(func(rows pgx.Rows) error {
		e := link.Erasure{}
		if err := rows.Scan(&e.At, &e.By, &e.Reason); err != nil {
			return err
		}
		e.At = e.At.UTC()
		tr.Erased = &e
		for _, w := range t.ways {
			w.Events = append(w.Events, link.TraceEvent{At: e.At, Event: link.EventErased, By: e.By, Detail: e.Reason, Client: w.client})
		}
		return nil
	}, `SELECT at, by, reason FROM `+in+`erased WHERE tenant = $1 AND id = $2`, t.id.tenant, t.id.id)
	if err := s.send(ctx, tx.Conn()); err != nil {
		return queue.Traced{}, err
	}
	traced := queue.Traced{}
	for _, w := range t.ways {
		if w.leasedAt != nil {
			w.Attempt++
			w.delivered(w.Attempt, *w.leasedAt, w.installation)
		}
		slices.SortStableFunc(w.Events, func(a, b link.TraceEvent) int { return a.At.Compare(b.At) })
		w.Events = append([]link.TraceEvent{
			{At: tr.CreatedAt, Event: link.EventAccepted, Client: tr.Sender.ClientID},
			{At: tr.CreatedAt, Event: link.EventQueued, Client: w.client},
		}, w.Events...)
		tr.Queues = append(tr.Queues, w.QueueTrace)
		traced.Clients = append(traced.Clients, w.client)
	}
	traced.Trace = tr
	return traced, nil
}

// told names what was told of a message $2 of a tenant $1. Of one in the history later news stand in the
// open table; where both have a number, the first one counts.
func told(in, table, number string) string {
	if in == "" {
		return table + ` WHERE tenant = $1 AND id = $2`
	}
	columns := map[string]string{
		"report":  `qid, seq, state, attempt, at, next_try, code, reason, received_at`,
		"outcome": `qid, number, status, key, errors, at`,
	}[table]
	return `(SELECT ` + columns + ` FROM ` + in + table + ` WHERE tenant = $1 AND id = $2 UNION ALL SELECT ` + columns + ` FROM ` + table + ` AS l
		WHERE tenant = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM ` + in + table + ` AS h WHERE h.tenant = $1 AND h.id = $2 AND h.qid = l.qid
		AND h.` + number + ` = l.` + number + `)) AS told`
}

// way finds the way through a queue.
func (t *tracer) way(qid int64) *way {
	i := slices.IndexFunc(t.ways, func(w *way) bool { return w.qid == qid })
	return t.ways[i]
}

func (t *tracer) delivery(rows pgx.Rows) error {
	w := &way{}
	var due *time.Time
	if err := rows.Scan(&w.qid, &w.client, &w.State, &w.Attempt, &w.RequeueCount, &w.LostCount, &due, &w.DeadReason, &w.Reason, &w.leasedAt,
		&w.installation); err != nil {
		return err
	}
	w.Queue = queue.Name{Tenant: t.id.tenant, Client: w.client}.String()
	if w.State == link.StateDelayed {
		w.NextTry = utc(due)
	}
	t.ways = append(t.ways, w)
	return nil
}

// utc is an optional moment in UTC.
func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := at.UTC()
	return &t
}

// attempt tells a lease that has ended.
func (t *tracer) attempt(rows pgx.Rows) error {
	var qid int64
	var at time.Time
	e := link.TraceEvent{}
	if err := rows.Scan(&qid, &e.Attempt, &e.Installation, &at, &e.At, &e.Event, &e.Detail, &e.NextTry); err != nil {
		return err
	}
	w := t.way(qid)
	w.delivered(e.Attempt, at, e.Installation)
	e.At, e.NextTry, e.Client = e.At.UTC(), utc(e.NextTry), w.client
	w.Events = append(w.Events, e)
	return nil
}

// person tells what was done to the message by hand, and which limit of lost leases it met.
func (t *tracer) person(rows pgx.Rows) error {
	var qid int64
	e := link.TraceEvent{}
	if err := rows.Scan(&qid, &e.At, &e.Event, &e.By, &e.Detail); err != nil {
		return err
	}
	w := t.way(qid)
	e.At, e.Client = e.At.UTC(), w.client
	w.Events = append(w.Events, e)
	return nil
}

// delivered tells that the message was handed out.
func (w *way) delivered(n int, at time.Time, installation string) {
	w.Events = append(w.Events, link.TraceEvent{
		At: at.UTC(), Event: link.EventDelivered, Attempt: n, Client: w.client, Installation: installation,
	})
}

// report tells what the ERP's side reported; the highest seq is how it stands.
func (t *tracer) report(rows pgx.Rows) error {
	var qid int64
	s, received, err := scanReport(rows, &qid)
	if err != nil {
		return err
	}
	w := t.way(qid)
	w.ERP, w.reported = s, received
	w.Events = append(w.Events, link.TraceEvent{
		At: received, Event: link.EventERP, Attempt: s.Attempt, Client: w.client, Detail: queue.EventDetail(string(s.State), s.Code, s.Reason), NextTry: s.NextTry,
	})
	return nil
}

// scanReport reads a report behind other columns.
func scanReport(row pgx.Row, before ...any) (s *link.ERPStatus, received time.Time, err error) {
	s = &link.ERPStatus{}
	if err := row.Scan(append(before, &s.State, &s.Attempt, &s.At, &s.NextTry, &s.Code, &s.Reason, &received)...); err != nil {
		return nil, received, err
	}
	s.At, s.NextTry = s.At.UTC(), utc(s.NextTry)
	return s, received.UTC(), nil
}

// outcome tells an answer; the highest number counts.
func (t *tracer) outcome(rows pgx.Rows) error {
	var qid int64
	o, err := scanOutcome(rows, &qid)
	if err != nil {
		return err
	}
	w := t.way(qid)
	w.Outcome, w.ERP = o, queue.StandingAfter(w.ERP, w.reported, o)
	w.Events = append(w.Events, link.TraceEvent{At: o.At, Event: link.EventOutcome, Client: w.client, Detail: queue.EventDetail(string(o.Status), o.Key)})
	return nil
}

// scanOutcome reads an answer behind other columns.
func scanOutcome(row pgx.Row, before ...any) (*link.Outcome, error) {
	o := &link.Outcome{}
	faults := ""
	if err := row.Scan(append(before, &o.Number, &o.Status, &o.Key, &faults, &o.At)...); err != nil {
		return nil, err
	}
	o.At = o.At.UTC()
	if faults != "" {
		if err := json.Unmarshal([]byte(faults), &o.Errors); err != nil {
			return nil, fmt.Errorf("errors of outcome %d: %w", o.Number, err)
		}
	}
	return o, nil
}
