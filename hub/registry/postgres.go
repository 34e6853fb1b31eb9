package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/clock"
	"smartlink/internal/pgdb"
	"smartlink/internal/sqldb"
)

// channel is where hubs tell each other that the registry changed.
const channel = "smartlink_registry"

// Times of following what other hubs change.
const (
	// lookEvery is how often the number of the last change is looked at, for when nobody's news comes
	// through: with it a change is seen everywhere within a second.
	lookEvery = 500 * time.Millisecond
	// lookTime bounds one look, with the reading of the registry after it.
	lookTime = 20 * time.Second
	// lookPause and lookBurst bound the looks of CaughtUp.
	lookPause = 50 * time.Millisecond
	lookBurst = 20
)

// OpenPostgres opens the registry in a PostgreSQL database that any number of hubs share, and brings its
// schema up to date. What another hub changes is seen within a second. dsn is a URL or keyword string.
func OpenPostgres(ctx context.Context, dsn string, o Options) (*Store, error) {
	config, err := pgdb.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	db, err := pgdb.Open(ctx, config, connections)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	return open(ctx, db, shared{}, config, o)
}

// shared is a registry in PostgreSQL.
type shared struct{}

func (shared) migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return err
	}
	return sqldb.MigratePostgres(ctx, db, files, "registry_schema")
}

func (shared) lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT n FROM registry_version FOR UPDATE`)
	return err
}

func (shared) changed(ctx context.Context, tx *sql.Tx) error {
	var n int64
	if err := tx.QueryRowContext(ctx, `UPDATE registry_version SET n = n + 1 RETURNING n`).Scan(&n); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, strconv.FormatInt(n, 10))
	return err
}

func (shared) version(ctx context.Context, q querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT n FROM registry_version`).Scan(&n)
	return n, err
}

func (shared) reading(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	return db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (shared) check(ctx context.Context, s *Store) error {
	var standby bool
	if err := s.db().QueryRowContext(ctx, `SELECT pg_is_in_recovery() FROM registry_version`).Scan(&standby); err != nil {
		return fmt.Errorf("registry cannot be read: %w", err)
	}
	if standby {
		return errors.New("registry cannot be written: its database is a standby")
	}
	return nil
}

// follow keeps the snapshot at what other hubs changed, until ctx ends: told by them, and by looking.
func (s *Store) follow(ctx context.Context, config *pgx.ConnConfig) {
	told := make(chan struct{}, 1)
	var hearing sync.WaitGroup
	hearing.Go(func() {
		pgdb.Listen(ctx, config, channel, s.log, func(string, bool) {
			select {
			case told <- struct{}{}:
			default: // it will be seen with what was told already
			}
		})
	})
	defer hearing.Wait()
	away := false
	for {
		look := clock.Real.NewTimer(lookEvery)
		select {
		case <-ctx.Done():
			look.Stop()
			return
		case <-told:
			look.Stop()
		case <-look.C():
		}
		err := s.catchUp(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !away {
			s.log.WarnContext(ctx, "registry not read; what other hubs change is not seen meanwhile", "error", err)
		} else if err == nil && away {
			s.log.InfoContext(ctx, "registry is read again")
		}
		away = err != nil
	}
}

// CaughtUp looks whether another hub changed the registry a moment ago, and tells whether it did; then the
// snapshot is new. Whoever does not find a credential asks it before saying no: behind a load balancer
// the next call of who made it comes to another hub, and may be faster than the news. Guesses of
// strangers do not reach the store more often than lookBurst times at once and then every lookPause.
func (s *Store) CaughtUp(ctx context.Context) bool {
	if s.alone || !s.looks.Allow() {
		return false
	}
	before := s.Current()
	if err := s.catchUp(ctx); err != nil {
		s.log.DebugContext(ctx, "registry not read", "error", err)
	}
	return s.Current() != before
}

// catchUp reads the registry anew if it is not what the snapshot shows.
func (s *Store) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	n, err := s.dialect.version(ctx, s.db())
	if err != nil {
		return err
	}
	// A change of this store may be committed and not shown yet: it is waited for, not read once more.
	s.showing.Lock()
	shown := n == s.Current().version && !s.stale.Load()
	s.showing.Unlock()
	if shown {
		return nil
	}
	return s.Refresh(ctx)
}
