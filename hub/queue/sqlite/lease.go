package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"smartlink/hub/queue"
	"smartlink/link"
)

// lastTag is the last counter of an epoch.
const lastTag = 1<<tagBits - 1

// Choose leases from the queue's window, without waiting for the file.
func (s *Store) Choose(ctx context.Context, g queue.Get) (queue.Chosen, error) {
	leases, op, err := s.lease(g, micros(s.now()), s.steady())
	if err != nil || op != nil {
		return queue.Chosen{Op: op, Then: queue.ThenAgain}, err
	}
	if len(leases) == 0 {
		return queue.Chosen{}, nil
	}
	deliveries, err := s.deliveries(ctx, leases)
	if err != nil {
		s.memory.mu.Lock()
		defer s.memory.mu.Unlock()
		for _, l := range leases {
			s.memory.drop(l)
			l.queue.window.add(l.entry)
		}
		return queue.Chosen{}, fmt.Errorf("read leased messages: %w", err)
	}
	return queue.Chosen{Deliveries: deliveries, Op: opRecord{leases}, Then: queue.ThenPost}, nil
}

// lease takes what the window has, or answers what must be done first.
func (s *Store) lease(g queue.Get, now, steady int64) ([]*lease, queue.Op, error) {
	m := &s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[g.Queue]
	if q == nil {
		return nil, nil, link.NewError(link.CodeNoQueue)
	}
	q.lastGet, q.installation = now, g.Installation
	if q.paused != nil {
		return nil, nil, nil
	}
	if len(q.window.list) < g.Max && !q.window.complete() {
		return nil, opFill{q, g.Max}, nil
	}
	if len(q.window.list) == 0 {
		return nil, nil, nil
	}
	if m.counter+int64(g.Max) > lastTag {
		return nil, queue.OpRaiseEpoch{}, nil
	}
	until := steady + g.Lease.Microseconds()
	leases := make([]*lease, 0, min(g.Max, len(q.window.list)))
	for bytes := 0; len(leases) < g.Max && len(q.window.list) > 0; {
		bytes += q.window.list[0].size
		if bytes > g.MaxBytes && len(leases) > 0 {
			break
		}
		leases = append(leases, m.hold(q, q.window.take(), g.Installation, now, until))
	}
	return leases, nil, nil
}

// deliveries reads the messages of leases, in their order.
func (s *Store) deliveries(ctx context.Context, leases []*lease) ([]link.Delivery, error) {
	place := make(map[int64]int, len(leases))
	mids := make([]byte, 0, 8*len(leases))
	for i, l := range leases {
		place[l.entry.mid] = i
		mids = strconv.AppendInt(append(mids, ','), l.entry.mid, 10)
	}
	mids[0] = '['
	rows, err := s.reader.QueryContext(ctx, `SELECT mid, `+messageColumns+` FROM message WHERE mid IN (SELECT value FROM json_each(?))`,
		string(append(mids, ']')))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	deliveries, found := make([]link.Delivery, len(leases)), 0
	for rows.Next() {
		var mid int64
		var m messageRow
		if err := rows.Scan(append([]any{&mid}, m.into()...)...); err != nil {
			return nil, err
		}
		i := place[mid]
		l := leases[i]
		message, err := m.message()
		if err != nil {
			return nil, err
		}
		deliveries[i] = link.Delivery{
			Tag: l.tag, Message: message, Attempt: l.n(), RequeueCount: l.entry.requeues, LostCount: l.entry.lost,
			LeaseUntil: s.shown(l.until),
		}
		found++
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if found < len(leases) {
		return nil, fmt.Errorf("%d of %d leased messages are not in the store", len(leases)-found, len(leases))
	}
	return deliveries, nil
}

// messageColumns are the columns that messageRow reads.
const messageColumns = `id, tenant, root, type, audience, app, client, business_key, ordering_key, correlation, created_at, created_by,
	headers, content_type, body`

// messageRow is a row of message.
type messageRow struct {
	m         link.Message
	createdAt int64
	headers   string
}

func (r *messageRow) into() []any {
	m := &r.m
	return []any{&m.ID, &m.TenantID, &m.RootID, &m.Type, &m.Audience, &m.Sender.App, &m.Sender.ClientID, &m.BusinessKey, &m.OrderingKey,
		&m.CorrelationID, &r.createdAt, &m.CreatedBy, &r.headers, &m.ContentType, &m.Body}
}

func (r *messageRow) message() (link.Message, error) {
	m := r.m
	m.CreatedAt = moment(r.createdAt)
	if r.headers != "" {
		if err := json.Unmarshal([]byte(r.headers), &m.Headers); err != nil {
			return link.Message{}, fmt.Errorf("headers of message %s: %w", m.ID, err)
		}
	}
	return m, nil
}

// opRecord writes leases that were given.
type opRecord struct{ leases []*lease }

// Size is roughly what it writes.
func (o opRecord) Size() int { return 96 * len(o.leases) }

// Weight is its rows.
func (o opRecord) Weight() int { return len(o.leases) }

// Alone is false: it can join any group.
func (o opRecord) Alone() bool { return false }

func (g *group) record(o opRecord) (queue.Result, error) {
	q := o.leases[0].queue
	if g.m.byID[q.id] != q {
		return queue.Result{}, nil // the store was reopened meanwhile: these leases have ended
	}
	for _, l := range g.stillOpen(o.leases) {
		if _, err := g.st.leaseAdd.exec(l.tag, l.entry.mid, l.queue.id, int64(l.n()), l.installation, l.at); err != nil {
			return queue.Result{}, err
		}
	}
	g.happened(q).Delivered += int64(len(o.leases))
	g.m.mu.Lock()
	thin := q.window.thin()
	g.m.mu.Unlock()
	if thin { // fill ahead, so that gets need not wait for it
		g.fill(q, 0)
	}
	return queue.Result{}, nil
}

// stillOpen leaves out leases that ended before they could be recorded, by a reader's slow start: a
// row of theirs would stay, and be told as cut off at the next opening.
func (g *group) stillOpen(leases []*lease) []*lease {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(leases), func(l *lease) bool { return l.ending || g.m.leases[l.tag] != l })
}

// opFill has a queue's window filled from the file.
type opFill struct {
	queue *queueState
	want  int // so many entries at least, if there are; more when the window is larger
}

// Size is nothing: it only reads.
func (o opFill) Size() int { return 0 }

// Weight is that of a few rows.
func (o opFill) Weight() int { return 16 }

// Alone is false: it can join any group.
func (o opFill) Alone() bool { return false }

// fill is a window's filling: read at the end of a group, merged after its commit.
type fill struct {
	queue   *queueState
	want    int
	horizon int64 // when it was read
	limit   int
	found   []entry
}

func (g *group) fill(q *queueState, want int) {
	if g.m.byID[q.id] != q {
		return // the store was reopened meanwhile
	}
	for i := range g.fills {
		if f := &g.fills[i]; f.queue == q {
			f.want = max(f.want, want)
			return
		}
	}
	g.fills = append(g.fills, fill{queue: q, want: want})
}

// read looks beyond the window's horizon.
func (g *group) read(f *fill) error {
	g.m.mu.Lock()
	f.horizon, f.limit = f.queue.window.horizon, max(f.queue.window.size, f.want)-len(f.queue.window.list)
	g.m.mu.Unlock()
	if f.horizon == everything || f.limit <= 0 {
		return nil
	}
	return g.st.readyAfter.each(func(row []any) error {
		f.found = append(f.found, readEntry(row))
		return nil
	}, f.queue.id, f.horizon, int64(f.limit))
}

// merge puts what was found into the window. Leased deliveries stand as ready in the file; they
// come back when their lease ends.
func (f *fill) merge() {
	w := &f.queue.window
	if f.limit <= 0 || w.complete() || w.horizon != f.horizon {
		return // the window changed meanwhile; whoever needs more asks again
	}
	last, all := f.horizon, len(f.found) < f.limit
	found := f.found[:0]
	for _, e := range f.found {
		last = e.pos
		if f.queue.leased[e.mid] == nil {
			found = append(found, e)
		}
	}
	w.fill(found, last, all)
}

// readEntry reads pos, mid, okey, attempt, requeue_count, lost_count, size.
func readEntry(row []any) entry {
	okey, _ := row[2].(string)
	return entry{
		pos: row[0].(int64), mid: row[1].(int64), okey: okey, attempt: int(row[3].(int64)), requeues: int(row[4].(int64)),
		lost: int(row[5].(int64)), size: int(row[6].(int64)),
	}
}
