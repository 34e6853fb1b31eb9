package inbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

// parted are the types that wait apart because a window of theirs is open, as the claim knows them. They
// change inside transactions, so a message that is being stored knows where it has to wait.
type parted struct {
	mu      sync.Mutex
	list    []string // sorted
	unknown bool     // whether the database has it so
}

func (p *parted) types() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}

// is tells whether they are known to be these.
func (p *parted) is(types []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.unknown && slices.Equal(p.list, types)
}

func (p *parted) are(types []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list, p.unknown = types, false
}

// doubt notes that the transaction that changed them may not be there.
func (p *parted) doubt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unknown = true
}

// closedInside are the types executed inside that a window of theirs closes at a moment.
func (b *Box) closedInside(rules *Rules, now time.Time) []string {
	return slices.DeleteFunc(rules.ClosedTypes(now.In(b.zone)), func(t string) bool { return slices.Contains(b.outsideTypes(), t) })
}

// part lets the types whose windows have begun wait apart, and those whose windows have ended with the others.
// It tells whether there was anything to move.
func (t *Tx) part(ctx context.Context, rules *Rules, now time.Time) (bool, error) {
	b := t.box
	closed := b.closedInside(rules, now)
	if b.parted.is(closed) {
		return false, nil
	}
	b.parted.are(closed)
	return true, t.keepApart(ctx, append(slices.Clone(b.outsideTypes()), closed...))
}
