package exchange

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/search"
	"smartlink/link"
)

// Query is a wish for messages. Empty fields do not matter; what is given must all hold.
type Query struct {
	ID, BusinessKey, CorrelationID, RootID string
	Type                                   string
	State                                  link.State
	From, To                               *time.Time // made at or after From, before To
	Queue                                  queue.Name // of a person's wish: stands or stood there; its tenant is the wish's
	// Path and Value: a value of the body, both or none. Where a type declares the path, the index knows;
	// else, and with Scan, the bodies are read.
	Path, Value string
	Scan        bool
	Cursor      string // Next of the page before, of the same wish
	Limit       *int   // 1 to maxFound; nil: defaultFound
}

// Limits of a page of what was found: each message comes with its whole trace.
const (
	defaultFound = 20
	maxFound     = 100
)

// Query finds messages of the caller's tenant that the caller has sent or received, the newest first. A
// value of the body finds only those that it has sent or acknowledged: looking must not tell what a
// message says that was not handed out. A page looks at a bounded number of messages, so it may hold fewer
// than asked for and still have a Next. Errors: link.CodeRequestInvalid.
func (x *Exchange) Query(ctx context.Context, c Caller, q Query) (link.FoundMessages, error) {
	q.Queue = queue.Name{}
	return x.query(ctx, c.Client.Tenant, q, queue.Search{Party: c.Client.ID, Taken: q.Path != ""})
}

// QueryAny finds messages of a tenant for an operator. It needs link.RoleViewer; values of bodies need
// link.RoleOperator, as bodies do, and are audited: the path, not the value. Errors:
// link.CodeRequestInvalid.
func (x *Exchange) QueryAny(ctx context.Context, o Operator, tenant uuid.UUID, q Query) (link.FoundMessages, error) {
	role := link.RoleViewer
	if q.Path != "" || q.Value != "" {
		role = link.RoleOperator
	}
	if err := o.need(role); err != nil {
		return link.FoundMessages{}, err
	}
	if q.Queue != (queue.Name{}) {
		if tenant != uuid.Nil && tenant != q.Queue.Tenant {
			return link.FoundMessages{}, link.NewError(link.CodeRequestInvalid).
				At("queue", link.CodeRequestInvalid, link.Both("não é uma fila deste tenant", "is no queue of this tenant"))
		}
		tenant = q.Queue.Tenant
	}
	if tenant == uuid.Nil {
		return link.FoundMessages{}, link.NewError(link.CodeRequestInvalid).
			At("tenant", link.CodeRequestInvalid, link.Both("falta o UUID do tenant, ou o nome de uma fila", "the tenant's UUID, or a queue's name, is missing"))
	}
	if q.Path != "" && q.Cursor == "" {
		if err := q.wrong(); err != nil {
			return link.FoundMessages{}, err
		}
		if err := x.record(ctx, o, "message.search", tenant.String(), q.Path); err != nil {
			return link.FoundMessages{}, err
		}
	}
	return x.query(ctx, tenant, q, queue.Search{Queue: q.Queue.Client})
}

// query runs a wish; s says already whose messages it is for.
func (x *Exchange) query(ctx context.Context, tenant uuid.UUID, q Query, s queue.Search) (link.FoundMessages, error) {
	none := link.FoundMessages{}
	if err := q.wrong(); err != nil {
		return none, err
	}
	place := q.place(tenant, s.Party)
	var index *link.SearchIndex
	s.Tenant, s.State, s.Type, s.BusinessKey, s.CorrelationID = tenant, q.State, q.Type, q.BusinessKey, q.CorrelationID
	s.ID, s.RootID, s.Limit = idOf(q.ID), idOf(q.RootID), given(q.Limit, defaultFound)
	if q.From != nil {
		s.From = *q.From
	}
	if q.To != nil {
		s.To = *q.To
	}
	if q.Path != "" {
		index = x.byValue(&s, q)
	}
	if q.Cursor != "" {
		after, err := x.cursors.openText(q.Cursor, place)
		if err != nil {
			return none, err
		}
		s.After = after
	}
	found, err := x.engine.Search(ctx, s)
	if err != nil {
		return none, err
	}
	page := link.FoundMessages{Items: []link.Trace{}, Index: index}
	for _, id := range found.IDs {
		t, err := x.engine.Trace(ctx, tenant, id)
		switch {
		case link.CodeOf(err) == link.CodeMessageUnknown: // erased meanwhile
		case err != nil:
			return none, err
		default:
			page.Items = append(page.Items, t.Trace)
		}
	}
	if found.Next != nil {
		page.Next, page.Upto = x.cursors.sealText(found.Next, place), &found.Reached
	}
	return page, nil
}

// byValue has the search go by a value of the body: by the index where some type that matters declares the
// path, else by reading bodies. It answers what the index knows.
func (x *Exchange) byValue(s *queue.Search, q Query) *link.SearchIndex {
	path, _ := search.ParsePath(q.Path)
	value, _ := search.NewValue(path, q.Value)
	types, declared, since := x.directory.Current().SearchTypes(s.Tenant, path)
	if q.Type != "" && !slices.Contains(types, q.Type) {
		types = nil
	}
	if q.Scan || len(types) == 0 {
		s.In = value.In
		return nil
	}
	if q.Type != "" {
		types, since = []string{q.Type}, x.directory.Current().SearchPathsOf(s.Tenant, q.Type).Since
	}
	value, _ = search.NewValue(*declared, q.Value)
	s.Keys = value.Keys()
	index := &link.SearchIndex{Types: types}
	if !since.IsZero() {
		index.Since = &since
	}
	return index
}

// wrong names each part of the wish that cannot be had.
func (q Query) wrong() error {
	wrong := link.NewError(link.CodeRequestInvalid)
	bad := func(name string, why link.Text) { wrong.At(name, link.CodeRequestInvalid, why) }
	for _, f := range []struct{ name, value string }{{"id", q.ID}, {"rootId", q.RootID}} {
		if _, err := link.ParseUUID(f.value); f.value != "" && err != nil {
			bad(f.name, link.NotUUID)
		}
	}
	for _, f := range []struct{ name, value string }{{"businessKey", q.BusinessKey}, {"correlationId", q.CorrelationID}} {
		if tooLong(f.value, link.MaxKey) {
			bad(f.name, link.AtMost(link.MaxKey))
		}
	}
	if q.Type != "" && !link.ValidType(q.Type) {
		wrong.At("type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", q.Type).Text())
	}
	if q.State != "" && !slices.Contains(queueStates, string(q.State)) {
		bad("state", link.OneOf(queueStates...))
	}
	if q.From != nil && q.To != nil && q.To.Before(*q.From) {
		bad("to", link.Both("vem antes de from", "comes before from"))
	}
	q.wrongValue(bad)
	within(wrong, "limit", q.Limit, 1, maxFound)
	if len(wrong.Errors) > 0 {
		return wrong
	}
	return nil
}

func (q Query) wrongValue(bad func(string, link.Text)) {
	switch {
	case q.Path == "" && q.Value != "":
		bad("path", link.Both("falta o caminho do valor no corpo, p.ex. /data/CodCfo", "the value's path in the body is missing, e.g. /data/CodCfo"))
		return
	case q.Path == "" && q.Scan:
		bad("scan", link.Both("só com path e value", "only with path and value"))
		return
	case q.Path == "":
		return
	}
	path, why := search.ParsePath(q.Path)
	if why != (link.Text{}) {
		bad("path", why)
	}
	if _, why := search.NewValue(path, q.Value); why != (link.Text{}) {
		bad("value", why)
	}
}

// queueStates are the states that a search can ask for.
var queueStates = []string{
	string(link.StateReady), string(link.StateBehind), string(link.StateDelayed), string(link.StateLeased), string(link.StateAcked), string(link.StateDead),
	string(link.StateDiscarded),
}

// idOf reads an id that wrong has checked.
func idOf(s string) uuid.UUID {
	id, _ := link.ParseUUID(s)
	return id
}

// place is what a cursor of the wish is good for.
func (q Query) place(tenant uuid.UUID, party link.ClientID) string {
	at := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	place := "query"
	for _, part := range []string{
		tenant.String(), string(party), q.ID, q.BusinessKey, q.CorrelationID, q.RootID, q.Type, string(q.State), at(q.From), at(q.To), string(q.Queue.Client),
		q.Path, q.Value, pick(q.Scan, "scan", ""),
	} {
		place += "\x00" + part
	}
	return place
}
