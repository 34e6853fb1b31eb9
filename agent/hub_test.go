package agent

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/client"
	"smartlink/consumer"
	"smartlink/link"
)

// fakeHub is a hub in memory. Hooks, where set, replace what a call would do; they run without the
// lock held.
type fakeHub struct {
	mu       sync.Mutex
	ready    []link.Delivery
	arrived  chan struct{} // closed when something becomes ready
	setups   []link.SetupRequest
	settled  []link.Settlement
	sent     []client.Message
	onSetup  func() error
	granted  func(messageType string) bool // nil: all are
	onGet    func(ctx context.Context) ([]link.Delivery, error)
	onAck    func([]link.Settlement) error
	onSend   func(client.Message) error
	onHold   func(link.HoldRequest) (link.HoldResponse, error)
	acceptID map[string]int // sends by Idempotency-Key
	run      uuid.UUID      // the active one: whoever asked last
	epoch    int64
}

func newHub() *fakeHub { return &fakeHub{arrived: make(chan struct{}), acceptID: map[string]int{}} }

// put makes deliveries ready.
func (h *fakeHub) put(ds ...link.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = append(h.ready, ds...)
	close(h.arrived)
	h.arrived = make(chan struct{})
}

// sort brings what is ready into the order in which it came.
func (h *fakeHub) sort() {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortFunc(h.ready, func(a, b link.Delivery) int { return cmp.Compare(a.Tag, b.Tag) })
}

func (h *fakeHub) Setup(_ context.Context, s link.SetupRequest) (link.SetupResponse, error) {
	h.mu.Lock()
	h.setups = append(h.setups, s)
	h.mu.Unlock()
	if h.onSetup != nil {
		return link.SetupResponse{}, h.onSetup()
	}
	if h.granted != nil {
		e := link.NewError(link.CodeSubForbidden)
		for i, t := range s.Subscriptions {
			if !h.granted(t) {
				e.At(fmt.Sprintf("/subscriptions/%d", i), link.CodeSubForbidden, link.Text{PT: "não", EN: "no"})
			}
		}
		if len(e.Errors) > 0 {
			return link.SetupResponse{}, &client.Refused{Problem: e.Problem(link.English, "")}
		}
	}
	return link.SetupResponse{Subscriptions: s.Subscriptions}, nil
}

// subscriptions are those of the last setup.
func (h *fakeHub) subscriptions() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.setups[len(h.setups)-1].Subscriptions
}

func (h *fakeHub) Get(ctx context.Context, o client.GetOptions) ([]link.Delivery, error) {
	if h.onGet != nil {
		return h.onGet(ctx)
	}
	return h.lease(ctx, o.Max, o.Wait)
}

// lease waits for deliveries and hands them out.
func (h *fakeHub) lease(ctx context.Context, most int, wait time.Duration) ([]link.Delivery, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	for {
		h.mu.Lock()
		n := min(len(h.ready), most)
		got := slices.Clone(h.ready[:n])
		h.ready = h.ready[n:]
		arrived := h.arrived
		h.mu.Unlock()
		if len(got) > 0 {
			return got, nil
		}
		select {
		case <-arrived:
		case <-end.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (h *fakeHub) Ack(_ context.Context, items []link.Settlement) ([]link.AckResult, error) {
	if h.onAck != nil {
		if err := h.onAck(items); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settled = append(h.settled, items...)
	results := make([]link.AckResult, len(items))
	for i := range items {
		results[i].DeliveryTag = items[i].DeliveryTag
	}
	return results, nil
}

func (h *fakeHub) Send(_ context.Context, m client.Message) (link.SendResponse, error) {
	if h.onSend != nil {
		if err := h.onSend(m); err != nil {
			return link.SendResponse{}, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, m)
	h.acceptID[m.IdempotencyKey]++
	return link.SendResponse{MessageID: uuid.New(), Duplicate: h.acceptID[m.IdempotencyKey] > 1}, nil
}

func (h *fakeHub) Hold(_ context.Context, r link.HoldRequest) (link.HoldResponse, error) {
	if h.onHold != nil {
		return h.onHold(r)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.run != r.Run {
		h.run, h.epoch = r.Run, max(h.epoch, r.Epoch)+1
	}
	return link.HoldResponse{Active: true, Epoch: h.epoch, Lease: r.Lease}, nil
}

// of answers the messages of a type that were sent.
func (h *fakeHub) of(messageType string) []client.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []client.Message
	for _, m := range h.sent {
		if m.Type == messageType {
			found = append(found, m)
		}
	}
	return found
}

func (h *fakeHub) setupCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.setups)
}

func (h *fakeHub) acked() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var tags []int64
	for _, s := range h.settled {
		if s.Ack != nil && *s.Ack {
			tags = append(tags, s.DeliveryTag)
		}
	}
	return tags
}

// refusal is the hub's problem with a status.
func refusal(status int, code link.Code) error {
	return &client.Refused{Problem: &link.Problem{Status: status, Code: code, Detail: fmt.Sprint("status ", status)}}
}

var errGone = refusal(http.StatusServiceUnavailable, link.CodeUnavailable)

// world is an agent with a fake hub, in a bubble of time.
type world struct {
	agenttest.Files
	t    *testing.T
	hub  *fakeHub
	cfg  Config
	a    *Agent
	ways map[string]agenttest.Way
}

// inBubble runs a test in its own time. The agent is not started yet; what runs at the end is stopped.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{Files: agenttest.NewFiles(t), t: t, hub: newHub()}
		w.ways = map[string]agenttest.Way{"reject": agenttest.Reject, "fail": agenttest.Fail}
		w.cfg = Config{
			Hub: w.hub, Database: w.Database, Installation: w.Installation, Prepare: agenttest.MakeBook,
			Consumers: []consumer.Consumer{&agenttest.Booker{Ways: w.ways}}, Wait: 10 * time.Second,
		}
		defer w.stop()
		test(t, w)
	})
}

func (w *world) start() {
	w.t.Helper()
	a, err := New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := a.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.a = a
	synctest.Wait()
}

func (w *world) stop() {
	w.t.Helper()
	if w.a == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.a.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	w.a = nil
}

// after lets time pass in the bubble, until nothing more happens without more of it.
func after(d time.Duration) {
	<-time.NewTimer(d).C
	synctest.Wait()
}

func (w *world) item(id uuid.UUID) *inbox.Item {
	w.t.Helper()
	d, err := w.a.box.Show(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.Item
}
