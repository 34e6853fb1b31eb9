package exchange

import (
	"context"
	"time"

	"smartlink/link"
)

// CheckWait refuses a wait for the ERP's answer that is out of range: link.CodeRequestInvalid.
func CheckWait(wait time.Duration) error {
	if wait < 0 || wait > link.MaxWait {
		return link.NewError(link.CodeRequestInvalid).At("wait", link.CodeRequestInvalid, link.Range(0, link.MaxWait))
	}
	return nil
}

// Await waits until every copy of what the caller has sent is final at the ERP, at most so long or
// until ctx ends, and puts how they stand into the response. It tells whether all are final; a
// refusal by the ERP is. What fails on the way is no error: the message is stored, which is what its
// sender must know, and how it stands can be asked again.
func (x *Exchange) Await(ctx context.Context, c Caller, r *link.SendResponse, wait time.Duration) bool {
	if wait <= 0 || len(r.Queues) == 0 {
		return false
	}
	t, err := x.engine.Await(ctx, c.Client.Tenant, r.MessageID, wait, func(t link.Trace) bool {
		_, final := outcomes(t)
		return final
	})
	if err != nil {
		x.log.Warn("waiting for an answer failed", "tenant", c.Client.Tenant, "messageId", r.MessageID, "error", err)
		return false
	}
	var final bool
	r.Outcomes, final = outcomes(t.Trace)
	return final
}

// outcomes tells how each copy of a message stands, and whether all are final.
func outcomes(t link.Trace) ([]link.QueueOutcome, bool) {
	list, all := make([]link.QueueOutcome, len(t.Queues)), true
	for i, q := range t.Queues {
		o := link.QueueOutcome{Queue: q.Queue, State: string(q.State)}
		switch {
		case q.ERP != nil:
			o.State = string(q.ERP.State)
			// A report of the state alone may be ahead of the answer with its key and errors.
			o.Final = q.Outcome != nil && (q.ERP.State.Closed() || q.ERP.State == link.ERPRejected)
		case q.State == link.StateDead, q.State == link.StateDiscarded:
			o.Final = true
		}
		if q.Outcome != nil {
			o.Key, o.Errors = q.Outcome.Key, q.Outcome.Errors
		}
		list[i], all = o, all && o.Final
	}
	return list, all
}
