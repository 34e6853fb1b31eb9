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
	if anew < 1 || most > int64(s.opt.LogPages)+(logLook+logPasses+2)*group {
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

// TestEraseInTheGroupOfThePublish: what a group still has to write of a message is there for the operation that
// erases it.
func TestEraseInTheGroupOfThePublish(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "queue.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m := link.Message{ID: link.NewID(), TenantID: link.NewID(), Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("x")}
	results, err := s.Apply(t.Context(), 0, []queue.Op{
		queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true, Optional: true}, Keys: [][]byte{[]byte("a"), []byte("b")}}},
		queue.OpErase{Erase: queue.Erase{Tenant: m.TenantID, ID: m.ID, By: "somebody", Reason: "asked for", Force: true}},
	})
	if err != nil || results[0].Err != nil || results[1].Err != nil {
		t.Fatal(results, err)
	}
	var keys int
	if err := s.reader.QueryRowContext(t.Context(), `SELECT count(*) FROM search`).Scan(&keys); err != nil || keys != 0 {
		t.Errorf("%d keys are left, %v", keys, err)
	}
}
