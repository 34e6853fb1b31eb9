package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"smartlink/hub/api"
	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	command  = "FinLanIncDataCommand"
	response = "FinLanIncDataCommandResponse"
)

var tenant = uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")

// world is a door over a real registry and a real engine, both on files, behind a real server. Only
// tokens are made up: "x.<client id>.x".
type world struct {
	testing.TB
	url    string
	door   *api.Door
	front  *httptest.Server
	store  *registry.Store
	driver queue.Driver
	engine *queue.Engine
	clock  *clock.Fake
	sleeps chan struct{} // one for each long poll that has begun to wait
	log    *logBuffer
	keys   map[string]string // credential by name
	ids    map[string]link.ClientID
	dir    string
	sick   *atomic.Pointer[error] // what Ready answers
	rates  api.Rates
}

// tokens verifies the made-up tokens against the registry.
type tokens struct{ store *registry.Store }

func (v tokens) Verify(_ context.Context, token string) (registry.Client, *registry.Snapshot, error) {
	s := v.store.Current()
	_, id, _ := strings.Cut(token, ".")
	id, _, _ = strings.Cut(id, ".")
	c, ok := s.Client(link.ClientID(id))
	if !ok {
		return c, s, link.NewError(link.CodeTokenInvalid)
	}
	return c, s, nil
}

// watched is the engine's clock: it tells when a long poll of link.MaxWait has gone to sleep.
type watched struct {
	*clock.Fake
	sleeps chan<- struct{}
}

func (c watched) NewTimer(d time.Duration) clock.Timer {
	t := c.Fake.NewTimer(d)
	if d == link.MaxWait {
		c.sleeps <- struct{}{}
	}
	return t
}

// logBuffer keeps the log for tests that look at it.
type logBuffer struct {
	mu   sync.Mutex
	more *sync.Cond
	b    bytes.Buffer
}

func newLogBuffer() *logBuffer {
	l := &logBuffer{}
	l.more = sync.NewCond(&l.mu)
	return l
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.more.Broadcast()
	return l.b.Write(p)
}

// wait waits until the log tells something.
func (l *logBuffer) wait(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !bytes.Contains(l.b.Bytes(), []byte(what)) {
		l.more.Wait()
	}
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t testing.TB) *world {
	w := &world{
		TB: t, dir: t.TempDir(), clock: clock.NewFake(time.Date(2026, 3, 27, 9, 14, 13, 0, time.UTC)), log: newLogBuffer(), sleeps: make(chan struct{}, 16),
		keys: map[string]string{}, ids: map[string]link.ClientID{}, sick: &atomic.Pointer[error]{},
	}
	w.open()
	t.Cleanup(func() { w.close() })
	ctx := t.Context()
	code, _, err := w.store.StartCode(ctx)
	w.must(err)
	admin, err := w.store.Init(ctx, link.InitRequest{Code: code, User: "ana"})
	w.must(err)
	w.keys["ana"] = admin.APIKey
	_, err = w.store.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Fazenda Boa Vista S.A."})
	w.must(err)
	id := tenant.String()
	_, err = w.store.CreateTenant(ctx, "ana", link.TenantRequest{ID: &id, Company: "Fazenda Boa Vista S.A.", Name: "Produção"})
	w.must(err)
	other, err := w.store.CreateTenant(ctx, "ana", link.TenantRequest{Company: "Fazenda Boa Vista S.A.", Name: "Teste"})
	w.must(err)
	for code, a := range map[string]link.AppRequest{
		"GESPLAN":    {Name: "Gesplan", Sends: []string{command, "MOVreadXGsp"}, Receives: []string{response}},
		"GESPLAN-RM": {Name: "Gesplan Rm", Sends: []string{response}, Receives: []string{command, "MOVreadXGsp"}},
	} {
		_, err = w.store.PutApp(ctx, "ana", code, a)
		w.must(err)
	}
	w.client("gesplan", tenant, "GESPLAN")
	w.client("rm", tenant, "GESPLAN-RM")
	w.client("curl", tenant, "GESPLAN")
	w.client("stranger", tenant, "GESPLAN-RM")
	w.client("foreign", other.ID, "GESPLAN", "GESPLAN-RM")
	return w
}

func (w *world) client(name string, tenant uuid.UUID, apps ...string) {
	c, err := w.store.CreateClient(w.Context(), "ana", link.ClientRequest{TenantID: tenant.String(), Name: name, Apps: apps})
	w.must(err)
	w.ids[name], w.keys[name] = c.ID, "x."+string(c.ID)+".x"
}

func (w *world) open() {
	ctx := w.Context()
	var err error
	w.store, err = registry.Open(ctx, filepath.Join(w.dir, "hub.db"), registry.Options{Clock: w.clock})
	w.must(err)
	w.driver, err = sqlite.Open(ctx, filepath.Join(w.dir, "queue.db"), sqlite.Options{Clock: w.clock})
	w.must(err)
	w.engine = queue.New(w.driver, queue.Options{
		Clock: watched{w.clock, w.sleeps}, Backoff: func(int) time.Duration { return time.Minute },
		Retention: func(tenant uuid.UUID) queue.Retention { return queue.RetentionOf(w.store.Current().Retention(tenant)) },
	})
	w.must(w.engine.Start(ctx))
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ex := exchange.New(w.engine, w.store, log)
	ex.UseClock(w.clock)
	w.door, err = api.New(api.Config{
		Exchange: ex, Clients: tokens{w.store}, Registry: w.store, Queues: w.engine,
		Identity: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secretive") }), Monitor: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Metrics: prometheus.NewRegistry(), Logger: log, Clock: w.clock, Rates: w.rates,
		Ready: func(context.Context) error {
			if err := w.sick.Load(); err != nil {
				return *err
			}
			return nil
		},
	})
	w.must(err)
	w.front = httptest.NewServer(w.door)
	w.url = w.front.URL
}

func (w *world) close() {
	w.door.EndWaits()
	w.front.Close()
	w.must(w.engine.Stop(context.Background()))
	w.must(w.store.Close())
}

// restart closes everything and opens it again on the same files.
func (w *world) restart() {
	w.close()
	w.open()
}

// in is the world as a subtest sees it.
func (w *world) in(t testing.TB) *world {
	c := *w
	c.TB = t
	return &c
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// request is one call; as names whose credential it carries, or is the Authorization header itself.
type request struct {
	as, method, path, contentType, body string
	header                              map[string]string
	odd                                 bool // not meant to fit the description, taken or not
}

// described is the body if it is meant to fit the description.
func (r request) described() string {
	if r.odd {
		return ""
	}
	return r.body
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

func (w *world) do(r request) answer {
	w.Helper()
	method := r.method
	if method == "" {
		method = http.MethodPost
	}
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+r.path, body)
	w.must(err)
	if key, ok := w.keys[r.as]; ok {
		req.Header.Set("Authorization", "Bearer "+key)
	} else if r.as != "" {
		req.Header.Set("Authorization", r.as)
	}
	switch {
	case r.contentType != "":
		req.Header.Set("Content-Type", r.contentType)
	case r.body != "":
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	w.must(err)
	w.description().check(w, req, r.described(), resp.StatusCode, resp.Header.Get("Content-Type"), b)
	return answer{resp, b}
}

// want calls and checks the status, and for problems everything a problem promises.
func (w *world) want(r request, status int, code link.Code) answer {
	w.Helper()
	a := w.do(r)
	if a.StatusCode != status {
		w.Fatalf("%s %s: %d %s, want %d %s", r.method, r.path, a.StatusCode, a.body, status, code)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		w.Errorf("Cache-Control is %q", got)
	}
	if status < 400 {
		return a
	}
	if bytes.Contains(a.body, []byte(`\u003c`)) {
		w.Errorf("%s: a person cannot read %s", r.path, a.body)
	}
	p := a.problem(w)
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || strings.ContainsAny(p.Detail, "{}") ||
		p.Type != "/docs/problems#"+string(code) || p.Instance != a.Header.Get("X-Request-Id") || p.Instance == "" {
		w.Errorf("%s: problem %s, want %s", r.path, a.body, code)
	}
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		w.Errorf("%s: Content-Type %q of a problem", r.path, got)
	}
	return a
}

func (a answer) problem(t testing.TB) link.Problem {
	t.Helper()
	return into[link.Problem](t, a)
}

// into reads an answer's JSON.
func into[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

func (w *world) setup(as string, types ...string) {
	w.Helper()
	b, _ := json.Marshal(link.SetupRequest{Subscriptions: types})
	w.want(request{as: as, path: "/api/v1/link/setup", body: string(b)}, http.StatusOK, "")
}

// send sends a command of gesplan with a business key.
func (w *world) send(body string) link.SendResponse {
	w.Helper()
	return into[link.SendResponse](w, w.want(request{
		as: "gesplan", path: "/api/v1/link/send/" + command + "/GESPLAN-RM", body: body, header: map[string]string{"SL-Business-Key": "b"},
	}, http.StatusAccepted, ""))
}

func (w *world) get(as, query string) []link.Delivery {
	w.Helper()
	a := w.want(request{as: as, method: http.MethodGet, path: "/api/v1/link/get" + query}, http.StatusOK, "")
	return into[link.GetResponse](w, a).Messages
}
