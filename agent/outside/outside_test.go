package outside

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// lines is a log.
type lines struct{ all []string }

func (l *lines) Info(f string, a ...any)  { l.all = append(l.all, "info "+fmt.Sprintf(f, a...)) }
func (l *lines) Warn(f string, a ...any)  { l.all = append(l.all, "warn "+fmt.Sprintf(f, a...)) }
func (l *lines) Error(f string, a ...any) { l.all = append(l.all, "error "+fmt.Sprintf(f, a...)) }

const marker = "0123456789abcdef0123456789abcdef"

func callOf(m link.Message) consumer.Call {
	return consumer.Call{Execution: consumer.Execution{Message: m, Attempt: 2, Now: agenttest.Start}, Marker: marker, Number: 3, Began: agenttest.Start}
}

// at makes a consumer of a program that answers as the handler does.
func at(t *testing.T, h http.HandlerFunc) *Consumer {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(Config{Type: "PayDataCommand", URL: s.URL + "/pay"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestCallCarriesTheWholeMessage(t *testing.T) {
	for _, body := range []string{`{"doc": "ä"}`, "\xff\x00"} {
		d := agenttest.Delivery("a", agenttest.BusinessKey("contract 1"), agenttest.OrderingKey("k"))
		d.Message.Body = []byte(body)
		d.Message.Headers["sl-meta-origin"] = "x"
		var got link.CallRequest
		c := at(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/pay" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
			}
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			says(200, `{"outcome": "done", "key": "1;2"}`)(w, r)
		})
		if out := c.Send(t.Context(), callOf(d.Message), &lines{}); out.Kind != consumer.KindDone || out.Key != "1;2" {
			t.Errorf("%+v", out)
		}
		m := d.Message
		want := link.NewCallRequest(&m, marker, 3, 2)
		if got.Marker != marker || got.Call != 3 || got.Attempt != 2 || got.ID != m.ID || got.RootID != m.RootID || got.TenantID != m.TenantID || got.Type != m.Type ||
			got.BusinessKey != "contract 1" || got.OrderingKey != "k" || got.Sender != m.Sender || len(got.Headers) != len(want.Headers) || !got.CreatedAt.Equal(m.CreatedAt) {
			t.Errorf("%+v", got)
		}
		if text := got.Content; text != nil && *text != body || text == nil && (got.ContentBase64 == nil || *got.ContentBase64 != "/wA=") {
			t.Errorf("content %v, %v", got.Content, got.ContentBase64)
		}
	}
}

// TestWhatAnswersMean: of a call, and of the question what a call came to.
func TestWhatAnswersMean(t *testing.T) {
	for _, c := range []struct {
		status     int
		body       string
		send, find consumer.Kind
		reason     string
	}{
		{200, `{"outcome": "done", "key": "1;2", "keys": {"Id": 2}}`, consumer.KindDone, consumer.KindDone, ""},
		{200, `{"outcome": "reject", "errors": [{"code": "A", "description": "não"}]}`, consumer.KindReject, consumer.KindReject, ""},
		{200, `{"outcome": "retry", "after": "90s", "reason": "disk full"}`, consumer.KindRetry, consumer.KindRetry, "disk full"},
		{200, `{"outcome": "retry"}`, consumer.KindRetry, consumer.KindRetry, "another attempt"},
		{200, `{"outcome": "postpone", "until": "2026-03-02T12:00:00Z", "reason": "month end"}`, consumer.KindPostpone, consumer.KindPostpone, "month end"},
		{200, `{"outcome": "postpone", "after": "1h"}`, consumer.KindPostpone, consumer.KindPostpone, ""},
		// It was executed, perhaps; the call is over, so a repeat is told by its marker.
		{200, `done`, consumer.KindRetry, consumer.KindUnknown, "no outcome"},
		{200, `{"outcome": "done"} {}`, consumer.KindRetry, consumer.KindUnknown, "more than one"},
		{200, ``, consumer.KindRetry, consumer.KindUnknown, "no outcome"},
		{200, `{"outcome": "booked"}`, consumer.KindRetry, consumer.KindUnknown, `outcome is "booked"`},
		{200, `{"outcome": "reject"}`, consumer.KindRetry, consumer.KindUnknown, "without errors"},
		{200, `{"outcome": "reject", "errors": [{"code": "A"}]}`, consumer.KindRetry, consumer.KindUnknown, "errors/0"},
		{200, `{"outcome": "retry", "after": "soon"}`, consumer.KindRetry, consumer.KindUnknown, "after is"},
		{200, `{"outcome": "done", "key": "` + strings.Repeat("a", maxAnswer) + `"}`, consumer.KindRetry, consumer.KindUnknown, "longer than"},
		{500, "stack\xff trace", consumer.KindRetry, consumer.KindUnknown, "500 Internal Server Error: stack trace"},
		{302, "", consumer.KindRetry, consumer.KindUnknown, "302"},
		{400, "what?", consumer.KindRetry, consumer.KindUnknown, "400"},
		{404, "", consumer.KindRetry, consumer.KindAbsent, ""},
		{405, "", consumer.KindRetry, consumer.KindAbsent, ""},
		{501, "", consumer.KindRetry, consumer.KindAbsent, ""},
		{503, "", consumer.KindAway, consumer.KindAway, "503"},
		{429, "", consumer.KindAway, consumer.KindAway, "429"},
		{502, "", consumer.KindUnknown, consumer.KindUnknown, "502"},
		{504, "", consumer.KindUnknown, consumer.KindUnknown, "504"},
	} {
		x := callOf(agenttest.Delivery("a").Message)
		program := at(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && r.URL.Path != "/pay/"+marker {
				t.Errorf("asked at %s", r.URL)
			}
			w.Header().Set("Location", "/elsewhere")
			says(c.status, c.body)(w, r)
		})
		name := fmt.Sprintf("%d %.60s", c.status, c.body)
		if out := program.Send(t.Context(), x, &lines{}); out.Kind != c.send || !strings.Contains(out.Reason, c.reason) {
			t.Errorf("%s: a call came to %+v", name, out)
		}
		if out := program.Find(t.Context(), x, &lines{}); out.Kind != c.find || c.find != consumer.KindAbsent && !strings.Contains(out.Reason, c.reason) {
			t.Errorf("%s: asked for, %+v", name, out)
		}
	}
}

func TestAnswersAreReadWhole(t *testing.T) {
	x, log := callOf(agenttest.Delivery("a").Message), &lines{}
	out := at(t, says(200, `{"outcome": "postpone", "after": "1h", "log": [{"level": "info", "text": "50%"}, {"level": "warn", "text": "w"}, {"level": "error", "text": "e"}]}`)).
		Send(t.Context(), x, log)
	if !out.Until.Equal(x.Now.Add(time.Hour)) || fmt.Sprint(log.all) != "[info 50% warn w error e]" {
		t.Errorf("%+v, %v", out, log.all)
	}
	out = at(t, says(200, `{"outcome": "done", "key": "1;2", "keys": {"Id": 9007199254740993}, "warnings": [{"code": "W", "description": "w"}]}`)).Send(t.Context(), x, log)
	if out.Keys["Id"] != json.Number("9007199254740993") || len(out.Warnings) != 1 {
		t.Errorf("%+v", out)
	}
	out = at(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(503)
	}).Send(t.Context(), x, log)
	if out.Kind != consumer.KindAway || out.After != 7*time.Second {
		t.Errorf("%+v", out)
	}
}

// TestBrokenCalls: what did not reach the program is an outage, what may have is not known.
func TestBrokenCalls(t *testing.T) {
	x := callOf(agenttest.Delivery("a").Message)
	hangs := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			err = conn.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	halfway := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"outcome": "done"}`)
	}
	for name, h := range map[string]http.HandlerFunc{"hangs": hangs, "cut": cut, "halfway": halfway} {
		c := at(t, h)
		c.cfg.Timeout = 50 * time.Millisecond
		if name != "hangs" {
			c.cfg.Timeout = DefaultTimeout
		}
		for _, f := range []func() consumer.Outcome{
			func() consumer.Outcome { return c.Send(t.Context(), x, &lines{}) }, func() consumer.Outcome { return c.Find(t.Context(), x, &lines{}) },
		} {
			if out := f(); out.Kind != consumer.KindUnknown {
				t.Errorf("%s: %+v", name, out)
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	c, err := New(Config{Type: "PayDataCommand", URL: "http://" + nobody})
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Send(t.Context(), x, &lines{}); out.Kind != consumer.KindAway {
		t.Errorf("nobody there: %+v", out)
	}
	if out := c.Find(t.Context(), x, &lines{}); out.Kind != consumer.KindAway || c.Reach(t.Context()) == nil {
		t.Errorf("nobody there: %+v", out)
	}
	if err := at(t, http.NotFound).Reach(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOnlyThisMachineUnlessTold: by the address, and by what a name stands for.
func TestOnlyThisMachineUnlessTold(t *testing.T) {
	for _, u := range []string{"http://10.0.0.1/", "https://erp.example/", "http://0.0.0.0:80/", "http://[::]/"} {
		if _, err := New(Config{Type: "A", URL: u}); link.CodeOf(err) != link.CodeConsumerConfig {
			t.Errorf("%s: %v", u, err)
		}
		if _, err := New(Config{Type: "A", URL: u, Remote: true}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"http://127.0.0.1:1/", "http://localhost:1", "http://[::1]:1/a", "http://127.1.2.3/"} {
		if _, err := New(Config{Type: "A", URL: u}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, c := range []Config{
		{Type: "A", URL: "127.0.0.1"}, {Type: "A", URL: ""}, {Type: "A", URL: "http://"}, {Type: "A", URL: "http://127.0.0.1/?a=1"}, {Type: "A", URL: "http://u:p@127.0.0.1/"},
		{Type: "A", URL: "http://127.0.0.1/#a"}, {Type: "", URL: "http://127.0.0.1/"}, {Type: "A", URL: "http://127.0.0.1/", Timeout: time.Hour},
		{Type: "A", URL: "http://127.0.0.1/", Parallel: 100}, {Type: "A", URL: "http://127.0.0.1/", Timeout: -1}, {Type: "A", URL: "http://127.0.0.1/", Parallel: -1},
	} {
		if _, err := New(c); link.CodeOf(err) != link.CodeConsumerConfig {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
