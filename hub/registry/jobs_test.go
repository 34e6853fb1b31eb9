package registry

import (
	"errors"
	"testing"
	"time"

	"smartlink/link"
)

// testJobs: a job is one run's at a time; what another run says of it, or who read it too early, changes
// nothing.
func testJobs(t *testing.T, at where) {
	f := newEmpty(t, at)
	tenant := link.NewID()
	want := Job{List: link.ListDead, Run: "a", SeenAt: testStart, Job: link.Job{
		ID: link.NewID(), Kind: "redrive", Queue: "q", TenantID: &tenant, By: "olga", State: link.JobRunning, StartedAt: testStart,
		Type: "T", Rate: 5, Reason: "why", Total: 9,
	}}
	j, added, err := f.AddJob(t.Context(), want)
	if err != nil || !added || *j.TenantID != tenant {
		t.Fatalf("%+v, %t, %v", j, added, err)
	}
	j.TenantID = want.TenantID
	if j != want {
		t.Errorf("%+v, want %+v", j, want)
	}
	again := want
	again.Kind, again.Run, again.TenantID = "discard", "b", nil
	if j, added, err := f.AddJob(t.Context(), again); err != nil || added || j.Kind != "redrive" {
		t.Errorf("%+v, %t, %v", j, added, err)
	}

	f.clock.Advance(time.Second)
	j.Done, j.Skipped = 3, 1
	if cancelled, err := f.BeatJob(t.Context(), j, false); err != nil || cancelled {
		t.Errorf("%t, %v", cancelled, err)
	}
	other := j
	other.Run, other.Done = "b", 7
	if _, err := f.BeatJob(t.Context(), other, false); !errors.Is(err, ErrJobTaken) {
		t.Errorf("another run's word: %v", err)
	}
	if err := f.EndJob(t.Context(), other); !errors.Is(err, ErrJobTaken) {
		t.Errorf("another run's end: %v", err)
	}
	if _, err := f.TakeJob(t.Context(), j, "b"); !errors.Is(err, ErrJobTaken) {
		t.Errorf("taken as it was read before: %v", err)
	}
	read := must(t)(f.Job(t.Context(), j.ID)).(Job)
	if read.Done != 3 || read.Skipped != 1 || !read.SeenAt.Equal(testStart.Add(time.Second)) {
		t.Errorf("%+v", read)
	}
	taken := must(t)(f.TakeJob(t.Context(), read, "b")).(Job)
	if taken.Run != "b" || taken.Done != 3 || taken.Skipped != 0 || taken.Reason != "why" {
		t.Errorf("%+v", taken)
	}
	if _, err := f.TakeJob(t.Context(), read, "c"); !errors.Is(err, ErrJobTaken) {
		t.Errorf("taken twice: %v", err)
	}
	if _, err := f.BeatJob(t.Context(), j, false); !errors.Is(err, ErrJobTaken) {
		t.Errorf("the first run's word: %v", err)
	}

	must(t)(f.CancelJob(t.Context(), j.ID))
	if cancelled, err := f.BeatJob(t.Context(), taken, true); err != nil || !cancelled {
		t.Errorf("%t, %v", cancelled, err)
	}
	if read := must(t)(f.Job(t.Context(), j.ID)).(Job); !read.SeenAt.IsZero() || !read.Cancelled {
		t.Errorf("let go of: %+v", read)
	}
	taken.State, taken.Code, taken.Error = link.JobFailed, link.CodeNoQueue, "no queue"
	if err := f.EndJob(t.Context(), taken); err != nil {
		t.Error(err)
	}
	if ended := must(t)(f.CancelJob(t.Context(), j.ID)).(Job); ended.State != link.JobFailed || ended.EndedAt == nil || ended.Code != link.CodeNoQueue {
		t.Errorf("%+v", ended)
	}
	_, err = f.Job(t.Context(), link.NewID())
	wantRefusal(t, err, link.CodeNotFound)
}

// testJobsAreKept: some that ended, all that run; after a restore none goes on.
func testJobsAreKept(t *testing.T, at where) {
	f := newEmpty(t, at)
	for n := range jobsKept + 3 {
		j := Job{Run: "a", Job: link.Job{ID: link.NewID(), Kind: "redrive", Queue: "q", StartedAt: testStart.Add(time.Duration(n) * time.Second)}}
		must(t)(j, func() error { _, _, err := f.AddJob(t.Context(), j); return err }())
		if n > 0 {
			j.State = link.JobDone
			must(t)(j, f.EndJob(t.Context(), j))
		}
	}
	list := must(t)(f.Jobs(t.Context())).([]Job)
	if len(list) != jobsKept+2 || list[0].StartedAt.Before(list[1].StartedAt) || list[len(list)-1].State != link.JobRunning { // one has ended since
		t.Errorf("%d jobs, %+v", len(list), list[len(list)-1])
	}
	must(t)(nil, f.Restored(t.Context(), System))
	for _, j := range must(t)(f.Jobs(t.Context())).([]Job) {
		if !j.State.Ended() {
			t.Errorf("%+v", j)
		}
	}
}
