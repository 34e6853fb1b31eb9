// Package agent is SmartLink's side in the customer's network: it takes messages over from the hub,
// stores them beside the ERP, has consumers execute them, and sends answers and states back. It
// connects outwards only.
//
// A message is acknowledged once it is stored, never before. What executing it changes in the ERP is
// one database transaction with the end of the message and its answer.
package agent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/lifecycle"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

// Hub is what the agent needs of the hub; *client.Client is one.
type Hub interface {
	Setup(ctx context.Context, s link.SetupRequest) (link.SetupResponse, error)
	Send(ctx context.Context, m client.Message) (link.SendResponse, error)
	Get(ctx context.Context, o client.GetOptions) ([]link.Delivery, error)
	Ack(ctx context.Context, items []link.Settlement) ([]link.AckResult, error)
	Hold(ctx context.Context, r link.HoldRequest) (link.HoldResponse, error)
}

// Config says which hub, which database, and what to do with the messages. Hub, Database, Installation
// and Consumers are needed.
type Config struct {
	Hub          Hub
	Database     string // file of the SQLite database, or URL as in sqlopen.Open; the ERP's tables may be in it too
	Installation string // file of the installation; inbox.OpenInstallation makes it early, for the client
	Consumers    []consumer.Consumer
	Outside      []consumer.Outside // of other types; with them Consumers may be empty
	// Subscriptions are the types to receive; nil: every type that has a consumer. Messages of other
	// types that stand in the inbox are executed all the same.
	Subscriptions []string
	// Prepare makes or checks the ERP's tables at Start, before the agent makes tables of its own.
	Prepare func(ctx context.Context, db *sql.DB) error

	Retry     executor.Retry // the zero value is the default: 5, 10, 15, 20 minutes
	BatchSize int            // messages executed in one transaction; 0 = 1
	Parallel  int            // transactions at the same time, of different ordering keys; 0 = as executor.Config says
	GetMax    int            // messages leased at once; 0 = 100
	Wait      time.Duration  // of one long poll; 0 = link.MaxWait
	Lease     time.Duration  // 0 = link.DefaultLease
	History   time.Duration  // how long executions and log lines are kept; 0 = 120 days
	// Hold is after how long of silence another run of the installation takes over; 0 = link.DefaultHold.
	Hold time.Duration
	// Watch is executor.Config's: it saves an idle agent most of what it does.
	Watch bool

	Clock  clock.Clock // nil: clock.Real
	Logger *slog.Logger
}

// defaultGet is how many messages are leased at once: enough that one commit carries many, few enough
// that they are stored long before their leases end.
const defaultGet = 100

// defaultHistory is how long executions and log lines are kept: a quarter, and its closing.
const defaultHistory = 120 * 24 * time.Hour

// Agent is a running agent. Start it, and Stop it.
type Agent struct {
	cfg     Config
	lock    *flock.Flock
	box     *inbox.Box
	guard   atomic.Pointer[guard] // nil: it does not run
	loop    *lifecycle.Loop       // the guard's
	started time.Time
	alarms  *alarms
	contact contact
	work    atomic.Pointer[work] // nil while it stands by
}

// New checks the configuration. It opens nothing; Start does.
func New(cfg Config) (*Agent, error) {
	if cfg.Hub == nil || cfg.Database == "" || cfg.Installation == "" || len(cfg.Consumers)+len(cfg.Outside) == 0 {
		return nil, errors.New("an agent needs a hub, a database, an installation file and consumers")
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.GetMax == 0 {
		cfg.GetMax = defaultGet
	}
	if cfg.Wait == 0 {
		cfg.Wait = link.MaxWait
	}
	if cfg.Lease == 0 {
		cfg.Lease = link.DefaultLease
	}
	if cfg.Lease < link.MinLease || cfg.Lease > link.MaxLease { // the hub would refuse every get
		return nil, link.NewError(link.CodeRequestInvalid).At("lease", link.CodeRequestInvalid, link.Range(link.MinLease, link.MaxLease))
	}
	if cfg.GetMax < 1 || cfg.GetMax > link.MaxGet {
		return nil, link.NewError(link.CodeRequestInvalid).At("get max", link.CodeRequestInvalid, link.Range(1, link.MaxGet))
	}
	if cfg.Hold == 0 {
		cfg.Hold = link.DefaultHold
	}
	if cfg.Hold < link.MinHold || cfg.Hold > link.MaxHold {
		return nil, link.NewError(link.CodeRequestInvalid).At("hold", link.CodeRequestInvalid, link.Range(link.MinHold, link.MaxHold))
	}
	if cfg.History == 0 {
		cfg.History = defaultHistory
	}
	// What the executor does not like is known before anything is opened.
	if _, err := executor.New(executor.Config{Consumers: cfg.Consumers, Outside: cfg.Outside, Retry: cfg.Retry, Parallel: cfg.Parallel}); err != nil {
		return nil, err
	}
	return &Agent{cfg: cfg}, nil
}

// Start opens the database, or makes the agent's tables at the first start, and asks the hub whether this
// run is the active one of its installation. The active one sets up the queue and begins to work; another
// stands by and takes over when that one is gone. A hub that is away is tried again and again, and
// until it has answered nothing is executed.
//
// An installation file in use by another agent is link.CodeDataInUse, tables of another program are
// link.CodeForeignTables, a database of another installation is link.CodeForeignDatabase. What the hub
// refuses is link.CodeInstallation (the queue belongs to another installation) or link.CodeDatabaseOld
// (the database was restored from a backup, or is a copy).
func (a *Agent) Start(ctx context.Context) error {
	if a.lock != nil {
		return errors.New("the agent runs already")
	}
	lock := flock.New(a.cfg.Installation + ".lock") // which of several runs may work on the database is the guard's to say
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("lock the installation: %w", err)
	case !ok:
		return link.NewError(link.CodeDataInUse, "dir", a.cfg.Installation)
	}
	a.lock = lock
	if err := a.start(ctx); err != nil {
		return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

func (a *Agent) start(ctx context.Context) (err error) {
	cfg := &a.cfg
	a.box, err = inbox.Open(ctx, inbox.Config{Database: cfg.Database, Installation: cfg.Installation, Prepare: cfg.Prepare, Clock: cfg.Clock})
	if err != nil {
		return err
	}
	a.started, a.alarms = cfg.Clock.Now(), newAlarms()
	g := newGuard(cfg, a.box)
	g.begin, g.end = a.beginWork, a.endWork
	g.helped = a.wakeWork
	g.heard = func(ctx context.Context, err error) { a.contact.note(ctx, cfg.Clock.Now(), err) }
	a.box.Guard(g.mayWrite)
	a.guard.Store(g)
	switch err := g.turn(ctx); {
	case refusedRun(err):
		return err
	case err != nil:
		cfg.Logger.Warn("this instance is not the active one yet; it is tried again", "error", err)
	}
	a.loop = lifecycle.NewLoop(g.run)
	if err := a.loop.Start(ctx); err != nil {
		return err
	}
	cfg.Logger.Info("agent started", "installation", a.box.Installation().ID, "database", sqlopen.Redact(cfg.Database))
	return nil
}

// Stop ends the work: leases that were not stored are given back, the batch in execution comes to its
// end, and another run may be the active one at once. It returns when that is done or, with an error,
// when ctx ends.
func (a *Agent) Stop(ctx context.Context) error {
	var errs []error
	if a.loop != nil {
		errs = append(errs, a.loop.Stop(ctx))
		a.loop = nil
	}
	if g := a.guard.Swap(nil); g != nil && errors.Join(errs...) == nil { // otherwise it is the loop's still
		errs = append(errs, g.quit(ctx))
	}
	if a.box != nil {
		errs = append(errs, a.box.Close(ctx))
		a.box = nil
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Unlock())
		a.lock = nil
	}
	return errors.Join(errs...)
}

// Standing answers how this run stands among those of its installation.
func (a *Agent) Standing() Standing {
	g := a.guard.Load()
	if g == nil {
		return Standing{}
	}
	return g.Standing()
}

var errNotRunning = errors.New("the agent does not run")
