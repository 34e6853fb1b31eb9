package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"smartlink/hub/queue"
	"smartlink/hub/queue/queuetest"
	"smartlink/hub/queue/sqlite"
	"smartlink/link"
)

// benchLoad opens an engine on a real disk: SMARTLINK_BENCH_DIR, else the test's folder.
func benchLoad(b *testing.B, callers int) *queuetest.Load {
	b.Helper()
	dir := b.TempDir()
	if at := os.Getenv("SMARTLINK_BENCH_DIR"); at != "" {
		var err error
		if dir, err = os.MkdirTemp(at, "bench"); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	store, err := sqlite.Open(b.Context(), filepath.Join(dir, "queue.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return queuetest.StartLoad(b, store, callers, 1024)
}

// BenchmarkSend is durable sends of 1 KiB by 128 callers.
func BenchmarkSend(b *testing.B) {
	load := benchLoad(b, 128)
	b.ReportAllocs()
	b.ResetTimer()
	perSecond, err := load.Send(b.Context(), b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(perSecond, "sends/s")
}

// BenchmarkGetAck is get and ack in batches of 32 by 4 readers.
func BenchmarkGetAck(b *testing.B) {
	load := benchLoad(b, 128)
	if _, err := load.Send(b.Context(), b.N+4*32); err != nil {
		b.Fatal(err)
	}
	load.Callers = 4
	b.ReportAllocs()
	b.ResetTimer()
	perSecond, err := load.Drain(b.Context(), b.N, 32)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(perSecond, "messages/s")
}

// BenchmarkGetBesideStuck is get and ack of one message of another key while 100,000 messages stand
// behind one that is leased; the same on an empty queue is what it costs without them.
func BenchmarkGetBesideStuck(b *testing.B) {
	for _, behind := range []int{0, 100_000} {
		b.Run(fmt.Sprint(behind), func(b *testing.B) {
			load := benchLoad(b, 128)
			load.Key = "stuck"
			if _, err := load.Send(b.Context(), behind+1); err != nil {
				b.Fatal(err)
			}
			if _, err := load.Engine.Get(b.Context(), queue.Get{Queue: load.Queue(), Lease: link.MaxLease}); err != nil {
				b.Fatal(err)
			}
			load.Callers, load.Key = 1, ""
			for b.Loop() {
				if _, err := load.Send(b.Context(), 1); err != nil {
					b.Fatal(err)
				}
				if _, err := load.Drain(b.Context(), 1, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
