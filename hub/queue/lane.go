package queue

import (
	"context"
	"errors"
	"fmt"
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
	e     *Engine
	n     int
	queue chan *pending
	kick  chan struct{} // the next due moment may have come nearer
	due   dueCell
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

var answers = sync.Pool{New: func() any { return make(chan answer, 1) }}

func newLane(e *Engine, n int) *lane {
	return &lane{e: e, n: n, queue: make(chan *pending, 2*groupWeight), kick: make(chan struct{}, 1)}
}

// do applies one operation with the next group. When ctx ends first the operation may still be
// applied: the outcome is unknown to the caller.
func (l *lane) do(ctx context.Context, op Op) (Result, error) {
	c := answers.Get().(chan answer)
	select {
	case <-l.e.stopping:
		return Result{}, link.NewError(link.CodeUnavailable).Because(errors.New("stopping"))
	case l.queue <- &pending{op, c}:
	case <-ctx.Done():
		return Result{}, link.NewError(link.CodeUnavailable).Because(ctx.Err())
	}
	select {
	case a := <-c:
		answers.Put(c)
		return a.r, a.err
	case <-ctx.Done(): // c is left to the lane and the garbage collector
		return Result{}, link.NewError(link.CodeOutcomeUnknown).Because(ctx.Err())
	}
}

// post applies an operation that nobody waits for.
func (l *lane) post(op Op) {
	select {
	case l.queue <- &pending{op: op}:
	case <-l.e.halt:
	}
}

// run applies groups until the engine halts and nothing is left.
func (l *lane) run() {
	var carry *pending
	for {
		group, next := l.gather(carry)
		if group == nil {
			return
		}
		carry = next
		l.apply(group)
		l.poke()
	}
}

// gather waits for an operation and takes along what else is there, within the limits. The second
// answer is an operation that did not fit and opens the next group.
func (l *lane) gather(first *pending) ([]*pending, *pending) {
	if first == nil {
		select {
		case first = <-l.queue:
		default:
			select {
			case first = <-l.queue:
			case <-l.e.halt:
				select {
				case first = <-l.queue:
				default:
					return nil, nil
				}
			}
		}
	}
	group := []*pending{first}
	if first.op.Alone() {
		return group, nil
	}
	weight, size := first.op.Weight(), first.op.Size()
	for weight < groupWeight && size < groupBytes {
		select {
		case p := <-l.queue:
			if p.op.Alone() || weight+p.op.Weight() > groupWeight || size+p.op.Size() > groupBytes {
				return group, p
			}
			group = append(group, p)
			weight += p.op.Weight()
			size += p.op.Size()
		default:
			return group, nil
		}
	}
	return group, nil
}

// apply applies a group and answers its callers.
func (l *lane) apply(group []*pending) {
	ops := make([]Op, len(group))
	for i, p := range group {
		ops[i] = p.op
	}
	results, err := l.try(ops)
	switch {
	case err == nil:
		for i, p := range group {
			p.answer(results[i], nil)
		}
	case errors.Is(err, ErrNotApplied) && len(group) > 1:
		// Certain that nothing was stored: one by one, only the culprit fails.
		for _, p := range group {
			l.apply([]*pending{p})
		}
	case errors.Is(err, ErrNotApplied):
		l.e.opt.Logger.Error("operation not stored", "op", fmt.Sprintf("%T", ops[0]), "error", err)
		group[0].answer(Result{}, link.NewError(link.CodeUnavailable).Because(err))
	default:
		l.e.opt.Logger.Error("commit failed, outcome unknown; reopening the store", "operations", len(group), "error", err)
		for _, p := range group {
			p.answer(Result{}, link.NewError(link.CodeOutcomeUnknown).Because(err))
		}
		l.e.reopen(err)
	}
}

// try applies operations unless the store is down.
func (l *lane) try(ops []Op) ([]Result, error) {
	l.e.gate.RLock()
	defer l.e.gate.RUnlock()
	if err := l.e.down.get(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotApplied, err)
	}
	return l.e.driver.Apply(context.Background(), l.n, ops)
}

func (p *pending) answer(r Result, err error) {
	if p.done != nil {
		p.done <- answer{r, err}
	}
}

// reopen closes and opens the store until it holds or the engine stops. Meanwhile Ready is red and
// everything is refused as unavailable.
func (e *Engine) reopen(cause error) {
	e.down.set(cause)
	e.wg.Go(func() {
		for {
			e.gate.Lock()
			err := e.driver.Reopen(context.Background())
			if err == nil {
				err = e.driver.Check(context.Background())
			}
			if err == nil {
				e.down.set(nil)
			}
			e.gate.Unlock()
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
	})
}

// tick ends leases and delays in time.
func (l *lane) tick() {
	for {
		due, ok := l.e.nextDue(l.n)
		l.due.set(due, ok)
		if ok && !due.After(l.e.opt.Clock.Now()) {
			r, err := l.do(context.Background(), OpTick{})
			if err == nil {
				err = r.Err
			}
			if err == nil {
				continue
			}
			due, ok = l.e.opt.Clock.Now().Add(reopenPause), true
		}
		var fire <-chan time.Time
		stop := func() {}
		if ok {
			t := l.e.opt.Clock.NewTimer(due.Sub(l.e.opt.Clock.Now()))
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

func (e *Engine) nextDue(lane int) (time.Time, bool) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	return e.driver.NextDue(lane)
}

// poke tells the ticker when something is due earlier than it sleeps for.
func (l *lane) poke() {
	if due, ok := l.e.nextDue(l.n); ok && l.due.later(due) {
		l.nudge()
	}
}

func (l *lane) nudge() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// dueCell is the moment the ticker sleeps for.
type dueCell struct {
	mu    sync.Mutex
	at    time.Time
	known bool
}

func (d *dueCell) set(at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.known = at, ok
}

// later tells whether the ticker sleeps past a moment.
func (d *dueCell) later(at time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.known || d.at.After(at)
}
