package exchange_test

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

const report = `# HELP service_state_up Whether the service is up.
# TYPE service_state_up gauge
service_state_up 1
# TYPE smartlink_agent_uptime_seconds gauge
smartlink_agent_uptime_seconds 90
# TYPE smartlink_agent_inbox_messages gauge
smartlink_agent_inbox_messages{direction="downstream",state="stored"} 2
smartlink_agent_inbox_messages{direction="downstream",state="blocked"} 3
smartlink_agent_inbox_messages{direction="downstream",state="rejected"} 40
smartlink_agent_inbox_messages{direction="upstream",state="waiting"} 500
# TYPE smartlink_agent_alarms_total counter
smartlink_agent_alarms_total{code="SL-AGENT-DIED"} 1
`

var noon = time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)

// people makes an exchange with three queues, of which one has an installation.
func people() (*exchange.Exchange, *engine) {
	e := &engine{
		infos: []queue.Info{
			{Queue: queue.Name{Tenant: tenant, Client: gesplan}, LastGet: noon, Counts: queue.Counts{Ready: 1, Acked: 90}},
			{Queue: rmQueue, LastGet: noon.Add(-time.Hour), Counts: queue.Counts{Ready: 1, Leased: 2, Behind: 4, Delayed: 8, Dead: 16}},
			{Queue: queue.Name{Tenant: another, Client: foreign}},
		},
		oldest: map[queue.Name]time.Time{rmQueue: noon.Add(-30 * time.Hour), {Tenant: tenant, Client: gesplan}: noon.Add(-time.Hour)},
		health: []queue.Health{{Queue: rmQueue, Installation: "i", At: noon, Body: []byte(report)}},
	}
	return newExchange(e, &directory{}), e
}

func clientsOf(rows []exchange.QueueRow) string {
	var names []string
	for _, r := range rows {
		names = append(names, string(r.ClientID)[30:])
	}
	return strings.Join(names, " ")
}

func TestOverviewSums(t *testing.T) {
	x, _ := people()
	p, totals, err := x.Overview(t.Context(), viewer(), exchange.QueueList{})
	if err != nil || clientsOf(p.Items) != "b1 a1 a2" || p.Next != "" {
		t.Fatalf("%s, %q, %v", clientsOf(p.Items), p.Next, err)
	}
	r := p.Items[2]
	if r.Waiting != 15 || r.Dead != 16 || r.ERP == nil || r.ERP.Waiting != 5 || !r.ERP.At.Equal(noon) || r.Oldest == nil {
		t.Errorf("%+v", r)
	}
	if p.Items[0].ERP != nil || p.Items[0].Oldest != nil {
		t.Errorf("a queue that nobody uses: %+v", p.Items[0])
	}
	if totals.Queues != 3 || totals.Waiting != 16 || totals.Dead != 16 || !totals.Oldest.Equal(noon.Add(-30*time.Hour)) {
		t.Errorf("%+v", totals)
	}
	one, err := x.QueueRow(t.Context(), viewer(), rmQueue)
	if err != nil || one.Queue != r.Queue || one.Waiting != 15 {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = x.QueueRow(t.Context(), viewer(), queue.Name{Tenant: tenant, Client: foreign})
	wantCode(t, err, link.CodeNotFound)
}

func TestOverviewFilters(t *testing.T) {
	x, _ := people()
	for name, c := range map[string]struct {
		filter exchange.QueueFilter
		want   string
	}{
		"all":               {exchange.QueueFilter{}, "b1 a1 a2"},
		"queue":             {exchange.QueueFilter{Queue: strings.ToUpper(rmQueue.String())}, "a2"},
		"tenant id":         {exchange.QueueFilter{TenantID: tenant.String()}, "a1 a2"},
		"without dashes":    {exchange.QueueFilter{TenantID: " " + strings.ReplaceAll(tenant.String(), "-", "")}, "a1 a2"},
		"client id":         {exchange.QueueFilter{Client: "a1"}, "a1"},
		"both":              {exchange.QueueFilter{TenantID: another.String(), Client: "a1"}, ""},
		"product":           {exchange.QueueFilter{Product: "no such"}, ""},
		"company":           {exchange.QueueFilter{Company: "no such"}, ""},
		"tenant":            {exchange.QueueFilter{Tenant: "no such"}, ""},
		"product, any case": {exchange.QueueFilter{Product: "zzz"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, totals, err := x.Overview(t.Context(), viewer(), exchange.QueueList{QueueFilter: c.filter})
			if err != nil || clientsOf(p.Items) != c.want || totals.Queues != int64(len(p.Items)) {
				t.Errorf("%q, %+v, %v", clientsOf(p.Items), totals, err)
			}
		})
	}
}

// TestOverviewSortsAndPages: every sort, both ways, page by page, shows each queue once.
func TestOverviewSortsAndPages(t *testing.T) {
	x, _ := people()
	want := map[exchange.QueueSort]string{
		exchange.SortQueue: "b1 a1 a2", exchange.SortLast: "b1 a2 a1", exchange.SortWaiting: "b1 a1 a2", exchange.SortDead: "b1 a1 a2",
		exchange.SortOldest: "b1 a1 a2", exchange.SortERP: "b1 a1 a2",
	}
	for _, sort := range exchange.QueueSorts {
		for _, desc := range []bool{false, true} {
			var got []exchange.QueueRow
			w := exchange.QueueList{Sort: sort, Desc: desc, Limit: 1}
			for range 3 {
				p, totals, err := x.Overview(t.Context(), viewer(), w)
				if err != nil || totals.Queues != 3 {
					t.Fatal(totals, err)
				}
				got, w.Cursor = append(got, p.Items...), p.Next
			}
			if w.Cursor != "" || len(got) != 3 {
				t.Errorf("%s: %d rows, then %q", sort, len(got), w.Cursor)
			}
			if whole, ok := want[sort]; ok && !desc && clientsOf(got) != whole {
				t.Errorf("%s: %s, want %s", sort, clientsOf(got), whole)
			}
			if sort == exchange.SortWaiting && desc && clientsOf(got) != "a2 a1 b1" {
				t.Errorf("most waiting first: %s", clientsOf(got))
			}
		}
	}
	_, _, err := x.Overview(t.Context(), viewer(), exchange.QueueList{Cursor: "nonsense"})
	wantCode(t, err, link.CodeRequestInvalid)
}

// TestOverviewOfManyQueues holds the pages of a long list against the list that is sorted as a whole: by every
// sort, both ways, in pages of several sizes, with many that are equal, and when the queue at which a page
// ended is gone before the next.
func TestOverviewOfManyQueues(t *testing.T) {
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	e := &engine{oldest: map[queue.Name]time.Time{}}
	for range 120 {
		q := queue.Info{Queue: queue.Name{Tenant: link.NewID(), Client: link.NewClientID()}, Counts: queue.Counts{Ready: rand.Int64N(5), Dead: rand.Int64N(3)}}
		if q.Counts.Ready > 0 {
			e.oldest[q.Queue] = at(rand.IntN(9))
		}
		if q.Counts.Dead > 0 {
			q.LastGet = at(rand.IntN(7))
		}
		e.infos = append(e.infos, q)
	}
	x := newExchange(e, &directory{})
	number := map[exchange.QueueSort]func(exchange.QueueRow) int64{
		exchange.SortLast: func(r exchange.QueueRow) int64 {
			if r.LastGet == nil {
				return 0
			}
			return r.LastGet.UnixMicro()
		},
		exchange.SortWaiting: func(r exchange.QueueRow) int64 { return r.Waiting },
		exchange.SortDead:    func(r exchange.QueueRow) int64 { return r.Dead },
		exchange.SortOldest: func(r exchange.QueueRow) int64 {
			if r.Oldest == nil {
				return math.MinInt64
			}
			return -r.Oldest.UnixMicro()
		},
	}
	pages := func(w exchange.QueueList, between func(last exchange.QueueRow)) (rows []exchange.QueueRow) {
		for {
			p, totals, err := x.Overview(t.Context(), viewer(), w)
			if err != nil || totals.Queues != int64(len(e.infos)) || len(p.Items) > w.Limit {
				t.Fatal(totals, len(p.Items), err)
			}
			if rows = append(rows, p.Items...); p.Next == "" {
				return rows
			}
			between(p.Items[len(p.Items)-1])
			w.Cursor = p.Next
		}
	}
	nothing := func(exchange.QueueRow) {}
	for sort, n := range number {
		for _, desc := range []bool{false, true} {
			want := pages(exchange.QueueList{Limit: queue.MaxPage}, nothing)
			slices.SortStableFunc(want, func(a, b exchange.QueueRow) int {
				if desc {
					a, b = b, a
				}
				return cmp.Compare(n(a), n(b))
			})
			for _, limit := range []int{1, 7, 60, 119, 120, 121} {
				if got := pages(exchange.QueueList{Sort: sort, Desc: desc, Limit: limit}, nothing); namesOf(got) != namesOf(want) {
					t.Errorf("%s, %v, %d: %s\nwant %s", sort, desc, limit, namesOf(got), namesOf(want))
				}
			}
			all := e.infos
			got := pages(exchange.QueueList{Sort: sort, Desc: desc, Limit: 7}, func(last exchange.QueueRow) {
				e.infos = slices.DeleteFunc(slices.Clone(e.infos), func(i queue.Info) bool { return i.Queue.String() == last.Queue })
			})
			if e.infos = all; namesOf(got) != namesOf(want) {
				t.Errorf("%s, %v, some gone meanwhile: %s\nwant %s", sort, desc, namesOf(got), namesOf(want))
			}
		}
	}
}

func namesOf(rows []exchange.QueueRow) string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Queue
	}
	return strings.Join(names, " ")
}

func TestInstallations(t *testing.T) {
	x, e := people()
	e.health = append(e.health, queue.Health{Queue: queue.Name{Tenant: another, Client: foreign}, Installation: "j", At: noon, Body: []byte("\xff{{ no metrics")})
	list, err := x.Installations(t.Context(), viewer())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	n := slices.IndexFunc(list, func(i exchange.Installation) bool { return i.ID == "i" })
	i, other := list[n], list[1-n]
	if i.Up == nil || !*i.Up || i.Uptime != 90*time.Second || len(i.Inbox) != 3 || len(i.Outbox) != 1 || i.Outbox[0].N != 500 || i.Alarms[0] != (exchange.Counted{Name: "SL-AGENT-DIED", N: 1}) {
		t.Errorf("%+v", i)
	}
	if other.Up != nil || other.Inbox != nil || other.Text == "" {
		t.Errorf("a report that is none: %+v", other)
	}
}

// TestBodiesAreNotForViewers: a viewer learns everything about a message but what it says.
func TestBodiesAreNotForViewers(t *testing.T) {
	x, e := people()
	e.message = link.Message{ID: command, TenantID: tenant, Type: cmd, Body: []byte(`{"a":1}`)}
	for role, shown := range map[link.Role]bool{link.RoleViewer: false, link.RoleOperator: true, link.RoleAdministrator: true} {
		o := exchange.Operator{Name: "p", Role: role}
		l, err := x.MessageAny(t.Context(), o, uuid.Nil, command)
		if err != nil || l.BodyShown || len(l.Message.Body) > 0 || l.Size != 7 || l.Message.Type != cmd {
			t.Errorf("%s: %+v, %v", role, l, err)
		}
		l, err = x.ReadMessage(t.Context(), o, uuid.Nil, command)
		if !shown {
			wantCode(t, err, link.CodeRole)
		} else if err != nil || !l.BodyShown || len(l.Message.Body) != 7 {
			t.Errorf("%s: %+v, %v", role, l, err)
		}
	}
}

// TestEveryReadOfABodyIsAudited: who read which body is written before the body is given, once an hour
// for each person; a body whose entry cannot be written is not given.
func TestEveryReadOfABodyIsAudited(t *testing.T) {
	d, now := &directory{}, clock.NewFake(noon)
	x := newExchange(&engine{message: link.Message{ID: command, TenantID: tenant, Type: cmd, Body: []byte(`{"a":1}`)}}, d)
	x.UseClock(now)
	read := func(name string) error {
		_, err := x.ReadMessage(t.Context(), exchange.Operator{Name: name, Role: link.RoleOperator}, tenant, command)
		return err
	}
	for i, step := range []struct {
		by      string
		after   time.Duration
		entries int
	}{{"olga", 0, 1}, {"olga", time.Minute, 1}, {"ana", 0, 2}, {"olga", 58 * time.Minute, 2}, {"olga", time.Minute, 3}} {
		now.Advance(step.after)
		if err := read(step.by); err != nil || len(d.audit) != step.entries {
			t.Errorf("step %d: %+v, %v", i, d.audit, err)
		}
	}
	if e := d.audit[0]; e.Actor != "olga" || e.Action != "message.read" || e.Target != tenant.String()+"/"+command.String() {
		t.Errorf("%+v", e)
	}
	d.err = errors.New("full")
	if err := read("bruno"); !errors.Is(err, d.err) {
		t.Errorf("a body without its entry: %v", err)
	}
	d.err = nil
	if err := read("bruno"); err != nil || d.audit[len(d.audit)-1].Actor != "bruno" {
		t.Errorf("%+v, %v", d.audit, err)
	}
}

// TestJobOfOneIDIsStartedOnce: a form that is sent twice starts one job.
func TestJobOfOneIDIsStartedOnce(t *testing.T) {
	_, e := people()
	x := newExchange(e, &directory{JobStore: jobStore(t, clock.Real)})
	o := exchange.Operator{Name: "olga", Role: link.RoleOperator}
	w := exchange.Work{ID: link.NewID(), Kind: exchange.JobRedrive, Queue: rmQueue, List: link.ListDead}
	for range 2 {
		if j, err := x.StartJob(t.Context(), o, w); err != nil || j.ID != w.ID || j.Total != 16 {
			t.Errorf("%+v, %v", j, err)
		}
	}
	if list, err := x.Jobs(t.Context(), o); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	other := w
	other.Type = cmd
	_, err := x.StartJob(t.Context(), o, other)
	wantCode(t, err, link.CodeConflict)
	w.Kind, w.Reason = exchange.JobDiscard, "no"
	_, err = x.StartJob(t.Context(), o, w)
	wantCode(t, err, link.CodeConflict)
	w.ID, w.Type = uuid.Nil, cmd
	if j, err := x.StartJob(t.Context(), o, w); err != nil || j.ID == uuid.Nil || j.Total != 0 || j.Type != cmd || j.Reason != "no" {
		t.Errorf("%+v, %v", j, err)
	}
	x.EndJobs(t.Context())
}

// TestSearch: what somebody typed is looked for as id, root, business key and correlation, in every
// tenant, and each message is shown once.
func TestSearch(t *testing.T) {
	id := command
	e := &engine{traces: map[uuid.UUID]queue.Traced{
		tenant:  {Trace: link.Trace{ID: id, RootID: id, BusinessKey: id.String(), CorrelationID: "c"}},
		another: {Trace: link.Trace{ID: link.NewID(), RootID: id, CorrelationID: id.String()}},
	}}
	e.find = func(f queue.Find) queue.Found {
		m := e.traces[f.Tenant].Trace
		if f.RootID == m.RootID || f.BusinessKey != "" && f.BusinessKey == m.BusinessKey || f.CorrelationID != "" && f.CorrelationID == m.CorrelationID {
			return queue.Found{IDs: []uuid.UUID{m.ID}}
		}
		return queue.Found{}
	}
	x := newExchange(e, &directory{})
	for name, c := range map[string]struct {
		search exchange.Search
		want   string
	}{
		"id and root":    {exchange.Search{Text: " " + id.String() + " "}, "rootId id"},
		"without dashes": {exchange.Search{Text: strings.ReplaceAll(id.String(), "-", "")}, "rootId id"},
		"one tenant":     {exchange.Search{Text: id.String(), Tenant: tenant}, "id"},
		"correlation":    {exchange.Search{Text: "c"}, "correlationId"},
		"nothing":        {exchange.Search{Text: "d"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			c.search.Limit = 1
			for pages := 0; pages == 0 || c.search.Cursor != ""; pages++ {
				p, err := x.SearchAny(t.Context(), viewer(), c.search)
				if err != nil || pages > 10 {
					t.Fatal(pages, err)
				}
				for _, h := range p.Items {
					got = append(got, string(h.By))
				}
				c.search.Cursor = p.Next
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
	for _, s := range []exchange.Search{{Text: " "}, {Text: strings.Repeat("x", link.MaxKey+1)}, {Text: "x", Cursor: "y"}} {
		_, err := x.SearchAny(t.Context(), viewer(), s)
		wantCode(t, err, link.CodeRequestInvalid)
	}
	_, err := x.SearchAny(t.Context(), exchange.Operator{Name: "p"}, exchange.Search{Text: "c"})
	wantCode(t, err, link.CodeRole)
}

// TestPeopleNeedARole: without one nothing is told.
func TestPeopleNeedARole(t *testing.T) {
	x, _ := people()
	o := exchange.Operator{Name: "p"}
	_, _, err := x.Overview(t.Context(), o, exchange.QueueList{})
	wantCode(t, err, link.CodeRole)
	_, err = x.QueueRow(t.Context(), o, rmQueue)
	wantCode(t, err, link.CodeRole)
	_, err = x.Installations(t.Context(), o)
	wantCode(t, err, link.CodeRole)
	_, err = x.ReadMessage(t.Context(), o, tenant, command)
	wantCode(t, err, link.CodeRole)
	_, err = x.MessageAny(t.Context(), o, tenant, command)
	wantCode(t, err, link.CodeRole)
}
