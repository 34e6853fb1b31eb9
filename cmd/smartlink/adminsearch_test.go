package main

import (
	"testing"

	"smartlink/examples"
	"smartlink/link"
)

func TestAdminFindsMessagesByTheirBodies(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	s.run(0, "send", s.file(examples.FinLanInc, "-search"), "--wait")
	t.Setenv("SMARTLINK_API_KEY", w.Env.APIKey)
	find := []string{"admin", "message", "find", "--tenant", w.Env.Tenant, "--type", "FinLanIncDataCommand"}
	out, errOut := s.run(0, append(find, "--path", "/data/CodCfo", "--value", "F00017")...)
	s.contains("by the index", out, "FinLanIncDataCommand", "acked (1) done")
	s.contains("by the index", errOut, "looked up in the index: FinLanIncDataCommand")
	out, _ = s.run(0, append(find, "--path", "/data/Historico", "--value", "nobody wrote this", "--json")...)
	if p := decode[link.FoundMessages](t, out); len(p.Items) != 0 || p.Next != "" || p.Index != nil {
		t.Errorf("%s", out)
	}
	_, errOut = s.run(1, append(find, "--path", "Historico", "--value", "x")...)
	s.contains("no path", errOut, "JSON Pointer")

	s.run(0, "admin", "search", "set", "Note", "/data/number", "--tenant", w.Env.Tenant)
	out, _ = s.run(0, "admin", "search", "list")
	s.contains("list", out, "Note", "/data/number")
	out, _ = s.run(0, "admin", "search", "show", "Note", "--tenant", w.Env.Tenant)
	s.contains("show", out, "own", "/data/number")
	out, _ = s.run(0, "admin", "search", "show", "FinLanAltDataCommand")
	s.contains("show", out, "built-in", "/data/IdLan")
	s.run(0, "admin", "search", "remove", "Note", "--tenant", w.Env.Tenant)
	_, errOut = s.run(1, "admin", "search", "set", "Note", "$.data")
	s.contains("no path", errOut, "/paths/0")
}
