package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"smartlink/hub/queue"
	"smartlink/internal/killpoint"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Apply executes a group in one transaction.
func (s *Store) Apply(_ context.Context, _ int, ops []queue.Op) ([]queue.Result, error) {
	s.write.Lock()
	defer s.write.Unlock()
	if s.st == nil {
		return nil, fmt.Errorf("%w: the store is closed", queue.ErrNotApplied)
	}
	g := &group{s: s, st: s.st, m: &s.memory, now: micros(s.now()), steady: s.steady(), results: make([]queue.Result, len(ops))}
	s.mindLog()
	err := g.apply(ops)
	if err == nil {
		s.sick = nil
		for _, q := range g.woken {
			s.onReady(q.name)
		}
		return g.results, nil
	}
	if sqldb.IsUnavailable(err) {
		s.sick = err
	}
	return nil, err
}

// group is one group while it is applied. What it changes in memory is noted here and done after
// the commit.
type group struct {
	s       *Store
	st      *statements
	m       *memory
	now     int64 // what is told and stored as a moment
	steady  int64 // what is measured by
	results []queue.Result

	publishes bool
	touched   []*queueState    // whose counts changed
	delta     map[int64]counts // by queue
	figures   map[int64]*queue.Figures
	sent      // not yet written
	ended     []*lease
	withdrawn []placed // taken out of windows, to be put back if the group fails
	ready     []placed
	woken     []*queueState
	fills     []fill
	later     []func() // done in memory after the commit, first of all
	delays    bool     // delays began or ended
	nextDelay int64    // the earliest of them
	noted     bool     // a request stands in the dedupe window
	swept     bool     // the dedupe window was looked at
	nextSweep int64    // when to look again
	epoch     int64    // a new one
	trims     bool     // figures were written first, or let go
	nextTrim  int64    // when to let some go; 0: when the first are old
}

// placed is a delivery with its queue.
type placed struct {
	queue *queueState
	entry entry
}

func (g *group) apply(ops []queue.Op) error {
	if err := g.write(ops); err != nil {
		g.undo()
		return fmt.Errorf("%w: %w", queue.ErrNotApplied, err)
	}
	if g.publishes {
		killpoint.Hit("before-commit")
	}
	if _, err := g.st.commit.exec(); err != nil {
		g.undo()
		return fmt.Errorf("%w: %w", queue.ErrUnknown, err)
	}
	// A commit into files that nobody finds again is worth nothing.
	if err := g.s.files.Check(); err != nil {
		g.undo()
		return fmt.Errorf("%w: %w", queue.ErrUnknown, err)
	}
	if g.publishes {
		killpoint.Hit("after-commit-before-answer")
	}
	g.remember()
	return nil
}

// write does everything before the commit.
func (g *group) write(ops []queue.Op) error {
	if _, err := g.st.begin.exec(); err != nil {
		return err
	}
	for i, op := range ops {
		var err error
		g.results[i], err = g.one(op)
		if err != nil {
			return err
		}
	}
	return g.finish()
}

// one executes one operation. Its second answer fails the group.
func (g *group) one(op queue.Op) (queue.Result, error) {
	if _, publishes := op.(queue.OpPublish); !publishes { // it may be about one of these messages
		if err := g.writeSent(); err != nil {
			return queue.Result{}, err
		}
	}
	switch op := op.(type) {
	case queue.OpPublish:
		g.publishes = true
		return g.publish(&op.Publish)
	case queue.OpSettle:
		return g.settle(op)
	case opRecord:
		return g.record(op)
	case opFill:
		g.fill(op.queue, op.want)
		return queue.Result{}, nil
	case queue.OpTick:
		return g.tick()
	case queue.OpSetup:
		return g.setup(op.Setup)
	case queue.OpExtend:
		return g.extend(op), nil
	case queue.OpPause:
		return g.pause(op.Pause)
	case queue.OpHold:
		return g.hold(op.Hold)
	case queue.OpRedrive:
		return g.redrive(op.Redrive)
	case queue.OpDiscard:
		return g.discard(op.Discard)
	case queue.OpMend:
		return g.mend(op), nil
	case queue.OpRaiseEpoch:
		return g.raise()
	case opForget:
		return g.forget(op)
	case queue.OpErase:
		return g.erase(op.Erase)
	case opBlank:
		return g.blank(op.mid)
	case opHealthDrop:
		return g.dropHealth(op)
	case opShrink:
		return g.shrink()
	}
	return queue.Result{}, fmt.Errorf("unknown operation %T", op)
}

// finish writes what the group adds up to, and looks at what memory needs next.
func (g *group) finish() error {
	if err := g.writeSent(); err != nil {
		return err
	}
	for _, q := range g.touched {
		c, d := q.counts, g.delta[q.id]
		g.m.mu.Lock()
		lastGet, installation := q.lastGet, q.installation
		g.m.mu.Unlock()
		if _, err := g.st.queueCounts.exec(lastGet, installation, c.ready+d.ready, c.behind+d.behind, c.delayed+d.delayed,
			c.acked+d.acked, c.dead+d.dead, c.discarded+d.discarded, q.id); err != nil {
			return err
		}
		if err := g.writeSeries(q, d); err != nil {
			return err
		}
	}
	if g.delays {
		row, err := g.st.delayedNext.one()
		if err != nil {
			return err
		}
		if row != nil {
			g.nextDelay = row[0].(int64)
		}
	}
	for i := range g.fills {
		if err := g.read(&g.fills[i]); err != nil {
			return err
		}
	}
	return nil
}

// undo rolls back and lets memory forget the group.
func (g *group) undo() {
	// It fails when SQLite has rolled back by itself; then there is nothing to do.
	_, _ = g.st.rollback.exec()
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	for _, l := range g.ended {
		l.ending = false
	}
	for _, p := range g.withdrawn {
		p.queue.window.add(p.entry)
	}
}

// remember brings memory up to what was committed.
func (g *group) remember() {
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	for _, f := range g.later {
		f()
	}
	for _, q := range g.touched {
		c, d := &q.counts, g.delta[q.id]
		*c = counts{c.ready + d.ready, c.behind + d.behind, c.delayed + d.delayed, c.acked + d.acked, c.dead + d.dead, c.discarded + d.discarded}
		if d.unsure() {
			q.oldest.forget()
		}
	}
	for _, l := range g.ended {
		g.m.drop(l)
	}
	for _, p := range g.ready {
		p.queue.window.add(p.entry)
		g.wake(p.queue)
	}
	for _, f := range g.fills {
		f.merge()
	}
	if g.delays {
		g.m.nextDelay = g.nextDelay
	}
	if g.swept {
		g.m.nextSweep = g.nextSweep
	}
	if g.noted && g.m.nextSweep == 0 {
		g.m.nextSweep = g.steady + link.DedupeWindow.Microseconds()
	}
	if g.trims {
		g.m.nextTrim = cmp.Or(g.nextTrim, g.steady+units[0].kept.Microseconds())
	}
	if g.epoch > 0 {
		g.m.epoch, g.m.counter = g.epoch, 0
	}
}

func (g *group) wake(q *queueState) {
	if !slices.Contains(g.woken, q) {
		g.woken = append(g.woken, q)
	}
}

// count notes that a delivery of a queue came into a state (n = 1) or left it (n = -1).
func (g *group) count(q *queueState, state link.State, n int64) {
	d, known := g.delta[q.id]
	if !known {
		g.touch(q)
	}
	*d.of(state) += n
	g.delta[q.id] = d
}

// touch has a queue's row written at the end of the group.
func (g *group) touch(q *queueState) {
	if g.delta == nil {
		g.delta = map[int64]counts{}
	}
	if _, known := g.delta[q.id]; !known {
		g.delta[q.id] = counts{}
		g.touched = append(g.touched, q)
	}
}

// raise begins a new epoch of tags. Open leases keep theirs.
func (g *group) raise() (queue.Result, error) {
	row, err := g.st.epochRaise.one()
	if err != nil {
		return queue.Result{}, err
	}
	if row == nil {
		return queue.Result{}, errors.New("the store has no epoch")
	}
	g.epoch = row[0].(int64)
	return queue.Result{}, nil
}
