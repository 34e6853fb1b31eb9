package monitor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// helpView is what help.html shows.
type helpView struct {
	ID, Queue, Token string
	Query            string // the tenant, where the address names it
	Action           link.HelpAction
	Reason           string
	Problems         []string
}

// helpAsk asks once more before the agent is asked.
func (m *Monitor) helpAsk(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	return m.showHelp(v, tenant, id)(http.StatusOK, url.Values{"queue": {q.Get("queue")}, "do": {q.Get("do")}}, nil)
}

func (m *Monitor) showHelp(v *visit, tenant, id uuid.UUID) refill {
	return func(status int, f url.Values, said []string) error {
		action := link.HelpAction(f.Get("do"))
		if action != link.HelpReprocess && action != link.HelpDiscard { // no form of ours
			return link.NewError(link.CodeRequestInvalid).At("do", link.CodeRequestInvalid, link.OneOf(string(link.HelpReprocess), string(link.HelpDiscard)))
		}
		view := helpView{ID: id.String(), Query: ofTenant(tenant), Queue: f.Get("queue"), Action: action, Reason: f.Get("reason"), Token: newToken(), Problems: said}
		return v.show(status, "help", frame{Title: v.text("help.title"), Nav: "queues", Data: view})
	}
}

// help asks the agent. What its form sends names the request, so that one that is sent twice, also over two
// hubs, is asked once.
func (m *Monitor) help(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	to := "messages/" + id.String() + ofTenant(tenant)
	v.back = to
	return m.submit(v, func(f url.Values) (string, error) {
		wish := link.HelpWish{Queue: f.Get("queue"), Action: link.HelpAction(f.Get("do")), Reason: strings.TrimSpace(f.Get("reason"))}
		var err error
		if wish.ID, err = link.ParseUUID(f.Get("token")); err != nil {
			return "", link.NewError(link.CodeRequestInvalid).Because(err).At("token", link.CodeRequestInvalid, link.NotUUID)
		}
		_, err = m.cfg.Exchange.AskHelp(v.r.Context(), v.operator(), tenant, id, wish)
		return told(to, "asked"), err
	}, m.showHelp(v, tenant, id))
}
