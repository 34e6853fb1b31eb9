package exchange

import (
	"context"

	"github.com/google/uuid"

	"smartlink/link"
)

// Letter is a message as a person may see it.
type Letter struct {
	Message link.Message // without Body unless BodyShown
	Size    int          // of the body
	// BodyShown tells whether the person's role shows bodies: they hold the business's figures, which
	// watching queues does not need (docs/decisions/0050-who-sees-bodies.md).
	BodyShown bool
}

// MessageAny gives an operator a message of a tenant, or of whichever tenant has it with uuid.Nil. It
// needs link.RoleViewer, and link.RoleOperator for the body. Errors: link.CodeMessageUnknown,
// link.CodeBodyGone.
func (x *Exchange) MessageAny(ctx context.Context, o Operator, tenant, id uuid.UUID) (Letter, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return Letter{}, err
	}
	m, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (link.Message, error) { return x.engine.Message(ctx, tenant, id) })
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Message: m, Size: len(m.Body), BodyShown: o.Role.Includes(link.RoleOperator)}
	if !l.BodyShown {
		l.Message.Body = nil
	}
	return l, nil
}
