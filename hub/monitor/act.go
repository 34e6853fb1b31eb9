package monitor

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// actForm bounds the form of act: link.MaxAct ids and a reason.
const actForm = 64 << 10

// actView is what act.html shows: what is going to happen to which messages.
type actView struct {
	Queue    exchange.QueueRow
	Kind     exchange.JobKind
	All      bool
	List     link.QueueList // where the messages stand
	Type     string         // with All: only of this type
	Items    []actItem      // without All
	N        int64          // how many it will happen to; -1: nobody knows
	Rate     string
	Reason   string
	From     string // "message": where to go back to
	Token    string
	Back     string // address
	Problems []string
	Blocked  bool // it cannot be done now
}

// actItem is one message of a selection.
type actItem struct {
	ID    uuid.UUID
	Type  string
	Key   string
	State link.State // "": not in this queue any more
	Why   string
	Fits  bool // it can be done to this one
}

// actAsk says what would happen, and asks.
func (m *Monitor) actAsk(v *visit) error {
	name, row, err := m.queueOf(v)
	if err != nil {
		return err
	}
	w, ids, err := readWork(v.r.URL.Query())
	if err != nil {
		return err
	}
	return m.ask(v, http.StatusOK, name, row, w, ids, v.r.URL.Query(), nil)
}

// act does it.
func (m *Monitor) act(v *visit) error {
	name, row, err := m.queueOf(v)
	if err != nil {
		return err
	}
	f, err := v.form(actForm)
	if err != nil {
		return err
	}
	w, ids, err := readWork(f)
	if err != nil {
		return err
	}
	w.Queue = name
	if w.ID, err = link.ParseUUID(f.Get("token")); err != nil {
		w.ID = link.NewID() // a form of nobody's making
	}
	err = v.once(f.Get("token"), func() (string, error) { return m.do(v, w, ids, f) })
	if status, said := v.problems(err); len(said) > 0 {
		return m.ask(v, status, name, row, w, ids, f, said)
	}
	return err
}

func (m *Monitor) do(v *visit, w exchange.Work, ids []uuid.UUID, f url.Values) (string, error) {
	ctx, x, o := v.r.Context(), m.cfg.Exchange, v.operator()
	back := backFrom(w, ids, f)
	if len(ids) == 0 {
		if text := strings.TrimSpace(f.Get("rate")); text != "" {
			var err error
			if w.Rate, err = strconv.Atoi(text); err != nil || w.Rate < 1 {
				return "", link.NewError(link.CodeRequestInvalid).At("rate", link.CodeRequestInvalid, link.Range(1, link.MaxJobRate))
			}
		}
		_, err := x.StartJob(ctx, o, w)
		return told(back, "started"), err
	}
	var each []error
	var err error
	what := "redriven"
	if w.Kind == exchange.JobRedrive {
		each, err = x.Redrive(ctx, o, w.Queue, ids)
	} else {
		what = "discarded"
		each, err = x.Discard(ctx, o, w.Queue, ids, w.Reason)
	}
	if err != nil {
		return "", err
	}
	left := 0
	for _, e := range each {
		if e != nil {
			left++
		}
	}
	return told(back, what, len(ids)-left, left), nil
}

// ask shows the page that asks.
func (m *Monitor) ask(v *visit, status int, name queue.Name, row exchange.QueueRow, w exchange.Work, ids []uuid.UUID, f url.Values, said []string) error {
	w.Queue = name
	view := actView{
		Queue: row, Kind: w.Kind, All: len(ids) == 0, List: w.List, Type: w.Type, Rate: f.Get("rate"), Reason: w.Reason, From: f.Get("from"),
		Token: newToken(), Back: backFrom(w, ids, f), Problems: said,
	}
	switch {
	case !view.All:
		var err error
		if view.Items, err = m.actItems(v.r.Context(), v.operator(), name, w.Kind, ids); err != nil {
			return err
		}
		for _, i := range view.Items {
			if i.Fits {
				view.N++
			}
		}
	case w.Type != "":
		view.N = -1
	case w.List == link.ListDead:
		view.N = row.Dead
	default:
		view.N = row.Waiting - row.Counts[link.StateLeased]
	}
	if w.Kind == exchange.JobRedrive && row.Paused != nil {
		view.Blocked = true
		if len(said) == 0 {
			_, view.Problems = v.problems(link.NewError(link.CodeQueuePaused, "reason", row.Paused.Reason))
		}
	}
	title := v.text("act." + string(w.Kind))
	return v.show(status, "act", frame{Title: title, Nav: "queues", Data: view})
}

// actItems looks how each message of a selection stands.
func (m *Monitor) actItems(ctx context.Context, o exchange.Operator, name queue.Name, kind exchange.JobKind, ids []uuid.UUID) ([]actItem, error) {
	items := make([]actItem, len(ids))
	for i, id := range ids {
		items[i].ID = id
		t, err := m.cfg.Exchange.TraceAny(ctx, o, name.Tenant, id)
		if link.CodeOf(err) == link.CodeMessageUnknown {
			continue
		}
		if err != nil {
			return nil, err
		}
		items[i].Type, items[i].Key = t.Type, t.BusinessKey
		for _, q := range t.Queues {
			if q.Queue == name.String() {
				items[i].State, items[i].Why = q.State, q.Reason
				items[i].Fits = fits(kind, q.State)
			}
		}
	}
	return items, nil
}

// fits tells whether something can be done to a message of a state.
func fits(kind exchange.JobKind, s link.State) bool {
	switch s {
	case link.StateDead:
		return true
	case link.StateReady, link.StateBehind, link.StateDelayed:
		return kind == exchange.JobDiscard
	}
	return false
}

// readWork reads what a person wants done: to the messages named, or to all of a list.
func readWork(q url.Values) (exchange.Work, []uuid.UUID, error) {
	kind, all := strings.CutSuffix(q.Get("do"), "-all")
	w := exchange.Work{Kind: exchange.JobKind(kind), List: link.QueueList(q.Get("list")), Reason: strings.TrimSpace(q.Get("reason"))}
	wrong := link.NewError(link.CodeRequestInvalid)
	if w.Kind != exchange.JobRedrive && w.Kind != exchange.JobDiscard {
		wrong.At("do", link.CodeRequestInvalid, link.OneOf("redrive", "discard", "redrive-all", "discard-all"))
	}
	if w.List != link.ListWaiting || w.Kind == exchange.JobRedrive {
		w.List = link.ListDead
	}
	var ids []uuid.UUID
	if all {
		w.Type = strings.TrimSpace(q.Get("type"))
		if w.Type != "" && !link.ValidType(w.Type) {
			wrong.At("type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", clip(w.Type, 80)).Text())
		}
	} else {
		for _, text := range q["id"] {
			id, err := link.ParseUUID(text)
			if err != nil {
				wrong.At("id", link.CodeRequestInvalid, link.NotUUID)
				break
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if n := len(q["id"]); n == 0 || n > link.MaxAct {
			wrong.At("id", link.CodeRequestInvalid, link.Both("escolha de 1 a %d mensagens", "choose from 1 to %d messages", link.MaxAct))
		}
	}
	if len(wrong.Errors) > 0 {
		return w, nil, wrong
	}
	return w, ids, nil
}

// backFrom is the page that somebody came from.
func backFrom(w exchange.Work, ids []uuid.UUID, f url.Values) string {
	if f.Get("from") == "message" && len(ids) == 1 {
		return "messages/" + ids[0].String() + "?tenant=" + w.Queue.Tenant.String()
	}
	q := url.Values{"tab": {tabMain}}
	if w.List == link.ListDead {
		q.Set("tab", tabDead)
	}
	if w.Type != "" {
		q.Set("type", w.Type)
	}
	return "queues/" + w.Queue.String() + "?" + q.Encode()
}

// change pauses a queue, resumes it, or lets its dead letters hold their key.
func (m *Monitor) change(v *visit) error {
	name, _, err := m.queueOf(v)
	if err != nil {
		return err
	}
	f, err := v.form(formBytes)
	if err != nil {
		return err
	}
	to := "queues/" + name.String()
	v.back = to
	yes, no := true, false
	c := link.QueueChange{Reason: strings.TrimSpace(f.Get("reason"))}
	what := ""
	switch f.Get("do") {
	case "pause":
		c.Paused, what = &yes, "paused"
	case "resume":
		c.Paused, what = &no, "resumed"
	case "hold":
		c.Hold, what = &yes, "held"
	case "let-go":
		c.Hold, what = &no, "let-go"
	default:
		return link.NewError(link.CodeRequestInvalid).At("do", link.CodeRequestInvalid, link.OneOf("pause", "resume", "hold", "let-go"))
	}
	if _, err := m.cfg.Exchange.ChangeQueue(v.r.Context(), v.operator(), name, c); err != nil {
		return err
	}
	return v.redirect(told(to, what))
}
