package exchange_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

// jobStore is a registry on a file of the test's.
func jobStore(t *testing.T, c clock.Clock) *registry.Store {
	t.Helper()
	s, err := registry.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), registry.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// slowEngine redrives a message whenever it is let to, or when its caller will wait no longer; the list ends
// when the test says so.
type slowEngine struct {
	*engine
	let  chan struct{}
	done atomic.Int64
	end  atomic.Bool
}

func (e *slowEngine) Browse(context.Context, queue.Browse) (queue.Page, error) {
	p := queue.Page{Items: []queue.Entry{{Message: link.Message{ID: link.NewID()}, State: link.StateDead}}}
	if !e.end.Load() {
		p.Next = &queue.Cursor{}
	}
	return p, nil
}

func (e *slowEngine) Redrive(ctx context.Context, r queue.Redrive) ([]error, error) {
	select {
	case <-e.let:
		e.done.Add(int64(len(r.IDs)))
		return make([]error, len(r.IDs)), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// away is a store that a hub cannot reach while it is gone.
type away struct {
	exchange.JobStore
	gone atomic.Bool
}

func (a *away) BeatJob(ctx context.Context, j registry.Job, letGo bool) (bool, error) {
	if a.gone.Load() {
		return false, link.NewError(link.CodeUnavailable)
	}
	return a.JobStore.BeatJob(ctx, j, letGo)
}

func (a *away) EndJob(ctx context.Context, j registry.Job) error {
	if a.gone.Load() {
		return link.NewError(link.CodeUnavailable)
	}
	return a.JobStore.EndJob(ctx, j)
}

// hubOfJobs is what a job needs of a hub.
type hubOfJobs struct {
	*exchange.Exchange
	engine *slowEngine
	away   *away
}

var olga = exchange.Operator{Name: "olga", Role: link.RoleOperator}

// withHubs has hubs of one store work in a bubble of synctest: time passes only when all of them wait, so that none is
// taken for gone because it did not come to say a word.
func withHubs(t *testing.T, n int, do func(t *testing.T, hubs []hubOfJobs)) {
	synctest.Test(t, func(t *testing.T) {
		store := jobStore(t, clock.Real)
		hubs := make([]hubOfJobs, n)
		for i := range hubs {
			_, e := people()
			h := hubOfJobs{engine: &slowEngine{engine: e, let: make(chan struct{})}, away: &away{JobStore: store}}
			h.Exchange = exchange.New(h.engine, &directory{JobStore: h.away}, discard)
			h.UseClock(clock.Real)
			t.Cleanup(func() {
				cut, cancel := context.WithCancel(context.Background())
				cancel() // what has begun is waited for by nobody
				h.EndJobs(cut)
			})
			hubs[i] = h
		}
		do(t, hubs)
	})
}

func (h hubOfJobs) start(t *testing.T) link.Job {
	t.Helper()
	j, err := h.StartJob(t.Context(), olga, exchange.Work{Kind: exchange.JobRedrive, Queue: rmQueue, List: link.ListDead})
	if err != nil || j.State != link.JobRunning {
		t.Fatalf("%+v, %v", j, err)
	}
	return j
}

// goOn lets everything be redriven, each message in its time.
func (h hubOfJobs) goOn(t *testing.T) {
	go func() {
		for {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-t.Context().Done():
				return
			}
			select {
			case h.engine.let <- struct{}{}:
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// finish lets the list end, and everything that stands in it be redriven.
func (h hubOfJobs) finish(t *testing.T) {
	h.engine.end.Store(true)
	h.goOn(t)
}

// until lets time pass until a job is as it should be.
func (h hubOfJobs) until(t *testing.T, id uuid.UUID, so func(link.Job) bool) link.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		synctest.Wait()
		j, err := h.Job(ctx, olga, id)
		if ctx.Err() != nil {
			t.Fatalf("still %+v, %v", j, err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if so(j) {
			return j
		}
		<-time.After(100 * time.Millisecond)
	}
}

// TestJobsOfOtherHubs: every hub sees how far a job is, and cancels it.
func TestJobsOfOtherHubs(t *testing.T) {
	withHubs(t, 2, func(t *testing.T, hubs []hubOfJobs) {
		a, b := hubs[0], hubs[1]
		id := a.start(t).ID
		a.engine.let <- struct{}{}
		a.engine.let <- struct{}{}
		b.until(t, id, func(j link.Job) bool { return j.Done >= 1 && j.State == link.JobRunning })
		if list, err := b.Jobs(t.Context(), olga); err != nil || len(list) != 1 || list[0].ID != id || list[0].By != "olga" || list[0].Total != 16 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := b.CancelJob(t.Context(), olga, id); err != nil {
			t.Fatal(err)
		}
		a.goOn(t) // also what it is working on while it hears of it
		j := b.until(t, id, func(j link.Job) bool { return j.State.Ended() })
		if done := a.engine.done.Load(); j.State != link.JobCancelled || j.Done != done || done < 3 || j.EndedAt == nil {
			t.Errorf("%+v of %d", j, done)
		}
		_, err := b.CancelJob(t.Context(), olga, link.NewID())
		wantCode(t, err, link.CodeNotFound)
	})
}

// TestInterruptedJobIsTakenOn: when a hub is heard of no more, one other goes on with its job; when it comes
// back, it changes nothing any more.
func TestInterruptedJobIsTakenOn(t *testing.T) {
	withHubs(t, 3, func(t *testing.T, hubs []hubOfJobs) {
		a, b, c := hubs[0], hubs[1], hubs[2]
		id := a.start(t).ID
		a.engine.let <- struct{}{}
		b.until(t, id, func(j link.Job) bool { return j.Done == 1 })
		a.away.gone.Store(true)
		b.until(t, id, func(j link.Job) bool { return j.State == link.JobInterrupted })

		b.ResumeJobs(t.Context())
		c.ResumeJobs(t.Context())
		var by hubOfJobs
		select {
		case b.engine.let <- struct{}{}:
			by = b
		case c.engine.let <- struct{}{}:
			by = c
		}
		select {
		case b.engine.let <- struct{}{}:
			if by != b {
				t.Error("two hubs go on")
			}
		case c.engine.let <- struct{}{}:
			if by != c {
				t.Error("two hubs go on")
			}
		}
		by.until(t, id, func(j link.Job) bool { return j.Done == 3 && j.State == link.JobRunning })

		a.away.gone.Store(false)
		a.goOn(t)                                                                                  // it hears that the job is another's
		a.until(t, id, func(j link.Job) bool { return j.Done == 3 && j.State == link.JobRunning }) // what is stored, not its own
		by.finish(t)
		j := a.until(t, id, func(j link.Job) bool { return j.State.Ended() })
		if j.State != link.JobDone || j.Done < 4 || j.By != "olga" {
			t.Errorf("%+v", j)
		}
	})
}

// TestStoppedHubHandsItsJobsOver: at once, without a time in which nobody knows; also to whoever only
// wants their end.
func TestStoppedHubHandsItsJobsOver(t *testing.T) {
	withHubs(t, 2, func(t *testing.T, hubs []hubOfJobs) {
		a, b := hubs[0], hubs[1]
		first, second := a.start(t).ID, a.start(t).ID
		a.goOn(t) // what has begun comes to its end
		a.EndJobs(t.Context())
		if j, err := b.Job(t.Context(), olga, first); err != nil || j.State != link.JobInterrupted {
			t.Errorf("%+v, %v", j, err)
		}
		if _, err := a.StartJob(t.Context(), olga, exchange.Work{Kind: exchange.JobRedrive, Queue: rmQueue, List: link.ListDead}); link.CodeOf(err) != link.CodeUnavailable {
			t.Errorf("started at a hub that stops: %v", err)
		}
		if _, err := b.CancelJob(t.Context(), olga, second); err != nil { // takes the first on too
			t.Fatal(err)
		}
		b.until(t, second, func(j link.Job) bool { return j.State == link.JobCancelled })
		b.finish(t)
		b.until(t, first, func(j link.Job) bool { return j.State == link.JobDone })
	})
}
