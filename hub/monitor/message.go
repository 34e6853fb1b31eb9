package monitor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// messageView is what message.html shows.
type messageView struct {
	Trace     link.Trace
	Message   link.Message
	Size      int
	Headers   []header
	BodyShown bool
	BodyGone  bool   // the hub does not keep it any more
	Pretty    string // the body as JSON with line breaks; "" when it is no JSON
	Raw       string // the body as it came; "" when it is no text
	Binary    bool
	Steps     []step
	Tenant    string
	Works     bool            // the reader may work on messages
	Copies    bool            // the reader may send copies
	Refused   bool            // the ERP has refused it, or it is dead
	Helps     map[string]bool // queues whose agents take requests now
}

type header struct{ Name, Value string }

// step is one event of the timeline, with the queue it happened in.
type step struct {
	link.TraceEvent
	Queue string
	Tone  string          // info, positive, negative, warning or brand
	Help  link.HelpAction // what was asked for, or answered
	Done  link.HelpResult // the answer; empty: it was asked
	ERP   link.ERPState   // what the detail says, when that is a state at the ERP
	Dead  link.DeadReason // what it says, when that is why a message died
}

func (m *Monitor) message(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	trace, err := m.cfg.Exchange.TraceAny(v.r.Context(), v.operator(), tenant, id)
	if err != nil {
		return err
	}
	view := messageView{
		Trace: trace, Steps: steps(trace, v.lang), Works: v.user.Role.Includes(link.RoleOperator), Copies: v.user.Role.Includes(link.RoleAdministrator),
		Refused: slices.ContainsFunc(trace.Queues, func(q link.QueueTrace) bool {
			return q.State == link.StateDead || q.Outcome != nil && q.Outcome.Status == link.ERPRejected
		}),
	}
	if tenant != uuid.Nil {
		view.Tenant = tenant.String()
	}
	if view.Works {
		if view.Helps, err = m.cfg.Exchange.Helps(v.r.Context(), v.operator(), trace); err != nil {
			return err
		}
	}
	letter, err := m.letter(v, tenant, id)
	switch {
	case link.CodeOf(err) == link.CodeBodyGone:
		view.BodyGone = true
	case err != nil:
		return err
	default:
		view.fill(letter)
	}
	return v.show(http.StatusOK, "message", frame{Title: v.text("message.title"), Nav: "queues", Topic: "message:" + id.String(), Data: view})
}

// letter reads the message, with its body for who may see bodies. What the page fetches by itself shows
// no body anew, and so is no reading of one.
func (m *Monitor) letter(v *visit, tenant, id uuid.UUID) (exchange.Letter, error) {
	if v.user.Role.Includes(link.RoleOperator) && v.r.Header.Get(byScript) == "" {
		return m.cfg.Exchange.ReadMessage(v.r.Context(), v.operator(), tenant, id)
	}
	return m.cfg.Exchange.MessageAny(v.r.Context(), v.operator(), tenant, id)
}

func (view *messageView) fill(l exchange.Letter) {
	view.Message, view.Size, view.BodyShown, view.Tenant = l.Message, l.Size, l.BodyShown, l.Message.TenantID.String()
	for name, value := range link.HeadersForPeople(l.Message.Headers) {
		view.Headers = append(view.Headers, header{name, value})
	}
	slices.SortFunc(view.Headers, func(a, b header) int { return cmp.Compare(a.Name, b.Name) })
	if !l.BodyShown {
		return
	}
	if !utf8.Valid(l.Message.Body) {
		view.Binary = true
		return
	}
	view.Raw = string(l.Message.Body)
	var b bytes.Buffer
	if json.Indent(&b, l.Message.Body, "", "  ") == nil {
		view.Pretty = b.String()
	}
}

// steps puts the events of all queues into one order.
func steps(t link.Trace, lang link.Lang) []step {
	var all []step
	for i, q := range t.Queues {
		for _, e := range q.Events {
			if i > 0 && e.Event == link.EventAccepted {
				continue // it happened once, and each queue tells it
			}
			s := step{TraceEvent: e, Queue: q.Queue, Tone: tone(e)}
			s.read(lang)
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return a.At.Compare(b.At) })
	return all
}

// read takes from the detail the code it begins with, which the page says in words.
func (s *step) read(lang link.Lang) {
	code, rest, _ := strings.Cut(s.Detail, ": ")
	switch _, state := texts["erp."+code]; s.Event {
	case link.EventERP, link.EventOutcome:
		if state {
			s.ERP, s.Detail = link.ERPState(code), reported(rest, lang)
		}
	case link.EventHelpAsked, link.EventHelpAnswered:
		if _, known := texts["help."+code]; !known {
			return
		}
		s.Help, s.Detail = link.HelpAction(code), rest
		if s.Event == link.EventHelpAnswered {
			result, why, _ := strings.Cut(rest, ": ")
			s.Done, s.Detail = link.HelpResult(result), reported(why, lang)
		}
	case link.EventDeadLettered:
		if _, known := texts["dead."+code]; known {
			s.Dead, s.Detail = link.DeadReason(code), rest
		}
	}
}

// reported is what an agent reported, a code and its reason, in a language.
func reported(detail string, lang link.Lang) string {
	code, reason, both := strings.Cut(detail, ": ")
	if !both {
		return detail
	}
	return code + ": " + link.Code(code).Reason(reason, lang)
}

// tone says what an event means to who reads it.
func tone(e link.TraceEvent) string {
	switch e.Event {
	case link.EventAcknowledged:
		return "positive"
	case link.EventDeadLettered, link.EventDiscarded:
		return "negative"
	case link.EventRequeued, link.EventLeaseLost, link.EventHubRestarted:
		return "warning"
	case link.EventERP, link.EventOutcome:
		return "brand"
	}
	return "info"
}

// body answers a message's body byte for byte, as a file: what it holds must not act as a page.
func (m *Monitor) body(v *visit) error {
	tenant, id, err := v.messageID()
	if err != nil {
		return err
	}
	l, err := m.cfg.Exchange.ReadMessage(v.r.Context(), v.operator(), tenant, id)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+id.String()+extension(l.Message.ContentType)+`"`)
	h.Set("Content-Length", strconv.Itoa(len(l.Message.Body)))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	v.answered = true
	_, _ = v.w.Write(l.Message.Body)
	return nil
}

func extension(contentType string) string {
	if link.IsJSON(contentType) {
		return ".json"
	}
	return ".txt"
}

// ofTenant is the query that names a message's tenant; "" without one.
func ofTenant(tenant uuid.UUID) string {
	if tenant == uuid.Nil {
		return ""
	}
	return "?tenant=" + tenant.String()
}

// messageID is the message in the path, and the tenant when the address names it.
func (v *visit) messageID() (tenant, id uuid.UUID, err error) {
	id, err = link.ParseUUID(v.r.PathValue("id"))
	if err != nil {
		return uuid.Nil, uuid.Nil, link.NewError(link.CodeMessageUnknown).Because(err)
	}
	if t := v.r.URL.Query().Get("tenant"); t != "" {
		if tenant, err = link.ParseUUID(t); err != nil {
			return uuid.Nil, uuid.Nil, link.NewError(link.CodeRequestInvalid).At("tenant", link.CodeRequestInvalid, link.NotUUID).Because(err)
		}
	}
	return tenant, id, nil
}
