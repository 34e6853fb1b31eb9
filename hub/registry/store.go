package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"smartlink/internal/clock"
	"smartlink/internal/lifecycle"
	"smartlink/internal/pgdb"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// connections is how many read at the same time; only one of them writes.
const connections = 4

// Options of a Store; zero fields have defaults.
type Options struct {
	Clock  clock.Clock  // default clock.Real
	Logger *slog.Logger // default: no log
	// Keep makes sure, before a file that was gone is opened again, that it is still nobody else's. Default:
	// it is.
	Keep func() error
	// Passwords is what hashing a password costs. Default: what a password needs. Only tests, which log in
	// hundreds of times, take less; no setting reaches it.
	Passwords PasswordCost
}

// Store is the registry, in a SQLite file or in PostgreSQL. It is safe for concurrent use. Only one
// process may have a file open; the hub's lock on the data folder sees to that. PostgreSQL takes any
// number of them.
type Store struct {
	path    string // of the file; empty: no file
	keep    func() error
	cost    PasswordCost
	dialect dialect
	alone   bool // nobody else changes the store
	clock   clock.Clock
	log     *slog.Logger

	write   sync.Mutex // held while something changes
	file    atomic.Pointer[openFile]
	closed  bool
	sick    error      // why the last write failed, when it was the file's fault
	showing sync.Mutex // held from the reading of a snapshot, or its commit, until it is current
	current atomic.Pointer[Snapshot]
	stale   atomic.Bool // a commit failed: what the store holds is not known

	looks *rate.Limiter // for what other hubs changed, beside the regular ones

	start    startGuard
	uses     uses
	refusals refusals
	loop     *lifecycle.Loop
}

// Open opens, or makes, the registry in a SQLite file and brings its schema up to date.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	db, err := sqldb.OpenSQLite(ctx, path, connections)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	s, err := open(ctx, db, inFile{}, nil, o)
	if err != nil {
		return nil, err
	}
	files, err := sqldb.FilesOf(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("registry: %w", err), s.Close())
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.path = path
	s.file.Store(&openFile{db: db, files: files})
	return s, nil
}

// open takes over a database. With config it follows what others change there.
func open(ctx context.Context, db *sql.DB, d dialect, config *pgx.ConnConfig, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Keep == nil {
		o.Keep = func() error { return nil }
	}
	s := &Store{keep: o.Keep, cost: o.Passwords.withDefaults(), dialect: d, alone: config == nil, clock: o.Clock, log: o.Logger}
	s.file.Store(&openFile{db: db})
	s.looks = rate.NewLimiter(rate.Every(lookPause), lookBurst)
	s.start.guesses = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
	if err := s.prepare(ctx, config); err != nil {
		return nil, errors.Join(fmt.Errorf("registry: %w", err), db.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, config *pgx.ConnConfig) error {
	if err := s.dialect.migrate(ctx, s.db()); err != nil {
		return err
	}
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	s.loop = lifecycle.NewLoop(func(ctx context.Context) {
		var both sync.WaitGroup
		both.Go(func() { s.writeUses(ctx) })
		if config != nil {
			both.Go(func() { s.follow(ctx, config) })
		}
		both.Wait()
	})
	return s.loop.Start(ctx)
}

// Close writes what is still in memory and lets go of the file.
func (s *Store) Close() error {
	ctx := context.Background()
	err := errors.Join(s.loop.Stop(ctx), s.flushUses(ctx))
	s.write.Lock()
	defer s.write.Unlock()
	s.closed = true
	return errors.Join(err, s.db().Close())
}

// Current answers the registry as it is now. It takes no lock and reads no file.
func (s *Store) Current() *Snapshot { return s.current.Load() }

// Refresh reads the snapshot anew. The store does that itself after each of its own changes, and after
// those of other hubs.
func (s *Store) Refresh(ctx context.Context) error {
	if s.alone {
		s.write.Lock()
		defer s.write.Unlock()
	}
	return s.refresh(ctx)
}

// refresh is Refresh with s.write held by a store that is alone.
func (s *Store) refresh(ctx context.Context) error {
	s.showing.Lock()
	defer s.showing.Unlock()
	tx, err := s.dialect.reading(ctx, s.db())
	if err != nil {
		return fmt.Errorf("refresh registry: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	next, err := s.load(ctx, tx)
	if err != nil {
		return fmt.Errorf("refresh registry: %w", err)
	}
	s.current.Store(next)
	s.stale.Store(false)
	return nil
}

// load reads a snapshot with the number of the change that it shows.
func (s *Store) load(ctx context.Context, q querier) (*Snapshot, error) {
	n, err := s.dialect.version(ctx, q)
	if err != nil {
		return nil, err
	}
	next, err := load(ctx, q, s.current.Load())
	if err != nil {
		return nil, err
	}
	next.version = n
	return next, nil
}

// Check tells whether the registry can be read and written, for /readyz. After a failed commit it
// reads it anew and so mends the snapshot; after any failed write it tries one; a file that was gone and
// is back is opened again.
func (s *Store) Check(ctx context.Context) error {
	if s.stale.Load() && !s.alone {
		if err := s.Refresh(ctx); err != nil {
			return err
		}
	}
	return s.dialect.check(ctx, s)
}

// change is one transaction with its audit entries, and one moment.
type change struct {
	*sql.Tx
	actor string
	now   time.Time
	quiet bool // nothing that requests look up has changed: the snapshot stays
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
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	c := &change{Tx: tx, actor: actor, now: s.clock.Now()}
	switch err := do(ctx, c); {
	case errors.Is(err, errNothing):
		return nil
	case err != nil:
		return s.failed(err)
	}
	if c.quiet {
		return s.commit(tx)
	}
	if err := s.dialect.changed(ctx, tx); err != nil {
		return s.failed(err)
	}
	next, err := s.load(ctx, tx)
	if err != nil {
		return s.failed(err)
	}
	s.showing.Lock()
	defer s.showing.Unlock()
	if err := s.commit(tx); err != nil {
		s.stale.Store(true)
		return err
	}
	s.current.Store(next)
	return nil
}

// begin begins a transaction that nobody else's runs beside; s.write is held. A file that was gone and
// is back is opened again, and what a failed commit left behind is read.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	if err := s.back(ctx); err != nil {
		return nil, err
	}
	tx, err := s.db().BeginTx(ctx, nil)
	if err != nil {
		return nil, s.failed(fmt.Errorf("begin: %w", err))
	}
	if err := s.dialect.lock(ctx, tx); err != nil {
		return nil, s.failed(errors.Join(fmt.Errorf("lock the registry: %w", err), tx.Rollback()))
	}
	return tx, nil
}

// commit ends a transaction that begin began. When it fails, nobody knows whether it holds:
// link.CodeChangeUnknown.
func (s *Store) commit(tx *sql.Tx) error {
	err := tx.Commit()
	if err == nil {
		err = s.there()
	}
	if err != nil {
		s.sick = err
		return link.NewError(link.CodeChangeUnknown).Because(fmt.Errorf("commit: %w", err))
	}
	s.sick = nil
	return nil
}

// failed notes what stopped a write, and gives it its public code.
func (s *Store) failed(err error) error {
	if sqldb.IsUnavailable(err) {
		s.sick = err
	}
	return unavailable(err)
}

// unavailable gives failures of the store itself, before a commit, their public code.
func unavailable(err error) error {
	if _, coded := errors.AsType[*link.Error](err); coded {
		return err
	}
	switch {
	case pgdb.IsUnavailable(err) || pgdb.IsBusy(err) || pgdb.IsCutOff(err):
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
