package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

func TestSettledIsWhenNothingComesByItself(t *testing.T) {
	erp := func(s link.ERPState) *link.ERPStatus { return &link.ERPStatus{State: s} }
	delivered := []link.TraceEvent{{Event: link.EventDelivered, Installation: "i"}}
	for name, tc := range map[string]struct {
		queues []link.QueueTrace
		want   bool
	}{
		"nobody hears it":       {nil, true},
		"ready":                 {[]link.QueueTrace{{State: link.StateReady}}, false},
		"leased":                {[]link.QueueTrace{{State: link.StateLeased}}, false},
		"stored at the ERP":     {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPStored), Events: delivered}}, false},
		"acked, nothing told":   {[]link.QueueTrace{{State: link.StateAcked, Events: delivered}}, false},
		"acked by no agent":     {[]link.QueueTrace{{State: link.StateAcked, Events: []link.TraceEvent{{Event: link.EventDelivered}}}}, true},
		"waits at the ERP":      {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPWaiting)}}, false},
		"booked":                {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPDone), Outcome: &link.Outcome{}}}, true},
		"refused":               {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPRejected), Outcome: &link.Outcome{}}}, true},
		"refused, reasons due":  {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPRejected), Events: delivered}}, false},
		"blocked":               {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPBlocked), Outcome: &link.Outcome{}}}, true},
		"runs again":            {[]link.QueueTrace{{State: link.StateAcked, ERP: erp(link.ERPRunning), Outcome: &link.Outcome{Status: link.ERPRejected}}}, false},
		"answered, no status":   {[]link.QueueTrace{{State: link.StateAcked, Outcome: &link.Outcome{Status: link.ERPDone}}}, true},
		"dead":                  {[]link.QueueTrace{{State: link.StateDead}}, true},
		"discarded":             {[]link.QueueTrace{{State: link.StateDiscarded}}, true},
		"one booked, one ready": {[]link.QueueTrace{{State: link.StateAcked, Outcome: &link.Outcome{}}, {State: link.StateReady}}, false},
	} {
		if got := Settled(link.Trace{Queues: tc.queues}); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// looks answers one trace after the other, the last one for ever.
func looks(states ...link.State) (func() (link.Trace, error), *int) {
	n := 0
	return func() (link.Trace, error) {
		s := states[min(n, len(states)-1)]
		n++
		if s == "" {
			return link.Trace{}, &notReached{errors.New("no network")}
		}
		return link.Trace{Queues: []link.QueueTrace{{State: s}}}, nil
	}, &n
}

func TestFollowGoesOnUntilSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		look, n := looks(link.StateReady, "", link.StateLeased, link.StateDead)
		var seen []link.State
		got, err := follow(t.Context(), clock.Real, look, func(t link.Trace) { seen = append(seen, t.Queues[0].State) })
		if err != nil || *n != 4 || got.Queues[0].State != link.StateDead || len(seen) != 3 {
			t.Errorf("%d looks, saw %v, %+v, %v", *n, seen, got, err)
		}
	})
}

func TestFollowEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*followLast)
		defer cancel()
		look, n := looks(link.StateReady)
		got, err := follow(ctx, clock.Real, look, nil)
		if !errors.Is(err, context.DeadlineExceeded) || len(got.Queues) != 1 || *n > 16 || *n < 10 {
			t.Errorf("%d looks, %+v, %v", *n, got, err)
		}
	})
}

func TestFollowToldNoIsToldAtOnce(t *testing.T) {
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { problem(w, link.CodeMessageUnknown) })
	if _, err := h.client(t).Follow(t.Context(), uuid.New(), nil); link.CodeOf(err) != link.CodeMessageUnknown {
		t.Error(err)
	}
}

func TestLooksAtQueuesSayWhichAndHow(t *testing.T) {
	var asked []string
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.String())
		if r.URL.Path == "/api/v1/link/queue" {
			_ = json.NewEncoder(w).Encode(link.QueueDetail{QueueInfo: link.QueueInfo{Queue: "q"}})
			return
		}
		_ = json.NewEncoder(w).Encode(link.Page[link.QueueEntry]{Items: []link.QueueEntry{{Position: 3}}, Next: "n"})
	})
	c := h.client(t)
	admin, err := NewAdmin(AdminConfig{Server: h.URL, APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	b := Browse{List: link.ListDead, Order: link.OrderNewest, Type: "X", Limit: 2, Cursor: "c"}
	q1, err1 := c.Queue(t.Context())
	q2, err2 := admin.Queue(t.Context(), "t.c")
	p1, err3 := c.Browse(t.Context(), b)
	p2, err4 := admin.Browse(t.Context(), "t.c", Browse{})
	if err := errors.Join(err1, err2, err3, err4); err != nil || q1.Queue != "q" || q2.Queue != "q" || p1.Next != "n" || p2.Items[0].Position != 3 {
		t.Errorf("%+v %+v %+v %+v, %v", q1, q2, p1, p2, err)
	}
	for i, want := range []string{
		"GET /api/v1/link/queue", "GET /api/v1/link/queue?queue=t.c", "GET /api/v1/link/queue/messages?cursor=c&limit=2&list=dead&order=newest&type=X",
		"GET /api/v1/link/queue/messages?queue=t.c",
	} {
		if asked[i] != want {
			t.Errorf("asked for %s, want %s", asked[i], want)
		}
	}
}
