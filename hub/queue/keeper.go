package queue

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// How history is kept when Options say nothing else.
const (
	keepEvery  = 10 * time.Minute
	keepRecent = time.Hour
	keepChunk  = 200
	// keepShare is how many times as long as a step took the keeper pauses after it at the start of a
	// round. The longer the round lasts, the shorter it pauses, and past its time not at all: whatever comes
	// in, it must not fall behind for ever. While it keeps up it takes no more than a small part of what the
	// machine can do.
	keepShare = 10
	// keepLeast is the shortest pause between steps.
	keepLeast = 5 * time.Millisecond
)

// KeepOptions say how the engine keeps history by itself; zero fields have defaults.
type KeepOptions struct {
	Every  time.Duration // between rounds; default 10 min; below 0: never by itself
	Recent time.Duration // so long after its end a message stays where it is; default 1 h; below 0: not at all
	Chunk  int           // messages of one step; default 200
	Pause  time.Duration // between steps at least; default 5 ms
}

func (k KeepOptions) withDefaults() KeepOptions {
	if k.Every == 0 {
		k.Every = keepEvery
	}
	switch {
	case k.Recent == 0:
		k.Recent = keepRecent
	case k.Recent < 0:
		k.Recent = 0
	}
	if k.Chunk <= 0 {
		k.Chunk = keepChunk
	}
	if k.Pause <= 0 {
		k.Pause = keepLeast
	}
	return k
}

// keeper keeps history until the engine stops.
func (e *Engine) keeper() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-e.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	within := max(e.opt.Keep.Every, keepEvery)
	for e.sleep(ctx, e.opt.Keep.Every, nil) == nil {
		began := e.opt.Clock.Elapsed()
		pause := func(ctx context.Context, took time.Duration) error {
			if e.hurried.Load() > 0 {
				return ctx.Err()
			}
			left := max(0, 1-float64(e.opt.Clock.Elapsed()-began)/float64(within))
			return e.sleep(ctx, max(e.opt.Keep.Pause, time.Duration(keepShare*left*float64(took))), e.hurry)
		}
		kept, err := e.keepAll(ctx, pause)
		switch {
		case err != nil && ctx.Err() == nil:
			e.opt.Logger.Warn("history could not be kept; tried again with the next round", "error", err)
		case kept != (Kept{}):
			e.opt.Logger.Info("history kept", "moved", kept.Moved, "days", kept.Days, "erased", kept.Erased, "discarded", kept.Discarded, "freed", kept.Freed)
		}
	}
}

// sleep waits by the engine's clock, or until it is hurried, or ctx ends.
func (e *Engine) sleep(ctx context.Context, d time.Duration, hurry <-chan struct{}) error {
	t := e.opt.Clock.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-hurry:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keepAll is one round; pause is called after each step with how long that took.
func (e *Engine) keepAll(ctx context.Context, pause func(context.Context, time.Duration) error) (Kept, error) {
	e.keeping.Lock()
	defer e.keeping.Unlock()
	began := e.opt.Clock.Now()
	kept, err := e.round(ctx, pause)
	e.rounds.add(Round{BeganAt: began, EndedAt: e.opt.Clock.Now(), Kept: kept, Err: err})
	return kept, err
}

func (e *Engine) round(ctx context.Context, pause func(context.Context, time.Duration) error) (Kept, error) {
	kept, err := e.discardOld(ctx, pause)
	if err != nil {
		return kept, err
	}
	k := Keeping{Recent: e.opt.Keep.Recent, Chunk: e.opt.Keep.Chunk}
	for {
		began := e.opt.Clock.Elapsed()
		step, err := read(e, func() (KeepStep, error) { return e.driver.Keep(ctx, k) })
		if err == nil && step.Op != nil {
			_, err = e.apply(ctx, uuid.Nil, step.Op)
		}
		if err != nil {
			return kept, err
		}
		kept.add(step.Kept)
		if step.Done {
			return kept, nil
		}
		if err := pause(ctx, e.opt.Clock.Elapsed()-began); err != nil {
			return kept, err
		}
	}
}

// What a message that was given up by age is told by.
const (
	keptBy     = "hub"
	tooOld     = "older than the tenant keeps waiting messages"
	tooOldDead = "older than the tenant keeps dead letters"
)

// discardOld gives up waiting and dead messages of the tenants that say how long they are kept.
func (e *Engine) discardOld(ctx context.Context, pause func(context.Context, time.Duration) error) (Kept, error) {
	infos, err := read(e, func() ([]Info, error) { return e.driver.Queues(ctx, uuid.Nil) })
	var kept Kept
	for _, q := range infos {
		r := e.retention(q.Queue.Tenant)
		for _, x := range []struct {
			after  time.Duration
			list   List
			n      int64
			reason string
		}{
			{r.Waiting, ListWaiting, q.Counts.Ready + q.Counts.Behind + q.Counts.Delayed, tooOld},
			{r.Dead, ListDead, q.Counts.Dead, tooOldDead},
		} {
			if err != nil || x.after <= 0 || x.n == 0 {
				continue
			}
			var n int
			n, err = e.discardOlder(ctx, Browse{Queue: q.Queue, List: x.list, Limit: e.opt.Keep.Chunk}, x.after, x.reason, pause)
			kept.Discarded += n
		}
	}
	return kept, err
}

// discardOlder goes through one list, from its start, once.
func (e *Engine) discardOlder(ctx context.Context, b Browse, after time.Duration, reason string,
	pause func(context.Context, time.Duration) error,
) (int, error) {
	n := 0
	for {
		began := e.opt.Clock.Elapsed()
		page, err := read(e, func() (Page, error) { return e.driver.Browse(ctx, b) })
		if err != nil {
			return n, err
		}
		ids := older(page.Items, b.List, e.opt.Clock.Now().Add(-after))
		if len(ids) > 0 {
			r, err := e.apply(ctx, b.Queue.Tenant, OpDiscard{Discard{Queue: b.Queue, IDs: ids, Reason: reason, By: keptBy}})
			if err != nil {
				return n, err
			}
			for _, err := range r.Settle {
				if err == nil {
					n++
				}
			}
			if err := errors.Join(unexpected(r.Settle)...); err != nil {
				return n, err
			}
		}
		// Messages stand in the order they came: behind a page of young ones are younger ones, but for
		// those that were redriven, whose turn comes.
		if page.Next == nil || len(ids) == 0 && b.List == ListWaiting {
			return n, nil
		}
		b.After = page.Next
		if err := pause(ctx, e.opt.Clock.Elapsed()-began); err != nil {
			return n, err
		}
	}
}

// older picks what has waited, or been dead, since a moment or longer, and is not with a reader.
func older(items []Entry, list List, since time.Time) []uuid.UUID {
	var ids []uuid.UUID
	for _, x := range items {
		at := x.Message.CreatedAt
		if x.SettledAt != nil && list == ListDead {
			at = *x.SettledAt
		}
		if x.State != link.StateLeased && !at.After(since) {
			ids = append(ids, x.Message.ID)
		}
	}
	return ids
}

// unexpected leaves out what may happen when others work at the same time.
func unexpected(each []error) []error {
	var list []error
	for _, err := range each {
		if code := link.CodeOf(err); err != nil && code != link.CodeNotNow && code != link.CodeMessageUnknown {
			list = append(list, err)
		}
	}
	return list
}
