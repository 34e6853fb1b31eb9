package postgres_test

import (
	"fmt"
	"testing"

	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/queuetest"
)

// benchLoad opens an engine on the tests' database, emptied.
func benchLoad(b *testing.B, callers int) *queuetest.Load {
	b.Helper()
	dsn := database(b)
	empty(b, dsn)
	store, err := postgres.Open(b.Context(), dsn, postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return queuetest.StartLoad(b, store, callers, 1024)
}

// BenchmarkSend is durable sends of 1 KiB.
func BenchmarkSend(b *testing.B) {
	for _, callers := range []int{1, 16, 128} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			load := benchLoad(b, callers)
			b.ReportAllocs()
			b.ResetTimer()
			perSecond, err := load.Send(b.Context(), b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(perSecond, "sends/s")
		})
	}
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
