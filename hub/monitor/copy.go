package monitor

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// copyForm bounds the form of a copy: a body of link.MaxBody, every byte of it escaped.
const copyForm = 3*link.MaxBody + 64<<10

// copyView is what copy.html shows.
type copyView struct {
	Message  link.Message // the original
	Size     int
	Binary   bool   // its body is no text and can be sent as it is only
	Body     string // as it stands in the form
	Reason   string
	Token    string
	Problems []string
	Checked  bool // the body was looked at and may be sent
	Remarks  []string
}

// copyAsk shows the form of a copy.
func (m *Monitor) copyAsk(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	l, err := m.original(v, tenant, id)
	if err != nil {
		return err
	}
	return m.showCopy(v, http.StatusOK, l, copyView{Body: editable(l.Message.Body)})
}

// original reads the message to be copied, with its body.
func (m *Monitor) original(v *visit, tenant, id uuid.UUID) (exchange.Letter, error) {
	v.back = "messages/" + id.String()
	return m.cfg.Exchange.ReadMessage(v.r.Context(), v.operator(), tenant, id)
}

func (m *Monitor) showCopy(v *visit, status int, l exchange.Letter, view copyView) error {
	view.Message, view.Size, view.Binary, view.Token = l.Message, l.Size, !utf8.Valid(l.Message.Body), newToken()
	return v.show(status, "copy", frame{Title: v.text("copy.title"), Nav: "queues", Data: view})
}

// editable is a body as people edit it: JSON with line breaks, else as it is.
func editable(body []byte) string {
	if !utf8.Valid(body) {
		return ""
	}
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") == nil {
		return b.String()
	}
	return lines(string(body))
}

// lines takes from a text the line ends that browsers make of every one.
func lines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// copy sends the copy, or only tells whether it may be sent.
func (m *Monitor) copy(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	f, err := v.form(copyForm)
	if err != nil {
		return err
	}
	l, err := m.original(v, tenant, id)
	if err != nil {
		return err
	}
	view := copyView{Body: lines(f.Get("body")), Reason: strings.TrimSpace(f.Get("reason"))}
	wish := exchange.Copy{Tenant: l.Message.TenantID, ID: id, Reason: view.Reason, IdempotencyKey: f.Get("token")}
	// What was not edited is sent as it came, byte for byte.
	if utf8.Valid(l.Message.Body) && view.Body != editable(l.Message.Body) {
		wish.Body = []byte(view.Body)
	}
	if err := wellFormed(l.Message, wish.Body); err != nil {
		return m.copyRefused(v, l, view, err)
	}
	if f.Get("do") == "check" {
		remarks, err := m.cfg.Exchange.CheckCopy(v.r.Context(), v.operator(), wish)
		if err != nil {
			return m.copyRefused(v, l, view, err)
		}
		view.Checked = true
		for _, r := range remarks {
			view.Remarks = append(view.Remarks, r.Detail)
			for _, e := range r.Errors {
				view.Remarks = append(view.Remarks, e.Pointer+": "+e.Detail)
			}
		}
		return m.showCopy(v, http.StatusOK, l, view)
	}
	sent, err := m.cfg.Exchange.Copy(v.r.Context(), v.operator(), wish)
	if err != nil {
		return m.copyRefused(v, l, view, err)
	}
	what := "copied"
	if sent.Duplicate {
		what = "repeated"
	}
	return v.redirect(told("messages/"+sent.MessageID.String()+"?"+url.Values{"tenant": {l.Message.TenantID.String()}}.Encode(), what))
}

// wellFormed refuses an edit that made JSON into something else, whatever the message's Content-Type
// says: its receiver got JSON before.
func wellFormed(original link.Message, edited []byte) error {
	if edited == nil || !json.Valid(original.Body) || json.Valid(edited) {
		return nil
	}
	err := json.Unmarshal(edited, new(any))
	return link.NewError(link.CodeBodyNotJSON, "where", err.Error()).Because(err)
}

// copyRefused shows the form again, with what the person has to mend.
func (m *Monitor) copyRefused(v *visit, l exchange.Letter, view copyView, err error) error {
	status, said := v.problems(err)
	if len(said) == 0 || status >= http.StatusInternalServerError {
		return err
	}
	view.Problems = said
	return m.showCopy(v, status, l, view)
}
