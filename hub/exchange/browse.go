package exchange

import (
	"cmp"
	"context"
	"slices"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Looking is a wish to look through one list of a queue. Empty fields are the defaults: the waiting
// messages, the oldest first, of every type, a page of queue.DefaultPage.
type Looking struct {
	List   link.QueueList
	Order  link.QueueOrder
	Type   string
	Cursor string // Next of the page before, of the same queue and wish
	Limit  *int
}

// Queue tells about the caller's queue. Errors: link.CodeNoQueue.
func (x *Exchange) Queue(ctx context.Context, c Caller) (link.QueueDetail, error) {
	return x.detail(ctx, c.queue())
}

// QueueAny tells an operator about any queue. It needs link.RoleViewer. Errors: link.CodeNotFound.
func (x *Exchange) QueueAny(ctx context.Context, o Operator, q queue.Name) (link.QueueDetail, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.QueueDetail{}, err
	}
	d, err := x.detail(ctx, q)
	return d, unknown(q, err)
}

// Browse looks through a list of the caller's queue and changes nothing. Errors: link.CodeNoQueue,
// link.CodeRequestInvalid.
func (x *Exchange) Browse(ctx context.Context, c Caller, l Looking) (link.Page[link.QueueEntry], error) {
	return x.browse(ctx, c.queue(), l)
}

// BrowseAny looks through a list of any queue for an operator. It needs link.RoleViewer. Errors:
// link.CodeNotFound, link.CodeRequestInvalid.
func (x *Exchange) BrowseAny(ctx context.Context, o Operator, q queue.Name, l Looking) (link.Page[link.QueueEntry], error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.Page[link.QueueEntry]{}, err
	}
	p, err := x.browse(ctx, q, l)
	return p, unknown(q, err)
}

// unknown says of a queue that somebody named, and that does not exist, which one it is.
func unknown(q queue.Name, err error) error {
	if link.CodeOf(err) == link.CodeNoQueue {
		return link.NewError(link.CodeNotFound, "what", "Queue "+q.String(), "whatPT", "A fila "+q.String())
	}
	return err
}

func (x *Exchange) detail(ctx context.Context, q queue.Name) (link.QueueDetail, error) {
	l, err := x.one(ctx, q)
	if err != nil {
		return link.QueueDetail{}, err
	}
	return l.row(x.directory.Current()).QueueDetail, nil
}

// one looks at one queue.
func (x *Exchange) one(ctx context.Context, q queue.Name) (listed, error) {
	infos, err := x.engine.Queues(ctx, q.Tenant)
	if err != nil {
		return listed{}, err
	}
	i := slices.IndexFunc(infos, func(info queue.Info) bool { return info.Queue == q })
	if i < 0 {
		return listed{}, link.NewError(link.CodeNoQueue)
	}
	oldest, err := x.engine.Oldest(ctx, []queue.Name{q})
	if err != nil {
		return listed{}, err
	}
	return listed{info: &infos[i], oldest: oldest[0]}, nil
}

// QueueInfo writes what the engine knows of a queue as the API tells it.
func QueueInfo(q queue.Info, client string) link.QueueInfo {
	i := link.QueueInfo{
		Queue: q.Queue.String(), TenantID: q.Queue.Tenant, ClientID: q.Queue.Client, Client: client, Subscriptions: notNil(q.Subscriptions),
		RequeueCountMax: q.RequeueCountMax, Hold: q.Hold, CreatedAt: q.CreatedAt, Installation: q.Installation, Counts: q.Counts.ByState(),
	}
	if q.Paused != nil {
		i.Paused = &link.QueuePause{At: q.Paused.At, Reason: q.Paused.Reason, By: q.Paused.By}
	}
	if !q.LastGet.IsZero() {
		i.LastGet = &q.LastGet
	}
	return i
}

var lists = map[link.QueueList]queue.List{
	link.ListWaiting: queue.ListWaiting, link.ListDead: queue.ListDead, link.ListHistory: queue.ListHistory,
}

func (x *Exchange) browse(ctx context.Context, q queue.Name, l Looking) (link.Page[link.QueueEntry], error) {
	none := link.Page[link.QueueEntry]{}
	l.List, l.Order = cmp.Or(l.List, link.ListWaiting), cmp.Or(l.Order, link.OrderOldest)
	if wrong := l.Wrong(); wrong != nil {
		e := link.NewError(link.CodeRequestInvalid)
		e.Errors = wrong
		return none, e
	}
	b := queue.Browse{Queue: q, List: lists[l.List], Type: l.Type, Newest: l.Order == link.OrderNewest, Limit: given(l.Limit, queue.DefaultPage)}
	if l.Cursor != "" {
		at, err := x.cursors.open(l.Cursor, l.place(q))
		if err != nil {
			return none, err
		}
		b.After = at
	}
	page, err := x.engine.Browse(ctx, b)
	if err != nil {
		return none, err
	}
	p := link.Page[link.QueueEntry]{Items: make([]link.QueueEntry, len(page.Items))}
	for i, e := range page.Items {
		p.Items[i] = QueueEntry(e)
	}
	if page.Next != nil {
		p.Next = x.cursors.seal(*page.Next, l.place(q))
	}
	return p, nil
}

// Wrong names each part of the wish that cannot be had.
func (l Looking) Wrong() []link.FieldError {
	var wrong link.Error
	oneOf := func(name, value string, known ...string) {
		if value != "" && !slices.Contains(known, value) {
			wrong.At(name, link.CodeRequestInvalid, link.OneOf(known...))
		}
	}
	oneOf("list", string(l.List), string(link.ListWaiting), string(link.ListDead), string(link.ListHistory))
	oneOf("order", string(l.Order), string(link.OrderOldest), string(link.OrderNewest))
	if l.Type != "" && !link.ValidType(l.Type) {
		wrong.At("type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", l.Type).Text())
	}
	within(&wrong, "limit", l.Limit, 1, queue.MaxPage)
	return wrong.Errors
}

// place is what a cursor of the wish is good for.
func (l Looking) place(q queue.Name) string {
	return q.String() + " " + string(l.List) + " " + string(l.Order) + " " + l.Type
}

// QueueEntry writes a delivery in a list as the API tells it.
func QueueEntry(e queue.Entry) link.QueueEntry {
	m := e.Message
	return link.QueueEntry{
		Position: e.Position, ID: m.ID, RootID: m.RootID, BusinessKey: m.BusinessKey, OrderingKey: m.OrderingKey, CorrelationID: m.CorrelationID,
		Type: m.Type, Audience: m.Audience, Sender: m.Sender, CreatedAt: m.CreatedAt, CreatedBy: m.CreatedBy, Headers: link.HeadersForPeople(m.Headers),
		ContentType: m.ContentType, Size: e.Size, State: e.State, Attempt: e.Attempt, RequeueCount: e.RequeueCount, LostCount: e.LostCount,
		NextTry: e.NextTry, LeaseUntil: e.LeaseUntil, Installation: e.Installation, SettledAt: e.SettledAt, DeadReason: e.DeadReason,
		Reason: e.Reason, ERP: e.ERP, Outcome: e.Outcome,
	}
}
