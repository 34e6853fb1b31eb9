package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// jobsKept is how many ended jobs are remembered.
const jobsKept = 100

// Job is work over many messages as the store has it. Its state is never link.JobInterrupted: that is
// told by SeenAt.
type Job struct {
	link.Job
	List      link.QueueList // whose messages; "" of erase
	Run       string         // of the hub that works on it
	SeenAt    time.Time      // when that last said so; zero: it has let go
	Cancelled bool           // a person wants its end
}

// ErrJobTaken says that another hub goes on with a job, or that it has ended.
var ErrJobTaken = errors.New("the job is another hub's, or has ended")

const jobColumns = `id, kind, queue, tenant, list, type, rate, reason, by, state, started_at, ended_at, total, done, skipped, code, error, run, seen_at, cancelled`

func scanJob(row interface{ Scan(...any) error }) (Job, error) {
	var j Job
	var id, tenant []byte
	var started, seen, cancelled int64
	var ended sql.NullInt64
	if err := row.Scan(&id, &j.Kind, &j.Queue, &tenant, &j.List, &j.Type, &j.Rate, &j.Reason, &j.By, &j.State, &started, &ended, &j.Total, &j.Done, &j.Skipped,
		&j.Code, &j.Error, &j.Run, &seen, &cancelled); err != nil {
		return Job{}, err
	}
	var err error
	if j.ID, err = uuid.FromBytes(id); err != nil {
		return Job{}, err
	}
	if tenant != nil {
		t, err := uuid.FromBytes(tenant)
		if err != nil {
			return Job{}, err
		}
		j.TenantID = &t
	}
	j.StartedAt, j.EndedAt, j.Cancelled = moment(started), maybe(ended), cancelled != 0
	if seen != 0 {
		j.SeenAt = moment(seen)
	}
	return j, nil
}

// AddJob stores a job that a hub begins, and lets go of the oldest that ended. False: one of its id is
// there already, and answered. Errors: link.CodeUnavailable.
func (s *Store) AddJob(ctx context.Context, j Job) (Job, bool, error) {
	added := false
	err := s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		var tenant any
		if j.TenantID != nil {
			tenant = j.TenantID[:]
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO job (`+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, $12, 0, 0, '', '', $13, $14, 0)
			ON CONFLICT (id) DO NOTHING`, j.ID[:], j.Kind, j.Queue, tenant, string(j.List), j.Type, j.Rate, j.Reason, j.By, string(link.JobRunning),
			micros(j.StartedAt), j.Total, j.Run, micros(now))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		added = n > 0
		if j, err = scanJob(tx.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM job WHERE id = $1`, j.ID[:])); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM job WHERE ended_at IS NOT NULL AND id NOT IN (SELECT id FROM job WHERE ended_at IS NOT NULL
			ORDER BY started_at DESC, id DESC LIMIT $1)`, jobsKept)
		return err
	})
	if err != nil {
		return Job{}, false, fmt.Errorf("begin job: %w", unavailable(err))
	}
	return j, added, nil
}

// Jobs lists all jobs, the newest first. Errors: link.CodeUnavailable.
func (s *Store) Jobs(ctx context.Context) ([]Job, error) {
	list, err := collect(ctx, s.db(), func(rows *sql.Rows) (Job, error) { return scanJob(rows) }, `SELECT `+jobColumns+` FROM job ORDER BY started_at DESC, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", unavailable(err))
	}
	return list, nil
}

// OpenJobs lists the jobs that have not ended, the oldest first. Errors: link.CodeUnavailable.
func (s *Store) OpenJobs(ctx context.Context) ([]Job, error) {
	list, err := collect(ctx, s.db(), func(rows *sql.Rows) (Job, error) { return scanJob(rows) },
		`SELECT `+jobColumns+` FROM job WHERE ended_at IS NULL ORDER BY started_at, id`)
	if err != nil {
		return nil, fmt.Errorf("open jobs: %w", unavailable(err))
	}
	return list, nil
}

// Job answers one job. Errors: link.CodeNotFound, link.CodeUnavailable.
func (s *Store) Job(ctx context.Context, id uuid.UUID) (Job, error) {
	j, err := scanJob(s.db().QueryRowContext(ctx, `SELECT `+jobColumns+` FROM job WHERE id = $1`, id[:]))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Job{}, link.NewError(link.CodeNotFound, "what", "Job "+id.String(), "whatPT", "O trabalho "+id.String())
	case err != nil:
		return Job{}, fmt.Errorf("job: %w", unavailable(err))
	}
	return j, nil
}

// BeatJob notes that the run j.Run goes on with a job, and how far it is; letGo, that it stops and another
// may go on at once. It answers whether a person wants its end. Errors: ErrJobTaken, link.CodeUnavailable.
func (s *Store) BeatJob(ctx context.Context, j Job, letGo bool) (cancelled bool, err error) {
	err = s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		seen := micros(now)
		if letGo {
			seen = 0
		}
		var asked int64
		err := tx.QueryRowContext(ctx, `UPDATE job SET done = $1, skipped = $2, seen_at = $3 WHERE id = $4 AND run = $5 AND state = $6 RETURNING cancelled`,
			j.Done, j.Skipped, seen, j.ID[:], j.Run, string(link.JobRunning)).Scan(&asked)
		cancelled = asked != 0
		return err
	})
	return cancelled, ofJob(err)
}

// EndJob stores how a job ended that j.Run works on. Errors: ErrJobTaken, link.CodeUnavailable.
func (s *Store) EndJob(ctx context.Context, j Job) error {
	return ofJob(s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		var id []byte
		return tx.QueryRowContext(ctx, `UPDATE job SET state = $1, ended_at = $2, done = $3, skipped = $4, code = $5, error = $6, seen_at = $7
			WHERE id = $8 AND run = $9 AND state = $10 RETURNING id`, string(j.State), micros(now), j.Done, j.Skipped, string(j.Code), j.Error, micros(now),
			j.ID[:], j.Run, string(link.JobRunning)).Scan(&id)
	}))
}

// TakeJob gives a job, as it was read, to another run. What was skipped is counted anew, since the run
// begins at the start of the list. Errors: ErrJobTaken when it is not as it was read, link.CodeUnavailable.
func (s *Store) TakeJob(ctx context.Context, j Job, run string) (Job, error) {
	err := s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		seen := int64(0)
		if !j.SeenAt.IsZero() {
			seen = micros(j.SeenAt)
		}
		var err error
		j, err = scanJob(tx.QueryRowContext(ctx, `UPDATE job SET run = $1, seen_at = $2, skipped = 0 WHERE id = $3 AND run = $4 AND seen_at = $5 AND state = $6
			RETURNING `+jobColumns, run, micros(now), j.ID[:], j.Run, seen, string(link.JobRunning)))
		return err
	})
	return j, ofJob(err)
}

// CancelJob notes that a person wants a job's end; one that has ended stays as it is. Errors:
// link.CodeNotFound, link.CodeUnavailable.
func (s *Store) CancelJob(ctx context.Context, id uuid.UUID) (Job, error) {
	err := s.small(ctx, func(tx *sql.Tx, _ time.Time) error {
		_, err := tx.ExecContext(ctx, `UPDATE job SET cancelled = 1 WHERE id = $1 AND state = $2`, id[:], string(link.JobRunning))
		return err
	})
	if err != nil {
		return Job{}, fmt.Errorf("cancel job: %w", unavailable(err))
	}
	return s.Job(ctx, id)
}

// ofJob tells what became of a job that should have been there.
func ofJob(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrJobTaken
	}
	return fmt.Errorf("job: %w", unavailable(err))
}
