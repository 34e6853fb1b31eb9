package exchange

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"smartlink/hub/queue"
	"smartlink/link"
)

// jobChunk is how many messages a job works on at once, so that it never holds senders up for long.
const jobChunk = 100

// jobsKept is how many ended jobs are remembered.
const jobsKept = 100

// jobs are the works over many messages that go on in this hub.
type jobs struct {
	mu      sync.Mutex
	list    []*job // oldest first
	running sync.WaitGroup
	ended   bool // no more are started
}

type job struct {
	link.Job
	cancel context.CancelFunc
}

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
	if j, err := x.jobs.with(w.ID, func(*job) {}); err == nil {
		return w.repeat(j, o)
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
	// It outlives the request that started it.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j := &job{cancel: cancel, Job: link.Job{
		ID: w.ID, Kind: string(w.Kind), Queue: w.Queue.String(), By: o.Name, State: link.JobRunning, StartedAt: x.clock.Now(), Total: total,
		Type: w.Type, Rate: w.Rate, Reason: w.Reason,
	}}
	begun, started := x.jobs.start(j)
	if !started {
		cancel()
		if begun.ID == w.ID {
			return w.repeat(begun, o)
		}
		return link.Job{}, link.NewError(link.CodeUnavailable).Because(errors.New("the hub stops"))
	}
	go func() {
		defer x.jobs.running.Done()
		defer cancel()
		x.jobs.end(j, x.clock.Now, x.work(running, j, w, o.Name))
	}()
	return begun, nil
}

// repeat answers the job that a wish has started already.
func (w Work) repeat(j link.Job, o Operator) (link.Job, error) {
	if j.Kind != string(w.Kind) || j.Queue != w.Queue.String() || j.By != o.Name {
		return link.Job{}, link.NewError(link.CodeConflict, "what", "Job "+j.ID.String(), "whatPT", "O trabalho "+j.ID.String())
	}
	return j, nil
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

// work goes through the list once, from its start to what stood there when the job began.
func (x *Exchange) work(ctx context.Context, j *job, w Work, by string) error {
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
			each, err := x.actAll(ctx, w, ids, by)
			if err != nil {
				return err
			}
			x.jobs.progress(j, each)
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

// Jobs lists the jobs of this hub, the newest first; those that ended are kept for a while. It needs
// link.RoleViewer.
func (x *Exchange) Jobs(o Operator) ([]link.Job, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	x.jobs.mu.Lock()
	defer x.jobs.mu.Unlock()
	list := make([]link.Job, 0, len(x.jobs.list))
	for _, j := range slices.Backward(x.jobs.list) {
		list = append(list, j.Job)
	}
	return list, nil
}

// Job tells about one job. It needs link.RoleViewer. Errors: link.CodeNotFound.
func (x *Exchange) Job(o Operator, id uuid.UUID) (link.Job, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.Job{}, err
	}
	return x.jobs.with(id, func(*job) {})
}

// CancelJob ends a job after the messages it is working on; what was done stays done. It needs
// link.RoleOperator. Errors: link.CodeNotFound.
func (x *Exchange) CancelJob(ctx context.Context, o Operator, id uuid.UUID) (link.Job, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return link.Job{}, err
	}
	j, err := x.jobs.with(id, func(*job) {})
	if err != nil {
		return link.Job{}, err
	}
	of := j.Queue
	if j.TenantID != nil {
		of = "tenant " + j.TenantID.String()
	}
	if err := x.record(ctx, o, "job.cancel", j.ID.String(), j.Kind+" of "+of); err != nil {
		return link.Job{}, err
	}
	return x.jobs.with(id, func(j *job) { j.cancel() })
}

// EndJobs cancels all jobs, takes no more, and waits until they are still. The engine is stopped
// after it.
func (x *Exchange) EndJobs() {
	x.jobs.mu.Lock()
	x.jobs.ended = true
	for _, j := range x.jobs.list {
		j.cancel()
	}
	x.jobs.mu.Unlock()
	x.jobs.running.Wait()
}

// start takes a job up. When it does not, it answers the one of the same id, or none when no more are
// started.
func (s *jobs) start(j *job) (link.Job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return link.Job{}, false
	}
	for _, old := range s.list {
		if old.ID == j.ID {
			return old.Job, false
		}
	}
	for i := 0; len(s.list) >= jobsKept && i < len(s.list); {
		if s.list[i].State == link.JobRunning {
			i++
			continue
		}
		s.list = slices.Delete(s.list, i, i+1)
	}
	s.list = append(s.list, j)
	s.running.Add(1)
	return j.Job, true
}

func (s *jobs) progress(j *job, each []error) {
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

func (s *jobs) end(j *job, now func() time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := now()
	j.EndedAt = &at
	switch {
	case err == nil:
		j.State = link.JobDone
	case errors.Is(err, context.Canceled):
		j.State = link.JobCancelled
	default:
		j.State, j.Code, j.Error = link.JobFailed, link.CodeOf(err), err.Error()
	}
}

// with does something with a job and tells about it.
func (s *jobs) with(id uuid.UUID, do func(*job)) (link.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.list {
		if j.ID == id {
			do(j)
			return j.Job, nil
		}
	}
	return link.Job{}, link.NewError(link.CodeNotFound, "what", "Job "+id.String(), "whatPT", "O trabalho "+id.String())
}
