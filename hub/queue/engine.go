package queue

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
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
	// Default: link.BackoffBase·2^n with full jitter, at most link.BackoffCap.
	Backoff func(requeues int) time.Duration
}

// Engine runs queues on a Driver: it groups operations so that one commit serves many callers, wakes
// waiting readers, ends leases in time, and reopens the store when a commit's outcome is unknown.
type Engine struct {
	driver Driver
	opt    Options
	lanes  []*lane
	wake   waiters

	// gate is held shared while a group is applied and exclusively while the store is reopened.
	gate sync.RWMutex
	down errorCell // why nothing can be stored now

	stopping chan struct{} // closed first: readers go home, nothing new is taken
	halt     chan struct{} // closed last: lanes finish what they have
	wg       sync.WaitGroup
	once     sync.Once
}

// New makes an engine; Start begins its work.
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
	e := &Engine{driver: d, opt: o, stopping: make(chan struct{}), halt: make(chan struct{})}
	for i := range d.Lanes() {
		e.lanes = append(e.lanes, newLane(e, i))
	}
	d.OnReady(e.wake.wake)
	return e
}

// Backoff is the delay before the next delivery after so many earlier requeues: exponential with
// full jitter, so that many failures at once do not come back at once.
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
		e.wg.Go(l.run)
		e.wg.Go(l.tick)
	}
	return nil
}

// Stop ends it: waiting readers go home empty, what was accepted is stored, then the driver is
// closed.
func (e *Engine) Stop(ctx context.Context) error {
	var err error
	e.once.Do(func() {
		close(e.stopping)
		e.wake.all()
		close(e.halt)
		done := make(chan struct{})
		go func() { e.wg.Wait(); close(done) }()
		select {
		case <-done:
			err = e.driver.Close()
		case <-ctx.Done():
			err = ctx.Err()
		}
	})
	return err
}

// Setup creates or changes a queue.
func (e *Engine) Setup(ctx context.Context, s Setup) (SetupResult, error) {
	r, err := e.apply(ctx, s.Queue.Tenant, OpSetup{s})
	return r.Setup, err
}

// Publish stores a message durably. Errors: link.CodeNoRoute, link.CodeIdempotency,
// link.CodeNotYourMessage, link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Publish(ctx context.Context, p Publish) (PublishResult, error) {
	r, err := e.apply(ctx, p.Message.TenantID, OpPublish{p})
	return r.Publish, err
}

// Settle settles deliveries of a queue, each on its own: one error or nil for each item
// (link.CodeLeaseEnded, link.CodeTagUnknown). The second answer fails them all: link.CodeNoQueue,
// link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Settle(ctx context.Context, q Name, items []Settle) ([]error, error) {
	r, err := e.apply(ctx, q.Tenant, OpSettle{Queue: q, Items: items, Backoff: e.opt.Backoff})
	return r.Settle, err
}

// Get leases messages; an empty list when none came in time, or the engine stops. Errors:
// link.CodeNoQueue, link.CodeUnavailable. When ctx ends after messages were chosen, they are given
// back uncounted.
func (e *Engine) Get(ctx context.Context, g Get) ([]link.Delivery, error) {
	g.Max = min(cmp.Or(max(g.Max, 0), link.DefaultGet), link.MaxGet)
	g.MaxBytes = min(cmp.Or(max(g.MaxBytes, 0), link.MaxGetBytes), link.MaxGetBytes)
	g.Wait = min(max(g.Wait, 0), link.MaxWait)
	g.Lease = min(max(cmp.Or(g.Lease, link.DefaultLease), link.MinLease), link.MaxLease)

	var timeout <-chan time.Time
	for {
		w := e.wake.join(g.Queue) // before looking, so that nothing between is missed
		got, err := e.choose(ctx, g)
		if err != nil || len(got) > 0 {
			e.wake.leave(w)
			if err == nil && ctx.Err() != nil {
				e.giveBack(ctx, g.Queue, got)
				return nil, ctx.Err()
			}
			return got, err
		}
		if g.Wait > 0 && timeout == nil {
			t := e.opt.Clock.NewTimer(g.Wait)
			defer t.Stop()
			timeout = t.C()
		}
		again := false
		if g.Wait > 0 {
			select {
			case <-w.c:
				again = true
			case <-timeout:
			case <-ctx.Done():
				err = ctx.Err()
			case <-e.stopping:
			}
		}
		e.wake.leave(w)
		if !again {
			return nil, err
		}
	}
}

// choose asks the driver once for ready messages.
func (e *Engine) choose(ctx context.Context, g Get) ([]link.Delivery, error) {
	select {
	case <-e.stopping:
		return nil, nil
	default:
	}
	for {
		e.gate.RLock()
		if err := e.down.get(); err != nil {
			e.gate.RUnlock()
			return nil, link.NewError(link.CodeUnavailable).Because(err)
		}
		c, err := e.driver.Choose(ctx, g)
		e.gate.RUnlock()
		l := e.lane(g.Queue.Tenant)
		switch {
		case errors.Is(err, ErrTagsSpent):
			if _, err := e.apply(ctx, g.Queue.Tenant, OpRaiseEpoch{}); err != nil {
				return nil, err
			}
			continue
		case err != nil:
			var known *link.Error
			if errors.As(err, &known) {
				return nil, err
			}
			return nil, link.NewError(link.CodeUnavailable).Because(err)
		case c.Record == nil:
			return c.Deliveries, nil
		case c.Wait:
			r, err := e.apply(ctx, g.Queue.Tenant, c.Record)
			l.poke()
			return r.Delivered, err
		default:
			l.post(c.Record)
			l.poke()
			return c.Deliveries, nil
		}
	}
}

func (e *Engine) giveBack(ctx context.Context, q Name, got []link.Delivery) {
	items := make([]Settle, len(got))
	for i, d := range got {
		items[i] = Settle{Tag: d.Tag, How: Release, Reason: "reader gone"}
	}
	if _, err := e.Settle(context.WithoutCancel(ctx), q, items); err != nil {
		e.opt.Logger.Debug("leases not given back, they will end by time", "queue", q.String(), "error", err)
	}
}

// Trace tells everything about one message of a tenant. Errors: link.CodeMessageUnknown.
func (e *Engine) Trace(ctx context.Context, tenant, id uuid.UUID) (Traced, error) {
	return read(e, func() (Traced, error) { return e.driver.Trace(ctx, tenant, id) })
}

// Message gives a message with its body. Errors: link.CodeMessageUnknown.
func (e *Engine) Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) {
	return read(e, func() (link.Message, error) { return e.driver.Message(ctx, tenant, id) })
}

// Queues lists the queues of a tenant, or of all with uuid.Nil.
func (e *Engine) Queues(ctx context.Context, tenant uuid.UUID) ([]Info, error) {
	return read(e, func() ([]Info, error) { return e.driver.Queues(ctx, tenant) })
}

// Health lists the last health report of each installation of a tenant.
func (e *Engine) Health(ctx context.Context, tenant uuid.UUID) ([]Health, error) {
	return read(e, func() ([]Health, error) { return e.driver.Health(ctx, tenant) })
}

// Ready tells whether the engine can store now; nil is yes.
func (e *Engine) Ready(ctx context.Context) error {
	select {
	case <-e.stopping:
		return link.NewError(link.CodeUnavailable).Because(errors.New("stopping"))
	default:
	}
	if err := e.down.get(); err != nil {
		return link.NewError(link.CodeUnavailable).Because(err)
	}
	e.gate.RLock()
	defer e.gate.RUnlock()
	if err := e.driver.Check(ctx); err != nil {
		return link.NewError(link.CodeUnavailable).Because(err)
	}
	return nil
}

// read keeps the store from being reopened under a reader, and gives failures a code.
func read[T any](e *Engine, f func() (T, error)) (T, error) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	v, err := f()
	var known *link.Error
	if err != nil && !errors.As(err, &known) {
		err = link.NewError(link.CodeUnavailable).Because(err)
	}
	return v, err
}

func (e *Engine) lane(tenant uuid.UUID) *lane { return e.lanes[e.driver.Lane(tenant)] }

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

func (c *errorCell) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
