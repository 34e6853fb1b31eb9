package postgres_test

import (
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestWhatAnotherHubChanged: a hub that remembers how things were does what they are now.
func TestWhatAnotherHubChanged(t *testing.T) {
	dsn := database(t)
	list := hubs(t, dsn, 2)
	one, other := list[0], list[1]
	q := makeQueue(t, one, link.NewID())
	get := func(h hub, most int) []link.Delivery {
		t.Helper()
		got, err := h.Get(t.Context(), queue.Get{Queue: q, Max: most})
		must(t, err)
		return got
	}
	publish := func(want ...queue.Name) {
		t.Helper()
		r, err := one.Publish(t.Context(), newMessage(q.Tenant))
		must(t, err)
		if len(r.Queues) != len(want) {
			t.Errorf("sent to %v, want %v", r.Queues, want)
		}
	}
	settle := func(h hub, tag int64, how queue.How) link.Code {
		t.Helper()
		each, err := h.Settle(t.Context(), q, []queue.Settle{{Tag: tag, How: how}})
		must(t, err)
		return link.CodeOf(each[0])
	}

	publish(q)
	publish(q)
	second := makeQueue(t, other, q.Tenant)
	publish(q, second)
	_, err := other.Setup(t.Context(), queue.Setup{Queue: second, RequeueCountMax: 3})
	must(t, err)
	publish(q)

	// A lease that another hub ended is over, whatever became of the message.
	got := get(one, 3)
	if code := settle(other, got[0].Tag, queue.Ack); code != "" {
		t.Errorf("at the other hub: %s", code)
	}
	if code := settle(one, got[0].Tag, queue.Requeue); code != link.CodeLeaseEnded {
		t.Errorf("acknowledged at the other hub: %q", code)
	}
	if code := settle(other, got[1].Tag, queue.Release); code != "" {
		t.Errorf("at the other hub: %s", code)
	}
	again := get(other, 1)
	if len(again) != 1 || again[0].Message.ID != got[1].Message.ID {
		t.Fatalf("got %+v", again)
	}
	if code := settle(one, got[1].Tag, queue.Ack); code != link.CodeLeaseEnded {
		t.Errorf("leased anew at the other hub: %q", code)
	}
	if code := settle(other, again[0].Tag, queue.Ack); code != "" {
		t.Errorf("the new lease: %s", code)
	}
	each, err := one.Settle(t.Context(), second, []queue.Settle{{Tag: got[2].Tag, How: queue.Ack}})
	must(t, err)
	if link.CodeOf(each[0]) != link.CodeTagUnknown {
		t.Errorf("a tag of another queue: %v", each[0])
	}

	// Something is ready as far as the hub knows, but the queue was paused.
	must(t, other.Pause(t.Context(), queue.Pause{Queue: q, Pause: true}))
	if got := get(one, 1); len(got) != 0 {
		t.Errorf("a paused queue gave %d", len(got))
	}
	must(t, other.Pause(t.Context(), queue.Pause{Queue: q}))
	if got := get(one, 1); len(got) != 1 {
		t.Errorf("the queue gave %d", len(got))
	}
	if got := get(one, 1); len(got) != 0 {
		t.Errorf("an empty queue gave %d", len(got))
	}

	// The limit of requeues is the one of now.
	if code := settle(one, got[2].Tag, queue.Requeue); code != "" {
		t.Errorf("the last lease: %s", code)
	}
	_, err = other.Setup(t.Context(), queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 0})
	must(t, err)
	publish(q)
	last := get(one, 1)
	if code := settle(one, last[0].Tag, queue.Requeue); code != "" {
		t.Errorf("past the limit: %s", code)
	}
	trace, err := one.Trace(t.Context(), q.Tenant, last[0].Message.ID)
	must(t, err)
	if trace.Trace.Queues[0].State != link.StateDead {
		t.Errorf("past the limit it is %s", trace.Trace.Queues[0].State)
	}
}
