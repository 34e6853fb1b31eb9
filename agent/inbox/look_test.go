package inbox_test

import (
	"testing"
	"time"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/window"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestLookFindsWhatThereIsToDo, and nothing that nobody could do now.
func TestLookFindsWhatThereIsToDo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	var nothing inbox.Found
	execute, send := inbox.Found{Execute: true}, inbox.Found{Send: true}
	found := func(when string, want inbox.Found) {
		t.Helper()
		got, err := w.Look(ctx)
		got.Changed = want.Changed // TestLookReadsWhatHasChanged
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	told := func() {
		t.Helper()
		items, err := w.Unreported(ctx, 100)
		do(err)
		do(w.Reported(ctx, items))
	}
	sent := func() {
		t.Helper()
		rows, err := w.Outgoing(ctx, 0, 100)
		do(err)
		do(w.Sent(ctx, rows, nil))
	}
	outside := func(types ...string) { t.Helper(); do(w.SetOutside(ctx, types)) }
	desk := w.Desk("ana")

	found("an empty inbox", nothing)
	do(w.PutMetrics(ctx, "text/plain", []byte("x")))
	found("metrics are put up", send)
	sent()
	found("metrics are sent", nothing)

	w.store(agenttest.Delivery("a"))
	told()
	found("a message", execute)
	do(desk.Pause(ctx, "inventory"))
	w.drain() // knows of the pause from then on
	found("paused", nothing)
	do(desk.Resume(ctx, ""))
	found("resumed", execute)
	do(desk.SetWindow(ctx, window.Window{Name: "w", Kind: window.Dates, From: "2026-03-01 00:00", To: "2026-03-31 00:00"}))
	w.drain()
	found("in a window", inbox.Found{Due: time.Date(2026, 3, 31, 0, 0, 0, 0, w.Zone()).UTC()})
	do(desk.RemoveWindow(ctx, "w"))
	w.drain()
	found("executed", send)
	sent()

	w.store(agenttest.Delivery("b", agenttest.Do("fail")))
	found("another, which the hub is to hear of", inbox.Found{Execute: true, Report: true})
	w.drain()
	due := w.clock.Now().Add(2 * time.Minute)
	found("it waits", inbox.Found{Report: true, Due: due})
	told()
	w.clock.Advance(2*time.Minute - time.Microsecond)
	found("a moment before it is due", inbox.Found{Due: due})
	w.clock.Advance(time.Microsecond)
	found("it is due", execute)

	outside(agenttest.Command)
	found("it is due outside", execute)
	outside("OtherCommand")
	found("it is due inside, and another type is executed outside", execute)
	w.drain()
	told()
	sent()
	found("it is blocked", nothing)

	do(desk.SetType(ctx, agenttest.Command, inbox.TypeOptions{HoldNext: 1}))
	w.store(agenttest.Delivery("c"))
	told()
	found("one on hold", nothing)
	_, err := desk.ReleaseAll(ctx, "")
	do(err)
	told()
	found("released", execute)

	do(w.Take(ctx, inbox.Hold{Epoch: 1, Run: "run"}))
	found("taken", execute)
	if w.Lost() {
		t.Error("lost, and nobody has taken it")
	}
	do(w.Files.Open(t, w.clock).Take(ctx, inbox.Hold{Epoch: 2, Run: "other"}))
	found("taken by another", execute)
	if !w.Lost() {
		t.Error("a look does not see that another run has taken the inbox")
	}
}

// TestLookWithoutADatabase: what cannot be looked at is an error.
func TestLookWithoutADatabase(t *testing.T) {
	w := newWorld(t)
	w.Exec(t, `DROP TABLE SMARTLINKDESK`)
	for range 2 {
		if f, err := w.Look(t.Context()); err == nil || f != (inbox.Found{}) {
			t.Errorf("%+v, %v", f, err)
		}
	}
}

// TestLookReadsWhatHasChanged: a look knows whether anybody has changed the file, and goes by the time, which may be
// set, and by windows also when nobody has.
func TestLookReadsWhatHasChanged(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // the others do not say
	w := newWorld(t)
	ctx := t.Context()
	look := func(when string, changed, execute bool, due time.Time) {
		t.Helper()
		got, err := w.Look(ctx)
		if err != nil || got.Changed != changed || got.Execute != execute || !got.Due.Equal(due) {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var never time.Time
	look("the first time", true, false, never)
	look("then", false, false, never)
	w.store(agenttest.Delivery("a", agenttest.Do("fail")))
	look("stored by this process", true, true, never)
	look("and nothing else happened", false, true, never)
	w.drain()
	due := w.clock.Now().Add(2 * time.Minute)
	look("tried once", true, false, due)
	w.clock.Jump(time.Hour)
	look("the clock is set ahead", false, true, never)
	w.clock.Jump(-25 * time.Hour)
	look("and back", false, false, due)
	w.clock.Jump(24 * time.Hour)

	other := w.Files.Open(t, w.clock)
	if _, err := other.Store(ctx, []link.Delivery{agenttest.Delivery("b")}); err != nil {
		t.Fatal(err)
	}
	look("stored by another process", true, true, due)

	at := func(d time.Duration) string {
		return w.clock.Now().Add(d).In(w.Zone()).Format("2006-01-02 15:04")
	}
	begin, end := w.clock.Now().Add(time.Hour), w.clock.Now().Add(2*time.Hour)
	do(other.Desk("ana").SetWindow(ctx, window.Window{Name: "w", Kind: window.Dates, From: at(time.Hour), To: at(2 * time.Hour)}))
	look("another process has set a window", true, true, due)
	w.clock.Jump(begin.Sub(w.clock.Now()))
	look("the window is open", false, false, end)
	w.clock.Jump(end.Sub(w.clock.Now()))
	look("and shut again", false, true, never)
	do(other.Desk("ana").Pause(ctx, "inventory"))
	look("another process has paused", true, false, never)
	w.clock.Jump(24 * time.Hour)
	look("the pause does not end by itself", false, false, never)
	do(other.Desk("ana").Resume(ctx, ""))

	const outside = "OutsideCommand"
	w.drain()
	do(w.SetOutside(ctx, []string{outside}))
	w.store(agenttest.Delivery("c", func(m *link.Message) { m.Type = outside }))
	end = w.clock.Now().Add(2 * time.Hour)
	do(other.Desk("ana").SetWindow(ctx, window.Window{Name: "w", Kind: window.Dates, From: at(time.Hour), To: at(2 * time.Hour), Types: []string{outside}}))
	look("one to be executed outside", true, true, never)
	w.clock.Jump(time.Hour)
	look("the window of its type is open", false, false, end)
	w.clock.Jump(time.Hour)
	look("and shut", false, true, never)
}
