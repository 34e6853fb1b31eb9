package queue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Extend lengthens one lease: it ends so long after now.
type Extend struct {
	Tag   int64
	Lease time.Duration
}

// Extended is what one extension came to: the lease's new end, or link.CodeLeaseEnded,
// link.CodeTagUnknown.
type Extended struct {
	Until time.Time
	Err   error
}

// Pause stops a queue handing out, or lets it go on. Open leases stay; waiting readers wait.
type Pause struct {
	Queue  Name
	Pause  bool
	Reason string
	By     string
}

// Hold says whether a dead letter of the queue stops the later messages of its ordering key until it
// is redriven or discarded. Switched off, those that are held go on.
type Hold struct {
	Queue Name
	Hold  bool
}

// Paused tells since when, why, and by whom a queue hands nothing out.
type Paused struct {
	At         time.Time
	Reason, By string
}

// Redrive sends dead letters on again.
type Redrive struct {
	Queue Name
	IDs   []uuid.UUID
	By    string
}

// Discard gives up dead letters, or messages that wait and are not leased.
type Discard struct {
	Queue      Name
	IDs        []uuid.UUID
	Reason, By string
}

// Extend lengthens leases, each on its own. The second answer fails them all: link.CodeNoQueue,
// link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Extend(ctx context.Context, q Name, items []Extend) ([]Extended, error) {
	if len(items) == 0 {
		return nil, nil
	}
	clamped := make([]Extend, len(items))
	for i, x := range items {
		clamped[i] = Extend{x.Tag, clampLease(x.Lease)}
	}
	r, err := e.call(ctx, q.Tenant, OpExtend{q, clamped})
	return r.Extend, err
}

// Pause pauses or resumes a queue. Errors: link.CodeNoQueue, link.CodeOutcomeUnknown,
// link.CodeUnavailable.
func (e *Engine) Pause(ctx context.Context, p Pause) error {
	_, err := e.call(ctx, p.Queue.Tenant, OpPause{p})
	return err
}

// Hold switches holding on or off. Errors: link.CodeNoQueue, link.CodeOutcomeUnknown,
// link.CodeUnavailable.
func (e *Engine) Hold(ctx context.Context, h Hold) error {
	_, err := e.call(ctx, h.Queue.Tenant, OpHold{h})
	return err
}

// Redrive redrives dead letters, each on its own: one error or nil for each id (link.CodeNotNow,
// link.CodeMessageUnknown). The second answer fails them all: link.CodeNoQueue,
// link.CodeQueuePaused, link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Redrive(ctx context.Context, r Redrive) ([]error, error) {
	if len(r.IDs) == 0 {
		return nil, nil
	}
	result, err := e.call(ctx, r.Queue.Tenant, OpRedrive{r})
	return result.Settle, err
}

// Discard discards messages, each on its own: one error or nil for each id (link.CodeNotNow,
// link.CodeMessageUnknown). The second answer fails them all: link.CodeNoQueue,
// link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Discard(ctx context.Context, d Discard) ([]error, error) {
	if len(d.IDs) == 0 {
		return nil, nil
	}
	result, err := e.call(ctx, d.Queue.Tenant, OpDiscard{d})
	return result.Settle, err
}

// clampLease keeps a lease within its limits; 0 is the default.
func clampLease(d time.Duration) time.Duration {
	if d == 0 {
		d = link.DefaultLease
	}
	return min(max(d, link.MinLease), link.MaxLease)
}
