package api

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"smartlink/link"
)

// TestMetersForgetOnlyThoseWhoDoNotCome: memory is bounded however many clients there are, and who
// comes often stays limited among them.
func TestMetersForgetOnlyThoseWhoDoNotCome(t *testing.T) {
	m := newMeters(Rates{Client: 1}, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "x"}, []string{"limit"}))
	now := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	busy, tenant := link.NewClientID(), uuid.New()
	if err := m.take(busy, tenant, link.MaxBatch, now); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * remembered {
		if err := m.take(link.NewClientID(), tenant, 1, now); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 && m.take(busy, tenant, 1, now) == nil {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	if n := len(m.clients.young) + len(m.clients.old); n > 2*remembered {
		t.Errorf("%d clients are remembered", n)
	}
}
