package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestStoreThatCannotBeWritten: read-only or full, a store refuses as long as it lasts, says so to whoever
// asks whether it is ready, keeps what it has, and goes on by itself.
func TestStoreThatCannotBeWritten(t *testing.T) {
	for name, sql := range map[string][2]string{
		"read-only": {"PRAGMA query_only = ON", "PRAGMA query_only = OFF"},
		"full":      {"PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), filepath.Join(t.TempDir(), "queue.db"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			e := queue.New(s, queue.Options{})
			if err := e.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Stop(context.Background()) }()
			exec := func(sql string) {
				t.Helper()
				s.write.Lock()
				defer s.write.Unlock()
				if err := s.conn.Exec(sql); err != nil {
					t.Fatal(err)
				}
			}
			q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
			if _, err := e.Setup(t.Context(), queue.Setup{Queue: q, Subscriptions: []string{"A"}}); err != nil {
				t.Fatal(err)
			}
			send := func(n int) error {
				m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, Body: make([]byte, 100_000)}
				_, err := e.Publish(t.Context(), queue.Publish{
					Message: m, Route: queue.Route{All: true}, Dedupe: &queue.Dedupe{Key: fmt.Sprint(n)},
				})
				return err
			}
			if err := send(0); err != nil {
				t.Fatal(err)
			}
			exec(sql[0])
			for n := range 5 {
				if err := send(1 + n); link.CodeOf(err) != link.CodeUnavailable {
					t.Fatalf("send: %v", err)
				}
				if err := e.Ready(t.Context()); name == "read-only" && link.CodeOf(err) != link.CodeUnavailable {
					t.Fatalf("ready: %v", err)
				}
			}
			got, err := e.Get(t.Context(), queue.Get{Queue: q}) // what is there can be had all the same
			if err != nil || len(got) != 1 {
				t.Fatalf("got %d, %v", len(got), err)
			}
			exec(sql[1])
			if err := e.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			for n := range 6 {
				if err := send(n); err != nil {
					t.Fatal(err)
				}
			}
			rest, err := e.Get(t.Context(), queue.Get{Queue: q, Max: 10})
			if err != nil || len(rest) != 5 {
				t.Errorf("got %d, %v, want the five that were refused, once each", len(rest), err)
			}
			if each, err := e.Settle(t.Context(), q, []queue.Settle{{Tag: got[0].Tag, How: queue.Ack}}); err != nil || each[0] != nil {
				t.Errorf("ack: %v, %v", each, err)
			}
		})
	}
}
