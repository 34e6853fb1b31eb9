package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
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
			{Queue: queue.Name{Tenant: tenant, Client: gesplan}, LastGet: noon, Counts: map[link.State]int64{link.StateReady: 1, link.StateAcked: 90}},
			{Queue: rmQueue, LastGet: noon.Add(-time.Hour), Counts: map[link.State]int64{
				link.StateReady: 1, link.StateLeased: 2, link.StateBehind: 4, link.StateDelayed: 8, link.StateDead: 16,
			}},
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
		l, err := x.MessageAny(t.Context(), exchange.Operator{Name: "p", Role: role}, uuid.Nil, command)
		if err != nil || l.BodyShown != shown || (len(l.Message.Body) > 0) != shown || l.Size != 7 || l.Message.Type != cmd {
			t.Errorf("%s: %+v, %v", role, l, err)
		}
	}
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
	_, err = x.MessageAny(t.Context(), o, tenant, command)
	wantCode(t, err, link.CodeRole)
}
