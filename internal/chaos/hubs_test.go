//go:build killpoints

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"smartlink/client"
	"smartlink/link"
)

// Measures of the test with several hubs.
const (
	manyHubs   = 3
	senders    = 6
	readers    = 4
	sendRate   = 200 // messages per second: the machine has other work to do
	shortLoad  = 25 * time.Second
	longLoad   = 15 * time.Minute
	killEvery  = 3 * time.Second
	drainIn    = 2 * time.Minute
	holdFor    = 5 * time.Second // a lease
	revokedIn  = 2 * time.Second // the promise
	noteType   = "Note"
	noteTenant = "11111111-2222-4333-8444-555555555555"
)

// cluster is hubs as processes on one database behind a load balancer, with callers.
type cluster struct {
	t        *testing.T
	bin, dir string
	db       *database
	front    *balancer
	addrs    []string
	hubs     []*process
	admin    *client.Admin
	sender   link.ClientCreated
	reader   link.ClientCreated

	mu       sync.Mutex
	accepted map[uuid.UUID]string // message id to its number
	repeated int                  // sends that were recognised as repeats
	held     map[uuid.UUID]hold
	double   []string
	last     map[string]int // of an ordering key, the last one that was taken over
}

// hold is what the readers know of a message that one of them took.
type hold struct {
	from  time.Time // before the get was asked: the lease cannot have begun earlier
	acked bool      // the hub said so
}

// TestHubsKilledAndDatabaseRestarted kills one of three hubs every few seconds, and restarts their
// database twice, once without warning, while messages go through a load balancer. Afterwards each
// message that was accepted was taken over once, no two had one at once, and ordering keys kept their
// order.
func TestHubsKilledAndDatabaseRestarted(t *testing.T) {
	load := shortLoad
	if os.Getenv("SMARTLINK_CHAOS_LONG") != "" {
		load = longLoad
	}
	c := newCluster(t, build(t))
	kills := c.underLoad(load)
	c.refusedWhenRevoked()
	c.finish(kills)
}

func newCluster(t *testing.T, bin string) *cluster {
	c := &cluster{
		t: t, bin: bin, dir: t.TempDir(), db: newDatabase(t), hubs: make([]*process, manyHubs),
		accepted: map[uuid.UUID]string{}, held: map[uuid.UUID]hold{}, last: map[string]int{},
	}
	var chosen []net.Listener
	for range manyHubs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.addrs, chosen = append(c.addrs, l.Addr().String()), append(chosen, l)
	}
	c.front = newBalancer(t, c.addrs)
	for _, l := range chosen { // only now, so that no port is chosen twice
		_ = l.Close()
	}
	t.Cleanup(func() {
		for _, p := range c.hubs {
			if p != nil {
				p.kill()
			}
		}
	})
	// All at once, on an empty database.
	var all sync.WaitGroup
	for i := range c.hubs {
		all.Go(func() { c.hubs[i] = c.launch(i) })
	}
	all.Wait()
	c.accounts()
	return c
}

func (c *cluster) launch(i int) *process {
	return launch(c.t, c.bin, []string{"SMARTLINK_HUB_DATABASE=" + c.db.address()}, "hub", "--data", filepath.Join(c.dir, fmt.Sprint("hub", i)),
		"--key-file", filepath.Join(c.dir, "hub.key"), "--listen", c.addrs[i], "--public-url", c.front.url())
}

// accounts makes people and clients, every call at whatever hub the balancer gives.
func (c *cluster) accounts() {
	ctx := c.t.Context()
	var codes []string
	for _, p := range c.hubs {
		if p.dead() {
			c.t.Fatalf("a hub did not start:\n%s", p.log())
		}
	}
	// One of them prints two lines more; which, is not known.
	for end := time.Now().Add(startTime); len(codes) == 0 && time.Now().Before(end); wait(ctx, 20*time.Millisecond) {
		for _, p := range c.hubs {
			if found := startCode.FindStringSubmatch(p.log()); found != nil {
				codes = append(codes, found[1])
			}
		}
	}
	if len(codes) != 1 {
		c.t.Fatalf("hubs that started at once told %d first-start codes", len(codes))
	}
	admin, err := client.NewAdmin(client.AdminConfig{Server: c.front.url()})
	c.must(err)
	who, err := admin.Init(ctx, link.InitRequest{Code: codes[0], User: "chaos"})
	c.must(err)
	c.admin, err = client.NewAdmin(client.AdminConfig{Server: c.front.url(), APIKey: who.APIKey})
	c.must(err)
	company, err := c.admin.CreateCompany(ctx, link.CompanyRequest{Name: "Chaos"})
	c.must(err)
	tenant := noteTenant
	_, err = c.admin.CreateTenant(ctx, link.TenantRequest{ID: &tenant, Company: company.ID.String(), Name: "Chaos"})
	c.must(err)
	_, err = c.admin.PutApp(ctx, "NOTES", link.AppRequest{Name: "Notes", Sends: []string{noteType}, Receives: []string{noteType}})
	c.must(err)
	c.sender, err = c.admin.CreateClient(ctx, link.ClientRequest{TenantID: noteTenant, Name: "sender", Apps: []string{"NOTES"}})
	c.must(err)
	c.reader, err = c.admin.CreateClient(ctx, link.ClientRequest{TenantID: noteTenant, Name: "reader", Apps: []string{"NOTES"}})
	c.must(err)
	_, err = c.client(c.front.url(), c.reader).Setup(ctx, link.SetupRequest{Subscriptions: []string{noteType}})
	c.must(err)
}

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		var logs []string
		for _, p := range c.hubs {
			if p != nil {
				logs = append(logs, p.log())
			}
		}
		c.t.Fatalf("%v\n%s", err, strings.Join(logs, "\n----\n"))
	}
}

func (c *cluster) client(server string, who link.ClientCreated) *client.Client {
	made, err := client.New(client.Config{
		Server: server, ClientID: who.ID, Secret: who.Secret,
		Retry: client.Retry{Attempts: 10_000, Base: 20 * time.Millisecond, Cap: 3 * time.Second}, // a dead hub comes back
	})
	c.must(err)
	return made
}

// underLoad kills and restarts while callers work, and answers how many hubs it killed.
func (c *cluster) underLoad(load time.Duration) (kills int) {
	ctx, stop := context.WithCancel(c.t.Context())
	sending, stopSending := context.WithTimeout(ctx, load)
	defer stop()
	defer stopSending()
	var callers, takers sync.WaitGroup
	limit := rate.NewLimiter(sendRate, 10)
	for i := range senders {
		callers.Go(func() { c.send(sending, ctx, i, limit) })
	}
	for range readers {
		takers.Go(func() { c.take(ctx) })
	}
	restarts := []string{"fast", "immediate"}
	began := time.Now()
	for sending.Err() == nil {
		wait(sending, killEvery/2+rand.N(killEvery))
		if n := 2 - len(restarts); n < 2 && time.Since(began) > load*time.Duration(n+1)/3 {
			c.db.ctl("restart", "-m", restarts[0])
			restarts = restarts[1:]
		}
		i := rand.N(manyHubs)
		c.hubs[i].kill()
		kills++
		wait(ctx, rand.N(500*time.Millisecond)) // the others work alone for a moment
		c.revive(i)
	}
	callers.Wait()
	c.drain(ctx)
	stop()
	takers.Wait()
	return kills
}

// revive starts a hub until it stays, as a service manager does.
func (c *cluster) revive(i int) {
	c.t.Helper()
	for end := time.Now().Add(startTime); ; {
		if c.hubs[i] = c.launch(i); !c.hubs[i].dead() {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("hub %d does not start again:\n%s", i, c.hubs[i].log())
		}
		wait(c.t.Context(), 200*time.Millisecond)
	}
}

// send sends until sending ends; what was begun is finished in ctx. Half of it has an ordering key.
func (c *cluster) send(sending, ctx context.Context, who int, limit *rate.Limiter) {
	x := c.client(c.front.url(), c.sender)
	for n := 0; limit.Wait(sending) == nil; n++ {
		m := client.Message{Type: noteType, Body: fmt.Appendf(nil, `{"n":%d}`, n), CorrelationID: fmt.Sprint(who, "-", n)}
		if n%2 == 0 {
			m.OrderingKey = fmt.Sprint("sender ", who)
		}
		r, err := x.Send(ctx, m)
		if err != nil {
			c.t.Errorf("send: %v", err)
			return
		}
		c.mu.Lock()
		c.accepted[r.MessageID] = m.CorrelationID
		if r.Duplicate {
			c.repeated++ // a repeat inside Send found its first try stored
		}
		c.mu.Unlock()
	}
}

// take takes messages over until ctx ends.
func (c *cluster) take(ctx context.Context) {
	x := c.client(c.front.url(), c.reader)
	for ctx.Err() == nil {
		from := time.Now()
		got, err := x.Get(ctx, client.GetOptions{Max: 20, Wait: 2 * time.Second, Lease: holdFor})
		if err != nil {
			if ctx.Err() == nil && !client.Retryable(err) {
				c.t.Errorf("get: %v", err)
				return
			}
			wait(ctx, 50*time.Millisecond)
			continue
		}
		acks := make([]link.Settlement, len(got))
		for i, d := range got {
			c.took(d, from)
			acks[i] = link.Settlement{DeliveryTag: d.Tag, Ack: new(true)}
		}
		if len(acks) == 0 {
			continue
		}
		each, err := x.Ack(ctx, acks)
		if err != nil {
			if ctx.Err() == nil && !client.Retryable(err) {
				c.t.Errorf("ack: %v", err)
			}
			continue // it comes again, or the hub knows that it need not
		}
		c.mu.Lock()
		for i, r := range each {
			if id := got[i].Message.ID; r.Code == "" {
				h := c.held[id]
				h.acked = true
				c.held[id] = h
			}
		}
		c.mu.Unlock()
	}
}

// took notes a delivery. That an earlier one of the message was still open, or acknowledged, is what must
// never be.
func (c *cluster) took(d link.Delivery, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := d.Message.ID
	if h, before := c.held[id]; before && (h.acked || time.Now().Before(h.from.Add(holdFor))) {
		c.double = append(c.double, fmt.Sprintf("%s was in two hands: acked %v, taken %s before", id, h.acked, time.Since(h.from)))
	} else if !before && d.Message.OrderingKey != "" {
		n := 0
		_, _ = fmt.Sscanf(string(d.Message.Body), `{"n":%d}`, &n)
		if last, any := c.last[d.Message.OrderingKey]; any && n <= last {
			c.double = append(c.double, fmt.Sprintf("%s: %d after %d", d.Message.OrderingKey, n, last))
		}
		c.last[d.Message.OrderingKey] = n
	}
	c.held[id] = hold{from: from}
}

// drain waits until every message is acknowledged.
func (c *cluster) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainIn)
	defer cancel()
	db := c.connect()
	defer func() { _ = db.Close(context.Background()) }()
	for {
		var left int
		c.must(db.QueryRow(ctx, `SELECT count(*) FROM delivery WHERE state <> 'acked'`).Scan(&left))
		if left == 0 {
			return
		}
		if wait(ctx, 200*time.Millisecond); ctx.Err() != nil {
			c.t.Fatalf("%d messages were not taken over in %s", left, drainIn)
		}
	}
}

func (c *cluster) connect() *pgx.Conn {
	c.t.Helper()
	db, err := pgx.Connect(c.t.Context(), c.db.address())
	c.must(err)
	return db
}

// refusedWhenRevoked revokes the sender at one hub and asks all of them.
func (c *cluster) refusedWhenRevoked() {
	ctx := c.t.Context()
	x := c.client(c.front.url(), c.sender)
	token, err := x.Token(ctx)
	c.must(err)
	refused := func(addr string) bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/v1/link/get", nil)
		c.must(err)
		r.Header.Set("Authorization", "Bearer "+token)
		got, err := http.DefaultClient.Do(r)
		c.must(err)
		_ = got.Body.Close()
		return got.StatusCode == http.StatusUnauthorized
	}
	for _, addr := range c.addrs {
		if refused(addr) {
			c.t.Fatalf("%s refuses before", addr)
		}
	}
	_, err = c.admin.Revoke(ctx, c.sender.ID)
	c.must(err)
	began := time.Now()
	for _, addr := range c.addrs {
		for !refused(addr) {
			if time.Since(began) > revokedIn {
				c.t.Fatalf("%s still takes a client that was revoked %s ago", addr, revokedIn)
			}
			wait(ctx, 10*time.Millisecond)
		}
	}
	c.t.Logf("revoked, and refused at every hub after %s", time.Since(began).Round(time.Millisecond))
}

// finish stops the hubs, counts in the database, and prints the closing line.
func (c *cluster) finish(kills int) {
	for _, p := range c.hubs {
		if !p.stop() {
			c.t.Errorf("no clean stop:\n%s", p.log())
		}
	}
	db := c.connect()
	defer func() { _ = db.Close(context.Background()) }()
	rows, err := db.Query(c.t.Context(), `SELECT m.id, m.correlation, d.state FROM message m LEFT JOIN delivery d ON d.tenant = m.tenant AND d.id = m.id`)
	c.must(err)
	stored := map[string]int{}
	acked := map[uuid.UUID]bool{}
	var id uuid.UUID
	var number string
	var state *string
	_, err = pgx.ForEachRow(rows, []any{&id, &number, &state}, func() error {
		stored[number]++
		acked[id] = state != nil && *state == string(link.StateAcked)
		return nil
	})
	c.must(err)
	lost, double := 0, len(c.double)
	for id := range c.accepted {
		if !acked[id] || c.held[id].from.IsZero() {
			lost++
		}
	}
	for number, n := range stored {
		if n > 1 {
			c.double = append(c.double, fmt.Sprintf("%s was stored %d times", number, n))
			double++
		}
	}
	for _, d := range c.double {
		c.t.Error(d)
	}
	if len(stored) != len(c.accepted) {
		c.t.Errorf("%d messages stand in the database, %d were accepted", len(stored), len(c.accepted))
	}
	if lost > 0 || len(c.accepted) == 0 {
		c.t.Errorf("%d of %d lost", lost, len(c.accepted))
	}
	fmt.Printf("chaos: hubs=%d killed=%d restarts=2 accepted=%d repeated=%d lost=%d double=%d\n", manyHubs, kills, len(c.accepted), c.repeated, lost, double)
}

// wait lets time pass for the processes, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
