package executor_test

import (
	"fmt"
	"testing"

	"smartlink/agent/executor"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// BenchmarkExecute measures claim and execution, both commits included, of a consumer that writes
// one row.
func BenchmarkExecute(b *testing.B) {
	for _, size := range []int{1, 20} {
		b.Run(fmt.Sprintf("batch%d", size), func(b *testing.B) {
			files := agenttest.NewFiles(b)
			box := files.Open(b, clock.Real)
			for n := 0; n < b.N; {
				var some []link.Delivery
				for ; n < b.N && len(some) < 500; n++ {
					some = append(some, agenttest.Delivery(fmt.Sprint(n), agenttest.BusinessKey(fmt.Sprint("key-", n))))
				}
				if _, err := box.Store(b.Context(), some); err != nil {
					b.Fatal(err)
				}
			}
			e, err := executor.New(executor.Config{Box: box, Consumers: []consumer.Consumer{&agenttest.Booker{}}, BatchSize: size})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if n, err := e.Drain(b.Context()); err != nil || n != b.N {
				b.Fatalf("%d of %d executed, %v", n, b.N, err)
			}
			b.StopTimer()
			if n := files.Int(b, `SELECT COUNT(*) FROM SMARTLINKRESULT WHERE OUTCOME = 'done'`); n != b.N {
				b.Fatalf("%d results", n)
			}
		})
	}
}
