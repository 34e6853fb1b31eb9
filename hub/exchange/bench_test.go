package exchange_test

import (
	"context"
	"path/filepath"
	"testing"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/link"
)

// BenchmarkOverview is the first page of 10,000 queues, each with a message, of those where a message has
// waited longest.
func BenchmarkOverview(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "queue.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	e := queue.New(store, queue.Options{})
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	for range 2500 {
		t := link.NewID()
		for range 4 {
			q := queue.Name{Tenant: t, Client: link.NewClientID()}
			if _, err := e.Setup(b.Context(), queue.Setup{Queue: q, Subscriptions: []string{cmd}}); err != nil {
				b.Fatal(err)
			}
		}
		id := link.NewID()
		m := link.Message{ID: id, RootID: id, TenantID: t, Sender: link.Sender{App: "GESPLAN", ClientID: gesplan}, Type: cmd, Audience: link.LinkProxy, ContentType: "application/json", Body: []byte("{}")}
		if _, err := e.Publish(b.Context(), queue.Publish{Message: m, Route: queue.Route{All: true}}); err != nil {
			b.Fatal(err)
		}
	}
	x := exchange.New(e, &directory{}, discard)
	b.ReportAllocs()
	for b.Loop() {
		if p, totals, err := x.Overview(b.Context(), viewer(), exchange.QueueList{Sort: exchange.SortOldest, Desc: true}); err != nil || totals.Waiting != 10_000 || len(p.Items) != queue.DefaultPage {
			b.Fatal(len(p.Items), totals, err)
		}
	}
}
