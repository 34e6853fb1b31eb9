package sqlite

import (
	"path/filepath"
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestFullTagCounterRaisesEpoch gets past the last tag of an epoch: the epoch goes up, durably, and
// leases of the old one can still be settled.
func TestFullTagCounterRaisesEpoch(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "queue.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := queue.New(s, queue.Options{})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Stop(t.Context()) }()
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	if _, err := e.Setup(t.Context(), queue.Setup{Queue: q, Subscriptions: []string{"A"}}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy}
		if _, err := e.Publish(t.Context(), queue.Publish{Message: m, Route: queue.Route{All: true}}); err != nil {
			t.Fatal(err)
		}
	}
	s.memory.mu.Lock()
	s.memory.counter = lastTag - 1
	epoch := s.memory.epoch
	s.memory.mu.Unlock()
	var items []queue.Settle
	for range 3 {
		got, err := e.Get(t.Context(), queue.Get{Queue: q})
		if err != nil || len(got) != 1 {
			t.Fatalf("got %v, %v", got, err)
		}
		items = append(items, queue.Settle{Tag: got[0].Tag, How: queue.Ack})
	}
	for i, want := range []int64{epoch<<tagBits | lastTag, (epoch+1)<<tagBits | 1, (epoch+1)<<tagBits | 2} {
		if items[i].Tag != want {
			t.Errorf("tag %d is %#x, want %#x", i, items[i].Tag, want)
		}
	}
	each, err := e.Settle(t.Context(), q, items)
	if err != nil || each[0] != nil || each[1] != nil || each[2] != nil {
		t.Errorf("settle: %v, %v", each, err)
	}
	if err := s.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.memory.epoch <= epoch+1 {
		t.Errorf("epoch %d after the opening, was %d", s.memory.epoch, epoch+1)
	}
}
