package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/internal/clock"
	"smartlink/link"
)

// hub is an engine on a store of its own.
type hub struct {
	*queue.Engine
	store *postgres.Store
}

// hubs are several on one empty database.
func hubs(t *testing.T, dsn string, n int) []hub {
	t.Helper()
	empty(t, dsn)
	var list []hub
	for range n {
		s, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := queue.New(s, queue.Options{Backoff: func(int) time.Duration { return time.Millisecond }})
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		list = append(list, hub{e, s})
	}
	return list
}

// admin is a connection beside the stores.
func admin(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	must(t, err)
	config.RuntimeParams["application_name"] = "queue_test_admin" // what it kills are the others
	c, err := pgx.ConnectConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func makeQueue(t *testing.T, h hub, tenant uuid.UUID) queue.Name {
	t.Helper()
	q := queue.Name{Tenant: tenant, Client: link.NewClientID()}
	_, err := h.Setup(t.Context(), queue.Setup{Queue: q, Subscriptions: []string{"A"}, RequeueCountMax: 3})
	must(t, err)
	return q
}

func newMessage(tenant uuid.UUID, change ...func(*queue.Publish)) queue.Publish {
	p := queue.Publish{
		Message: link.Message{ID: link.NewID(), TenantID: tenant, Sender: link.Sender{App: "GESPLAN", ClientID: "sender"}, Type: "A", Audience: link.LinkProxy,
			ContentType: "text/plain", Body: []byte("x")},
		Route: queue.Route{All: true},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// hunt is many callers on two hubs that send, get, settle, discard and redrive in no order.
type hunt struct {
	t      *testing.T
	hubs   []hub
	tenant uuid.UUID
	queues []queue.Name

	mu     sync.Mutex
	leased map[string]bool // of queue and message, and of queue and ordering key
	last   map[string]int  // of queue and ordering key: the last one taken over

	open atomic.Int64 // senders that are not done
}

// TestDeadlocks hunts for deadlocks, and for messages in two hands.
func TestDeadlocks(t *testing.T) {
	dsn := database(t)
	h := &hunt{t: t, hubs: hubs(t, dsn, 2), tenant: link.NewID(), leased: map[string]bool{}, last: map[string]int{}}
	for range 3 {
		h.queues = append(h.queues, makeQueue(t, h.hubs[0], h.tenant))
	}
	must(t, h.hubs[0].Hold(t.Context(), queue.Hold{Queue: h.queues[0], Hold: true}))
	const senders, readers = 8, 12
	h.open.Store(senders)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() { h.send(i) })
	}
	for i := range readers {
		all.Go(func() { h.read(i) })
	}
	all.Go(h.manage)
	all.Wait()
	for _, x := range h.hubs {
		if n := x.store.Deadlocks(); n != 0 {
			t.Errorf("%d groups met a deadlock", n)
		}
	}
	h.compare(dsn)
}

// send sends lists of messages: of a key of its own, in order, by either hub in turn; and of keys that
// all senders share.
func (h *hunt) send(n int) {
	defer h.open.Add(-1)
	own := 0
	for i := range 20 {
		var list []queue.Publish
		for range 1 + rand.N(8) {
			p := newMessage(h.tenant, func(p *queue.Publish) {
				p.Message.OrderingKey = fmt.Sprint("shared ", rand.N(4))
				if rand.N(3) == 0 {
					own++
					p.Message.OrderingKey, p.Message.CorrelationID = fmt.Sprint("own ", n), fmt.Sprint(own)
				}
				p.Dedupe = &queue.Dedupe{Key: fmt.Sprint("request ", n, " ", i, " ", len(list))}
				if rand.N(3) > 0 {
					p.Dedupe.Key = fmt.Sprint("request ", rand.N(100_000))
				}
			})
			list = append(list, p)
		}
		if _, err := h.hubs[i%2].PublishAll(h.t.Context(), list); err != nil {
			h.t.Error(err)
		}
	}
}

// read gets from a queue and settles what it got in another order, until nothing waits.
func (h *hunt) read(n int) {
	e, q := h.hubs[n%2], h.queues[n/2%len(h.queues)]
	for !h.t.Failed() {
		got, err := e.Get(h.t.Context(), queue.Get{Queue: q, Max: 1 + rand.N(9), Wait: 20 * time.Millisecond, Lease: link.MaxLease})
		if err != nil {
			h.t.Error(err)
			return
		}
		if len(got) == 0 && h.empty(e, q) {
			return
		}
		var items []queue.Settle
		for _, d := range got {
			h.take(q, d)
			how := []queue.How{queue.Ack, queue.Ack, queue.Ack, queue.Release, queue.Requeue, queue.Dead}[rand.N(6)]
			if d.Message.CorrelationID != "" && how == queue.Dead {
				how = queue.Ack
			}
			items = append(items, queue.Settle{Tag: d.Tag, How: how})
		}
		for _, d := range got {
			h.give(q, d)
		}
		rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		each, err := e.Settle(h.t.Context(), q, items)
		for i, err := range append(each, err) {
			if err != nil {
				h.t.Errorf("settlement %d of %d: %v", i, len(items), err)
			}
		}
	}
}

// take notes that a message is in somebody's hands, as the only one of its key, and not behind a later
// one of its sender.
func (h *hunt) take(q queue.Name, d link.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range []string{q.String() + d.Message.ID.String(), q.String() + d.Message.OrderingKey} {
		if h.leased[k] {
			h.t.Errorf("message %s or another one of key %q is leased by two", d.Message.ID, d.Message.OrderingKey)
		}
		h.leased[k] = true
	}
	if n := 0; d.Message.CorrelationID != "" {
		_, err := fmt.Sscan(d.Message.CorrelationID, &n)
		k := q.String() + d.Message.OrderingKey
		if err != nil || n < h.last[k] {
			h.t.Errorf("message %d of key %q came after %d (%v)", n, d.Message.OrderingKey, h.last[k], err)
		}
		h.last[k] = n
	}
}

func (h *hunt) give(q queue.Name, d link.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.leased, q.String()+d.Message.ID.String())
	delete(h.leased, q.String()+d.Message.OrderingKey)
}

// empty tells whether nothing waits in a queue any more; a held key is let go at the end.
func (h *hunt) empty(e hub, q queue.Name) bool {
	if h.open.Load() > 0 {
		return false
	}
	if err := e.Hold(h.t.Context(), queue.Hold{Queue: q}); err != nil {
		h.t.Error(err)
	}
	list, err := e.Queues(h.t.Context(), h.tenant)
	if err != nil {
		h.t.Error(err)
	}
	for _, i := range list {
		if i.Queue == q {
			return i.Counts.Waiting() == 0
		}
	}
	return false
}

// manage redrives and discards what it finds, while there are senders.
func (h *hunt) manage() {
	for n := 0; h.open.Load() > 0 && !h.t.Failed(); n++ {
		e, q := h.hubs[n%2], h.queues[n%len(h.queues)]
		for _, l := range []queue.List{queue.ListDead, queue.ListWaiting} {
			page, err := e.Browse(h.t.Context(), queue.Browse{Queue: q, List: l, Limit: 5})
			if err != nil {
				h.t.Error(err)
			}
			var ids []uuid.UUID
			for _, i := range page.Items {
				if i.Message.CorrelationID == "" {
					ids = append(ids, i.Message.ID)
				}
			}
			rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			if l == queue.ListDead {
				_, err = e.Redrive(h.t.Context(), queue.Redrive{Queue: q, IDs: ids, By: "maria"})
			} else {
				_, err = e.Discard(h.t.Context(), queue.Discard{Queue: q, IDs: ids[:min(1, len(ids))], By: "maria"})
			}
			if err != nil {
				h.t.Error(err)
			}
		}
	}
}

// compare rebuilds the counts, and looks that no ordering key is outstanding.
func (h *hunt) compare(dsn string) {
	c := admin(h.t, dsn)
	for what, query := range map[string]string{
		"counts that differ": `SELECT count(*) FROM (SELECT qid, sum(ready) ready, sum(leased) leased, sum(behind) behind, sum(delayed) delayed, sum(acked) acked,
			sum(dead) dead, sum(discarded) discarded FROM queue_count GROUP BY qid EXCEPT SELECT qid, count(*) FILTER (WHERE state = 'ready'),
			count(*) FILTER (WHERE state = 'leased'), count(*) FILTER (WHERE state = 'behind'), count(*) FILTER (WHERE state = 'delayed'),
			count(*) FILTER (WHERE state = 'acked'), count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'discarded')
			FROM delivery GROUP BY qid) AS x`,
		"ordering keys left": `SELECT count(*) FROM ordering`,
		"tags left":          `SELECT count(*) FROM delivery WHERE tag IS NOT NULL OR due_at IS NOT NULL`,
		"messages missing":   `SELECT (count(*) = 0)::int FROM message`,
	} {
		var n int
		must(h.t, c.QueryRow(h.t.Context(), query).Scan(&n))
		if n != 0 {
			h.t.Errorf("%d %s", n, what)
		}
	}
}

// TestKilledConnections kills every connection again and again while messages are sent: each that was
// accepted is there, once, and the hub goes on by itself.
func TestKilledConnections(t *testing.T) {
	dsn := database(t)
	h := hubs(t, dsn, 1)[0]
	tenant := link.NewID()
	q := makeQueue(t, h, tenant)
	const senders, each = 16, 40
	var sent atomic.Int64
	var all sync.WaitGroup
	for n := range senders {
		all.Go(func() {
			for i := range each {
				p := newMessage(tenant, func(p *queue.Publish) { p.Dedupe = &queue.Dedupe{Key: fmt.Sprint(n, " ", i)} })
				for {
					_, err := h.Publish(t.Context(), p)
					if err == nil {
						break
					}
					if code := link.CodeOf(err); code != link.CodeOutcomeUnknown && code != link.CodeUnavailable {
						t.Errorf("publish: %v", err)
						return
					}
					p.Message.ID = link.NewID() // as the next request would
					wait(20 * time.Millisecond)
				}
				sent.Add(1)
			}
		})
	}
	c := admin(t, dsn)
	for range 8 {
		before := sent.Load()
		_, err := c.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'queue_test' AND pid <> pg_backend_pid()`)
		must(t, err)
		for sent.Load() < min(before+40, senders*each) && !t.Failed() {
			wait(time.Millisecond)
		}
	}
	all.Wait()
	var n int
	must(t, c.QueryRow(t.Context(), `SELECT count(*) FROM delivery`).Scan(&n))
	if n != senders*each {
		t.Errorf("%d messages, want %d", n, senders*each)
	}
	infos, err := h.Queues(t.Context(), tenant)
	for link.CodeOf(err) == link.CodeUnavailable { // a connection of the pool was killed when nobody used it
		wait(20 * time.Millisecond)
		infos, err = h.Queues(t.Context(), tenant)
	}
	must(t, err)
	if infos[0].Counts.Ready != senders*each {
		t.Errorf("counts of %s: %v", q, infos[0].Counts)
	}
}

// wait is a pause between two looks.
func wait(d time.Duration) { <-clock.Real.NewTimer(d).C() }

// TestHubsTellEachOther looks at each way in which one hub learns that another made something ready.
func TestHubsTellEachOther(t *testing.T) {
	dsn := database(t)
	list := hubs(t, dsn, 1)
	hears, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	must(t, err)
	defer func() { _ = hears.Close() }()
	told := make(chan queue.Name, 100)
	hears.OnReady(func(q queue.Name) { told <- q })
	q := makeQueue(t, list[0], link.NewID())
	_, err = hears.Choose(t.Context(), queue.Get{Queue: q}) // somebody reads there
	must(t, err)
	for len(told) > 0 {
		<-told
	}
	// Who looks by himself does not look at a paused queue, so it is known that somebody told.
	must(t, list[0].Pause(t.Context(), queue.Pause{Queue: q, Pause: true}))
	_, err = list[0].Publish(t.Context(), newMessage(q.Tenant))
	must(t, err)
	if got := <-told; got != q {
		t.Errorf("told of %s", got)
	}

	// A lost connection is made again, and everybody is woken.
	_, err = admin(t, dsn).Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'queue_test' AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'`)
	must(t, err)
	if got := <-told; got != q {
		t.Errorf("woken for %s", got)
	}
	must(t, list[0].Pause(t.Context(), queue.Pause{Queue: q}))

	// What nobody told is found.
	silent, err := postgres.Open(t.Context(), dsn, postgres.Options{Alone: true})
	must(t, err)
	defer func() { _ = silent.Close() }()
	_, err = silent.Apply(t.Context(), silent.Lane(q.Tenant), []queue.Op{queue.OpPublish{Publish: newMessage(q.Tenant)}})
	must(t, err)
	for len(told) > 0 {
		<-told
	}
	if got := <-told; got != q {
		t.Errorf("found %s", got)
	}
}

// TestLeasesOfADeadHub: what one hub leased can be settled at another, and comes back there in time.
func TestLeasesOfADeadHub(t *testing.T) {
	dsn := database(t)
	list := hubs(t, dsn, 2)
	q := makeQueue(t, list[0], link.NewID())
	for range 2 {
		_, err := list[0].Publish(t.Context(), newMessage(q.Tenant))
		must(t, err)
	}
	got, err := list[0].Get(t.Context(), queue.Get{Queue: q, Max: 2, Lease: link.MinLease})
	must(t, err)
	must(t, list[0].Stop(t.Context()))
	each, err := list[1].Settle(t.Context(), q, []queue.Settle{{Tag: got[0].Tag, How: queue.Ack}})
	must(t, err)
	must(t, each[0])
	_, err = admin(t, dsn).Exec(t.Context(), `UPDATE delivery SET due_at = clock_timestamp() WHERE tag IS NOT NULL`) // instead of waiting
	must(t, err)
	again, err := list[1].Get(t.Context(), queue.Get{Queue: q, Wait: link.MaxWait})
	must(t, err)
	if len(again) != 1 || again[0].Message.ID != got[1].Message.ID || again[0].LostCount != 1 || again[0].Tag == got[1].Tag {
		t.Errorf("got %+v", again)
	}
	each, err = list[1].Settle(t.Context(), q, []queue.Settle{{Tag: got[1].Tag, How: queue.Ack}})
	must(t, err)
	if link.CodeOf(each[0]) != link.CodeLeaseEnded {
		t.Errorf("the lost lease: %v", each[0])
	}
}

// TestFullTagCounterRaisesEpoch gets past the last tag of an epoch.
func TestFullTagCounterRaisesEpoch(t *testing.T) {
	dsn := database(t)
	h := hubs(t, dsn, 1)[0]
	q := makeQueue(t, h, link.NewID())
	h.store.SpendTags(1)
	var items []queue.Settle
	for range 3 {
		_, err := h.Publish(t.Context(), newMessage(q.Tenant))
		must(t, err)
		got, err := h.Get(t.Context(), queue.Get{Queue: q})
		must(t, err)
		items = append(items, queue.Settle{Tag: got[0].Tag, How: queue.Ack})
	}
	if e := items[0].Tag >> 32; items[1].Tag != (e+1)<<32|1 || items[2].Tag != (e+1)<<32|2 {
		t.Errorf("tags %v", items)
	}
	each, err := h.Settle(t.Context(), q, items)
	if err != nil || each[0] != nil || each[1] != nil || each[2] != nil {
		t.Errorf("settle: %v, %v", each, err)
	}
}

// TestTenantIsFirst looks that every table can be distributed by tenant.
func TestTenantIsFirst(t *testing.T) {
	dsn := database(t)
	hubs(t, dsn, 1)
	rows, err := admin(t, dsn).Query(t.Context(), `SELECT c.relname, a.attname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
		JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = current_schema()
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indisprimary`)
	must(t, err)
	var table, first string
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&table, &first}, func() error {
		if n++; first != "tenant" && table != "meta" && table != "queue_schema" && table != "history_day" {
			t.Errorf("the primary key of %s begins with %s", table, first)
		}
		return nil
	})
	must(t, err)
	if n < 12 {
		t.Errorf("%d tables", n)
	}
}

// TestOpenTells says what is wrong with an address.
func TestOpenTells(t *testing.T) {
	for _, dsn := range []string{"host=/nowhere user=secret", "postgres://%"} {
		if _, err := postgres.Open(t.Context(), dsn, postgres.Options{}); err == nil || !strings.Contains(err.Error(), "queue database") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

// TestFiguresOfSeveralHubs: each hub writes its own rows, a reader sees their sum, counts agree with the
// messages.
func TestFiguresOfSeveralHubs(t *testing.T) {
	list := hubs(t, database(t), 3)
	tenant := link.NewID()
	q := makeQueue(t, list[0], tenant)
	from := time.Now().Add(-time.Minute)
	for _, h := range list {
		for range 4 {
			_, err := h.Publish(t.Context(), newMessage(tenant))
			must(t, err)
		}
	}
	got, err := list[1].Get(t.Context(), queue.Get{Queue: q, Max: 5})
	must(t, err)
	each, err := list[2].Settle(t.Context(), q, []queue.Settle{{Tag: got[0].Tag, How: queue.Ack}, {Tag: got[1].Tag, How: queue.Dead}})
	must(t, errors.Join(append(each, err)...))
	for _, h := range list {
		all, err := h.Series(t.Context(), queue.Series{Queues: []queue.Name{q}, From: from, To: from.Add(time.Hour), Step: time.Minute})
		must(t, err)
		var sum link.QueueFigures
		for _, p := range all[q] {
			sum.Add(p.QueueFigures)
		}
		want := link.QueueFigures{Published: 12, Delivered: 5, Acked: 1, Dead: 1}
		if waiting := all[q][len(all[q])-1].Waiting; sum != want || waiting != 10 {
			t.Errorf("%+v with %d waiting, want %+v with 10", sum, waiting, want)
		}
		if _, drifts, err := h.Recount(t.Context(), tenant, false); err != nil || len(drifts) > 0 {
			t.Errorf("drifts %+v: %v", drifts, err)
		}
	}
}
