package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
)

// engineKept measures get and ack while what was acknowledged moves to the history at once: rounds follow
// each other without an end, and nothing is too recent.
func engineKept(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	e := queue.New(store, queue.Options{Keep: queue.KeepOptions{Every: 10 * time.Millisecond, Recent: -1}})
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	load, err := queuetest.NewLoad(ctx, e, callers[len(callers)-1], bodySize)
	if err != nil {
		return nil, err
	}
	load.Plain = true // what an installation takes ends with an answer only
	n := drainEngine * s.times()
	if _, err := load.Send(ctx, n); err != nil {
		return nil, err
	}
	rate, err := count(ctx, readers, n, func(ctx context.Context, _ int) (int, error) { return load.DrainOne(ctx, readBatch) })
	return []float64{rate}, err
}
