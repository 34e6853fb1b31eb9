package clock_test

import (
	"testing"
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
