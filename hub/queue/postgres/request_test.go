package postgres_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestRequestsOfAnEarlierVersion opens a database in which requests have their old names: they are
// recognised for the window, and not longer, whether they are sent alone or with others.
func TestRequestsOfAnEarlierVersion(t *testing.T) {
	dsn := database(t)
	empty(t, dsn)
	c := clock.NewFake(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC))
	s, err := postgres.Open(t.Context(), dsn, postgres.Options{Clock: c, Alone: true})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	lane := s.Lane(q.Tenant)
	_, err = s.Apply(t.Context(), lane, []queue.Op{queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}}})
	must(t, err)
	m := link.Message{TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("x")}
	send := func(keys ...string) []queue.PublishResult {
		t.Helper()
		var ops []queue.Op
		for _, key := range keys {
			m.ID = link.NewID()
			ops = append(ops, queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}, Dedupe: &queue.Dedupe{Key: key}}})
		}
		results, err := s.Apply(t.Context(), lane, ops)
		must(t, err)
		var sent []queue.PublishResult
		for _, r := range results {
			must(t, r.Err)
			sent = append(sent, r.Publish)
		}
		return sent
	}
	key := link.NewID().String()
	first := send(key)[0]

	now := queue.RequestDigest(&m, key)
	old, _ := queue.OldRequestDigest(&m, key)
	a := admin(t, dsn)
	tag, err := a.Exec(t.Context(), `UPDATE dedupe SET key = $1 WHERE tenant = $2 AND key = $3`, old, q.Tenant, now)
	must(t, err)
	if tag.RowsAffected() != 1 {
		t.Fatalf("%d requests stand under their name", tag.RowsAffected())
	}
	migration, err := os.ReadFile("migrations/00008_requests.sql")
	must(t, err)
	_, up, _ := strings.Cut(string(migration), "-- +goose Up")
	up, _, _ = strings.Cut(up, "-- +goose Down")
	_, err = a.Exec(t.Context(), `DELETE FROM meta WHERE name = 'old_requests'; `+up)
	must(t, err)
	must(t, s.Reopen(t.Context()))
	send(link.NewID().String()) // the store remembers where to from now on
	c.Advance(link.DedupeWindow - time.Microsecond)
	again := send(key, link.NewID().String(), key)
	if !again[0].Duplicate || again[0].ID != first.ID || len(again[0].Queues) != 1 || again[1].Duplicate || !again[2].Duplicate || again[2].ID != first.ID {
		t.Errorf("a repeat, another and a repeat are answered %+v, the first was %s", again, first.ID)
	}
	c.Advance(time.Microsecond)
	if again := send(key)[0]; again.Duplicate {
		t.Errorf("a repeat past the window is answered %+v", again)
	}
}
