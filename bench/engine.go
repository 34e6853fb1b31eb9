package main

import (
	"context"
	"errors"
	"path/filepath"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
)

// What the engine is measured with.
const (
	engineCallers = 128
	engineBody    = 1 << 10
	engineCount   = 60_000
	engineWarmUp  = 5_000
)

// engineSends measures durable sends into the engine in process, each with a request key and a trace
// as the hub gives it.
func engineSends(ctx context.Context, dir string) (rate float64, err error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return 0, err
	}
	e := queue.New(store, queue.Options{})
	if err := e.Start(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	load, err := queuetest.NewLoad(ctx, e, engineCallers, engineBody)
	if err != nil {
		return 0, err
	}
	if _, err := load.Send(ctx, engineWarmUp); err != nil {
		return 0, err
	}
	return load.Send(ctx, engineCount)
}
