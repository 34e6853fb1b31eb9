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
	infos, err := x.engine.Queues(ctx, uuid.Nil)
	if err != nil {
		return none, QueueTotals{}, err
	}
	s := x.directory.Current()
	all, err := x.listed(ctx, s, infos, w)
	if err != nil {
		return none, QueueTotals{}, err
	}
	var totals QueueTotals
	limit := min(cmp.Or(max(w.Limit, 0), queue.DefaultPage), queue.MaxPage)
	first := make([]listed, 0, limit+1) // in their order, and the first of the next page
	order := func(a, b listed) int {
		c := cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.s, b.s))
		if w.Desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.at, b.at))
	}
	seen := after.among(infos)
	for _, l := range all {
		totals.add(l)
		if after != nil && order(l, seen) <= 0 {
			continue
		}
		if len(first) > limit {
			if order(l, first[limit]) > 0 {
				continue
			}
			first = first[:limit]
		}
		i, _ := slices.BinarySearchFunc(first, l, order)
		first = slices.Insert(first, i, l)
	}
	p := link.Page[QueueRow]{Items: make([]QueueRow, min(len(first), limit))}
	for i := range p.Items {
		p.Items[i] = first[i].row(s)
	}
	if len(first) > limit {
		p.Next = first[limit-1].place().seal()
	}
	if w.Sort != SortERP { // only of what is seen: each report has to be read
		err = x.addERP(ctx, p.Items)
	}
	return p, totals, err
}

// QueueRow tells an operator about one queue. It needs link.RoleViewer. Errors: link.CodeNotFound.
func (x *Exchange) QueueRow(ctx context.Context, o Operator, q queue.Name) (QueueRow, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return QueueRow{}, err
	}
	l, err := x.one(ctx, q)
	if err != nil {
		return QueueRow{}, unknown(q, err)
	}
	rows := []QueueRow{l.row(x.directory.Current())}
	err = x.addERP(ctx, rows)
	return rows[0], err
}

// listed is a queue that a filter picked, with what a list is sorted by. It is small, and names nothing that
// is not asked for: all queues of a hub become one for a page of some fifty.
type listed struct {
	info   *queue.Info
	oldest time.Time // zero: nothing waits
	erp    *InERP    // only to be sorted by
	n      int64
	s      string
	at     int // place among all queues, which are in the order of their names
}

// listed answers the queues that a list's filter picks.
func (x *Exchange) listed(ctx context.Context, s *registry.Snapshot, infos []queue.Info, w QueueList) ([]listed, error) {
	all := make([]listed, 0, len(infos))
	names := make([]queue.Name, 0, len(infos))
	for i := range infos {
		if q := infos[i].Queue; w.picks(s, q) {
			all, names = append(all, listed{info: &infos[i], at: i}), append(names, q)
		}
	}
	oldest, err := x.engine.Oldest(ctx, names)
	if err != nil {
		return nil, err
	}
	var inERP map[queue.Name]*InERP
	if w.Sort == SortERP {
		if inERP, err = x.inERP(ctx, names); err != nil {
			return nil, err
		}
	}
	for i := range all {
		l := &all[i]
		l.oldest, l.erp = oldest[i], inERP[names[i]]
		l.sort(s, w.Sort)
	}
	return all, nil
}

// sort sets what the queue is sorted by.
func (l *listed) sort(s *registry.Snapshot, by QueueSort) {
	switch by {
	case SortProduct:
		client, _ := s.Client(l.info.Queue.Client)
		l.s = strings.ToLower(products(s, client))
	case SortLast:
		if !l.info.LastGet.IsZero() {
			l.n = l.info.LastGet.UnixMicro()
		}
	case SortWaiting:
		l.n = l.info.Counts.Waiting()
	case SortDead:
		l.n = l.info.Counts.Dead
	case SortOldest: // by age: the oldest has waited longest
		if l.n = -1 << 62; !l.oldest.IsZero() {
			l.n = -l.oldest.UnixMicro()
		}
	case SortERP:
		if l.n = -1; l.erp != nil {
			l.n = l.erp.Waiting
		}
	}
}

func (l listed) row(s *registry.Snapshot) QueueRow {
	client, _ := s.Client(l.info.Queue.Client)
	tenant, _ := s.Tenant(l.info.Queue.Tenant)
	row := QueueRow{
		QueueDetail: link.QueueDetail{QueueInfo: QueueInfo(*l.info, client.Name)}, Company: tenant.Company, Tenant: tenant.Name,
		Product: products(s, client), Waiting: l.info.Counts.Waiting(), Dead: l.info.Counts.Dead, ERP: l.erp,
	}
	if at := l.oldest; !at.IsZero() {
		row.Oldest = &at
	}
	return row
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

func (f QueueFilter) picks(s *registry.Snapshot, q queue.Name) bool {
	if f == (QueueFilter{}) {
		return true
	}
	client, _ := s.Client(q.Client)
	tenant, _ := s.Tenant(q.Tenant)
	has := func(text, part string) bool {
		return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(part)))
	}
	plain := func(id string) string { return strings.ReplaceAll(strings.TrimSpace(id), "-", "") }
	return has(q.String(), f.Queue) && has(products(s, client), f.Product) && has(tenant.Company, f.Company) && has(tenant.Name, f.Tenant) &&
		has(plain(q.Tenant.String()), plain(f.TenantID)) && has(string(q.Client), plain(f.Client))
}

func (t *QueueTotals) add(l listed) {
	t.Queues++
	t.Waiting += l.info.Counts.Waiting()
	t.Dead += l.info.Counts.Dead
	if !l.oldest.IsZero() && (t.Oldest == nil || l.oldest.Before(*t.Oldest)) {
		at := l.oldest
		t.Oldest = &at
	}
}

// place is where a queue stands in a sorted list.
type place struct {
	N     int64
	S     string
	Queue string
}

func (l listed) place() place { return place{l.n, l.s, l.info.Queue.String()} }

// among finds where a place is: at the queue it names or, where that is gone, at the one before.
func (p *place) among(infos []queue.Info) listed {
	if p == nil {
		return listed{}
	}
	at, there := slices.BinarySearchFunc(infos, p.Queue, func(i queue.Info, name string) int { return cmp.Compare(i.Queue.String(), name) })
	if !there {
		at--
	}
	return listed{n: p.N, s: p.S, at: at}
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
