package exchange

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// QueueFilter picks queues. Empty fields pick all; texts are looked for anywhere in the name, without
// regard to case. An id may be given with or without dashes, and in part.
type QueueFilter struct {
	Queue, Product, Company, Tenant, TenantID, Client string
}

// QueueSort is what a list of queues is sorted by; equal ones by name.
type QueueSort string

// The sorts.
const (
	SortQueue   QueueSort = "queue"
	SortProduct QueueSort = "product"
	SortLast    QueueSort = "last"    // last connection
	SortWaiting QueueSort = "waiting" // messages that wait
	SortDead    QueueSort = "dead"
	SortOldest  QueueSort = "oldest" // age of the oldest that waits
	SortERP     QueueSort = "erp"    // what waits in the ERP
)

// QueueSorts lists the sorts.
var QueueSorts = []QueueSort{SortProduct, SortQueue, SortLast, SortWaiting, SortDead, SortOldest, SortERP}

// QueueList is a wish for a page of queues.
type QueueList struct {
	QueueFilter
	Sort   QueueSort // "" = SortQueue
	Desc   bool
	Cursor string // Next of the page before, of the same sort
	Limit  int    // 0 = queue.DefaultPage
}

// QueueRow is one queue as people see it.
type QueueRow struct {
	link.QueueDetail
	Company, Tenant string
	Product         string // names of the client's apps
	Waiting, Dead   int64
	ERP             *InERP // nil: not known
}

// InERP is what an installation last said about its inbox.
type InERP struct {
	Waiting int64 // not booked, refused or given up yet
	At      time.Time
}

// QueueTotals sums all queues that a filter picks.
type QueueTotals struct {
	Queues, Waiting, Dead int64
	Oldest                *time.Time
}

// Overview lists queues for an operator, with the sums of all that the filter picks. It needs
// link.RoleViewer. Errors: link.CodeRequestInvalid for a cursor that is none.
func (x *Exchange) Overview(ctx context.Context, o Operator, w QueueList) (link.Page[QueueRow], QueueTotals, error) {
	var none link.Page[QueueRow]
	if err := o.need(link.RoleViewer); err != nil {
		return none, QueueTotals{}, err
	}
	after, err := openPlace(w.Cursor)
	if err != nil {
		return none, QueueTotals{}, err
	}
	rows, err := x.rows(ctx, w.QueueFilter)
	if err != nil {
		return none, QueueTotals{}, err
	}
	if w.Sort == SortERP {
		if err := x.addERP(ctx, rows); err != nil {
			return none, QueueTotals{}, err
		}
	}
	order := func(a, b place) int {
		c := cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.S, b.S))
		if w.Desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Queue, b.Queue))
	}
	type placed struct { // small: rows are moved once
		place
		row int
	}
	places := make([]placed, 0, len(rows))
	for i := range rows {
		if p := rows[i].place(w.Sort); after == nil || order(p, *after) > 0 {
			places = append(places, placed{p, i})
		}
	}
	slices.SortFunc(places, func(a, b placed) int { return order(a.place, b.place) })
	limit := min(cmp.Or(max(w.Limit, 0), queue.DefaultPage), queue.MaxPage)
	p := link.Page[QueueRow]{Items: make([]QueueRow, min(len(places), limit))}
	for i := range p.Items {
		p.Items[i] = rows[places[i].row]
	}
	if len(places) > limit {
		p.Next = places[limit-1].seal()
	}
	if w.Sort != SortERP { // only what is seen: each report has to be read
		err = x.addERP(ctx, p.Items)
	}
	return p, sum(rows), err
}

// QueueRow tells an operator about one queue. It needs link.RoleViewer. Errors: link.CodeNotFound.
func (x *Exchange) QueueRow(ctx context.Context, o Operator, q queue.Name) (QueueRow, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return QueueRow{}, err
	}
	rows, err := x.rows(ctx, QueueFilter{Queue: q.String()})
	if err != nil {
		return QueueRow{}, err
	}
	if len(rows) == 0 {
		return QueueRow{}, unknown(q, link.NewError(link.CodeNoQueue))
	}
	if err := x.addERP(ctx, rows[:1]); err != nil {
		return QueueRow{}, err
	}
	return rows[0], nil
}

// rows answers the queues that a filter picks, with all that is known but what addERP adds.
func (x *Exchange) rows(ctx context.Context, f QueueFilter) ([]QueueRow, error) {
	infos, err := x.engine.Queues(ctx, uuid.Nil)
	if err != nil {
		return nil, err
	}
	s := x.directory.Current()
	rows := make([]QueueRow, 0, len(infos))
	names := make([]queue.Name, 0, len(infos))
	for _, info := range infos {
		if row := rowOf(s, info); f.picks(row) {
			rows, names = append(rows, row), append(names, info.Queue)
		}
	}
	oldest, err := x.engine.Oldest(ctx, names)
	if err != nil {
		return nil, err
	}
	for i, q := range names {
		if at, ok := oldest[q]; ok {
			rows[i].Oldest = &at
		}
	}
	return rows, nil
}

// addERP adds what stands in the ERP.
func (x *Exchange) addERP(ctx context.Context, rows []QueueRow) error {
	names := make([]queue.Name, len(rows))
	for i, r := range rows {
		names[i] = queue.Name{Tenant: r.TenantID, Client: r.ClientID}
	}
	inERP, err := x.inERP(ctx, names)
	if err != nil {
		return err
	}
	for i, q := range names {
		rows[i].ERP = inERP[q]
	}
	return nil
}

func rowOf(s *registry.Snapshot, info queue.Info) QueueRow {
	client, _ := s.Client(info.Queue.Client)
	tenant, _ := s.Tenant(info.Queue.Tenant)
	row := QueueRow{
		QueueDetail: link.QueueDetail{QueueInfo: QueueInfo(info, client.Name)}, Company: tenant.Company, Tenant: tenant.Name,
		Product: products(s, client), Dead: info.Counts[link.StateDead],
	}
	for _, state := range []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased} {
		row.Waiting += info.Counts[state]
	}
	return row
}

// products names a client's apps, as the product people know it by.
func products(s *registry.Snapshot, c registry.Client) string {
	if len(c.Apps) == 1 { // the usual case
		app, _ := s.App(c.Apps[0])
		return app.Name
	}
	apps := s.AppsOf(c)
	names := make([]string, len(apps))
	for i, a := range apps {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

func (f QueueFilter) picks(r QueueRow) bool {
	has := func(text, part string) bool {
		return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(part)))
	}
	plain := func(id string) string { return strings.ReplaceAll(strings.TrimSpace(id), "-", "") }
	return has(r.Queue, f.Queue) && has(r.Product, f.Product) && has(r.Company, f.Company) && has(r.Tenant, f.Tenant) &&
		(f.TenantID == "" || has(plain(r.TenantID.String()), plain(f.TenantID))) && has(string(r.ClientID), plain(f.Client))
}

func sum(rows []QueueRow) QueueTotals {
	t := QueueTotals{Queues: int64(len(rows))}
	for _, r := range rows {
		t.Waiting += r.Waiting
		t.Dead += r.Dead
		if r.Oldest != nil && (t.Oldest == nil || r.Oldest.Before(*t.Oldest)) {
			t.Oldest = r.Oldest
		}
	}
	return t
}

// place is where a row stands in a sorted list.
type place struct {
	N     int64
	S     string
	Queue string
}

func (r QueueRow) place(by QueueSort) place {
	p := place{Queue: r.Queue}
	switch by {
	case SortProduct:
		p.S = strings.ToLower(r.Product)
	case SortLast:
		p.N = micros(r.LastGet)
	case SortWaiting:
		p.N = r.Waiting
	case SortDead:
		p.N = r.Dead
	case SortOldest: // by age: the oldest has waited longest
		if r.Oldest != nil {
			p.N = -micros(r.Oldest)
		} else {
			p.N = -1 << 62
		}
	case SortERP:
		p.N = -1
		if r.ERP != nil {
			p.N = r.ERP.Waiting
		}
	}
	return p
}

func micros(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMicro()
}

// seal writes a place as a cursor. What it holds the page has shown, so it needs no secrecy.
func (p place) seal() string {
	raw, _ := json.Marshal(p) // always marshals
	return base64.RawURLEncoding.EncodeToString(raw)
}

func openPlace(cursor string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	var p place
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return nil, link.NewError(link.CodeRequestInvalid).Because(err).At("cursor", link.CodeRequestInvalid, link.Both(
			"não é um cursor desta lista; comece da primeira página", "not a cursor of this list; begin with the first page"))
	}
	return &p, nil
}
