package registry

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"smartlink/internal/clock"
	"smartlink/internal/lifecycle"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

//go:embed migrations/*.sql
var migrations embed.FS

// connections is how many read at the same time; only one of them writes.
const connections = 4

// Options of a Store; zero fields have defaults.
type Options struct {
	Clock  clock.Clock  // default clock.Real
	Logger *slog.Logger // default: no log
}

// Store is the registry in one SQLite file. It is safe for concurrent use. Only one process may
// have the file open; the hub's lock on the data folder sees to that.
type Store struct {
	db    *sql.DB
	clock clock.Clock
	log   *slog.Logger

	write   sync.Mutex // held while something changes
	current atomic.Pointer[Snapshot]
	stale   atomic.Bool // a commit failed: what the file holds is not known

	start startGuard
	uses  uses
	loop  *lifecycle.Loop
}

// Open opens, or makes, the registry and brings its schema up to date.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := sqldb.OpenSQLite(ctx, path, connections)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	s := &Store{db: db, clock: o.Clock, log: o.Logger}
	s.start.guesses = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("registry: %w", err), db.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := sqldb.MigrateSQLite(ctx, s.db, files, "registry_schema"); err != nil {
		return err
	}
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	s.loop = lifecycle.NewLoop(s.writeUses)
	return s.loop.Start(ctx)
}

// Close writes what is still in memory and lets go of the file.
func (s *Store) Close() error {
	ctx := context.Background()
	return errors.Join(s.loop.Stop(ctx), s.flushUses(ctx), s.db.Close())
}

// Current answers the registry as it is now. It takes no lock and reads no file.
func (s *Store) Current() *Snapshot { return s.current.Load() }

// Refresh reads the snapshot from the file anew. The store does that itself after each of its own
// changes; others may have made some too.
func (s *Store) Refresh(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	next, err := load(ctx, s.db, s.current.Load())
	if err != nil {
		return fmt.Errorf("refresh registry: %w", err)
	}
	s.current.Store(next)
	s.stale.Store(false)
	return nil
}

// Check tells whether the registry can be read and written, for /readyz. After a failed commit it
// reads the file anew and so mends the snapshot.
func (s *Store) Check(ctx context.Context) error {
	if s.stale.Load() {
		if err := s.Refresh(ctx); err != nil {
			return err
		}
	}
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.db.BeginTx(ctx, nil) // immediate: it takes the write lock
	if err != nil {
		return fmt.Errorf("registry cannot be written: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM audit`).Scan(&n); err != nil {
		return fmt.Errorf("registry cannot be read: %w", err)
	}
	return nil
}

// change is one transaction with its audit entries, and one moment.
type change struct {
	*sql.Tx
	actor string
	now   time.Time
}

// record adds an audit entry to the transaction.
func (c *change) record(ctx context.Context, action, target, detail string) error {
	return insertAudit(ctx, c.Tx, link.AuditEntry{At: c.now, Actor: c.actor, Action: action, Target: target, Detail: detail})
}

// errNothing ends a change that turned out to change nothing.
var errNothing = errors.New("nothing to change")

// change runs do in one transaction and replaces the snapshot before it returns. A change that was
// begun is finished: a caller who goes away must not leave in doubt what was done. The new snapshot
// is read before the commit, so that a committed revocation cannot fail to take effect.
func (s *Store) change(ctx context.Context, actor string, do func(context.Context, *change) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }()
	switch err := do(ctx, &change{tx, actor, s.clock.Now()}); {
	case errors.Is(err, errNothing):
		return nil
	case err != nil:
		return unavailable(err)
	}
	next, err := load(ctx, tx, s.current.Load())
	if err != nil {
		return unavailable(err)
	}
	if err := tx.Commit(); err != nil {
		s.stale.Store(true)
		return fmt.Errorf("commit: %w", err)
	}
	s.current.Store(next)
	return nil
}

// unavailable gives failures of the file itself, before a commit, their public code.
func unavailable(err error) error {
	if sqldb.IsUnavailable(err) || sqldb.IsBusy(err) {
		return link.NewError(link.CodeUnavailable).Because(err)
	}
	return err
}

// moment and micros turn the file's moments into Go's and back.
func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

func maybe(us sql.NullInt64) *time.Time {
	if !us.Valid {
		return nil
	}
	t := moment(us.Int64)
	return &t
}

func micros(t time.Time) int64 { return t.UnixMicro() }
