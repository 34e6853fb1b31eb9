package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestClockThatJumps: somebody sets the clock a day ahead or back. Leases and delays take the time they
// take, no message is with two readers at once, none is lost, repeats are still known, waits end.
func TestClockThatJumps(t *testing.T) {
	for _, jump := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { jumpOver(t, jump) }) })
	}
}

func jumpOver(t *testing.T, jump time.Duration) {
	c := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	e := queue.New(openStore(t, filepath.Join(t.TempDir(), "queue.db"), c), queue.Options{Clock: c})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	must(e.Start(ctx))
	defer func() { must(e.Stop(ctx)) }()
	q := queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}
	_, err := e.Setup(ctx, queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3})
	must(err)
	send := func(key string) queue.PublishResult {
		t.Helper()
		m := link.Message{ID: link.NewID(), TenantID: q.Tenant, Type: "A", Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte(key)}
		r, err := e.Publish(ctx, queue.Publish{Message: m, Route: queue.Route{All: true}, Dedupe: &queue.Dedupe{Key: key}})
		must(err)
		return r
	}
	get := func(want ...string) []link.Delivery {
		t.Helper()
		got, err := e.Get(ctx, queue.Get{Queue: q, Max: 10, Lease: time.Minute})
		must(err)
		var bodies []string
		for _, d := range got {
			bodies = append(bodies, string(d.Message.Body))
			if until := d.LeaseUntil.Sub(c.Now()); until != time.Minute {
				t.Errorf("a lease of a minute is told to end in %s", until)
			}
		}
		if fmt.Sprint(bodies) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", bodies, want)
		}
		return got
	}
	pass := func(d time.Duration) { t.Helper(); synctest.Wait(); c.Advance(d); synctest.Wait() }

	for _, key := range []string{"held", "requeued", "dropped"} {
		send(key)
	}
	got := get("held", "requeued", "dropped")
	_, err = e.Settle(ctx, q, []queue.Settle{{Tag: got[1].Tag, How: queue.Requeue, After: 10 * time.Minute}})
	must(err)
	waited := make(chan int, 1)
	go func() {
		more, err := e.Get(ctx, queue.Get{Queue: q, Max: 10, Wait: 20 * time.Second})
		if err != nil {
			t.Error(err)
		}
		waited <- len(more)
	}()
	synctest.Wait()

	c.Jump(jump)
	send("after") // has the ticker look
	if n := <-waited; n != 1 {
		t.Errorf("the reader that waited got %d", n)
	}
	pass(time.Second)
	get() // nothing that is with somebody, or delayed
	each, err := e.Settle(ctx, q, []queue.Settle{{Tag: got[0].Tag, How: queue.Ack}})
	must(err)
	if each[0] != nil {
		t.Errorf("a lease that holds: %v", each[0])
	}
	for _, key := range []string{"held", "requeued", "dropped", "after"} {
		if r := send(key); !r.Duplicate {
			t.Errorf("%s is not known any more", key)
		}
	}
	pass(58 * time.Second)
	get()
	pass(2 * time.Second)
	get("dropped", "after") // a minute is over, and not a day
	if each, err := e.Settle(ctx, q, []queue.Settle{{Tag: got[2].Tag, How: queue.Ack}}); err != nil || link.CodeOf(each[0]) != link.CodeLeaseEnded {
		t.Errorf("a lease that ended: %v, %v", each, err)
	}
	pass(9 * time.Minute)
	get("requeued", "dropped", "after")

	c.Jump(-jump) // corrected
	pass(59 * time.Second)
	get()
	pass(time.Second)
	get("requeued", "dropped", "after")
	ended := make(chan int, 1)
	go func() {
		more, _ := e.Get(ctx, queue.Get{Queue: q, Wait: 20 * time.Second})
		ended <- len(more)
	}()
	synctest.Wait()
	c.Jump(jump)
	pass(20 * time.Second)
	if n := <-ended; n != 0 {
		t.Errorf("%d for a reader whose wait ended", n)
	}
}
