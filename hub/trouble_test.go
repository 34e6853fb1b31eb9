package hub_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"smartlink/hub"
	"smartlink/internal/clock"
	"smartlink/link"
)

// troubled is a hub on the real clock with a client that sends and hears, whose store is about to fail.
type troubled struct {
	*running
	client link.ClientCreated
	bearer string

	mu       sync.Mutex
	accepted map[string]string // message id by Idempotency-Key, of sends answered with 202
	refused  []string          // keys of all others
}

func newTroubled(t *testing.T) *troubled {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data") // one that can be moved
	w := &troubled{running: &running{TB: t, dir: dir}, accepted: map[string]string{}}
	w.Hub = serve(t, hub.Config{DataDir: dir, Clock: clock.Real})
	w.client = w.people()
	w.bearer, _ = w.token(w.client.ID, w.client.Secret)
	w.ok(w.bearer, "POST", "/api/v1/link/setup", setup, nil)
	return w
}

// send sends a message of a size under a key, and notes what came of it. A refusal must be one that says
// to come again.
func (w *troubled) send(key string, size int) bool {
	w.Helper()
	body := `{"data":"` + strings.Repeat("x", size) + `"}`
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "http://"+w.Addr()+"/api/v1/link/send/"+command, strings.NewReader(body))
	if err != nil {
		w.Error(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+w.bearer)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Error(err)
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if resp.StatusCode == http.StatusAccepted {
		var r link.SendResponse
		if err := json.Unmarshal(b, &r); err != nil {
			w.Error(err)
		}
		w.accepted[key] = r.MessageID.String()
		return true
	}
	var p link.Problem
	_ = json.Unmarshal(b, &p)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" ||
		p.Code != link.CodeUnavailable && p.Code != link.CodeOutcomeUnknown {
		w.Errorf("a send that cannot be stored: %s %s", resp.Status, b)
	}
	w.refused = append(w.refused, key)
	return false
}

func (w *troubled) ready() bool {
	w.Helper()
	status, _ := w.call("", "GET", "/readyz", "", nil)
	return status == http.StatusOK
}

// isDown checks what a hub in trouble still does: it says that it is not ready, refuses changes, and goes on
// giving and knowing tokens.
func (w *troubled) isDown() {
	w.Helper()
	if w.send("while it is down", 10) { // before anybody asks whether it is ready
		w.Error("a message is accepted")
	}
	if w.ready() {
		w.Error("the hub says that it is ready")
	}
	if _, problem := w.token(w.client.ID, w.client.Secret); problem != "" {
		w.Errorf("no token: %s", problem)
	}
	if status, _ := w.call("", "GET", "/healthz", "", nil); status != http.StatusOK {
		w.Errorf("not alive: %d", status)
	}
}

// changesRefused tries to change the registry.
func (w *troubled) changesRefused() {
	w.Helper()
	status, code := w.call(w.key, "POST", "/api/v1/admin/companies", `{"name":"Never"}`, nil)
	if status != http.StatusServiceUnavailable || code != link.CodeUnavailable && code != link.CodeChangeUnknown {
		w.Errorf("a company that cannot be stored: %d %s", status, code)
	}
}

// recovers waits until the hub is ready by itself, repeats what was refused, and looks that each message
// is there once.
func (w *troubled) recovers() {
	w.Helper()
	for !w.ready() {
		continue
	}
	for _, key := range slices.Clone(w.refused) {
		if !w.send(key, 10) {
			w.Fatalf("%s is still refused", key)
		}
	}
	w.ok(w.key, "POST", "/api/v1/admin/companies", `{"name":"Another S.A."}`, nil)
	missing := map[string]string{}
	for key, id := range w.accepted {
		missing[id] = key
	}
	for {
		var got link.GetResponse
		w.ok(w.bearer, "GET", "/api/v1/link/get?max=500", "", &got)
		if len(got.Messages) == 0 {
			break
		}
		var acks []string
		for _, d := range got.Messages {
			if _, known := missing[d.Message.ID.String()]; !known {
				w.Errorf("message %s is there twice, or was never accepted", d.Message.ID)
			}
			delete(missing, d.Message.ID.String())
			acks = append(acks, fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d.Tag))
		}
		w.ok(w.bearer, "POST", "/api/v1/link/ack", "["+strings.Join(acks, ",")+"]", nil)
	}
	if len(missing) > 0 {
		w.Errorf("%d of %d accepted messages are lost: %v", len(missing), len(w.accepted), missing)
	}
}

func needsMoving(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves and removes no open files: that trouble is NOT tested")
	}
}

// TestFolderMovedAwayAndBack: what is written into a folder that nobody finds is not accepted, and with the
// folder everything is back.
func TestFolderMovedAwayAndBack(t *testing.T) {
	needsMoving(t)
	w := newTroubled(t)
	for i := range 5 {
		w.send(fmt.Sprint("before ", i), 10)
	}
	w.must(os.Rename(w.dir, w.dir+"-away"))
	w.isDown()
	w.changesRefused()
	if _, err := os.Stat(w.dir); !os.IsNotExist(err) {
		t.Errorf("something was made where the folder was: %v", err)
	}
	w.must(os.Rename(w.dir+"-away", w.dir))
	w.recovers()
}

// TestFolderRemovedAndRestored: no new, empty database takes the place of one that is gone; when a copy
// is put there, the hub goes on with it.
func TestFolderRemovedAndRestored(t *testing.T) {
	needsMoving(t)
	for _, quiet := range []bool{false, true} { // whether somebody uses it meanwhile
		t.Run(fmt.Sprint("quiet ", quiet), func(t *testing.T) {
			w := newTroubled(t)
			for i := range 5 {
				w.send(fmt.Sprint("before ", i), 10)
			}
			w.must(os.CopyFS(w.dir+"-copy", os.DirFS(w.dir)))
			w.must(os.RemoveAll(w.dir))
			if !quiet {
				w.isDown()
				w.changesRefused()
			}
			w.must(os.Mkdir(w.dir, 0o700))
			if !quiet {
				w.isDown()
				w.changesRefused()
			} else if w.ready() {
				t.Error("the hub says that it is ready")
			}
			if made, err := os.ReadDir(w.dir); err != nil || len(made) > 0 {
				t.Errorf("made where the data was: %v, %v", made, err)
			}
			w.must(os.CopyFS(w.dir, os.DirFS(w.dir+"-copy")))
			w.recovers()
			if _, err := hub.Open(t.Context(), hub.Config{DataDir: w.dir, Listen: "127.0.0.1:0"}); link.CodeOf(err) != link.CodeDataInUse {
				t.Errorf("another hub may have the folder: %v", err)
			}
		})
	}
}

// TestLogRemoved: what stands in a database's log is saved when somebody removes the log's name.
func TestLogRemoved(t *testing.T) {
	needsMoving(t)
	w := newTroubled(t)
	for i := range 5 {
		w.send(fmt.Sprint("before ", i), 10)
	}
	w.must(os.Remove(filepath.Join(w.dir, "queue.db-wal")))
	w.must(os.Remove(filepath.Join(w.dir, "hub.db-wal")))
	w.send("after", 10)
	w.recovers()
	w.ok(w.key, "GET", "/api/v1/admin/clients", "", nil)
}
