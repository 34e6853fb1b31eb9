package sqlite

import (
	"path/filepath"
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestLogBeginsAnew writes several times what the log is moved at: it stays about so large, and what moved beside
// the writing is there after the next opening.
func TestLogBeginsAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	apply := func(ops ...queue.Op) {
		t.Helper()
		if _, err := s.Apply(t.Context(), 0, ops); err != nil {
			t.Fatal(err)
		}
		s.mover.passed.Wait()
	}
	apply(queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}})
	const groups, each = 50, 90
	anew, last, most := 0, int64(0), int64(0)
	for range groups {
		ops := make([]queue.Op, each)
		for i := range ops {
			m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: make([]byte, 4000)}
			ops[i] = queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}}}
		}
		apply(ops...)
		var busy, pages, moved int64
		if err := s.reader.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(NOOP)`).Scan(&busy, &pages, &moved); err != nil {
			t.Fatal(err)
		}
		if pages < last {
			anew++
		}
		last, most = pages, max(most, pages)
	}
	const group = 2 * each // pages, and more
	if anew < 1 || most > logPages+(logLook+logPasses+2)*group {
		t.Errorf("the log began anew %d times, had up to %d pages", anew, most)
	}
	if err := s.Reopen(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts, err := s.Count(t.Context(), q.Tenant)
	if err != nil || len(counts) != 1 || counts[0].Found[link.StateReady] != groups*each {
		t.Errorf("counts %+v, %v", counts, err)
	}
}
