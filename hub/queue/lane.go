package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"smartlink/link"
)

// Limits of a group. More operations would make the first caller wait longer for little gain.
const (
	groupWeight = 512
	groupBytes  = 4 << 20
)

// reopenPause is the wait between attempts to reopen a store.
const reopenPause = 500 * time.Millisecond

// lane applies groups one after the other. While one is being committed the next one gathers, so
// groups grow with the load and a single caller never waits for company.
type lane struct {
	e       *Engine
	n       int
	queue   chan *pending
	answers sync.Pool     // of channels that callers wait on
	kick    chan struct{} // the next due moment may have come nearer
	due     dueCell
	ops     []Op // of the group being applied
}

// pending is an operation waiting for its group.
type pending struct {
	op   Op
	done chan answer // nil: nobody waits
}

type answer struct {
	r   Result
	err error
}

func newLane(e *Engine, n int) *lane {
	l := &lane{e: e, n: n, queue: make(chan *pending, 2*groupWeight), kick: make(chan struct{}, 1)}
	l.answers.New = func() any { return make(chan answer, 1) }
	return l
}

// do applies one operation with the next group. When ctx ends first the operation may still be
// applied: its outcome is unknown to the caller.
func (l *lane) do(ctx context.Context, op Op) (Result, error) {
	c := l.answers.Get().(chan answer)
	select {
	case l.queue <- &pending{op, c}:
	case <-ctx.Done():
		l.answers.Put(c)
		return Result{}, link.NewError(link.CodeUnavailable).Because(ctx.Err())
	}
	select {
	case a := <-c:
		l.answers.Put(c)
		return a.r, a.err
	case <-ctx.Done(): // c is left to the lane and the garbage collector
		return Result{}, link.NewError(link.CodeOutcomeUnknown).Because(ctx.Err())
	}
}

// doAll applies operations in their order, with as few groups as they fit into, and waits for all.
// When ctx ends first, those not handed in are refused, the others' outcome is unknown.
func (l *lane) doAll(ctx context.Context, ops []Op) []answer {
	waiting := make([]chan answer, 0, len(ops))
	answers := make([]answer, len(ops))
	for _, op := range ops {
		c := make(chan answer, 1)
		select {
		case l.queue <- &pending{op, c}:
			waiting = append(waiting, c)
			continue
		case <-ctx.Done():
		}
		break
	}
	for i := range ops {
		if i >= len(waiting) {
			answers[i].err = link.NewError(link.CodeUnavailable).Because(ctx.Err())
			continue
		}
		select {
		case answers[i] = <-waiting[i]:
		case <-ctx.Done():
			answers[i].err = link.NewError(link.CodeOutcomeUnknown).Because(ctx.Err())
		}
	}
	return answers
}

// post applies an operation that nobody waits for.
func (l *lane) post(op Op) { l.queue <- &pending{op: op} }

// run applies groups until the engine halts and nothing is left.
func (l *lane) run() {
	var group []*pending
	var carry *pending
	for {
		group, carry = l.gather(group[:0], carry)
		if len(group) == 0 {
			return
		}
		l.apply(group)
		l.poke()
		if len(group) > 1 {
			l.rejoin(len(group))
		}
	}
}

// rejoinYields is how often a lane lets others run before it closes the next group: enough for callers that
// were just answered on other processors too, and microseconds where nobody has anything to do.
const rejoinYields = 20

// rejoin lets callers that were just answered hand in what they have next, so that they are in the next
// group. Otherwise callers fall into two halves that take turns, and each group serves only one.
func (l *lane) rejoin(answered int) {
	for range rejoinYields {
		if len(l.queue) >= answered {
			return
		}
		runtime.Gosched()
	}
}

// gather waits for an operation and takes along what else is there, within the limits. The second
// answer is an operation that did not fit and opens the next group. An empty group: the engine
// halts.
func (l *lane) gather(group []*pending, first *pending) ([]*pending, *pending) {
	if first == nil {
		if first = l.first(); first == nil {
			return group, nil
		}
	}
	group = append(group, first)
	weight, size := first.op.Weight(), first.op.Size()
	for alone := first.op.Alone(); !alone; {
		select {
		case p := <-l.queue:
			weight += p.op.Weight()
			size += p.op.Size()
			if p.op.Alone() || weight > groupWeight || size > groupBytes {
				return group, p
			}
			group = append(group, p)
		default:
			return group, nil
		}
	}
	return group, nil
}

// first waits for an operation; nil when the engine halts and none is left.
func (l *lane) first() *pending {
	select {
	case p := <-l.queue:
		return p
	case <-l.e.halt:
	}
	select {
	case p := <-l.queue:
		return p
	default:
		return nil
	}
}

// apply applies a group and answers its callers.
func (l *lane) apply(group []*pending) {
	results, err := l.try(group)
	switch {
	case err == nil:
		for i, p := range group {
			p.answer(results[i], nil)
		}
	case errors.Is(err, errDown):
		refuse(group, link.CodeUnavailable, err)
	case errors.Is(err, ErrNotApplied) && len(group) > 1:
		// Certain that nothing was stored: one by one, only the culprit fails.
		for _, p := range group {
			l.apply([]*pending{p})
		}
	case errors.Is(err, ErrNotApplied):
		l.e.opt.Logger.Error("operation not stored", "op", fmt.Sprintf("%T", group[0].op), "error", err)
		refuse(group, link.CodeUnavailable, err)
	default:
		l.e.opt.Logger.Error("commit failed, outcome unknown; the store is reopened", "operations", len(group), "error", err)
		l.e.lose(err)
		refuse(group, link.CodeOutcomeUnknown, err)
	}
}

// lose has the store reopened, unless that is under way.
func (e *Engine) lose(err error) {
	if e.down.first(fmt.Errorf("%w: %w", errDown, err)) {
		e.workers.Go(e.reopen)
	}
}

// errDown marks that the store is being reopened.
var errDown = errors.New("the store is being reopened")

// try applies operations unless the store is down.
func (l *lane) try(group []*pending) ([]Result, error) {
	l.ops = l.ops[:0]
	for _, p := range group {
		l.ops = append(l.ops, p.op)
	}
	l.e.gate.RLock()
	defer l.e.gate.RUnlock()
	if err := l.e.down.get(); err != nil {
		return nil, err
	}
	results, err := l.e.driver.Apply(context.Background(), l.n, l.ops)
	clear(l.ops) // lets bodies go
	return results, err
}

// refuse answers a whole group with one failure.
func refuse(group []*pending, code link.Code, cause error) {
	for _, p := range group {
		p.answer(Result{}, link.NewError(code).Because(cause))
	}
}

func (p *pending) answer(r Result, err error) {
	if p.done != nil {
		p.done <- answer{r, err}
	}
}

// reopen closes and opens the store until it holds or the engine halts. Meanwhile Ready is red and
// everything is refused as unavailable.
func (e *Engine) reopen() {
	for {
		err := e.tryReopen()
		if err == nil {
			e.opt.Logger.Info("store reopened")
			e.wake.all()
			for _, l := range e.lanes {
				l.nudge()
			}
			return
		}
		e.opt.Logger.Error("store cannot be reopened yet", "error", err)
		t := e.opt.Clock.NewTimer(reopenPause)
		select {
		case <-t.C():
		case <-e.halt:
			t.Stop()
			return
		}
	}
}

func (e *Engine) tryReopen() error {
	e.gate.Lock()
	defer e.gate.Unlock()
	err := e.driver.Reopen(context.Background())
	if err == nil {
		err = e.driver.Check(context.Background())
	}
	if err == nil {
		e.down.set(nil)
	}
	return err
}

// tick ends leases and delays in time, until the engine stops.
func (l *lane) tick() {
	for {
		in, ok := l.nextDue()
		l.due.set(l.e.opt.Clock.Elapsed()+in, ok)
		if ok && in <= 0 {
			if r, err := l.do(context.Background(), OpTick{}); err == nil && r.Err == nil {
				continue
			}
			in = reopenPause
		}
		var fire <-chan time.Time
		stop := func() {}
		if ok {
			t := l.e.opt.Clock.NewTimer(in)
			fire, stop = t.C(), t.Stop
		}
		select {
		case <-fire:
		case <-l.kick:
		case <-l.e.stopping:
			stop()
			return
		}
		stop()
	}
}

// nextDue asks the driver in how long a tick is worth it; never while the store is down.
func (l *lane) nextDue() (time.Duration, bool) {
	l.e.gate.RLock()
	defer l.e.gate.RUnlock()
	if l.e.down.get() != nil {
		return 0, false
	}
	return l.e.driver.NextDue(l.n)
}

// poke tells the ticker when something is due earlier than it sleeps for.
func (l *lane) poke() {
	if in, ok := l.nextDue(); ok && l.due.later(l.e.opt.Clock.Elapsed()+in) {
		l.nudge()
	}
}

func (l *lane) nudge() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// dueCell is the moment the ticker sleeps for, by the clock's Elapsed.
type dueCell struct {
	mu    sync.Mutex
	at    time.Duration
	known bool
}

func (d *dueCell) set(at time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.known = at, ok
}

// later tells whether the ticker sleeps past a moment.
func (d *dueCell) later(at time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.known || d.at > at
}
