package queuetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

// requeueDelay is what the tests' engine waits after the first requeue; it doubles each time.
const requeueDelay = time.Minute

// world is an engine on a store, with a clock that moves when told. It runs in a synctest bubble, so
// that everything in it has come to rest when settle returns.
type world struct {
	testing.TB
	store  Store
	clock  *clock.Fake
	faulty *Faulty
	*queue.Engine

	tenant uuid.UUID
	sender link.ClientID

	mu        sync.Mutex
	retention map[uuid.UUID]queue.Retention // by tenant; others have the default
	keepEvery time.Duration                 // below 0: history is kept when told only
}

func newWorld(t testing.TB, s Store) *world {
	w := &world{TB: t, store: s, clock: clock.NewFake(began), tenant: link.NewID(), sender: link.NewClientID(),
		retention: map[uuid.UUID]queue.Retention{}, keepEvery: -1}
	w.open()
	t.Cleanup(func() {
		w.recounts(context.Background()) // whatever was tried, the counts are right
		w.must(w.Stop(context.Background()))
	})
	return w
}

func (w *world) ctx() context.Context { return w.TB.Context() }

// open opens the store and starts an engine on it.
func (w *world) open() {
	w.Helper()
	d, err := w.store.Open(w.ctx(), w.clock)
	w.must(err)
	w.faulty = NewFaulty(d)
	w.Engine = queue.New(w.faulty, queue.Options{
		Clock: w.clock, Backoff: func(requeues int) time.Duration { return requeueDelay << requeues }, Retention: w.retentionOf,
		Keep: queue.KeepOptions{Every: w.keepEvery},
	})
	w.must(w.Start(w.ctx()))
}

// crash ends engine and driver as a killed process would, and opens the store again.
func (w *world) crash() {
	w.Helper()
	w.shut()
	w.open()
}

// shut ends engine and driver as a killed process would.
func (w *world) shut() {
	w.Helper()
	synctest.Wait()
	if w.store.Crash != nil {
		w.must(w.store.Crash(w.faulty.Driver))
	} else {
		w.must(w.faulty.Driver.Close())
	}
	w.faulty.leaveBehind()
	w.must(w.Stop(w.ctx())) // only its goroutines end; the store is out of its reach
}

// restart stops engine and driver cleanly and opens the store again.
func (w *world) restart() {
	w.Helper()
	w.must(w.Stop(w.ctx()))
	w.open()
}

// advance moves the clock and lets everything that is due happen. Before, everything comes to rest,
// so that whoever sleeps has seen the time that passes.
func (w *world) advance(d time.Duration) {
	synctest.Wait()
	w.clock.Advance(d)
	synctest.Wait()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused expects an error with a code.
func (w *world) refused(code link.Code, err error) {
	w.Helper()
	if err == nil {
		w.Fatalf("no error; want %s", code)
	}
	if got := link.CodeOf(err); got != code {
		w.Fatalf("error %v; want %s", err, code)
	}
}

func equal[T comparable](w *world, what string, got, want T) {
	w.Helper()
	if got != want {
		w.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// queue sets up a queue of a new client.
func (w *world) queue(types ...string) queue.Name {
	return w.queueWithLimit(link.DefaultRequeueCountMax, types...)
}

func (w *world) queueWithLimit(max int, types ...string) queue.Name {
	w.Helper()
	q := queue.Name{Tenant: w.tenant, Client: link.NewClientID()}
	w.setup(q, max, types...)
	return q
}

func (w *world) setup(q queue.Name, max int, types ...string) queue.SetupResult {
	w.Helper()
	r, err := w.Setup(w.ctx(), queue.Setup{Queue: q, Subscriptions: types, RequeueCountMax: max})
	w.must(err)
	return r
}

// message is a publish of a type to everybody.
func (w *world) message(typ string, change ...func(*queue.Publish)) queue.Publish {
	id := link.NewID()
	p := queue.Publish{
		Message: link.Message{
			ID: id, TenantID: w.tenant, Sender: link.Sender{App: "GESPLAN", ClientID: w.sender}, Type: typ, Audience: link.LinkProxy,
			ContentType: "application/json", Body: fmt.Appendf(nil, `{"id":%q}`, id),
		},
		Route: queue.Route{All: true},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// Changes of a message.
func ordered(key string) func(*queue.Publish) {
	return func(p *queue.Publish) { p.Message.OrderingKey = key }
}

func to(q ...queue.Name) func(*queue.Publish) {
	return func(p *queue.Publish) {
		p.Route.All, p.Message.Audience = false, "GESPLAN-RM"
		for _, q := range q {
			p.Route.Clients = append(p.Route.Clients, q.Client)
		}
	}
}

func optional(p *queue.Publish) { p.Route.Optional = true }

func transient(p *queue.Publish) { p.Route.Optional, p.Route.Transient = true, true }

func from(c link.ClientID) func(*queue.Publish) {
	return func(p *queue.Publish) { p.Message.Sender.ClientID = c }
}

func request(key string, content byte) func(*queue.Publish) {
	return func(p *queue.Publish) { p.Dedupe = &queue.Dedupe{Key: key, Hash: [32]byte{content}} }
}

func answering(id uuid.UUID, number int, status link.ERPState) func(*queue.Publish) {
	return func(p *queue.Publish) {
		p.Answer = &queue.Answer{To: id, Number: number, Status: status, Key: fmt.Sprintf("key %d", number)}
		p.Route.Optional = true
	}
}

// send publishes and answers the id.
func (w *world) send(typ string, change ...func(*queue.Publish)) uuid.UUID {
	w.Helper()
	p := w.message(typ, change...)
	r, err := w.Publish(w.ctx(), p)
	w.must(err)
	equal(w, "id", r.ID, p.Message.ID)
	return r.ID
}

// get leases up to max messages for a minute.
func (w *world) get(q queue.Name, max int) []link.Delivery {
	w.Helper()
	got, err := w.Get(w.ctx(), queue.Get{Queue: q, Max: max, Lease: time.Minute, Installation: "inst"})
	w.must(err)
	return got
}

// getOne leases one message, which must be there.
func (w *world) getOne(q queue.Name) link.Delivery {
	w.Helper()
	got := w.get(q, 1)
	if len(got) != 1 {
		w.Fatalf("got %d messages, want 1", len(got))
	}
	return got[0]
}

// gets expects to lease exactly these messages, in order.
func (w *world) gets(q queue.Name, max int, want ...uuid.UUID) []link.Delivery {
	w.Helper()
	got := w.get(q, max)
	if ids := idsOf(got); !slices.Equal(ids, want) {
		w.Fatalf("got messages %v, want %v", ids, want)
	}
	return got
}

func idsOf(got []link.Delivery) []uuid.UUID {
	ids := make([]uuid.UUID, len(got))
	for i, d := range got {
		ids[i] = d.Message.ID
	}
	return ids
}

// settleOne settles one delivery and answers how that went.
func (w *world) settleOne(q queue.Name, s queue.Settle) error {
	w.Helper()
	each, err := w.Settle(w.ctx(), q, []queue.Settle{s})
	w.must(err)
	equal(w, "results", len(each), 1)
	return each[0]
}

// settleAll settles deliveries in one call, all of which must go through.
func (w *world) settleAll(q queue.Name, how queue.How, got []link.Delivery) {
	w.Helper()
	items := make([]queue.Settle, len(got))
	for i, d := range got {
		items[i] = queue.Settle{Tag: d.Tag, How: how}
	}
	each, err := w.Settle(w.ctx(), q, items)
	w.must(err)
	for _, err := range each {
		w.must(err)
	}
}

// ack takes messages over.
func (w *world) ack(q queue.Name, got ...link.Delivery) {
	w.Helper()
	w.settleAll(q, queue.Ack, got)
}

// fail requeues a message.
func (w *world) fail(q queue.Name, d link.Delivery, reason string) {
	w.Helper()
	w.must(w.settleOne(q, queue.Settle{Tag: d.Tag, How: queue.Requeue, Reason: reason}))
}

// way is the trace of a message in a queue.
func (w *world) way(id uuid.UUID, q queue.Name) link.QueueTrace {
	w.Helper()
	t, err := w.Trace(w.ctx(), w.tenant, id)
	w.must(err)
	for _, qt := range t.Trace.Queues {
		if qt.Queue == q.String() {
			return qt
		}
	}
	w.Fatalf("message %s is not in queue %s", id, q)
	return link.QueueTrace{}
}

func (w *world) state(id uuid.UUID, q queue.Name, want link.State) {
	w.Helper()
	equal(w, "state", w.way(id, q).State, want)
}

// unknown expects that the store does not have a message.
func (w *world) unknown(id uuid.UUID) {
	w.Helper()
	_, err := w.Trace(w.ctx(), w.tenant, id)
	w.refused(link.CodeMessageUnknown, err)
	_, err = w.Message(w.ctx(), w.tenant, id)
	w.refused(link.CodeMessageUnknown, err)
}

// counts are a queue's deliveries by state, without the empty ones, as text in the order of names.
func (w *world) counts(q queue.Name) string {
	w.Helper()
	infos, err := w.Queues(w.ctx(), q.Tenant)
	w.must(err)
	for _, i := range infos {
		if i.Queue == q {
			return countsText(i.Counts.ByState())
		}
	}
	w.Fatalf("no queue %s", q)
	return ""
}

func countsText(counts map[link.State]int64) string {
	var parts []string
	for s, n := range counts {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%s %d", s, n))
		}
	}
	slices.SortFunc(parts, func(a, b string) int { return cmp.Compare(a, b) })
	return fmt.Sprint(parts)
}

// repeats expects that a publish is a repeat of an earlier one.
func (w *world) repeats(first uuid.UUID, typ string, change ...func(*queue.Publish)) {
	w.Helper()
	r, err := w.Publish(w.ctx(), w.message(typ, change...))
	w.must(err)
	equal(w, "duplicate", r.Duplicate, true)
	equal(w, "id", r.ID, first)
}

// together runs calls at the same time and returns when each has come as far as it can; their
// errors come one by one.
func (w *world) together(calls ...func() error) []chan error {
	var results []chan error
	for _, call := range calls {
		c := make(chan error, 1)
		results = append(results, c)
		go func() { c <- call() }()
		synctest.Wait() // the calls arrive in their order
	}
	return results
}

// publishAll publishes messages with many callers, in no order.
func (w *world) publishAll(list []queue.Publish) {
	w.Helper()
	const callers = 64
	errs := make(chan error, callers)
	for c := range callers {
		go func() {
			for i := c; i < len(list); i += callers {
				if _, err := w.Publish(w.ctx(), list[i]); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		w.must(<-errs)
	}
}
