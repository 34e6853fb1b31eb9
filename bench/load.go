package main

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// hammer has callers do f again and again, each beginning when its last one ended, and answers how many
// of what f answers were done a second. The first fourth on top of d warms up and is not counted.
func hammer(ctx context.Context, callers int, d time.Duration, f func(ctx context.Context, caller int) (int, error)) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	var over atomic.Bool
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for !over.Load() && ctx.Err() == nil {
				n, err := f(ctx, c)
				if err != nil {
					cancel(err)
					return
				}
				done.Add(int64(n))
			}
		})
	}
	sleep(ctx, d/4)
	first, began := done.Load(), time.Now()
	sleep(ctx, d)
	n, took := done.Load()-first, time.Since(began)
	over.Store(true)
	all.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return float64(n) / took.Seconds(), nil
}

// count has callers do f until it has done n, and answers how many that were a second.
func count(ctx context.Context, callers, n int, f func(ctx context.Context, caller int) (int, error)) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	began := time.Now()
	for c := range callers {
		all.Go(func() {
			for left.Load() > 0 && ctx.Err() == nil {
				did, err := f(ctx, c)
				if err != nil {
					cancel(err)
					return
				}
				left.Add(-int64(did))
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return float64(int64(n)-left.Load()) / time.Since(began).Seconds(), nil
}

// pace begins f at a fixed rate whatever became of those before, and answers how long each took from the
// moment it was due: a stall is told by all that were due during it, not only by the one that met it. What
// was due in the first fourth on top of d warms up and is not told.
func pace(ctx context.Context, rate int, d time.Duration, f func(ctx context.Context) error) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	every := time.Second / time.Duration(rate)
	warm, n := int(d/4/every), int(d/every)
	took := make([]time.Duration, warm+n)
	var all sync.WaitGroup
	began := time.Now()
	for i := range took {
		due := began.Add(time.Duration(i) * every)
		sleep(ctx, time.Until(due))
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			if err := f(ctx); err != nil {
				cancel(err)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return took[warm:], nil
}

// sleep waits, shorter when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// quantile is the value that a share of all does not exceed.
func quantile(list []time.Duration, share float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max(int(math.Ceil(share*float64(len(sorted))))-1, 0)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
