package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// parts are the conditions that each list is put together from; an index walks each in order.
var parts = map[queue.List][]string{
	queue.ListWaiting: {"state = 'ready'", "state IN ('leased', 'behind', 'delayed')"},
	queue.ListDead:    {"state = 'dead'"},
	queue.ListHistory: {"state IN ('acked', 'discarded')"},
}

// found is where a delivery stands.
type found struct {
	pos int64
	id  uuid.UUID
	typ string // read only when it matters
	in  string // what the names of the tables begin with that have it
}

// typeChunk is how many deliveries are looked at together in search of a type.
const typeChunk = 500

// Browse walks a list, from one state of the store.
func (s *Store) Browse(ctx context.Context, b queue.Browse) (queue.Page, error) {
	var page queue.Page
	err := pgx.BeginTxFunc(ctx, s.pool, readOnly, func(tx pgx.Tx) error {
		w := walk{tx: tx, b: b, cut: s.cut(b.Queue.Tenant), q: queueKey{tenant: b.Queue.Tenant}}
		err := tx.QueryRow(ctx, `SELECT qid FROM queue WHERE tenant = $1 AND client = $2`, b.Queue.Tenant, text(string(b.Queue.Client))).Scan(&w.q.qid)
		if err != nil {
			return err
		}
		page, err = w.page(ctx)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return queue.Page{}, link.NewError(link.CodeNoQueue)
	}
	if err != nil {
		return queue.Page{}, fmt.Errorf("browse %s: %w", b.Queue, err)
	}
	return page, nil
}

// walk is one page of a list.
type walk struct {
	tx  pgx.Tx
	b   queue.Browse
	q   queueKey
	cut time.Time // the last day whose history is over
}

func (w *walk) page(ctx context.Context) (queue.Page, error) {
	page := queue.Page{Items: []queue.Entry{}}
	at := queue.Cursor{Pos: 0}
	if w.b.Newest {
		at.Pos = everything
	}
	if w.b.After != nil {
		at = *w.b.After
	}
	var chosen []found
	for scanned := 0; ; {
		n := w.b.Limit + 1
		if w.b.Type != "" {
			n = max(n, typeChunk)
		}
		n = min(n, queue.MaxScan-scanned)
		places, err := w.places(ctx, at.Pos, n)
		if err != nil {
			return queue.Page{}, err
		}
		full := false
		for _, p := range places {
			if full = len(page.Items) == w.b.Limit; full {
				break
			}
			at.Pos, at.Rank = p.pos, at.Rank+1
			scanned++
			if p.typ == w.b.Type {
				page.Items = append(page.Items, queue.Entry{Position: at.Rank})
				chosen = append(chosen, p)
			}
		}
		if more := full || len(places) == n; more && (full || scanned >= queue.MaxScan) {
			page.Next = &at
		} else if more {
			continue
		}
		return page, w.entries(ctx, page.Items, chosen)
	}
}

// places finds the next deliveries of the list, in order.
func (w *walk) places(ctx context.Context, after int64, n int) ([]found, error) {
	than, order, typ := ">", "ASC", "''"
	if w.b.Newest {
		than, order = "<", "DESC"
	}
	if w.b.Type != "" {
		typ = "(SELECT m.type FROM message AS m WHERE m.tenant = d.tenant AND m.id = d.id)"
	}
	var all []found
	var s sheet
	if w.b.List == queue.ListHistory {
		s.each(func(rows pgx.Rows) error {
			f := found{in: "history_"}
			err := rows.Scan(&f.pos, &f.id, &f.typ)
			all = append(all, f)
			return err
		}, fmt.Sprintf(`SELECT d.pos, d.id, %s FROM history_delivery AS d WHERE d.tenant = $1 AND d.qid = $2 AND d.day > $5 AND d.pos %s $3
			ORDER BY d.pos %s LIMIT $4`, strings.Replace(typ, "message", "history_message", 1), than, order), w.q.tenant, w.q.qid, after, n, w.cut)
	}
	for _, where := range parts[w.b.List] {
		s.each(func(rows pgx.Rows) error {
			var f found
			err := rows.Scan(&f.pos, &f.id, &f.typ)
			all = append(all, f)
			return err
		}, fmt.Sprintf(`SELECT d.pos, d.id, %s FROM delivery AS d WHERE d.tenant = $1 AND d.qid = $2 AND d.%s AND d.pos %s $3 ORDER BY d.pos %s LIMIT $4`,
			typ, where, than, order), w.q.tenant, w.q.qid, after, n)
	}
	if err := s.send(ctx, w.tx.Conn()); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b found) int {
		if w.b.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.pos, b.pos)
	})
	return all[:min(n, len(all))], nil
}

// entries reads deliveries, without the bodies.
func (w *walk) entries(ctx context.Context, items []queue.Entry, chosen []found) error {
	at := make(map[uuid.UUID]*queue.Entry, len(chosen))
	ids := map[string][]uuid.UUID{}
	for i, f := range chosen {
		at[f.id] = &items[i]
		ids[f.in] = append(ids[f.in], f.id)
	}
	for in, list := range ids {
		if err := w.entriesIn(ctx, in, list, at); err != nil {
			return err
		}
	}
	return nil
}

// entriesIn reads those of them that stand in the same tables.
func (w *walk) entriesIn(ctx context.Context, in string, ids []uuid.UUID, at map[uuid.UUID]*queue.Entry) error {
	reported := map[uuid.UUID]time.Time{}
	var s sheet
	s.each(func(rows pgx.Rows) error {
		var m messageRow
		var e queue.Entry
		var r row
		if err := rows.Scan(append(append(m.into(), &e.Size), r.into()...)...); err != nil {
			return err
		}
		message, err := m.message()
		if err != nil {
			return err
		}
		r.utc()
		message.Body = nil
		e.Position, e.Message, e.State, e.Attempt = at[message.ID].Position, message, r.state, r.attempt
		e.RequeueCount, e.LostCount, e.SettledAt, e.DeadReason, e.Reason = r.requeues, r.lost, r.settledAt, r.dead, r.reason
		switch r.state {
		case link.StateLeased:
			e.Attempt, e.LeaseUntil, e.Installation = r.n(), r.due, r.installation
		case link.StateDelayed:
			e.NextTry = r.due
		}
		*at[message.ID] = e
		return nil
	}, `SELECT m.id, m.tenant, m.root, m.type, m.audience, m.app, m.client, m.business_key, m.ordering_key, m.correlation, m.created_at, m.created_by,
		m.headers, m.content_type, ''::bytea, d.size, `+rowColumns+` FROM unnest($1::uuid[]) AS u (id)
		JOIN `+in+`delivery AS d ON d.tenant = $2 AND d.id = u.id AND d.qid = $3 JOIN `+in+`message AS m ON m.tenant = d.tenant AND m.id = d.id`,
		ids, w.q.tenant, w.q.qid)
	s.each(func(rows pgx.Rows) error {
		var id uuid.UUID
		status, received, err := scanReport(rows, &id)
		if err == nil {
			at[id].ERP, reported[id] = status, received
		}
		return err
	}, `SELECT r.id, r.state, r.attempt, r.at, r.next_try, r.code, r.reason, r.received_at FROM unnest($1::uuid[]) AS u (id) CROSS JOIN LATERAL
		(`+newest(in, "report", "seq", "state, attempt, at, next_try, code, reason, received_at")+`) AS r`, ids, w.q.tenant, w.q.qid)
	s.each(func(rows pgx.Rows) error {
		var id uuid.UUID
		o, err := scanOutcome(rows, &id)
		if err == nil {
			at[id].Outcome, at[id].ERP = o, queue.StandingAfter(at[id].ERP, reported[id], o)
		}
		return err
	}, `SELECT o.id, o.number, o.status, o.key, o.errors, o.at FROM unnest($1::uuid[]) AS u (id) CROSS JOIN LATERAL
		(`+newest(in, "outcome", "number", "status, key, errors, at")+`) AS o`, ids, w.q.tenant, w.q.qid)
	return s.send(ctx, w.tx.Conn())
}

// newest selects what was told last of a message u of a tenant $2 in a queue $3. Of one in the history
// later news stand in the open table.
func newest(in, table, number, columns string) string {
	from := func(in string) string {
		return `(SELECT id, ` + number + `, ` + columns + ` FROM ` + in + table + ` AS x WHERE x.tenant = $2 AND x.id = u.id AND x.qid = $3
			ORDER BY x.` + number + ` DESC LIMIT 1)`
	}
	if in == "" {
		return from("")
	}
	return `SELECT * FROM (` + from(in) + ` UNION ALL ` + from("") + `) AS x ORDER BY x.` + number + ` DESC LIMIT 1`
}

// Oldest finds the oldest waiting message of each queue.
func (s *Store) Oldest(ctx context.Context, queues []queue.Name) ([]time.Time, error) {
	rows, err := s.pool.Query(ctx, `SELECT q.tenant, q.client, w.created_at FROM unnest($1::uuid[], $2::text[]) AS u (tenant, client)
		JOIN queue AS q ON q.tenant = u.tenant AND q.client = u.client CROSS JOIN LATERAL (SELECT m.created_at FROM (
		(SELECT tenant, id FROM delivery AS d WHERE d.tenant = q.tenant AND d.qid = q.qid AND d.state = 'ready' ORDER BY d.pos LIMIT 1) UNION ALL
		(SELECT tenant, id FROM delivery AS d WHERE d.tenant = q.tenant AND d.qid = q.qid AND d.state IN ('leased', 'behind', 'delayed')
		ORDER BY d.pos LIMIT 1)) AS f JOIN message AS m ON m.tenant = f.tenant AND m.id = f.id ORDER BY m.created_at LIMIT 1) AS w`,
		column(queues, func(n queue.Name) [16]byte { return n.Tenant }), column(queues, func(n queue.Name) string { return text(string(n.Client)) }))
	if err != nil {
		return nil, fmt.Errorf("oldest messages: %w", err)
	}
	found := map[queue.Name]time.Time{}
	var name queue.Name
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&name.Tenant, &name.Client, &at}, func() error {
		found[name] = at.UTC()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("oldest messages: %w", err)
	}
	oldest := make([]time.Time, len(queues))
	for i, q := range queues {
		oldest[i] = found[q]
	}
	return oldest, nil
}
