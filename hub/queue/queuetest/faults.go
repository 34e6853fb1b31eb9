package queuetest

import (
	"context"
	"errors"
	"sync"

	"smartlink/hub/queue"
)

// Fault is what happens to one group.
type Fault int

// The faults of a group.
const (
	NoFault     Fault = iota
	NotApplied        // certainly not stored
	UnknownLost       // the commit failed and does not hold
	UnknownKept       // the commit failed and holds all the same
)

// errInjected is the cause of every fault.
var errInjected = errors.New("injected fault")

// Faulty is a driver whose groups fail when told to.
type Faulty struct {
	queue.Driver
	mu      sync.Mutex
	plan    func(ops []queue.Op) Fault
	reopens int           // how many times Reopen still fails
	held    chan struct{} // not nil: groups wait until it is closed
	groups  int           // applied or failed
	gone    bool          // crashed: nothing works any more
	chosen  func()        // called after each choice
	mute    bool          // a group is applied whose commit will seem to have failed
}

// NewFaulty wraps a driver; without a plan nothing fails.
func NewFaulty(d queue.Driver) *Faulty { return &Faulty{Driver: d} }

// Plan says for each group from now on what happens to it; nil: nothing.
func (f *Faulty) Plan(plan func(ops []queue.Op) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan = plan
}

// OnChosen has a function called after each choice, before the engine sees it; nil: none.
func (f *Faulty) OnChosen(call func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chosen = call
}

// Choose chooses, and lets something happen at once.
func (f *Faulty) Choose(ctx context.Context, g queue.Get) (queue.Chosen, error) {
	c, err := f.Driver.Choose(ctx, g)
	f.mu.Lock()
	call := f.chosen
	f.mu.Unlock()
	if call != nil {
		call()
	}
	return c, err
}

// FailReopen lets the next n attempts to reopen fail.
func (f *Faulty) FailReopen(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reopens = n
}

// Hold lets groups wait until the answer is called, so that operations gather behind them.
func (f *Faulty) Hold() (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan struct{})
	f.held = c
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.held = nil
		close(c)
	}
}

// Groups tells how many groups there were.
func (f *Faulty) Groups() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.groups
}

// Apply applies a group, or does what is planned for it.
func (f *Faulty) Apply(ctx context.Context, lane int, ops []queue.Op) ([]queue.Result, error) {
	f.mu.Lock()
	held := f.held
	f.mu.Unlock()
	if held != nil {
		<-held
	}
	f.mu.Lock()
	f.groups++
	fault, gone := NoFault, f.gone
	if f.plan != nil {
		fault = f.plan(ops)
	}
	f.mu.Unlock()
	switch {
	case gone, fault == NotApplied:
		return nil, errors.Join(queue.ErrNotApplied, errInjected)
	case fault == UnknownLost:
		return nil, errors.Join(queue.ErrUnknown, errInjected)
	}
	f.setMute(fault == UnknownKept)
	r, err := f.Driver.Apply(ctx, lane, ops)
	f.setMute(false)
	if err == nil && fault == UnknownKept {
		return nil, errors.Join(queue.ErrUnknown, errInjected)
	}
	return r, err
}

func (f *Faulty) setMute(mute bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mute = mute
}

// OnReady registers who is told, except of groups whose commit seems to have failed: their driver
// would not have told either.
func (f *Faulty) OnReady(tell func(queue.Name)) {
	f.Driver.OnReady(func(q queue.Name) {
		f.mu.Lock()
		mute := f.mute
		f.mu.Unlock()
		if !mute {
			tell(q)
		}
	})
}

// Reopen reopens the driver, or fails.
func (f *Faulty) Reopen(ctx context.Context) error {
	f.mu.Lock()
	fail := f.reopens > 0 || f.gone
	f.reopens--
	f.mu.Unlock()
	if fail {
		return errInjected
	}
	return f.Driver.Reopen(ctx)
}

// Close closes the driver unless it has crashed.
func (f *Faulty) Close() error {
	f.mu.Lock()
	gone := f.gone
	f.mu.Unlock()
	if gone {
		return nil
	}
	return f.Driver.Close()
}

// leaveBehind makes the wrapper useless: the driver below is somebody else's from now on.
func (f *Faulty) leaveBehind() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = true
}
