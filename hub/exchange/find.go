package exchange

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Finding is a wish for messages that share a key: one of BusinessKey, CorrelationID and RootID.
type Finding struct {
	BusinessKey, CorrelationID, RootID string
	Cursor                             string // Next of the page before, of the same wish
	Limit                              *int   // 1 to maxFound; nil: defaultFound
}

// Limits of a page of what was found: each message comes with its whole trace.
const (
	defaultFound = 20
	maxFound     = 100
)

// Find finds messages of the caller's tenant that the caller has sent or received, the newest first. A
// page may hold fewer than asked for and still have a Next: others' messages are left out. Errors:
// link.CodeRequestInvalid.
func (x *Exchange) Find(ctx context.Context, c Caller, f Finding) (link.Page[link.Trace], error) {
	return x.find(ctx, c.Client.Tenant, f, func(t queue.Traced) bool {
		return t.Trace.Sender.ClientID == c.Client.ID || slices.Contains(t.Clients, c.Client.ID)
	})
}

// FindAny finds messages of a tenant for an operator. It needs link.RoleViewer. Errors:
// link.CodeRequestInvalid.
func (x *Exchange) FindAny(ctx context.Context, o Operator, tenant uuid.UUID, f Finding) (link.Page[link.Trace], error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.Page[link.Trace]{}, err
	}
	if tenant == uuid.Nil {
		return link.Page[link.Trace]{}, link.NewError(link.CodeRequestInvalid).
			At("tenant", link.CodeRequestInvalid, link.Both("falta o UUID do tenant", "the tenant's UUID is missing"))
	}
	return x.find(ctx, tenant, f, func(queue.Traced) bool { return true })
}

func (x *Exchange) find(ctx context.Context, tenant uuid.UUID, f Finding, may func(queue.Traced) bool) (link.Page[link.Trace], error) {
	none := link.Page[link.Trace]{}
	want, err := f.want(tenant)
	if err != nil {
		return none, err
	}
	place := "find " + tenant.String() + " " + f.BusinessKey + "\x00" + f.CorrelationID + "\x00" + f.RootID
	if f.Cursor != "" {
		at, err := x.cursors.open(f.Cursor, place)
		if err != nil {
			return none, err
		}
		want.After = at.Pos
	}
	found, err := x.engine.Find(ctx, want)
	if err != nil {
		return none, err
	}
	page := link.Page[link.Trace]{Items: []link.Trace{}}
	for _, id := range found.IDs {
		t, err := x.engine.Trace(ctx, tenant, id)
		switch {
		case link.CodeOf(err) == link.CodeMessageUnknown: // erased meanwhile
		case err != nil:
			return none, err
		case may(t):
			page.Items = append(page.Items, t.Trace)
		}
	}
	if found.Next != 0 {
		page.Next = x.cursors.seal(queue.Cursor{Pos: found.Next}, place)
	}
	return page, nil
}

// want checks the wish: exactly one key, and a limit within bounds.
func (f Finding) want(tenant uuid.UUID) (queue.Find, error) {
	want := queue.Find{Tenant: tenant, BusinessKey: f.BusinessKey, CorrelationID: f.CorrelationID, Limit: given(f.Limit, defaultFound)}
	wrong := link.NewError(link.CodeRequestInvalid)
	keys := 0
	for _, k := range []string{f.BusinessKey, f.CorrelationID, f.RootID} {
		if k != "" {
			keys++
		}
	}
	if keys != 1 {
		wrong.At("businessKey", link.CodeRequestInvalid, link.Both("diga um de businessKey, correlationId, rootId", "say one of businessKey, correlationId, rootId"))
	}
	if f.RootID != "" {
		var err error
		if want.RootID, err = link.ParseUUID(f.RootID); err != nil {
			wrong.At("rootId", link.CodeRequestInvalid, link.NotUUID)
		}
	}
	within(wrong, "limit", f.Limit, 1, maxFound)
	if len(wrong.Errors) > 0 {
		return queue.Find{}, wrong
	}
	return want, nil
}
