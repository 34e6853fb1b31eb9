package exchange

import (
	"context"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// PreviewRetention tells what the next round of keeping would remove of a tenant's messages after a change
// of its retention, which may be none. It needs link.RoleViewer and changes nothing. Errors:
// link.CodeNotFound, link.CodeRequestInvalid.
func (x *Exchange) PreviewRetention(ctx context.Context, o Operator, tenant uuid.UUID, c link.RetentionChange) (link.RetentionPreview, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.RetentionPreview{}, err
	}
	r, err := x.directory.Current().RetentionAfter(tenant, c)
	if err != nil {
		return link.RetentionPreview{}, err
	}
	keep := queue.RetentionOf(r)
	due, err := x.engine.Due(ctx, tenant, keep)
	if err != nil {
		return link.RetentionPreview{}, err
	}
	p := link.RetentionPreview{
		TenantID: tenant, HistoryDays: r.HistoryDays, WaitingDays: r.WaitingDays, DeadDays: r.DeadDays, Waiting: due.Waiting, Dead: due.Dead,
		Days: make([]link.HistoryDay, len(due.History)),
	}
	now := x.clock.Now()
	for i, d := range due.History {
		until, _ := queue.DayEnd(d.Day, keep.History) // the store names days only
		over := queue.DayOver(d.Day, keep.History, now)
		p.Days[i] = link.HistoryDay{Day: d.Day, Messages: d.Messages, Until: until, Over: over}
		if over {
			p.History += d.Messages
		}
	}
	return p, nil
}

// KeepingRounds tells about the last rounds of keeping of this hub since its start, the newest first: the
// last one, and those before it that came to something. It needs link.RoleViewer.
func (x *Exchange) KeepingRounds(o Operator) ([]link.KeepingRound, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	list := []link.KeepingRound{}
	for _, r := range x.engine.Rounds() {
		k := link.KeepingRound{
			BeganAt: r.BeganAt, EndedAt: r.EndedAt, Moved: r.Moved, Days: r.Days, Erased: r.Erased, Discarded: r.Discarded, Freed: r.Freed,
		}
		if r.Err != nil {
			k.Code = link.CodeOf(r.Err)
		}
		list = append(list, k)
	}
	return list, nil
}
