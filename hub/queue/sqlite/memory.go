package sqlite

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// tagBits is the width of a tag's counter, below its epoch.
const tagBits = 32

// memory is what the store keeps in memory. mu guards all of it; it is never held during I/O. The
// writer alone changes queues and routes, so it reads them without the lock.
type memory struct {
	mu     sync.Mutex
	queues map[queue.Name]*queueState
	byID   map[int64]*queueState
	routes map[routeKey][]*queueState // by qid

	list     []*queueState // all of them; see byName
	unsorted bool

	epoch, counter int64
	leases         map[int64]*lease // by tag
	ends           leaseEnds

	nextDelay int64 // when the first delayed delivery is due; 0: none
	nextSweep int64 // when the dedupe window is looked at next; 0: nothing in it
	nextTrim  int64 // when figures are old enough to go; 0: there are none
}

// routeKey finds the queues that subscribe to a type.
type routeKey struct {
	tenant uuid.UUID
	typ    string
}

// queueState is one queue in memory.
type queueState struct {
	id            int64
	name          queue.Name
	subscriptions []string // sorted
	requeueMax    int
	hold          bool
	paused        *queue.Paused
	createdAt     int64
	lastGet       int64
	installation  string
	counts        counts
	window        window
	leased        map[int64]*lease // by mid
	oldest        oldest
}

// counts are the deliveries of a queue by state, leased ones as ready.
type counts struct{ ready, behind, delayed, acked, dead, discarded int64 }

// of is the count of one state.
func (c *counts) of(s link.State) *int64 {
	switch s {
	case link.StateReady:
		return &c.ready
	case link.StateBehind:
		return &c.behind
	case link.StateDelayed:
		return &c.delayed
	case link.StateAcked:
		return &c.acked
	case link.StateDead:
		return &c.dead
	default:
		return &c.discarded
	}
}

// lease is one delivery handed out and not settled.
type lease struct {
	tag          int64
	queue        *queueState
	entry        entry
	installation string
	at, until    int64 // the end is a steady moment
	ending       bool  // the group being applied ends it
	place        int   // in ends
}

// n is the number of the attempt.
func (l *lease) n() int { return l.entry.attempt + 1 }

// leaseEnds is a heap of leases by their end.
type leaseEnds []*lease

func (h leaseEnds) Len() int           { return len(h) }
func (h leaseEnds) Less(i, j int) bool { return h[i].until < h[j].until }
func (h leaseEnds) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push appends; for container/heap.
func (h *leaseEnds) Push(x any) {
	l := x.(*lease)
	l.place = len(*h)
	*h = append(*h, l)
}

// Pop takes the last; for container/heap.
func (h *leaseEnds) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return l
}

// hold makes a lease of a ready delivery.
func (m *memory) hold(q *queueState, e entry, installation string, at, until int64) *lease {
	m.counter++
	l := &lease{tag: m.epoch<<tagBits | m.counter, queue: q, entry: e, installation: installation, at: at, until: until}
	m.leases[l.tag] = l
	q.leased[e.mid] = l
	heap.Push(&m.ends, l)
	return l
}

// drop ends a lease.
func (m *memory) drop(l *lease) {
	delete(m.leases, l.tag)
	delete(l.queue.leased, l.entry.mid)
	heap.Remove(&m.ends, l.place)
}

// prolong moves a lease's end.
func (m *memory) prolong(l *lease, until int64) {
	l.until = until
	heap.Fix(&m.ends, l.place)
}

// find answers the lease that a reader of q may settle by a tag at a moment.
func (m *memory) find(q *queueState, tag, now int64) (*lease, error) {
	epoch, counter := tag>>tagBits, tag&(1<<tagBits-1)
	l := m.leases[tag]
	switch {
	case l != nil && l.queue != q, epoch < 1, counter < 1, epoch > m.epoch, epoch == m.epoch && counter > m.counter:
		return nil, link.NewError(link.CodeTagUnknown)
	case l == nil, l.ending, l.until <= now:
		return nil, link.NewError(link.CodeLeaseEnded)
	}
	return l, nil
}

// addQueue makes a queue known, once; subscribe tells what it hears.
func (m *memory) addQueue(q *queueState) {
	if m.byID[q.id] == q {
		return
	}
	m.queues[q.name], m.byID[q.id] = q, q
	m.list, m.unsorted = append(m.list, q), true
}

// byName lists the queues by name.
func (m *memory) byName() []*queueState {
	if m.unsorted {
		slices.SortFunc(m.list, func(a, b *queueState) int { return a.name.Compare(b.name) })
		m.unsorted = false
	}
	return m.list
}

// subscribe sets what a queue hears.
func (m *memory) subscribe(q *queueState, types []string) {
	for _, t := range q.subscriptions {
		k := routeKey{q.name.Tenant, t}
		m.routes[k] = slices.DeleteFunc(slices.Clone(m.routes[k]), func(x *queueState) bool { return x == q })
		if len(m.routes[k]) == 0 {
			delete(m.routes, k)
		}
	}
	q.subscriptions = types
	for _, t := range types {
		k := routeKey{q.name.Tenant, t}
		m.routes[k] = append(slices.Clone(m.routes[k]), q)
		slices.SortFunc(m.routes[k], func(a, b *queueState) int { return cmp.Compare(a.id, b.id) })
	}
}

// nextDue is when a tick is worth applying.
func (m *memory) nextDue() (int64, bool) {
	due := int64(everything)
	if len(m.ends) > 0 {
		due = m.ends[0].until
	}
	if m.nextDelay > 0 {
		due = min(due, m.nextDelay)
	}
	if m.nextSweep > 0 {
		due = min(due, m.nextSweep)
	}
	if m.nextTrim > 0 {
		due = min(due, m.nextTrim)
	}
	return due, due < everything
}

// NextDue tells in how long the next lease or delay ends.
func (s *Store) NextDue(int) (time.Duration, bool) {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	due, ok := s.memory.nextDue()
	if !ok {
		return 0, false
	}
	return time.Duration(due-s.steady()) * time.Microsecond, true
}

// restore reads what memory needs, and begins a new epoch: leases left open end as hub-restarted.
func (s *Store) restore(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	m := &s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queues, m.byID, m.routes = map[queue.Name]*queueState{}, map[int64]*queueState{}, map[routeKey][]*queueState{}
	m.list = nil
	m.leases, m.ends, m.counter = map[int64]*lease{}, nil, 0

	now := micros(s.now())
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO attempt (mid, qid, tag, n, installation, leased_at, ended_at, ended, reason)
		SELECT mid, qid, tag, n, installation, leased_at, ?, ?, '' FROM lease`, now, string(link.EventHubRestarted)); err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	for _, q := range []string{
		`UPDATE delivery SET attempt = max(attempt, l.n) FROM lease AS l WHERE delivery.mid = l.mid AND delivery.qid = l.qid`,
		`DELETE FROM lease`,
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("end leases: %w", err)
		}
	}
	var delay, oldest, figures sql.NullInt64
	for _, x := range []struct {
		to  any
		sql string
	}{
		{&m.epoch, `UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value`},
		{&s.numbers.message, `SELECT max(value, (SELECT coalesce(max(mid), 0) FROM message)) FROM meta WHERE name = 'place'`},
		{&s.numbers.dedupe, `SELECT coalesce(max(n), 0) FROM dedupe`},
		{&s.oldRequests, `SELECT value FROM meta WHERE name = 'old_requests'`},
		{&delay, `SELECT min(due_at) FROM delivery WHERE state = 'delayed'`},
		{&oldest, `SELECT (SELECT at FROM dedupe ORDER BY n LIMIT 1)`},
		{&figures, `SELECT (SELECT at FROM series INDEXED BY series_age WHERE step = 60 ORDER BY at LIMIT 1)`},
	} {
		if err := tx.QueryRowContext(ctx, x.sql).Scan(x.to); err != nil {
			return fmt.Errorf("%s: %w", x.sql, err)
		}
	}
	m.nextDelay, m.nextSweep, m.nextTrim = delay.Int64, 0, 0
	if oldest.Valid {
		m.nextSweep = oldest.Int64 + link.DedupeWindow.Microseconds()
	}
	if figures.Valid {
		m.nextTrim = figures.Int64 + units[0].kept.Microseconds()
	}
	if err := s.restoreQueues(ctx, tx); err != nil {
		return fmt.Errorf("queues: %w", err)
	}
	return tx.Commit()
}

func (s *Store) restoreQueues(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT qid, tenant, client, requeue_max, hold, paused_at, paused_reason, paused_by, created_at, last_get, installation,
		ready, behind, delayed, acked, dead, discarded FROM queue`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		q := s.newQueue()
		c := &q.counts
		var pausedAt int64
		var paused queue.Paused
		if err := rows.Scan(&q.id, &q.name.Tenant, &q.name.Client, &q.requeueMax, &q.hold, &pausedAt, &paused.Reason, &paused.By, &q.createdAt, &q.lastGet, &q.installation,
			&c.ready, &c.behind, &c.delayed, &c.acked, &c.dead, &c.discarded); err != nil {
			return err
		}
		if c.ready > 0 {
			q.window.horizon = 0
		}
		if pausedAt > 0 {
			paused.At = moment(pausedAt)
			q.paused = &paused
		}
		s.memory.addQueue(q)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	subs, err := tx.QueryContext(ctx, `SELECT qid, type FROM subscription ORDER BY qid, type`)
	if err != nil {
		return err
	}
	defer func() { _ = subs.Close() }()
	types := map[int64][]string{}
	for subs.Next() {
		var qid int64
		var typ string
		if err := subs.Scan(&qid, &typ); err != nil {
			return err
		}
		types[qid] = append(types[qid], typ)
	}
	for qid, list := range types {
		s.memory.subscribe(s.memory.byID[qid], list)
	}
	return subs.Err()
}

// newQueue is an empty queue.
func (s *Store) newQueue() *queueState {
	return &queueState{window: window{horizon: everything, size: s.opt.Window}, leased: map[int64]*lease{}}
}
