package sqlite_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/powercut"
	"smartlink/link"
)

var powerCuts = flag.Int("cuts", 20, "at how many moments TestPowerCut cuts the power")

// never is a moment after all others.
const never = int(^uint(0) >> 1)

// fact is what callers know of one message: from when on it must be there, and between which moments
// it may have been acknowledged.
type fact struct {
	sent         int // its send had returned
	acking, done int // its ack was on its way, had returned
}

// TestPowerCut cuts the power at random moments while messages are sent, got and acknowledged. Whatever
// had returned by then holds afterwards, nothing happened that nobody asked for, and the file is whole.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	r := powercut.Record(t, dir)
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	facts := work(t, r, filepath.Join(dir, "queue.db"), q)
	seed := rand.Uint64()
	t.Logf("seed %d, %d moments", seed, r.Now())
	chance := rand.New(rand.NewPCG(seed, 0))
	syncs := r.Syncs()
	for i := range *powerCuts {
		moment := chance.IntN(r.Now() + 1)
		if i%2 == 0 {
			moment = syncs[chance.IntN(len(syncs))] + chance.IntN(2)
		}
		lookAfter(t, filepath.Join(r.Rebuild(t, moment, chance), "queue.db"), q, facts, moment)
		if t.Failed() {
			return
		}
	}
}

// work lets several callers send, and others get and acknowledge, until all is done.
func work(t *testing.T, r *powercut.Recorder, path string, q queue.Name) map[uuid.UUID]*fact {
	t.Helper()
	const senders, each = 8, 30
	e := start(t, path)
	opened := r.Writes(filepath.Base(path))
	if _, err := e.Setup(t.Context(), queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	facts := map[uuid.UUID]*fact{}
	note := func(id uuid.UUID, change func(*fact)) {
		mu.Lock()
		defer mu.Unlock()
		if facts[id] == nil {
			facts[id] = &fact{sent: never, acking: never, done: never}
		}
		change(facts[id])
	}
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for range each {
				p := publish(q)
				if _, err := e.Publish(t.Context(), p); err != nil {
					t.Errorf("publish: %v", err)
				}
				now := r.Now()
				note(p.Message.ID, func(f *fact) { f.sent = now })
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for taken := 0; taken < senders*each/4; { // half of all stays
				got, err := e.Get(t.Context(), queue.Get{Queue: q, Max: 7, MaxBytes: link.MaxGetBytes, Wait: time.Second, Lease: time.Minute})
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				taken += len(got)
				items := make([]queue.Settle, len(got))
				begun := r.Now()
				for i, d := range got {
					items[i] = queue.Settle{Tag: d.Tag, How: queue.Ack}
					note(d.Message.ID, func(f *fact) { f.acking = begun })
				}
				if _, err := e.Settle(t.Context(), q, items); err != nil {
					t.Errorf("ack: %v", err)
				}
				now := r.Now()
				for _, d := range got {
					note(d.Message.ID, func(f *fact) { f.done = now })
				}
			}
		})
	}
	all.Wait()
	if r.Writes(filepath.Base(path)) == opened {
		t.Error("the log was never moved, so no cut can fall into that")
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return facts
}

func publish(q queue.Name) queue.Publish {
	return queue.Publish{
		Message: link.Message{
			ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte(fmt.Sprintf("%01000d", rand.Uint64())),
		},
		Route: queue.Route{All: true, Optional: true},
	}
}

func start(t *testing.T, path string) *queue.Engine {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{LogPages: 20})
	if err != nil {
		t.Fatalf("%s does not open: %v", path, err)
	}
	e := queue.New(s, queue.Options{})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// lookAfter compares what a cut has left with what was known at its moment.
func lookAfter(t *testing.T, path string, q queue.Name, facts map[uuid.UUID]*fact, moment int) {
	t.Helper()
	e := start(t, path)
	waiting := map[uuid.UUID]bool{}
	for id, f := range facts {
		traced, err := e.Trace(t.Context(), q.Tenant, id)
		if err != nil {
			if f.sent <= moment {
				t.Errorf("cut at %d: message %s, sent at %d, is lost: %v", moment, id, f.sent, err)
			}
			continue
		}
		for _, in := range traced.Trace.Queues {
			acked := in.State == link.StateAcked
			if f.done <= moment && !acked {
				t.Errorf("cut at %d: message %s, acknowledged at %d, is %s", moment, id, f.done, in.State)
			}
			if f.acking > moment && acked {
				t.Errorf("cut at %d: message %s is acknowledged, which was asked at %d", moment, id, f.acking)
			}
			waiting[id] = !acked
		}
	}
	drain(t, e, q, waiting)
	if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	whole(t, path)
}

// drain gets what waits: each message once, and none that does not wait.
func drain(t *testing.T, e *queue.Engine, q queue.Name, waiting map[uuid.UUID]bool) {
	t.Helper()
	for {
		got, err := e.Get(t.Context(), queue.Get{Queue: q, Max: link.MaxGet, MaxBytes: link.MaxGetBytes, Lease: time.Minute})
		if link.CodeOf(err) == link.CodeNoQueue && len(waiting) == 0 {
			return // cut before the queue was made
		}
		if err != nil {
			t.Errorf("get: %v", err)
			return
		}
		if len(got) == 0 {
			break
		}
		for _, d := range got {
			if !waiting[d.Message.ID] {
				t.Errorf("message %s is delivered, and does not wait", d.Message.ID)
			}
			waiting[d.Message.ID] = false
		}
	}
	for id, still := range waiting {
		if still {
			t.Errorf("message %s waits and is not delivered", id)
		}
	}
}

// whole checks every page and index of a file.
func whole(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var says string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		t.Errorf("integrity check: %s, %v", says, err)
	}
}
