package queue_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
)

// endless is a driver with nothing but history to keep, more than it ever comes to the end of.
type endless struct {
	queue.Driver
	steps atomic.Int64
	step  func() // what happens in each
}

func (d *endless) OnReady(func(queue.Name))                                {}
func (d *endless) Retain(func(uuid.UUID) queue.Retention)                  {}
func (d *endless) Lanes() int                                              { return 1 }
func (d *endless) NextDue(int) (time.Duration, bool)                       { return 0, false }
func (d *endless) Queues(context.Context, uuid.UUID) ([]queue.Info, error) { return nil, nil }
func (d *endless) Close() error                                            { return nil }
func (d *endless) Keep(context.Context, queue.Keeping) (s queue.KeepStep, _ error) {
	d.steps.Add(1)
	d.step()
	return s, nil
}

// pass lets a bubble's time pass.
func pass(d time.Duration) { <-clock.Real.NewTimer(d).C() }

// keeping runs an engine over an endless history for a time of a bubble's clock, and answers how many steps
// it did in it and in the first minute.
func keeping(t *testing.T, c clock.Clock, step func(), d time.Duration) (first, all int64) {
	t.Helper()
	driver := &endless{step: step}
	e := queue.New(driver, queue.Options{Clock: c})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	pass(11 * time.Minute) // a round begins after ten
	first = driver.steps.Load()
	pass(d - 11*time.Minute)
	all = driver.steps.Load()
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	return first, all
}

// TestKeeperDoesNotFallBehind: it rests much as long as it may hope to keep up, and less and less when a
// round does not come to its end.
func TestKeeperDoesNotFallBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const step = time.Second
		first, all := keeping(t, clock.Real, func() { pass(step) }, time.Hour)
		if first > 10 {
			t.Errorf("%d steps of a second in the first minute: it does not rest", first)
		}
		if all < 2000 { // of 3,000 in the last 50 minutes
			t.Errorf("%d steps of a second in an hour", all)
		}
	})
}

// jumping is a clock that somebody sets.
type jumping struct {
	clock.Clock
	by atomic.Int64
}

func (j *jumping) Now() time.Time { return j.Clock.Now().Add(time.Duration(j.by.Load())) }

// TestKeeperOutlivesAJump: a clock that is set while a step goes on is no reason to rest for days.
func TestKeeperOutlivesAJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &jumping{Clock: clock.Real}
		if _, all := keeping(t, c, func() { c.by.Add(int64(24 * time.Hour)); pass(time.Second) }, time.Hour); all < 100 {
			t.Errorf("%d steps in an hour", all)
		}
	})
}
