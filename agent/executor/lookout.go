package executor

import (
	"context"
	"errors"
	"time"

	"smartlink/agent/inbox"
	"smartlink/internal/clock"
)

const (
	// lookEvery is how often Run looks by itself for what other processes changed or what has become due.
	lookEvery = time.Second
	// lookAnyway is how often while it is told of changes and knows when something becomes due: for a clock that
	// somebody sets, and in case that a change was not told.
	lookAnyway = 5 * time.Second
	// calmLooks is how many looks in a row find nothing, and nothing changed, before it looks seldom: what others
	// commit is told before it can be seen, by as long as their disk takes.
	calmLooks = 1
)

// watch begins to watch the database, if that is wanted and can be; end ends it. Without, changed is nil.
func (e *Executor) watch() (changed <-chan struct{}, end func()) {
	if !e.cfg.Watch {
		return nil, func() {}
	}
	w, err := e.cfg.Box.Watch()
	if err != nil {
		if !errors.Is(err, inbox.ErrNoWatch) {
			e.cfg.Logger.Info("nobody tells when the database changes; it is looked at each second", "error", err)
		}
		return nil, func() {}
	}
	return w.Changed(), func() { _ = w.Close() } // nothing was written by it
}

// outlook is what lookOut goes by.
type outlook struct {
	changed <-chan struct{} // tells of changes; nil: nobody does
	proved  bool            // it has told of one
	doubted bool            // there was one that it has not told of
	calm    int             // looks in a row that found nothing, and nothing changed
	due     time.Time       // when time alone makes something due
}

// lookOut looks from time to time, for everybody, and wakes whom it concerns: while there is nothing to do
// nobody else does anything. When it cannot look, everybody does, and finds out what is wrong. With changed,
// which is given whenever the database was changed, it looks when that is, or when something becomes due.
func (e *Executor) lookOut(ctx context.Context, changed <-chan struct{}) {
	o := &outlook{changed: changed}
	for {
		told := e.rest(ctx, o)
		if ctx.Err() != nil {
			return
		}
		found, err := e.cfg.Box.Look(ctx)
		if err != nil {
			e.cfg.Logger.Debug("the inbox could not be looked at", "error", err)
			found = inbox.Found{Execute: true, Send: true, Report: true}
		}
		o.learn(e, found, told)
		if found.Execute {
			e.Wake()
		}
		e.cfg.Looked(found)
	}
}

// rest sleeps until it is time to look, and tells whether it was told of a change meanwhile. It is not told more than
// once within lookEvery, however much is changed.
func (e *Executor) rest(ctx context.Context, o *outlook) (told bool) {
	if o.changed == nil || !o.proved || o.calm < calmLooks {
		e.sleep(ctx, clock.ToTick(e.cfg.Clock, lookEvery), nil)
		select {
		case _, open := <-o.changed:
			return o.hears(open)
		default:
			return false
		}
	}
	wait := clock.ToTick(e.cfg.Clock, lookAnyway)
	if left := o.due.Sub(e.cfg.Clock.Now()); !o.due.IsZero() && left > 0 {
		wait = min(wait, left)
	}
	t := e.cfg.Clock.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C():
	case <-ctx.Done():
	case _, open := <-o.changed:
		e.sleep(ctx, clock.ToTick(e.cfg.Clock, lookEvery), nil)
		return o.hears(open)
	}
	return false
}

// hears notes that a change was told, or that none will be any more.
func (o *outlook) hears(open bool) (told bool) {
	o.proved, o.doubted = open, false
	return open
}

// learn goes by what a look has found. Who does not tell of changes, though there was time to, is not relied on.
func (o *outlook) learn(e *Executor, found inbox.Found, told bool) {
	o.due = found.Due
	if o.calm >= calmLooks && o.proved && found.Changed && !told {
		o.doubted = true
	}
	if told || found.Changed || !found.Nothing() {
		o.calm = 0
		return
	}
	if o.calm++; o.calm >= calmLooks && o.doubted {
		e.cfg.Logger.Info("a change of the database was not told; it is looked at each second")
		o.changed, o.doubted = nil, false
	}
}
