package monitor

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// The tabs of a queue's page, named as in its address.
const (
	tabMain          = "main"
	tabSubscriptions = "subscriptions"
	tabDead          = "dead"
	tabHistory       = "history"
)

// tabs in the order they stand in the page, with the list of the queue each shows.
var tabs = []struct {
	name string
	list link.QueueList
}{{tabMain, link.ListWaiting}, {tabSubscriptions, ""}, {tabDead, link.ListDead}, {tabHistory, link.ListHistory}}

// queueView is what queue.html shows.
type queueView struct {
	Queue         exchange.QueueRow
	Tab           string
	Tabs          []tab
	Type          string // what the list is filtered by
	Newest        bool
	Entries       []link.QueueEntry
	Subscriptions []string
	Reload        string // address of this very page, below Path
	First, Next   string // addresses; "" when there is none
	More          bool   // nothing found yet, but the list goes on
	Jobs          []jobView
	Works         bool // the reader may work on messages
}

// tab is a head of the page's tabs.
type tab struct {
	Name    string
	Link    string
	N       int64
	Current bool
}

// queueOf is the queue in the path, and what is known of it.
func (m *Monitor) queueOf(v *visit) (queue.Name, exchange.QueueRow, error) {
	tenant, client, err := link.ParseQueueName(v.r.PathValue("queue"))
	if err != nil {
		return queue.Name{}, exchange.QueueRow{}, link.NewError(link.CodeNotFound, "what", clip(v.r.PathValue("queue"), 120)).Because(err)
	}
	name := queue.Name{Tenant: tenant, Client: client}
	v.back = "queues/" + name.String()
	row, err := m.cfg.Exchange.QueueRow(v.r.Context(), v.operator(), name)
	if err != nil {
		v.back = ""
	}
	return name, row, err
}

func (m *Monitor) queue(v *visit) error {
	name, row, err := m.queueOf(v)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	i := max(0, slices.IndexFunc(tabs, func(t struct {
		name string
		list link.QueueList
	}) bool {
		return t.name == q.Get("tab")
	}))
	view := queueView{Queue: row, Tab: tabs[i].name, Reload: bare("queues/" + row.Queue + "?" + v.r.URL.RawQuery), Works: v.user.Role.Includes(link.RoleOperator)}
	if view.Jobs, err = m.jobViews(v, "queues/"+row.Queue, ofQueue(row.Queue)); err != nil {
		return err
	}
	counts := map[string]int64{
		tabMain: row.Waiting, tabDead: row.Dead, tabSubscriptions: int64(len(row.Subscriptions)),
		tabHistory: row.Counts[link.StateAcked] + row.Counts[link.StateDiscarded],
	}
	for _, t := range tabs {
		view.Tabs = append(view.Tabs, tab{t.name, "?tab=" + t.name, counts[t.name], t.name == view.Tab})
	}
	if view.Tab == tabSubscriptions {
		view.subscriptions(q)
	} else if err := m.list(v, name, tabs[i].list, q, &view); err != nil {
		return err
	}
	return v.show(http.StatusOK, "queue", frame{Title: v.text("queue.title"), Nav: "queues", Topic: "queue:" + row.Queue, Data: view})
}

// list fills a page of one of the queue's lists. What ended is shown the newest first, unless asked
// for otherwise.
func (m *Monitor) list(v *visit, name queue.Name, list link.QueueList, q url.Values, view *queueView) error {
	usual := link.OrderOldest
	if list == link.ListHistory {
		usual = link.OrderNewest
	}
	order := cmp.Or(link.QueueOrder(q.Get("order")), usual)
	view.Type, view.Newest = q.Get("type"), order == link.OrderNewest
	p, err := m.cfg.Exchange.BrowseAny(v.r.Context(), v.operator(), name, exchange.Looking{List: list, Order: order, Type: view.Type, Cursor: q.Get("cursor")})
	if err != nil {
		return err
	}
	view.Entries, view.More = p.Items, len(p.Items) == 0 && p.Next != ""
	address := func(cursor string) string {
		a := url.Values{"tab": {view.Tab}, "order": {string(order)}}
		if view.Type != "" {
			a.Set("type", view.Type)
		}
		if cursor != "" {
			a.Set("cursor", cursor)
		}
		return "?" + a.Encode()
	}
	if p.Next != "" {
		view.Next = address(p.Next)
	}
	if q.Get("cursor") != "" {
		view.First = address("")
	}
	return nil
}

// subscriptions fills a page of the types the queue wants. They are sorted, so the last one shown is
// the cursor.
func (view *queueView) subscriptions(q url.Values) {
	types := slices.Sorted(slices.Values(view.Queue.Subscriptions))
	after := q.Get("cursor")
	start, found := slices.BinarySearch(types, after)
	if found {
		start++
	}
	types = types[start:]
	if len(types) > queue.DefaultPage {
		types = types[:queue.DefaultPage]
		view.Next = "?" + url.Values{"tab": {tabSubscriptions}, "cursor": {types[len(types)-1]}}.Encode()
	}
	if after != "" {
		view.First = "?tab=" + tabSubscriptions
	}
	view.Subscriptions = types
}
