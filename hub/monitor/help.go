package monitor

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// helpView is what help.html shows.
type helpView struct {
	ID, Queue, Token string
	Action           link.HelpAction
}

// helpAsk asks once more before the agent is asked. What its form sends names the request: sent twice, it
// is asked once.
func (m *Monitor) helpAsk(v *visit) error {
	_, id, err := v.messageID()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	action := link.HelpAction(q.Get("do"))
	if action != link.HelpReprocess && action != link.HelpDiscard {
		return link.NewError(link.CodeRequestInvalid).At("do", link.CodeRequestInvalid, link.OneOf(string(link.HelpReprocess), string(link.HelpDiscard)))
	}
	v.back = "messages/" + id.String()
	view := helpView{ID: id.String(), Queue: q.Get("queue"), Action: action, Token: uuid.NewString()}
	return v.show(http.StatusOK, "help", frame{Title: v.text("help.title"), Nav: "queues", Data: view})
}

// help asks the agent.
func (m *Monitor) help(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	f, err := v.form(formBytes)
	if err != nil {
		return err
	}
	v.back = "messages/" + id.String()
	wish := link.HelpWish{Queue: f.Get("queue"), Action: link.HelpAction(f.Get("do")), Reason: strings.TrimSpace(f.Get("reason"))}
	if wish.ID, err = link.ParseUUID(f.Get("token")); err != nil {
		return link.NewError(link.CodeRequestInvalid).Because(err).At("token", link.CodeRequestInvalid, link.NotUUID)
	}
	if _, err := m.cfg.Exchange.AskHelp(v.r.Context(), v.operator(), tenant, id, wish); err != nil {
		return err
	}
	return v.redirect(told("messages/"+id.String(), "asked"))
}
