package exchange

import (
	"context"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Get is what a client asks for. A nil field is the default: one message, link.MaxGetBytes, no wait,
// link.DefaultLease.
type Get struct {
	Max, MaxBytes *int
	Wait, Lease   *time.Duration
}

// Get leases messages of the caller's queue; none when nothing came in time. Errors:
// link.CodeNoQueue, link.CodeInstallation, link.CodeRequestInvalid with the range of each parameter that
// is out of it.
func (x *Exchange) Get(ctx context.Context, c Caller, g Get) ([]link.Delivery, error) {
	if err := checkInstallation(c); err != nil {
		return nil, err
	}
	if wrong := g.Wrong(); wrong != nil {
		e := link.NewError(link.CodeRequestInvalid)
		e.Errors = wrong
		return nil, e
	}
	if err := x.admit(ctx, c, true); err != nil {
		return nil, err
	}
	got, err := x.engine.Get(ctx, queue.Get{
		Queue: c.queue(), Installation: c.Installation,
		Max: given(g.Max, link.DefaultGet), MaxBytes: given(g.MaxBytes, link.MaxGetBytes),
		Wait: given(g.Wait, 0), Lease: given(g.Lease, link.DefaultLease),
	})
	if err == nil {
		err = x.stillActive(ctx, c, got)
	}
	if err != nil {
		return nil, err
	}
	return got, nil
}

// Wrong names each parameter that is out of its range, with the range.
func (g Get) Wrong() []link.FieldError {
	var wrong link.Error
	within(&wrong, "max", g.Max, 1, link.MaxGet)
	within(&wrong, "maxBytes", g.MaxBytes, 1, link.MaxGetBytes)
	within(&wrong, "wait", g.Wait, 0, link.MaxWait)
	within(&wrong, "lease", g.Lease, link.MinLease, link.MaxLease)
	return wrong.Errors
}

func given[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// within notes a parameter that is out of its range.
func within[T int | time.Duration](wrong *link.Error, name string, v *T, low, high T) {
	if v != nil && (*v < low || *v > high) {
		wrong.At(name, link.CodeRequestInvalid, link.Range(low, high))
	}
}

// Settle settles deliveries of the caller's queue, each on its own: one error or nil for each item
// (link.CodeLeaseEnded, link.CodeTagUnknown, link.CodeRequestInvalid). The second answer fails them
// all: link.CodeNoQueue, link.CodeInstallation, link.CodeRequestInvalid for a list that is too long, and
// the engine's.
func (x *Exchange) Settle(ctx context.Context, c Caller, items []link.Settlement) ([]error, error) {
	if len(items) > link.MaxAck {
		return nil, link.NewError(link.CodeRequestInvalid).At("", link.CodeRequestInvalid, link.Both("no máximo %d itens", "at most %d items", link.MaxAck))
	}
	if err := x.admit(ctx, c, true); err != nil {
		return nil, err
	}
	errs := make([]error, len(items))
	good := make([]queue.Settle, 0, len(items))
	places := make([]int, 0, len(items))
	for i, item := range items {
		s, err := settlement(item)
		if err != nil {
			errs[i] = err
			continue
		}
		good, places = append(good, s), append(places, i)
	}
	if len(good) == 0 {
		return errs, nil
	}
	settled, err := x.engine.Settle(ctx, c.queue(), good)
	if err != nil {
		return nil, err
	}
	for i, err := range settled {
		errs[places[i]] = err
	}
	return errs, nil
}

// settlement reads what is wanted for one delivery. Exactly one way must be meant: an item that says
// two things at once would settle a message in a way its sender may not have wanted.
func settlement(s link.Settlement) (queue.Settle, error) {
	invalid := func(pointer, pt, en string) (queue.Settle, error) {
		return queue.Settle{}, link.NewError(link.CodeRequestInvalid).At(pointer, link.CodeRequestInvalid, link.Text{PT: pt, EN: en})
	}
	if tooLong(s.Reason, link.MaxReason) {
		return queue.Settle{}, link.NewError(link.CodeRequestInvalid).At("/reason", link.CodeRequestInvalid, link.AtMost(link.MaxReason))
	}
	if s.DeliveryTag == 0 {
		return queue.Settle{}, noTag()
	}
	acked := s.Ack != nil && *s.Ack
	if acked && (s.Dead || s.Release) || s.Dead && s.Release {
		return invalid("/ack", "só um de ack:true, dead:true, release:true", "only one of ack:true, dead:true, release:true")
	}
	q := queue.Settle{Tag: s.DeliveryTag, Reason: s.Reason}
	switch {
	case s.Release:
		q.How = queue.Release
	case s.Dead:
		q.How = queue.Dead
	case s.Ack == nil:
		return invalid("/ack", "diga ack:true, ack:false, dead:true ou release:true", "say ack:true, ack:false, dead:true or release:true")
	case acked:
		q.How = queue.Ack
	default:
		q.How = queue.Requeue
	}
	if s.RequeueAfter == "" {
		return q, nil
	}
	if q.How != queue.Requeue {
		return invalid("/requeueAfter", "só com ack:false", "only with ack:false")
	}
	var err error
	if q.After, err = time.ParseDuration(s.RequeueAfter); err != nil || q.After < time.Second || q.After > link.MaxRequeueAfter {
		return queue.Settle{}, link.NewError(link.CodeRequestInvalid).
			At("/requeueAfter", link.CodeRequestInvalid, link.Range(time.Second, link.MaxRequeueAfter)).Because(err)
	}
	return q, nil
}
