//go:build killpoints

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"smartlink/client"
	"smartlink/link"
)

// outsideCommand is executed by a program outside of the agent.
const outsideCommand = "OutsideDataCommand"

// The named places of a call.
var callPoints = []string{"before-call", "after-call", "before-call-commit", "after-call-commit"}

// program books documents under markers, and goes on when the agent dies. Like many programs it does
// not look whether a marker was booked before: it would book twice what it is told twice.
type program struct {
	mu     sync.Mutex
	booked []string          // documents
	keys   map[string]string // by marker
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	marker := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method == http.MethodPost {
		var c link.CallRequest
		var body struct{ Data struct{ Doc string } }
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || json.Unmarshal([]byte(*c.Content), &body) != nil {
			http.Error(w, "not a call", http.StatusBadRequest)
			return
		}
		marker = c.Marker
		p.booked = append(p.booked, body.Data.Doc)
		p.keys[marker] = body.Data.Doc
	}
	key, ok := p.keys[marker]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(link.CallAnswer{Outcome: "done", Key: key})
}

// TestAgentKilledInCallsOutside kills the agent at every point of a call. The program would book twice, and never has to.
func TestAgentKilledInCallsOutside(t *testing.T) {
	p := &program{keys: map[string]string{}}
	server := httptest.NewServer(p)
	defer server.Close()
	dir := t.TempDir()
	w := newWorld(t, build(t), dir, filepath.Join(dir, "rm.db"))
	w.config = filepath.Join(dir, "smartlink.yaml")
	yaml := fmt.Sprintf("agent:\n  consumers:\n    - {type: %s, url: %s, timeout: 3s, parallel: 2}\n", outsideCommand, server.URL)
	if err := os.WriteFile(w.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if !w.agent.stop() {
		t.Fatal(w.agent.log())
	}
	w.start(false, "")
	if _, err := w.gesplan.Setup(t.Context(), link.SetupRequest{Subscriptions: []string{link.ResponseType(outsideCommand)}}); err != nil {
		t.Fatal(err)
	}
	repeats := 1
	if os.Getenv("SMARTLINK_CHAOS_LONG") != "" {
		repeats = 5
	}
	rounds := 0
	for n := range repeats {
		for _, point := range callPoints {
			w.callRound(round{point: point, n: 1 + n})
			rounds++
		}
	}
	done := 0
	for id, doc := range w.accepted {
		if o := w.outcomes[id]; o.Status != link.ERPDone || o.Key != doc {
			t.Errorf("%s came to %+v", doc, o)
			continue
		}
		done++
	}
	fmt.Printf("chaos with a consumer outside: rounds=%d accepted=%d booked=%d waiting=%d lost=%d double=%d\n",
		rounds, len(w.accepted), done, len(w.accepted)-len(w.outcomes), len(w.outcomes)-done, len(p.booked)-done)
	if len(p.booked) != len(w.accepted) || done != len(w.accepted) {
		t.Errorf("booked %v", p.booked)
	}
}

// callRound sends messages while the agent dies once in a call.
func (w *world) callRound(r round) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), roundTime)
	defer cancel()
	victim := w.arm(r)
	for i := range 3 + r.n {
		w.serial++
		doc := fmt.Sprintf("doc-%d", w.serial)
		m := client.Message{Type: outsideCommand, Audience: "GESPLAN-RM", Body: fmt.Appendf(nil, `{"data": {"Doc": %q}}`, doc)}
		if i%2 == 0 {
			m.OrderingKey = "contract"
		}
		sent, err := w.gesplan.Send(ctx, m)
		if err != nil {
			w.fail(r, err)
		}
		w.accepted[sent.MessageID] = doc
	}
	w.awaitAgent(ctx, r, victim)
	if err := w.settle(ctx); err != nil {
		w.fail(r, err)
	}
}
