package sqlite_test

import (
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// TestRequestsOfEarlierVersionsAreRecognised: their names in the dedupe window were other ones.
func TestRequestsOfEarlierVersionsAreRecognised(t *testing.T) {
	c := clock.NewFake(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))
	path := filepath.Join(t.TempDir(), "queue.db")
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	sender := link.NewClientID()
	publish := func(s *sqlite.Store, key string) queue.PublishResult {
		t.Helper()
		m := link.Message{
			ID: link.NewID(), TenantID: q.Tenant, Sender: link.Sender{ClientID: sender}, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("x"),
		}
		results, err := s.Apply(t.Context(), 0, []queue.Op{queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}, Dedupe: &queue.Dedupe{Key: key}}}})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
		return results[0].Publish
	}
	id := link.NewID().String()
	keys := []string{id, "instalment-3"}
	firsts := map[string]queue.PublishResult{}
	s := openStore(t, path, c)
	apply(t, s, queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}})
	for _, key := range keys {
		firsts[key] = publish(s, key)
	}
	if other := publish(s, "other "+id); other.Duplicate {
		t.Error("another key is taken for a repeat")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenSQLite(t.Context(), path, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		old := sha256.Sum256([]byte(string(q.Tenant[:]) + string(sender) + "\x00" + key))
		first := firsts[key].ID
		if _, err := db.ExecContext(t.Context(), `UPDATE dedupe SET key = ? WHERE id = ?`, old[:16], first[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, c)
	for _, key := range keys {
		if again := publish(s, key); !again.Duplicate || again.ID != firsts[key].ID {
			t.Errorf("%q is not recognised: %+v, want %v", key, again, firsts[key].ID)
		}
	}
	if fresh := publish(s, link.NewID().String()); fresh.Duplicate {
		t.Error("a new key is taken for a repeat")
	}
	// Beyond the window it is a request like any other.
	c.Advance(link.DedupeWindow)
	if again := publish(s, id); again.Duplicate {
		t.Error("a request past the window is recognised")
	}
}
