package queue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// HistoryDay is how many messages of a tenant ended on a day (UTC) and are in the history.
type HistoryDay struct {
	Day      string // YYYY-MM-DD
	Messages int64  // at most as many as were asked to be counted
}

// DayEnd is when a day's messages are past their retention.
func DayEnd(day string, history time.Duration) (time.Time, bool) {
	began, err := time.Parse(time.DateOnly, day)
	return began.AddDate(0, 0, 1).Add(history), err == nil
}

// Due is what the next round of keeping would remove of a tenant's messages. Waiting and Dead are given up,
// and counted up to link.PreviewMost each.
type Due struct {
	Waiting, Dead int64
	History       []HistoryDay // every day there is, the oldest first
}

// Due tells what the next round of keeping would remove if a tenant's retention were r. It changes nothing.
// Errors: link.CodeUnavailable.
func (e *Engine) Due(ctx context.Context, tenant uuid.UUID, r Retention) (Due, error) {
	if err := e.enter(); err != nil {
		return Due{}, err
	}
	defer e.leave()
	var due Due
	infos, err := read(e, func() ([]Info, error) { return e.driver.Queues(ctx, tenant) })
	if err != nil {
		return due, err
	}
	for _, q := range infos {
		for _, x := range []struct {
			n     *int64
			list  List
			after time.Duration
		}{{&due.Waiting, ListWaiting, r.Waiting}, {&due.Dead, ListDead, r.Dead}} {
			if x.after > 0 {
				if err := e.countOlder(ctx, Browse{Queue: q.Queue, List: x.list, Limit: purgeChunk}, e.opt.Clock.Now().Add(-x.after), x.n); err != nil {
					return due, err
				}
			}
		}
	}
	due.History, err = read(e, func() ([]HistoryDay, error) { return e.driver.HistoryOf(ctx, tenant, link.PreviewMost) })
	return due, err
}

// countOlder counts what discardOlder would discard.
func (e *Engine) countOlder(ctx context.Context, b Browse, since time.Time, n *int64) error {
	for *n < link.PreviewMost {
		page, err := read(e, func() (Page, error) { return e.driver.Browse(ctx, b) })
		if err != nil {
			return err
		}
		found := len(older(page.Items, b.List, since))
		*n = min(*n+int64(found), link.PreviewMost)
		if page.Next == nil || found == 0 && b.List == ListWaiting {
			return nil
		}
		b.After = page.Next
	}
	return nil
}
