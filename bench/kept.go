package main

import (
	"context"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
)

// engineKept measures get and ack while what was acknowledged moves to the history at once: rounds follow
// each other without an end, and nothing is too recent.
func engineKept(ctx context.Context, s *stage, dir string) ([]float64, error) {
	o := queue.Options{Keep: queue.KeepOptions{Every: 10 * time.Millisecond, Recent: -1}}
	return onEngine(ctx, dir, o, func(load *queuetest.Load) ([]float64, error) {
		load.Plain = true // what an installation takes ends with an answer only
		rate, err := drain(ctx, s, load)
		return []float64{rate}, err
	})
}
