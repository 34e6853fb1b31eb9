// Package console is the agent's pages for people, on the machine it runs on and nowhere else: the
// link to the hub, the messages of the inbox with what became of them, the executions, and the
// activation of apps, in Portuguese and English.
//
// Pages are rendered here and need no script. They are served on loopback addresses only, behind a
// log-in of their own, and only under a loopback name, so that no other site's page can reach them by
// a name that points here.
package console

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/activation"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Status is how the agent is.
type Status struct {
	Running bool                // an agent runs
	StandBy bool                // but is not the active one of its installation
	Active  string              // the machine of the one that is, when it stands by; empty: not known
	Copy    bool                // this folder and that one's are copies of each other
	Failure error               // why none does; nil: nothing is activated
	Contact time.Time           // last answer of the hub; zero: none yet
	Trouble error               // of the last call to it; nil: it went well
	Outside []executor.Standing // consumers outside of the agent
	Metrics string              // as they were last reported to the hub, in Prometheus' text format
	Told    time.Time           // when they were; zero: not yet, they are as of now
}

// Config is what a Console stands on. Wizard, Database and Status are needed.
type Config struct {
	Wizard   *activation.Wizard
	Database string // file of the inbox
	Status   func(ctx context.Context) Status
	// Try executes a message of the inbox and undoes it; nil: no message can be tried.
	Try    func(ctx context.Context, box *inbox.Box, message uuid.UUID) (executor.Trial, error)
	Zone   *time.Location // in which moments are shown; nil: the machine's
	Clock  clock.Clock
	Logger *slog.Logger
}

// Console serves the pages; it is an http.Handler. Close it.
type Console struct {
	cfg      Config
	handler  http.Handler
	sessions sessions
	failures failures

	mu  sync.Mutex
	box *inbox.Box
}

// New makes a Console.
func New(cfg Config) *Console {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	c := &Console{cfg: cfg, sessions: sessions{clock: cfg.Clock, open: map[[32]byte]*session{}}}
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(c.page(func(*visit) error { return link.NewError(link.CodeForeignPage) }))
	c.handler = guard.Handler(c.routes())
	return c
}

// Close closes the inbox.
func (c *Console) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.box == nil {
		return nil
	}
	err := c.box.Close(ctx)
	c.box = nil
	return err
}

// inbox opens the inbox when it is first needed: before the agent's first start there is none, which
// is link.CodeNotFound.
func (c *Console) inbox(ctx context.Context) (*inbox.Box, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.box != nil {
		return c.box, nil
	}
	box, err := inbox.Attach(ctx, c.cfg.Database, c.cfg.Clock)
	c.box = box
	return box, err
}

// LastRun is for the wizard: when a message of some types was last executed; without an inbox, never.
func (c *Console) LastRun(ctx context.Context, types []string) (time.Time, error) {
	box, err := c.inbox(ctx)
	if link.CodeOf(err) == link.CodeNotFound {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return box.LastRun(ctx, types)
}

// CheckAddress refuses an address to listen on that other machines could reach.
func CheckAddress(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err == nil {
		var ip netip.Addr
		if ip, err = netip.ParseAddr(host); err == nil && ip.IsLoopback() {
			return nil
		}
	}
	return link.NewError(link.CodeRequestInvalid).Because(err).At("console", link.CodeRequestInvalid,
		link.Both("%q: só um endereço desta máquina, como 127.0.0.1:8686", "%q: only an address of this machine, such as 127.0.0.1:8686", listen))
}

// local tells whether a request names this machine as its host.
func local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && ip.IsLoopback()
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !local(r) {
		http.Error(w, "this console answers under 127.0.0.1 and localhost only", http.StatusMisdirectedRequest)
		return
	}
	c.handler.ServeHTTP(w, r)
}

// route is one address: what it needs, and who serves it.
type route struct {
	pattern string
	open    bool // without a log-in
	serve   handler
}

// table lists every address, for the mux and for the test that tries each without a log-in.
func (c *Console) table() []route {
	return []route{
		{"GET /{$}", false, c.overview},
		{"GET /messages", false, c.messages},
		{"GET /messages/{id}", false, c.message},
		{"POST /messages/{id}/reprocess", false, c.reprocess},
		{"POST /messages/{id}/discard", false, c.discard},
		{"POST /messages/{id}/try", false, c.try},
		{"POST /messages/{id}/release", false, c.release},
		{"GET /messages/{id}/edit", false, c.editForm},
		{"POST /messages/{id}/edit", false, c.edit},
		{"GET /rejected.csv", false, c.rejected},
		{"GET /executions", false, c.executions},
		{"GET /activation", false, c.activation},
		{"POST /activation/search", false, c.search},
		{"POST /activation/execute", false, c.execute},
		{"POST /activation/cancel", false, c.cancel},
		{"GET /options", false, c.options},
		{"POST /options", false, c.setOptions},
		{"GET /options/{type}", false, c.typeOptions},
		{"POST /options/{type}", false, c.setTypeOptions},
		{"GET /control", false, c.control},
		{"POST /control/pause", false, c.pause},
		{"POST /control/resume", false, c.resume},
		{"POST /control/release", false, c.releaseAll},
		{"POST /control/help", false, c.help},
		{"GET /windows", false, c.windows},
		{"POST /windows", false, c.setWindow},
		{"POST /windows/remove", false, c.removeWindow},
		{"POST /logout", false, c.logout},
		{"GET /login", true, c.loginPage},
		{"POST /login", true, c.login},
		{"POST /language", true, c.language},
		{"GET /static/{file}", true, c.static},
		{"/", true, func(v *visit) error { return link.NewError(link.CodeNotFound, "what", v.r.URL.Path) }},
	}
}

func (c *Console) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range c.table() {
		if r.open {
			mux.HandleFunc(r.pattern, c.page(r.serve))
		} else {
			mux.HandleFunc(r.pattern, c.page(c.admitted(r.serve)))
		}
	}
	return mux
}
