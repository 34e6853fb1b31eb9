package queue

import (
	"cmp"
	"context"

	"github.com/google/uuid"
)

// Find looks for messages of a tenant by one key, the newest first. Exactly one of BusinessKey,
// CorrelationID and RootID is set.
type Find struct {
	Tenant        uuid.UUID
	BusinessKey   string
	CorrelationID string
	RootID        uuid.UUID // the message itself and all its copies
	After         int64     // Found.Next of an earlier page; 0: from the newest
	Limit         int       // at most so many, 1 to MaxPage; 0: DefaultPage
}

// Found is a page of what was found. Next is 0 at the end.
type Found struct {
	IDs  []uuid.UUID
	Next int64
}

// Find finds messages. Errors: link.CodeUnavailable.
func (e *Engine) Find(ctx context.Context, f Find) (Found, error) {
	f.Limit = min(cmp.Or(max(f.Limit, 0), DefaultPage), MaxPage)
	return ask(e, func() (Found, error) { return e.driver.Find(ctx, f) })
}
