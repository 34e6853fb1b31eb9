package monitor

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// eraseWord is how many of the last characters of an id a person types to confirm: the first are those of
// the moment, which many messages share.
const eraseWord = 8

// eraseView is what erasemessage.html shows: what is going to be erased, and what stays.
type eraseView struct {
	Trace    link.Trace
	Tenant   string
	Word     string // to be typed
	Waits    bool   // it waits or is dead somewhere, and is given up with it
	Leased   bool   // it is with a reader, so that it cannot be erased now
	Reason   string
	Token    string
	Problems []string
}

// eraseAsk says what erasing a message does, and asks.
func (m *Monitor) eraseAsk(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	return m.showErase(v, tenant, id)(http.StatusOK, url.Values{}, nil)
}

func (m *Monitor) showErase(v *visit, tenant, id uuid.UUID) refill {
	return func(status int, f url.Values, said []string) error {
		t, err := m.cfg.Exchange.TraceAny(v.r.Context(), v.operator(), tenant, id)
		if err != nil {
			return err
		}
		view := eraseView{Trace: t, Word: id.String()[len(id.String())-eraseWord:], Reason: f.Get("reason"), Token: newToken(), Problems: said}
		if tenant != uuid.Nil {
			view.Tenant = tenant.String()
		}
		in := func(states ...link.State) bool {
			return slices.ContainsFunc(t.Queues, func(q link.QueueTrace) bool { return slices.Contains(states, q.State) })
		}
		view.Waits, view.Leased = in(link.StateReady, link.StateBehind, link.StateDelayed, link.StateDead), in(link.StateLeased)
		return v.show(status, "erasemessage", frame{Title: v.text("erase.message"), Nav: "queues", Data: view})
	}
}

// erase erases what a message says, when the end of its id was typed.
func (m *Monitor) erase(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	to := "messages/" + id.String() + ofTenant(tenant)
	v.back = to
	return m.submit(v, func(f url.Values) (string, error) {
		if err := confirmed(f, id.String()[len(id.String())-eraseWord:]); err != nil {
			return "", err
		}
		// Whether it may be given up is what the page said when it asked, so that one that has come back to
		// its queue since then is not.
		r := link.EraseRequest{Reason: strings.TrimSpace(f.Get("reason")), Force: f.Get("force") != ""}
		return told(to, "erased"), m.cfg.Exchange.EraseMessage(v.r.Context(), v.operator(), tenant, id, r)
	}, m.showErase(v, tenant, id))
}
