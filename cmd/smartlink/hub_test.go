package main

import (
	"context"
	"log/slog"
	"testing"

	"smartlink/hub"
	"smartlink/link"
)

// startHub runs a hub on a fresh folder and answers its address and first-start code.
func startHub(t *testing.T) (server, code string) {
	t.Helper()
	h, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.URL(), h.StartCode()
}

// administrator runs admin commands at a hub of its own.
type administrator struct {
	t                 *testing.T
	server, code, key string
}

// newAdministrator spends a fresh hub's first-start code.
func newAdministrator(t *testing.T) *administrator {
	t.Helper()
	server, code := startHub(t)
	_, out, _ := smartlink("admin", "init", "--server", server, "--code", code, "--user", "ana", "--json")
	return &administrator{t, server, code, decode[link.InitResponse](t, out).APIKey}
}

// run runs one command, which must end with an exit code, and answers what it printed.
func (a *administrator) run(want int, args ...string) string {
	a.t.Helper()
	got, out, errOut := smartlink(append([]string{"admin", "--server", a.server, "--api-key", a.key}, args...)...)
	if got != want {
		a.t.Fatalf("%v: exit %d\n%s%s", args, got, out, errOut)
	}
	return out + errOut
}
