package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Retention is how long messages of a tenant are kept.
type Retention struct {
	// History is how long after its end a message can still be looked at. 0: link.Retention.
	History time.Duration
	// Waiting is how long after they were made waiting messages are given up, and how long after its
	// acknowledgement a message that an installation never answered counts as ended. 0: never.
	Waiting time.Duration
	// Dead is how long after they died dead letters are given up. 0: never.
	Dead time.Duration
}

// RetentionOf is what a tenant's days come to.
func RetentionOf(r link.TenantRetention) Retention {
	const day = 24 * time.Hour
	return Retention{History: time.Duration(r.HistoryDays) * day, Waiting: time.Duration(r.WaitingDays) * day, Dead: time.Duration(r.DeadDays) * day}
}

// withDefaults fills in what is left open.
func (r Retention) withDefaults() Retention {
	if r.History <= 0 {
		r.History = link.Retention
	}
	return r
}

// Keeping is what a step of keeping goes by.
type Keeping struct {
	Recent time.Duration // so long after its end a message stays where it is
	Chunk  int           // messages of one step
}

// KeepStep is one small step of keeping. Op finishes it; nil: there is nothing to finish. Done: it was
// the last of its round, and the next call begins a new one.
type KeepStep struct {
	Op   Op
	Done bool
	Kept
}

// Kept is what keeping came to.
type Kept struct {
	Moved     int   // messages, from what is open to the history
	Days      int   // of history dropped whole
	Erased    int   // messages of the history whose time was over before that of their day
	Discarded int   // messages given up by age
	Freed     int64 // bytes given back to the disk, as far as the store can tell
}

func (k *Kept) add(o Kept) {
	k.Moved += o.Moved
	k.Days += o.Days
	k.Erased += o.Erased
	k.Discarded += o.Discarded
	k.Freed += o.Freed
}

// Round is one round of keeping that has ended.
type Round struct {
	BeganAt, EndedAt time.Time
	Kept
	Err error // why it ended before its end; nil: it did not
}

// roundsKept is how many rounds that came to something are remembered.
const roundsKept = 20

// rounds are the last rounds of keeping, the oldest first. The last one is always there; earlier ones
// only when they came to something.
type rounds struct {
	mu   sync.Mutex
	list []Round
}

func (r *rounds) add(x Round) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.list); n > 0 && r.list[n-1].Kept == (Kept{}) && r.list[n-1].Err == nil {
		r.list = r.list[:n-1]
	}
	r.list = append(r.list, x)
	r.list = r.list[max(0, len(r.list)-roundsKept-1):]
}

// Rounds tells about the last rounds of keeping of this engine since its start, the newest first: the last
// one, and those before it that came to something.
func (e *Engine) Rounds() []Round {
	e.rounds.mu.Lock()
	defer e.rounds.mu.Unlock()
	list := slices.Clone(e.rounds.list)
	slices.Reverse(list)
	return list
}

// EndOf tells when a delivery came to its end: when retention begins (protocol §8). A message that an
// installation took over waits for the ERP's outcome; waiting is how long at most, 0 without end.
// False: it has not ended.
func EndOf(d Ending, waiting time.Duration) (time.Time, bool) {
	switch d.State {
	case link.StateDiscarded:
		return d.SettledAt, true
	case link.StateAcked:
	default:
		return time.Time{}, false
	}
	switch {
	case d.Installation == "":
		return d.SettledAt, true
	case d.Outcome.Closed(), d.Outcome == link.ERPRejected:
		if d.AnsweredAt.After(d.SettledAt) {
			return d.AnsweredAt, true
		}
		return d.SettledAt, true
	case waiting > 0:
		return d.SettledAt.Add(waiting), true
	}
	return time.Time{}, false
}

// Ending is what the end of a delivery depends on.
type Ending struct {
	State        link.State
	SettledAt    time.Time
	Installation string        // that took it over; "": none
	Outcome      link.ERPState // the one that counts; "": none
	AnsweredAt   time.Time
}

// Day is the day (UTC) that a moment belongs to, as history names it.
func Day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// DayOver tells whether the retention of a day's messages is over at a moment: the day's last one has
// been there for so long.
func DayOver(day string, history time.Duration, now time.Time) bool {
	end, ok := DayEnd(day, history)
	return ok && !now.Before(end)
}

// Keep does all the keeping that there is to do now, without pauses: it moves what has ended to the
// history, drops what is past its retention, and gives up by age what a tenant says should be. It is
// done by itself too, slowly; see Options.Keep. Errors: link.CodeUnavailable.
func (e *Engine) Keep(ctx context.Context) (Kept, error) {
	if err := e.enter(); err != nil {
		return Kept{}, err
	}
	defer e.leave()
	// A round that is under way comes to its end first, without pauses too.
	e.hurried.Add(1)
	defer e.hurried.Add(-1)
	select {
	case e.hurry <- struct{}{}:
	default:
	}
	return e.keepAll(ctx, func(context.Context, time.Duration) error { return ctx.Err() })
}

func (e *Engine) retention(tenant uuid.UUID) Retention {
	if e.opt.Retention == nil {
		return Retention{}.withDefaults()
	}
	return e.opt.Retention(tenant).withDefaults()
}
