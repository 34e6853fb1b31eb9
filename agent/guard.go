package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

// Of an installation, on however many machines, one run of the agent is active. The hub says which, by a
// lease with an epoch; the database knows the epoch too, and every transaction looks at it. So the
// lease decides who takes messages over, and the database who may write: while the hub is away the
// active run goes on executing until another has taken the database.

const (
	// askTimes is how often the active run asks within its lease.
	askTimes = 4
	// moveEvery is how often an idle run marks the database, so that a copy of it grows old.
	moveEvery = time.Minute
	// refusedWait is how long a run waits that the hub refused altogether: a person has to act.
	refusedWait = 30 * time.Second
	// endTime bounds what a run tells the hub when it ends.
	endTime = 3 * time.Second
	// stopWork bounds the stop of the parts of a run that is the active one no more.
	stopWork = 20 * time.Second
)

// Standing is how a run stands among those of its installation.
type Standing struct {
	Active  bool
	Epoch   int64     // while it is active
	Host    string    // of the active run when that is another; empty: not known
	Since   time.Time // of the active run when that is another
	Copy    bool      // the active run is a copy of this one, or this one of it
	Trouble error     // why the hub gave no answer, or refused this run; nil: nothing is wrong
}

// guard keeps a run the active one, or lets it stand by and take over.
type guard struct {
	hub    Hub
	box    *inbox.Box
	clock  clock.Clock
	log    *slog.Logger
	self   link.HoldRequest
	hold   time.Duration
	wake   signal
	begin  func(ctx context.Context) error // begins the active run's work
	end    func(ctx context.Context) error // ends it
	heard  func(ctx context.Context, err error)
	helped func() // something was done that the hub's people asked for

	// Of the loop.
	replies []link.HelpReply // that the hub has not been told
	working bool
	taken   int64 // epoch that the inbox was taken with; 0: not taken
	commits int64 // of the inbox when it was moved last
	movedAt time.Time

	mu       sync.Mutex
	standing Standing
	until    time.Time // end of this run's lease by its own clock; zero: it has none
	failedAt time.Time // when the hub was last found away, if that is the last that is known of it
	other    time.Time // end of the lease of the run that is active instead
}

func newGuard(cfg *Config, box *inbox.Box) *guard {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return &guard{
		hub: cfg.Hub, box: box, clock: cfg.Clock, log: cfg.Logger, hold: cfg.Hold, wake: newSignal(),
		self: link.HoldRequest{Instance: box.Installation().Instance, Run: uuid.New(), Host: host, Lease: cfg.Hold.String()},
	}
}

// Wake makes the guard ask the hub now.
func (g *guard) Wake() { g.wake.give() }

// Standing answers how this run stands.
func (g *guard) Standing() Standing {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.standing
}

// mayTake tells whether this run may take messages over from the hub: it has the lease, by its own
// clock too. A run that was frozen knows by that that it must ask first.
func (g *guard) mayTake() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clock.Now().Before(g.until)
}

// mayWrite tells whether this run may work on the inbox, as far as the database has nothing against it:
// it has the lease, or there is no hub that could have given it to another.
func (g *guard) mayWrite() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	return now.Before(g.until) || now.Sub(g.failedAt) < g.hold
}

func (g *guard) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := clock.ToTick(g.clock, g.hold/askTimes)
		if g.taken == 0 {
			wait = g.patience()
		}
		sleep(ctx, g.clock, wait, g.wake)
		if ctx.Err() != nil {
			return
		}
		if err := g.turn(ctx); err != nil && ctx.Err() == nil {
			g.log.Warn("this instance is not the active one", "error", err)
		}
	}
}

// patience is how long a run that stands by waits before it asks again.
func (g *guard) patience() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if refusedRun(g.standing.Trouble) {
		return refusedWait
	}
	wait := g.hold / askTimes
	if left := g.other.Sub(g.clock.Now()); left > 0 {
		wait = min(wait, left)
	}
	return max(wait, g.hold/50)
}

// refusedRun tells whether the hub will not have this run, whoever else is active.
func refusedRun(err error) bool {
	switch link.CodeOf(err) {
	case link.CodeInstallation, link.CodeDatabaseOld:
		return true
	}
	return false
}

// turn asks the hub once and does what follows from its answer. An error says why the run is not the
// active one though no other is known to be.
func (g *guard) turn(ctx context.Context) error {
	if g.box.Lost() {
		g.leave(ctx)
	}
	asked := g.clock.Now()
	answer, err := g.ask(ctx)
	if !g.working { // otherwise who takes messages over tells
		g.heard(ctx, err)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case refusedRun(err):
		g.note(Standing{Trouble: err}, time.Time{}, time.Time{})
		g.leave(ctx)
		return err
	case err != nil: // who was active goes on
		s := g.Standing()
		s.Trouble = err
		g.note(s, g.leaseEnd(), g.clock.Now())
		if g.working {
			return nil
		}
		return err
	case !answer.Active:
		return g.standBy(ctx, answer, asked)
	}
	killpoint.Hit("after-hold")
	lease, err := time.ParseDuration(answer.Lease)
	if err != nil {
		return err
	}
	g.note(Standing{Active: g.taken == answer.Epoch, Epoch: answer.Epoch}, asked.Add(lease), time.Time{})
	if g.taken == answer.Epoch {
		g.assist(ctx, answer.Help)
		return nil
	}
	if err := g.enter(ctx, answer.Epoch); err != nil {
		g.mu.Lock()
		g.standing.Trouble = err
		g.mu.Unlock()
		return err
	}
	return nil
}

// ask tells how far the database has moved, and asks to be or to stay the active run.
func (g *guard) ask(ctx context.Context) (link.HoldResponse, error) {
	if commits := g.box.Commits(); g.taken != 0 && (commits != g.commits || g.clock.Now().Sub(g.movedAt) >= moveEvery) {
		g.move(ctx)
	}
	active, err := g.box.Active(ctx)
	if err == nil { // otherwise as it was known last: the hub must hear of a run whose database is away
		g.self.Epoch, g.self.Moves = active.Epoch, active.Moves
	}
	ask := g.self
	if g.taken != 0 && err == nil {
		ask.Help = g.helpState(active.Help)
	}
	ctx, cancel := context.WithTimeout(ctx, g.hold/2)
	defer cancel()
	answer, err := g.hub.Hold(ctx, ask)
	if err == nil && ask.Help != nil {
		g.replies = g.replies[len(ask.Help.Replies):]
	}
	return answer, err
}

// helpState is what the hub is told of remote help by a run that works.
func (g *guard) helpState(h inbox.Help) *link.HelpState {
	s := &link.HelpState{Replies: g.replies}
	if h.On(g.clock.Now()) {
		s.Until = &h.Until
	}
	return s
}

// assist does what the hub's people ask for, and tells them at once. What could not be looked at, the hub
// asks for again.
func (g *guard) assist(ctx context.Context, asked []link.HelpRequest) {
	for _, r := range asked {
		reply, err := g.box.Help(ctx, r)
		if err != nil {
			g.log.Warn("a request of the hub's people could not be looked at; it is asked again", "request", r.ID, "messageId", r.Message, "error", err)
			break
		}
		g.log.Info("asked for by the hub's people", "request", r.ID, "messageId", r.Message, "action", r.Action, "by", r.By, "result", reply.Result, "code", reply.Code)
		g.replies = append(g.replies, reply)
	}
	if len(g.replies) > 0 {
		g.helped()
		g.Wake()
	}
}

func (g *guard) move(ctx context.Context) {
	if err := g.box.Move(ctx); err != nil {
		g.log.Debug("the database could not be marked", "error", err)
		return
	}
	g.commits, g.movedAt = g.box.Commits(), g.clock.Now()
}

func (g *guard) leaseEnd() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until
}

func (g *guard) note(s Standing, until, failedAt time.Time) {
	g.mu.Lock()
	before := g.standing
	g.standing, g.until, g.failedAt = s, until, failedAt
	g.mu.Unlock()
	switch {
	case s.Copy && !before.Copy:
		g.log.Error("the folder of this agent was copied: the other one is active, this one does nothing; stop one of the two, and use 'agent join' for a second machine",
			"active", s.Host)
	case s.Host != "" && s.Host != before.Host:
		g.log.Info("stands by", "active", s.Host, "since", s.Since)
	}
}

// enter takes the inbox and begins to work.
func (g *guard) enter(ctx context.Context, epoch int64) error {
	g.leave(ctx)
	if err := g.box.Take(ctx, inbox.Hold{Epoch: epoch, Run: g.self.Run.String(), Host: g.self.Host}); err != nil {
		return err
	}
	g.taken, g.movedAt = epoch, g.clock.Now()
	if err := g.begin(ctx); err != nil {
		g.leave(ctx)
		return err
	}
	g.working = true
	g.mu.Lock()
	g.standing.Active = true
	g.mu.Unlock()
	g.log.Info("this instance is the active one", "epoch", epoch, "host", g.self.Host)
	return nil
}

// standBy leaves the work to another run.
func (g *guard) standBy(ctx context.Context, answer link.HoldResponse, asked time.Time) error {
	s := Standing{Copy: answer.Copy}
	if answer.Holder != nil {
		s.Host, s.Since = answer.Holder.Host, answer.Holder.Since
	}
	left, err := time.ParseDuration(answer.Lease)
	if err != nil {
		return err
	}
	g.box.Drop()
	g.note(s, time.Time{}, time.Time{})
	g.leave(ctx)
	g.mu.Lock()
	g.other = asked.Add(left)
	g.mu.Unlock()
	return nil
}

// leave ends the work. Nothing more is written from its first moment on.
func (g *guard) leave(ctx context.Context) {
	g.box.Drop()
	g.taken = 0
	g.mu.Lock()
	g.standing.Active = false
	g.mu.Unlock()
	if !g.working {
		return
	}
	g.working = false
	g.log.Warn("this instance is not the active one any more; it stands by")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWork)
	defer cancel()
	if err := g.end(ctx); err != nil {
		g.log.Error("the work did not end in order", "error", err)
	}
}

// quit ends the work in order and gives the lease back, so that another run may have it at once.
func (g *guard) quit(ctx context.Context) error {
	var err error
	if g.working {
		g.working = false
		err = g.end(ctx)
	}
	if g.taken == 0 {
		return err
	}
	g.move(ctx)
	g.self.Release = true
	tell, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if _, failed := g.ask(tell); failed != nil {
		g.log.Info("the hub was not told that this instance ends; another takes over when its lease has ended", "error", failed)
	}
	g.box.Drop()
	g.taken = 0
	return errors.Join(err)
}
