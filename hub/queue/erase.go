package queue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Erase is a wish to erase what a message says.
type Erase struct {
	Tenant, ID uuid.UUID
	// Force gives up what still waits or is dead; without it such a message is left as it is.
	Force      bool
	By, Reason string
}

// OpErase erases what a message says in the open store, if it is there and has ended in all its queues.
// It is not applied by callers: Engine.Erase does all that belongs to it.
type OpErase struct{ Erase }

// Size is that of a few rows.
func (o OpErase) Size() int { return 4096 }

// Weight is that of a few rows.
func (o OpErase) Weight() int { return 16 }

// Alone is true: it locks what it finds.
func (o OpErase) Alone() bool { return true }

// Erase erases body, headers, keys, and what the ERP told of a message, wherever it stands. What is left
// is the trace with a note of who did it, when and why. A message that waits or is dead is refused without
// Force (link.CodeNotNow), one that is with a reader always. Erasing again is fine. Errors:
// link.CodeMessageUnknown, link.CodeNotNow, link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Erase(ctx context.Context, x Erase) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	if err := e.giveUp(ctx, x); err != nil {
		return err
	}
	_, err := e.apply(ctx, x.Tenant, OpErase{x})
	here := err == nil
	if err != nil && link.CodeOf(err) != link.CodeMessageUnknown {
		return err
	}
	// It may have moved meanwhile, or stand in both places.
	op, there, err := readTwo(e, func() (Op, bool, error) { return e.driver.EraseHistory(ctx, x) })
	if err == nil && op != nil {
		_, err = e.apply(ctx, x.Tenant, op)
	}
	switch {
	case err != nil:
		return err
	case !here && !there:
		return link.NewError(link.CodeMessageUnknown)
	}
	return e.scrub(ctx)
}

// giveUp discards a message where it has not ended.
func (e *Engine) giveUp(ctx context.Context, x Erase) error {
	t, err := read(e, func() (Traced, error) { return e.driver.Trace(ctx, x.Tenant, x.ID) })
	if err != nil {
		return err
	}
	for i, q := range t.Trace.Queues {
		if q.State.Final() {
			continue
		}
		if !x.Force || q.State == link.StateLeased {
			return link.NewError(link.CodeNotNow, "id", x.ID.String(), "state", string(q.State), "wanted", string(link.StateAcked)+", "+string(link.StateDiscarded))
		}
		name := Name{x.Tenant, t.Clients[i]}
		r, err := e.apply(ctx, x.Tenant, OpDiscard{Discard{Queue: name, IDs: []uuid.UUID{x.ID}, Reason: x.Reason, By: x.By}})
		if err == nil {
			err = r.Settle[0]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) scrub(ctx context.Context) error {
	_, err := read(e, func() (struct{}, error) { return struct{}{}, e.driver.Scrub(ctx) })
	return err
}

// readTwo is read of two values.
func readTwo[A, B any](e *Engine, f func() (A, B, error)) (a A, b B, err error) {
	_, err = read(e, func() (struct{}, error) {
		var err error
		a, b, err = f()
		return struct{}{}, err
	})
	return a, b, err
}

// Purge is a wish to remove all messages of a tenant.
type Purge struct {
	Tenant     uuid.UUID
	Before     time.Time // only those made before
	By, Reason string    // told of those that wait until they are removed
	// Progress is told how many more were removed, and how many are left because a reader has them; it
	// may end the work by an error.
	Progress func(removed, left int) error
}

// PurgeStep is one small step of a purge. Op finishes it. After is where the next step goes on; nil: it
// was the last.
type PurgeStep struct {
	Op      Op
	After   []byte
	Removed int
	Left    int // not ended
}

// purgeChunk is how many messages a step removes.
const purgeChunk = 100

// Purge removes all messages of a tenant, with their traces and the health reports of its installations:
// first what waits and is dead is given up, then everything goes, from the history too. What is with a
// reader is left. Requests stay recognised by their digests for link.DedupeWindow. Errors:
// link.CodeOutcomeUnknown, link.CodeUnavailable, and what Progress answers.
func (e *Engine) Purge(ctx context.Context, p Purge) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	infos, err := read(e, func() ([]Info, error) { return e.driver.Queues(ctx, p.Tenant) })
	if err != nil {
		return err
	}
	for _, q := range infos {
		for _, list := range []List{ListWaiting, ListDead} {
			if err := e.purgeList(ctx, p, Browse{Queue: q.Queue, List: list, Limit: purgeChunk}); err != nil {
				return err
			}
		}
	}
	for after := []byte{}; after != nil; {
		step, err := read(e, func() (PurgeStep, error) { return e.driver.Purge(ctx, p, after, purgeChunk) })
		if err == nil && step.Op != nil {
			_, err = e.apply(ctx, p.Tenant, step.Op)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = p.Progress(step.Removed, step.Left)
		}
		if err != nil {
			return err
		}
		after = step.After
	}
	return e.scrub(ctx)
}

// purgeList gives up what stands in a list.
func (e *Engine) purgeList(ctx context.Context, p Purge, b Browse) error {
	for {
		page, err := read(e, func() (Page, error) { return e.driver.Browse(ctx, b) })
		if err != nil {
			return err
		}
		var ids []uuid.UUID
		for _, x := range page.Items {
			if x.State != link.StateLeased && x.Message.CreatedAt.Before(p.Before) {
				ids = append(ids, x.Message.ID)
			}
		}
		if len(ids) > 0 {
			if _, err := e.apply(ctx, p.Tenant, OpDiscard{Discard{Queue: b.Queue, IDs: ids, Reason: p.Reason, By: p.By}}); err != nil {
				return err
			}
		}
		if err := p.Progress(0, 0); err != nil {
			return err
		}
		if page.Next == nil {
			return ctx.Err()
		}
		b.After = page.Next
	}
}
