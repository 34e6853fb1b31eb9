// Package hub puts the cloud side together as a value: registry, identity, queue engine, exchange, HTTP
// door and monitor on one data folder, or with others on one PostgreSQL database.
//
// The folder holds hub.db (registry, people, audit), queue.db (queues and messages), history (what has ended,
// a file for each day), hub.key (seals the signing keys in hub.db), and a lock: one process at a time.
package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"smartlink/hub/api"
	"smartlink/hub/exchange"
	"smartlink/hub/identity"
	"smartlink/hub/monitor"
	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/internal/killpoint"
	"smartlink/internal/pgdb"
)

// DefaultListen takes connections from the same machine only: whoever opens a hub to a network gives
// it a certificate, or puts a proxy in front that has one.
const DefaultListen = "127.0.0.1:8484"

// drainTimeout is how long a stop without a deadline waits for requests under way.
const drainTimeout = 10 * time.Second

// Config says where a hub keeps its data and where it listens. Only DataDir is needed.
type Config struct {
	DataDir string
	// Database is the address of a PostgreSQL database, a URL or keyword string, that any number of hubs
	// share; empty = files in DataDir. With it PublicURL is needed, and the data folder holds no more than the
	// key file.
	Database string
	// KeyFile seals the signing keys; empty = hub.key in DataDir. Hubs that share a database need the same
	// file. It is made where there is none and nothing is sealed yet.
	KeyFile   string
	Listen    string // host:port; empty = DefaultListen; port 0 = any free one
	PublicURL string // address clients use; part of the tokens' issuer. Without TLSCert it says that a proxy stands in front
	// TLSCert and TLSKey are PEM files of a certificate and its key; both empty = plain HTTP. They are read
	// anew when they change.
	TLSCert, TLSKey string
	// InsecureListen lets other machines come in by plain HTTP.
	InsecureListen bool
	Limits         Limits
	// Environment is what the monitor's pages say this hub is: local, dev, staging or production; empty =
	// local.
	Environment string
	Clock       clock.Clock  // default the machine's
	Logger      *slog.Logger // default: no log
}

// Hub is one hub.
type Hub struct {
	cfg       Config
	url       string
	startCode string
	cert      *certificate // nil: plain HTTP

	engine   *queue.Engine
	exchange *exchange.Exchange
	door     *api.Door
	monitor  *monitor.Monitor
	metrics  *prometheus.Registry
	listener net.Listener
	server   *http.Server
	served   chan struct{} // closed when the server has ended; nil before Start

	undo []func() error // what Open did, apart from the engine, to be undone from the last to the first
	once sync.Once
	err  error
}

// Open opens, or makes, a hub's data and takes its address; Start begins to serve. Errors:
// link.CodeDataInUse when another process holds the folder, link.CodeInsecureListen when other machines
// could come in by plain HTTP and that was not asked for.
func Open(ctx context.Context, cfg Config) (*Hub, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultListen
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := checkPublicURL(cfg.PublicURL); err != nil {
		return nil, err
	}
	if cfg.Environment != "" && !monitor.Environment(cfg.Environment).Known() {
		return nil, fmt.Errorf("environment %q: want local, dev, staging or production", cfg.Environment)
	}
	if (cfg.proxied() || cfg.InsecureListen) && cfg.Limits.PerAddress == 0 {
		cfg.Limits.PerAddress = -1 // all come from the proxy's
	}
	cfg.Limits = cfg.Limits.withDefaults()
	h := &Hub{cfg: cfg}
	if cfg.TLSCert != "" || cfg.TLSKey != "" {
		var err error
		if h.cert, err = loadCertificate(cfg); err != nil {
			return nil, err
		}
	}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Stop(context.WithoutCancel(ctx)))
	}
	return h, nil
}

// proxied tells that connections come from a proxy of ours, whose word about callers counts.
func (c Config) proxied() bool { return c.PublicURL != "" && c.TLSCert == "" }

func checkPublicURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("public URL %q: want http(s)://host[:port][/path]", s)
	}
	return nil
}

func (h *Hub) open(ctx context.Context) error {
	store, driver, err := h.openStores(ctx)
	if err != nil {
		return err
	}
	options := queue.Options{Clock: h.cfg.Clock, Logger: h.cfg.Logger, Retention: func(tenant uuid.UUID) queue.Retention {
		return queue.RetentionOf(store.Current().Retention(tenant))
	}}
	if killpoint.Hurried("history") { // in crash tests only
		options.Keep = queue.KeepOptions{Every: 100 * time.Millisecond, Recent: -1}
	}
	h.engine = queue.New(driver, options)
	if err := store.PutOffHolds(ctx); err != nil {
		return err
	}
	if h.listener, err = net.Listen("tcp", h.cfg.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	h.undo = append(h.undo, func() error { return h.listener.Close() })
	if err := checkAddress(h.listener.Addr().(*net.TCPAddr), h.cfg); err != nil {
		return err
	}
	h.url = strings.TrimRight(h.cfg.PublicURL, "/")
	if h.url == "" {
		h.url = h.scheme() + "://" + reachable(h.listener.Addr().(*net.TCPAddr))
	}
	tokens, err := identity.Open(ctx, store, identity.Options{
		Issuer: h.url, KeyFile: h.keyFile(), Proxied: h.cfg.proxied(), Clock: h.cfg.Clock, Logger: h.cfg.Logger,
	})
	if err != nil {
		return err
	}
	ex := exchange.New(h.engine, store, h.cfg.Logger)
	ex.UseClock(h.cfg.Clock)
	h.exchange = ex
	cursorKey, err := tokens.Key("cursors of lists")
	if err != nil {
		return err
	}
	if err := ex.SealCursors(cursorKey); err != nil {
		return err
	}
	h.monitor, err = monitor.New(monitor.Config{
		Exchange: ex, Registry: store, Environment: monitor.Environment(h.cfg.Environment), PublicURL: h.cfg.PublicURL, TLS: h.cert != nil,
		Clock: h.cfg.Clock, Logger: h.cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	metrics := prometheus.NewRegistry()
	h.metrics = metrics
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	h.listener = bound(h.listener, h.cfg, metrics)
	if h.cert != nil {
		metrics.MustRegister(h.cert.ends())
	}
	h.door, err = api.New(api.Config{
		Exchange: ex, Clients: tokens, Registry: store, Queues: h.engine, Identity: tokens.Handler(), Monitor: h.monitor,
		Metrics: metrics, Rates: h.cfg.Limits.rates(), Clock: h.cfg.Clock, Logger: h.cfg.Logger,
		Ready: func(ctx context.Context) error { return h.ready(ctx, store) },
	})
	if err != nil {
		return err
	}
	h.server = newServer(h.door, h.cfg.Limits, h.cfg.Logger)
	// Last: the code is told once, so nothing after it may fail.
	h.startCode, _, err = store.StartCode(ctx)
	return err
}

func (h *Hub) file(name string) string { return filepath.Join(h.cfg.DataDir, name) }

func (h *Hub) scheme() string {
	if h.cert != nil {
		return "https"
	}
	return "http"
}

// reachable is an address at which this machine reaches the listener.
func reachable(a *net.TCPAddr) string {
	if a.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(a.Port))
	}
	return a.String()
}

// URL is the hub's address: Config.PublicURL, else where it listens.
func (h *Hub) URL() string { return h.url }

// Addr is the address the hub listens on.
func (h *Hub) Addr() string { return h.listener.Addr().String() }

// StartCode is the one-time code that makes the first administrator; empty unless this Open was the
// folder's first. It is kept only as a hash: print it.
func (h *Hub) StartCode() string { return h.startCode }

// Start begins to serve.
func (h *Hub) Start(ctx context.Context) error {
	if err := h.engine.Start(ctx); err != nil {
		return errors.Join(err, h.Stop(context.WithoutCancel(ctx)))
	}
	if a := h.listener.Addr().(*net.TCPAddr); !a.IP.IsLoopback() && h.cert == nil {
		h.cfg.Logger.Warn("the hub takes connections from other machines without TLS: put a proxy that has it in front", "listen", a.String())
	}
	h.exchange.ResumeJobs(context.WithoutCancel(ctx))
	h.served = make(chan struct{})
	go func() {
		defer close(h.served)
		if err := h.serve(); !errors.Is(err, http.ErrServerClosed) {
			h.cfg.Logger.Error("server ended", "error", err)
		}
	}()
	h.cfg.Logger.Info("hub serves", "url", h.url, "listen", h.listener.Addr().String(), "data", h.cfg.DataDir, "database", pgdb.Name(h.cfg.Database))
	return nil
}

func (h *Hub) serve() error {
	if h.cert == nil {
		return h.server.Serve(h.listener)
	}
	h.server.TLSConfig = h.cert.config()
	return h.server.ServeTLS(h.listener, "", "")
}

// Stop ends the hub: no new connections, waiting gets go home empty, requests under way are
// answered, what was accepted is stored, the folder is given back. Requests that take longer than
// ctx allows are cut off. Later calls answer the same as the first.
func (h *Hub) Stop(ctx context.Context) error {
	h.once.Do(func() { h.err = h.stop(ctx) })
	return h.err
}

func (h *Hub) stop(ctx context.Context) error {
	var errs []error
	if h.door != nil {
		h.door.EndWaits()
	}
	if h.monitor != nil {
		h.monitor.EndStreams()
	}
	if h.served != nil {
		drain, cancel := context.WithTimeout(ctx, drainFor(ctx))
		if err := h.server.Shutdown(drain); err != nil {
			errs = append(errs, fmt.Errorf("requests cut off: %w", err), h.server.Close())
		}
		cancel()
		<-h.served
	}
	if h.exchange != nil {
		h.exchange.EndJobs(ctx)
	}
	if h.engine != nil {
		if err := h.engine.Stop(ctx); err != nil {
			// Its store may still be written to: the folder stays locked until the process ends.
			return errors.Join(append(errs, fmt.Errorf("queue engine: %w", err))...)
		}
	}
	for _, undo := range slices.Backward(h.undo) {
		if err := undo(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// drainFor leaves half of a stop's time to the engine.
func drainFor(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return end.Sub(clock.Real.Now()) / 2 // a deadline is of the real time
	}
	return drainTimeout
}
