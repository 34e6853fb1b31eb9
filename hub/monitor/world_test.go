package monitor

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	command  = "FinLanIncDataCommand"
	password = "correto cavalo bateria"
	secret   = "F-SECRETO" // stands in bodies only
)

var tenant = uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")

// world is a monitor over a real registry and a real engine on files, behind a real server.
type world struct {
	testing.TB
	m        *Monitor
	exchange *exchange.Exchange
	store    *registry.Store
	engine   *queue.Engine
	clock    *clock.Fake
	url      string // of the monitor, with a path in front as a proxy puts it
	queue    queue.Name
	message  uuid.UUID // waits
	refused  uuid.UUID // was refused by the ERP
	dead     uuid.UUID
	client   link.ClientID // of the queue
	other    queue.Name    // of another tenant, with a message of its own
	foreign  uuid.UUID
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t, clock: clock.NewFake(time.Date(2024, 3, 27, 9, 14, 13, 0, time.UTC))}
	dir := t.TempDir()
	ctx := t.Context()
	var err error
	w.store, err = registry.Open(ctx, filepath.Join(dir, "hub.db"), registry.Options{Clock: w.clock, Passwords: registry.PasswordCost{Memory: 8, Passes: 1}})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	driver, err := sqlite.Open(ctx, filepath.Join(dir, "queue.db"), sqlite.Options{Clock: w.clock})
	w.must(err)
	// The pages tell of moments weeks apart; what has ended stays to be shown.
	w.engine = queue.New(driver, queue.Options{Clock: w.clock, Keep: queue.KeepOptions{Every: -1}, Retention: func(tenant uuid.UUID) queue.Retention {
		return queue.RetentionOf(w.store.Current().Retention(tenant))
	}})
	w.must(w.engine.Start(ctx))
	t.Cleanup(func() { _ = w.engine.Stop(context.Background()) })
	w.exchange = exchange.New(w.engine, w.store, slog.New(slog.DiscardHandler))
	w.exchange.UseClock(w.clock)
	t.Cleanup(func() { w.exchange.EndJobs(context.Background()) }) // before the engine ends
	w.m, err = New(Config{Exchange: w.exchange, Registry: w.store, Environment: Staging, Clock: w.clock})
	w.must(err)
	front := httptest.NewServer(http.StripPrefix("/smart", w.m))
	t.Cleanup(front.Close)
	t.Cleanup(w.m.EndStreams)
	w.url = front.URL + "/smart" + Path
	for name, role := range map[string]link.Role{"ana": link.RoleAdministrator, "olga": link.RoleOperator, "vera": link.RoleViewer} {
		p := password
		_, err := w.store.CreateUser(ctx, "ana", link.UserRequest{Name: name, Role: role, Password: &p})
		w.must(err)
	}
	w.fill()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// fill makes a queue with a message that waits, one that the ERP refused, and a dead one.
func (w *world) fill() {
	w.Helper()
	ctx := w.Context()
	id := tenant.String()
	_, err := w.store.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Fazenda Boa Vista S.A."})
	w.must(err)
	_, err = w.store.CreateTenant(ctx, "ana", link.TenantRequest{ID: &id, Company: "Fazenda Boa Vista S.A.", Name: "Produção"})
	w.must(err)
	_, err = w.store.PutApp(ctx, "ana", "GESPLAN-RM", link.AppRequest{Name: "Gesplan Rm", Receives: []string{command}})
	w.must(err)
	c, err := w.store.CreateClient(ctx, "ana", link.ClientRequest{TenantID: id, Name: "rm", Apps: []string{"GESPLAN-RM"}})
	w.must(err)
	w.queue, w.client = queue.Name{Tenant: tenant, Client: c.ID}, c.ID
	_, err = w.engine.Setup(ctx, queue.Setup{Queue: w.queue, Subscriptions: []string{command}, RequeueCountMax: 10})
	w.must(err)
	w.refused, w.dead = w.publish(), w.publish()
	got, err := w.engine.Get(ctx, queue.Get{Queue: w.queue, Max: 2, Installation: "11111111-2222-4333-8444-555555555555"})
	w.must(err)
	_, err = w.engine.Settle(ctx, w.queue, []queue.Settle{
		{Tag: got[0].Tag, How: queue.Ack}, {Tag: got[1].Tag, How: queue.Dead, Reason: "sem espaço em disco"},
	})
	w.must(err)
	answer := link.Message{
		ID: link.NewID(), RootID: link.NewID(), TenantID: tenant, Sender: link.Sender{App: "GESPLAN-RM", ClientID: c.ID}, Type: command + "Response",
		Audience: "GESPLAN", ContentType: "application/json", Body: []byte(`{}`),
	}
	_, err = w.engine.Publish(ctx, queue.Publish{Message: answer, Route: queue.Route{Optional: true}, Answer: &queue.Answer{
		To: w.refused, Number: 1, Status: link.ERPRejected, Errors: []link.Fault{{
			Code: "RM-CFO-UNKNOWN", Pointer: "/data/CodCfo", Description: "Fornecedor desconhecido.", DescriptionEn: "Unknown supplier.",
			Help: "Cadastre-o.", HelpEn: "Create it.",
		}},
	}})
	w.must(err)
	_, err = w.engine.Publish(ctx, queue.Publish{
		Message: link.Message{
			ID: link.NewID(), RootID: link.NewID(), TenantID: tenant, Sender: link.Sender{App: "GESPLAN-RM", ClientID: c.ID}, Type: link.TypeMetrics,
			Audience: link.LinkProxy, ContentType: "text/plain", Body: []byte("# TYPE service_state_up gauge\nservice_state_up 1\n# TYPE smartlink_agent_uptime_seconds gauge\nsmartlink_agent_uptime_seconds 93780\n# TYPE smartlink_agent_inbox_messages gauge\nsmartlink_agent_inbox_messages{direction=\"downstream\",state=\"waiting\"} 2\n"),
		},
		Route: queue.Route{All: true, Optional: true, Transient: true}, Metrics: &queue.Metrics{Installation: "11111111-2222-4333-8444-555555555555"},
	})
	w.must(err)
	w.message = w.publish()
	w.clock.Advance(19*24*time.Hour + 6*time.Hour + 45*time.Minute)
}

// neighbour makes another tenant with a queue, in which one message is dead.
func (w *world) neighbour() {
	w.Helper()
	ctx := w.Context()
	made, err := w.store.CreateTenant(ctx, "ana", link.TenantRequest{Company: "Fazenda Boa Vista S.A.", Name: "Homologação"})
	w.must(err)
	c, err := w.store.CreateClient(ctx, "ana", link.ClientRequest{TenantID: made.ID.String(), Name: "rm", Apps: []string{"GESPLAN-RM"}})
	w.must(err)
	w.other = queue.Name{Tenant: made.ID, Client: c.ID}
	_, err = w.engine.Setup(ctx, queue.Setup{Queue: w.other, Subscriptions: []string{command}, RequeueCountMax: 10})
	w.must(err)
	w.foreign = w.publishTo(made.ID)
	w.kill(w.other, 1)
}

// kill makes dead letters of the oldest messages of a queue.
func (w *world) kill(q queue.Name, n int) {
	w.Helper()
	for n > 0 {
		got, err := w.engine.Get(w.Context(), queue.Get{Queue: q, Max: n})
		w.must(err)
		items := make([]queue.Settle, len(got))
		for i, d := range got {
			items[i] = queue.Settle{Tag: d.Tag, How: queue.Dead, Reason: "sem espaço em disco"}
		}
		_, err = w.engine.Settle(w.Context(), q, items)
		w.must(err)
		n -= len(got)
	}
}

func (w *world) publish() uuid.UUID { w.Helper(); return w.publishTo(tenant) }

func (w *world) publishTo(tenant uuid.UUID) uuid.UUID {
	w.Helper()
	return w.publishAs(tenant, "application/json",
		[]byte(`{"header":{"type":"FinLanIncDataCommand"},"data":{"CodColigada":1,"IdLan":-1,"CodCfo":"`+secret+`","ValorOriginal":15000.0000}}`))
}

func (w *world) publishBody(contentType string, body []byte) uuid.UUID {
	w.Helper()
	return w.publishAs(tenant, contentType, body)
}

func (w *world) publishAs(tenant uuid.UUID, contentType string, body []byte) uuid.UUID {
	w.Helper()
	id := link.NewID()
	_, err := w.engine.Publish(w.Context(), queue.Publish{
		Message: link.Message{
			ID: id, RootID: id, TenantID: tenant, Sender: link.Sender{App: "GESPLAN", ClientID: link.NewClientID()}, Type: command, Audience: link.LinkProxy,
			BusinessKey: "contract 42/2024-03/accrual", ContentType: contentType,
			Headers: map[string]string{link.MetaAppCode: "GESPLAN", link.MetaAudience: link.LinkProxy, link.MetaSourceType: link.SourceHTTP},
			Body:    body,
		},
		Route: queue.Route{All: true},
	})
	w.must(err)
	return id
}

// browser is somebody's browser: it keeps cookies and follows no redirect by itself.
type browser struct {
	*world
	http.Client
	lang string
}

func (w *world) browser(user string) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	b := &browser{world: w, lang: "pt-BR", Client: http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if user != "" {
		if status, _, body := b.post("login", url.Values{"user": {user}, "password": {password}}); status != http.StatusSeeOther {
			w.Fatalf("log-in of %s: %d\n%s", user, status, body)
		}
	}
	return b
}

func (b *browser) do(method, path string, form url.Values, more map[string]string) (int, http.Header, string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	b.must(err)
	req.Header.Set("Accept-Language", b.lang)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range more {
		req.Header.Set(name, value)
	}
	resp, err := b.Do(req)
	b.must(err)
	defer func() { _ = resp.Body.Close() }()
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return resp.StatusCode, resp.Header, ""
	}
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	return resp.StatusCode, resp.Header, string(body)
}

func (b *browser) get(path string) (int, http.Header, string) { return b.do("GET", path, nil, nil) }

func (b *browser) post(path string, form url.Values) (int, http.Header, string) {
	return b.do("POST", path, form, nil)
}

// want gets a page that must hold some texts.
func (b *browser) want(path string, status int, texts ...string) string {
	b.Helper()
	got, _, body := b.get(path)
	if got != status {
		b.Fatalf("%s: %d, want %d\n%s", path, got, status, body)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			b.Errorf("%s does not show %q", path, text)
		}
	}
	return body
}

var exchangeViewer = exchange.Operator{Name: "test", Role: link.RoleViewer}
