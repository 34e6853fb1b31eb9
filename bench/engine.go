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

// engine measures the engine in process: durable sends, each with a request key and a trace as the hub
// gives it, then get and ack.
func engine(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	e := queue.New(store, queue.Options{})
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	load, err := queuetest.NewLoad(ctx, e, callers[len(callers)-1], bodySize)
	if err != nil {
		return nil, err
	}
	for _, n := range callers {
		rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, _ int) (int, error) { return 1, load.SendOne(ctx) })
		if err != nil {
			return nil, err
		}
		values = append(values, rate)
	}
	n := drainEngine * s.times()
	if _, err := load.Send(ctx, n); err != nil { // there is enough even on a slow machine
		return nil, err
	}
	rate, err := count(ctx, readers, n, func(ctx context.Context, _ int) (int, error) { return load.DrainOne(ctx, readBatch) })
	return append(values, rate), err
}
