package exchange

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Search is what somebody typed to find messages: an id, a root's id, a business key or a correlation.
type Search struct {
	Text   string
	Tenant uuid.UUID // uuid.Nil: in every tenant
	Cursor string    // Next of the page before, of the same text and tenant
	Limit  int       // 0: defaultFound
}

// Hit is a message that was found, and what of it is the text.
type Hit struct {
	Trace  link.Trace
	Tenant link.Tenant
	By     HitBy
}

// HitBy is what of a message somebody typed.
type HitBy string

// What may be typed.
const (
	HitID          HitBy = "id"
	HitRoot        HitBy = "rootId"
	HitBusinessKey HitBy = "businessKey"
	HitCorrelation HitBy = "correlationId"
)

// hitBys in the order they are looked for in each tenant.
var hitBys = []HitBy{HitID, HitRoot, HitBusinessKey, HitCorrelation}

// searchLooks bounds the looks into indexes for one page: with many tenants a page may end without a
// hit, and its Next goes on.
const searchLooks = 400

// SearchAny finds messages for an operator by what they typed, tenant after tenant, each message once.
// A page may hold fewer than asked for, or none, and still have a Next. It needs link.RoleViewer.
// Errors: link.CodeRequestInvalid.
func (x *Exchange) SearchAny(ctx context.Context, o Operator, s Search) (link.Page[Hit], error) {
	page := link.Page[Hit]{Items: []Hit{}}
	if err := o.need(link.RoleViewer); err != nil {
		return page, err
	}
	s.Text = strings.TrimSpace(s.Text)
	if s.Text == "" || tooLong(s.Text, link.MaxKey) {
		return page, link.NewError(link.CodeRequestInvalid).At("q", link.CodeRequestInvalid, link.Both(
			"digite um id, uma chave de negócio ou uma correlação, de até %d caracteres", "type an id, a business key or a correlation, of up to %d characters", link.MaxKey))
	}
	w := searching{Exchange: x, Search: s, limit: min(cmp.Or(max(s.Limit, 0), defaultFound), maxFound), place: "search " + s.Tenant.String() + " " + s.Text}
	if id, err := link.ParseUUID(s.Text); err == nil {
		w.id = id
	}
	if s.Cursor != "" {
		at, err := x.cursors.open(s.Cursor, w.place)
		if err != nil {
			return page, err
		}
		w.step, w.pos = at.Rank, at.Pos
	}
	tenants := []uuid.UUID{s.Tenant}
	if s.Tenant == uuid.Nil {
		var err error
		if tenants, err = x.directory.TenantIDs(ctx); err != nil {
			return page, err
		}
	}
	err := w.run(ctx, tenants, &page)
	return page, err
}

// searching is one page of a search on its way. A step is one way to look in one tenant, counted
// through all tenants in the order they were made, which new ones do not change.
type searching struct {
	*Exchange
	Search
	id    uuid.UUID // what was typed, when it is an id
	limit int
	place string
	step  int64
	pos   int64 // where within the step
}

func (w *searching) run(ctx context.Context, tenants []uuid.UUID, page *link.Page[Hit]) error {
	ways := int64(len(hitBys))
	for looks := 0; w.step < ways*int64(len(tenants)); looks++ {
		if looks == searchLooks || len(page.Items) >= w.limit {
			page.Next = w.cursors.seal(queue.Cursor{Pos: w.pos, Rank: w.step}, w.place)
			return nil
		}
		tenant, by := tenants[w.step/ways], hitBys[w.step%ways]
		found, err := w.look(ctx, tenant, by, w.limit-len(page.Items))
		if err != nil {
			return err
		}
		if w.pos = found.Next; w.pos == 0 {
			w.step++
		}
		for _, id := range found.IDs {
			t, err := w.engine.Trace(ctx, tenant, id)
			switch {
			case link.CodeOf(err) == link.CodeMessageUnknown: // none of this tenant's, or erased meanwhile
			case err != nil:
				return err
			case w.first(t.Trace) == by:
				known, _ := w.directory.Current().Tenant(tenant)
				page.Items = append(page.Items, Hit{Trace: t.Trace, Tenant: known, By: by})
			}
		}
	}
	return nil
}

// look asks for the ids that one way finds in one tenant.
func (w *searching) look(ctx context.Context, tenant uuid.UUID, by HitBy, limit int) (queue.Found, error) {
	f := queue.Find{Tenant: tenant, After: w.pos, Limit: limit}
	switch by {
	case HitID:
		if w.id == uuid.Nil {
			return queue.Found{}, nil
		}
		return queue.Found{IDs: []uuid.UUID{w.id}}, nil
	case HitRoot:
		f.RootID = w.id
	case HitBusinessKey:
		f.BusinessKey = w.Text
	case HitCorrelation:
		f.CorrelationID = w.Text
	}
	if f.RootID == uuid.Nil && f.BusinessKey == "" && f.CorrelationID == "" {
		return queue.Found{}, nil
	}
	return w.engine.Find(ctx, f)
}

// first is the first way that finds a message, which is the one that shows it.
func (w *searching) first(t link.Trace) HitBy {
	i := slices.IndexFunc(hitBys, func(by HitBy) bool {
		switch by {
		case HitID:
			return t.ID == w.id
		case HitRoot:
			return t.RootID == w.id
		case HitBusinessKey:
			return t.BusinessKey == w.Text
		}
		return t.CorrelationID == w.Text
	})
	if i < 0 {
		return ""
	}
	return hitBys[i]
}
