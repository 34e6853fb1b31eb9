package monitor

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// searchView is what search.html shows.
type searchView struct {
	Text        string
	Hits        []exchange.Hit
	First, Next string // addresses; "" when there is none
	Asked       bool   // something was looked for
	Problems    []string

	Form    url.Values // the further criteria
	By      bool       // these were looked for
	Bodies  bool       // the reader may look for values of bodies
	States  []link.State
	Tenants []link.Tenant     // to choose from
	Upto    *time.Time        // with Next: how far the search came
	Index   *link.SearchIndex // what the index knows that was looked into
	Scan    string            // address of the same search through the bodies
}

// criteria are the further criteria, named as in the page's address.
var criteria = []string{"tenant", "queue", "type", "state", "from", "to", "path", "value", "scan"}

// states that a search can ask for.
var states = []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateAcked, link.StateDead, link.StateDiscarded}

// search lists the messages that have what somebody typed as their id, root, business key or
// correlation; or those of one tenant that meet further criteria.
func (m *Monitor) search(v *visit) error {
	q := v.r.URL.Query()
	view := searchView{Text: strings.TrimSpace(q.Get("q")), Form: q, Bodies: v.user.Role.Includes(link.RoleOperator), States: states}
	tenants, err := m.cfg.Registry.Tenants(v.r.Context(), registry.List{Limit: registry.MaxPage})
	if err != nil {
		return err
	}
	view.Tenants = tenants.Items
	address := func(cursor string, more ...string) string {
		a := url.Values{}
		for _, name := range append([]string{"q"}, criteria...) {
			if q.Get(name) != "" {
				a.Set(name, q.Get(name))
			}
		}
		for _, name := range more {
			a.Set(name, "true")
		}
		if cursor != "" {
			a.Set("cursor", cursor)
		}
		return "?" + a.Encode()
	}
	for _, name := range criteria {
		view.By = view.By || q.Get(name) != ""
	}
	var next string
	switch {
	case view.Text != "":
		view.By = false
		next, err = m.searchText(v, &view)
	case view.By:
		next, err = m.searchBy(v, &view)
		view.Scan = address("", "scan")
	}
	view.Asked = view.By || view.Text != ""
	status, said := v.problems(err)
	switch {
	case len(said) > 0 && status < http.StatusInternalServerError:
		view.Problems = said
	case err != nil:
		return err
	default:
		status = http.StatusOK
	}
	if next != "" {
		view.Next = address(next)
	}
	if q.Get("cursor") != "" {
		view.First = address("")
	}
	return v.show(status, "search", frame{Title: v.text("search.title"), Nav: "search", Data: view})
}

// searchText fills the page with what has the text as one of its keys, in every tenant.
func (m *Monitor) searchText(v *visit, view *searchView) (next string, err error) {
	p, err := m.cfg.Exchange.SearchAny(v.r.Context(), v.operator(), exchange.Search{Text: view.Text, Cursor: view.Form.Get("cursor")})
	view.Hits = p.Items
	return p.Next, err
}

// searchBy fills the page with what meets the further criteria, in one tenant.
func (m *Monitor) searchBy(v *visit, view *searchView) (next string, err error) {
	q := view.Form
	wrong := link.NewError(link.CodeRequestInvalid)
	w := exchange.Query{
		Type: strings.TrimSpace(q.Get("type")), State: link.State(q.Get("state")), Path: strings.TrimSpace(q.Get("path")), Value: strings.TrimSpace(q.Get("value")),
		Scan: q.Get("scan") != "", Cursor: q.Get("cursor"),
	}
	w.Scan = w.Scan && w.Path != "" // a box that is ticked and says nothing
	moment := func(name string, days int) *time.Time {
		at := v.day(name, days, wrong)
		if at.IsZero() {
			return nil
		}
		return &at
	}
	w.From, w.To = moment("from", 0), moment("to", 1)
	tenant := uuid.Nil
	if text := strings.TrimSpace(q.Get("tenant")); text != "" {
		if tenant, err = link.ParseUUID(text); err != nil {
			wrong.At("tenant", link.CodeRequestInvalid, link.NotUUID)
		}
	}
	if text := strings.TrimSpace(q.Get("queue")); text != "" {
		of, client, err := link.ParseQueueName(text)
		if err != nil {
			wrong.At("queue", link.CodeRequestInvalid, link.Both("não é um nome de fila", "is no queue's name"))
		}
		w.Queue = queue.Name{Tenant: of, Client: client}
	}
	if len(wrong.Errors) > 0 {
		return "", wrong
	}
	p, err := m.cfg.Exchange.QueryAny(v.r.Context(), v.operator(), tenant, w)
	if err != nil {
		return "", err
	}
	if tenant == uuid.Nil {
		tenant = w.Queue.Tenant
	}
	known, _ := m.cfg.Registry.Current().Tenant(tenant)
	known.ID = tenant
	for _, t := range p.Items {
		view.Hits = append(view.Hits, exchange.Hit{Trace: t, Tenant: known})
	}
	view.Upto, view.Index = p.Upto, p.Index
	return p.Next, nil
}

// find leads to the message or queue whose id or name somebody typed; anything else is looked for.
func (m *Monitor) find(v *visit) error {
	typed := strings.TrimSpace(v.r.URL.Query().Get("id"))
	if tenant, client, err := link.ParseQueueName(typed); err == nil {
		return v.redirect("queues/" + link.QueueName(tenant, client))
	}
	if id, err := link.ParseUUID(typed); err == nil {
		_, err := m.cfg.Exchange.TraceAny(v.r.Context(), v.operator(), uuid.Nil, id)
		switch {
		case err == nil:
			return v.redirect("messages/" + id.String())
		case link.CodeOf(err) != link.CodeMessageUnknown:
			return err
		}
	}
	return v.redirect("search?" + url.Values{"q": {typed}}.Encode())
}
