package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

var started = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// keepStore does a round of keeping on a store without an engine.
func keepStore(t *testing.T, s *sqlite.Store) queue.Kept {
	t.Helper()
	var kept queue.Kept
	for {
		step, err := s.Keep(t.Context(), queue.Keeping{Chunk: 100})
		if err != nil {
			t.Fatal(err)
		}
		if step.Op != nil {
			apply(t, s, step.Op)
		}
		kept.Moved += step.Moved
		kept.Days += step.Days
		kept.Freed += step.Freed
		if step.Done {
			return kept
		}
	}
}

// fill sends messages to a new queue and has them taken over.
func fill(t *testing.T, s *sqlite.Store, n int, body func(i int) []byte) (queue.Name, []uuid.UUID) {
	t.Helper()
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	apply(t, s, queue.OpSetup{Setup: queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3}})
	var ids []uuid.UUID
	for i := range n {
		m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: body(i)}
		apply(t, s, queue.OpPublish{Publish: queue.Publish{Message: m, Route: queue.Route{All: true}}})
		ids = append(ids, m.ID)
	}
	for taken := 0; taken < n; {
		c, err := s.Choose(t.Context(), queue.Get{Queue: q, Max: link.MaxGet, MaxBytes: link.MaxGetBytes, Lease: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		apply(t, s, c.Op)
		settle := queue.OpSettle{Queue: q}
		for _, d := range c.Deliveries {
			settle.Items = append(settle.Items, queue.Settle{Tag: d.Tag, How: queue.Ack})
		}
		if len(settle.Items) > 0 {
			apply(t, s, settle)
		}
		taken += len(settle.Items)
	}
	return q, ids
}

// random is content that does not compress and that nothing else has.
func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + rand.N(26))
	}
	return b
}

// sizeOf is how many bytes files have together.
func sizeOf(t *testing.T, pattern string) int64 {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, f := range files {
		i, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		n += i.Size()
	}
	return n
}

// TestSpaceIsGivenBack measures the files: what has moved leaves queue.db smaller, and what is past its
// retention leaves nothing.
func TestSpaceIsGivenBack(t *testing.T) {
	dir, c := t.TempDir(), clock.NewFake(started)
	path := filepath.Join(dir, "queue.db")
	s := openStore(t, path, c)
	const n, size = 600, 20 << 10
	fill(t, s, n, func(int) []byte { return random(size) })
	before := sizeOf(t, path)
	moved := keepStore(t, s)
	if moved.Moved != n {
		t.Fatalf("kept %+v", moved)
	}
	main := sizeOf(t, path)
	if main > 3<<20 {
		t.Errorf("queue.db has %d bytes after %d messages moved", main, n)
	}
	if moved.Freed < before-main || moved.Freed < n*size/2 {
		t.Errorf("queue.db went from %d to %d bytes, told of %d", before, main, moved.Freed)
	}
	days := sizeOf(t, filepath.Join(dir, "history", "*"))
	if days < n*size {
		t.Errorf("the history has %d bytes, less than its bodies", days)
	}
	c.Advance(link.Retention + 24*time.Hour)
	if got := keepStore(t, s); got.Days != 1 || got.Freed < n*size || got.Freed > days {
		t.Fatalf("kept %+v", got)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "history")); err != nil || len(left) != 0 {
		t.Errorf("left of the history: %v, %v", left, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if all := sizeOf(t, path+"*"); all > 3<<20 {
		t.Errorf("%d bytes are left", all)
	}
}

// TestMovedLeavesNoBytes looks at the bytes of queue.db: a message that has moved is in its day's file
// and not in free pages of the other.
func TestMovedLeavesNoBytes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "queue.db")
	s := openStore(t, path, clock.NewFake(started))
	mark := []byte("a word that stands in no other file")
	fill(t, s, 200, func(i int) []byte { return append(random(rand.N(3000)), mark...) })
	keepStore(t, s)
	fill(t, s, 3, func(int) []byte { return random(100) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if hasBytes(t, path, mark) {
		t.Error("queue.db still has the body of a message that has moved")
	}
	if !hasBytes(t, filepath.Join(dir, "history", "2024-03-01.db"), mark) {
		t.Error("the day's file does not have it")
	}
}

func hasBytes(t *testing.T, pattern string, want []byte) bool {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, want) {
			return true
		}
	}
	return false
}

// TestOldFilesOpen opens a queue.db of every earlier schema, which keeps what it says, and has its history
// moved. A new migration that changes what is there adds a file made by the one before.
func TestOldFilesOpen(t *testing.T) {
	files, err := filepath.Glob("testdata/queue-*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no old files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "queue.db")
			restore(t, file, path)
			c := clock.NewFake(started.Add(time.Hour))
			s := openStore(t, path, c)
			if got := keepStore(t, s); got.Moved != 4 { // the taken, the answered, the one without a queue, the answer
				t.Errorf("kept %+v", got)
			}
			tenant := uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")
			for i, want := range []link.State{link.StateAcked, link.StateAcked, link.StateAcked, link.StateDead, link.StateReady, ""} {
				id := uuid.MustParse(fmt.Sprintf("018df9e0-0000-7000-8000-00000000000%d", i))
				tr, err := s.Trace(t.Context(), tenant, id)
				if err != nil {
					t.Fatal(err)
				}
				got := link.State("")
				if len(tr.Trace.Queues) > 0 {
					got = tr.Trace.Queues[0].State
				}
				if got != want {
					t.Errorf("message %d is %q, want %q", i, got, want)
				}
				if m, err := s.Message(t.Context(), tenant, id); err != nil || string(m.Body) != fmt.Sprint("body ", i) {
					t.Errorf("body of message %d: %q, %v", i, m.Body, err)
				}
			}
			var mode int
			db, err := sqldb.OpenSQLite(t.Context(), path, 1)
			if err == nil {
				err = db.QueryRowContext(t.Context(), `PRAGMA auto_vacuum`).Scan(&mode)
				_ = db.Close()
			}
			if err != nil || mode != 2 {
				t.Errorf("an old file does not shrink: auto_vacuum %d, %v", mode, err)
			}
		})
	}
}

func restore(t *testing.T, file, path string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenSQLite(t.Context(), path, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), string(content)); err != nil {
		t.Fatal(err)
	}
}

// TestRoundIsBegunAnewAfterReopening cuts a round off at each of its steps, by opening the store anew
// with and without what finishes the step. Every message is there once all the time.
func TestRoundIsBegunAnewAfterReopening(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "queue.db"), clock.NewFake(started))
	q, ids := fill(t, s, 30, func(int) []byte { return random(10) })
	for i := 0; ; i++ {
		step, err := s.Keep(t.Context(), queue.Keeping{Chunk: 7})
		if err != nil {
			t.Fatal(err)
		}
		if step.Op != nil && i%2 == 1 {
			apply(t, s, step.Op)
		}
		if i < 8 {
			if err := s.Reopen(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else if step.Op != nil {
			apply(t, s, step.Op)
		}
		page, err := s.Browse(context.Background(), queue.Browse{Queue: q, List: queue.ListHistory, Limit: 100})
		if err != nil || len(page.Items) != len(ids) {
			t.Fatalf("after step %d: %d messages, %v", i, len(page.Items), err)
		}
		for k, e := range page.Items {
			if e.Message.ID != ids[k] {
				t.Fatalf("after step %d: message %d is another one", i, k)
			}
		}
		if step.Done {
			return
		}
	}
}

// engine runs a store with an engine that keeps nothing by itself.
func engine(t *testing.T, path string, c clock.Clock) *queue.Engine {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	e := queue.New(s, queue.Options{Clock: c, Keep: queue.KeepOptions{Every: -1, Recent: -1}})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Stop(context.Background()) })
	return e
}

// TestErasedLeavesNoBytes looks at the bytes of every file, with the logs, while the store is open: what
// was erased stands in none, and its neighbours do.
func TestErasedLeavesNoBytes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "queue.db")
	s := openStore(t, path, clock.NewFake(started))
	mark := func(i int) []byte { return fmt.Appendf(nil, "<secret number %d>", i) }
	q, ids := fill(t, s, 120, func(i int) []byte {
		return bytes.Join([][]byte{mark(i), random(rand.N(1 << (4 + i%11))), mark(i)}, nil)
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	e := engine(t, path, clock.NewFake(started))
	anywhere := func(i int) bool {
		if hasBytes(t, path+"*", mark(i)) {
			return true
		}
		days, err := filepath.Glob(filepath.Join(dir, "history", "*"))
		return err == nil && len(days) > 0 && hasBytes(t, filepath.Join(dir, "history", "*"), mark(i))
	}
	erase := func(from, to int) {
		t.Helper()
		for i := from; i < to; i += 2 {
			if err := e.Erase(t.Context(), queue.Erase{Tenant: q.Tenant, ID: ids[i], By: "maria", Reason: "asked for"}); err != nil {
				t.Fatal(err)
			}
		}
		for i := from; i < to; i++ {
			if gone := i%2 == 0; anywhere(i) == gone {
				t.Errorf("message %d: found in the files %v, erased %v", i, !gone, gone)
			}
		}
	}
	erase(0, 40) // in queue.db
	if _, err := e.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	erase(0, 80) // in the history, some again
	if err := e.Purge(t.Context(), queue.Purge{Tenant: q.Tenant, Before: started.Add(time.Hour), Progress: func(int, int) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	for i := range ids {
		if anywhere(i) {
			t.Errorf("message %d is in the files after all of its tenant went", i)
		}
	}
}
