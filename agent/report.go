package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	reportEvery = 2 * time.Second // what comes within it is told together; the hub knows a state at most 5 s later
	reportItems = 500             // of one report: well below the size of a message
	reportTime  = 30 * time.Second
)

// report tells the hub in which state messages are (SmartLinkStatus), so that a trace shows what
// happens behind the acknowledgement. What it has told is noted in the rows: a kill loses nothing.
type report struct {
	hub    Hub
	box    *inbox.Box
	clock  clock.Clock
	log    *slog.Logger
	alarms *alarms
	wake   signal // there is something to tell
}

func (r *report) run(ctx context.Context) {
	var fails backoff
	for ctx.Err() == nil {
		n, err := r.pass(ctx)
		wait := reportEvery
		switch {
		case err != nil && ctx.Err() == nil:
			wait = fails.next(err)
			r.log.Warn("reporting states failed; it is tried again", "error", err, "wait", wait)
			if judge(err) == refused && fails.failures == 1 {
				r.alarms.add(link.CodeRefusedByHub)
			}
		case n == reportItems:
			continue // there is more
		case n == 0:
			fails.reset()
			r.wake.await(ctx)
			continue
		default:
			fails.reset()
		}
		sleep(ctx, r.clock, wait, nil)
	}
}

// pass sends one report, if there is something to tell, and answers how many states it told.
func (r *report) pass(ctx context.Context) (int, error) {
	items, err := r.box.Unreported(ctx, reportItems)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	body, err := json.Marshal(link.StatusReport{InstallationID: r.box.Installation().ID.String(), Items: items})
	if err != nil {
		return 0, fmt.Errorf("status report: %w", err)
	}
	send, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	if _, err := r.hub.Send(send, client.Message{Type: link.TypeStatus, Audience: link.LinkProxy, Body: body}); err != nil {
		return 0, err
	}
	return len(items), r.box.Reported(context.WithoutCancel(ctx), items)
}
