package inbox_test

import (
	"testing"
	"time"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/window"
)

// TestLookFindsWhatThereIsToDo, and nothing that nobody could do now.
func TestLookFindsWhatThereIsToDo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	var nothing inbox.Found
	execute, send, report := inbox.Found{Execute: true}, inbox.Found{Send: true}, inbox.Found{Report: true}
	found := func(when string, want inbox.Found) {
		t.Helper()
		if got, err := w.Look(ctx); err != nil || got != want {
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
	found("in a window", nothing)
	do(desk.RemoveWindow(ctx, "w"))
	w.drain()
	found("executed", send)
	sent()

	w.store(agenttest.Delivery("b", agenttest.Do("fail")))
	found("another, which the hub is to hear of", inbox.Found{Execute: true, Report: true})
	w.drain()
	found("it waits", report)
	told()
	w.clock.Advance(2*time.Minute - time.Microsecond)
	found("a moment before it is due", nothing)
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
