package inbox

import (
	"context"

	"github.com/google/uuid"

	"smartlink/link"
)

// Tryable reads a message that could be executed now, or after a person's work, and so can be tried, with the
// options of its type. One that came the other way, runs or is finished is link.CodeNotNow.
func (t *Tx) Tryable(ctx context.Context, message uuid.UUID) (*Row, error) {
	states := []link.ERPState{link.ERPStored, link.ERPWaiting, link.ERPBlocked, link.ERPRejected}
	r, err := t.workable(ctx, message, states...)
	if err != nil {
		return nil, err
	}
	if r.Event != Downstream {
		return nil, link.NewError(link.CodeNotInInbox, "id", message.String())
	}
	rules, err := t.box.rules(ctx, t)
	if err != nil {
		return nil, err
	}
	r.Options = rules.Types[r.Message.Type]
	return r, nil
}
