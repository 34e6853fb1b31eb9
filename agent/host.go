package agent

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"smartlink/agent/activation"
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
	Prepare      func(ctx context.Context, db *sql.DB) error
	Lease        time.Duration // 0 = link.DefaultLease
	Lang         link.Lang     // of the hub's problems
	// Connect makes the connection to the hub; nil: the client package.
	Connect func(c activation.Credentials) (Hub, error)

	Clock  clock.Clock // nil: clock.Real
	Logger *slog.Logger
}

const (
	watchEvery = 2 * time.Second  // how soon a changed activation is seen
	startAgain = 30 * time.Second // how long after a failed start it is tried again
	stopAgent  = 20 * time.Second // bounds the stop of an agent whose activation changed
)

// Host runs the agent that is activated: none while nothing is, another one when the activation
// changes. It needs no configuration beyond the activation.
type Host struct {
	cfg    HostConfig
	folder *activation.Folder
	loop   *lifecycle.Loop

	mu      sync.Mutex
	running *Agent
	failure error  // of the last try to start one
	seen    string // fingerprint of the activation that running, or its failure, is of
	again   time.Time
}

// NewHost makes a Host; Start begins.
func NewHost(cfg HostConfig) (*Host, error) {
	if cfg.Database == "" || cfg.Installation == "" || len(cfg.Consumers) == 0 {
		return nil, errors.New("an agent needs a database, an installation file and consumers")
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Host{cfg: cfg}, nil
}

// Start starts the agent that is activated, if any, and then follows the activation. An activated
// agent that cannot start is an error, the same as Agent.Start's.
func (h *Host) Start(ctx context.Context) error {
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
	h.loop = lifecycle.NewLoop(h.run)
	return h.loop.Start(ctx)
}

// Stop ends following, then stops the agent.
func (h *Host) Stop(ctx context.Context) error {
	var errs []error
	if h.loop != nil {
		errs = append(errs, h.loop.Stop(ctx))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
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
		sleep(ctx, h.cfg.Clock, watchEvery, nil)
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
	h.mu.Lock()
	defer h.mu.Unlock()
	if now == h.seen && (h.failure == nil || h.cfg.Clock.Now().Before(h.again)) {
		return nil
	}
	h.seen = now
	h.failure = h.replace(ctx)
	if h.failure != nil {
		h.again = h.cfg.Clock.Now().Add(startAgain)
	}
	return h.failure
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
	h.running = next
	return nil
}

func (h *Host) stop(ctx context.Context) error {
	if h.running == nil {
		return nil
	}
	err := h.running.Stop(ctx)
	h.running = nil
	return err
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
		Hub: hub, Database: h.cfg.Database, Installation: h.cfg.Installation, Consumers: h.cfg.Consumers, Subscriptions: s.Types(), Prepare: h.cfg.Prepare,
		Retry:     executor.Retry(f),
		BatchSize: s.Options.BatchSize, Lease: h.cfg.Lease, Clock: h.cfg.Clock, Logger: h.cfg.Logger,
	})
}

func (h *Host) connect(c activation.Credentials) (Hub, error) {
	if h.cfg.Connect != nil {
		return h.cfg.Connect(c)
	}
	return activation.Connect(c, h.folder.Installation().ID.String(), h.cfg.Lang)
}
