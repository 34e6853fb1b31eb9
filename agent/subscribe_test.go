package agent

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// TestSubscriptionsStandWhenStartReturns: a sender that waited for the agent finds the route.
func TestSubscriptionsStandWhenStartReturns(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a, err := New(w.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.a = a
		if n := w.hub.setupCount(); n != 1 {
			t.Errorf("%d setups", n)
		}
	})
}

// TestCommandsThatAreNotGrantedDoNotStopTheOthers: an agent that learnt a command before its tenant's
// administrator granted it goes on with those it had, and gets the new one once it is granted.
func TestCommandsThatAreNotGrantedDoNotStopTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var all atomic.Bool
		w.hub.granted = func(messageType string) bool { return all.Load() || messageType == agenttest.Command }
		w.cfg.Consumers = append(w.cfg.Consumers, named{&agenttest.Booker{}, "ANewCommand"}, named{&agenttest.Booker{}, "ZNewCommand"})
		w.start()
		w.hub.put(agenttest.Delivery("a"))
		synctest.Wait()
		if got := w.hub.subscriptions(); !slices.Equal(got, []string{agenttest.Command}) || len(w.hub.of(response)) != 1 {
			t.Errorf("subscribed to %v, %d answers", got, len(w.hub.of(response)))
		}
		if n := w.a.alarms.all()[link.CodeSubForbidden]; n != 1 {
			t.Errorf("%d alarms", n)
		}
		after(9 * time.Minute)
		if n := w.hub.setupCount(); n != 2 {
			t.Errorf("%d setups: it does not wait", n)
		}
		all.Store(true)
		after(2 * time.Minute)
		if got := w.hub.subscriptions(); !slices.Equal(got, []string{"ANewCommand", agenttest.Command, "ZNewCommand"}) {
			t.Errorf("subscribed to %v", got)
		}
		before := w.hub.setupCount()
		after(time.Hour)
		if w.hub.setupCount() != before {
			t.Error("it asks on although all is granted")
		}
	})
}

// TestNothingGrantedIsNoQueue: an agent that may receive none of its commands says so and tries again.
func TestNothingGrantedIsNoQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.hub.granted = func(string) bool { return false }
		w.start()
		after(5 * time.Minute)
		if got := w.hub.subscriptions(); !slices.Equal(got, []string{agenttest.Command}) || w.hub.setupCount() < 4 {
			t.Errorf("subscribed to %v in %d setups", got, w.hub.setupCount())
		}
	})
}

func TestQueueThatIsGoneIsSetUpAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		first := true
		w.hub.onGet = func(ctx context.Context) ([]link.Delivery, error) {
			if first {
				first = false
				return nil, refusal(http.StatusConflict, link.CodeNoQueue)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		w.start()
		after(2 * time.Second)
		if w.hub.setupCount() != 2 {
			t.Errorf("%d setups", w.hub.setupCount())
		}
	})
}

// named is a consumer under another type.
type named struct {
	consumer.Consumer
	messageType string
}

func (n named) Type() string { return n.messageType }
