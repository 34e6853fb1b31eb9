package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// jobChunk is how many messages a job works on at once, so that it never holds senders up for long.
const jobChunk = 100

// Times of jobs.
const (
	// jobBeat is how often a hub says that it goes on with a job.
	jobBeat = 2 * time.Second
	// jobGone is after how long without a word a job is taken for interrupted: several words may be late,
	// or lost with a database that restarts.
	jobGone = 15 * time.Second
	// jobLook is how often a hub looks for interrupted jobs.
	jobLook = 2 * time.Second
)

// JobStore keeps jobs for all hubs of a store; registry.Store has it.
type JobStore interface {
	AddJob(ctx context.Context, j registry.Job) (registry.Job, bool, error)
	Jobs(ctx context.Context) ([]registry.Job, error)
	OpenJobs(ctx context.Context) ([]registry.Job, error)
	Job(ctx context.Context, id uuid.UUID) (registry.Job, error)
	BeatJob(ctx context.Context, j registry.Job, letGo bool) (cancelled bool, err error)
	EndJob(ctx context.Context, j registry.Job) error
	TakeJob(ctx context.Context, j registry.Job, run string) (registry.Job, error)
	CancelJob(ctx context.Context, id uuid.UUID) (registry.Job, error)
}

// jobs are the works over many messages that go on in this hub. What all hubs know of them stands in the
// store.
type jobs struct {
	run     string // names this hub as long as it runs
	mu      sync.Mutex
	here    map[uuid.UUID]*job
	running sync.WaitGroup
	ended   bool // no more are started
	halt    chan struct{}
	cut     context.Context // done when even what has begun may take no longer
	cutOff  context.CancelFunc
}

func newJobs() *jobs {
	s := &jobs{run: uuid.NewString(), here: map[uuid.UUID]*job{}, halt: make(chan struct{})}
	s.cut, s.cutOff = context.WithCancel(context.Background())
	return s
}

// job is one that goes on here. Its counts change under the lock of jobs.
type job struct {
	registry.Job
	cancel context.CancelCauseFunc
}

// Why a job stops before its end.
var (
	errJobCancelled = errors.New("a person cancelled the job")
	errHubStops     = errors.New("the hub stops")
)

// Work is what a job does to which messages.
type Work struct {
	ID     uuid.UUID // of the job; uuid.Nil: a new one. A repeat with the same is answered with the job there is
	Kind   JobKind
	Queue  queue.Name
	List   link.QueueList // dead or waiting
	Type   string         // only these; "": all
	Rate   int            // messages per second; 0: as fast as it goes
	Reason string
}

// JobKind is what a job does to each message.
type JobKind string

// The kinds of jobs.
const (
	JobRedrive JobKind = "redrive"
	JobDiscard JobKind = "discard"
)

// StartJob begins work over all messages that stand in a list now; those that join meanwhile are left.
// It needs link.RoleOperator. Errors: link.CodeNotFound, link.CodeQueuePaused, link.CodeRequestInvalid,
// link.CodeConflict for an id that another job has.
func (x *Exchange) StartJob(ctx context.Context, o Operator, w Work) (link.Job, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return link.Job{}, err
	}
	if err := w.check(); err != nil {
		return link.Job{}, err
	}
	if w.ID == uuid.Nil {
		w.ID = link.NewID()
	}
	switch j, err := x.directory.Job(ctx, w.ID); {
	case err == nil:
		return x.repeat(w, j, o)
	case link.CodeOf(err) != link.CodeNotFound:
		return link.Job{}, err
	}
	d, err := x.detail(ctx, w.Queue)
	if err != nil {
		return link.Job{}, unknown(w.Queue, err)
	}
	if w.Kind == JobRedrive && d.Paused != nil {
		return link.Job{}, link.NewError(link.CodeQueuePaused, "reason", d.Paused.Reason)
	}
	total := d.Counts[link.StateDead]
	if w.List == link.ListWaiting {
		total = d.Counts[link.StateReady] + d.Counts[link.StateBehind] + d.Counts[link.StateDelayed]
	}
	if w.Type != "" {
		total = 0
	}
	detail := "all " + string(w.List)
	for _, more := range []string{w.Type, w.Reason} {
		if more != "" {
			detail += ", " + more
		}
	}
	if err := x.record(ctx, o, "message."+string(w.Kind), w.Queue.String(), detail); err != nil {
		return link.Job{}, err
	}
	begun, started, err := x.begin(ctx, registry.Job{List: w.List, Job: link.Job{
		ID: w.ID, Kind: string(w.Kind), Queue: w.Queue.String(), By: o.Name, Total: total, Type: w.Type, Rate: w.Rate, Reason: w.Reason,
	}})
	if err == nil && !started {
		return x.repeat(w, begun, o)
	}
	return x.shown(begun), err
}

// repeat answers the job that a wish has started already.
func (x *Exchange) repeat(w Work, j registry.Job, o Operator) (link.Job, error) {
	if j.Kind != string(w.Kind) || j.Queue != w.Queue.String() || j.List != w.List || j.Type != w.Type || j.By != o.Name {
		return link.Job{}, link.NewError(link.CodeConflict, "what", "Job "+j.ID.String(), "whatPT", "O trabalho "+j.ID.String())
	}
	return x.shown(j), nil
}

func (w Work) check() error {
	var wrong link.Error
	if w.Kind == JobDiscard && w.List != link.ListDead && w.List != link.ListWaiting {
		wrong.At("/all", link.CodeRequestInvalid, link.OneOf(string(link.ListDead), string(link.ListWaiting)))
	}
	if w.Type != "" && !link.ValidType(w.Type) {
		wrong.At("/type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", w.Type).Text())
	}
	if w.Rate < 0 || w.Rate > link.MaxJobRate {
		wrong.At("/rate", link.CodeRequestInvalid, link.Range(1, link.MaxJobRate))
	}
	if len(wrong.Errors) > 0 {
		e := link.NewError(link.CodeRequestInvalid)
		e.Errors = wrong.Errors
		return e
	}
	return checkReason(w.Reason, w.Kind == JobDiscard)
}

// begin stores a job and begins to work on it here. False: one of its id is there already, and answered.
func (x *Exchange) begin(ctx context.Context, j registry.Job) (registry.Job, bool, error) {
	if !x.jobs.enter() {
		return registry.Job{}, false, link.NewError(link.CodeUnavailable).Because(errHubStops)
	}
	defer x.jobs.running.Done()
	j.State, j.StartedAt, j.Run = link.JobRunning, x.clock.Now(), x.jobs.run
	j, added, err := x.directory.AddJob(ctx, j)
	if err == nil && added {
		x.goOn(ctx, j)
	}
	return j, added, err
}

// enter begins something that EndJobs waits for. False: the hub stops.
func (s *jobs) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.running.Add(1)
	return true
}

// goOn works on a job that is this hub's. It outlives the request that started it.
func (x *Exchange) goOn(ctx context.Context, stored registry.Job) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	j := &job{Job: stored, cancel: cancel}
	x.jobs.mu.Lock()
	defer x.jobs.mu.Unlock()
	if x.jobs.ended {
		cancel(errHubStops)
	}
	if stored.Cancelled {
		cancel(errJobCancelled)
	}
	x.jobs.here[j.ID] = j
	x.jobs.running.Go(func() {
		var beats sync.WaitGroup
		over := make(chan struct{})
		beats.Go(func() { x.beat(ctx, j, over) })
		err := x.do(ctx, j)
		close(over)
		beats.Wait()
		x.conclude(ctx, j, err)
		cancel(nil)
	})
}

// beat says again and again that the job goes on, and hears whether it should.
func (x *Exchange) beat(ctx context.Context, j *job, over <-chan struct{}) {
	for {
		t := x.clock.NewTimer(jobBeat)
		select {
		case <-t.C():
		case <-over:
			t.Stop()
			return
		}
		switch cancelled, err := x.directory.BeatJob(context.WithoutCancel(ctx), x.jobs.copy(j), false); {
		case errors.Is(err, registry.ErrJobTaken):
			j.cancel(err)
		case err != nil: // if it lasts, another hub goes on
			x.log.Warn("progress of a job not stored", "job", j.ID, "error", err)
		case cancelled:
			j.cancel(errJobCancelled)
		}
	}
}

// do does the work of a job, from its start: what is done is in the list no more.
func (x *Exchange) do(ctx context.Context, j *job) error {
	if JobKind(j.Kind) == JobErase {
		return x.purge(ctx, j)
	}
	tenant, client, err := link.ParseQueueName(j.Queue)
	if err != nil {
		return err
	}
	return x.work(ctx, j, Work{ID: j.ID, Kind: JobKind(j.Kind), Queue: queue.Name{Tenant: tenant, Client: client}, List: j.List, Type: j.Type, Rate: j.Rate, Reason: j.Reason})
}

// conclude stores how a job ended, or lets another hub go on with it.
func (x *Exchange) conclude(ctx context.Context, j *job, err error) {
	end := x.jobs.copy(j)
	end.State = link.JobDone
	why := context.Cause(ctx)
	ctx = context.WithoutCancel(ctx)
	var stored error
	switch code := link.CodeOf(err); {
	case err == nil:
		stored = x.directory.EndJob(ctx, end)
	case errors.Is(why, registry.ErrJobTaken):
		x.log.Info("job is another hub's now", "job", j.ID)
	case errors.Is(why, errHubStops):
		_, stored = x.directory.BeatJob(ctx, end, true)
	case errors.Is(why, errJobCancelled):
		end.State = link.JobCancelled
		stored = x.directory.EndJob(ctx, end)
	case code == link.CodeUnavailable, code == link.CodeOutcomeUnknown:
		x.log.Warn("job interrupted; taken on as soon as it can be", "job", j.ID, "error", err)
	default:
		end.State, end.Code, end.Error = link.JobFailed, code, err.Error()
		stored = x.directory.EndJob(ctx, end)
	}
	if stored != nil && !errors.Is(stored, registry.ErrJobTaken) { // it is taken on, and finds nothing left to do
		x.log.Warn("end of a job not stored", "job", j.ID, "error", stored)
	}
	x.jobs.mu.Lock()
	delete(x.jobs.here, j.ID)
	x.jobs.mu.Unlock()
}

// ResumeJobs takes interrupted jobs on, of hubs that are gone and of this one's runs before, until EndJobs.
func (x *Exchange) ResumeJobs(ctx context.Context) {
	if !x.jobs.enter() {
		return
	}
	go func() {
		defer x.jobs.running.Done()
		for {
			if err := x.resume(ctx); err != nil {
				x.log.Warn("no look for interrupted jobs; looking again", "error", err)
			}
			t := x.clock.NewTimer(jobLook)
			select {
			case <-t.C():
			case <-x.jobs.halt:
				t.Stop()
				return
			}
		}
	}()
}

func (x *Exchange) resume(ctx context.Context) error {
	if !x.jobs.enter() {
		return nil
	}
	defer x.jobs.running.Done()
	list, err := x.directory.OpenJobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range list {
		if x.shown(j).State != link.JobInterrupted {
			continue
		}
		switch taken, err := x.directory.TakeJob(ctx, j, x.jobs.run); {
		case errors.Is(err, registry.ErrJobTaken):
		case err != nil:
			return err
		default:
			x.log.Info("goes on with an interrupted job", "job", j.ID, "kind", j.Kind, "done", j.Done)
			x.goOn(ctx, taken)
		}
	}
	return nil
}

// shown is a job as people see it: as it is at this moment, where it goes on here.
func (x *Exchange) shown(j registry.Job) link.Job {
	x.jobs.mu.Lock()
	defer x.jobs.mu.Unlock()
	if here := x.jobs.here[j.ID]; here != nil && j.State == link.JobRunning {
		return here.Job.Job
	}
	if j.State == link.JobRunning && x.clock.Now().Sub(j.SeenAt) > jobGone {
		j.State = link.JobInterrupted
	}
	return j.Job
}

// work goes through the list once, from its start to what stood there when the job began.
func (x *Exchange) work(ctx context.Context, j *job, w Work) error {
	limit := rate.NewLimiter(rate.Inf, jobChunk)
	if w.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(w.Rate), min(w.Rate, jobChunk))
	}
	b := queue.Browse{Queue: w.Queue, List: lists[w.List], Type: w.Type, Limit: min(cmp.Or(w.Rate, jobChunk), jobChunk)}
	for {
		page, err := x.engine.Browse(ctx, b)
		if err != nil {
			return err
		}
		var ids []uuid.UUID
		for _, e := range page.Items {
			// Not what joined after the start: it might never end.
			if e.State != link.StateLeased && !cmp.Or(deref(e.SettledAt), e.Message.CreatedAt).After(j.StartedAt) {
				ids = append(ids, e.Message.ID)
			}
		}
		if len(ids) > 0 {
			if err := limit.WaitN(ctx, len(ids)); err != nil {
				return err
			}
			// What has begun comes to its end, so that it is counted whatever becomes of the job.
			chunk, stop := x.jobs.unlessCut(ctx)
			each, err := x.actAll(chunk, w, ids, j.By)
			stop()
			if err != nil {
				return err
			}
			x.jobs.count(j, each)
		}
		if page.Next == nil {
			return nil
		}
		b.After = page.Next
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (x *Exchange) actAll(ctx context.Context, w Work, ids []uuid.UUID, by string) ([]error, error) {
	if w.Kind == JobRedrive {
		return x.engine.Redrive(ctx, queue.Redrive{Queue: w.Queue, IDs: ids, By: by})
	}
	return x.engine.Discard(ctx, queue.Discard{Queue: w.Queue, IDs: ids, Reason: w.Reason, By: by})
}

func deref(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Jobs lists the jobs of all hubs, the newest first; those that ended are kept for a while. It needs
// link.RoleViewer. Errors: link.CodeUnavailable.
func (x *Exchange) Jobs(ctx context.Context, o Operator) ([]link.Job, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	stored, err := x.directory.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]link.Job, len(stored))
	for i, j := range stored {
		list[i] = x.shown(j)
	}
	return list, nil
}

// Job tells about one job. It needs link.RoleViewer. Errors: link.CodeNotFound, link.CodeUnavailable.
func (x *Exchange) Job(ctx context.Context, o Operator, id uuid.UUID) (link.Job, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.Job{}, err
	}
	j, err := x.directory.Job(ctx, id)
	if err != nil {
		return link.Job{}, err
	}
	return x.shown(j), nil
}

// CancelJob ends a job, whichever hub works on it, after the messages it is working on; what was done stays
// done. It needs link.RoleOperator. Errors: link.CodeNotFound, link.CodeUnavailable.
func (x *Exchange) CancelJob(ctx context.Context, o Operator, id uuid.UUID) (link.Job, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return link.Job{}, err
	}
	j, err := x.directory.Job(ctx, id)
	if err != nil {
		return link.Job{}, err
	}
	if err := x.record(ctx, o, "job.cancel", j.ID.String(), j.Kind+" of "+cmp.Or(j.Queue, fmt.Sprint(j.TenantID))); err != nil {
		return link.Job{}, err
	}
	if j, err = x.directory.CancelJob(ctx, id); err != nil {
		return link.Job{}, err
	}
	x.jobs.mu.Lock()
	if here := x.jobs.here[id]; here != nil {
		here.cancel(errJobCancelled)
	}
	x.jobs.mu.Unlock()
	if x.shown(j).State == link.JobInterrupted { // nobody would hear of it
		if err := x.resume(ctx); err != nil {
			return link.Job{}, err
		}
	}
	return x.shown(j), nil
}

// unlessCut is a context that outlives a job's own, and ends when EndJobs may wait no longer.
func (s *jobs) unlessCut(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(s.cut, cancel)
	return ctx, func() { unhook(); cancel() }
}

// EndJobs stops the jobs of this hub, takes no more, and waits until they are still: what they have begun
// comes to its end, or is cut off when ctx ends. Another hub goes on with them, or this one when it starts
// again. The engine is stopped after it.
func (x *Exchange) EndJobs(ctx context.Context) {
	x.jobs.mu.Lock()
	if !x.jobs.ended {
		x.jobs.ended = true
		close(x.jobs.halt)
	}
	for _, j := range x.jobs.here {
		j.cancel(errHubStops)
	}
	x.jobs.mu.Unlock()
	defer context.AfterFunc(ctx, x.jobs.cutOff)()
	x.jobs.running.Wait()
}

// count notes what became of some messages.
func (s *jobs) count(j *job, each []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range each {
		if err == nil {
			j.Done++
		} else {
			j.Skipped++
		}
	}
}

// copy is a job as it is now.
func (s *jobs) copy(j *job) registry.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return j.Job
}
