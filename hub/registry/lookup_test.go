package registry

import (
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

func testLookups(t *testing.T, at where) {
	f := newFixture(t, at)
	f.person("bruno", link.RoleOperator)
	u, err := f.User(t.Context(), "bruno")
	if err != nil || u.Role != link.RoleOperator || !u.HasPassword {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = f.User(t.Context(), "nobody")
	wantRefusal(t, err, link.CodeNotFound)
	made := f.client("rm", "GESPLAN-RM")
	c, err := f.Client(t.Context(), made.ID)
	if err != nil || c.Name != "rm" || c.TenantID != f.tenant || len(c.Secrets) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = f.Client(t.Context(), link.NewClientID())
	wantRefusal(t, err, link.CodeNotFound)
}

func testAuditFilters(t *testing.T, at where) {
	f := newEmpty(t, at)
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, e := range []link.AuditEntry{
		{Actor: "ana", Action: "message.redrive", Target: "Queue-A"}, {Actor: "ana", Action: "message.copy", Target: "queue-b"},
		{Actor: "bruno", Action: "queue.pause", Target: "100%_x"}, {Actor: "bruno", Action: "message_read", Target: "100-yx"},
	} {
		e.At = day.AddDate(0, 0, i)
		if err := f.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		filter AuditFilter
		want   string // targets, the newest first
	}{
		"all":                  {AuditFilter{}, "100-yx 100%_x queue-b Queue-A"},
		"actor":                {AuditFilter{Actor: "ana"}, "queue-b Queue-A"},
		"actor is exact":       {AuditFilter{Actor: "an"}, ""},
		"action":               {AuditFilter{Action: "message.copy"}, "queue-b"},
		"beginning of actions": {AuditFilter{Action: "message."}, "queue-b Queue-A"},
		"target":               {AuditFilter{Target: "QUEUE"}, "queue-b Queue-A"},
		"target, no pattern":   {AuditFilter{Target: "%_x"}, "100%_x"},
		"from":                 {AuditFilter{From: day.AddDate(0, 0, 2)}, "100-yx 100%_x"},
		"to":                   {AuditFilter{To: day.AddDate(0, 0, 1)}, "Queue-A"},
		"two":                  {AuditFilter{Actor: "bruno", Action: "queue"}, "100%_x"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			l := List{Limit: 1}
			for {
				p, err := f.AuditOf(t.Context(), c.filter, l)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range p.Items {
					got = append(got, e.Target)
				}
				if l.Cursor = p.Next; l.Cursor == "" {
					break
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
