package exchange

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Letter is a message as a person may see it.
type Letter struct {
	Message link.Message // without Body unless BodyShown
	Size    int          // of the body
	// BodyShown tells whether the body is with it. The role viewer sees none: bodies hold the business's
	// figures, which watching queues does not need (docs/decisions/0050-who-sees-bodies.md).
	BodyShown bool
}

// MessageAny gives an operator a message of a tenant, or of whichever tenant has it with uuid.Nil,
// without its body. It needs link.RoleViewer. Errors: link.CodeMessageUnknown, link.CodeBodyGone.
func (x *Exchange) MessageAny(ctx context.Context, o Operator, tenant, id uuid.UUID) (Letter, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return Letter{}, err
	}
	m, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (link.Message, error) { return x.engine.Message(ctx, tenant, id) })
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Message: m, Size: len(m.Body)}
	l.Message.Body = nil
	return l, nil
}

// ReadMessage gives an operator a message with its body, and writes into the audit who read it: once
// for each person and message within readAgain, so that looking at one message again and again fills
// nothing. It needs link.RoleOperator. Errors: link.CodeMessageUnknown, link.CodeBodyGone.
func (x *Exchange) ReadMessage(ctx context.Context, o Operator, tenant, id uuid.UUID) (Letter, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return Letter{}, err
	}
	m, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (link.Message, error) { return x.engine.Message(ctx, tenant, id) })
	if err != nil {
		return Letter{}, err
	}
	if now := x.clock.Now(); !x.reads.known(o.Name, id, now) {
		detail := fmt.Sprintf("%s, %d bytes", m.Type, len(m.Body))
		if err := x.record(ctx, o, "message.read", m.TenantID.String()+"/"+id.String(), detail); err != nil {
			return Letter{}, err // no body without its entry
		}
		x.reads.note(o.Name, id, now)
	}
	return Letter{Message: m, Size: len(m.Body), BodyShown: true}, nil
}

// readAgain is for how long a person who has read a body may read it again without a further entry.
const readAgain = time.Hour

// readsKept bounds what is remembered of reads. What was forgotten is written once more.
const readsKept = 10_000

// reads remembers who read which body lately.
type reads struct {
	mu sync.Mutex
	at map[read]time.Time
}

type read struct {
	by string
	id uuid.UUID
}

func (r *reads) known(by string, id uuid.UUID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[read{by, id}]
	return ok && now.Sub(at) < readAgain
}

func (r *reads) note(by string, id uuid.UUID, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil || len(r.at) >= readsKept {
		r.at = map[read]time.Time{}
	}
	r.at[read{by, id}] = now
}
