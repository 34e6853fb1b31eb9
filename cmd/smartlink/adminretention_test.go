package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/link"
)

// TestRetentionAndErasureByCommands looks at a tenant's retention, asks what a change would remove, makes
// it, erases a message and then all of the tenant, and finds each in the audit.
func TestRetentionAndErasureByCommands(t *testing.T) {
	a := newAdministrator(t)
	a.run(0, "company", "add", "Fazenda")
	tenant := decode[link.Tenant](t, a.run(0, "tenant", "add", "Produção", "--company", "Fazenda", "--json")).ID.String()
	a.run(0, "app", "put", "NOTES", "--name", "Notes", "--sends", "Note", "--receives", "Note")
	c := decode[link.ClientCreated](t, a.run(0, "client", "add", "notes", "--tenant", tenant, "--apps", "NOTES", "--json"))
	t.Setenv("SMARTLINK_SERVER", a.server)
	t.Setenv("SMARTLINK_CLIENT_ID", string(c.ID))
	t.Setenv("SMARTLINK_CLIENT_SECRET", c.Secret)
	s := terminal{t, []string{c.Secret, a.key}}
	s.run(0, "setup", "Note")
	file := filepath.Join(t.TempDir(), "note.json")
	if err := os.WriteFile(file, []byte(`{"text":"a secret of somebody"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func() string {
		t.Helper()
		out, _ := s.run(0, "send", "--type", "Note", file, "--json")
		return decode[link.SendResponse](t, out).MessageID.String()
	}
	first := send()
	send()

	contains := func(what, out string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("%s does not show %q:\n%s", what, text, out)
			}
		}
	}
	contains("show", a.run(0, "tenant", "retention", "show", tenant), "history  7 days", "waiting  without end")
	contains("preview", a.run(0, "tenant", "retention", "preview", tenant, "--history", "3", "--waiting", "1"), "waiting given up", "history removed")
	p := decode[link.RetentionPreview](t, a.run(0, "tenant", "retention", "preview", tenant, "--history", "3", "--json"))
	if p.HistoryDays != 3 || p.Waiting != 0 {
		t.Errorf("preview %+v", p)
	}
	r := decode[link.TenantRetention](t, a.run(0, "tenant", "retention", "set", tenant, "--history", "30", "--dead", "90", "--json"))
	if r.HistoryDays != 30 || r.DeadDays != 90 || r.WaitingDays != 0 {
		t.Errorf("set %+v", r)
	}
	contains("set out of bounds", a.run(1, "tenant", "retention", "set", tenant, "--history", "31"), "/historyDays")
	contains("set nothing", a.run(1, "tenant", "retention", "set", tenant), "historyDays, waitingDays or deadDays")
	contains("no tenant", a.run(1, "tenant", "retention", "show", "x"), `"x" is no tenant id`)
	contains("unknown tenant", a.run(1, "tenant", "retention", "preview", link.NewID().String()), string(link.CodeNotFound))
	contains("rounds", a.run(0, "tenant", "retention", "rounds"), "BYTES FREED")
	decode[link.Page[link.KeepingRound]](t, a.run(0, "tenant", "retention", "rounds", "--json"))

	contains("a message that waits", a.run(1, "message", "erase", first, "--reason", "asked for"), string(link.CodeNotNow))
	a.run(2, "message", "erase", first) // without a reason
	contains("erased", a.run(0, "message", "erase", first, "--reason", "asked for", "--force", "--json"), `"erased": true`)
	contains("its trace", a.run(0, "message", "show", first), "erased")
	contains("erased again", a.run(0, "message", "erase", first, "--reason", "asked for"), "erased")
	contains("no message", a.run(1, "message", "erase", link.NewID().String(), "--reason", "x"), string(link.CodeMessageUnknown))

	contains("tenant without a word", a.run(1, "tenant", "erase", tenant, "--reason", "left"), "--yes")
	contains("no tenant", a.run(1, "tenant", "erase", link.NewID().String(), "--reason", "left", "--yes"), string(link.CodeNotFound))
	contains("tenant", a.run(0, "tenant", "erase", tenant, "--reason", "left", "--yes"), "done")
	contains("its message", a.run(1, "message", "show", first), string(link.CodeMessageUnknown))

	audit := func(args ...string) string {
		t.Helper()
		return a.run(0, append([]string{"audit"}, args...)...)
	}
	contains("audit of the tenant", audit("--tenant", tenant), "tenant.erase", "tenant.retention", "message.erase", "client.create")
	of := decode[link.Page[link.AuditEntry]](t, audit("--message", first, "--actor", "ana", "--action", "message.", "--json"))
	for _, e := range of.Items {
		if !strings.Contains(e.Target, first) || !strings.HasPrefix(e.Action, "message.erase") {
			t.Errorf("audit of the message: %+v", e)
		}
	}
	if len(of.Items) < 2 {
		t.Errorf("audit of the message: %+v", of.Items)
	}
	paged := decode[link.Page[link.AuditEntry]](t, audit("--tenant", tenant, "--limit", "1", "--all", "--json"))
	one := decode[link.Page[link.AuditEntry]](t, audit("--tenant", tenant, "--limit", "1", "--json"))
	if len(paged.Items) < 5 || len(one.Items) != 1 || one.Next == "" {
		t.Errorf("%d entries on all pages, %d on the first", len(paged.Items), len(one.Items))
	}
	if out := audit("--since", "2999-01-01T00:00:00Z"); strings.Contains(out, "tenant.erase") {
		t.Errorf("audit of the future: %s", out)
	}
	contains("no tenant", a.run(1, "audit", "--tenant", "x"), `"x" is no tenant id`)
	a.run(2, "audit", "--since", "yesterday")
}
