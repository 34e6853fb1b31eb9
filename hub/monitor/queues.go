package monitor

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// queuesView is what queues.html shows.
type queuesView struct {
	Filters  []filterField
	Filtered bool
	Columns  []column
	Rows     []queuesRow
	Totals   exchange.QueueTotals
	First    string // address of the first page; "" when this is it
	Next     string // address of the next page; "" on the last
}

// queuesRow is one queue, with what happened in each hour of the last day.
type queuesRow struct {
	exchange.QueueRow
	Day []link.SeriesPoint
}

// filterField is one input of the filter.
type filterField struct{ Name, Value string }

// column is a head of the table, with the address that sorts by it.
type column struct {
	Name string
	Sort string // "ascending", "descending" or ""
	Link string // "": it cannot be sorted by
}

// The filters, named as in the page's address.
var filterNames = []string{"queue", "product", "company", "tenant", "tenantId", "clientId"}

func (m *Monitor) queues(v *visit) error {
	q := v.r.URL.Query()
	want := exchange.QueueList{
		QueueFilter: exchange.QueueFilter{
			Queue: q.Get("queue"), Product: q.Get("product"), Company: q.Get("company"), Tenant: q.Get("tenant"), TenantID: q.Get("tenantId"), Client: q.Get("clientId"),
		},
		Sort: exchange.QueueSort(q.Get("sort")), Desc: q.Get("order") == "desc", Cursor: q.Get("cursor"),
	}
	if !slices.Contains(exchange.QueueSorts, want.Sort) {
		want.Sort, want.Desc = exchange.SortOldest, true
	}
	page, totals, err := m.cfg.Exchange.Overview(v.r.Context(), v.operator(), want)
	if err != nil {
		return err
	}
	view := queuesView{Totals: totals}
	if view.Rows, err = m.withDays(v, page.Items); err != nil {
		return err
	}
	kept := url.Values{}
	for _, name := range filterNames {
		view.Filters = append(view.Filters, filterField{name, q.Get(name)})
		if q.Get(name) != "" {
			kept.Set(name, q.Get(name))
			view.Filtered = true
		}
	}
	address := func(sort exchange.QueueSort, desc bool, cursor string) string {
		a := url.Values{"sort": {string(sort)}}
		if desc {
			a.Set("order", "desc")
		}
		if cursor != "" {
			a.Set("cursor", cursor)
		}
		maps.Copy(a, kept)
		return "?" + a.Encode()
	}
	for _, sort := range exchange.QueueSorts {
		c := column{Name: string(sort), Link: address(sort, sort != exchange.SortProduct && sort != exchange.SortQueue, "")}
		if sort == want.Sort {
			c.Sort, c.Link = "ascending", address(sort, !want.Desc, "")
			if want.Desc {
				c.Sort = "descending"
			}
		}
		view.Columns = append(view.Columns, c)
	}
	view.Columns = append(view.Columns, column{Name: "day"})
	if page.Next != "" {
		view.Next = address(want.Sort, want.Desc, page.Next)
	}
	if want.Cursor != "" {
		view.First = address(want.Sort, want.Desc, "")
	}
	return v.show(http.StatusOK, "queues", frame{Title: v.text("queues.title"), Nav: "queues", Topic: "queues", Data: view})
}

// withDays puts the last day of each queue beside it.
func (m *Monitor) withDays(v *visit, list []exchange.QueueRow) ([]queuesRow, error) {
	names := make([]queue.Name, len(list))
	for i, r := range list {
		names[i] = queue.Name{Tenant: r.TenantID, Client: r.ClientID}
	}
	days, err := m.cfg.Exchange.LastDay(v.r.Context(), v.operator(), names)
	if err != nil {
		return nil, err
	}
	rows := make([]queuesRow, len(list))
	for i, r := range list {
		rows[i] = queuesRow{r, days[names[i]]}
	}
	return rows, nil
}

// clip shortens what a person typed.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
