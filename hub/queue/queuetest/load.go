package queuetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Load is the traffic of a speed measurement: one tenant, one sender, one queue.
type Load struct {
	Engine  *queue.Engine
	Callers int    // at the same time
	Body    int    // bytes of one message
	Key     string // ordering key
	Plain   bool   // readers have no installation
	// Keys makes the search keys of a message; nil: messages have none.
	Keys func() [][]byte

	tenant   uuid.UUID
	sender   link.ClientID
	receiver link.ClientID
	body     []byte
}

// NewLoad makes the queue that a measurement sends to.
func NewLoad(ctx context.Context, e *queue.Engine, callers, body int) (*Load, error) {
	l := &Load{
		Engine: e, Callers: callers, Body: body, tenant: link.NewID(), sender: link.NewClientID(), receiver: link.NewClientID(),
		body: make([]byte, body),
	}
	for i := range l.body {
		l.body[i] = byte('a' + i%26)
	}
	_, err := e.Setup(ctx, queue.Setup{Queue: l.Queue(), Subscriptions: []string{loadType}, RequeueCountMax: link.DefaultRequeueCountMax})
	return l, err
}

// StartLoad is NewLoad on an engine of a benchmark's own, which stops with it.
func StartLoad(b *testing.B, d queue.Driver, callers, body int) *Load {
	b.Helper()
	e := queue.New(d, queue.Options{})
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	l, err := NewLoad(b.Context(), e, callers, body)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

const loadType = "FinLanIncDataCommand"

// Queue is where the messages go.
func (l *Load) Queue() queue.Name { return queue.Name{Tenant: l.tenant, Client: l.receiver} }

// Send stores n messages durably, each with a request key as the exchange would give it, and answers
// how many that were per second.
func (l *Load) Send(ctx context.Context, n int) (perSecond float64, err error) {
	return l.run(n, func() (int, error) { return 1, l.SendOne(ctx) })
}

// SendOne stores one message as Send does.
func (l *Load) SendOne(ctx context.Context) error {
	id := link.NewID()
	var keys [][]byte
	if l.Keys != nil {
		keys = l.Keys()
	}
	_, err := l.Engine.Publish(ctx, queue.Publish{
		Keys: keys,
		Message: link.Message{
			ID: id, RootID: id, BusinessKey: "contract 42/2024-03/accrual", OrderingKey: l.Key, TenantID: l.tenant, Sender: link.Sender{App: "GESPLAN", ClientID: l.sender},
			Type: loadType, Audience: "GESPLAN-RM", ContentType: "application/json", Body: l.body,
			Headers: map[string]string{link.MetaAppCode: "GESPLAN", link.MetaAudience: "GESPLAN-RM", link.MetaSourceType: link.SourceHTTP},
		},
		Route:  queue.Route{Clients: []link.ClientID{l.receiver}},
		Dedupe: &queue.Dedupe{Key: link.NewID().String(), Hash: sha256.Sum256(l.body)},
	})
	return err
}

// Drain gets and acknowledges n messages in batches, and answers how many that were per second.
func (l *Load) Drain(ctx context.Context, n, batch int) (perSecond float64, err error) {
	return l.run(n, func() (int, error) { return l.DrainOne(ctx, batch) })
}

// DrainOne gets and acknowledges one batch, and answers how many messages it had.
func (l *Load) DrainOne(ctx context.Context, batch int) (int, error) {
	installation := "bench"
	if l.Plain {
		installation = ""
	}
	got, err := l.Engine.Get(ctx, queue.Get{Queue: l.Queue(), Max: batch, Installation: installation})
	if err != nil {
		return 0, err
	}
	if len(got) == 0 {
		return 0, fmt.Errorf("the queue is empty")
	}
	items := make([]queue.Settle, len(got))
	for i, d := range got {
		items[i] = queue.Settle{Tag: d.Tag, How: queue.Ack}
	}
	each, err := l.Engine.Settle(ctx, l.Queue(), items)
	for _, e := range each {
		if err == nil {
			err = e
		}
	}
	return len(got), err
}

// run calls f from all callers until it has done n.
func (l *Load) run(n int, f func() (int, error)) (float64, error) {
	var left atomic.Int64
	left.Store(int64(n))
	var failed atomic.Pointer[error]
	var callers sync.WaitGroup
	began := clock.Real.Now()
	for range l.Callers {
		callers.Go(func() {
			for left.Load() > 0 && failed.Load() == nil {
				did, err := f()
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				left.Add(-int64(did))
			}
		})
	}
	callers.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(int64(n)-left.Load()) / clock.Real.Now().Sub(began).Seconds(), nil
}
