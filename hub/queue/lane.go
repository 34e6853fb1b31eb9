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
	singles sync.Pool     // of pendings of one operation
	kick    chan struct{} // the next due moment may have come nearer
	due     dueCell
	ops     []Op // of the group being applied
}

// pending is what one caller waits for: operations that are applied in one group, in their order.
type pending struct {
	ops     []Op
	answers []answer      // one for each, complete when done tells
	done    chan struct{} // nil: nobody waits
}

type answer struct {
	r   Result
	err error
}

func newLane(e *Engine, n int) *lane {
	l := &lane{e: e, n: n, queue: make(chan *pending, 2*groupWeight), kick: make(chan struct{}, 1)}
	l.singles.New = func() any { return newPending(make([]Op, 1)) }
	return l
}

func newPending(ops []Op) *pending {
	return &pending{ops, make([]answer, len(ops)), make(chan struct{}, 1)}
}

// weight and size are those of its operations together.
func (p *pending) weight() (weight, size int) {
	for _, op := range p.ops {
		weight, size = weight+op.Weight(), size+op.Size()
	}
	return weight, size
}

// alone tells whether it must be the only one of its group.
func (p *pending) alone() bool { return p.ops[0].Alone() }

// do applies one operation with the next group. When ctx ends first the operation may still be
// applied: its outcome is unknown to the caller.
func (l *lane) do(ctx context.Context, op Op) (Result, error) {
	p := l.singles.Get().(*pending)
	p.ops[0] = op
	handed, told := l.hand(ctx, p), false
	if handed {
		told = p.await(ctx)
	}
	a := answer{}
	switch {
	case told:
		a = p.answers[0]
	case handed: // p is left to the lane and the garbage collector
		return Result{}, link.NewError(link.CodeOutcomeUnknown).Because(ctx.Err())
	default:
		a.err = link.NewError(link.CodeUnavailable).Because(ctx.Err())
	}
	p.ops[0], p.answers[0] = nil, answer{}
	l.singles.Put(p)
	return a.r, a.err
}

// hand gives the lane something to apply; false when ctx ended first.
func (l *lane) hand(ctx context.Context, p *pending) bool {
	select {
	case l.queue <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// await waits until the answers are there; false when ctx ended first.
func (p *pending) await(ctx context.Context) bool {
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// doAll applies operations, none of which is alone, in their order and in one group, or in several where
// they do not fit into one, and waits for all. When ctx ends first, those not handed in are refused, the
// others' outcome is unknown.
func (l *lane) doAll(ctx context.Context, ops []Op) []answer {
	answers := make([]answer, 0, len(ops))
	var handed []*pending
	for rest := ops; len(rest) > 0; {
		n := fitting(rest)
		p := newPending(rest[:n])
		if !l.hand(ctx, p) {
			break
		}
		handed, rest = append(handed, p), rest[n:]
	}
	for _, p := range handed {
		if p.await(ctx) {
			answers = append(answers, p.answers...)
			continue
		}
		for range p.ops {
			answers = append(answers, answer{err: link.NewError(link.CodeOutcomeUnknown).Because(ctx.Err())})
		}
	}
	for len(answers) < len(ops) {
		answers = append(answers, answer{err: link.NewError(link.CodeUnavailable).Because(ctx.Err())})
	}
	return answers
}

// fitting is how many of the first operations fit into one group; at least one.
func fitting(ops []Op) int {
	weight, size := 0, 0
	for n, op := range ops {
		weight, size = weight+op.Weight(), size+op.Size()
		if n > 0 && (weight > groupWeight || size > groupBytes) {
			return n
		}
	}
	return len(ops)
}

// post applies an operation that nobody waits for.
func (l *lane) post(op Op) { l.queue <- &pending{ops: []Op{op}, answers: make([]answer, 1)} }

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

// gather waits for something to apply and takes along what else is there, within the limits. The second
// answer is what did not fit and opens the next group. An empty group: the engine
// halts.
func (l *lane) gather(group []*pending, first *pending) ([]*pending, *pending) {
	if first == nil {
		if first = l.first(); first == nil {
			return group, nil
		}
	}
	group = append(group, first)
	weight, size := first.weight()
	for alone := first.alone(); !alone; {
		select {
		case p := <-l.queue:
			w, s := p.weight()
			weight, size = weight+w, size+s
			if p.alone() || weight > groupWeight || size > groupBytes {
				return group, p
			}
			group = append(group, p)
		default:
			return group, nil
		}
	}
	return group, nil
}

// first waits for something to apply; nil when the engine halts and nothing is left.
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
	l.ops = l.ops[:0]
	for _, p := range group {
		l.ops = append(l.ops, p.ops...)
	}
	results, err := l.try(l.ops)
	singly := errors.Is(err, ErrNotApplied) && len(l.ops) > 1 // nothing was stored, for certain
	if err != nil && !singly {
		l.note(l.ops, err)
	}
	clear(l.ops) // lets bodies go
	for _, p := range group {
		for i, op := range p.ops {
			switch {
			case err == nil:
				p.answers[i], results = answer{r: results[0]}, results[1:]
			case singly: // only the culprit fails
				p.answers[i] = l.one(op)
			default:
				p.answers[i] = answer{err: failure(err)}
			}
		}
		p.tell()
	}
}

// one applies an operation alone.
func (l *lane) one(op Op) answer {
	ops := []Op{op}
	results, err := l.try(ops)
	if err != nil {
		l.note(ops, err)
		return answer{err: failure(err)}
	}
	return answer{r: results[0]}
}

// note has a failure's consequences: what is not certain has the store reopened.
func (l *lane) note(ops []Op, err error) {
	switch {
	case errors.Is(err, errDown):
	case errors.Is(err, ErrNotApplied):
		l.e.opt.Logger.Error("operation not stored", "op", fmt.Sprintf("%T", ops[0]), "error", err)
	default:
		l.e.opt.Logger.Error("commit failed, outcome unknown; the store is reopened", "operations", len(ops), "error", err)
		l.e.lose(err)
	}
}

// failure is what a caller is told.
func failure(err error) error {
	code := link.CodeOutcomeUnknown
	if errors.Is(err, errDown) || errors.Is(err, ErrNotApplied) {
		code = link.CodeUnavailable
	}
	return link.NewError(code).Because(err)
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
func (l *lane) try(ops []Op) ([]Result, error) {
	l.e.gate.RLock()
	defer l.e.gate.RUnlock()
	if err := l.e.down.get(); err != nil {
		return nil, err
	}
	return l.e.driver.Apply(context.Background(), l.n, ops)
}

// tell lets the caller go on.
func (p *pending) tell() {
	if p.done != nil {
		p.done <- struct{}{}
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
