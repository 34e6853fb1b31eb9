package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

// Pauses between two looks at a trace that is followed.
const (
	followFirst = 100 * time.Millisecond
	followLast  = 2 * time.Second
)

// Settled tells whether a message has come as far as it comes by itself in every queue: the ERP has
// answered, or a dead letter or a blocked message waits for a person, or a receiver that is no ERP's
// agent took it over.
func Settled(t link.Trace) bool {
	return !slices.ContainsFunc(t.Queues, func(q link.QueueTrace) bool {
		switch {
		case q.Outcome != nil: // a report of the state alone may be ahead of the answer with its key and errors
			return q.ERP != nil && !q.ERP.State.Answered()
		case q.State == link.StateDead, q.State == link.StateDiscarded:
			return false
		case q.State == link.StateAcked && q.ERP == nil:
			return toAgent(q)
		}
		return true
	})
}

// toAgent tells whether an agent's installation took the message: then the ERP's answer is to come.
func toAgent(q link.QueueTrace) bool {
	return slices.ContainsFunc(q.Events, func(e link.TraceEvent) bool { return e.Event == link.EventDelivered && e.Installation != "" })
}

// Follow looks at a message's trace again and again until it is Settled or ctx ends, and hands each
// look to seen (nil: to nobody). It answers the last trace it saw, also with ctx's error.
func (c *Client) Follow(ctx context.Context, id uuid.UUID, seen func(link.Trace)) (link.Trace, error) {
	return follow(ctx, c.clock, func() (link.Trace, error) { return c.Trace(ctx, id) }, seen)
}

// Follow is like Client.Follow, for a message of a tenant, or with uuid.Nil of whichever has it.
func (a *Admin) Follow(ctx context.Context, tenant, id uuid.UUID, seen func(link.Trace)) (link.Trace, error) {
	return follow(ctx, clock.Real, func() (link.Trace, error) { return a.Trace(ctx, tenant, id) }, seen)
}

func follow(ctx context.Context, clk clock.Clock, look func() (link.Trace, error), seen func(link.Trace)) (link.Trace, error) {
	var last link.Trace
	for pause := followFirst; ; pause = min(2*pause, followLast) {
		t, err := look()
		switch {
		case err == nil:
			last = t
		case ctx.Err() != nil:
			return last, fmt.Errorf("the message is not settled yet: %w", ctx.Err())
		case !Retryable(err):
			return last, err
		}
		if err == nil {
			if seen != nil {
				seen(t)
			}
			if Settled(t) {
				return t, nil
			}
		}
		timer := clk.NewTimer(pause)
		select {
		case <-timer.C():
		case <-ctx.Done():
			timer.Stop()
			return last, fmt.Errorf("the message is not settled yet: %w", ctx.Err())
		}
	}
}
