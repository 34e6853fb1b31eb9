package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"smartlink/hub/api"
	"smartlink/link"
)

// flood is a body as it is sent: 500 messages of 512 KiB, counted as somebody reads them.
type flood struct {
	left int
	read atomic.Int64
}

func (f *flood) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), f.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	f.left -= n
	f.read.Add(int64(n))
	return n, nil
}

// TestBatchFarTooLarge: a batch of 500 messages of 512 KiB is refused by its size, announced or not, after
// no more than the limit was read, and stores nothing.
func TestBatchFarTooLarge(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	const whole = link.MaxBatch * link.MaxBody
	for name, length := range map[string]int64{"announced": whole, "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			body := &flood{left: whole}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/api/v1/link/send", io.NopCloser(body))
			w.must(err)
			req.ContentLength = length
			req.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
			req.Header.Set("Content-Type", "application/json")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			resp, err := http.DefaultClient.Do(req)
			runtime.ReadMemStats(&after)
			if err == nil { // a sender that still writes may see only that the connection ended
				b, _ := io.ReadAll(resp.Body)
				if _ = resp.Body.Close(); resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(b), string(link.CodeBodyTooLarge)) {
					t.Errorf("%s %s", resp.Status, b)
				}
			}
			if read := body.read.Load(); read > 4*link.MaxBatchBytes {
				t.Errorf("%d bytes were taken", read)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8*link.MaxBatchBytes {
				t.Errorf("%d bytes were allocated for it", used)
			}
		})
	}
	if a := w.do(request{as: "rm", path: "/api/v1/link/get"}); a.StatusCode != http.StatusNoContent {
		t.Errorf("something was stored: %s", a.body)
	}
}

// TestManyLargeSends: 500 messages of the largest size at the same time are all stored, each once.
func TestManyLargeSends(t *testing.T) {
	w := limited(t, api.Rates{Bodies: 512 << 20})
	body := strings.Repeat("x", link.MaxBody) // no JSON, which would only cost the test time
	var all sync.WaitGroup
	var stored atomic.Int64
	for range link.MaxBatch {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+sendPath, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
			req.Header.Set("Content-Type", "text/plain")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			if _ = resp.Body.Close(); resp.StatusCode != http.StatusAccepted {
				t.Errorf("%s", resp.Status)
				return
			}
			stored.Add(1)
		})
	}
	all.Wait()
	q := into[link.Page[link.QueueInfo]](t, w.want(request{as: "ana", method: "GET", path: "/api/v1/admin/queues"}, 200, ""))
	if n := q.Items[0].Counts[link.StateReady]; n != stored.Load() || n != link.MaxBatch {
		t.Errorf("%d accepted, %d stored", stored.Load(), n)
	}
	got := w.get("rm", "?max=500")
	if n := len(got); n < 1 || n > link.MaxGetBytes/link.MaxBody {
		t.Errorf("a get of %d of them", n)
	}
}

// TestBodiesUnderWayAreBounded: a client whose bodies do not come to an end takes half of what there is,
// others go on, and its place is free when it ends.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	w := limited(t, api.Rates{Bodies: 4 * link.MaxBody})
	begun := make([]net.Conn, 2)
	for i := range begun {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		w.must(err)
		defer func() { _ = c.Close() }()
		_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{",
			sendPath, w.keys["gesplan"], link.MaxBody)
		w.must(err)
		begun[i] = c
	}
	send := request{as: "gesplan", path: sendPath, body: `{"data":{}}`}
	for w.do(send).StatusCode == http.StatusAccepted { // until the hub has seen both
		continue
	}
	if a := w.want(send, http.StatusTooManyRequests, link.CodeRateLimited); a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	send.as = "curl"
	w.want(send, http.StatusAccepted, "")
	send.body = `{"data":"` + strings.Repeat("x", link.MaxBody-11) + `"}`
	w.want(send, http.StatusAccepted, "")
	w.must(begun[0].Close())
	send.as, send.body = "gesplan", `{"data":{}}`
	for w.do(send).StatusCode != http.StatusAccepted {
		continue
	}
	if !strings.Contains(string(w.want(request{method: http.MethodGet, path: "/metrics"}, http.StatusOK, "").body), `smartlink_rate_limited_total{limit="bodies"}`) {
		t.Error("the metrics do not tell")
	}
}

// TestRepeatsAreKnownAfterARestart: the window of repeats is kept with the messages.
func TestRepeatsAreKnownAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	send := func(body string, status int, code link.Code) answer {
		t.Helper()
		return w.want(request{as: "gesplan", path: sendPath, body: body, header: map[string]string{"Idempotency-Key": "k"}}, status, code)
	}
	first := into[link.SendResponse](t, send(`{"data":1}`, 202, ""))
	for range 2 {
		w.restart()
		if again := into[link.SendResponse](t, send(`{"data":1}`, 202, "")); !again.Duplicate || again.MessageID != first.MessageID {
			t.Errorf("after a restart %+v", again)
		}
		send(`{"data":2}`, 409, link.CodeIdempotency)
	}
	if got := w.get("rm", "?max=10"); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}
