package queue

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

// Options of an Engine; zero fields have defaults.
type Options struct {
	Clock  clock.Clock
	Logger *slog.Logger
	// Backoff is the delay of a requeue that asks for none, by the count of earlier requeues.
	// Default: Backoff.
	Backoff func(requeues int) time.Duration
	// Retention tells how long a tenant's messages are kept. It must not block. Nil: history for
	// link.Retention, everything else for ever.
	Retention func(tenant uuid.UUID) Retention
	Keep      KeepOptions
}

// Engine runs queues on a Driver: it groups operations so that one commit serves many callers, wakes
// waiting readers, ends leases in time, and reopens the store when a commit's outcome is unknown.
type Engine struct {
	driver Driver
	opt    Options
	lanes  []*lane
	wake   waiters[Name]
	told   waiters[uuid.UUID] // of something new about a message

	// gate is held shared while the driver is used and exclusively while it is reopened or closed.
	gate sync.RWMutex
	down errorCell // why nothing can be stored now

	calls    calls
	keeping  sync.Mutex // held during a round of keeping
	rounds   rounds
	hurried  atomic.Int32  // how many want a round now
	hurry    chan struct{} // wakes a round from its pause
	stopping chan struct{} // closed first: readers go home, nothing new is taken
	halt     chan struct{} // closed when no call is left: lanes finish what they have
	tickers  sync.WaitGroup
	workers  sync.WaitGroup
	once     sync.Once
}

// New makes an engine; Start begins its work. The driver is the engine's from now on: Stop closes it.
func New(d Driver, o Options) *Engine {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Backoff == nil {
		o.Backoff = Backoff
	}
	o.Keep = o.Keep.withDefaults()
	e := &Engine{driver: d, opt: o, stopping: make(chan struct{}), halt: make(chan struct{}), hurry: make(chan struct{}, 1)}
	for i := range d.Lanes() {
		e.lanes = append(e.lanes, newLane(e, i))
	}
	d.OnReady(e.wake.wake)
	d.Retain(e.retention)
	return e
}

// Backoff is the delay before the next delivery after so many earlier requeues: exponential from
// link.BackoffBase, at most link.BackoffCap, with full jitter, so that many failures at once do not
// come back at once.
func Backoff(requeues int) time.Duration {
	top := link.BackoffCap
	if requeues < 10 {
		top = min(top, link.BackoffBase<<requeues)
	}
	return 1 + rand.N(top)
}

// Start begins the engine's work.
func (e *Engine) Start(context.Context) error {
	for _, l := range e.lanes {
		e.workers.Go(l.run)
		e.tickers.Go(l.tick)
	}
	if e.opt.Keep.Every > 0 {
		e.tickers.Go(e.keeper)
	}
	return nil
}

// Stop ends it: waiting readers go home empty, what was accepted is stored, then the driver is
// closed. When ctx ends first, that goes on in the background.
func (e *Engine) Stop(ctx context.Context) error {
	var err error
	e.once.Do(func() {
		e.calls.refuse()
		close(e.stopping)
		done := make(chan error, 1)
		go func() { done <- e.finish() }()
		select {
		case err = <-done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	})
	return err
}

// finish lets everything come to its end, in the order of who needs whom.
func (e *Engine) finish() error {
	<-e.calls.ended()
	e.tickers.Wait()
	close(e.halt)
	e.workers.Wait()
	return e.driver.Close()
}

// enter begins a call; leave ends it.
func (e *Engine) enter() error {
	if !e.calls.enter() {
		return link.NewError(link.CodeUnavailable).Because(errors.New("the engine stops"))
	}
	return nil
}

func (e *Engine) leave() { e.calls.leave() }

// Setup creates or changes a queue. Errors: link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Setup(ctx context.Context, s Setup) (SetupResult, error) {
	r, err := e.call(ctx, s.Queue.Tenant, OpSetup{s})
	return r.Setup, err
}

// Publish stores a message durably. Errors: link.CodeNoRoute, link.CodeIdempotency,
// link.CodeNotYourMessage, link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Publish(ctx context.Context, p Publish) (PublishResult, error) {
	r, err := e.call(ctx, p.Message.TenantID, OpPublish{p})
	e.tell(p, err)
	return r.Publish, err
}

// tell wakes those who wait for news of the messages that a publish tells about.
func (e *Engine) tell(p Publish, err error) {
	if err == nil && p.Answer != nil {
		e.told.wake(p.Answer.To)
	}
}

// Published is what one of several publishes came to.
type Published struct {
	PublishResult
	Err error
}

// PublishAll stores messages of one tenant durably, each on its own, in their order: as many calls of
// Publish would, without waiting for each. The second answer fails them all: link.CodeUnavailable.
func (e *Engine) PublishAll(ctx context.Context, list []Publish) ([]Published, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	ops := make([]Op, len(list))
	for i, p := range list {
		ops[i] = OpPublish{p}
	}
	out := make([]Published, len(list))
	for i, a := range e.lane(list[0].Message.TenantID).doAll(ctx, ops) {
		out[i] = Published{a.r.Publish, cmp.Or(a.err, a.r.Err)}
		e.tell(list[i], out[i].Err)
	}
	return out, nil
}

// awaitPause is how long Await waits before it looks again unasked: another hub may have taken the
// answer.
const awaitPause = time.Second

// Await gives a message's trace as soon as done says so, else as it is when wait or ctx ends or the
// engine stops. Errors: link.CodeMessageUnknown, link.CodeUnavailable.
func (e *Engine) Await(ctx context.Context, tenant, id uuid.UUID, wait time.Duration, done func(link.Trace) bool) (Traced, error) {
	if err := e.enter(); err != nil {
		return Traced{}, err
	}
	defer e.leave()
	timeout := e.opt.Clock.NewTimer(wait)
	defer timeout.Stop()
	for over := false; ; {
		w := e.told.join(id) // before looking, so that nothing between is missed
		t, err := read(e, func() (Traced, error) { return e.driver.Trace(context.WithoutCancel(ctx), tenant, id) })
		if err != nil || over || done(t.Trace) {
			e.told.leave(w)
			return t, err
		}
		pause := e.opt.Clock.NewTimer(awaitPause)
		select {
		case <-w.c:
		case <-pause.C():
		case <-timeout.C():
			over = true
		case <-ctx.Done():
			over = true
		case <-e.stopping:
			over = true
		}
		pause.Stop()
		e.told.leave(w)
	}
}

// Settle settles deliveries of a queue, each on its own: one error or nil for each item
// (link.CodeLeaseEnded, link.CodeTagUnknown). The second answer fails them all: link.CodeNoQueue,
// link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Settle(ctx context.Context, q Name, items []Settle) ([]error, error) {
	if len(items) == 0 {
		return nil, nil
	}
	r, err := e.call(ctx, q.Tenant, OpSettle{Queue: q, Items: items, Backoff: e.opt.Backoff})
	return r.Settle, err
}

// Get leases messages; an empty list when none came in time, or the engine stops. Errors:
// link.CodeNoQueue, link.CodeUnavailable. When ctx ends after messages were chosen, they are given
// back uncounted.
func (e *Engine) Get(ctx context.Context, g Get) ([]link.Delivery, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.leave()
	g.Max = min(cmp.Or(max(g.Max, 0), link.DefaultGet), link.MaxGet)
	g.MaxBytes = min(cmp.Or(max(g.MaxBytes, 0), link.MaxGetBytes), link.MaxGetBytes)
	g.Wait = min(max(g.Wait, 0), link.MaxWait)
	g.Lease = clampLease(g.Lease)

	look := e.choose
	if g.Wait > 0 {
		look = e.wait
	}
	got, err := look(ctx, g)
	if err == nil && len(got) > 0 && ctx.Err() != nil {
		e.giveBack(ctx, g.Queue, got)
		return nil, ctx.Err()
	}
	return got, err
}

// wait looks whenever something became ready, until there is something or the time is over.
func (e *Engine) wait(ctx context.Context, g Get) ([]link.Delivery, error) {
	timeout := e.opt.Clock.NewTimer(g.Wait)
	defer timeout.Stop()
	for {
		w := e.wake.join(g.Queue) // before looking, so that nothing between is missed
		got, err := e.choose(ctx, g)
		if err != nil || len(got) > 0 {
			e.wake.leave(w)
			return got, err
		}
		again := false
		select {
		case <-w.c:
			again = true
		case <-timeout.C():
		case <-ctx.Done():
			err = ctx.Err()
		case <-e.stopping:
		}
		e.wake.leave(w)
		if !again {
			return nil, err
		}
	}
}

// choose asks the driver for ready messages.
func (e *Engine) choose(ctx context.Context, g Get) ([]link.Delivery, error) {
	for {
		c, err := read(e, func() (Chosen, error) { return e.driver.Choose(ctx, g) })
		if err != nil || c.Op == nil {
			return nil, err
		}
		switch c.Then {
		case ThenPost:
			e.lane(g.Queue.Tenant).post(c.Op)
			return c.Deliveries, nil
		case ThenWait:
			// A reader that leaves now is waited for: what it was given must be given back, not forgotten.
			r, err := e.apply(context.WithoutCancel(ctx), g.Queue.Tenant, c.Op)
			return r.Delivered, repeatable(err)
		default:
			if _, err := e.apply(ctx, g.Queue.Tenant, c.Op); err != nil {
				return nil, repeatable(err)
			}
		}
	}
}

// repeatable is the error of a get whose outcome may be unknown: what it leased comes again by itself,
// so its reader has nothing to do but to get once more.
func repeatable(err error) error {
	if link.CodeOf(err) == link.CodeOutcomeUnknown {
		return link.NewError(link.CodeUnavailable).Because(err)
	}
	return err
}

func (e *Engine) giveBack(ctx context.Context, q Name, got []link.Delivery) {
	items := make([]Settle, len(got))
	for i, d := range got {
		items[i] = Settle{Tag: d.Tag, How: Release, Reason: "the reader was gone"}
	}
	if _, err := e.apply(context.WithoutCancel(ctx), q.Tenant, OpSettle{Queue: q, Items: items, Backoff: e.opt.Backoff}); err != nil {
		e.opt.Logger.Warn("deliveries of a reader that was gone could not be given back; they end by time",
			"tenant", q.Tenant, "queue", q.String(), "deliveries", len(got), "error", err)
	}
}

// Trace tells everything about one message of a tenant. Errors: link.CodeMessageUnknown,
// link.CodeUnavailable.
func (e *Engine) Trace(ctx context.Context, tenant, id uuid.UUID) (Traced, error) {
	return ask(e, func() (Traced, error) { return e.driver.Trace(ctx, tenant, id) })
}

// Message gives a message with its body. Errors: link.CodeMessageUnknown, link.CodeBodyGone (it was erased),
// link.CodeUnavailable.
func (e *Engine) Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) {
	return ask(e, func() (link.Message, error) { return e.driver.Message(ctx, tenant, id) })
}

// Queues lists the queues of a tenant, or of all with uuid.Nil, by name. Errors:
// link.CodeUnavailable.
func (e *Engine) Queues(ctx context.Context, tenant uuid.UUID) ([]Info, error) {
	return ask(e, func() ([]Info, error) { return e.driver.Queues(ctx, tenant) })
}

// Health lists the last health report of each installation of a tenant. Errors:
// link.CodeUnavailable.
func (e *Engine) Health(ctx context.Context, tenant uuid.UUID) ([]Health, error) {
	return ask(e, func() ([]Health, error) { return e.driver.Health(ctx, tenant) })
}

// Ready tells whether the engine can store now; nil is yes, else link.CodeUnavailable.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	_, err := read(e, func() (struct{}, error) { return struct{}{}, e.driver.Check(ctx) })
	if errors.Is(err, ErrGone) {
		e.opt.Logger.Error("the store is gone; it is reopened as soon as it is back", "error", err)
		e.lose(err)
	}
	return err
}

// ask is a call that reads.
func ask[T any](e *Engine, f func() (T, error)) (T, error) {
	if err := e.enter(); err != nil {
		var none T
		return none, err
	}
	defer e.leave()
	return read(e, f)
}

// read uses the driver unless it is down, and gives failures a code.
func read[T any](e *Engine, f func() (T, error)) (T, error) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	var v T
	err := e.down.get()
	if err == nil {
		v, err = f()
	}
	var known *link.Error
	if err != nil && !errors.As(err, &known) {
		err = link.NewError(link.CodeUnavailable).Because(err)
	}
	return v, err
}

func (e *Engine) lane(tenant uuid.UUID) *lane { return e.lanes[e.driver.Lane(tenant)] }

// call is a call that writes.
func (e *Engine) call(ctx context.Context, tenant uuid.UUID, op Op) (Result, error) {
	if err := e.enter(); err != nil {
		return Result{}, err
	}
	defer e.leave()
	return e.apply(ctx, tenant, op)
}

// apply puts an operation into the next group of its lane and waits for its result.
func (e *Engine) apply(ctx context.Context, tenant uuid.UUID, op Op) (Result, error) {
	r, err := e.lane(tenant).do(ctx, op)
	if err == nil {
		err = r.Err
	}
	return r, err
}

// errorCell holds one error for many readers.
type errorCell struct {
	mu  sync.RWMutex
	err error
}

func (c *errorCell) get() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.err
}

// first sets the error unless there is one, and tells whether it did.
func (c *errorCell) first(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = err
	return true
}

func (c *errorCell) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
