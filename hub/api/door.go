// Package api is the hub's HTTP door: the link API, the admin API, their OpenAPI description, and the
// pages a hub answers about itself.
//
// A Door is one http.Handler. Every answer goes through one wrapper: it names the request, picks the
// language, turns errors into application/problem+json, writes the log line and counts. What a call
// means is decided in package exchange and in the registry; the door translates.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Clients authenticates tokens.
type Clients interface {
	// Verify answers the token's client and the registry as it is at this moment. Errors:
	// link.CodeTokenInvalid, link.CodeTokenExpired, link.CodeTokenRevoked.
	Verify(ctx context.Context, token string) (registry.Client, *registry.Snapshot, error)
}

// Queues lists queues and tells how they and the history stand; *queue.Engine has it.
type Queues interface {
	Queues(ctx context.Context, tenant uuid.UUID) ([]queue.Info, error)
	Oldest(ctx context.Context, queues []queue.Name) ([]time.Time, error)
	Rounds() []queue.Round
}

// Config is what a Door stands on. All fields but Monitor, Rates, Clock and Logger are needed.
type Config struct {
	Exchange *exchange.Exchange
	Clients  Clients
	Registry *registry.Store
	Queues   Queues
	Identity http.Handler                    // serves /totvs.rac/
	Monitor  http.Handler                    // serves /monitor/; nil: there is none
	Ready    func(ctx context.Context) error // nil error: the hub can store
	Metrics  *prometheus.Registry            // the door adds its own to it
	Rates    Rates                           // of clients; zero: no limit
	Clock    clock.Clock
	Logger   *slog.Logger
}

// Door is the HTTP door of one hub.
type Door struct {
	cfg     Config
	mux     *http.ServeMux
	routes  []string // patterns of the mux
	openapi *huma.OpenAPI
	count   *counters
	meters  *meters
	held    held

	waits   context.Context // ends when waiting gets shall go home
	endWait context.CancelFunc
}

// New makes a Door.
func New(cfg Config) (*Door, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Door{cfg: cfg, mux: http.NewServeMux()}
	d.waits, d.endWait = context.WithCancel(context.Background())
	var err error
	if d.count, err = newCounters(cfg.Metrics, cfg.Queues, cfg.Logger); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	d.meters = newMeters(cfg.Rates, d.count.limited)
	d.held.most = cfg.Rates.Bodies
	endpoints := slices.Concat(d.linkEndpoints(), d.adminEndpoints(), d.userEndpoints(), d.schemaEndpoints(), d.searchEndpoints(), d.activationEndpoints(),
		d.installationEndpoints(), d.retentionEndpoints(), d.helpEndpoints())
	d.openapi = describe(slices.Concat(endpoints, elsewhere()))
	for _, e := range endpoints {
		d.handle(e.method+" "+e.path, http.HandlerFunc(e.serveHTTP))
	}
	d.pages()
	d.handle("/totvs.rac/", cfg.Identity)
	if cfg.Monitor != nil {
		d.handle("/monitor/", cfg.Monitor)
		d.handle("GET /monitor", cfg.Monitor)
	}
	return d, nil
}

// handle adds a route, and remembers it.
func (d *Door) handle(pattern string, h http.Handler) {
	d.routes = append(d.routes, pattern)
	d.mux.Handle(pattern, h)
}

// Routes lists the patterns of everything the door serves, pages for people included.
func (d *Door) Routes() []string { return slices.Clone(d.routes) }

// EndWaits sends waiting gets home empty, now and from now on, so that a server can stop without
// waiting for them.
func (d *Door) EndWaits() { d.endWait() }

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{
		ResponseWriter: w, r: r, door: d, id: link.NewID().String(), lang: link.AcceptLanguage(r.Header.Get("Accept-Language")),
		start: d.cfg.Clock.Now(),
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", string(c.lang))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", c.id)
	defer c.finish()
	d.mux.ServeHTTP(c, r)
	switch c.unrouted {
	case http.StatusNotFound:
		c.fail(link.NewError(link.CodeNotFound, "what", r.URL.Path))
	case http.StatusMethodNotAllowed: // the mux has set Allow
		c.fail(link.NewError(link.CodeMethod, "method", r.Method))
	}
}

// call is one request under way, and the http.ResponseWriter of its handler.
type call struct {
	http.ResponseWriter
	r        *http.Request
	door     *Door
	id       string
	lang     link.Lang
	start    time.Time
	caller   exchange.Caller   // of a call by a client
	operator exchange.Operator // of a call by a person

	status   int       // answered; 0 = nothing yet
	unrouted int       // what the mux itself would have answered
	code     link.Code // of the problem answered
	cause    error
	attrs    []any // for the log line
	bytes    int64 // of the body, as they are held
}

// WriteHeader notes the status. What the mux answers itself, about paths and methods it does not
// know, is held back to become a problem like every other.
func (c *call) WriteHeader(status int) {
	if c.status != 0 || c.unrouted != 0 {
		return
	}
	if c.r.Pattern == "" && status >= 400 && c.code == "" {
		c.unrouted = status
		return
	}
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the answer.
func (c *call) Write(b []byte) (int, error) {
	if c.unrouted != 0 && c.status == 0 {
		return len(b), nil
	}
	if c.status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the connection.
func (c *call) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// note adds attributes to the call's log line.
func (c *call) note(attrs ...any) { c.attrs = append(c.attrs, attrs...) }

// statusGone is what is logged and counted for a client that did not wait for its answer.
const statusGone = 499

// finish ends a call: a panic becomes an answer, then comes the log line and the count.
func (c *call) finish() {
	p := recover()
	if p != nil && p != http.ErrAbortHandler { //nolint:errorlint // it is that very value
		c.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
	c.door.held.give(c.caller.Client.ID, c.bytes)
	took := c.door.cfg.Clock.Now().Sub(c.start)
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	if c.r.Context().Err() != nil && (status >= 500 || c.status == 0) {
		status = statusGone
	}
	c.door.count.request(c.r, status, took)
	c.log(status, took)
	if p == http.ErrAbortHandler { //nolint:errorlint // as above
		panic(p)
	}
}

func (c *call) log(status int, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case status >= 500:
		level = slog.LevelError
	case status >= 400 && status != statusGone:
		level = slog.LevelInfo
	}
	log := c.door.cfg.Logger
	if !log.Enabled(c.r.Context(), level) {
		return
	}
	attrs := append(c.attrs, "request", c.id, "method", c.r.Method, "path", route(c.r), "status", status, "took", took)
	if c.code != "" {
		attrs = append(attrs, "code", string(c.code))
	}
	if c.cause != nil && status >= 500 {
		attrs = append(attrs, "error", c.cause)
	}
	log.Log(c.r.Context(), level, "request", attrs...)
}

// fail answers an error as a problem. An error without a code of the catalogue is an internal one:
// its text stays in the log.
func (c *call) fail(err error) {
	var e *link.Error
	if !errors.As(err, &e) {
		e = link.NewError(link.CodeInternal).Because(err)
	}
	if e.Status() == 0 { // a code that is no HTTP answer has no business here
		e = link.NewError(link.CodeInternal).Because(err)
	}
	c.code, c.cause, c.unrouted = e.Code, err, 0
	if c.status != 0 {
		return // the answer is on its way; the log tells
	}
	h := c.Header()
	maps.Copy(h, e.Header)
	switch status := e.Status(); {
	case status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "":
		challenge := `Bearer realm="smartlink"`
		if e.Code != link.CodeTokenMissing {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	case status == http.StatusServiceUnavailable && h.Get("Retry-After") == "":
		h.Set("Retry-After", "1")
	}
	p := e.Problem(c.lang, c.id)
	c.answer(p.Status, p.ContentType(""), p)
}
