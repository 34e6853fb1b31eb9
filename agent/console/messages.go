package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/agent/activation"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/link"
)

// states in the order of the overview.
var states = []link.ERPState{link.ERPStored, link.ERPRunning, link.ERPWaiting, link.ERPBlocked, link.ERPRejected}

// tile is one count of the overview.
type tile struct {
	Event inbox.Event
	State link.ERPState
	N     int64
	Bad   bool
}

// overview is what overview.html shows.
type overview struct {
	Status     Status
	Trouble    failure
	Activation activation.State
	Down, Up   []tile
	OnHold     int
}

func (c *Console) overview(v *visit) error {
	o := overview{Status: c.cfg.Status(v.r.Context())}
	state, err := c.cfg.Wizard.Folder.Read()
	if err != nil && link.CodeOf(err) != link.CodeSealedElsewhere {
		return err
	}
	o.Activation = state
	for _, trouble := range []error{o.Status.Failure, err, o.Status.Trouble} {
		if trouble == nil {
			continue
		}
		var status int
		if o.Trouble, status = v.problem(trouble); status == 0 {
			o.Trouble = failure{Title: v.text("overview.trouble"), Detail: trouble.Error()}
		}
		break
	}
	box, err := c.inbox(v.r.Context())
	if link.CodeOf(err) == link.CodeNotFound {
		return v.show(http.StatusOK, "overview", "overview.title", "overview", o)
	}
	if err != nil {
		return err
	}
	counts, err := box.Counts(v.r.Context())
	if err != nil {
		return err
	}
	count := func(event inbox.Event, s link.ERPState) tile {
		t := tile{Event: event, State: s}
		if i := slices.IndexFunc(counts, func(x inbox.Count) bool { return x.Event == event && x.State == s }); i >= 0 {
			t.N = counts[i].N
		}
		t.Bad = t.N > 0 && (s == link.ERPBlocked || s == link.ERPRejected)
		return t
	}
	for _, s := range states {
		o.Down = append(o.Down, count(inbox.Downstream, s))
	}
	held, err := box.OnHold(v.r.Context())
	if err != nil {
		return err
	}
	for _, n := range held {
		o.OnHold += n
	}
	o.Up = []tile{count(inbox.Upstream, link.ERPStored), count(inbox.Upstream, link.ERPBlocked)}
	return v.show(http.StatusOK, "overview", "overview.title", "overview", o)
}

// onHold is the filter for messages that wait for a person's release.
const onHold = "onhold"

// messageList is what messages.html shows.
type messageList struct {
	Event  inbox.Event
	State  string
	Type   string
	States []link.ERPState
	Items  []inbox.Item
	Next   string // address of the next page
}

func (c *Console) messages(v *visit) error {
	q := v.r.URL.Query()
	if id, err := link.ParseUUID(strings.TrimSpace(q.Get("id"))); err == nil {
		return v.redirect("/messages/" + id.String())
	}
	m := messageList{Event: inbox.Event(q.Get("event")), State: q.Get("state"), Type: strings.TrimSpace(q.Get("type")), States: states}
	if m.Event != inbox.Upstream {
		m.Event = inbox.Downstream
	}
	f := inbox.Filter{Event: m.Event, Type: m.Type, After: q.Get("cursor")}
	switch m.State {
	case "":
	case onHold:
		f.OnHold = true
	default:
		f.States = []link.ERPState{link.ERPState(m.State)}
	}
	box, err := c.inbox(v.r.Context())
	switch {
	case link.CodeOf(err) == link.CodeNotFound: // nothing was ever received
	case err != nil:
		return err
	default:
		page, err := box.List(v.r.Context(), f)
		if err != nil {
			return err
		}
		m.Items, m.Next = page.Items, next(v.r.URL, page.Next)
	}
	return v.show(http.StatusOK, "messages", "messages.title", "messages", m)
}

// next is the address of a list's next page; "" when there is none.
func next(u *url.URL, cursor string) string {
	if cursor == "" {
		return ""
	}
	q := u.Query()
	q.Set("cursor", cursor)
	return u.Path + "?" + q.Encode()
}

// messagePage is what message.html shows.
type messagePage struct {
	inbox.Detail
	Body                string // for people
	Binary              bool
	Reprocess, Discards bool // what can be done now
	Tries, Edits        bool
	Trial               *executor.Trial // what trying it came to; nil: it was not tried
	Answers             []answered
	Before              []inbox.Edit // bodies as they were, for people
}

// answered is an outcome with its faults.
type answered struct {
	inbox.Result
	Errors, Warnings []link.Fault
}

func (v *visit) id() (uuid.UUID, error) {
	id, err := link.ParseUUID(v.r.PathValue("id"))
	if err != nil {
		return id, link.NewError(link.CodeNotFound, "what", v.r.PathValue("id")).Because(err)
	}
	return id, nil
}

// named is the message that a visit's address names, and the inbox it may stand in.
func (c *Console) named(v *visit) (uuid.UUID, *inbox.Box, error) {
	id, err := v.id()
	if err != nil {
		return id, nil, err
	}
	box, err := c.inbox(v.r.Context())
	return id, box, err
}

func (c *Console) message(v *visit) error {
	id, box, err := c.named(v)
	if err != nil {
		return err
	}
	return c.showMessage(v, box, id, nil)
}

// try executes a message, undoes it, and shows what it came to.
func (c *Console) try(v *visit) error {
	id, box, err := c.named(v)
	if err != nil {
		return err
	}
	if c.cfg.Try == nil {
		return link.NewError(link.CodeNotFound, "what", v.r.URL.Path)
	}
	trial, err := c.cfg.Try(v.r.Context(), box, id)
	if err != nil {
		return err
	}
	return c.showMessage(v, box, id, &trial)
}

func (c *Console) showMessage(v *visit, box *inbox.Box, id uuid.UUID, trial *executor.Trial) error {
	d, err := box.Show(v.r.Context(), id)
	if err != nil {
		return err
	}
	p := messagePage{Detail: d, Body: d.Body, Trial: trial}
	if d.Item != nil {
		p.Reprocess = slices.Contains([]link.ERPState{link.ERPWaiting, link.ERPBlocked, link.ERPRejected}, d.Item.State)
		p.Discards = p.Reprocess || d.Item.State == link.ERPStored
		p.Tries = p.Discards && d.Item.Event == inbox.Downstream && c.cfg.Try != nil && d.Calls == nil
		p.Edits = editable(&d)
	}
	if p.Body = laidOut(d.Body); !utf8.ValidString(d.Body) {
		p.Binary, p.Body = true, ""
	}
	for _, e := range d.Edits {
		e.Body = laidOut(e.Body)
		p.Before = append(p.Before, e)
	}
	for _, r := range d.Results {
		a := answered{Result: r}
		var body link.AnswerBody
		if json.Unmarshal([]byte(r.Answer), &body) == nil {
			a.Errors, a.Warnings = body.Data.Errors, body.Data.Warnings
		}
		p.Answers = append(p.Answers, a)
	}
	return v.show(http.StatusOK, "message", "message.title", "messages", p)
}

func (c *Console) reprocess(v *visit) error {
	return c.onMessage(v, func(box *inbox.Box, id uuid.UUID, _ url.Values) error {
		return box.Desk(by).Reprocess(v.r.Context(), id)
	})
}

func (c *Console) discard(v *visit) error {
	return c.onMessage(v, func(box *inbox.Box, id uuid.UUID, form url.Values) error {
		reason := strings.TrimSpace(form.Get("reason"))
		if reason == "" {
			return link.NewError(link.CodeRequestInvalid).At("reason", link.CodeRequestInvalid,
				link.Both("diga por quê: o remetente recebe o motivo", "say why: the sender is told the reason"))
		}
		return box.Desk(by).Discard(v.r.Context(), id, reason)
	})
}

// onMessage does something to a message and leads back to its page.
func (c *Console) onMessage(v *visit, do func(*inbox.Box, uuid.UUID, url.Values) error) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id, box, err := c.named(v)
	if err != nil {
		return err
	}
	if err := do(box, id, form); err != nil {
		return err
	}
	return v.redirect("/messages/" + id.String())
}

// rejected answers every rejected message with its errors as CSV, for a spreadsheet.
func (c *Console) rejected(v *visit) error {
	box, err := c.inbox(v.r.Context())
	if err != nil {
		return err
	}
	var b bytes.Buffer // an error becomes a page, not half a file
	if _, err := box.ExportRejected(v.r.Context(), &b, v.lang); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="rejected-`+v.now.In(c.cfg.Zone).Format("20060102-150405")+`.csv"`)
	_, _ = v.w.Write(b.Bytes())
	return nil
}

// executionList is what executions.html shows.
type executionList struct {
	Query, Type, Result string
	Results             []string
	Items               []inbox.Executed
	Next                string
}

var executionResults = []string{"done", "duplicate", "rejected", "retry", "blocked"}

func (c *Console) executions(v *visit) error {
	q := v.r.URL.Query()
	l := executionList{Query: strings.TrimSpace(q.Get("q")), Type: strings.TrimSpace(q.Get("type")), Result: q.Get("result"), Results: executionResults}
	f := inbox.ExecutionFilter{Type: l.Type, Result: l.Result, After: q.Get("cursor")}
	if id, err := link.ParseUUID(l.Query); err == nil {
		f.Message = id
	} else {
		f.Key = l.Query
	}
	box, err := c.inbox(v.r.Context())
	switch {
	case link.CodeOf(err) == link.CodeNotFound:
	case err != nil:
		return err
	default:
		page, err := box.Executions(v.r.Context(), f)
		if err != nil {
			return err
		}
		l.Items, l.Next = page.Items, next(v.r.URL, page.Next)
	}
	return v.show(http.StatusOK, "executions", "executions.title", "executions", l)
}
