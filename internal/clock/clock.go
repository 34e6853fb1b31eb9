// Package clock is the time that tests own: Real for the program, Fake for tests, which moves only
// when told.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time and makes timers. Moments are UTC.
type Clock interface {
	Now() time.Time
	// Elapsed tells how much time has passed since some moment before the program's start. It never jumps,
	// as Now does when somebody sets the clock: what lasts a while is measured by it.
	Elapsed() time.Duration
	// NewTimer sends once on C after d. Stop releases it.
	NewTimer(d time.Duration) Timer
	// AfterFunc calls f after d in a goroutine of its own. Stop keeps it from being called, unless it is already.
	AfterFunc(d time.Duration, f func()) Stopper
}

// Timer fires once on C.
type Timer interface {
	C() <-chan time.Time
	Stopper
}

// Stopper is something that will happen unless it is stopped before.
type Stopper interface{ Stop() }

// ToTick is how long it is until the next tick of those that come every so often since Elapsed began. Who
// looks for something from time to time sleeps that long: what ticks together wakes an idle program once.
func ToTick(c Clock, every time.Duration) time.Duration {
	since := c.Elapsed() % every
	if since < 0 { // synctest's time is long before the program's
		since += every
	}
	return every - since
}

// Real is the machine's clock.
var Real Clock = realClock{}

type realClock struct{}

// begun has a monotonic reading, by which Elapsed is measured.
var begun = time.Now()

func (realClock) Elapsed() time.Duration         { return time.Since(begun) }
func (realClock) Now() time.Time                 { return time.Now().UTC() }
func (realClock) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

func (realClock) AfterFunc(d time.Duration, f func()) Stopper {
	return realTimer{time.AfterFunc(d, f)}
}

type realTimer struct{ t *time.Timer }

func (r realTimer) C() <-chan time.Time { return r.t.C }
func (r realTimer) Stop()               { r.t.Stop() }

// Fake is a clock that stands still until Advance. Safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	now    time.Time
	passed time.Duration
	timers map[*fakeTimer]struct{}
}

// NewFake starts a fake clock at a moment.
func NewFake(at time.Time) *Fake {
	return &Fake{now: at.UTC(), timers: map[*fakeTimer]struct{}{}}
}

// Now tells the fake time.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// NewTimer makes a timer that fires when Advance passes its end; at once when d is not positive.
func (f *Fake) NewTimer(d time.Duration) Timer {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTimer{f: f, c: make(chan time.Time, 1), at: f.passed + d}
	if d <= 0 {
		t.c <- f.now
		return t
	}
	f.timers[t] = struct{}{}
	return t
}

// AfterFunc has f called when Advance passes its end; at once when d is not positive.
func (f *Fake) AfterFunc(d time.Duration, do func()) Stopper {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d <= 0 {
		go do()
		return &fakeTimer{f: f}
	}
	t := &fakeTimer{f: f, do: do, at: f.passed + d}
	f.timers[t] = struct{}{}
	return t
}

// Elapsed tells how far Advance has moved the time in all.
func (f *Fake) Elapsed() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.passed
}

// Jump sets the clock ahead, or back, as somebody does who corrects it: no time passes, no timer fires.
func (f *Fake) Jump(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// Advance moves the time and fires what is due.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	f.passed += d
	for t := range f.timers {
		if t.at <= f.passed {
			t.fire()
			delete(f.timers, t)
		}
	}
}

// Timers tells how many timers are waiting, so that a test knows its subject sleeps.
func (f *Fake) Timers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.timers)
}

type fakeTimer struct {
	f  *Fake
	c  chan time.Time
	do func()        // instead of c
	at time.Duration // of Elapsed
}

// fire is called with the clock's lock.
func (t *fakeTimer) fire() {
	if t.do != nil {
		go t.do()
		return
	}
	t.c <- t.f.now
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	delete(t.f.timers, t)
}
