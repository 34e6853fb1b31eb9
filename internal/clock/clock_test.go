package clock_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/internal/clock"
)

// TestJumpPassesNoTime: a clock that is set fires no timer and changes nothing of how much time has passed.
func TestJumpPassesNoTime(t *testing.T) {
	f := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	timer := f.NewTimer(time.Minute)
	for _, jump := range []time.Duration{24 * time.Hour, -48 * time.Hour} {
		before := f.Now()
		f.Jump(jump)
		if f.Now().Sub(before) != jump || f.Elapsed() != 0 || f.Timers() != 1 {
			t.Errorf("after a jump of %s it is %s, %s passed, %d timers", jump, f.Now(), f.Elapsed(), f.Timers())
		}
	}
	f.Advance(time.Minute)
	if <-timer.C(); f.Elapsed() != time.Minute {
		t.Errorf("%s passed", f.Elapsed())
	}
	if a, b := clock.Real.Elapsed(), clock.Real.Elapsed(); b < a || a < 0 {
		t.Errorf("%s, then %s", a, b)
	}
}

// TestToTick: whoever sleeps until the next tick wakes together with all who tick as often, or a multiple as
// often, whenever they began; never at once, and never later than after a whole period.
func TestToTick(t *testing.T) {
	f := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	for _, s := range []struct{ advance, every, want time.Duration }{
		{0, time.Second, time.Second}, {300 * time.Millisecond, time.Second, 700 * time.Millisecond}, {0, 5 * time.Second, 4700 * time.Millisecond},
		{700 * time.Millisecond, time.Second, time.Second}, {time.Hour, 7 * time.Second, 4 * time.Second},
	} {
		f.Advance(s.advance)
		if got := clock.ToTick(f, s.every); got != s.want {
			t.Errorf("after %s more, every %s: %s, want %s", s.advance, s.every, got, s.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		if got := clock.ToTick(clock.Real, time.Minute); got <= 0 || got > time.Minute {
			t.Errorf("in a bubble %s", got)
		}
	})
}

// TestAfterFunc: what is to happen later happens then, once, unless it is stopped before; the machine's clock and the fake one
// agree.
func TestAfterFunc(t *testing.T) {
	f := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			clock.Clock
			pass func(time.Duration)
		}{
			"fake": {f, f.Advance},
			"real": {clock.Real, func(d time.Duration) { <-clock.Real.NewTimer(d).C() }},
		} {
			var happened atomic.Int32
			happen := func() { happened.Add(1) }
			pass := func(d time.Duration) int32 {
				c.pass(d)
				synctest.Wait()
				return happened.Load()
			}
			c.AfterFunc(time.Minute, happen)
			stopped := c.AfterFunc(time.Minute, happen)
			if n := pass(59 * time.Second); n != 0 {
				t.Errorf("%s: %d too early", name, n)
			}
			stopped.Stop()
			if n := pass(2 * time.Second); n != 1 {
				t.Errorf("%s: %d in time", name, n)
			}
			c.AfterFunc(0, happen)
			if n := pass(time.Hour); n != 2 {
				t.Errorf("%s: %d in all", name, n)
			}
			stopped.Stop() // again, in vain
		}
	})
}
