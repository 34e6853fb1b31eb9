package monitor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// searchView is what search.html shows.
type searchView struct {
	Text        string
	Hits        []exchange.Hit
	First, Next string // addresses; "" when there is none
	Asked       bool   // something was looked for
	Problem     string
}

// search lists the messages that have what somebody typed as their id, root, business key or
// correlation.
func (m *Monitor) search(v *visit) error {
	q := v.r.URL.Query()
	view := searchView{Text: strings.TrimSpace(q.Get("q"))}
	f := frame{Title: v.text("search.title"), Nav: "search"}
	if view.Text == "" {
		f.Data = view
		return v.show(http.StatusOK, "search", f)
	}
	view.Asked = true
	p, err := m.cfg.Exchange.SearchAny(v.r.Context(), v.operator(), exchange.Search{Text: view.Text, Cursor: q.Get("cursor")})
	status, said := v.problems(err)
	switch {
	case len(said) > 0 && status < http.StatusInternalServerError:
		view.Problem = said[0]
	case err != nil:
		return err
	default:
		status = http.StatusOK
	}
	view.Hits = p.Items
	address := func(cursor string) string {
		a := url.Values{"q": {view.Text}}
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
	f.Data = view
	return v.show(status, "search", f)
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
