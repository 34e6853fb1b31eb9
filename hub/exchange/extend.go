package exchange

import (
	"context"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Extended is what one extension came to.
type Extended struct {
	Until time.Time
	Err   error // link.CodeLeaseEnded, link.CodeTagUnknown, link.CodeRequestInvalid
}

// Extend lengthens leases of the caller's queue, each on its own. The second answer fails them all:
// link.CodeNoQueue, link.CodeInstallation, link.CodeRequestInvalid for a list that is too long, and the
// engine's.
func (x *Exchange) Extend(ctx context.Context, c Caller, items []link.Extension) ([]Extended, error) {
	if len(items) > link.MaxAck {
		return nil, link.NewError(link.CodeRequestInvalid).At("", link.CodeRequestInvalid, link.Both("no máximo %d itens", "at most %d items", link.MaxAck))
	}
	if err := x.admit(ctx, c, true); err != nil {
		return nil, err
	}
	out := make([]Extended, len(items))
	good := make([]queue.Extend, 0, len(items))
	places := make([]int, 0, len(items))
	for i, item := range items {
		e, err := extension(item)
		if err != nil {
			out[i].Err = err
			continue
		}
		good, places = append(good, e), append(places, i)
	}
	if len(good) == 0 {
		return out, nil
	}
	done, err := x.engine.Extend(ctx, c.queue(), good)
	if err != nil {
		return nil, err
	}
	for i, e := range done {
		out[places[i]] = Extended(e)
	}
	return out, nil
}

func extension(item link.Extension) (queue.Extend, error) {
	if item.DeliveryTag == 0 {
		return queue.Extend{}, noTag()
	}
	e := queue.Extend{Tag: item.DeliveryTag, Lease: link.DefaultLease}
	if item.Lease == "" {
		return e, nil
	}
	var err error
	if e.Lease, err = time.ParseDuration(item.Lease); err != nil || e.Lease < link.MinLease || e.Lease > link.MaxLease {
		return queue.Extend{}, link.NewError(link.CodeRequestInvalid).
			At("/lease", link.CodeRequestInvalid, link.Range(link.MinLease, link.MaxLease)).Because(err)
	}
	return e, nil
}

// noTag says that an item names no delivery.
func noTag() error {
	return link.NewError(link.CodeRequestInvalid).
		At("/deliveryTag", link.CodeRequestInvalid, link.Both("falta a deliveryTag que get deu", "the deliveryTag that get gave is missing"))
}
