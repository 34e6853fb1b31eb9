package agent

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/console"
	"smartlink/agent/executor"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/lifecycle"
	"smartlink/link"
)

// HostConfig says where a Host finds what is activated, and what its agent works with.
type HostConfig struct {
	Database     string
	Installation string // file of the installation; the activation stands beside it
	Consumers    []consumer.Consumer
	Outside      []consumer.Outside
	Prepare      func(ctx context.Context, db *sql.DB) error
	Check        func(ctx context.Context) error // whether the ERP can be worked with, before something is activated; nil: nothing is looked at
	Lease        time.Duration                   // 0 = link.DefaultLease
	CA           string                          // PEM file of authorities to trust besides the machine's; empty: none
	Hold         time.Duration                   // 0 = link.DefaultHold
	Lang         link.Lang                       // of the hub's problems
	Watch        bool                            // see Config
	// Console is the loopback address of the pages for people, such as 127.0.0.1:8686; empty: none.
	Console string
	// Connect makes the connection to the hub; nil: the client package.
	Connect func(c activation.Credentials) (Hub, error)

	Clock  clock.Clock // nil: clock.Real
	Logger *slog.Logger
}

const (
	watchEvery = 5 * time.Second  // how soon an activation is seen that changed elsewhere: as often as the guard asks
	startAgain = 30 * time.Second // how long after a failed start it is tried again
	stopAgent  = 20 * time.Second // bounds the stop of an agent whose activation changed
)

// Host runs the agent that is activated: none while nothing is, another one when the activation
// changes. It needs no configuration beyond the activation.
type Host struct {
	cfg    HostConfig
	folder *activation.Folder
	pages  *pages // nil: no console
	loop   *lifecycle.Loop
	wake   signal // the activation may have changed

	// Of whoever follows: Start, then the loop, then Stop.
	seen  string // fingerprint of the activation that running, or its failure, is of
	again time.Time

	mu      sync.Mutex
	running *Agent
	failure error // of the last try to start one
}

// NewHost makes a Host; Start begins.
func NewHost(cfg HostConfig) (*Host, error) {
	if cfg.Database == "" || cfg.Installation == "" || len(cfg.Consumers)+len(cfg.Outside) == 0 {
		return nil, errors.New("an agent needs a database, an installation file and consumers")
	}
	if cfg.Console != "" {
		if err := console.CheckAddress(cfg.Console); err != nil {
			return nil, err
		}
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Host{cfg: cfg, wake: newSignal()}, nil
}

// Start starts the agent that is activated, if any, and then follows the activation. An activated
// agent that cannot start is an error, the same as Agent.Start's.
func (h *Host) Start(ctx context.Context) error {
	if err := h.start(ctx); err != nil {
		return errors.Join(err, h.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

func (h *Host) start(ctx context.Context) error {
	var err error
	if h.folder, err = activation.OpenFolder(h.cfg.Installation); err != nil {
		return err
	}
	if err := h.follow(ctx); err != nil {
		return err
	}
	if h.Agent() == nil {
		h.cfg.Logger.Warn("no app is activated yet; the agent waits for it", "installation", h.folder.Installation().ID)
	}
	if h.cfg.Console != "" {
		if h.pages, err = h.openPages(ctx); err != nil { // messages are more important than pages
			h.cfg.Logger.Error("there is no console", "error", err)
		}
	}
	h.loop = lifecycle.NewLoop(h.run)
	return h.loop.Start(ctx)
}

// Stop ends following and the console, then stops the agent.
func (h *Host) Stop(ctx context.Context) error {
	var errs []error
	if h.loop != nil {
		errs = append(errs, h.loop.Stop(ctx))
	}
	if h.pages != nil {
		errs = append(errs, h.pages.close(ctx))
		h.pages = nil
	}
	return errors.Join(append(errs, h.stop(ctx))...)
}

// Agent is the one that runs now; nil: none.
func (h *Host) Agent() *Agent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running
}

// Failure is why no agent runs though one is activated; nil: there is no reason.
func (h *Host) Failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failure
}

func (h *Host) run(ctx context.Context) {
	for ctx.Err() == nil {
		sleep(ctx, h.cfg.Clock, clock.ToTick(h.cfg.Clock, watchEvery), h.wake)
		if ctx.Err() != nil {
			return
		}
		if err := h.follow(ctx); err != nil {
			h.cfg.Logger.Error("the activated agent does not start; it is tried again", "error", err, "wait", startAgain)
		}
	}
}

// follow looks whether the activation has changed, and then runs the agent that it says.
func (h *Host) follow(ctx context.Context) error {
	now, err := h.folder.Fingerprint()
	if err != nil {
		return err
	}
	if now == h.seen && (h.Failure() == nil || h.cfg.Clock.Now().Before(h.again)) {
		return nil
	}
	h.seen = now
	err = h.replace(ctx)
	if err != nil {
		h.again = h.cfg.Clock.Now().Add(startAgain)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failure = err
	return err
}

// set makes an agent the one that runs; nil: none does.
func (h *Host) set(a *Agent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = a
}

func (h *Host) replace(ctx context.Context) error {
	state, err := h.folder.Read()
	if err != nil {
		return err // what runs goes on with what it has
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopAgent)
	defer cancel()
	if err := h.stop(stop); err != nil {
		h.cfg.Logger.Error("the agent did not stop in order", "error", err)
	}
	if !state.Ever() {
		return nil
	}
	next, err := h.agent(&state)
	if err != nil {
		return err
	}
	if err := next.Start(ctx); err != nil {
		return err
	}
	h.set(next)
	return nil
}

func (h *Host) stop(ctx context.Context) error {
	a := h.Agent()
	if a == nil {
		return nil
	}
	h.set(nil)
	return a.Stop(ctx)
}

func (h *Host) agent(s *activation.State) (*Agent, error) {
	file, err := activation.ReadConfig(h.folder.Dir())
	if err != nil {
		return nil, err
	}
	hub, err := h.connect(s.Credentials)
	if err != nil {
		return nil, err
	}
	f := s.Figures(file.Retry)
	return New(Config{
		Hub: hub, Database: h.cfg.Database, Installation: h.cfg.Installation, Consumers: h.cfg.Consumers, Outside: h.cfg.Outside, Subscriptions: s.Types(),
		Prepare:   h.cfg.Prepare,
		Retry:     executor.Retry(f),
		BatchSize: s.Options.Batch(), Parallel: s.Options.Parallel, Lease: h.cfg.Lease, Hold: h.cfg.Hold, Watch: h.cfg.Watch, Clock: h.cfg.Clock, Logger: h.cfg.Logger,
	})
}

func (h *Host) connect(c activation.Credentials) (Hub, error) {
	if h.cfg.Connect != nil {
		return h.cfg.Connect(c)
	}
	return activation.Connect(c, h.folder.Installation().ID.String(), h.cfg.CA, h.cfg.Lang)
}
