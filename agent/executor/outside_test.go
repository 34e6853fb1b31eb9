package executor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

func TestOutsideIsCalledOnceWithItsMarkerWrittenDownBefore(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside, agenttest.BusinessKey("contract 1"))
	w.store(d, agenttest.Delivery("inside"))
	o.sends(func(_ context.Context, c consumer.Call, log consumer.Log) consumer.Outcome {
		if n := w.Int(t, `SELECT CALLS FROM SMARTLINKINTENT WHERE MARKER = ? AND PENDING = 1 AND IDMESSAGE = ?`, c.Marker, d.Message.ID.String()); n != 1 {
			t.Errorf("intent of call %d", n)
		}
		log.Info("over there")
		return o.book(c)
	})
	if n := w.drain(); n != 1 { // inside takes its own only
		t.Fatalf("%d executed inside", n)
	}
	if n := w.out(); n != 1 || o.finds != 0 {
		t.Fatalf("%d executed outside, %d looked for", n, o.finds)
	}
	w.onceBooked(o, d, "a")
	c := o.calls[0]
	if len(c.Marker) != 32 || c.Number != 1 || c.Attempt != 1 || c.Message.ID != d.Message.ID || c.Marker != inbox.MarkerOf(&d.Message) {
		t.Errorf("call %+v", c)
	}
	detail, err := w.box.Show(t.Context(), d.Message.ID)
	if err != nil || detail.Item != nil || len(detail.Log) != 1 || len(detail.Executions) != 1 || detail.Executions[0].Result != "done" {
		t.Errorf("%+v, %v", detail, err)
	}
}

// TestKilledAtAnyPointOfACallBooksOnce: whoever dies before or after the other side has booked, and
// however often.
func TestKilledAtAnyPointOfACallBooksOnce(t *testing.T) {
	for _, effect := range []bool{false, true} {
		t.Run(fmt.Sprintf("booked %v", effect), func(t *testing.T) {
			w, o := newOutside(t)
			d := agenttest.Delivery("a", outside)
			w.store(d)
			o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
				if effect {
					o.book(c)
				}
				runtime.Goexit()
				return consumer.Outcome{}
			})
			w.dies()
			o.sends(nil)
			o.find = func(c consumer.Call) consumer.Outcome { o.find = nil; runtime.Goexit(); return o.found(c) }
			w.dies() // while it looks, too
			w.out()
			if !effect {
				if len(o.calls) != 1 {
					t.Fatalf("repeated after %d calls though the first may still take effect", len(o.calls))
				}
				if i := w.item(d.Message.ID); i.State != link.ERPWaiting || i.Code != link.CodeCallUnknown || i.Attempt != 0 {
					t.Errorf("%+v", i)
				}
				w.clock.Advance(settles)
				w.out()
				if len(o.calls) != 2 || o.calls[1].Number != 2 || o.calls[1].Marker != o.calls[0].Marker {
					t.Errorf("calls %+v", o.calls)
				}
			}
			w.onceBooked(o, d, "a")
		})
	}
}

// TestUnknownIsLookedForUntilItSettles: a call that took effect late is found; one that took none is
// repeated, and not before it cannot take effect any more.
func TestUnknownIsLookedForUntilItSettles(t *testing.T) {
	for _, late := range []bool{true, false} {
		t.Run(fmt.Sprintf("late %v", late), func(t *testing.T) {
			w, o := newOutside(t)
			d := agenttest.Delivery("a", outside)
			w.store(d)
			var first consumer.Call
			o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
				first = c
				return consumer.Unknown(errors.New("timed out"))
			})
			w.out()
			o.sends(nil)
			if i := w.item(d.Message.ID); i.State != link.ERPWaiting || i.Code != link.CodeCallUnknown || i.Attempt != 1 {
				t.Errorf("%+v", i)
			}
			for w.clock.Advance(time.Second); w.clock.Now().Before(first.Began.Add(settles)); w.clock.Advance(time.Second) {
				if late && w.clock.Now().Add(2*time.Second).After(first.Began.Add(settles)) {
					o.book(first) // the other side was slow
					break
				}
				w.out()
			}
			if len(o.calls) != 1 || o.finds < 5 {
				t.Fatalf("%d calls, looked for %d times", len(o.calls), o.finds)
			}
			w.clock.Advance(10 * time.Second)
			w.out()
			if want := map[bool]int{true: 1, false: 2}[late]; len(o.calls) != want {
				t.Errorf("%d calls", len(o.calls))
			}
			w.onceBooked(o, d, "a")
		})
	}
}

// TestUnknownTooOftenIsBlockedAndStillLookedFor: calls of which nothing is heard use the attempts up; who
// reprocesses the message then finds what was booked after all.
func TestUnknownTooOftenIsBlockedAndStillLookedFor(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	o.sends(func(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
		return consumer.Unknown(errors.New("timed out"))
	})
	for range 60 {
		w.out()
		w.clock.Advance(10 * time.Second)
	}
	if i := w.item(d.Message.ID); i.State != link.ERPBlocked || i.Code != link.CodeAttemptsExhausted || len(o.calls) != 5 {
		t.Fatalf("%+v after %d calls", i, len(o.calls))
	}
	if a := w.answer(d); a.Status != link.ERPBlocked {
		t.Errorf("%+v", a)
	}
	o.book(o.calls[4])
	if err := w.box.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
		t.Fatal(err)
	}
	w.out()
	if all := w.answers(d); len(all) != 2 || all[1].Status != link.ERPDone || len(o.calls) != 5 {
		t.Errorf("%+v after %d calls", all, len(o.calls))
	}
}

// TestOutageOutsideCountsNoAttempt: while the other side is away nothing is counted and everything else
// goes on; who is away is shown, and alarmed once.
func TestOutageOutsideCountsNoAttempt(t *testing.T) {
	w, o := newOutside(t)
	key := agenttest.OrderingKey("k")
	first, second := agenttest.Delivery("1", outside, key), agenttest.Delivery("2", outside, key)
	w.store(first, second, agenttest.Delivery("3", outside))
	o.sends(func(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
		return consumer.Away(0, errors.New("connection refused"))
	})
	w.out()
	if n := len(o.calls); n != 1 {
		t.Errorf("%d calls to who is away", n)
	}
	if s := w.e.Outside(); len(s) != 1 || s[0].Away == nil || s[0].Type != outsideCommand || !s[0].Since.Equal(w.clock.Now()) {
		t.Errorf("%+v", s)
	}
	w.store(agenttest.Delivery("inside"))
	if n := w.drain(); n != 1 {
		t.Error("inside waits for outside")
	}
	for range 60 {
		w.clock.Advance(time.Minute)
		w.out()
	}
	if i := w.item(first.Message.ID); i.State != link.ERPWaiting || i.Code != link.CodeConsumerAway || i.Attempt != 0 || i.NextTry == nil {
		t.Errorf("%+v", i)
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC WHERE TYPEMESSAGE = ?`, outsideCommand); n != 0 {
		t.Errorf("%d attempts counted", n)
	}
	if !slices.Equal(w.alarms, []link.Code{link.CodeConsumerAway}) || len(o.calls) > 61 {
		t.Errorf("alarms %v, %d calls", w.alarms, len(o.calls))
	}
	o.sends(nil)
	w.clock.Advance(time.Minute)
	w.out()
	if len(o.order) != 3 || slices.Index(o.order, "1") > slices.Index(o.order, "2") {
		t.Errorf("booked %v", o.order)
	}
	if s := w.e.Outside(); s[0].Away != nil {
		t.Errorf("%+v", s)
	}
	if a := w.answer(first); a.Status != link.ERPDone || a.OutcomeNumber != 1 {
		t.Errorf("%+v", a)
	}
}

// TestOtherSideGoneWhileACallIsPending: that nobody can be asked is no answer.
func TestOtherSideGoneWhileACallIsPending(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		o.book(c)
		return consumer.Unknown(errors.New("connection reset"))
	})
	w.out()
	o.find = func(consumer.Call) consumer.Outcome { return consumer.Away(0, errors.New("connection refused")) }
	for range 20 {
		w.clock.Advance(settles)
		w.out()
	}
	if i := w.item(d.Message.ID); len(o.calls) != 1 || i.Code != link.CodeCallUnknown || i.Attempt != 1 {
		t.Errorf("%d calls, %+v", len(o.calls), i)
	}
	o.find = nil
	w.clock.Advance(settles)
	w.out()
	w.onceBooked(o, d, "a")
}

// TestPendingCallHoldsItsKeyOnly: those behind it wait, all others go on.
func TestPendingCallHoldsItsKeyOnly(t *testing.T) {
	w, o := newOutside(t)
	key := agenttest.OrderingKey("k")
	w.store(agenttest.Delivery("1", outside, key), agenttest.Delivery("2", outside, key), agenttest.Delivery("else", outside, agenttest.OrderingKey("l")),
		agenttest.Delivery("none", outside))
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		if len(o.calls) == 1 {
			return consumer.Unknown(errors.New("timed out"))
		}
		return o.book(c)
	})
	w.out()
	if !slices.Equal(o.order, []string{"else", "none"}) {
		t.Errorf("booked %v", o.order)
	}
	w.clock.Advance(settles)
	w.out()
	if !slices.Equal(o.order, []string{"else", "none", "1", "2"}) {
		t.Errorf("booked %v", o.order)
	}
}

// TestWhatOutsideAnswersIsJudgedAsInside: no, later, and failures; a call after one that was answered has
// the same marker and tells that it is not the first.
func TestWhatOutsideAnswersIsJudgedAsInside(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	answers := []consumer.Outcome{
		consumer.Postpone(w.clock.Now().Add(time.Hour), "month end"),
		consumer.Retry(0, errors.New("disk full")),
		consumer.Reject([]link.Fault{{Code: "THEIR-NO", Pointer: "/data", Description: "não", DescriptionEn: "no"}}),
	}
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		if len(o.calls) <= len(answers) {
			return answers[len(o.calls)-1]
		}
		return o.book(c)
	})
	for i, want := range []struct {
		state   link.ERPState
		attempt int
		after   time.Duration
	}{{link.ERPWaiting, 0, time.Hour}, {link.ERPWaiting, 1, 5 * time.Minute}, {link.ERPRejected, 2, 0}} {
		w.out()
		got := w.item(d.Message.ID)
		if got.State != want.state || got.Attempt != want.attempt || want.after > 0 && !got.NextTry.Equal(w.clock.Now().Add(want.after)) {
			t.Fatalf("answer %d: %+v", i, got)
		}
		w.clock.Advance(want.after)
	}
	if a := w.answer(d); a.Status != link.ERPRejected || a.Errors[0].Code != "THEIR-NO" {
		t.Errorf("%+v", a)
	}
	if err := w.box.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
		t.Fatal(err)
	}
	w.out()
	for i, c := range o.calls {
		if c.Number != i+1 || c.Marker != o.calls[0].Marker {
			t.Errorf("call %d: %+v", i+1, c)
		}
	}
	if all := w.answers(d); o.finds != 0 || len(all) != 2 || all[1].Status != link.ERPDone {
		t.Errorf("looked for %d times, %+v", o.finds, all)
	}
}

// TestPanicOutsideMayHaveTakenEffect: it is an attempt, and looked for before the next one.
func TestPanicOutsideMayHaveTakenEffect(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		o.book(c)
		panic("lost my way")
	})
	w.out()
	if i := w.item(d.Message.ID); i.Code != link.CodeConsumerPanic || i.Attempt != 1 {
		t.Errorf("%+v", i)
	}
	w.clock.Advance(time.Hour)
	w.out()
	w.onceBooked(o, d, "a")
}

// TestResendFindsThePendingCallOfTheSameFact: another message of the same business key, or a copy with the
// same root, is not called for beside one of which nobody knows what it came to.
func TestResendFindsThePendingCallOfTheSameFact(t *testing.T) {
	for name, same := range map[string]func(first link.Message) func(*link.Message){
		"business key": func(link.Message) func(*link.Message) { return agenttest.BusinessKey("contract 1") },
		"root": func(first link.Message) func(*link.Message) {
			return func(m *link.Message) { m.RootID = first.RootID }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := newOutside(t)
			first := agenttest.Delivery("a", outside)
			same(first.Message)(&first.Message)
			second := agenttest.Delivery("a", outside, same(first.Message))
			w.store(first)
			o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
				o.book(c)
				return consumer.Unknown(errors.New("timed out"))
			})
			w.out()
			w.store(second)
			w.out()
			w.clock.Advance(settles)
			w.out()
			states := []link.ERPState{w.answer(first).Status, w.answer(second).Status}
			slices.Sort(states)
			if !slices.Equal(states, []link.ERPState{link.ERPDone, link.ERPDuplicate}) || len(o.booked) != 1 || len(o.calls) != 1 {
				t.Errorf("%v, booked %v in %d calls", states, o.booked, len(o.calls))
			}
		})
	}
}

// TestMachineThatStoodStillDoesNotCall: between writing down and calling another run may have taken over.
func TestMachineThatStoodStillDoesNotCall(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	o.sends(func(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
		return consumer.Unknown(errors.New("timed out"))
	})
	w.out()
	restless := &restless{Fake: w.clock}
	w.config.Clock = restless
	w.restart()
	w.clock.Advance(10 * time.Second)
	o.find = func(c consumer.Call) consumer.Outcome { return o.found(c) }
	w.out()
	w.clock.Advance(settles)
	o.find = func(c consumer.Call) consumer.Outcome { restless.by = settles; return o.found(c) }
	if _, err := w.e.RunOutside(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i := w.item(d.Message.ID); len(o.calls) != 1 || i.State != link.ERPWaiting || w.Int(t, `SELECT CALLS FROM SMARTLINKINTENT`) != 2 {
		t.Errorf("%d calls, %+v", len(o.calls), i)
	}
	restless.by, o.find = 0, nil
	o.sends(nil)
	w.clock.Advance(settles)
	w.out()
	w.onceBooked(o, d, "a")
}

// restless is a clock that moves on whenever it is asked.
type restless struct {
	*clock.Fake
	by time.Duration
}

func (r *restless) Now() time.Time {
	r.Advance(r.by)
	return r.Fake.Now()
}

// TestClockThatJumpsRepeatsNothingEarly: a pending call is waited for by the time that passes.
func TestClockThatJumpsRepeatsNothingEarly(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	o.sends(func(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
		return consumer.Unknown(errors.New("timed out"))
	})
	w.out()
	for _, jump := range []time.Duration{24 * time.Hour, -48 * time.Hour, 24 * time.Hour} {
		w.clock.Jump(jump)
		w.out()
	}
	w.restart() // who has not seen the call begin waits from when it sees it
	w.clock.Jump(25 * time.Hour)
	w.out()
	if len(o.calls) != 1 {
		t.Fatalf("%d calls", len(o.calls))
	}
	o.sends(nil)
	w.clock.Jump(time.Hour)
	w.clock.Advance(settles)
	w.out()
	if len(o.calls) != 2 {
		t.Errorf("%d calls", len(o.calls))
	}
	w.onceBooked(o, d, "a")
}

func TestWhatIsOutsideFollowsTheConfiguration(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", outside)
	w.store(d) // before anybody says that it is executed outside
	o := &other{t: t, docs: map[string]string{}, w: w}
	w.config.Outside = []consumer.Outside{o}
	w.restart()
	if n := w.drain(); n != 0 {
		t.Errorf("%d executed inside", n)
	}
	w.out()
	w.onceBooked(o, d, "a")

	e := agenttest.Delivery("b", outside)
	w.store(e)
	w.config.Outside = nil // and then nobody does any more
	w.config.Consumers = append(w.config.Consumers, &agenttest.Booker{Of: outsideCommand})
	w.restart()
	if n := w.drain(); n != 1 || w.answer(e).Status != link.ERPDone {
		t.Errorf("%d executed inside", n)
	}
}

// TestOutcomeIsKeptUntilItCanBeWritten: when the database does not take what a call came to, that is
// written as soon as it does, and nothing is called again.
func TestOutcomeIsKeptUntilItCanBeWritten(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	sure := true
	w.box.Guard(func() bool { return sure })
	if err := w.box.Take(t.Context(), inbox.Hold{Epoch: 1, Run: "this", Host: "here"}); err != nil {
		t.Fatal(err)
	}
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		sure = false
		return o.book(c)
	})
	for range 3 {
		if n, err := w.e.RunOutside(t.Context()); n != 0 || !errors.Is(err, inbox.ErrStandBy) {
			t.Fatalf("%d executed, %v", n, err)
		}
	}
	sure = true
	if n, err := w.e.RunOutside(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d executed, %v", n, err)
	}
	if len(o.calls) != 1 || o.finds != 0 {
		t.Errorf("%d calls, looked for %d times", len(o.calls), o.finds)
	}
	w.onceBooked(o, d, "a")
}

// TestPauseStopsOutsideToo: nothing is called, and nothing looked for.
func TestPauseStopsOutsideToo(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	if err := w.box.Desk("ana").Pause(t.Context(), "month end"); err != nil {
		t.Fatal(err)
	}
	if n := w.out(); n != 0 || len(o.calls) != 0 {
		t.Errorf("%d executed, %d calls", n, len(o.calls))
	}
	if err := w.box.Desk("ana").Resume(t.Context(), "done"); err != nil {
		t.Fatal(err)
	}
	w.out()
	w.onceBooked(o, d, "a")
}

func TestOutsideIsNotTried(t *testing.T) {
	w, o := newOutside(t)
	d := agenttest.Delivery("a", outside)
	w.store(d)
	if _, err := w.e.Try(t.Context(), d.Message.ID); link.CodeOf(err) != link.CodeRequestInvalid || len(o.calls) != 0 {
		t.Errorf("%v, %d calls", err, len(o.calls))
	}
	w.config.Consumers = append(w.config.Consumers, &agenttest.Booker{Of: outsideCommand})
	if _, err := executor.New(w.config); err == nil {
		t.Error("two consumers for a type")
	}
}

// TestSlowOutsideHoldsNobodyElseUp: while calls outside go on, as many at a time as the other side takes,
// inside is executed; calls of one key come one after the other.
func TestSlowOutsideHoldsNobodyElseUp(t *testing.T) {
	w, o := newOutside(t, func(c *executor.Config) { c.Outside[0].(*other).parallel = 3 })
	w.config.Clock = nil // the executor's pauses are real here
	w.restart()
	key := agenttest.OrderingKey("k")
	begun, release := make(chan string, 10), make(chan struct{})
	o.sends(func(_ context.Context, c consumer.Call, _ consumer.Log) consumer.Outcome {
		begun <- c.Message.OrderingKey
		<-release
		return o.book(c)
	})
	done := make(chan struct{}, 100)
	w.ways["tell"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		done <- struct{}{}
		return consumer.Done("1", nil)
	}
	w.store(agenttest.Delivery("1", outside, key), agenttest.Delivery("2", outside, key))
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); w.e.Run(ctx) }()
	keys := 1
	if <-begun != "k" {
		t.Error("another call")
	}
	w.store(agenttest.Delivery("3", outside), agenttest.Delivery("4", outside), agenttest.Delivery("5", outside)) // whoever is free takes one
	w.e.Wake()
	for range 2 {
		if <-begun == "k" {
			keys++
		}
	}
	w.store(agenttest.Delivery("inside", agenttest.Do("tell")))
	w.e.Wake()
	<-done
	if keys != 1 || len(begun) != 0 {
		t.Errorf("%d calls of a key at a time, %d more than are allowed", keys, len(begun))
	}
	close(release)
	for range 2 {
		<-begun
	}
	cancel()
	<-ran
	if len(o.order) != 5 || slices.Index(o.order, "1") > slices.Index(o.order, "2") {
		t.Errorf("booked %v", o.order)
	}
}

// TestNeverRepeatedByTwoMessagesOfOneFact: two messages for one fact look for its call at the same time, and both
// find nothing. One of them calls.
func TestNeverRepeatedByTwoMessagesOfOneFact(t *testing.T) {
	w, o := newOutside(t)
	o.sends(func(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
		return consumer.Unknown(errors.New("lost"))
	})
	var both []link.Delivery
	for _, doc := range []string{"a", "b"} {
		d := agenttest.Delivery(doc, outside, func(m *link.Message) { m.BusinessKey = "one fact" })
		both = append(both, d)
		w.store(d)
	}
	w.out()
	w.clock.Advance(settles)
	o.sends(nil)
	nested := false
	o.find = func(c consumer.Call) consumer.Outcome {
		found := o.found(c)
		if !nested { // the other one comes in between
			nested = true
			o.mu.Unlock()
			if _, err := w.e.RunOutside(t.Context()); err != nil {
				t.Error(err)
			}
			o.mu.Lock()
		}
		return found
	}
	for range 3 {
		w.out()
		w.clock.Advance(settles)
	}
	if len(o.booked) != 1 {
		t.Errorf("booked %d times", len(o.booked))
	}
	var states []link.ERPState
	for _, d := range both {
		states = append(states, w.answer(d).Status)
	}
	if slices.Sort(states); !slices.Equal(states, []link.ERPState{link.ERPDone, link.ERPDuplicate}) {
		t.Errorf("%v", states)
	}
}
