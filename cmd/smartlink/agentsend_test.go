package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/agent"
	"smartlink/link"
)

// TestAgentSend: the command gives the agent of this machine what it was given, with the token of the
// file, and shows what the agent says.
func TestAgentSend(t *testing.T) {
	dir, id := t.TempDir(), uuid.New()
	var got agent.LocalRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.Method != http.MethodPost {
			t.Errorf("%s with %q", r.Method, r.Header.Get("Authorization"))
		}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		var answer any = agent.LocalResponse{ID: id}
		if got.Type == "Refused" {
			w.WriteHeader(http.StatusServiceUnavailable)
			answer = link.NewError(link.CodeAgentNotActive).Problem(link.English, "")
		} else {
			w.WriteHeader(http.StatusAccepted)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	body := filepath.Join(dir, "body.json")
	if err := os.WriteFile(body, []byte(`{"a":  1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(want int, args ...string) string {
		t.Helper()
		code, out, errOut := smartlink(append([]string{"agent", "--database", filepath.Join(dir, "rm.db"), "send", body}, args...)...)
		if code != want || strings.Contains(out+errOut, "secret") {
			t.Fatalf("exit %d\n%s%s", code, out, errOut)
		}
		return out + errOut
	}
	if said := send(1, "--type", "E"); !strings.Contains(said, string(link.CodeNotFound)) {
		t.Errorf("without an agent: %s", said)
	}
	api, err := json.Marshal(agent.LocalAPI{URL: server.URL, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, agent.LocalFile), api, 0o600); err != nil {
		t.Fatal(err)
	}
	said := send(0, "--type", "E", "--audience", "GESPLAN", "--business-key", "b", "--ordering-key", "o", "--idempotency-key", "i", "--header", "SL-Meta-A=x=y")
	if !strings.Contains(said, id.String()) {
		t.Errorf("%s", said)
	}
	if got.BodyBase64 != "eyJhIjogIDF9" || got.Audience != "GESPLAN" || got.BusinessKey != "b" || got.OrderingKey != "o" || got.IdempotencyKey != "i" || got.Headers["SL-Meta-A"] != "x=y" {
		t.Errorf("%+v", got)
	}
	if said := send(1, "--type", "Refused"); !strings.Contains(said, string(link.CodeAgentNotActive)) {
		t.Errorf("refused: %s", said)
	}
}
