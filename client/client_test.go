package client

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

// fakeHub answers tokens token-1, token-2, … and hands everything else to serve.
type fakeHub struct {
	*httptest.Server
	tokens atomic.Int64
	life   int
	serve  http.HandlerFunc
}

func newFakeHub(t *testing.T, serve http.HandlerFunc) *fakeHub {
	h := &fakeHub{life: 900, serve: serve}
	h.Server = httptest.NewServer(http.HandlerFunc(h.answer))
	t.Cleanup(h.Close)
	return h
}

func (h *fakeHub) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != tokenPath {
		h.serve(w, r)
		return
	}
	if r.FormValue("client_secret") != "right" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != scope {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"invalid_client","error_description":"no such client or secret"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, h.tokens.Add(1), h.life)
}

func (h *fakeHub) client(t *testing.T, change ...func(*Config)) *Client {
	cfg := Config{Server: h.URL + "/", ClientID: link.NewClientID(), Secret: "right", Retry: Retry{Base: time.Nanosecond, Cap: time.Nanosecond}}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stored is a hub's answer to a send.
const stored = `{"messageId":"01890000-0000-7000-8000-000000000001","queues":["q"],"duplicate":false,"warnings":[]}`

func problem(w http.ResponseWriter, code link.Code) {
	e := link.NewError(code)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status())
	_ = json.NewEncoder(w).Encode(e.Problem(link.English, "r-1"))
}

func TestConfigurationIsChecked(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no address":   {ClientID: "c", Secret: "s"},
		"other scheme": {Server: "ftp://hub", ClientID: "c", Secret: "s"},
		"no secret":    {Server: "http://hub", ClientID: "c"},
		"no client":    {Server: "http://hub", Secret: "s"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSendCarriesEverythingByteForByte(t *testing.T) {
	body := "{ \"header\" : {} ,\n\"x\":\"\u00e7\" }"
	var got *http.Request
	var gotBody []byte
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		gotBody, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, stored)
	})
	c := h.client(t, func(cfg *Config) { cfg.Installation = "inst"; cfg.App = "GESPLAN" })
	r, err := c.Send(t.Context(), Message{
		Type: "FinLanIncDataCommand", Audience: "GESPLAN-RM", Body: []byte(body), BusinessKey: "contract 42/1", OrderingKey: "o",
		CorrelationID: "corr", Headers: map[string]string{"SL-Meta-Batch": "7"},
	})
	if err != nil || r.MessageID == uuid.Nil || len(r.Queues) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got.URL.Path != "/api/v1/link/send/FinLanIncDataCommand/GESPLAN-RM" || string(gotBody) != body {
		t.Errorf("path %s, body %q", got.URL.Path, gotBody)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer token-1", "Content-Type": "application/json", link.HeaderApp: "GESPLAN", link.HeaderInstallation: "inst",
		link.HeaderBusinessKey: "contract 42/1", link.HeaderOrderingKey: "o", link.HeaderCorrelationID: "corr", "Sl-Meta-Batch": "7",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if _, err := uuid.Parse(got.Header.Get(link.HeaderIdempotencyKey)); err != nil {
		t.Errorf("Idempotency-Key: %v", err)
	}
}

func TestRepeatsKeepTheIdempotencyKey(t *testing.T) {
	var keys []string
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get(link.HeaderIdempotencyKey))
		if len(keys) < 3 {
			problem(w, link.CodeOutcomeUnknown)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, stored)
	})
	if _, err := h.client(t).Send(t.Context(), Message{Type: "X", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Errorf("keys %q", keys)
	}
}

// TestNotAnAnswerIsNotAStoredMessage: a proxy that answers by itself must not make a sender forget
// its message.
func TestNotAnAnswerIsNotAStoredMessage(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"other object": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok"}`) },
		"a page":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>log in</html>`) },
	} {
		h := newFakeHub(t, answer)
		if r, err := h.client(t).Send(t.Context(), Message{Type: "X", Body: []byte("{}")}); err == nil {
			t.Errorf("%s: taken for %+v", name, r)
		}
	}
}

// TestHeadersThatCannotTravelAreRefusedAtOnce: they are the caller's fault, not the network's.
func TestHeadersThatCannotTravelAreRefusedAtOnce(t *testing.T) {
	calls := 0
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { calls++; fmt.Fprint(w, stored) })
	for pointer, m := range map[string]Message{
		"SL-Business-Key": {BusinessKey: "a\nb"}, "SL-Meta-X": {Headers: map[string]string{"sl-meta-x": "\x00"}}, "Content-Type": {ContentType: "a\r"},
		"SL Meta": {Headers: map[string]string{"SL Meta": "x"}},
	} {
		m.Type, m.Body = "X", []byte("{}")
		_, err := h.client(t, func(c *Config) { c.Lang = link.Portuguese }).Send(t.Context(), m)
		var p *link.Problem
		if !errors.As(err, &p) || p.Code != link.CodeRequestInvalid || len(p.Errors) != 1 || p.Errors[0].Pointer != pointer || Retryable(err) {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	if _, err := h.client(t).Send(t.Context(), Message{Type: "X", Body: []byte("{}"), BusinessKey: "prestação 3\t/ação"}); err != nil || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// TestAFullGetCanBeRead: whatever stands in the messages, an answer within the hub's limits fits.
func TestAFullGetCanBeRead(t *testing.T) {
	key := strings.Repeat("\U0001f4b0", link.MaxKey)
	var got link.GetResponse
	for range link.MaxGet {
		got.Messages = append(got.Messages, link.Delivery{Tag: 1<<53 - 1, Message: link.Message{
			ID: link.NewID(), TenantID: uuid.New(), BusinessKey: key, OrderingKey: key, CorrelationID: key, Type: strings.Repeat("T", 100),
			ContentType: "text/plain", Headers: map[string]string{"Sl-Meta-X": strings.Repeat("<", link.MaxHeaderBytes)},
			Body: bytes.Repeat([]byte{1}, link.MaxGetBytes/link.MaxGet),
		}})
	}
	wire, err := json.Marshal(got)
	if err != nil || len(wire) > maxAnswer {
		t.Errorf("%d bytes of at most %d, %v", len(wire), maxAnswer, err)
	}
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	calls := 0
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { calls++; problem(w, link.CodeNoRoute) })
	_, err := h.client(t).Send(t.Context(), Message{Type: "X", Body: []byte("{}")})
	var p *link.Problem
	if !errors.As(err, &p) || p.Code != link.CodeNoRoute || p.Status != 422 || Retryable(err) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestGetIsNotRepeated(t *testing.T) {
	calls := 0
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { calls++; problem(w, link.CodeUnavailable) })
	_, err := h.client(t).Get(t.Context(), GetOptions{})
	if !Retryable(err) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestGetAnswersNothingAndMessages(t *testing.T) {
	d := link.Delivery{Tag: 1<<32 + 7, Attempt: 1, Message: link.Message{
		ID: link.NewID(), TenantID: uuid.New(), Type: "X", Body: []byte{0xff, 0x00}, CreatedAt: time.Unix(5, 0).UTC(),
	}}
	full := false
	var query string
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		if !full {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_ = json.NewEncoder(w).Encode(link.GetResponse{Messages: []link.Delivery{d}})
	})
	c := h.client(t)
	if got, err := c.Get(t.Context(), GetOptions{Max: 5, MaxBytes: 9, Wait: time.Second, Lease: 5 * time.Second}); err != nil || got != nil {
		t.Fatalf("%v, %v", got, err)
	}
	if query != "lease=5s&max=5&maxBytes=9&wait=1s" {
		t.Errorf("query %s", query)
	}
	full = true
	got, err := c.Get(t.Context(), GetOptions{})
	if err != nil || len(got) != 1 || got[0].Tag != d.Tag || string(got[0].Message.Body) != string(d.Message.Body) || query != "" {
		t.Errorf("%+v, %v, query %q", got, err, query)
	}
}

func TestAckNeedsAResultForEach(t *testing.T) {
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"results":[{"deliveryTag":1}]}`) })
	c := h.client(t)
	if r, err := c.Ack(t.Context(), []link.Settlement{{DeliveryTag: 1}}); err != nil || len(r) != 1 {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := c.Ack(t.Context(), []link.Settlement{{DeliveryTag: 1}, {DeliveryTag: 2}}); err == nil {
		t.Error("half an answer was taken for a whole one")
	}
	if r, err := c.Ack(t.Context(), nil); err != nil || r != nil {
		t.Errorf("%v, %v", r, err)
	}
}

func TestTokenIsKeptAndRenewedBeforeItsEnd(t *testing.T) {
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	c := h.client(t)
	clk := clock.NewFake(time.Unix(1000, 0))
	c.tokens.clock = clk
	for _, step := range []struct {
		advance time.Duration
		want    string
	}{{0, "token-1"}, {839 * time.Second, "token-1"}, {time.Second, "token-2"}} {
		clk.Advance(step.advance)
		if got, err := c.Token(t.Context()); err != nil || got != step.want {
			t.Errorf("after %s: %s, %v; want %s", step.advance, got, err, step.want)
		}
	}
}

func TestTokenRefusedByTheHubIsRenewedOnce(t *testing.T) {
	var bearers []string
	accept := "Bearer token-2"
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		bearers = append(bearers, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != accept {
			problem(w, link.CodeTokenRevoked)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	c := h.client(t)
	if _, err := c.Trace(t.Context(), uuid.New()); err != nil || len(bearers) != 2 {
		t.Fatalf("%v after %q", err, bearers)
	}
	bearers, accept = nil, "none"
	if _, err := c.Trace(t.Context(), uuid.New()); link.CodeOf(err) != link.CodeTokenRevoked || len(bearers) != 2 {
		t.Errorf("%v after %q", err, bearers)
	}
}

func TestManyCallersShareOneTokenRequest(t *testing.T) {
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
	c := h.client(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.tokens.Load(); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

func TestWrongSecretSaysSo(t *testing.T) {
	h := newFakeHub(t, func(http.ResponseWriter, *http.Request) { t.Error("called without a token") })
	c := h.client(t, func(cfg *Config) { cfg.Secret = "wrong" })
	_, err := c.Setup(t.Context(), link.SetupRequest{})
	var p *link.Problem
	if !errors.As(err, &p) || p.Status != 401 || p.Detail != "invalid_client: no such client or secret" {
		t.Errorf("%v", err)
	}
}

func TestRetryable(t *testing.T) {
	refused := func(status int) error { return &Refused{Problem: &link.Problem{Status: status}} }
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {refused(400), false}, {refused(401), false}, {refused(409), false}, {refused(413), false}, {refused(408), true},
		{refused(425), true}, {refused(429), true}, {refused(500), true}, {refused(503), true}, {&notReached{io.ErrUnexpectedEOF}, true},
		{&notReached{context.Canceled}, false}, {errors.New("answer not understood"), false},
	} {
		if got := Retryable(c.err); got != c.want {
			t.Errorf("%v: %t", c.err, got)
		}
	}
}

// TestRetryAfterIsObeyed: no call comes back before the time the hub asked for, and one that would have
// to wait longer than it may is not repeated.
func TestRetryAfterIsObeyed(t *testing.T) {
	asked := func(s time.Duration) error { return &Refused{Problem: &link.Problem{Status: 429}, After: s} }
	r := Retry{Base: time.Millisecond, Cap: 2 * time.Second}.withDefaults()
	for n := 1; n < 20; n++ {
		if w, ok := r.wait(n, asked(2*time.Second)); !ok || w < 2*time.Second || w > 4*time.Second {
			t.Errorf("waits %s, %t", w, ok)
		}
		if w, ok := r.wait(n, io.EOF); !ok || w <= 0 || w > 2*time.Second+1 {
			t.Errorf("waits %s, %t without being asked to", w, ok)
		}
	}
	if _, ok := r.wait(1, asked(3*time.Second)); ok {
		t.Error("waits for longer than the cap")
	}
	if RetryAfter(fmt.Errorf("x: %w", asked(2*time.Second))) != 2*time.Second || RetryAfter(io.EOF) != 0 {
		t.Error("Retry-After lost")
	}
}

// TestLimitedCallWaitsAndComesBack sends to a hub that says when to come again.
func TestLimitedCallWaitsAndComesBack(t *testing.T) {
	calls := make(chan struct{}, 2)
	h := newFakeHub(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls <- struct{}{}; len(calls) == 1 {
			w.Header().Set("Retry-After", "3")
			problem(w, link.CodeRateLimited)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, stored)
	})
	c := h.client(t, func(c *Config) { c.Retry = Retry{Base: time.Nanosecond, Cap: 4 * time.Second} })
	fake := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC))
	c.clock = sleeper{fake, calls, t}
	if _, err := c.Send(t.Context(), Message{Type: "A", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 {
		t.Errorf("%d calls", len(calls))
	}
	c = h.client(t, func(c *Config) { c.Retry = Retry{Base: time.Nanosecond, Cap: 2 * time.Second} })
	for len(calls) > 0 {
		<-calls
	}
	if _, err := c.Send(t.Context(), Message{Type: "A", Body: []byte("{}")}); RetryAfter(err) != 3*time.Second || len(calls) != 1 {
		t.Errorf("%v after %d calls", err, len(calls))
	}
}

// sleeper is a clock whose timers are over at once, but were for 3 seconds at least.
type sleeper struct {
	*clock.Fake
	calls chan struct{}
	t     *testing.T
}

func (s sleeper) NewTimer(d time.Duration) clock.Timer {
	if d < 3*time.Second || d > 4*time.Second {
		s.t.Errorf("waits %s after %d calls", d, len(s.calls))
	}
	return s.Fake.NewTimer(0)
}

// TestRetryAfterOfProxies: they may write a moment.
func TestRetryAfterOfProxies(t *testing.T) {
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"7", "", 7 * time.Second}, {"-7", "", 0}, {"", "", 0}, {"soon", "", 0}, {"100000000000000000000", "", 0}, {"1000000", "", 24 * time.Hour},
		{"Fri, 27 Mar 2026 09:00:30 GMT", "Fri, 27 Mar 2026 09:00:10 GMT", 20 * time.Second},
		{"Fri, 27 Mar 2026 09:00:00 GMT", "Fri, 27 Mar 2026 09:00:10 GMT", 0},
		{"Fri, 27 Mar 2020 09:00:00 GMT", "", 0},
		{"Fri, 27 Mar 2099 09:00:00 GMT", "", 24 * time.Hour},
	} {
		if got := retryAfter(http.Header{"Retry-After": {c.after}, "Date": {c.date}}); got != c.want {
			t.Errorf("%q at %q: %s, want %s", c.after, c.date, got, c.want)
		}
	}
}

// TestOwnAuthority: a hub with a certificate of an authority of one's own is trusted when the client is
// given its file, and not without.
func TestOwnAuthority(t *testing.T) {
	h := &fakeHub{life: 900, serve: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, stored)
	}}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(h.answer))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	t.Cleanup(h.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(file string) error {
		_, err := h.client(t, func(c *Config) { c.CA, c.Retry = file, Retry{Attempts: 1} }).Send(t.Context(), Message{Type: "A", Body: []byte("{}")})
		return err
	}
	if err := send(ca); err != nil {
		t.Errorf("trusted: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if err := send(""); !errors.As(err, &unknown) {
		t.Errorf("not trusted: %v", err)
	}
	nothing := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(nothing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{
		{Server: h.URL, ClientID: "a", Secret: "b", CA: nothing}, {Server: h.URL, ClientID: "a", Secret: "b", CA: ca + ".missing"},
		{Server: h.URL, ClientID: "a", Secret: "b", CA: ca, HTTPClient: http.DefaultClient},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("taken: %+v", cfg)
		}
		if _, err := NewAdmin(AdminConfig{Server: h.URL, CA: cfg.CA, HTTPClient: cfg.HTTPClient}); err == nil {
			t.Errorf("taken by an administrator: %+v", cfg)
		}
	}
}

// FuzzRefusal: whatever a proxy puts in front of the hub answers, the error has a status and never
// panics.
func FuzzRefusal(f *testing.F) {
	f.Add(502, []byte("<html>bad gateway</html>"), "5")
	f.Add(401, []byte(`{"error":"invalid_client"}`), "")
	f.Add(422, []byte(`{"code":"SL-NO-ROUTE","detail":"x"}`), "-1")
	f.Add(503, []byte("0"), "10000000000") // more seconds than a duration holds
	f.Fuzz(func(t *testing.T, status int, body []byte, after string) {
		err := refusal(&http.Response{StatusCode: status, Status: "x", Header: http.Header{"Retry-After": {after}}}, body)
		var p *link.Problem
		if !errors.As(err, &p) || p.Status != status || p.Code == "" || RetryAfter(err) < 0 {
			t.Errorf("%d %q: %v", status, body, err)
		}
	})
}
