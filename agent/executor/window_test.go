package executor_test

import (
	"slices"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/window"
	"smartlink/link"
)

// TestWindowOfAType: while it is open nothing of the type is executed, inside and outside; other types go on,
// but for what stands behind it in an ordering key. Then everything is, in its order.
func TestWindowOfAType(t *testing.T) {
	const free = "FreeCommand"
	ofFree := func(m *link.Message) { m.Type = free }
	w, o := newOutside(t, func(c *executor.Config) { c.Consumers = append(c.Consumers, &agenttest.Booker{Of: free}) })
	key := agenttest.OrderingKey("k")
	desk := w.box.Desk("ana")
	run := func() {
		t.Helper()
		w.drain()
		w.out()
		w.drain()
	}
	booked := func(when string, inside, outside []string) {
		t.Helper()
		if got := w.Rows(t, `SELECT DOC FROM BOOK ORDER BY `+agenttest.Order()); !slices.Equal(got, inside) || !slices.Equal(o.order, outside) {
			t.Errorf("%s: booked %v and %v", when, got, o.order)
		}
	}
	found := func(when string, want bool) {
		t.Helper()
		if f, err := w.box.Look(t.Context()); err != nil || f.Execute != want {
			t.Errorf("%s: %+v, %v", when, f, err)
		}
	}
	set := func(from, to time.Duration) {
		t.Helper()
		at := func(d time.Duration) string {
			return w.clock.Now().Add(d).In(w.box.Zone()).Format("2006-01-02 15:04")
		}
		err := desk.SetWindow(t.Context(), window.Window{Name: "closing", Kind: window.Dates, From: at(from), To: at(to), Types: []string{agenttest.Command, outsideCommand}})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(time.Hour, 2*time.Hour)
	w.store(agenttest.Delivery("1"), agenttest.Delivery("2", ofFree), agenttest.Delivery("3", outside))
	run()
	booked("before", []string{"1", "2"}, []string{"3"})

	w.store(agenttest.Delivery("4", key), agenttest.Delivery("5", outside), agenttest.Delivery("6", ofFree, key))
	w.clock.Advance(time.Hour)
	w.store(agenttest.Delivery("7"), agenttest.Delivery("8", ofFree), agenttest.Delivery("9", outside))
	run()
	w.store(agenttest.Delivery("10"), agenttest.Delivery("11", ofFree))
	for range 2 {
		run()
		booked("in the window", []string{"1", "2", "8", "11"}, []string{"3"})
		w.restart() // another run goes by it, too
	}
	found("in the window", false)

	w.clock.Advance(time.Hour)
	found("when it has ended", true)
	run()
	booked("when it has ended", []string{"1", "2", "8", "11", "4", "6", "7", "10"}, []string{"3", "5", "9"})
	found("when all is done", false)

	set(0, time.Hour)
	w.store(agenttest.Delivery("12"), agenttest.Delivery("13", outside))
	run()
	found("in another window", false)
	if err := desk.RemoveWindow(t.Context(), "closing"); err != nil {
		t.Fatal(err)
	}
	found("when it was removed", true)
	run()
	booked("when it was removed", []string{"1", "2", "8", "11", "4", "6", "7", "10", "12"}, []string{"3", "5", "9", "13"})
	for _, wrong := range []window.Window{
		{Name: "w", Kind: window.Dates, From: "2026-03-01 00:00", To: "2026-03-02 00:00", Types: []string{"no type"}},
		{Name: "w", Kind: window.Dates, From: "2026-03-01 00:00", To: "2026-03-02 00:00", Types: slices.Repeat([]string{"T"}, window.MaxTypes+1)},
	} {
		if err := desk.SetWindow(t.Context(), wrong); link.CodeOf(err) != link.CodeRequestInvalid {
			t.Errorf("%v", err)
		}
	}
}
