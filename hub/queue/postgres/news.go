package postgres

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"smartlink/hub/queue"
	"smartlink/internal/pgdb"
)

// channel is where hubs tell each other which queues got something ready.
const channel = "smartlink_queue"

// maxNews is the most that one notification can say, in bytes; PostgreSQL's limit is 8000.
const maxNews = 7900

// everyQueue is the notification for more queues than one can name.
const everyQueue = "*"

// readFor is how long a queue counts as read here after the last get.
const readFor = 5 * time.Minute

// known remembers who reads through this store, so that only those are woken, and writes down when
// they last did. The zero value knows nobody.
type known struct {
	mu sync.Mutex
	m  map[queueKey]*reader
}

type reader struct {
	name         queue.Name
	lastGet      time.Time
	installation string
	written      bool
	more         bool // something is ready, as far as this store knows
}

// read notes a get.
func (k *known) read(q queueKey, name queue.Name, installation string, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.m == nil {
		k.m = map[queueKey]*reader{}
	}
	more := k.m[q] != nil && k.m[q].more
	k.m[q] = &reader{name, at, installation, false, more}
}

// expects tells whether a queue that is read here is likely to have something ready.
func (k *known) expects(q queueKey) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.m[q]
	return r != nil && r.more
}

// expect notes which queues have something ready after a group.
func (k *known) expect(g *group) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for q, more := range g.more {
		if r := k.m[q]; r != nil {
			r.more = more
		}
	}
	for q := range g.ready {
		if r := k.m[q]; r != nil {
			r.more = true
		}
	}
}

// addTo has a group write down the gets of its lane's queues, and forgets readers that stay away.
func (k *known) addTo(g *group) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for q, r := range k.m {
		if g.s.Lane(q.tenant) != g.lane {
			continue
		}
		if !r.written {
			r.written = true
			t := g.tally(q)
			if t.lastGet == nil || t.lastGet.Before(r.lastGet) {
				at := r.lastGet
				t.lastGet, t.installation = &at, text(r.installation)
			}
		}
		if g.now.Sub(r.lastGet) > readFor {
			delete(k.m, q)
		}
	}
}

// last is the last get that was not written down yet.
func (k *known) last(q queueKey) (time.Time, string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.m[q]
	if r == nil {
		return time.Time{}, "", false
	}
	return r.lastGet, r.installation, true
}

// of lists the queues that are read here: of some of them, or all of them.
func (k *known) of(numbers set[int64]) []queue.Name {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []queue.Name
	for q, r := range k.m {
		if _, told := numbers[q.qid]; numbers == nil || told {
			names = append(names, r.name)
		}
	}
	return names
}

// news tells other hubs which queues got something ready, and hears them. It tells after the commit
// and without waiting for the disk: PostgreSQL lets only one transaction with a notification commit
// at a time, and a group would hold that lock while it waits for its fsync. What a hub cannot tell,
// because it dies between the two, others find by looking; see Store.look.
type news struct {
	s      *Store
	origin string // marks what this store tells
	config *pgx.ConnConfig
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	waiting set[queueKey] // not told yet
	kick    chan struct{}
}

// listen begins to tell and to hear.
func (s *Store) listen() *news {
	ctx, stop := context.WithCancel(context.Background())
	n := &news{
		s: s, origin: strconv.FormatInt(s.tags.epoch, 10), config: s.config.ConnConfig.Copy(), stop: stop, waiting: set[queueKey]{}, kick: make(chan struct{}, 1),
	}
	pool := s.pool
	n.done.Go(func() { n.talk(ctx, pool) })
	n.done.Go(func() { n.hear(ctx) })
	n.done.Go(func() { n.look(ctx, pool) })
	return n
}

func (n *news) close() {
	n.stop()
	n.done.Wait()
}

// tell hands on what the other hubs should know. It does not wait.
func (n *news) tell(queues set[queueKey]) {
	n.mu.Lock()
	maps.Copy(n.waiting, queues)
	n.mu.Unlock()
	select {
	case n.kick <- struct{}{}:
	default: // it will be told with what waits already
	}
}

// tellEvery is the shortest time between two notifications: a hub that stores many groups a second tells what
// they made ready in fewer.
const tellEvery = 5 * time.Millisecond

// talk tells the other hubs, all that waits at once.
func (n *news) talk(ctx context.Context, pool *pgxpool.Pool) {
	for {
		select {
		case <-n.kick:
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		queues := n.waiting
		n.waiting = set[queueKey]{}
		n.mu.Unlock()
		if err := n.notify(ctx, pool, queues); err != nil && ctx.Err() == nil {
			n.s.opt.Logger.Warn("other hubs were not told of new messages; they look by themselves", "error", err)
		}
		pgdb.Pause(ctx, tellEvery)
	}
}

func (n *news) notify(ctx context.Context, pool *pgxpool.Pool, queues set[queueKey]) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	c, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	// The setting holds for this transaction, which is this statement.
	_, err = c.Exec(ctx, "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", channel, message(n.origin, queues))
	return err
}

// message writes a notification: who tells, and the numbers of queues.
func message(origin string, queues set[queueKey]) string {
	b := make([]byte, 0, 256)
	b = append(b, origin...)
	for q := range queues {
		b = append(b, ' ')
		b = strconv.AppendInt(b, q.qid, 10)
	}
	if len(b) > maxNews {
		return origin + " " + everyQueue
	}
	return string(b)
}

// readMessage reads a notification; no numbers: every queue.
func readMessage(payload string) (origin string, queues set[int64]) {
	words := strings.Fields(payload)
	if len(words) == 0 {
		return "", nil
	}
	queues = set[int64]{}
	for _, w := range words[1:] {
		qid, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return words[0], nil
		}
		queues.add(qid)
	}
	return words[0], queues
}

// hear wakes those who wait here for queues that other hubs tell of, until ctx ends; all of them after
// each connect, since news may have been missed.
func (n *news) hear(ctx context.Context) {
	pgdb.Listen(ctx, n.config, channel, n.s.opt.Logger, func(payload string, missed bool) {
		if missed {
			n.wake(nil)
		} else if origin, queues := readMessage(payload); origin != n.origin {
			n.wake(queues)
		}
	})
}

// wake wakes who waits here for some queues, or for any.
func (n *news) wake(queues set[int64]) {
	for _, name := range n.s.known.of(queues) {
		n.s.onReady(name)
	}
}

// look finds what nobody told of, once a second: queues that are read here and have something ready.
func (n *news) look(ctx context.Context, pool *pgxpool.Pool) {
	for {
		pgdb.Pause(ctx, lookEvery)
		if ctx.Err() != nil {
			return
		}
		names := n.s.known.of(nil)
		if len(names) == 0 {
			continue
		}
		if err := n.lookFor(ctx, pool, names); err != nil && ctx.Err() == nil {
			n.s.opt.Logger.Warn("looking for messages nobody told of failed", "error", err)
		}
	}
}

func (n *news) lookFor(ctx context.Context, pool *pgxpool.Pool, names []queue.Name) error {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	rows, err := pool.Query(ctx, `SELECT q.tenant, q.client FROM unnest($1::uuid[], $2::text[]) AS u (tenant, client)
		JOIN queue AS q ON q.tenant = u.tenant AND q.client = u.client WHERE q.paused_at IS NULL
		AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.tenant = q.tenant AND d.qid = q.qid AND d.state = 'ready')`,
		column(names, func(q queue.Name) [16]byte { return q.Tenant }), column(names, func(q queue.Name) string { return text(string(q.Client)) }))
	if err != nil {
		return err
	}
	var name queue.Name
	_, err = pgx.ForEachRow(rows, []any{&name.Tenant, &name.Client}, func() error {
		n.s.onReady(name)
		return nil
	})
	return err
}
