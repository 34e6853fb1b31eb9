package registry

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// testAuditFilter: each filter picks what it says, of a tenant also what was done to its clients; together
// all must hold, and pages of a filter leave nothing out.
func testAuditFilter(t *testing.T, at where) {
	f := newFixture(t, at)
	other := must(t)(f.CreateTenant(t.Context(), "ana", link.TenantRequest{Company: "Fazenda", Name: "Homologação"})).(link.Tenant).ID
	c := f.client("rm", "GESPLAN-RM")
	message := link.NewID()
	began := f.clock.Now()
	for _, e := range []link.AuditEntry{
		{Actor: "bia", Action: "message.read", Target: f.tenant.String() + "/" + message.String()},
		{Actor: "bia", Action: "message.redrive", Target: link.QueueName(f.tenant, c.ID), Detail: "1 messages, the first " + message.String()},
		{Actor: "ana", Action: "message.read", Target: other.String() + "/" + link.NewID().String()},
		{Actor: "ana", Action: "client.bind", Target: string(c.ID), Detail: "installation x"},
		{Actor: "ana", Action: "queue_pause", Target: "q%1"},
	} {
		if err := f.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name   string
		filter AuditFilter
		want   []string // actions, the newest first
	}{
		{"actor", AuditFilter{Actor: "bia"}, []string{"message.redrive", "message.read"}},
		{"actor as written", AuditFilter{Actor: "BIA"}, nil},
		{"beginning of an action", AuditFilter{Action: "message."}, []string{"message.read", "message.redrive", "message.read"}},
		{"no pattern", AuditFilter{Action: "queue%"}, nil},
		{"nor in the target", AuditFilter{Target: "_%1"}, nil},
		{"part of a target", AuditFilter{Target: "Q%"}, []string{"queue_pause"}},
		{"message", AuditFilter{Message: message}, []string{"message.redrive", "message.read"}},
		{"tenant", AuditFilter{Tenant: f.tenant}, []string{"client.bind", "message.redrive", "message.read", "client.create", "tenant.create"}},
		{"other tenant", AuditFilter{Tenant: other}, []string{"message.read", "tenant.create"}},
		{"no tenant of anybody", AuditFilter{Tenant: uuid.New()}, nil},
		{"all of it", AuditFilter{Tenant: f.tenant, Actor: "bia", Action: "message.read", Message: message}, []string{"message.read"}},
		{"since the last moment", AuditFilter{From: began.Add(time.Hour)}, nil},
		{"until the first", AuditFilter{To: began.Add(-time.Hour)}, nil},
		{"between", AuditFilter{From: began, To: began.Add(time.Hour), Actor: "bia"}, []string{"message.redrive", "message.read"}},
	} {
		var got []string
		for l := (List{Limit: 2}); ; {
			p := must(t)(f.AuditOf(t.Context(), tc.filter, l)).(link.Page[link.AuditEntry])
			for _, e := range p.Items {
				got = append(got, e.Action)
			}
			if l.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, strings.Join(got, ", "), strings.Join(tc.want, ", "))
		}
	}
}
