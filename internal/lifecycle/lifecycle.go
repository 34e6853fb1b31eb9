// Package lifecycle starts and stops long-running parts the same way: started in order, stopped in
// reverse, each stop bounded by the caller's context.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Part is something that runs until stopped. Start returns when the part is ready to serve; Stop
// returns when it has let go of everything, or with the context's error.
type Part interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Group runs parts together. The zero value is empty.
type Group struct {
	mu      sync.Mutex
	parts   []named
	started int
}

type named struct {
	name string
	part Part
}

// Add appends a part; it starts after and stops before those added earlier.
func (g *Group) Add(name string, p Part) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.parts = append(g.parts, named{name, p})
}

// Start starts all parts in order. When one fails, those already running are stopped.
func (g *Group) Start(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.parts[g.started:] {
		if err := p.part.Start(ctx); err != nil {
			return errors.Join(fmt.Errorf("start %s: %w", p.name, err), g.stop(context.WithoutCancel(ctx)))
		}
		g.started++
	}
	return nil
}

// Stop stops what was started, last first, and joins the errors.
func (g *Group) Stop(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stop(ctx)
}

func (g *Group) stop(ctx context.Context) error {
	var errs []error
	for ; g.started > 0; g.started-- {
		p := g.parts[g.started-1]
		if err := p.part.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", p.name, err))
		}
	}
	return errors.Join(errs...)
}

// Loop is a Part that runs one function in a goroutine until stopped.
type Loop struct {
	run    func(ctx context.Context)
	cancel context.CancelFunc
	done   chan struct{}
}

// NewLoop makes a Loop; run returns when its context ends.
func NewLoop(run func(ctx context.Context)) *Loop { return &Loop{run: run} }

// Start begins the loop. Its context lives until Stop, not until the end of ctx.
func (l *Loop) Start(ctx context.Context) error {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		l.run(ctx)
	}()
	return nil
}

// Stop ends the loop and waits for it.
func (l *Loop) Stop(ctx context.Context) error {
	if l.cancel == nil {
		return nil
	}
	l.cancel()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Funcs is a Part made of two functions; a nil one does nothing.
type Funcs struct {
	OnStart func(ctx context.Context) error
	OnStop  func(ctx context.Context) error
}

// Start calls OnStart.
func (f Funcs) Start(ctx context.Context) error {
	if f.OnStart == nil {
		return nil
	}
	return f.OnStart(ctx)
}

// Stop calls OnStop.
func (f Funcs) Stop(ctx context.Context) error {
	if f.OnStop == nil {
		return nil
	}
	return f.OnStop(ctx)
}
