package inbox_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/window"
	"smartlink/link"
)

// beside is the desk of a person in another process.
func (w *world) beside(by string) inbox.Desk {
	w.t.Helper()
	box, err := inbox.Attach(w.t.Context(), w.Database, w.clock)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = box.Close(context.Background()) })
	return box.Desk(by)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCode(err error, want link.Code) {
	w.t.Helper()
	if link.CodeOf(err) != want {
		w.t.Errorf("%v, want %s", err, want)
	}
}

func (w *world) show(d link.Delivery) inbox.Detail {
	w.t.Helper()
	got, err := w.Show(w.t.Context(), d.Message.ID)
	w.must(err)
	return got
}

// answer is the last answer to a message.
func (w *world) answer(d link.Delivery) link.AnswerData {
	w.t.Helper()
	results := w.show(d).Results
	if len(results) == 0 {
		w.t.Fatalf("%s has no answer", d.Message.Body)
	}
	var body link.AnswerBody
	w.must(json.Unmarshal([]byte(results[len(results)-1].Answer), &body))
	return body.Data
}

func (w *world) booked() []string {
	w.t.Helper()
	return w.Rows(w.t, `SELECT DOC FROM BOOK ORDER BY DOC`)
}

// TestTablesOfAnOlderVersion: nobody works on them before an agent has brought them up to date.
func TestTablesOfAnOlderVersion(t *testing.T) {
	w := newWorld(t)
	w.Exec(t, `DELETE FROM `+inbox.VersionTable+` WHERE version_id > 2`)
	_, err := inbox.Attach(t.Context(), w.Database, w.clock)
	w.wantCode(err, link.CodeNotFound)
	if !strings.Contains(err.Error(), "start the agent once") {
		t.Error(err)
	}
}

// TestPause: nothing is executed from the pause on, whoever made it and whatever was known before, also
// after a restart; messages are received, and answers sent.
func TestPause(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	w.store(agenttest.Delivery("before"))
	w.drain()
	w.wantCode(ana.Pause(t.Context(), " "), link.CodeRequestInvalid)
	w.wantCode(ana.Resume(t.Context(), ""), link.CodeConflict)
	w.must(ana.Pause(t.Context(), "inventory"))
	w.store(agenttest.Delivery("during"))
	w.drain()
	if got := w.booked(); len(got) != 1 || len(w.outgoing()) != 1 {
		t.Errorf("booked %v while paused", got)
	}
	w.must(w.Close(context.Background()))
	w.Box = w.Files.Open(t, w.clock)
	if rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true }); err != nil || len(rows) != 0 {
		t.Errorf("claimed %d after a restart, %v", len(rows), err)
	}
	r, err := w.Rules(t.Context())
	if err != nil || r.Pause != (inbox.Pause{Since: agenttest.Start, By: "ana", Reason: "inventory"}) {
		t.Errorf("%+v, %v", r.Pause, err)
	}
	w.must(w.beside("bea").Resume(t.Context(), "counted"))
	if rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true }); err != nil || len(rows) != 1 {
		t.Errorf("claimed %d after the pause, %v", len(rows), err)
	}
	page, err := w.Actions(t.Context(), inbox.ActionFilter{Limit: 1})
	w.must(err)
	if a := page.Items[0]; a.Action != inbox.ActionResume || a.By != "bea" || a.Reason != "counted" || page.Next == "" {
		t.Errorf("%+v", page)
	}
	page, err = w.Actions(t.Context(), inbox.ActionFilter{After: page.Next})
	if a := page.Items; err != nil || len(a) != 1 || a[0].Action != inbox.ActionPause || a[0].By != "ana" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestWindows(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	now := w.clock.Now().In(w.Zone())
	at := func(d time.Duration) string { return now.Add(d).Format("2006-01-02 15:04") }
	w.wantCode(ana.SetWindow(t.Context(), window.Window{Name: "w", Kind: window.Weekly}), link.CodeRequestInvalid)
	w.must(ana.SetWindow(t.Context(), window.Window{Name: "closing", Kind: window.Dates, From: at(time.Hour), To: at(3 * time.Hour)}))
	w.must(ana.SetWindow(t.Context(), window.Window{Name: "closing", Kind: window.Dates, From: at(time.Hour), To: at(2 * time.Hour)}))
	w.must(ana.SetWindow(t.Context(), window.Window{Name: "night", Kind: window.Weekly, Days: []string{"mon", "sat"}, From: "03:00", To: "03:01"}))
	w.store(agenttest.Delivery("before"))
	w.drain()
	w.clock.Advance(time.Hour)
	w.store(agenttest.Delivery("during"))
	w.drain()
	if got := w.booked(); !slices.Equal(got, []string{"before"}) {
		t.Errorf("booked %v", got)
	}
	r, err := w.Rules(t.Context())
	w.must(err)
	until, name, open := r.Window(w.clock.Now().In(w.Zone()))
	if !open || name != "closing" || until.Format("2006-01-02 15:04") != at(2*time.Hour) || len(r.Windows) != 2 || !slices.Equal(r.Windows[1].Days, []string{"mon", "sat"}) {
		t.Errorf("%s until %s, %t; %+v", name, until, open, r.Windows)
	}
	w.clock.Advance(time.Hour)
	w.drain()
	if got := w.booked(); !slices.Equal(got, []string{"before", "during"}) {
		t.Errorf("booked %v after the window", got)
	}
	w.must(ana.SetWindow(t.Context(), window.Window{Name: "again", Kind: window.Dates, From: at(time.Hour), To: at(9 * time.Hour)}))
	w.store(agenttest.Delivery("last"))
	w.drain()
	w.must(ana.RemoveWindow(t.Context(), "again"))
	w.wantCode(ana.RemoveWindow(t.Context(), "again"), link.CodeNotFound)
	w.drain()
	if got := w.booked(); len(got) != 3 {
		t.Errorf("booked %v after the window was removed", got)
	}
}

// TestHold: the next messages of a type wait for a person, in their place; those behind them in their
// ordering key wait too.
func TestHold(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	for _, wrong := range []inbox.TypeOptions{{HoldNext: -1}, {HoldNext: inbox.MaxHold + 1}, {MinutesInterval: 1441}, {QtdeTentativasExec: 101}} {
		w.wantCode(ana.SetType(t.Context(), agenttest.Command, wrong), link.CodeRequestInvalid)
	}
	w.wantCode(ana.SetType(t.Context(), "no type", inbox.TypeOptions{}), link.CodeRequestInvalid)
	w.must(ana.SetType(t.Context(), agenttest.Command, inbox.TypeOptions{HoldNext: 3}))
	a, b, c := agenttest.Delivery("a", agenttest.OrderingKey("k")), agenttest.Delivery("b"), agenttest.Delivery("c")
	behind, free := agenttest.Delivery("behind", agenttest.OrderingKey("k")), agenttest.Delivery("free")
	w.store(a, a, b)
	w.store(b, c)
	w.store(behind, free)
	w.drain()
	if got := w.booked(); !slices.Equal(got, []string{"free"}) {
		t.Fatalf("booked %v", got)
	}
	if i := w.show(b).Item; !i.OnHold || i.Code != link.CodeOnHold || i.State != link.ERPStored {
		t.Errorf("%+v", i)
	}
	if n, err := w.OnHold(t.Context()); err != nil || n[agenttest.Command] != 3 {
		t.Errorf("%v, %v", n, err)
	}
	page, err := w.List(t.Context(), inbox.Filter{OnHold: true})
	if err != nil || len(page.Items) != 3 {
		t.Errorf("%d listed, %v", len(page.Items), err)
	}
	w.must(w.Desk("ana").Discard(t.Context(), c.Message.ID, "not this one"))
	w.must(w.Close(context.Background()))
	w.Box = w.Files.Open(t, w.clock)
	w.must(ana.Release(t.Context(), b.Message.ID))
	w.wantCode(ana.Release(t.Context(), behind.Message.ID), link.CodeNotNow)
	rows, err := w.Claim(t.Context(), "job", 9, func(string) bool { return true })
	if err != nil || len(rows) != 1 || rows[0].Message.ID != b.Message.ID {
		t.Fatalf("%d claimed, %v", len(rows), err)
	}
	w.must(w.GiveBack(t.Context(), rows))
	items, err := w.Unreported(t.Context(), 100)
	w.must(err)
	if i := slices.IndexFunc(items, func(i link.StatusItem) bool { return i.ID == b.Message.ID }); i < 0 || items[i].Code != "" || items[i].Seq != 2 {
		t.Errorf("the hub is not told of the release: %+v", items)
	}
	if n, err := ana.ReleaseAll(t.Context(), "Other"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.beside("bea").ReleaseAll(t.Context(), agenttest.Command); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if acts := w.show(a).Actions; len(acts) != 1 || acts[0].Action != inbox.ActionRelease || acts[0].By != "bea" {
		t.Errorf("%+v", acts)
	}
	for _, want := range []link.Delivery{a, behind} { // in their order
		var got []uuid.UUID
		rows, err := w.Claim(t.Context(), "job", 9, func(string) bool { return true })
		w.must(err)
		for _, r := range rows {
			if got = append(got, r.Message.ID); r.Message.ID == b.Message.ID {
				continue
			}
			answer, err := inbox.NewAnswer(&r.Message, 1, link.AnswerData{Status: link.ERPDone})
			w.must(err)
			tx, err := w.Begin(t.Context())
			w.must(err)
			w.must(tx.Settle(t.Context(), r, &inbox.Ending{State: link.ERPDone, Answer: answer, Hashes: inbox.HashesOf(&r.Message), Started: w.clock.Now(), Ended: w.clock.Now()}))
			w.must(tx.Commit(t.Context()))
		}
		if !slices.Contains(got, want.Message.ID) {
			t.Errorf("%s is not claimed: %v", want.Message.Body, got)
		}
	}
}

// TestEdit: the body as it was is kept, the message keeps its identity, is executed once, and its sender
// is told.
func TestEdit(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	d := w.in(link.ERPRejected, agenttest.BusinessKey("b"), agenttest.OrderingKey("k"))
	edit := func(body, reason string) error { return ana.Edit(t.Context(), d.Message.ID, []byte(body), reason) }
	for body, want := range map[string]link.Code{
		"": link.CodeBodyEmpty, string(d.Message.Body): link.CodeRequestInvalid, "{": link.CodeBodyNotJSON, strings.Repeat(" ", link.MaxBody) + "1": link.CodeBodyTooLarge,
		`{"header":{"type":"OtherCommand"},"data":{}}`:                         link.CodeTypeMismatch,
		`{"header":{"tenantId":"` + uuid.NewString() + `"},"data":{}}`:         link.CodeTenantMismatch,
		`{"header":{"businessKey":"another"},"data":{}}`:                       link.CodeFieldContradicts,
		`{"header":{"orderingKey":"another"},"data":{}}`:                       link.CodeFieldContradicts,
		`{"header":{"type":"` + agenttest.Command + `","type":1},"data":{"":}`: link.CodeBodyNotJSON,
	} {
		w.wantCode(edit(body, "because"), want)
	}
	w.wantCode(edit(`{"doc":"y"}`, ""), link.CodeRequestInvalid)
	if s := w.show(d); s.Item.State != link.ERPRejected || s.Body != string(d.Message.Body) || len(s.Edits)+len(s.Actions) != 0 {
		t.Fatalf("a refused edit changed something: %+v", s)
	}
	w.must(edit(`{"doc":"y","do":"reject"}`, "first try"))
	if s := w.show(d); s.Item.State != link.ERPStored || s.Item.Code != link.CodeEdited || s.Item.Edits != 1 {
		t.Errorf("%+v", s.Item)
	}
	w.drain()
	w.must(edit(`{"doc":"z"}`, "the supplier's new code"))
	w.must(w.Close(context.Background()))
	w.Box = w.Files.Open(t, w.clock)
	s := w.show(d)
	if len(s.Edits) != 2 || s.Edits[0].Body != string(d.Message.Body) || s.Edits[0].By != "ana" || s.Edits[0].Reason != "first try" || s.Edits[1].Body != `{"doc":"y","do":"reject"}` ||
		s.Body != `{"doc":"z"}` || len(s.Actions) != 2 || s.Actions[0].Reason != "the supplier's new code" {
		t.Errorf("%+v", s)
	}
	w.e = executorOf(t, w.Box, w.clock)
	w.drain()
	if got := w.booked(); !slices.Equal(got, []string{"z"}) {
		t.Errorf("booked %v", got)
	}
	a := w.answer(d)
	if a.Status != link.ERPDone || len(a.Warnings) != 1 || a.Warnings[0].Code != string(link.CodeEdited) || !strings.Contains(a.Warnings[0].HelpEn, "ana") ||
		!strings.Contains(a.Warnings[0].HelpEn, "new code") {
		t.Errorf("%+v", a)
	}
	w.wantCode(edit(`{"doc":"w"}`, "late"), link.CodeNotNow)
	again := agenttest.Delivery("x", agenttest.BusinessKey("b"), agenttest.Do("reject"))
	w.store(again)
	w.drain()
	if a := w.answer(again); a.Status != link.ERPDuplicate || len(w.booked()) != 1 || a.Warnings[0].Code != string(link.CodeDuplicateDiffers) {
		t.Errorf("the original sent again: %+v", a)
	}
	if s := w.show(d); len(s.Edits) != 2 { // stays when the message is gone
		t.Errorf("%+v", s.Edits)
	}
	if n, err := w.Forget(t.Context(), w.clock.Now().Add(time.Hour)); n == 0 || err != nil || len(w.show(d).Edits) != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
}

// TestEditInEveryState: those that can be, and what becomes of them.
func TestEditInEveryState(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	for _, state := range []link.ERPState{link.ERPWaiting, link.ERPBlocked, link.ERPRejected} {
		d := w.in(state)
		w.must(ana.Edit(t.Context(), d.Message.ID, []byte(`{"doc":"`+string(state)+`"}`), "r"))
		if i := w.show(d).Item; i.State != link.ERPStored || i.Attempt != 0 {
			t.Errorf("%s: %+v", state, i)
		}
	}
	w.must(ana.SetType(t.Context(), agenttest.Command, inbox.TypeOptions{HoldNext: 1}))
	held := agenttest.Delivery("x")
	w.store(held)
	w.must(ana.Edit(t.Context(), held.Message.ID, []byte(`{"doc":"held"}`), "r"))
	w.drain()
	if got := w.booked(); !slices.Equal(got, []string{"blocked", "rejected", "waiting"}) || !w.show(held).Item.OnHold {
		t.Errorf("booked %v", got)
	}
	w.must(ana.Release(t.Context(), held.Message.ID))
	w.drain()
	if got := w.booked(); !slices.Contains(got, "held") {
		t.Errorf("booked %v", got)
	}
}

// TestOptionsOfATypeHoldForItAlone: retry figures, and answers that no app is to have.
func TestOptionsOfATypeHoldForItAlone(t *testing.T) {
	w := newWorld(t)
	w.must(w.beside("ana").SetType(t.Context(), agenttest.Command, inbox.TypeOptions{MinutesInterval: 7, QtdeTentativasExec: 3, NoAnswers: true}))
	d, done := agenttest.Delivery("x", agenttest.Do("fail")), agenttest.Delivery("y")
	w.store(d, done)
	w.drain()
	if i := w.show(d).Item; i.NextTry == nil || i.NextTry.Sub(w.clock.Now()) != 21*time.Minute {
		t.Errorf("%+v", i)
	}
	up := w.outgoing()
	if len(up) != 1 || up[0].Message.Headers[link.HeaderOutcomeOnly] != "true" || up[0].Message.Headers[link.HeaderOutcome] != "done" {
		t.Fatalf("%+v", up)
	}
	w.send()
	w.store(done) // redelivered: the same answer again, to the same
	if up := w.outgoing(); len(up) != 1 || up[0].Message.Headers[link.HeaderOutcomeOnly] != "true" {
		t.Errorf("%+v", up)
	}
	w.must(w.Desk("ana").Discard(t.Context(), d.Message.ID, "r"))
	if up := w.outgoing(); len(up) != 2 || up[1].Message.Headers[link.HeaderOutcomeOnly] != "true" {
		t.Errorf("%+v", up)
	}
	w.must(w.beside("ana").SetType(t.Context(), agenttest.Command, inbox.TypeOptions{}))
	again := agenttest.Delivery("z")
	w.store(again)
	w.drain()
	if up := w.outgoing(); len(up) != 3 || up[2].Message.Headers[link.HeaderOutcomeOnly] != "" {
		t.Errorf("%+v", up)
	}
	if r, err := w.Rules(t.Context()); err != nil || len(r.Types) != 0 {
		t.Errorf("%+v, %v", r.Types, err)
	}
}

func TestHasten(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	d := w.in(link.ERPWaiting)
	if n, err := ana.Hasten(t.Context(), []string{"Other"}); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := ana.Hasten(t.Context(), []string{"Other", agenttest.Command}); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.drain()
	if i := w.show(d).Item; i.State != link.ERPBlocked || i.Attempt != 2 {
		t.Errorf("%+v", i)
	}
}

// TestRemoteHelp: nothing is done while it is off, what is asked twice is done once, and all of it is noted.
func TestRemoteHelp(t *testing.T) {
	w := newWorld(t)
	ana := w.beside("ana")
	d := w.in(link.ERPRejected)
	ask := func(a link.HelpAction, of link.Delivery) link.HelpRequest {
		return link.HelpRequest{ID: link.NewID(), Message: of.Message.ID, Action: a, Reason: "asked by phone", By: "olga", At: w.clock.Now()}
	}
	help := func(r link.HelpRequest, want link.HelpResult, code link.Code) {
		t.Helper()
		got, err := w.Help(t.Context(), r)
		if err != nil || got.ID != r.ID || got.Result != want || got.Code != code {
			t.Errorf("%s: %+v, %v; want %s %s", r.Action, got, err, want, code)
		}
	}
	off := ask(link.HelpReprocess, d)
	help(off, link.HelpRefused, link.CodeHelpOff)
	w.must(ana.AllowHelp(t.Context(), time.Hour))
	help(off, link.HelpRefused, link.CodeHelpOff) // it was answered
	if w.show(d).Item.State != link.ERPRejected {
		t.Error("reprocessed while help was off")
	}
	again := ask(link.HelpReprocess, d)
	help(again, link.HelpDone, "")
	w.drain()
	help(again, link.HelpDone, "")
	if i := w.show(d).Item; i.State != link.ERPRejected {
		t.Errorf("a repeated request was done twice: %+v", i)
	}
	help(ask(link.HelpDiscard, d), link.HelpDone, "")
	late := ask(link.HelpReprocess, d)
	help(late, link.HelpFailed, link.CodeNotNow)
	help(late, link.HelpFailed, link.CodeNotNow)
	help(ask("format", d), link.HelpFailed, link.CodeRequestInvalid)
	help(ask(link.HelpReprocess, agenttest.Delivery("never came")), link.HelpFailed, link.CodeNotInInbox)
	w.clock.Advance(time.Hour)
	other := w.in(link.ERPRejected)
	help(ask(link.HelpDiscard, other), link.HelpRefused, link.CodeHelpOff)
	w.must(ana.AllowHelp(t.Context(), 0))
	if r, err := w.Rules(t.Context()); err != nil || !r.Help.Endless() || !r.Help.On(w.clock.Now().AddDate(100, 0, 0)) || r.Help.By != "ana" {
		t.Errorf("%+v, %v", r.Help, err)
	}
	w.must(ana.EndHelp(t.Context()))
	help(ask(link.HelpDiscard, other), link.HelpRefused, link.CodeHelpOff)
	page, err := w.Actions(t.Context(), inbox.ActionFilter{Help: true})
	w.must(err)
	var said []string
	for _, a := range slices.Backward(page.Items) {
		said = append(said, a.By+" "+string(a.Action)+" "+string(a.Result))
	}
	want := []string{"hub: olga reprocess refused", "ana help-on ", "hub: olga reprocess done", "hub: olga discard done", "hub: olga reprocess failed", "hub: olga other failed",
		"hub: olga reprocess failed", "hub: olga discard refused", "ana help-on ", "ana help-off ", "hub: olga discard refused"}
	if !slices.Equal(said, want) {
		t.Errorf("%q\nwant %q", said, want)
	}
	if s := w.show(d); len(s.Actions) != 5 || s.Actions[2].By != "hub: olga" || s.Actions[2].Reason != "asked by phone" || s.Results[len(s.Results)-1].Outcome != link.ERPDiscarded {
		t.Errorf("%+v", s.Actions)
	}
}
