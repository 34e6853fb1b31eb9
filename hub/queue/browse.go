package queue

import (
	"cmp"
	"context"
	"time"

	"smartlink/link"
)

// List is one part of a queue.
type List int

// The parts of a queue.
const (
	ListWaiting List = iota + 1 // ready, leased, behind, delayed
	ListDead                    // the dead letters
	ListHistory                 // acked, discarded
)

// Limits of a page.
const (
	DefaultPage = 50
	MaxPage     = 500
	// MaxScan is how many entries one page looks at when it looks for a type.
	MaxScan = 5000
)

// Browse asks for a page of a list, in the order of the queue. Looking changes nothing.
type Browse struct {
	Queue  Name
	List   List
	Type   string  // only messages of this type; "": all
	Newest bool    // from the end
	After  *Cursor // go on behind an earlier page; nil: from the start
	Limit  int     // at most so many, 1 to MaxPage; 0: DefaultPage
}

// Cursor is where the next page begins. It is good for the same queue, list and direction.
type Cursor struct {
	Pos  int64 // of the last entry looked at
	Rank int64 // how many entries were looked at
}

// Page is part of a list. Next is nil at the list's end; with a Type a page may hold fewer entries
// than asked for and still have a Next, because looking is bounded by MaxScan.
type Page struct {
	Items []Entry
	Next  *Cursor
}

// Entry is one delivery in a list. Its message has no body.
type Entry struct {
	Position     int64 // counted from the walk's start, from 1, whatever the type
	Message      link.Message
	Size         int // of the body
	State        link.State
	Attempt      int
	RequeueCount int
	LostCount    int
	NextTry      *time.Time // of a delayed one
	LeaseUntil   *time.Time // of a leased one
	Installation string     // who holds the lease
	SettledAt    *time.Time // of a dead, acked or discarded one
	DeadReason   link.DeadReason
	Reason       string
	ERP          *link.ERPStatus // how it stands at the ERP, where known
	Outcome      *link.Outcome
}

// Browse lists a part of a queue. Errors: link.CodeNoQueue, link.CodeUnavailable.
func (e *Engine) Browse(ctx context.Context, b Browse) (Page, error) {
	b.Limit = min(cmp.Or(max(b.Limit, 0), DefaultPage), MaxPage)
	return ask(e, func() (Page, error) { return e.driver.Browse(ctx, b) })
}

// Oldest tells when the oldest waiting message of each queue was made, in the order of the names; the zero
// time where nothing waits. Errors: link.CodeUnavailable.
func (e *Engine) Oldest(ctx context.Context, queues []Name) ([]time.Time, error) {
	return ask(e, func() ([]time.Time, error) { return e.driver.Oldest(ctx, queues) })
}
