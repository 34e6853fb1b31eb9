package registry

import (
	"testing"

	"github.com/google/uuid"

	"smartlink/link"
)

// testRetention: a tenant without its own has the hub's; a change is there at once, after a restart and
// in the audit; what is out of bounds changes nothing.
func testRetention(t *testing.T, at where) {
	f := newFixture(t, at)
	hub := link.TenantRetention{TenantID: f.tenant, HistoryDays: 7}
	if got := f.Current().Retention(f.tenant); got != hub {
		t.Errorf("retention %+v", got)
	}
	for _, wrong := range []link.RetentionChange{
		{}, {HistoryDays: new(-1)}, {HistoryDays: new(link.MaxHistoryDays + 1)}, {WaitingDays: new(link.MaxKeepDays + 1)}, {DeadDays: new(-1)},
	} {
		if _, err := f.ChangeRetention(t.Context(), "ana", f.tenant, wrong); link.CodeOf(err) != link.CodeRequestInvalid {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	for _, unknown := range []uuid.UUID{uuid.Nil, uuid.New()} {
		if _, err := f.ChangeRetention(t.Context(), "ana", unknown, link.RetentionChange{DeadDays: new(1)}); link.CodeOf(err) != link.CodeNotFound {
			t.Errorf("unknown tenant: %v", err)
		}
		if _, err := f.TenantRetention(unknown); link.CodeOf(err) != link.CodeNotFound {
			t.Errorf("unknown tenant: %v", err)
		}
	}
	must(t)(f.ChangeRetention(t.Context(), "ana", f.tenant, link.RetentionChange{HistoryDays: new(30), DeadDays: new(90)}))
	want := link.TenantRetention{TenantID: f.tenant, HistoryDays: 30, DeadDays: 90}
	for range 2 { // the second time nothing changes
		if got := must(t)(f.ChangeRetention(t.Context(), "ana", f.tenant, link.RetentionChange{HistoryDays: new(30)})); got != want {
			t.Errorf("retention %+v", got)
		}
	}
	audit := must(t)(f.Audit(t.Context(), List{})).(link.Page[link.AuditEntry])
	if e := audit.Items[0]; e.Action != "tenant.retention" || e.Actor != "ana" || e.Target != f.tenant.String() ||
		e.Detail != "history 30, waiting 0, dead 90 days; before: 0, 0, 0" || audit.Items[1].Action == "tenant.retention" {
		t.Errorf("audit %+v", audit.Items[:2])
	}
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := must(t)(f.TenantRetention(f.tenant)); got != want {
		t.Errorf("read anew: %+v", got)
	}
	must(t)(f.ChangeRetention(t.Context(), "ana", f.tenant, link.RetentionChange{HistoryDays: new(0), DeadDays: new(0)}))
	if got := f.Current().Retention(f.tenant); got != hub {
		t.Errorf("back to the hub's: %+v", got)
	}
}
