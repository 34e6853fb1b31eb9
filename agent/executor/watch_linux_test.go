package executor

import (
	"testing"

	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestOtherProcessesAreWatched, where that is wanted.
func TestOtherProcessesAreWatched(t *testing.T) {
	sqltest.On(t, sqldb.SQLite)
	clk := clock.NewFake(agenttest.Start)
	files := agenttest.NewFiles(t)
	for _, wanted := range []bool{true, false} {
		e, err := New(Config{Box: files.Open(t, clk), Clock: clk, Consumers: []consumer.Consumer{&agenttest.Booker{}}, Watch: wanted})
		if err != nil {
			t.Fatal(err)
		}
		changed, end := e.watch()
		if (changed != nil) != wanted {
			t.Errorf("wanted: %t, and it is told of changes: %t", wanted, changed != nil)
		}
		if _, err := files.Open(t, clk).Store(t.Context(), []link.Delivery{agenttest.Delivery("a")}); err != nil {
			t.Fatal(err)
		}
		if wanted {
			<-changed
		}
		end()
		if wanted {
			for range changed { // to its end
			}
		}
	}
}
