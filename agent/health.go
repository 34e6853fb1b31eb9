package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	healthEvery = time.Minute // how often the agent tells how it is
	forgetEvery = time.Hour   // how often it erases history that is past its time
)

// metricsType is the content type of Prometheus' text format.
const metricsType = "text/plain; version=0.0.4"

// health puts up a report in Prometheus' text format every minute; an older one that was not sent
// yet is replaced. It also keeps the history of executions from growing without end.
type health struct {
	box     *inbox.Box
	exec    *executor.Executor
	up      *up
	clock   clock.Clock
	log     *slog.Logger
	alarms  *alarms
	started time.Time
	history time.Duration // how long executions and log lines are kept
	last    atomic.Pointer[Told]
}

// Told is a report as it was put up for the hub.
type Told struct {
	Text string
	At   time.Time
}

func (h *health) run(ctx context.Context) {
	var forgot time.Time
	for ctx.Err() == nil {
		if err := h.tell(ctx); err != nil && ctx.Err() == nil {
			h.log.Warn("no metrics this time", "error", err)
		}
		if now := h.clock.Now(); now.Sub(forgot) >= forgetEvery {
			forgot = now
			h.forget(ctx, now.Add(-h.history))
		}
		sleep(ctx, h.clock, healthEvery, nil)
	}
}

// forget erases old executions and log lines.
func (h *health) forget(ctx context.Context, before time.Time) {
	for ctx.Err() == nil {
		n, err := h.box.Forget(ctx, before)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("old executions could not be erased; it is tried again", "error", err)
		}
		if n == 0 {
			return
		}
	}
}

// text is the report as of now.
func (h *health) text(ctx context.Context) (string, error) {
	counts, err := countsOf(ctx, h.box, h.clock.Now())
	if err != nil {
		return "", err
	}
	return metricsText(counts, h.exec.Stats(), h.exec.Outside(), h.alarms.all(), h.clock.Now().Sub(h.started)), nil
}

// counts are what the inbox says for the report.
type counts struct {
	messages       []inbox.Count
	onHold         int
	paused, window bool
	closedTypes    int
}

func countsOf(ctx context.Context, box *inbox.Box, now time.Time) (c counts, err error) {
	if c.messages, err = box.Counts(ctx); err != nil {
		return c, err
	}
	held, err := box.OnHold(ctx)
	if err != nil {
		return c, err
	}
	for _, n := range held {
		c.onHold += n
	}
	rules, err := box.Rules(ctx)
	if err != nil {
		return c, err
	}
	_, _, c.window = rules.Window(now.In(box.Zone()))
	c.paused, c.closedTypes = rules.Pause.On(), len(rules.ClosedTypes(now.In(box.Zone())))
	return c, nil
}

// gauge is a truth as a figure.
func gauge(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (h *health) tell(ctx context.Context) error {
	text, err := h.text(ctx)
	if err != nil {
		return err
	}
	if err := h.box.PutMetrics(ctx, metricsType, []byte(text)); err != nil {
		return err
	}
	h.last.Store(&Told{text, h.clock.Now()})
	h.up.Wake()
	switch n, err := h.box.BlockStrays(ctx); {
	case err != nil:
		return err
	case n > 0:
		h.alarms.add(link.CodeUpstreamWrong)
		h.log.Error("messages that would never have been sent are blocked: a person must look", "count", n)
	}
	return nil
}

// metricsText writes the report. Label values are codes of ours: nothing in them needs escaping.
func metricsText(c counts, stats executor.Stats, outside []executor.Standing, alarms map[link.Code]int64, uptime time.Duration) string {
	var b strings.Builder
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	head("service_state_up", "gauge", "Whether the service is up.")
	b.WriteString("service_state_up 1\n")
	head("smartlink_agent_uptime_seconds", "gauge", "Time since the agent started.")
	fmt.Fprintf(&b, "smartlink_agent_uptime_seconds %d\n", int64(uptime/time.Second))
	head("smartlink_agent_inbox_messages", "gauge", "Messages in the inbox by direction and state.")
	for _, n := range c.messages {
		fmt.Fprintf(&b, "smartlink_agent_inbox_messages{direction=%q,state=%q} %d\n", strings.ToLower(string(n.Event)), n.State, n.N)
	}
	for _, g := range []struct {
		name, help string
		value      int
	}{
		{"smartlink_agent_on_hold", "Messages that wait for a person to release them.", c.onHold},
		{"smartlink_agent_paused", "Whether a person has paused the execution.", gauge(c.paused)},
		{"smartlink_agent_window", "Whether a maintenance or month-close window is open: nothing is executed.", gauge(c.window)},
		{"smartlink_agent_closed_types", "Message types that a window of their own closes: none of them is executed.", c.closedTypes},
	} {
		head(g.name, "gauge", g.help)
		fmt.Fprintf(&b, "%s %d\n", g.name, g.value)
	}
	head("smartlink_agent_executions_total", "counter", "Executions since the agent started, by what they came to.")
	for _, result := range slices.Sorted(maps.Keys(stats)) {
		fmt.Fprintf(&b, "smartlink_agent_executions_total{result=%q} %d\n", result, stats[result])
	}
	if len(outside) > 0 {
		head("smartlink_agent_consumer_up", "gauge", "Whether a consumer outside of the agent answered last.")
	}
	for _, o := range outside {
		up := 1
		if o.Away != nil {
			up = 0
		}
		fmt.Fprintf(&b, "smartlink_agent_consumer_up{type=%q} %d\n", o.Type, up)
	}
	head("smartlink_agent_alarms_total", "counter", "Alarms since the agent started, by their code.")
	for _, code := range slices.Sorted(maps.Keys(alarms)) {
		fmt.Fprintf(&b, "smartlink_agent_alarms_total{code=%q} %d\n", code, alarms[code])
	}
	return b.String()
}

// alarms counts what people must look at.
type alarms struct {
	mu     sync.Mutex
	counts map[link.Code]int64
}

func newAlarms() *alarms { return &alarms{counts: map[link.Code]int64{}} }

func (a *alarms) add(code link.Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[code]++
}

func (a *alarms) all() map[link.Code]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.counts)
}
