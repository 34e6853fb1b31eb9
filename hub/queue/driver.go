package queue

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// The two ways Apply fails as a whole.
var (
	// ErrNotApplied is certain: nothing of the group was stored.
	ErrNotApplied = errors.New("not applied")
	// ErrUnknown: the commit was issued and failed; nobody knows whether it holds. The engine
	// reopens the driver before anything else.
	ErrUnknown = errors.New("outcome unknown")
	// ErrGone is an answer of Check: the store's files are not there any more, or are others. The engine
	// reopens the driver, as after ErrUnknown.
	ErrGone = errors.New("the store is gone")
)

// Driver is one store of messages. Apply is called by one goroutine per lane; all other methods may
// be called concurrently.
type Driver interface {
	// Lanes is how many groups may be applied at the same time; Lane picks one for a tenant.
	Lanes() int
	Lane(tenant uuid.UUID) int

	// Apply executes the operations in order, in one transaction, and answers one Result for each.
	// A business outcome is a Result's Err and never fails the group. Apply itself fails with
	// ErrNotApplied or ErrUnknown, wrapped. Operations of Choose may be moved behind the others.
	Apply(ctx context.Context, lane int, ops []Op) ([]Result, error)

	// Choose leases ready deliveries of a queue, in order, or tells the operation that does: a
	// driver that leases in memory answers deliveries and an operation that records them, one that
	// leases in its store only the operation. Errors: link.CodeNoQueue.
	Choose(ctx context.Context, g Get) (Chosen, error)

	// NextDue tells in how long an OpTick is next worth applying on a lane: the earliest end of a lease or
	// of a delay. False: nothing is due ever.
	NextDue(lane int) (time.Duration, bool)

	// OnReady registers the one function to call, after commit, with queues that got something
	// ready. It must not block.
	OnReady(func(Name))

	// Trace, Message, Find, Queues, Health, Browse and Oldest read.
	Trace(ctx context.Context, tenant, id uuid.UUID) (Traced, error)         // link.CodeMessageUnknown
	Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) // link.CodeMessageUnknown, link.CodeBodyGone
	Find(ctx context.Context, f Find) (Found, error)
	Queues(ctx context.Context, tenant uuid.UUID) ([]Info, error) // uuid.Nil: all tenants
	Health(ctx context.Context, tenant uuid.UUID) ([]Health, error)

	Browse(ctx context.Context, b Browse) (Page, error)             // link.CodeNoQueue
	Oldest(ctx context.Context, queues []Name) ([]time.Time, error) // one for each; zero: nothing waits

	// Search finds messages; see Search.Run.
	Search(ctx context.Context, s Search) (SearchResult, error)

	// Recorded reads the figures of queues by minute or hour since a moment, from one state of the
	// store. Queues that are not there are left out.
	Recorded(ctx context.Context, queues []Name, unit time.Duration, since time.Time) (map[Name]Recorded, error)

	// Count counts the messages of a tenant's queues, or of all with uuid.Nil, beside the counts kept.
	Count(ctx context.Context, tenant uuid.UUID) ([]Counted, error)
	// Retain registers who tells how long a tenant's messages are kept. It must not block. History that is
	// past it is not there for those who read, also before Keep has dropped it.
	Retain(func(tenant uuid.UUID) Retention)
	// Keep does the next small step of keeping: it moves a few messages that have ended to the history of
	// the day they ended on, or drops history that is past its retention, or gives free space back. What
	// has moved is read as if it had not. Steps are called one at a time, and a step may be the last one
	// ever: what it leaves behind is right, and a later round finishes it.
	Keep(ctx context.Context, k Keeping) (KeepStep, error)

	// HistoryOf counts a tenant's messages in each day of history that is there, also of days that are past
	// its retention, the oldest first; up to most of each day.
	HistoryOf(ctx context.Context, tenant uuid.UUID, most int64) ([]HistoryDay, error)

	// EraseHistory erases what a message says from the history, as far as OpErase has not, and tells whether
	// it was there. Its operation finishes it; nil: there is nothing to finish.
	EraseHistory(ctx context.Context, x Erase) (Op, bool, error)
	// Purge removes some messages of a tenant that have ended, with all that belongs to them. after is where
	// the step before said to go on, empty for the first.
	Purge(ctx context.Context, p Purge, after []byte, limit int) (PurgeStep, error)
	// Scrub does away with copies that the store itself has of what was erased, as far as it can.
	Scrub(ctx context.Context) error

	// Check tells whether the store can be written; ErrGone, wrapped, when it has to be reopened for that.
	Check(ctx context.Context) error
	// Reopen closes and opens the store after ErrUnknown or ErrGone; it never makes a new one. What it finds then is durable, also what
	// the failed commit left behind. Leases in memory end; those in a store that others share stay.
	Reopen(ctx context.Context) error
	// Close lets go of the store. Nothing else is called at the same time or later.
	Close() error
}

// Chosen is Choose's answer. Op is nil when nothing is ready.
type Chosen struct {
	Deliveries []link.Delivery
	Op         Op
	Then       Then
}

// Then says what to do with the operation of a Chosen.
type Then int

// The ways to go on.
const (
	ThenPost  Then = iota // apply it without anybody waiting; the deliveries are leased already
	ThenWait              // apply it; its Result has the deliveries
	ThenAgain             // apply it, then choose again: the driver must look further, or the epoch is spent
)

// Op is one operation of a group. Size is its share of a group's byte limit, Weight of its
// operation limit.
type Op interface {
	Size() int
	Weight() int
	// Alone tells whether the operation must be the only one of its group.
	Alone() bool
}

// Result is what one operation came to: Err, or the field that belongs to the operation.
type Result struct {
	Err       error
	Setup     SetupResult
	Publish   PublishResult
	Settle    []error         // one for each settlement, redrive or discard
	Extend    []Extended      // one for each extension
	Delivered []link.Delivery // of an operation that Choose asked to wait for
}

// The operations.
type (
	// OpSetup is Setup.
	OpSetup struct{ Setup }
	// OpPublish is Publish. Its Message.CreatedAt is set by the driver, one moment per group.
	OpPublish struct{ Publish }
	// OpSettle settles deliveries of one queue, each on its own. Backoff gives the delay of a
	// requeue without one, by the count of earlier requeues.
	OpSettle struct {
		Queue   Name
		Items   []Settle
		Backoff func(requeues int) time.Duration
	}
	// OpTick ends leases that are over, makes delayed messages ready and forgets requests past the
	// dedupe window, a bounded number of each; what is left over is due at once again.
	OpTick struct{}
	// OpExtend lengthens leases of one queue, each on its own.
	OpExtend struct {
		Queue Name
		Items []Extend
	}
	// OpPause and OpHold are Pause and Hold.
	OpPause struct{ Pause }
	OpHold  struct{ Hold }
	// OpRedrive and OpDiscard are Redrive and Discard.
	OpRedrive struct{ Redrive }
	OpDiscard struct{ Discard }
	// OpRaiseEpoch starts a new epoch of delivery tags.
	OpRaiseEpoch struct{}
)

// Size of the operations, roughly what they write.
func (o OpSetup) Size() int      { return 64 * (1 + len(o.Subscriptions)) }
func (o OpPublish) Size() int    { return len(o.Message.Body) + 512 }
func (o OpSettle) Size() int     { return 64 * len(o.Items) }
func (o OpTick) Size() int       { return 4096 }
func (o OpExtend) Size() int     { return 0 }
func (o OpPause) Size() int      { return 64 + len(o.Reason) }
func (o OpHold) Size() int       { return 64 }
func (o OpRedrive) Size() int    { return 128 * len(o.IDs) }
func (o OpDiscard) Size() int    { return 128 * len(o.IDs) }
func (o OpRaiseEpoch) Size() int { return 64 }

// Weight of the operations, in rows roughly.
func (o OpSetup) Weight() int      { return 1 }
func (o OpPublish) Weight() int    { return 1 + len(o.Report) }
func (o OpSettle) Weight() int     { return len(o.Items) }
func (o OpTick) Weight() int       { return 64 }
func (o OpExtend) Weight() int     { return len(o.Items) }
func (o OpPause) Weight() int      { return 1 }
func (o OpHold) Weight() int       { return 64 }
func (o OpRedrive) Weight() int    { return len(o.IDs) }
func (o OpDiscard) Weight() int    { return len(o.IDs) }
func (o OpRaiseEpoch) Weight() int { return 1 }

// Alone tells which operations want a group of their own: a change of subscriptions must be visible
// to the publishes after it, an epoch to the leases after it.
func (o OpSetup) Alone() bool      { return true }
func (o OpPublish) Alone() bool    { return false }
func (o OpSettle) Alone() bool     { return false }
func (o OpTick) Alone() bool       { return false }
func (o OpExtend) Alone() bool     { return false }
func (o OpPause) Alone() bool      { return true }
func (o OpHold) Alone() bool       { return true }
func (o OpRedrive) Alone() bool    { return false }
func (o OpDiscard) Alone() bool    { return false }
func (o OpRaiseEpoch) Alone() bool { return true }
