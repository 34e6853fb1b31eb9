package client

import (
	"context"
	"math/rand/v2"
	"time"

	"smartlink/internal/clock"
)

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 3
	}
	if r.Base == 0 {
		r.Base = 200 * time.Millisecond
	}
	if r.Cap == 0 {
		r.Cap = 5 * time.Second
	}
	return r
}

// do calls f until it succeeds, fails for good, or the attempts are used up. It answers f's last
// error.
func (r Retry) do(ctx context.Context, clk clock.Clock, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		if err == nil || n >= r.Attempts || !Retryable(err) || ctx.Err() != nil {
			return err
		}
		wait, ok := r.wait(n, err)
		if !ok {
			return err
		}
		t := clk.NewTimer(wait)
		select {
		case <-t.C():
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}

// wait is the pause after the n-th failure: exponential with full jitter, at most Cap. Where the hub asked
// for a time, that comes first and the jitter on top of it, so that not all who were told the same come
// back at once. False: the hub asked for more than Cap.
func (r Retry) wait(n int, err error) (time.Duration, bool) {
	top := r.Cap
	if n < 16 {
		top = min(top, r.Base<<(n-1))
	}
	after := RetryAfter(err)
	return after + rand.N(max(top, 1)) + 1, after <= r.Cap
}
