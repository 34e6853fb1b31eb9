package agent

import (
	"context"
	"math/rand/v2"
	"time"

	"smartlink/client"
	"smartlink/internal/clock"
)

// Waits after failures: doubled each time, with jitter, so that a thousand agents do not come back in
// the same second.
const (
	firstWait = time.Second
	longWait  = time.Minute
)

// backoff counts failures in a row.
type backoff struct{ failures int }

func (b *backoff) reset() { b.failures = 0 }

// next is the wait after one more failure, never shorter than the hub asked for.
func (b *backoff) next(err error) time.Duration {
	d := longWait
	if b.failures < 6 {
		d = firstWait << b.failures
	}
	b.failures++
	d = min(d, longWait)
	return max(d/2+rand.N(d/2+1), client.RetryAfter(err))
}

// signal wakes a loop that sleeps, or lets it not fall asleep.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) give() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// await waits for a signal or for the end of ctx.
func (s signal) await(ctx context.Context) {
	select {
	case <-s:
	case <-ctx.Done():
	}
}

// sleep waits for d, for wake (nil: none) or for the end of ctx.
func sleep(ctx context.Context, clk clock.Clock, d time.Duration, wake <-chan struct{}) {
	t := clk.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-wake:
	case <-ctx.Done():
	}
}
