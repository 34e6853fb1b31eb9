package exchange_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

const (
	ours   = "aaaaaaaa-1111-4111-8111-111111111111"
	theirs = "bbbbbbbb-1111-4111-8111-111111111111"
)

// boundTo is the registry as it is when rm's queue belongs to an installation with an active run of
// epoch 4, or was taken from one.
func boundTo(installation, barred string) *registry.Snapshot {
	return registry.NewSnapshot([]registry.App{{Code: "GESPLAN-RM", Sends: []string{response}, Receives: []string{cmd}}},
		[]registry.Client{{ID: rm, Tenant: tenant, Apps: []string{"GESPLAN-RM"}, Installation: installation, Barred: barred, HoldEpoch: 4}})
}

// TestBoundQueueIsTheActiveRunsAlone tries every call on a bound queue as everybody who may have its
// credentials.
func TestBoundQueueIsTheActiveRunsAlone(t *testing.T) {
	yes := true
	calls := map[string]func(x *exchange.Exchange, c exchange.Caller) error{
		"setup": func(x *exchange.Exchange, c exchange.Caller) error {
			_, err := x.Setup(t.Context(), c, link.SetupRequest{Subscriptions: []string{cmd}})
			return err
		},
		"get": func(x *exchange.Exchange, c exchange.Caller) error {
			_, err := x.Get(t.Context(), c, exchange.Get{})
			return err
		},
		"ack": func(x *exchange.Exchange, c exchange.Caller) error {
			_, err := x.Settle(t.Context(), c, []link.Settlement{{DeliveryTag: 1, Ack: &yes}})
			return err
		},
		"extend": func(x *exchange.Exchange, c exchange.Caller) error {
			_, err := x.Extend(t.Context(), c, []link.Extension{{DeliveryTag: 1}})
			return err
		},
	}
	all := []string{"ack", "extend", "get", "setup"}
	for _, tc := range []struct {
		name, bound, barred string // the queue
		installation        string // the caller
		epoch               int64
		refused             []string
		says                string
	}{
		{name: "nobody's queue, no agent"},
		{name: "nobody's queue, an agent", installation: ours, epoch: 1},
		{name: "the active run", bound: ours, installation: ours, epoch: 4},
		{name: "a wizard of the installation", bound: ours, installation: ours, refused: []string{"ack", "extend", "get"}, says: "not the active one"},
		{name: "a run that was taken over", bound: ours, installation: ours, epoch: 3, refused: all, says: "not the active one"},
		{name: "a made-up epoch", bound: ours, installation: ours, epoch: -1, refused: all, says: "not the active one"},
		{name: "another installation", bound: ours, installation: theirs, epoch: 4, refused: all, says: "comes from " + theirs},
		{name: "no installation", bound: ours, epoch: 4, refused: all, says: "names none"},
		{name: "released", barred: ours, installation: theirs, epoch: 9},
		{name: "the one it was taken from", barred: ours, installation: ours, epoch: 4, refused: all, says: "administrator"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name, call := range calls {
				e, d := &engine{}, &directory{now: boundTo(tc.bound, tc.barred)}
				x := newExchange(e, d)
				c := caller(rm)
				c.Snapshot = d.now
				c.Client, _ = d.now.Client(rm)
				c.Installation, c.Epoch = tc.installation, tc.epoch
				err := call(x, c)
				if !slices.Contains(tc.refused, name) {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				if link.CodeOf(err) != link.CodeInstallation || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%s: %v", name, err)
				}
				if e.setup != nil || e.got != nil || e.settled != nil {
					t.Errorf("%s: the queue was touched", name)
				}
				if len(d.held) != 1 || !strings.HasPrefix(d.held[0], "refused ") {
					t.Errorf("%s: noted %v", name, d.held)
				}
			}
		})
	}
}

func TestSetupOfAnInstallationBindsTheQueue(t *testing.T) {
	d := &directory{}
	x := newExchange(&engine{}, d)
	c := caller(rm)
	if _, err := x.Setup(t.Context(), c, link.SetupRequest{Subscriptions: []string{cmd}}); err != nil || d.held != nil {
		t.Errorf("a client without an agent: %v, %v", d.held, err)
	}
	c.Installation = ours
	if _, err := x.Setup(t.Context(), c, link.SetupRequest{Subscriptions: []string{cmd}}); err != nil || !slices.Equal(d.held, []string{"bind " + string(rm) + " " + ours}) {
		t.Errorf("%v, %v", d.held, err)
	}
	if _, err := x.Setup(t.Context(), c, link.SetupRequest{Subscriptions: []string{"Nope"}}); err == nil || len(d.held) != 1 {
		t.Errorf("a setup that is refused binds: %v", d.held)
	}
	d.err = link.NewError(link.CodeInstallation)
	e := &engine{}
	if _, err := newExchange(e, d).Setup(t.Context(), c, link.SetupRequest{Subscriptions: []string{cmd}}); link.CodeOf(err) != link.CodeInstallation || e.setup != nil {
		t.Errorf("another was faster: %v", err)
	}
}

// overtaken is an engine in whose waiting get another run becomes the active one.
type overtaken struct {
	engine
	then func()
}

func (e *overtaken) Get(context.Context, queue.Get) ([]link.Delivery, error) {
	e.then()
	return []link.Delivery{{Tag: 7}, {Tag: 8}}, nil
}

func TestGetThatWaitedThroughATakeOverGetsNothing(t *testing.T) {
	d := &directory{now: boundTo(ours, "")}
	e := &overtaken{}
	x := exchange.New(e, d, slog.New(slog.DiscardHandler))
	c := caller(rm)
	c.Client, _ = d.now.Client(rm)
	c.Installation, c.Epoch = ours, 4
	e.then = func() {}
	if got, err := x.Get(t.Context(), c, exchange.Get{}); err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	e.then = func() { d.now = boundTo(theirs, "") }
	got, err := x.Get(t.Context(), c, exchange.Get{})
	wantCode(t, err, link.CodeInstallation)
	if got != nil || len(e.settled) != 2 || e.settled[0] != (queue.Settle{Tag: 7, How: queue.Release}) {
		t.Errorf("got %v, settled %+v", got, e.settled)
	}
}

func TestHoldSaysWhatIsWrong(t *testing.T) {
	good := link.HoldRequest{Instance: uuid.New(), Run: uuid.New(), Host: "erp-01"}
	for _, tc := range []struct {
		name   string
		change func(*link.HoldRequest, *exchange.Caller)
		want   string
	}{
		{"nothing", func(r *link.HoldRequest, c *exchange.Caller) { *r, c.Installation = link.HoldRequest{}, "" }, "SL-Installation /instance /run"},
		{"host", func(r *link.HoldRequest, _ *exchange.Caller) { r.Host = strings.Repeat("x", link.MaxKey+1) }, "/host"},
		{"host not UTF-8", func(r *link.HoldRequest, _ *exchange.Caller) { r.Host = "\xff" }, "/host"},
		{"epoch", func(r *link.HoldRequest, _ *exchange.Caller) { r.Epoch = -1 }, "/epoch"},
		{"moves", func(r *link.HoldRequest, _ *exchange.Caller) { r.Moves = 1 << 53 }, "/moves"},
		{"lease", func(r *link.HoldRequest, _ *exchange.Caller) { r.Lease = "26s" }, "/lease"},
		{"short lease", func(r *link.HoldRequest, _ *exchange.Caller) { r.Lease = "999ms" }, "/lease"},
		{"no lease", func(r *link.HoldRequest, _ *exchange.Caller) { r.Lease = "x" }, "/lease"},
		{"installation", func(_ *link.HoldRequest, c *exchange.Caller) { c.Installation = strings.Repeat("x", link.MaxKey+1) }, "SL-Installation"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, c, d := good, caller(rm), &directory{}
			c.Installation = ours
			tc.change(&r, &c)
			_, err := newExchange(&engine{}, d).Hold(t.Context(), c, r)
			wantCode(t, err, link.CodeRequestInvalid)
			if got := pointers(err); got != tc.want || d.held != nil {
				t.Errorf("pointers %q, want %q", got, tc.want)
			}
		})
	}
	d := &directory{}
	c := caller(rm)
	c.Installation = ours
	for _, lease := range []string{"", "1s", "25s"} {
		r := good
		r.Lease = lease
		if h, err := newExchange(&engine{}, d).Hold(t.Context(), c, r); err != nil || !h.Active {
			t.Errorf("%s: %v", lease, err)
		}
	}
	if len(d.held) != 3 || !strings.HasSuffix(d.held[0], (20*time.Second).String()) {
		t.Errorf("%v", d.held)
	}
}

func TestAskHelp(t *testing.T) {
	name := link.QueueName(tenant, rm)
	e := &engine{traces: map[uuid.UUID]queue.Traced{tenant: {Trace: link.Trace{ID: command, Queues: []link.QueueTrace{{Queue: name}}}}}}
	wish := link.HelpWish{Queue: name, Action: link.HelpReprocess, Reason: "r"}
	for _, tc := range []struct {
		name   string
		role   link.Role
		tenant uuid.UUID
		change func(*link.HelpWish)
		code   link.Code
	}{
		{name: "asked", role: link.RoleOperator},
		{name: "a viewer", role: link.RoleViewer, code: link.CodeRole},
		{name: "no reason", role: link.RoleOperator, change: func(w *link.HelpWish) { w.Reason = " " }, code: link.CodeRequestInvalid},
		{name: "something else", role: link.RoleOperator, change: func(w *link.HelpWish) { w.Action = "edit" }, code: link.CodeRequestInvalid},
		{name: "another queue", role: link.RoleOperator, change: func(w *link.HelpWish) { w.Queue = link.QueueName(tenant, gesplan) }, code: link.CodeRequestInvalid},
		{name: "no queue", role: link.RoleOperator, change: func(w *link.HelpWish) { w.Queue = "" }, code: link.CodeRequestInvalid},
		{name: "another tenant", role: link.RoleAdministrator, tenant: another, code: link.CodeMessageUnknown},
	} {
		d := &directory{}
		x := newExchange(e, d)
		w := wish
		if tc.change != nil {
			tc.change(&w)
		}
		got, err := x.AskHelp(t.Context(), exchange.Operator{Name: "olga", Role: tc.role}, tc.tenant, command, w)
		wantCode(t, err, tc.code)
		if (err == nil) != (len(d.helped) == 1) {
			t.Errorf("%s: asked %+v", tc.name, d.helped)
		}
		if err != nil {
			continue
		}
		if got.ID == uuid.Nil || got.By != "olga" || got.Queue != name || d.helped[0].Client != rm {
			t.Errorf("%+v", got)
		}
		d.helped[0].Reply = &link.HelpReply{Result: link.HelpDone, At: time.Now()}
		trace, err := x.TraceAny(t.Context(), exchange.Operator{Role: link.RoleViewer}, tenant, command)
		if ev := trace.Queues[0].Events; err != nil || len(ev) != 2 || ev[0].Event != link.EventHelpAsked || ev[1].Event != link.EventHelpAnswered || ev[1].Detail != "reprocess: done" {
			t.Errorf("%+v, %v", trace, err)
		}
	}
}
