package sqlite_test

import (
	"database/sql"
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

// TestRequestsOfAnEarlierVersion opens a file in which requests have their old names: they are recognised
// for the window, and not longer.
func TestRequestsOfAnEarlierVersion(t *testing.T) {
	c := clock.NewFake(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))
	path := filepath.Join(t.TempDir(), "queue.db")
	s := openStore(t, path, c)
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	apply(t, s, queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}})
	m := link.Message{TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("x")}
	send := func(key string) queue.PublishResult {
		t.Helper()
		m.ID = link.NewID()
		r, err := s.Apply(t.Context(), 0, []queue.Op{queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}, Dedupe: &queue.Dedupe{Key: key}}}})
		if err != nil || r[0].Err != nil {
			t.Fatal(err, r[0].Err)
		}
		return r[0].Publish
	}
	key := link.NewID().String()
	first := send(key)
	earlier(t, path, s, &m, key)
	if err := s.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Advance(link.DedupeWindow - time.Microsecond)
	if again := send(key); !again.Duplicate || again.ID != first.ID || len(again.Queues) != 1 {
		t.Errorf("a repeat is answered %+v, the first was %s", again, first.ID)
	}
	c.Advance(time.Microsecond)
	if again := send(key); again.Duplicate {
		t.Errorf("a repeat past the window is answered %+v", again)
	}
}

// earlier closes a store and leaves its file as migration 10 leaves one of a version before.
func earlier(t *testing.T, path string, s *sqlite.Store, m *link.Message, key string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := queue.RequestDigest(m, key)
	old, _ := queue.OldRequestDigest(m, key)
	r, err := db.ExecContext(t.Context(), `UPDATE dedupe SET key = ? WHERE key = ?`, old[:], now[:])
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%d requests stand under their name, %v", n, err)
	}
	migration, err := os.ReadFile("migrations/00010_requests.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, up, _ := strings.Cut(string(migration), "-- +goose Up")
	up, _, _ = strings.Cut(up, "-- +goose Down")
	if _, err := db.ExecContext(t.Context(), `DELETE FROM meta WHERE name = 'old_requests'; `+up); err != nil {
		t.Fatal(err)
	}
}
