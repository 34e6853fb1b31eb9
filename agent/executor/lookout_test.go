package executor

import (
	"context"
	"runtime"
	"testing"
	"time"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestOneLooksForAll: while there is nothing to do nobody is woken; what another process puts up wakes all
// whom it concerns at the next tick, and so does a database that cannot be looked at.
func TestOneLooksForAll(t *testing.T) {
	clk := clock.NewFake(agenttest.Start)
	files := agenttest.NewFiles(t)
	box := files.Open(t, clk)
	looked := make(chan inbox.Found)
	ctx, stop := context.WithCancel(t.Context())
	e, err := New(Config{Box: box, Clock: clk, Consumers: []consumer.Consumer{&agenttest.Booker{}}, Looked: func(f inbox.Found) {
		select {
		case looked <- f:
		case <-ctx.Done():
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { e.lookOut(ctx); close(ended) }()
	look := func(when string, want inbox.Found) {
		t.Helper()
		for clk.Timers() == 0 {
			runtime.Gosched()
		}
		clk.Advance(time.Second)
		if got := <-looked; got != want {
			t.Errorf("%s it found %+v", when, got)
		}
		woken := false
		select {
		case <-e.wake:
			woken = true
		default:
		}
		if woken != want.Execute {
			t.Errorf("%s the lanes were woken: %t", when, woken)
		}
	}
	for range 3 {
		look("with nothing to do", inbox.Found{})
	}
	other, err := inbox.Attach(t.Context(), files.Database, clk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	if _, err := other.Store(t.Context(), []link.Delivery{agenttest.Delivery("a")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		look("when a message stood there", inbox.Found{Execute: true, Report: true})
	}
	files.Exec(t, `DROP TABLE SMARTLINKACTIVE`)
	look("when it could not look", inbox.Found{Execute: true, Send: true, Report: true})
	stop()
	<-ended
}
