package main

import (
	"testing"

	"smartlink/link"
)

func TestAdminChecksCounts(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	t.Setenv("SMARTLINK_API_KEY", w.Env.APIKey)
	out, _ := s.run(0, "admin", "check")
	s.contains("check", out, "queues", "differences", "0")
	out, _ = s.run(0, "admin", "check", "--mend", "--tenant", w.Env.Tenant, "--json")
	if c := decode[link.CountCheck](t, out); c.Queues == 0 || len(c.Differences) != 0 || c.Mended {
		t.Errorf("%s", out)
	}
	_, errOut := s.run(1, "admin", "check", "--tenant", "x")
	s.contains("no tenant", errOut, "UUID")
}
