package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

// Apply executes a group in one transaction. Gets are served from what was ready before the group: they
// were all open together with the rest, so any order of them is right, and the group writes once.
func (s *Store) Apply(ctx context.Context, lane int, ops []queue.Op) ([]queue.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	g, err := s.try(ctx, lane, ops, true)
	for range 3 {
		switch {
		case errors.Is(err, errWrongGuess):
			g, err = s.try(ctx, lane, ops, false)
		case busy(err) && errors.Is(err, queue.ErrNotApplied):
			s.deadlocks.Add(1)
			g, err = s.try(ctx, lane, ops, false)
		}
	}
	if err != nil {
		if unavailable(err) {
			s.sick.Store(true)
		}
		return nil, err
	}
	g.publishNews()
	return g.results, nil
}

// try executes a group once; guess says that it may trust what the store remembers until it has read it.
func (s *Store) try(ctx context.Context, lane int, ops []queue.Op, guess bool) (*group, error) {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", queue.ErrNotApplied, err)
	}
	defer c.Release() // a connection inside a transaction is closed, not used again
	g := newGroup(s, lane, c.Conn(), ops)
	if err := g.apply(ctx, guess); err != nil {
		if !c.Conn().IsClosed() {
			_, _ = c.Exec(ctx, "ROLLBACK") // the transaction ends in any case
		}
		return nil, err
	}
	return g, nil
}

// group is one group while it is applied. It goes through four steps: look reads what the operations
// speak of, without locks, unless memory has it; lock takes all the locks that it may have to wait for, in
// the order that all hubs keep to, and reads what it locked; then the operations are carried out in memory,
// one after the other; flush writes.
type group struct {
	s       *Store
	lane    int
	c       *pgx.Conn
	ops     []queue.Op
	results []queue.Result
	now     time.Time
	epoch   int64 // a new one of this store

	wanted  *wanted
	guessed guesses

	// What look found. Names without a queue are not in names.
	names    map[queue.Name]*queueInfo
	queues   map[queueKey]*queueInfo
	routes   map[routeKey][]*queueInfo
	asked    map[messageKey]*asked // messages that answers are for
	ended    map[tagKey]int64      // queues of leases that have ended
	tagged   map[tagKey]*row
	due      []*row
	plans    []plan // of publishes, by operation
	requests map[requestKey]*request
	past     map[rowKey]past // deliveries in the history

	// What lock found, and what became of it.
	rows   map[rowKey]*row
	order  []*row // in which rows came up, so that all is written in one order
	keys   map[orderKey]*key
	health map[healthKey]*uuid.UUID // the message of the last report, or nil
	places []int64
	takes  map[*queueInfo][]*row // ready deliveries that gets may take

	// What is written besides.
	messages []stored
	outcomes []outcome
	reports  []report
	healths  []healthRow
	attempts []attempt
	events   []event
	tallies  map[queueKey]*tally
	leased   []*row            // by this group
	closed   []tagKey          // leases that ended in it
	more     map[queueKey]bool // whether gets left something, by queue
	ready    set[queueKey]     // queues that got something ready
	wake     set[queue.Name]

	publishes, ticked bool
	earliest          time.Time // when the first lease or delay of the group ends
	nextDue           *time.Time
	nextSweep         time.Time
}

func newGroup(s *Store, lane int, c *pgx.Conn, ops []queue.Op) *group {
	return &group{
		s: s, lane: lane, c: c, ops: ops, results: make([]queue.Result, len(ops)), plans: make([]plan, len(ops)),
		names: map[queue.Name]*queueInfo{}, queues: map[queueKey]*queueInfo{}, routes: map[routeKey][]*queueInfo{}, asked: map[messageKey]*asked{},
		ended: map[tagKey]int64{}, tagged: map[tagKey]*row{}, requests: map[requestKey]*request{}, rows: map[rowKey]*row{}, keys: map[orderKey]*key{},
		health: map[healthKey]*uuid.UUID{}, tallies: map[queueKey]*tally{}, ready: set[queueKey]{}, wake: set[queue.Name]{}, past: map[rowKey]past{},
		takes: map[*queueInfo][]*row{}, more: map[queueKey]bool{},
	}
}

func (g *group) apply(ctx context.Context, guess bool) error {
	var last sheet
	if err := g.write(ctx, guess, &last); err != nil {
		return fmt.Errorf("%w: %w", queue.ErrNotApplied, err)
	}
	if g.publishes {
		killpoint.Hit("before-commit")
	}
	last.exec("COMMIT")
	done, err := last.run(ctx, g.c)
	if err != nil {
		// Statements are answered in their order: an error of the server in place of an earlier answer
		// means that it never came to the commit.
		if serverSaid(err) != nil && done < len(last.take)-1 {
			return fmt.Errorf("%w: %w", queue.ErrNotApplied, err)
		}
		return fmt.Errorf("%w: %w", queue.ErrUnknown, err)
	}
	if g.publishes {
		killpoint.Hit("after-commit-before-answer")
	}
	return nil
}

// write does everything up to the last statements before the commit, which it leaves on a sheet.
func (g *group) write(ctx context.Context, guess bool, last *sheet) error {
	g.wanted = g.wants()
	w := g.wanted
	var s sheet
	g.begin(&s)
	if guess && g.guess(w) {
		g.check(&s, w)
	} else if err := g.look(ctx, &s, w); err != nil {
		return err
	}
	g.plan()
	if err := g.lock(ctx, &s); err != nil {
		return err
	}
	if g.wrong() {
		g.s.memory.forget(w)
		return errWrongGuess
	}
	for i, op := range g.ops {
		if _, isGet := op.(opLease); isGet {
			continue
		}
		result, err := g.one(ctx, i, op)
		if err != nil {
			return err
		}
		g.results[i] = result
	}
	g.lease(last)
	return g.finish(last)
}

// one executes one operation. Its second answer fails the group.
func (g *group) one(ctx context.Context, i int, op queue.Op) (queue.Result, error) {
	switch op := op.(type) {
	case queue.OpPublish:
		g.publishes = true
		return g.publish(ctx, i, &op.Publish)
	case queue.OpSettle:
		return g.settle(ctx, op)
	case queue.OpTick:
		return queue.Result{}, g.tick(ctx)
	case queue.OpSetup:
		return g.setup(ctx, op.Setup)
	case queue.OpExtend:
		return g.extend(op), nil
	case queue.OpPause:
		return g.pause(ctx, op.Pause)
	case queue.OpHold:
		return g.hold(ctx, op.Hold)
	case queue.OpRedrive:
		return g.redrive(op.Redrive)
	case queue.OpDiscard:
		return g.discard(ctx, op.Discard)
	case queue.OpMend:
		return g.mend(op), nil
	case queue.OpErase:
		return g.erase(ctx, op.Erase)
	case queue.OpRaiseEpoch:
		return queue.Result{}, nil // looking has raised it
	}
	return queue.Result{}, fmt.Errorf("unknown operation %T", op)
}

// noQueue is the answer to who speaks of a queue that is not there.
func noQueue() queue.Result { return queue.Result{Err: link.NewError(link.CodeNoQueue)} }

// count notes that a delivery came into a state (n = 1) or left it (n = -1).
func (g *group) count(q queueKey, state link.State, n int64) { *g.tally(q).of(state) += n }

func (g *group) tally(q queueKey) *tally {
	t := g.tallies[q]
	if t == nil {
		t = &tally{}
		g.tallies[q] = t
	}
	return t
}

// move brings a delivery into another state, with all that goes with it.
func (g *group) move(r *row, to link.State) {
	g.count(r.queue.queueKey, r.state, -1)
	g.count(r.queue.queueKey, to, 1)
	r.state, r.dirty = to, true
	if to != link.StateLeased {
		r.tag, r.leasedAt, r.installation = 0, nil, ""
	}
	if to != link.StateLeased && to != link.StateDelayed {
		r.due = nil
	}
	if to == link.StateReady {
		g.ready.add(r.queue.queueKey)
		g.wake.add(r.queue.name)
	}
}

// ends notes when a lease or delay ends.
func (g *group) ends(at time.Time) {
	if g.earliest.IsZero() || at.Before(g.earliest) {
		g.earliest = at
	}
}

// publishNews does what follows the commit: the lane's next look, and telling who waits.
func (g *group) publishNews() {
	l := &g.s.lanes[g.lane]
	l.mu.Lock()
	if g.ticked {
		l.due = g.now.Add(lookEvery)
		if g.nextDue != nil && g.nextDue.Before(l.due) {
			l.due = *g.nextDue
		}
		l.swep = g.nextSweep
	}
	if !g.earliest.IsZero() && g.earliest.Before(l.due) {
		l.due = g.earliest
	}
	l.at, l.heard = g.now, clock.Real.Elapsed()
	l.mu.Unlock()
	if g.epoch > 0 {
		g.s.tags.begin(g.epoch)
	}
	g.s.memory.learn(g)
	g.s.known.expect(g)
	for name := range g.wake {
		g.s.onReady(name)
	}
	if g.s.news != nil && len(g.ready) > 0 {
		g.s.news.tell(g.ready)
	}
}
