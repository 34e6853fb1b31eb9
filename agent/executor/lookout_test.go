package executor

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
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
	go func() { e.lookOut(ctx, nil); close(ended) }()
	look := func(when string, want inbox.Found) {
		t.Helper()
		for clk.Timers() == 0 {
			runtime.Gosched()
		}
		clk.Advance(time.Second)
		got := <-looked
		if got.Changed = false; got != want {
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

// settable is a clock that somebody sets ahead.
type settable struct {
	clock.Clock
	ahead atomic.Int64
}

func (s *settable) Now() time.Time { return s.Clock.Now().Add(time.Duration(s.ahead.Load())) }

// watcher runs lookOut in a bubble of synctest, and sees when it looks.
type watcher struct {
	*testing.T
	e      *Executor
	clock  settable
	files  agenttest.Files
	told   chan struct{}
	looked chan inbox.Found
	last   time.Time // of a look
}

// watching lets do see it, from its first look on.
func watching(t *testing.T, do func(w *watcher)) {
	t.Helper()
	sqltest.On(t, sqldb.SQLite)
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{T: t, clock: settable{Clock: clock.Real}, files: agenttest.NewFiles(t), told: make(chan struct{}, 1), looked: make(chan inbox.Found)}
		ctx, stop := context.WithCancel(t.Context())
		var err error
		w.e, err = New(Config{
			Box: w.files.Open(t, &w.clock), Clock: &w.clock,
			Consumers: []consumer.Consumer{&agenttest.Booker{Ways: map[string]agenttest.Way{"fail": agenttest.Fail}}},
			Looked: func(f inbox.Found) {
				select {
				case w.looked <- f:
				case <-ctx.Done():
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { w.e.lookOut(ctx, w.told); close(ended) }()
		defer func() { stop(); <-ended }()
		w.look()
		do(w)
	})
}

// look waits for a look.
func (w *watcher) look() (found inbox.Found, took time.Duration) {
	found = <-w.looked
	took, w.last = time.Since(w.last), time.Now()
	return found, took
}

// after is a look that has to come so much after the last one.
func (w *watcher) after(want time.Duration, execute bool) {
	w.Helper()
	if found, took := w.look(); took != want || found.Execute != execute {
		w.Fatalf("it looked after %s: %+v", took, found)
	}
}

// begin tells of a change, and waits until it looks seldom.
func (w *watcher) begin() {
	w.Helper()
	w.told <- struct{}{}
	w.after(lookEvery, false)
	w.calm()
}

// calm waits until it looks seldom, which it must as soon as a few looks have found nothing.
func (w *watcher) calm() {
	w.Helper()
	for n := 0; ; n++ {
		found, took := w.look()
		if !found.Nothing() || took != lookEvery && n < calmLooks || n > calmLooks+2 {
			w.Fatalf("%d looks, the last after %s: %+v", n, took, found)
		}
		if n > calmLooks && took != lookEvery || took == lookAnyway { // the first at its tick, which may be any second
			break
		}
	}
	w.after(lookAnyway, false)
}

// store is another process that stores a message.
func (w *watcher) store(doc string, change ...func(*link.Message)) {
	w.Helper()
	box, err := inbox.Attach(w.Context(), w.files.Database, &w.clock)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := box.Store(w.Context(), []link.Delivery{agenttest.Delivery(doc, change...)}); err != nil {
		w.Fatal(err)
	}
	if err := box.Close(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// done executes what there is, and has it reported and sent.
func (w *watcher) done() {
	w.Helper()
	ctx, box := w.Context(), w.e.cfg.Box
	if _, err := w.e.Drain(ctx); err != nil {
		w.Fatal(err)
	}
	items, err := box.Unreported(ctx, 100)
	if err == nil {
		err = box.Reported(ctx, items)
	}
	if err != nil {
		w.Fatal(err)
	}
	rows, err := box.Outgoing(ctx, 0, 100)
	if err == nil {
		err = box.Sent(ctx, rows, nil)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// TestLooksWhenItIsTold: who is told of changes looks at the next second after one, and each second while there
// is something to do.
func TestLooksWhenItIsTold(t *testing.T) {
	watching(t, func(w *watcher) {
		w.begin()
		for range 3 {
			<-time.After(1300 * time.Millisecond)
			w.store("a")
			w.told <- struct{}{}
			w.after(2*time.Second, true)
			for range 5 {
				w.after(lookEvery, true)
			}
			w.done()
			w.begin()
		}
	})
}

// TestLooksWhenSomethingIsDue: not a second later, and seldom until then.
func TestLooksWhenSomethingIsDue(t *testing.T) {
	watching(t, func(w *watcher) {
		w.begin()
		w.store("a", agenttest.Do("fail"))
		w.done()
		w.told <- struct{}{}
		found, _ := w.look()
		due, looks := found.Due, 0
		most := calmLooks + 2 + int(due.Sub(w.last)/lookAnyway)
		for ; !found.Execute; looks++ {
			found, _ = w.look()
		}
		if left := due.Sub(w.last); left != 0 || looks > most {
			w.Errorf("it looked %d times, at most %d, and then %s too early", looks, most, left)
		}
	})
}

// TestLooksWhenTheClockIsSet: what becomes due by that is found at the next tick.
func TestLooksWhenTheClockIsSet(t *testing.T) {
	watching(t, func(w *watcher) {
		w.begin()
		w.store("a", agenttest.Do("fail"))
		w.done()
		w.begin()
		w.clock.ahead.Store(int64(time.Hour))
		w.after(lookAnyway, true)
	})
}

// TestLooksWhenItIsNotTold: a change that was told late does no harm; who does not tell of one at all is not relied on
// any more, nor is who has not told of any yet, or says that it has ended.
func TestLooksWhenItIsNotTold(t *testing.T) {
	watching(t, func(w *watcher) {
		w.begin()
		w.store("a")
		w.after(lookAnyway, true)
		w.done()
		w.begin()

		w.store("b")
		w.after(lookAnyway, true)
		w.done()
		for range 20 {
			w.after(lookEvery, false)
		}
	})
	for _, closed := range []bool{false, true} {
		watching(t, func(w *watcher) {
			if closed {
				w.begin()
				close(w.told)
				w.look()
			}
			for range 20 {
				w.after(lookEvery, false)
			}
		})
	}
}
