package exchange

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Trace tells where a message of the caller's tenant is and what happened to it. Only its sender and
// the clients whose queues received it may know; for all others it does not exist
// (link.CodeMessageUnknown).
func (x *Exchange) Trace(ctx context.Context, c Caller, id uuid.UUID) (link.Trace, error) {
	t, err := x.engine.Trace(ctx, c.Client.Tenant, id)
	if err != nil {
		return link.Trace{}, err
	}
	if t.Trace.Sender.ClientID != c.Client.ID && !slices.Contains(t.Clients, c.Client.ID) {
		return link.Trace{}, link.NewError(link.CodeMessageUnknown)
	}
	return t.Trace, nil
}

// TraceAny tells an operator about a message of a tenant, or of whichever tenant has it with
// uuid.Nil. It needs link.RoleViewer.
func (x *Exchange) TraceAny(ctx context.Context, o Operator, tenant, id uuid.UUID) (link.Trace, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.Trace{}, err
	}
	t, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (queue.Traced, error) { return x.engine.Trace(ctx, tenant, id) })
	if err != nil {
		return t.Trace, err
	}
	return x.withHelp(ctx, t.Trace)
}

// Copy is a wish for a copy of a message. A nil Body is the original's.
type Copy struct {
	Tenant         uuid.UUID // uuid.Nil: whichever tenant has the message
	ID             uuid.UUID
	Body           []byte
	Reason         string
	IdempotencyKey string // a repeat of the wish makes no second copy
}

// Copy sends a message again as a new one: new id, same rootId, businessKey, orderingKey, type,
// audience and sender, created by the operator. The body may be an edited one that does not change
// what the message is. It needs link.RoleAdministrator; the audit entry is written before the copy
// is made, so that no copy is without one.
func (x *Exchange) Copy(ctx context.Context, o Operator, c Copy) (link.SendResponse, error) {
	original, p, err := x.prepareCopy(ctx, o, c)
	if err != nil {
		return link.SendResponse{}, err
	}
	detail := "new id " + p.Message.ID.String()
	if c.Body != nil && !bytes.Equal(c.Body, original.Body) {
		detail += ", body edited"
	}
	if c.Reason != "" {
		detail += ": " + c.Reason
	}
	entry := link.AuditEntry{Actor: o.Name, Action: "message.copy", Target: original.TenantID.String() + "/" + original.ID.String(), Detail: detail}
	if err := x.directory.Record(ctx, entry); err != nil {
		return link.SendResponse{}, err
	}
	done, err := x.engine.Publish(ctx, p.Publish)
	if err != nil {
		entry.Action, entry.Detail = "message.copy-failed", detail+": "+string(link.CodeOf(err))
		if err := x.directory.Record(ctx, entry); err != nil {
			x.log.Error("audit entry not written", "action", entry.Action, "target", entry.Target, "error", err)
		}
		return link.SendResponse{}, err
	}
	return sendResponse(o.Lang, &p.Publish, p.wrong, done), nil
}

// CheckCopy tells what Copy would say to a wish, and sends nothing: the error, or what is remarked. It
// needs link.RoleAdministrator.
func (x *Exchange) CheckCopy(ctx context.Context, o Operator, c Copy) ([]link.Warning, error) {
	_, p, err := x.prepareCopy(ctx, o, c)
	if err != nil {
		return nil, err
	}
	return sendResponse(o.Lang, &p.Publish, p.wrong, queue.PublishResult{}).Warnings, nil
}

// prepareCopy checks a wish for a copy, and answers the original beside what is to be published.
func (x *Exchange) prepareCopy(ctx context.Context, o Operator, c Copy) (link.Message, prepared, error) {
	if err := o.need(link.RoleAdministrator); err != nil {
		return link.Message{}, prepared{}, err
	}
	if tooLong(c.Reason, link.MaxReason) {
		return link.Message{}, prepared{}, link.NewError(link.CodeRequestInvalid).At("/reason", link.CodeRequestInvalid, link.AtMost(link.MaxReason))
	}
	original, err := inTenant(ctx, x, c.Tenant, func(tenant uuid.UUID) (link.Message, error) { return x.engine.Message(ctx, tenant, c.ID) })
	if err != nil {
		return link.Message{}, prepared{}, err
	}
	p, err := x.copyOf(o, original, c)
	return original, p, err
}

// copyOf prepares the publishing of a copy.
func (x *Exchange) copyOf(o Operator, original link.Message, c Copy) (prepared, error) {
	m := original
	m.ID, m.CreatedBy = link.NewID(), o.Name
	if c.Body != nil {
		m.Body = c.Body
	}
	if err := checkSize(Send{Body: m.Body, IdempotencyKey: c.IdempotencyKey}); err != nil {
		return prepared{}, err
	}
	d := draft{snapshot: x.directory.Current(), message: m}
	p, err := d.publish()
	if err != nil {
		return prepared{}, err
	}
	// An edit may take a key out of the body or leave it; it may not make it another one.
	if err := sameKeys(original, p.Message, d.envelope); err != nil {
		return prepared{}, err
	}
	p.Message.BusinessKey, p.Message.OrderingKey, p.Message.CorrelationID = original.BusinessKey, original.OrderingKey, original.CorrelationID
	// What the original reported the hub has read already.
	p.Report, p.Metrics = nil, nil
	if c.IdempotencyKey != "" {
		// Longer than any key the sender itself may use, so that the two never meet.
		key := fmt.Sprintf("%-*s", link.MaxKey+1, "copy of "+original.ID.String()+" by "+o.Name+": "+c.IdempotencyKey)
		p.Dedupe = &queue.Dedupe{Key: key, Hash: contentHash(&p.Message)}
	}
	wrong, err := checkSchema(d.snapshot, p, d.envelope)
	return prepared{p, wrong}, err
}

func sameKeys(original, edited link.Message, e link.Envelope) error {
	for _, k := range []struct{ header, was, is, pointer string }{
		{link.HeaderBusinessKey, original.BusinessKey, edited.BusinessKey, e.BusinessKeyAt},
		{link.HeaderOrderingKey, original.OrderingKey, edited.OrderingKey, e.OrderingKeyAt},
	} {
		if k.is != "" && k.is != k.was {
			return contradiction(k.header, k.was, k.is, k.pointer)
		}
	}
	return nil
}

// inTenant asks for something of a tenant, or with uuid.Nil of one tenant after the other until one
// has it.
func inTenant[T any](ctx context.Context, x *Exchange, tenant uuid.UUID, ask func(uuid.UUID) (T, error)) (T, error) {
	if tenant != uuid.Nil {
		return ask(tenant)
	}
	var none T
	tenants, err := x.directory.TenantIDs(ctx)
	if err != nil {
		return none, err
	}
	for _, t := range tenants {
		v, err := ask(t)
		if err == nil || link.CodeOf(err) != link.CodeMessageUnknown {
			return v, err
		}
	}
	return none, link.NewError(link.CodeMessageUnknown)
}
