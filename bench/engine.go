package main

import (
	"context"
	"errors"
	"path/filepath"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
)

// What engines and brokers are measured with.
const (
	bodySize    = 1 << 10
	readers     = 4
	readBatch   = 32
	drainEngine = 40_000
)

// onEngine starts an engine on a new store and measures over it.
func onEngine(ctx context.Context, dir string, o queue.Options, f func(load *queuetest.Load) ([]float64, error)) ([]float64, error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return on(ctx, store, o, f)
}

// on starts an engine on an empty store, which is the engine's from now on, and measures over it.
func on(ctx context.Context, store queue.Driver, o queue.Options, f func(load *queuetest.Load) ([]float64, error)) (values []float64, err error) {
	e := queue.New(store, o)
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	load, err := queuetest.NewLoad(ctx, e, callers[len(callers)-1], bodySize)
	if err != nil {
		return nil, err
	}
	return f(load)
}

// sends measures durable sends by numbers of callers.
func sends(ctx context.Context, s *stage, load *queuetest.Load, numbers []int) (values []float64, err error) {
	for _, n := range numbers {
		rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, _ int) (int, error) { return 1, load.SendOne(ctx) })
		if err != nil {
			return nil, err
		}
		values = append(values, rate)
	}
	return values, nil
}

// drain sends enough even for a slow machine, then measures get and ack.
func drain(ctx context.Context, s *stage, load *queuetest.Load) (float64, error) {
	n := drainEngine * s.times()
	if _, err := load.Send(ctx, n); err != nil {
		return 0, err
	}
	return count(ctx, readers, n, func(ctx context.Context, _ int) (int, error) { return load.DrainOne(ctx, readBatch) })
}

// engine measures the engine in process: durable sends, each with a request key and a trace as the hub
// gives it, then get and ack.
func engine(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return onEngine(ctx, dir, queue.Options{}, func(load *queuetest.Load) ([]float64, error) { return whole(ctx, s, load) })
}

// whole measures sends by all numbers of callers, then get and ack.
func whole(ctx context.Context, s *stage, load *queuetest.Load) ([]float64, error) {
	values, err := sends(ctx, s, load, callers)
	if err != nil {
		return nil, err
	}
	rate, err := drain(ctx, s, load)
	return append(values, rate), err
}
