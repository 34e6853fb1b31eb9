package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/link"
)

// TestJoinAndAdoptOnTheCommandLine: a second folder joins by a code, once; a restored database is
// adopted only when that is said.
func TestJoinAndAdoptOnTheCommandLine(t *testing.T) {
	w := newERPSide(t)
	w.agent(0, w.login("GESPLAN-RM")...)
	installation := filepath.Join(w.dir, "installation.json")
	box, err := inbox.Open(t.Context(), inbox.Config{Database: filepath.Join(w.dir, "rm.db"), Installation: installation})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(t.TempDir(), "installation.json")
	if out := w.agent(1, "join", "--code", "0000-0000-0000-0000", "--installation", second); !strings.Contains(out, string(link.CodeJoinCode)) {
		t.Errorf("%s", out)
	}
	made := decode[struct{ Code string }](t, w.agent(0, "join-code", "--json"))
	joined := decode[struct{ Installation, Instance uuid.UUID }](t, w.agent(0, "join", "--code", made.Code, "--installation", second, "--json"))
	inst, err := inbox.ReadInstallation(installation)
	if err != nil || joined.Installation != inst.ID || joined.Instance == inst.Instance {
		t.Errorf("%+v, %v", joined, err)
	}
	if out := w.agent(1, "join", "--code", made.Code, "--installation", second); !strings.Contains(out, "used already") {
		t.Errorf("%s", out)
	}
	if out := w.agent(0, "activate", "--installation", second, "--client-secret", ""); !strings.Contains(out, "GESPLAN-RM") {
		t.Errorf("what is activated did not come along: %s", out)
	}
	if out := w.agent(0, "join-code"); !strings.Contains(out, "agent join --code") {
		t.Errorf("%s", out)
	}
	if out := w.agent(1, "join-code", "--installation", filepath.Join(t.TempDir(), "installation.json")); out == "" {
		t.Error("a code without an installation")
	}

	// A backup, restored elsewhere.
	dir := t.TempDir()
	copied, err := os.ReadFile(filepath.Join(w.dir, "rm.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rm.db"), copied, 0o600); err != nil {
		t.Fatal(err)
	}
	w.dir = dir
	if out := w.agent(1, "doctor", "--json"); out == "" {
		t.Error("a doctor finds nothing wrong")
	}
	if out := w.agent(1, "adopt"); !strings.Contains(out, "--yes") {
		t.Errorf("%s", out)
	}
	adopted := decode[struct{ Installation uuid.UUID }](t, w.agent(0, "adopt", "--yes", "--json"))
	if adopted.Installation == inst.ID || adopted.Installation == uuid.Nil {
		t.Errorf("%+v", adopted)
	}
	// The queue is still the first one's.
	if out := w.agent(1, w.login("GESPLAN-RM")...); !strings.Contains(out, string(link.CodeInstallation)) || !strings.Contains(out, inst.ID.String()) {
		t.Errorf("%s", out)
	}
}

func TestAdministratorSeesAndReleasesInstallations(t *testing.T) {
	w := newERPSide(t)
	id := uuid.New()
	hub, err := client.New(client.Config{Server: w.server, ClientID: w.rm.ID, Secret: w.rm.Secret, Installation: id.String()})
	if err != nil {
		t.Fatal(err)
	}
	if out := w.run(1, "client", "installation", "show", string(w.rm.ID)); !strings.Contains(out, string(link.CodeNotFound)) {
		t.Errorf("%s", out)
	}
	hold := link.HoldRequest{Instance: uuid.New(), Run: uuid.New(), Host: "erp-01"}
	if h, err := hub.Hold(context.Background(), hold); err != nil || !h.Active {
		t.Fatalf("%+v, %v", h, err)
	}
	if out := w.run(0, "client", "installation", "list"); !strings.Contains(out, id.String()) || !strings.Contains(out, "erp-01") {
		t.Errorf("%s", out)
	}
	if b := decode[link.Binding](t, w.run(0, "client", "installation", "show", string(w.rm.ID), "--json")); b.Installation != id.String() || b.Active == nil {
		t.Errorf("%+v", b)
	}
	if out := w.run(0, "client", "installation", "release", string(w.rm.ID)); !strings.Contains(out, "released") {
		t.Errorf("%s", out)
	}
	if _, err := hub.Hold(context.Background(), hold); link.CodeOf(err) != link.CodeInstallation {
		t.Errorf("%v", err)
	}
	if b := decode[link.Binding](t, w.run(0, "client", "installation", "bind", string(w.rm.ID), id.String(), "--json")); b.Installation != id.String() {
		t.Errorf("%+v", b)
	}
	if h, err := hub.Hold(context.Background(), hold); err != nil || !h.Active {
		t.Errorf("%+v, %v", h, err)
	}
	if out := w.run(0, "audit"); !strings.Contains(out, "client.release") || !strings.Contains(out, "client.rebind") {
		t.Errorf("%s", out)
	}
}
