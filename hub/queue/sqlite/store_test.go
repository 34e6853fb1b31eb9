package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestOpenTells says what is wrong with a file that is none of ours.
func TestOpenTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v does not name the file", err)
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "missing", "queue.db"), sqlite.Options{}); err == nil {
		t.Error("a file in a folder that is missing was opened")
	}
}

// TestLeaseEndedBeforeItsRecord is a reader whose messages were read so slowly that the lease ended
// before it was recorded: no trace of it may stop the next opening, and nothing is lost.
func TestLeaseEndedBeforeItsRecord(t *testing.T) {
	c := clock.NewFake(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))
	s := openStore(t, filepath.Join(t.TempDir(), "queue.db"), c)
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	apply(t, s, queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}})
	m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("x")}
	apply(t, s, queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}}})
	chosen, err := s.Choose(t.Context(), queue.Get{Queue: q, Max: 1, MaxBytes: link.MaxGetBytes, Lease: time.Minute})
	if err != nil || len(chosen.Deliveries) != 1 {
		t.Fatalf("chosen %v, %v", chosen.Deliveries, err)
	}
	c.Advance(time.Minute)
	apply(t, s, queue.OpTick{}, chosen.Op)
	for range 2 {
		if err := s.Reopen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	again, err := s.Choose(t.Context(), queue.Get{Queue: q, Max: 1, MaxBytes: link.MaxGetBytes, Lease: time.Minute})
	for err == nil && again.Then == queue.ThenAgain && again.Op != nil {
		apply(t, s, again.Op)
		again, err = s.Choose(t.Context(), queue.Get{Queue: q, Max: 1, MaxBytes: link.MaxGetBytes, Lease: time.Minute})
	}
	if err != nil || len(again.Deliveries) != 1 || again.Deliveries[0].Attempt != 2 || again.Deliveries[0].LostCount != 1 {
		t.Fatalf("deliveries %+v, %v", again.Deliveries, err)
	}
}

func openStore(t *testing.T, path string, c clock.Clock) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func apply(t *testing.T, s *sqlite.Store, ops ...queue.Op) {
	t.Helper()
	results, err := s.Apply(context.Background(), 0, ops)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}
