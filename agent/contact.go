package agent

import (
	"context"
	"sync"
	"time"

	"smartlink/agent/executor"
)

// contact is how the link to the hub is, as the loop that is always in touch with it sees it.
type contact struct {
	mu      sync.Mutex
	last    time.Time // answer of the hub
	trouble error     // of the last call; nil: it went well
}

// note notes how a call went. A stop is no trouble.
func (c *contact) note(ctx context.Context, now time.Time, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble = err; err == nil {
		c.last = now
	}
}

// Contact tells when the hub last answered (zero: not yet) and what was wrong with the last call (nil:
// nothing).
func (a *Agent) Contact() (last time.Time, trouble error) {
	a.contact.mu.Lock()
	defer a.contact.mu.Unlock()
	return a.contact.last, a.contact.trouble
}

// Metrics are what the agent tells about itself, in Prometheus' text format, as of now.
func (a *Agent) Metrics(ctx context.Context) (string, error) {
	g := a.guard.Load()
	if g == nil {
		return "", errNotRunning
	}
	if w := a.work.Load(); w != nil {
		return w.health.text(ctx)
	}
	c, err := countsOf(ctx, g.box, a.cfg.Clock.Now())
	if err != nil {
		return "", err
	}
	return metricsText(c, nil, nil, a.alarms.all(), a.cfg.Clock.Now().Sub(a.started)), nil
}

// Told is the last health report that was put up for the hub; the zero value: none yet.
func (a *Agent) Told() Told {
	w := a.work.Load()
	if w == nil {
		return Told{}
	}
	if last := w.health.last.Load(); last != nil {
		return *last
	}
	return Told{}
}

// Outside answers how the consumers outside of the agent are; none while it stands by.
func (a *Agent) Outside() []executor.Standing {
	if w := a.work.Load(); w != nil {
		return w.exec.Outside()
	}
	return nil
}
