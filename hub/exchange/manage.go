package exchange

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// ChangeQueue pauses, resumes, or lets hold. It needs link.RoleOperator; the audit entry is written
// before the change. Errors: link.CodeNotFound, link.CodeRequestInvalid.
func (x *Exchange) ChangeQueue(ctx context.Context, o Operator, q queue.Name, c link.QueueChange) (link.QueueDetail, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return link.QueueDetail{}, err
	}
	if err := checkReason(c.Reason, c.Paused != nil && *c.Paused); err != nil {
		return link.QueueDetail{}, err
	}
	if c.Paused == nil && c.Hold == nil {
		return link.QueueDetail{}, link.NewError(link.CodeRequestInvalid).
			At("/paused", link.CodeRequestInvalid, link.Both("diga paused ou hold", "say paused or hold"))
	}
	if _, err := x.detail(ctx, q); err != nil { // before the audit tells of it
		return link.QueueDetail{}, unknown(q, err)
	}
	if c.Paused != nil {
		if err := x.record(ctx, o, "queue."+pick(*c.Paused, "pause", "resume"), q.String(), c.Reason); err != nil {
			return link.QueueDetail{}, err
		}
		if err := x.engine.Pause(ctx, queue.Pause{Queue: q, Pause: *c.Paused, Reason: c.Reason, By: o.Name}); err != nil {
			return link.QueueDetail{}, unknown(q, err)
		}
	}
	if c.Hold != nil {
		if err := x.record(ctx, o, "queue."+pick(*c.Hold, "hold", "let-go"), q.String(), c.Reason); err != nil {
			return link.QueueDetail{}, err
		}
		if err := x.engine.Hold(ctx, queue.Hold{Queue: q, Hold: *c.Hold}); err != nil {
			return link.QueueDetail{}, unknown(q, err)
		}
	}
	return x.detail(ctx, q)
}

// Redrive sends named dead letters on, each on its own: one error or nil for each id. It needs
// link.RoleOperator. Errors of the whole: link.CodeNotFound, link.CodeQueuePaused,
// link.CodeRequestInvalid.
func (x *Exchange) Redrive(ctx context.Context, o Operator, q queue.Name, ids []uuid.UUID) ([]error, error) {
	if err := x.act(ctx, o, "message.redrive", q, ids, ""); err != nil {
		return nil, err
	}
	each, err := x.engine.Redrive(ctx, queue.Redrive{Queue: q, IDs: ids, By: o.Name})
	return each, unknown(q, err)
}

// Discard gives named messages up, each on its own: one error or nil for each id. It needs
// link.RoleOperator and a reason. Errors of the whole: link.CodeNotFound, link.CodeRequestInvalid.
func (x *Exchange) Discard(ctx context.Context, o Operator, q queue.Name, ids []uuid.UUID, reason string) ([]error, error) {
	if err := checkReason(reason, true); err != nil {
		return nil, err
	}
	if err := x.act(ctx, o, "message.discard", q, ids, reason); err != nil {
		return nil, err
	}
	each, err := x.engine.Discard(ctx, queue.Discard{Queue: q, IDs: ids, Reason: reason, By: o.Name})
	return each, unknown(q, err)
}

// act checks who acts on which messages and writes the audit entry.
func (x *Exchange) act(ctx context.Context, o Operator, action string, q queue.Name, ids []uuid.UUID, reason string) error {
	if err := o.need(link.RoleOperator); err != nil {
		return err
	}
	if len(ids) == 0 || len(ids) > link.MaxAct {
		return link.NewError(link.CodeRequestInvalid).
			At("/ids", link.CodeRequestInvalid, link.Both("de 1 a %d mensagens", "from 1 to %d messages", link.MaxAct))
	}
	if _, err := x.detail(ctx, q); err != nil {
		return unknown(q, err)
	}
	detail := fmt.Sprintf("%d messages, the first %s", len(ids), ids[0])
	if reason != "" {
		detail += ": " + reason
	}
	return x.record(ctx, o, action, q.String(), detail)
}

func (x *Exchange) record(ctx context.Context, o Operator, action, target, detail string) error {
	return x.directory.Record(ctx, link.AuditEntry{Actor: o.Name, Action: action, Target: target, Detail: detail})
}

// checkReason refuses a reason that is missing or too long.
func checkReason(reason string, needed bool) error {
	switch {
	case needed && reason == "":
		return link.NewError(link.CodeRequestInvalid).At("/reason", link.CodeRequestInvalid, link.Both("diga o motivo", "say why"))
	case tooLong(reason, link.MaxReason):
		return link.NewError(link.CodeRequestInvalid).At("/reason", link.CodeRequestInvalid, link.AtMost(link.MaxReason))
	}
	return nil
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
