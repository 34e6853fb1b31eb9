package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlink/internal/clock"
	"smartlink/link"
)

// TestCallersComeAndGo has callers go at any moment of their messages' way, some refused, some repeated. Everybody is told,
// by the caller before them if need be; whoever is told something about a message is told the truth; memory that a message
// stood in never makes another one of what its caller sent.
func TestCallersComeAndGo(t *testing.T) {
	const callers, each = 48, 40
	var mu sync.Mutex
	seen := map[string]string{} // body by key, of what is stored
	tries := map[string]int{}
	var notSent []string
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		var in link.BatchRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			problem(w, link.CodeBodyNotJSON)
			return
		}
		out := link.BatchResponse{Results: make([]link.BatchResult, len(in.Messages))}
		mu.Lock()
		defer mu.Unlock()
		for i, m := range in.Messages {
			tries[m.IdempotencyKey]++
			code := link.Code("")
			switch {
			case strings.HasPrefix(m.IdempotencyKey, "refused"):
				code = link.CodeNoRoute
			case strings.HasPrefix(m.IdempotencyKey, "again") && tries[m.IdempotencyKey] == 1:
				code = link.CodeUnavailable
			}
			if code != "" {
				p := link.NewError(code).Problem(link.English, "")
				out.Results[i] = link.BatchResult{Status: p.Status, Problem: p}
				continue
			}
			if before, known := seen[m.IdempotencyKey]; known && before != *m.Content {
				t.Errorf("%s says %q and then %q", m.IdempotencyKey, before, *m.Content)
			}
			seen[m.IdempotencyKey] = *m.Content
			out.Results[i] = link.BatchResult{Status: 202, SendResponse: &link.SendResponse{MessageID: idOf(m.IdempotencyKey), Queues: []string{"q"}}}
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	c := h.client(t)
	c.cfg.Retry.Base, c.cfg.Retry.Attempts = time.Microsecond, 3
	s := NewSender(c, SenderOptions{Batch: 8})
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			for i := range each {
				kind := []string{"stored", "again", "refused", "goes"}[(n+i)%4]
				key := fmt.Sprintf("%s %d of %d", kind, i, n)
				body := fmt.Sprintf(`{"is":%q,"long":%q}`, key, strings.Repeat("x", (n*i)%300))
				ctx, leave := context.WithCancel(t.Context())
				if kind == "goes" {
					go func() {
						for range (n * i) % 50 {
							runtime.Gosched()
						}
						leave()
					}()
				}
				r, err := s.Send(ctx, Message{Type: "Note", Body: []byte(body), IdempotencyKey: key})
				leave()
				mu.Lock()
				stored := seen[key]
				if err != nil && strings.Contains(err.Error(), "not sent") {
					notSent = append(notSent, key)
				}
				mu.Unlock()
				switch p, _ := errors.AsType[*link.Problem](err); {
				case err == nil && (stored != body || r.MessageID != idOf(key)):
					t.Errorf("%s: told it is stored as %s, stored is %q", key, r.MessageID, stored)
				case err == nil || p != nil && kind == "refused" && p.Code == link.CodeNoRoute:
				case kind != "goes" || !errors.Is(err, context.Canceled):
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
	all.Wait()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	mu.Lock() // the hub may still be at a request that nobody waits for
	defer mu.Unlock()
	for _, key := range notSent {
		if tries[key] > 0 {
			t.Errorf("%s: told it is not sent, and it was", key)
		}
	}
	for key, body := range seen {
		if !strings.Contains(body, fmt.Sprintf("%q", key)) {
			t.Errorf("%s says %q", key, body)
		}
	}
}

// ownContext is somebody's own context, of which nothing is to be expected.
type ownContext struct{ context.Context }

func (ownContext) Done() <-chan struct{} { panic("this context cannot tell") }

// TestAPanicInACallersContextHurtsNoOther: what a caller's context does is over before others wait for the caller.
func TestAPanicInACallersContextHurtsNoOther(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	s := h.sender(t, SenderOptions{Flights: 1, Linger: time.Hour})
	results := company(t, s, arrived, note("a"))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = s.Send(ownContext{t.Context()}, note("wild"))
	}()
	more := make(chan error)
	go func() { _, err := s.Send(t.Context(), note("b")); more <- err }()
	s.waits(t, 2)
	stop := letAll(arrived, pass)
	defer stop()
	if err := <-more; err != nil {
		t.Error(err)
	}
	if _, failed := results(); failed["first"] != nil || failed["a"] != nil {
		t.Error(failed)
	}
}

// TestWhoWaitsForCompanyGoesInTime: beside a request under way, a message alone waits as long as Linger says, and no longer.
func TestWhoWaitsForCompanyGoesInTime(t *testing.T) {
	before, arrived, pass := hold()
	c := newBatchHub(t, before).client(t)
	clk := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	c.clock = clk
	s := NewSender(c, SenderOptions{Linger: time.Second})
	results := company(t, s, arrived, note("alone"))
	clk.Advance(time.Second - 1)
	s.waits(t, 1)
	if n := clk.Timers(); n != 1 {
		t.Fatalf("%d timers", n)
	}
	clk.Advance(1)
	<-arrived // beside the first one, which is held
	pass <- struct{}{}
	pass <- struct{}{}
	if _, failed := results(); failed["first"] != nil || failed["alone"] != nil {
		t.Error(failed)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTooManyWaitToBeLetIn: what waits is bounded; who is over the bound goes later, or leaves without a trace.
func TestTooManyWaitToBeLetIn(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	s := h.sender(t, SenderOptions{Flights: 1, Linger: time.Hour, Batch: link.MaxBatch})
	list := make([]Message, maxSenderWaiting)
	for i := range list {
		list[i] = note(fmt.Sprint(i))
	}
	results := company(t, s, arrived, list...)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.Send(ctx, note("leaves")); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "not sent") {
		t.Error(err)
	}
	over := make(chan error)
	go func() { _, err := s.Send(t.Context(), note("over")); over <- err }()
	for bounded := false; !bounded && t.Context().Err() == nil; {
		s.mu.Lock()
		waiting := len(s.waiting)
		bounded = s.room != nil
		s.mu.Unlock()
		if waiting != maxSenderWaiting {
			t.Errorf("%d wait", waiting)
			break
		}
	}
	stop := letAll(arrived, pass)
	defer stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	done, failed := results()
	for key := range done {
		if failed[key] != nil {
			t.Errorf("%s: %v", key, failed[key])
		}
	}
	if n := len(done); n != maxSenderWaiting+1 {
		t.Errorf("%d were told", n)
	}
	for _, r := range h.seen() {
		if len(r) > link.MaxBatch || slices.Contains(r, "leaves") {
			t.Errorf("a request of %d messages: %q", len(r), r[0])
		}
	}
}

// TestWhoGoesHasTheNextTold: callers that go leave nobody untold who was answered together with them, whether they go
// before the answer or while it is on its way to them.
func TestWhoGoesHasTheNextTold(t *testing.T) {
	f := newFlight(NewSender(newFakeHub(t, nil).client(t), SenderOptions{}), 4)
	list := make([]*outgoing, 4)
	for i := range list {
		list[i] = &outgoing{done: make(chan struct{}, 1)}
		f.take(list[i])
	}
	leaves := func() error { return context.Canceled }
	if _, err := list[1].give(leaves); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "unknown") {
		t.Error(err)
	}
	f.settle(f.left, make([]Sent, 4))
	<-list[0].done
	if _, err := list[0].told(); err != nil {
		t.Error(err)
	}
	if _, err := list[2].give(leaves); err != nil {
		t.Errorf("it was answered before it went: %v", err)
	}
	select {
	case <-list[3].done:
	default:
		t.Error("the last one is not told")
	}
	if f.ctx.Err() != nil {
		t.Error("the flight was given up before it flew")
	}
	f.unwanted()
	if f.ctx.Err() == nil {
		t.Error("nobody waits, and the flight goes on")
	}
}
