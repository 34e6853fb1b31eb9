package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

var (
	tenant  = uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")
	another = uuid.MustParse("11111111-1111-4111-8111-111111111111")
	command = uuid.MustParse("0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11")
)

// The clients of the tests' tenant, and one of another tenant with the same app.
const (
	gesplan link.ClientID = "000000000000000000000000000000a1"
	rm      link.ClientID = "000000000000000000000000000000a2"
	both    link.ClientID = "000000000000000000000000000000a3"
	mixed   link.ClientID = "000000000000000000000000000000a4"
	bare    link.ClientID = "000000000000000000000000000000a5"
	foreign link.ClientID = "000000000000000000000000000000b1"
)

const (
	cmd      = "FinLanIncDataCommand"
	response = "FinLanIncDataCommandResponse"
)

func snapshot() *registry.Snapshot {
	return registry.NewSnapshot(
		[]registry.App{
			{Code: "GESPLAN", Sends: []string{cmd}, Receives: []string{response}},
			{Code: "GESPLAN-RM", Sends: []string{response}, Receives: []string{cmd}},
			{Code: "OTHER", Sends: []string{cmd}, Receives: []string{"Heard", "metrics"}},
		},
		[]registry.Client{
			{ID: gesplan, Tenant: tenant, Apps: []string{"GESPLAN"}},
			{ID: rm, Tenant: tenant, Apps: []string{"GESPLAN-RM"}},
			{ID: both, Tenant: tenant, Apps: []string{"GESPLAN", "GESPLAN-RM"}},
			{ID: mixed, Tenant: tenant, Apps: []string{"GESPLAN", "OTHER"}},
			{ID: bare, Tenant: tenant},
			{ID: foreign, Tenant: another, Apps: []string{"GESPLAN-RM"}},
		},
	)
}

// engine answers what a test tells it to and keeps what it was asked.
type engine struct {
	setup     *queue.Setup
	published *queue.Publish
	batch     []queue.Publish
	got       *queue.Get
	settled   []queue.Settle

	result  queue.PublishResult
	err     error
	traces  map[uuid.UUID]queue.Traced // by tenant
	message link.Message

	infos  []queue.Info
	health []queue.Health
	oldest map[queue.Name]time.Time
	mu     sync.Mutex
	browse queue.Browse // what was asked for
	page   queue.Page
	find   func(queue.Find) queue.Found
}

func (e *engine) Setup(_ context.Context, s queue.Setup) (queue.SetupResult, error) {
	e.setup = &s
	return queue.SetupResult{Subscriptions: s.Subscriptions, Added: s.Subscriptions, RequeueCountMax: s.RequeueCountMax}, e.err
}

func (e *engine) Publish(_ context.Context, p queue.Publish) (queue.PublishResult, error) {
	e.published = &p
	r := e.result
	if r.ID == uuid.Nil {
		r.ID = p.Message.ID
	}
	return r, e.err
}

func (e *engine) Get(_ context.Context, g queue.Get) ([]link.Delivery, error) {
	e.got = &g
	return nil, e.err
}

func (e *engine) Settle(_ context.Context, _ queue.Name, items []queue.Settle) ([]error, error) {
	e.settled = items
	return make([]error, len(items)), e.err
}

func (e *engine) Trace(_ context.Context, t, _ uuid.UUID) (queue.Traced, error) {
	if tr, ok := e.traces[t]; ok {
		return tr, nil
	}
	return queue.Traced{}, link.NewError(link.CodeMessageUnknown)
}

func (e *engine) Message(_ context.Context, t, _ uuid.UUID) (link.Message, error) {
	if e.message.TenantID != t {
		return link.Message{}, link.NewError(link.CodeMessageUnknown)
	}
	return e.message, nil
}

func (e *engine) Queues(_ context.Context, t uuid.UUID) ([]queue.Info, error) {
	infos := slices.DeleteFunc(slices.Clone(e.infos), func(i queue.Info) bool { return t != uuid.Nil && i.Queue.Tenant != t })
	slices.SortFunc(infos, func(a, b queue.Info) int { return a.Queue.Compare(b.Queue) })
	return infos, e.err
}

func (e *engine) Oldest(_ context.Context, names []queue.Name) ([]time.Time, error) {
	list := make([]time.Time, len(names))
	for i, q := range names {
		list[i] = e.oldest[q]
	}
	return list, e.err
}

func (e *engine) Browse(_ context.Context, b queue.Browse) (queue.Page, error) {
	e.mu.Lock() // jobs look at the same time
	defer e.mu.Unlock()
	e.browse = b
	return e.page, e.err
}

// directory is the registry as operators' use cases see it; order keeps what happened when.
type directory struct {
	audit []link.AuditEntry
	err   error
	then  func() // called by Record
	held  []string
	now   *registry.Snapshot // nil: snapshot()

	helpUntil *time.Time
	helped    []registry.Helped

	exchange.JobStore // nil: nobody starts one
}

func (d *directory) Current() *registry.Snapshot {
	if d.now != nil {
		return d.now
	}
	return snapshot()
}

func (d *directory) TenantIDs(context.Context) ([]uuid.UUID, error) {
	return []uuid.UUID{another, tenant}, nil
}

func (d *directory) Record(_ context.Context, e link.AuditEntry) error {
	d.audit = append(d.audit, e)
	if d.then != nil {
		d.then()
	}
	return d.err
}

func (d *directory) Hold(_ context.Context, id link.ClientID, installation string, r link.HoldRequest, lease time.Duration) (link.HoldResponse, error) {
	d.held = append(d.held, fmt.Sprint(id, " ", installation, " ", r.Run, " ", lease))
	return link.HoldResponse{Active: true, Epoch: 1, Lease: lease.String()}, d.err
}

func (d *directory) Bind(_ context.Context, id link.ClientID, installation string) error {
	d.held = append(d.held, fmt.Sprint("bind ", id, " ", installation))
	return d.err
}

func (d *directory) NoteRefused(_ context.Context, id link.ClientID, installation string, code link.Code) error {
	d.held = append(d.held, fmt.Sprint("refused ", id, " ", installation, " ", code))
	return nil
}

func (d *directory) Binding(_ context.Context, id link.ClientID) (link.Binding, error) {
	return link.Binding{ClientID: id, HelpUntil: d.helpUntil}, nil
}

func (d *directory) AskHelp(_ context.Context, id link.ClientID, r link.HelpRequest) (registry.Helped, error) {
	h := registry.Helped{Client: id, HelpRequest: r}
	d.helped = append(d.helped, h)
	return h, nil
}

func (d *directory) HelpOf(context.Context, uuid.UUID) ([]registry.Helped, error) {
	return d.helped, nil
}

func (d *directory) Bindings(context.Context, registry.List) (link.Page[link.Binding], error) {
	return link.Page[link.Binding]{}, d.err
}

var discard = slog.New(slog.DiscardHandler)

func newExchange(e *engine, d *directory) *exchange.Exchange {
	return exchange.New(e, d, discard)
}

func caller(id link.ClientID) exchange.Caller {
	s := snapshot()
	c, _ := s.Client(id)
	return exchange.Caller{Client: c, Snapshot: s, Source: link.SourceHTTP, Lang: link.English}
}

func wantCode(t *testing.T, err error, want link.Code) {
	t.Helper()
	if got := link.CodeOf(err); got != want {
		t.Fatalf("error is %q (%v), want %q", got, err, want)
	}
}

// pointers lists the places an error points at. What is wrong there must be said in both languages.
func pointers(err error) string {
	var e *link.Error
	if !errors.As(err, &e) {
		return ""
	}
	var list []string
	pt, en := e.Problem(link.Portuguese, "").Errors, e.Problem(link.English, "").Errors
	for i := range pt {
		if pt[i].Detail == "" || en[i].Detail == "" || pt[i].Detail == en[i].Detail {
			list = append(list, fmt.Sprintf("%s says %q in both languages", pt[i].Pointer, pt[i].Detail))
			continue
		}
		list = append(list, pt[i].Pointer)
	}
	return strings.Join(list, " ")
}

func codesOf(list []link.Warning) string {
	var s []string
	for _, w := range list {
		if w.Detail == "" || strings.Contains(w.Detail, "{") {
			s = append(s, "unfilled:"+w.Detail)
		}
		s = append(s, string(w.Code))
	}
	return strings.Join(s, " ")
}
