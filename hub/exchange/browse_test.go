package exchange_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

var rmQueue = queue.Name{Tenant: tenant, Client: rm}

func queueEngine() *engine {
	at := time.Date(2026, 3, 27, 9, 14, 13, 0, time.UTC)
	return &engine{
		infos: []queue.Info{
			{Queue: rmQueue, Subscriptions: []string{cmd}, RequeueCountMax: 3, CreatedAt: at, LastGet: at, Installation: "i", Counts: queue.Counts{Ready: 2}},
			{Queue: queue.Name{Tenant: another, Client: foreign}},
		},
		oldest: map[queue.Name]time.Time{rmQueue: at},
		page: queue.Page{
			Items: []queue.Entry{{
				Position: 7, Size: 12, State: link.StateDelayed, Attempt: 2, RequeueCount: 1, LostCount: 1, NextTry: &at, Reason: "full",
				Message: link.Message{ID: command, RootID: command, Type: cmd, Audience: link.LinkProxy, TenantID: tenant, Headers: map[string]string{link.HeaderKey: "1;2"}},
			}},
			Next: &queue.Cursor{Pos: -5, Rank: 7},
		},
	}
}

func viewer() exchange.Operator {
	return exchange.Operator{Name: "vera", Role: link.RoleViewer, Lang: link.English}
}

func TestQueueOfTheCaller(t *testing.T) {
	x := newExchange(queueEngine(), &directory{})
	q, err := x.Queue(t.Context(), caller(rm))
	if err != nil || q.Queue != rmQueue.String() || q.Counts[link.StateReady] != 2 || q.LastGet == nil || q.Oldest == nil || q.RequeueCountMax != 3 {
		t.Errorf("%+v, %v", q, err)
	}
	_, err = x.Queue(t.Context(), caller(gesplan))
	wantCode(t, err, link.CodeNoQueue)
}

func TestOperatorsSeeEveryQueue(t *testing.T) {
	x := newExchange(queueEngine(), &directory{})
	for _, q := range []queue.Name{rmQueue, {Tenant: another, Client: foreign}} {
		if d, err := x.QueueAny(t.Context(), viewer(), q); err != nil || d.Queue != q.String() {
			t.Errorf("%s: %+v, %v", q, d, err)
		}
	}
	_, err := x.QueueAny(t.Context(), viewer(), queue.Name{Tenant: uuid.New(), Client: rm})
	wantCode(t, err, link.CodeNotFound)
	_, err = x.QueueAny(t.Context(), exchange.Operator{Name: "nobody"}, rmQueue)
	wantCode(t, err, link.CodeRole)
	_, err = x.BrowseAny(t.Context(), exchange.Operator{Name: "nobody"}, rmQueue, exchange.Looking{})
	wantCode(t, err, link.CodeRole)
}

func TestBrowseAsksForTheOwnQueue(t *testing.T) {
	e := queueEngine()
	limit := 5
	p, err := newExchange(e, &directory{}).Browse(t.Context(), caller(rm), exchange.Looking{
		List: link.ListDead, Order: link.OrderNewest, Type: cmd, Limit: &limit,
	})
	want := queue.Browse{Queue: rmQueue, List: queue.ListDead, Type: cmd, Newest: true, Limit: 5}
	if err != nil || e.browse != want {
		t.Fatalf("asked for %+v, %v", e.browse, err)
	}
	i := p.Items[0]
	if p.Next == "" || i.Position != 7 || i.ID != command || i.State != link.StateDelayed || i.Headers["SL-Key"] != "1;2" || i.Size != 12 || i.NextTry == nil ||
		i.Attempt != 2 || i.RequeueCount != 1 || i.LostCount != 1 || i.Reason != "full" {
		t.Errorf("%+v", i)
	}
}

func TestBrowseHasDefaults(t *testing.T) {
	e := queueEngine()
	e.page.Next = nil
	p, err := newExchange(e, &directory{}).Browse(t.Context(), caller(rm), exchange.Looking{})
	if want := (queue.Browse{Queue: rmQueue, List: queue.ListWaiting, Limit: queue.DefaultPage}); err != nil || e.browse != want || p.Next != "" {
		t.Errorf("asked for %+v, answered next %q, %v", e.browse, p.Next, err)
	}
}

func TestBrowseSaysAllThatIsWrong(t *testing.T) {
	limit := queue.MaxPage + 1
	_, err := newExchange(queueEngine(), &directory{}).Browse(t.Context(), caller(rm), exchange.Looking{List: "lost", Order: "random", Type: "9", Limit: &limit})
	wantCode(t, err, link.CodeRequestInvalid)
	if got := pointers(err); got != "list order type limit" {
		t.Errorf("points at %q", got)
	}
}

// TestCursorIsGoodForItsListOnly: a cursor that was changed, or is of another queue, list, order or
// type, is refused. Nobody can make one up.
func TestCursorIsGoodForItsListOnly(t *testing.T) {
	e := queueEngine()
	x := newExchange(e, &directory{})
	look := exchange.Looking{List: link.ListDead, Type: cmd}
	p, err := x.Browse(t.Context(), caller(rm), look)
	if err != nil {
		t.Fatal(err)
	}
	look.Cursor = p.Next
	if _, err := x.Browse(t.Context(), caller(rm), look); err != nil || e.browse.After == nil || *e.browse.After != (queue.Cursor{Pos: -5, Rank: 7}) {
		t.Fatalf("went on at %+v, %v", e.browse.After, err)
	}
	if _, err := x.BrowseAny(t.Context(), viewer(), rmQueue, look); err != nil {
		t.Errorf("the same list for an operator: %v", err)
	}
	other := exchange.Looking{List: link.ListDead, Type: cmd, Cursor: "x" + p.Next[1:]}
	if p.Next[0] == 'x' {
		other.Cursor = "y" + p.Next[1:]
	}
	for name, l := range map[string]exchange.Looking{
		"changed": other, "no cursor": {List: link.ListDead, Type: cmd, Cursor: "next please"},
		"other list":  {List: link.ListHistory, Type: cmd, Cursor: p.Next},
		"other order": {List: link.ListDead, Order: link.OrderNewest, Type: cmd, Cursor: p.Next},
		"other type":  {List: link.ListDead, Cursor: p.Next},
	} {
		if _, err := x.Browse(t.Context(), caller(rm), l); link.CodeOf(err) != link.CodeRequestInvalid || pointers(err) != "cursor" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := x.Browse(t.Context(), caller(both), look); link.CodeOf(err) != link.CodeRequestInvalid {
		t.Errorf("other queue: %v", err)
	}
}

func TestCursorsOfOneKeyAreGoodEverywhere(t *testing.T) {
	look := exchange.Looking{}
	for i, key := range [][]byte{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)} {
		x := newExchange(queueEngine(), &directory{})
		if err := x.SealCursors(key); err != nil {
			t.Fatal(err)
		}
		p, err := x.Browse(t.Context(), caller(rm), look)
		if good := i < 2; good != (err == nil) {
			t.Errorf("hub %d: %v", i, err)
		}
		if i == 0 {
			look.Cursor = p.Next
		}
	}
	if newExchange(queueEngine(), &directory{}).SealCursors([]byte("short")) == nil {
		t.Error("a short key was taken")
	}
}
