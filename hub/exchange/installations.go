package exchange

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Names of what an agent reports about itself.
const (
	metricUp         = "service_state_up"
	metricUptime     = "smartlink_agent_uptime_seconds"
	metricInbox      = "smartlink_agent_inbox_messages"
	metricExecutions = "smartlink_agent_executions_total"
	metricAlarms     = "smartlink_agent_alarms_total"
)

// Installation is the last health report of one installation, as people see it. What a report does
// not say is zero or nil.
type Installation struct {
	ID              string
	Queue           queue.Name
	Company, Tenant string
	Client, Product string
	At              time.Time // of the report
	Up              *bool
	Uptime          time.Duration
	Inbox           []Counted // messages to the ERP that stand in its inbox, by state
	Outbox          []Counted // messages of the ERP on their way up, by state
	Executions      []Counted // since the agent started, by result
	Alarms          []Counted // since the agent started, by problem code
	Text            string    // the report itself

	// Binding says which of its runs is active, and who else wanted the queue; nil: the client's queue is
	// bound to no installation, or to another.
	Binding *link.Binding
}

// Counted is how many there are of one kind.
type Counted struct {
	Name string
	N    int64
}

// Installations lists the last health of every installation for an operator, and those that have a queue
// and have not told of their health yet, by company, tenant and client. It needs link.RoleViewer.
func (x *Exchange) Installations(ctx context.Context, o Operator) ([]Installation, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	tenants, err := x.directory.TenantIDs(ctx)
	if err != nil {
		return nil, err
	}
	bindings, err := x.Bindings(ctx, o)
	if err != nil {
		return nil, err
	}
	s := x.directory.Current()
	var list []Installation
	for _, id := range tenants {
		reports, err := x.engine.Health(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, h := range reports {
			client, _ := s.Client(h.Queue.Client)
			tenant, _ := s.Tenant(id)
			i := readHealth(h)
			i.Company, i.Tenant, i.Client, i.Product = tenant.Company, tenant.Name, client.Name, products(s, client)
			if b, bound := bindings[h.Queue.Client]; bound && b.Installation == i.ID {
				b.LeaseUntil = nil
				i.Binding = &b
				delete(bindings, h.Queue.Client)
			}
			list = append(list, i)
		}
	}
	for id, b := range bindings {
		b.LeaseUntil = nil // it is put off all the time, and pages that are live should stay as they are
		client, _ := s.Client(id)
		tenant, _ := s.Tenant(b.TenantID)
		list = append(list, Installation{
			ID: b.Installation, Queue: queue.Name{Tenant: b.TenantID, Client: id}, Company: tenant.Company, Tenant: tenant.Name,
			Client: client.Name, Product: products(s, client), Binding: &b,
		})
	}
	slices.SortStableFunc(list, func(a, b Installation) int {
		return cmp.Or(cmp.Compare(a.Company, b.Company), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Client, b.Client), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// inERP tells what waits in the inbox behind each queue, where its installation has said so.
func (x *Exchange) inERP(ctx context.Context, queues []queue.Name) (map[queue.Name]*InERP, error) {
	found := map[queue.Name]*InERP{}
	asked := map[uuid.UUID]bool{}
	for _, q := range queues {
		if asked[q.Tenant] {
			continue
		}
		asked[q.Tenant] = true
		reports, err := x.engine.Health(ctx, q.Tenant)
		if err != nil {
			return nil, err
		}
		for _, h := range reports {
			i := readHealth(h)
			if i.Inbox == nil || found[h.Queue] != nil && found[h.Queue].At.After(h.At) {
				continue
			}
			in := &InERP{At: h.At}
			for _, c := range i.Inbox {
				switch link.ERPState(c.Name) {
				case link.ERPStored, link.ERPRunning, link.ERPWaiting, link.ERPBlocked:
					in.Waiting += c.N
				}
			}
			found[h.Queue] = in
		}
	}
	return found, nil
}

// readHealth reads a report in Prometheus' text format. One that is none is kept as text only: it
// came from outside.
func readHealth(h queue.Health) Installation {
	i := Installation{ID: h.Installation, Queue: h.Queue, At: h.At, Text: string(h.Body)}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(h.Body))
	if err != nil {
		return i
	}
	if f := families[metricUp]; f != nil && len(f.Metric) > 0 {
		up := metricValue(f.Metric[0]) != 0
		i.Up = &up
	}
	if f := families[metricUptime]; f != nil && len(f.Metric) > 0 {
		i.Uptime = time.Duration(metricValue(f.Metric[0])) * time.Second
	}
	if f := families[metricInbox]; f != nil {
		i.Inbox = counted(f, "state", "direction", "downstream")
		i.Outbox = counted(f, "state", "direction", "upstream")
	}
	if f := families[metricExecutions]; f != nil {
		i.Executions = counted(f, "result", "", "")
	}
	if f := families[metricAlarms]; f != nil {
		i.Alarms = counted(f, "code", "", "")
	}
	return i
}

// counted reads a family's values by one label, of those where another label has a value. Never nil:
// a family that is there and has none says so.
func counted(f *dto.MetricFamily, by, where, is string) []Counted {
	list := []Counted{}
	for _, m := range f.Metric {
		if where == "" || label(m, where) == is {
			list = append(list, Counted{label(m, by), int64(metricValue(m))})
		}
	}
	return list
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func metricValue(m *dto.Metric) float64 {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	case m.Counter != nil:
		return m.Counter.GetValue()
	}
	return m.GetUntyped().GetValue()
}
