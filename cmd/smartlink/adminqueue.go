package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/internal/clock"
	"smartlink/link"
)

type adminQueueCmd struct {
	List    queueListCmd    `cmd:"" help:"List queues with what waits in them. Example: smartlink admin queue list --tenant UUID"`
	Pause   queuePauseCmd   `cmd:"" help:"Hand nothing out until it is resumed. Example: smartlink admin queue pause QUEUE --reason 'month close'"`
	Resume  queueResumeCmd  `cmd:"" help:"Hand out again. Example: smartlink admin queue resume QUEUE"`
	Hold    queueHoldCmd    `cmd:"" help:"Let a dead letter stop its ordering key, or no longer. Example: smartlink admin queue hold QUEUE on"`
	Redrive queueRedriveCmd `cmd:"" help:"Send dead letters on again. Example: smartlink admin queue redrive QUEUE --all --rate 50"`
	Discard queueDiscardCmd `cmd:"" help:"Give messages up. Example: smartlink admin queue discard QUEUE --all dead --reason 'test data'"`
	Jobs    queueJobsCmd    `cmd:"" help:"Jobs over many messages. Example: smartlink admin queue jobs"`
	Cancel  queueCancelCmd  `cmd:"" help:"Cancel a job. Example: smartlink admin queue cancel JOB"`
}

type queuePauseCmd struct {
	Queue  string `arg:"" help:"Name of the queue."`
	Reason string `required:"" help:"Why; shown to everybody."`
}

func (c *queuePauseCmd) Run(e *env, a *adminCmd) error {
	paused := true
	return changeQueue(e, a, c.Queue, link.QueueChange{Paused: &paused, Reason: c.Reason})
}

type queueResumeCmd struct {
	Queue string `arg:"" help:"Name of the queue."`
}

func (c *queueResumeCmd) Run(e *env, a *adminCmd) error {
	paused := false
	return changeQueue(e, a, c.Queue, link.QueueChange{Paused: &paused})
}

type queueHoldCmd struct {
	Queue string `arg:"" help:"Name of the queue."`
	Hold  string `arg:"" enum:"on,off" help:"on or off."`
}

func (c *queueHoldCmd) Run(e *env, a *adminCmd) error {
	hold := c.Hold == "on"
	return changeQueue(e, a, c.Queue, link.QueueChange{Hold: &hold})
}

func changeQueue(e *env, a *adminCmd, queue string, c link.QueueChange) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	d, err := hub.ChangeQueue(e.ctx, queue, c)
	if err != nil {
		return err
	}
	paused, hold := "no", "no"
	if d.Paused != nil {
		paused = fmt.Sprintf("since %s by %s: %s", when(&d.Paused.At), d.Paused.By, d.Paused.Reason)
	}
	if d.Hold {
		hold = "a dead letter stops its ordering key"
	}
	return a.show(e, d, "queue", d.Queue, "paused", paused, "hold", hold)
}

// jobFlags are those of work over a whole list.
type jobFlags struct {
	Type   string `help:"With --all: only messages of this type." placeholder:"TYPE"`
	Rate   int    `help:"With --all: messages per second at most." placeholder:"N"`
	NoWait bool   `help:"With --all: do not wait for the end."`
}

type queueRedriveCmd struct {
	jobFlags
	Queue string   `arg:"" help:"Name of the queue."`
	IDs   []string `arg:"" optional:"" name:"id" help:"Messages."`
	All   bool     `help:"All that are dead now."`
}

func (c *queueRedriveCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	if c.All && len(c.IDs) == 0 {
		j, err := hub.RedriveAll(e.ctx, c.Queue, c.Type, c.Rate)
		return followed(e, a, hub, j, err, c.NoWait)
	}
	ids, err := namedMessages(c.IDs, c.All, c.jobFlags)
	if err != nil {
		return err
	}
	results, err := hub.Redrive(e.ctx, c.Queue, ids)
	return acted(e, a, results, err)
}

type queueDiscardCmd struct {
	jobFlags
	Queue  string   `arg:"" help:"Name of the queue."`
	IDs    []string `arg:"" optional:"" name:"id" help:"Messages."`
	All    string   `help:"dead or waiting: all that stand in that list now." placeholder:"LIST"`
	Reason string   `required:"" help:"Why; stands in the trace."`
}

func (c *queueDiscardCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	if c.All != "" && len(c.IDs) == 0 {
		j, err := hub.DiscardAll(e.ctx, c.Queue, link.QueueList(c.All), c.Type, c.Reason, c.Rate)
		return followed(e, a, hub, j, err, c.NoWait)
	}
	ids, err := namedMessages(c.IDs, c.All != "", c.jobFlags)
	if err != nil {
		return err
	}
	results, err := hub.Discard(e.ctx, c.Queue, ids, c.Reason)
	return acted(e, a, results, err)
}

// namedMessages reads ids. A wish that could be read in two ways is refused.
func namedMessages(list []string, all bool, f jobFlags) ([]uuid.UUID, error) {
	if len(list) == 0 || all {
		return nil, fmt.Errorf("name messages, or say --all; not both")
	}
	if f != (jobFlags{}) {
		return nil, fmt.Errorf("--type, --rate and --no-wait are for --all")
	}
	ids := make([]uuid.UUID, len(list))
	for i, text := range list {
		id, err := link.ParseUUID(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no message id", text)
		}
		ids[i] = id
	}
	return ids, nil
}

// acted shows what became of each message; any that was refused is a failure.
func acted(e *env, a *adminCmd, results []link.ActResult, err error) error {
	if err != nil {
		return err
	}
	refused := 0
	rows := make([][]string, len(results))
	for i, r := range results {
		rows[i] = []string{r.ID.String(), "done"}
		if r.Code != "" {
			refused++
			rows[i][1] = string(r.Code) + " " + r.Detail
		}
	}
	if a.JSON {
		err = printJSON(e.out, link.ActResponse{Results: results})
	} else {
		err = table(e.out, []string{"MESSAGE", "RESULT"}, rows)
	}
	if err == nil && refused > 0 {
		err = fmt.Errorf("%d of %d messages refused", refused, len(results))
	}
	return err
}

// jobLook is the pause between looks at a running job.
const jobLook = 250 * time.Millisecond

// followed shows a job's progress until its end. When the user gives up, the job is cancelled.
func followed(e *env, a *adminCmd, hub *client.Admin, j link.Job, err error, noWait bool) error {
	if err != nil {
		return err
	}
	bar := progress{w: e.errOut}
	for !j.State.Ended() && !noWait {
		bar.show(j)
		t := clock.Real.NewTimer(jobLook)
		select {
		case <-t.C():
		case <-e.ctx.Done():
			t.Stop()
			bar.end()
			if j, err = hub.CancelJob(context.WithoutCancel(e.ctx), j.ID); err != nil {
				return err
			}
			return fmt.Errorf("cancelled after %d messages; what was done stays done", j.Done)
		}
		if j, err = hub.Job(e.ctx, j.ID); err != nil && e.ctx.Err() == nil {
			bar.end()
			return err
		}
	}
	bar.end()
	if err := a.show(e, j, "job", j.ID.String(), "state", string(j.State), "done", strconv.FormatInt(j.Done, 10),
		"skipped", strconv.FormatInt(j.Skipped, 10)); err != nil {
		return err
	}
	if j.State == link.JobFailed {
		return fmt.Errorf("the job failed: %s", j.Error)
	}
	return nil
}

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct {
	w     io.Writer
	shown bool
}

const barWidth = 30

func (p *progress) show(j link.Job) {
	if !onTerminal(p.w) {
		return
	}
	fmt.Fprint(p.w, "\r"+bar(j)+" ")
	p.shown = true
}

// bar draws how far a job is. How many there are of one type, or of a tenant, nobody knows before the end.
func bar(j link.Job) string {
	if j.Type != "" {
		return fmt.Sprintf("%s of %s: %d", j.Kind, j.Type, j.Done+j.Skipped)
	}
	if j.TenantID != nil {
		return fmt.Sprintf("%s: %d", j.Kind, j.Done+j.Skipped)
	}
	filled := barWidth
	if j.Total > 0 {
		filled = int(min(barWidth, barWidth*(j.Done+j.Skipped)/j.Total))
	}
	return fmt.Sprintf("%s [%s%s] %d/%d", j.Kind, strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), j.Done+j.Skipped, j.Total)
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprintln(p.w)
	}
	p.shown = false
}

func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	i, err := f.Stat()
	return err == nil && i.Mode()&os.ModeCharDevice != 0
}

type queueJobsCmd struct{}

func (c *queueJobsCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	page, err := hub.Jobs(e.ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, page)
	}
	rows := make([][]string, len(page.Items))
	for i, j := range page.Items {
		done := strconv.FormatInt(j.Done+j.Skipped, 10)
		if j.Total > 0 {
			done += "/" + strconv.FormatInt(j.Total, 10)
		}
		rows[i] = []string{j.ID.String(), j.Kind, j.Queue, string(j.State), done, j.By, when(&j.StartedAt), j.Error}
	}
	return table(e.out, []string{"JOB", "KIND", "QUEUE", "STATE", "DONE", "BY", "STARTED", "ERROR"}, rows)
}

type queueCancelCmd struct {
	Job string `arg:"" help:"The job."`
}

func (c *queueCancelCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.Job)
	if err != nil {
		return fmt.Errorf("%q is no job id", c.Job)
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	j, err := hub.CancelJob(e.ctx, id)
	if err != nil {
		return err
	}
	return a.show(e, j, "job", j.ID.String(), "state", string(j.State), "done", strconv.FormatInt(j.Done, 10))
}
