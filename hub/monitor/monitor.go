// Package monitor is the hub's pages for people: queues, what stands in them, where one message is,
// and how installations are, behind a log-in, in Portuguese and English.
//
// Pages are rendered here and readable without scripts; a small script of ours refreshes them when the
// hub says over server-sent events that something changed. Every address in a page is relative, so
// that a proxy may put any path in front. What a role may see is decided in package exchange.
package monitor

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"

	"smartlink/hub/exchange"
	"smartlink/hub/identity"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Path is where the monitor stands below the hub's address.
const Path = "/monitor/"

// Environment says what kind of hub this is; every page shows it, so that nobody mistakes production
// for a test.
type Environment string

// The environments.
const (
	Local      Environment = "local"
	Dev        Environment = "dev"
	Staging    Environment = "staging"
	Production Environment = "production"
)

// Known tells whether it is one of the environments.
func (e Environment) Known() bool {
	return e == Local || e == Dev || e == Staging || e == Production
}

// Config is what a Monitor stands on. Exchange and Registry are needed.
type Config struct {
	Exchange    *exchange.Exchange
	Registry    *registry.Store
	Environment Environment // "" = Local
	// PublicURL is the address people use; without TLS it says that a proxy stands in front.
	PublicURL string
	// TLS tells that the hub itself speaks it.
	TLS    bool
	Clock  clock.Clock
	Logger *slog.Logger
}

// Monitor serves the pages. It is one http.Handler for everything below Path.
type Monitor struct {
	cfg      Config
	handler  http.Handler
	secure   bool // cookies go over TLS only
	proxied  bool
	failures *identity.Failures
	logins   chan struct{} // bounds log-ins under way, so that a limit cannot be overrun by many at once
	onces    onces
	streams  atomic.Int64
	ended    context.Context // ends when streams shall
	end      context.CancelFunc
}

// New makes a Monitor.
func New(cfg Config) (*Monitor, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Environment == "" {
		cfg.Environment = Local
	}
	m := &Monitor{cfg: cfg, failures: identity.NewFailures(), logins: make(chan struct{}, 2), proxied: cfg.PublicURL != "" && !cfg.TLS, secure: cfg.TLS}
	m.ended, m.end = context.WithCancel(context.Background())
	guard := http.NewCrossOriginProtection()
	if u, err := url.Parse(cfg.PublicURL); err == nil && u.Host != "" {
		m.secure = cfg.TLS || u.Scheme == "https"
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	guard.SetDenyHandler(m.page(m.foreign))
	m.handler = guard.Handler(m.routes())
	return m, nil
}

// EndStreams ends what pages listen to, so that a server can stop without waiting for them.
func (m *Monitor) EndStreams() { m.end() }

// ServeHTTP answers one request.
func (m *Monitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	m.handler.ServeHTTP(w, r)
}

// route is one address: what it needs, and who serves it.
type route struct {
	pattern string
	needs   link.Role // of who is logged in; everybody: without a log-in
	serve   handler
}

// everybody is whom no log-in is asked of.
const everybody link.Role = ""

// handler serves one page. An error becomes a page of its own.
type handler func(*visit) error

// table lists every address, for the mux and for the test that tries each with every role.
func (m *Monitor) table() []route {
	return []route{
		{"GET " + Path + "{$}", link.RoleViewer, m.queues},
		{"GET " + Path + "queues/{queue}", link.RoleViewer, m.queue},
		{"POST " + Path + "queues/{queue}/change", link.RoleOperator, m.change},
		{"GET " + Path + "queues/{queue}/act", link.RoleOperator, m.actAsk},
		{"POST " + Path + "queues/{queue}/act", link.RoleOperator, m.act},
		{"GET " + Path + "jobs", link.RoleViewer, m.jobs},
		{"POST " + Path + "jobs/{id}/cancel", link.RoleOperator, m.cancelJob},
		{"GET " + Path + "messages/{id}", link.RoleViewer, m.message},
		{"GET " + Path + "messages/{id}/body", link.RoleOperator, m.body},
		{"GET " + Path + "messages/{id}/help", link.RoleOperator, m.helpAsk},
		{"POST " + Path + "messages/{id}/help", link.RoleOperator, m.help},
		{"GET " + Path + "messages/{id}/copy", link.RoleAdministrator, m.copyAsk},
		{"POST " + Path + "messages/{id}/copy", link.RoleAdministrator, m.copy},
		{"GET " + Path + "messages/{id}/erase", link.RoleAdministrator, m.eraseAsk},
		{"POST " + Path + "messages/{id}/erase", link.RoleAdministrator, m.erase},
		{"GET " + Path + "find", link.RoleViewer, m.find},
		{"GET " + Path + "search", link.RoleViewer, m.search},
		{"GET " + Path + "installations", link.RoleViewer, m.installations},
		{"GET " + Path + "admin", link.RoleAdministrator, m.admin},
		{"GET " + Path + "admin/tenants", link.RoleAdministrator, m.tenants},
		{"POST " + Path + "admin/tenants", link.RoleAdministrator, m.createTenant},
		{"POST " + Path + "admin/companies", link.RoleAdministrator, m.createCompany},
		{"GET " + Path + "admin/tenants/{id}", link.RoleAdministrator, m.oneTenant},
		{"POST " + Path + "admin/tenants/{id}/retention", link.RoleAdministrator, m.changeRetention},
		{"GET " + Path + "admin/tenants/{id}/erase", link.RoleAdministrator, m.eraseTenantAsk},
		{"POST " + Path + "admin/tenants/{id}/erase", link.RoleAdministrator, m.eraseTenant},
		{"GET " + Path + "admin/schemas", link.RoleAdministrator, m.schemas},
		{"POST " + Path + "admin/schemas", link.RoleAdministrator, m.putSchema(m.showSchemas)},
		{"GET " + Path + "admin/schema", link.RoleAdministrator, m.oneSchema},
		{"POST " + Path + "admin/schema", link.RoleAdministrator, m.putSchema(m.showSchema)},
		{"POST " + Path + "admin/schema/remove", link.RoleAdministrator, m.removeSchema},
		{"GET " + Path + "admin/search", link.RoleAdministrator, m.searchPaths},
		{"POST " + Path + "admin/search", link.RoleAdministrator, m.putSearchPaths},
		{"POST " + Path + "admin/search/remove", link.RoleAdministrator, m.removeSearchPaths},
		{"GET " + Path + "admin/apps", link.RoleAdministrator, m.apps},
		{"POST " + Path + "admin/apps", link.RoleAdministrator, m.putApp},
		{"GET " + Path + "admin/clients", link.RoleAdministrator, m.clients},
		{"POST " + Path + "admin/clients", link.RoleAdministrator, m.createClient},
		{"GET " + Path + "admin/clients/{id}", link.RoleAdministrator, m.oneClient},
		{"POST " + Path + "admin/clients/{id}", link.RoleAdministrator, m.changeClient},
		{"POST " + Path + "admin/clients/{id}/secrets", link.RoleAdministrator, m.addSecret},
		{"POST " + Path + "admin/clients/{id}/secrets/{secret}/remove", link.RoleAdministrator, m.removeSecret},
		{"POST " + Path + "admin/clients/{id}/revoke", link.RoleAdministrator, m.revoke},
		{"GET " + Path + "admin/users", link.RoleAdministrator, m.users},
		{"POST " + Path + "admin/users", link.RoleAdministrator, m.createUser},
		{"GET " + Path + "admin/user", link.RoleAdministrator, m.oneUser},
		{"POST " + Path + "admin/user", link.RoleAdministrator, m.changeUser},
		{"POST " + Path + "admin/user/password", link.RoleAdministrator, m.setPassword},
		{"POST " + Path + "admin/user/key", link.RoleAdministrator, m.setKey},
		{"GET " + Path + "admin/audit", link.RoleAdministrator, m.audit},
		{"GET " + Path + "account", link.RoleViewer, m.account},
		{"POST " + Path + "account", link.RoleViewer, m.changePassword},
		{"GET " + Path + "events", link.RoleViewer, m.events},
		{"POST " + Path + "logout", link.RoleViewer, m.logout},
		{"GET " + Path + "login", everybody, m.loginPage},
		{"POST " + Path + "login", everybody, m.login},
		{"POST " + Path + "language", everybody, m.language},
		{"GET " + Path + "static/{file}", everybody, m.static},
		{Path, everybody, m.nothing},
	}
}

func (m *Monitor) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range m.table() {
		if r.needs == everybody {
			mux.HandleFunc(r.pattern, m.page(r.serve))
		} else {
			mux.HandleFunc(r.pattern, m.page(m.admitted(r.needs, r.serve)))
		}
	}
	// Without the slash every relative address would be wrong.
	mux.HandleFunc("GET /monitor", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "monitor/")
		w.WriteHeader(http.StatusSeeOther)
	})
	return mux
}
