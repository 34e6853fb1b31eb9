package hub_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlink/hub"
	"smartlink/internal/clock"
)

// lines is a log for tests that look at it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// dial opens a connection that is closed with the test.
func dial(t *testing.T, h *hub.Hub) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", h.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// dribble writes a byte now and then until the other side does not take it any more.
func dribble(c net.Conn) {
	for {
		<-clock.Real.NewTimer(20 * time.Millisecond).C()
		if _, err := c.Write([]byte("x")); err != nil {
			return
		}
	}
}

// TestSlowCallersAreCutOff: headers and bodies that dribble in, and answers that nobody reads on,
// have an end, and others are served meanwhile.
func TestSlowCallersAreCutOff(t *testing.T) {
	h := serve(t, hub.Config{Limits: hub.Limits{HeaderTimeout: 300 * time.Millisecond, ReadTimeout: 600 * time.Millisecond, IdleTimeout: 300 * time.Millisecond}})
	ready := func() {
		t.Helper()
		resp, err := http.Get(h.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Errorf("others: %s", resp.Status)
		}
	}
	for name, begin := range map[string]string{
		"silence":              "",
		"a header":             "GET /readyz HTTP/1.1\r\nHost: hub\r\nX-Slow: ",
		"a body":               "POST /totvs.rac/connect/token HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\n",
		"a body in chunks":     "POST /totvs.rac/connect/token HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n",
		"a body nobody reads":  "POST /readyz HTTP/1.1\r\nHost: hub\r\nContent-Length: 10000\r\n\r\n",
		"nothing after a call": "GET /readyz HTTP/1.1\r\nHost: hub\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var slow []net.Conn
			for range 20 {
				c := dial(t, h)
				if _, err := io.WriteString(c, begin); err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(name, "a ") {
					go dribble(c)
				}
				slow = append(slow, c)
			}
			ready()
			for _, c := range slow {
				// The end of it is what is waited for; that it comes with a reset is as good.
				if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
					t.Error(err)
				}
			}
		})
	}
	ready()
}

// TestHeaderIsBounded: a header over the limit is refused while it comes.
func TestHeaderIsBounded(t *testing.T) {
	h := serve(t, hub.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Large", strings.Repeat("x", 2*hub.DefaultLimits.HeaderBytes))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = resp.Body.Close(); resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%s", resp.Status)
	}
}

// TestConnectionsBeyondTheLimit: they are closed at once, who is connected goes on being served, and
// the next one is when there is room again.
func TestConnectionsBeyondTheLimit(t *testing.T) {
	log := &lines{}
	h := serve(t, hub.Config{Limits: hub.Limits{Connections: 2}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	ask := func(c net.Conn) string {
		if _, err := fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"); err != nil {
			return ""
		}
		b, _ := io.ReadAll(c)
		return string(b)
	}
	first, second := dial(t, h), dial(t, h)
	if got := ask(dial(t, h)); got != "" {
		t.Fatalf("the third was served: %.100s", got)
	}
	if !strings.Contains(log.String(), "connections refused") {
		t.Error("the log does not tell")
	}
	got := ask(first)
	for _, want := range []string{"200 OK", "smartlink_connections 2", `smartlink_connections_refused_total{limit="all"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	for ask(dial(t, h)) == "" { // until the hub has seen that the first is gone
		continue
	}
	if ask(second) == "" {
		t.Error("the second is not served")
	}
}
