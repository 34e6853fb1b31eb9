package agent

import (
	"context"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/internal/lifecycle"
)

// work is what the active run does: take over, execute, answer, report.
type work struct {
	exec   *executor.Executor
	up     *up
	health *health
	parts  *lifecycle.Group
}

// beginWork begins the work of the active run. Each time it is a new one, which takes over what an
// earlier one has left.
func (a *Agent) beginWork(ctx context.Context) (err error) {
	cfg := &a.cfg
	w := &work{parts: &lifecycle.Group{}}
	w.up = &up{hub: cfg.Hub, box: a.box, clock: cfg.Clock, log: cfg.Logger, alarms: a.alarms, wake: newSignal()}
	report := &report{hub: cfg.Hub, box: a.box, clock: cfg.Clock, log: cfg.Logger, alarms: a.alarms, wake: newSignal()}
	w.exec, err = executor.New(executor.Config{
		Box: a.box, Consumers: cfg.Consumers, Outside: cfg.Outside, Retry: cfg.Retry, BatchSize: cfg.BatchSize, Parallel: cfg.Parallel, Clock: cfg.Clock, Logger: cfg.Logger,
		Answered: w.up.Wake, Alarm: a.alarms.add, Watch: cfg.Watch,
		Looked: func(f inbox.Found) {
			if f.Send {
				w.up.Wake()
			}
			if f.Report {
				report.wake.give()
			}
		},
	})
	if err != nil {
		return err
	}
	down := &down{cfg: cfg, box: a.box, exec: w.exec, up: w.up, contact: &a.contact, guard: a.guard.Load()}
	if err := down.subscribe(ctx); err != nil {
		cfg.Logger.Warn("the hub does not take the subscriptions; it is tried again", "error", err)
	}
	w.health = &health{box: a.box, exec: w.exec, up: w.up, clock: cfg.Clock, log: cfg.Logger, alarms: a.alarms, started: a.started, history: cfg.History}
	w.parts.Add("up", lifecycle.NewLoop(w.up.run))
	w.parts.Add("status", lifecycle.NewLoop(report.run))
	w.parts.Add("metrics", lifecycle.NewLoop(w.health.run))
	w.parts.Add("executor", lifecycle.NewLoop(w.exec.Run))
	w.parts.Add("down", lifecycle.NewLoop(down.run)) // last: stopped first
	if err := w.parts.Start(ctx); err != nil {
		return err
	}
	a.work.Store(w)
	return nil
}

// endWork ends it.
func (a *Agent) endWork(ctx context.Context) error {
	w := a.work.Swap(nil)
	if w == nil {
		return nil
	}
	return w.parts.Stop(ctx)
}

// wakeWork tells the work that something changed in the inbox.
func (a *Agent) wakeWork() {
	if w := a.work.Load(); w != nil {
		w.exec.Wake()
		w.up.Wake()
	}
}
