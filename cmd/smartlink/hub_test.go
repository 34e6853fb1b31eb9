package main

import (
	"context"
	"log/slog"
	"testing"

	"smartlink/hub"
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
