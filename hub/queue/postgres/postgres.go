// Package postgres keeps queues in PostgreSQL, shared by any number of hubs: the queue driver for more
// than one machine.
//
// Everything stands in the store: leases too, so they outlast a hub. A hub remembers only when it has
// to look next for ended leases, who reads where, and what saves it a look; see memory. A group is one
// transaction of a few round trips: it looks at what its operations need, takes every lock it may have to
// wait for, computes, and writes with one statement per table. Locks are taken in one order by all hubs
// (queues, health, requests, ordering keys, deliveries, each sorted), and nothing is waited for after them,
// so groups of several hubs and lanes never wait for each other in a circle; see group.
package postgres

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// distribute spreads the tables where the database has Citus.
//
//go:embed distribute.sql
var distribute string

// Bounds of what a Store takes of the server.
const (
	maxLanes = 4
	readers  = 5 // connections that read beside the lanes, one of them to keep history
)

// shards is how many parts tenants are hashed into; a multiple of every possible number of lanes, so
// that hubs with different numbers agree on the parts.
const shards = 12

// groupTimeout bounds one group, so that a network that swallows packets stops no lane for ever.
const groupTimeout = 30 * time.Second

// connectTimeout bounds an attempt to connect, unless the address says another.
const connectTimeout = 10 * time.Second

// Options of a Store; zero fields have defaults.
type Options struct {
	// Clock tells the time of the store; nil: the database's clock does, so that hubs agree. For
	// tests.
	Clock clock.Clock
	// Lanes is how many groups are applied at the same time, 1 to 4. Default 2.
	Lanes int
	// Alone says that no other hub uses the database: nobody is told of news and nobody's is heard.
	Alone  bool
	Logger *slog.Logger
}

// Store is a queue.Driver on a PostgreSQL database that it may share with others.
type Store struct {
	opt    Options
	config *pgxpool.Config
	pool   *pgxpool.Pool
	sick   atomic.Bool // the last group could not be stored
	slot   int16       // of this store's counts

	tags tags
	// oldRequests is when the last request was noted under an old name; see queue.OldRequestDigest.
	oldRequests time.Time

	lanes   []laneState
	keeper  keeper
	known   known
	memory  memory
	onReady func(queue.Name)
	news    *news // nil: Alone
	// retention tells how long a tenant's history is there.
	retention func(uuid.UUID) queue.Retention

	deadlocks atomic.Int64 // groups that were repeated because of one; none is expected
}

var _ queue.Driver = (*Store)(nil)

// laneState is what a lane remembers. Apply is its only writer.
type laneState struct {
	mu    sync.Mutex
	due   time.Time     // when to look next, by the store's clock
	at    time.Time     // the store's clock at the last group
	heard time.Duration // when that was, by this machine's Elapsed
	swep  time.Time     // when the dedupe window is looked at next
}

// Open connects to a database, brings its schema up to date, and begins a new epoch of delivery tags.
// dsn is a PostgreSQL URL or keyword string.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Lanes = min(max(cmp.Or(o.Lanes, 2), 1), maxLanes)
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the address of the queue database: %w", err)
	}
	config.ConnConfig.ConnectTimeout = cmp.Or(config.ConnConfig.ConnectTimeout, connectTimeout)
	config.MaxConns = int32(o.Lanes + readers)
	// Every statement is meant for one index, and its plan is made when the tables are still empty. Told
	// so, the planner cannot choose to read a table that will be large.
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name": cmp.Or(config.ConnConfig.RuntimeParams["application_name"], "smartlink"), "timezone": "UTC", "synchronous_commit": "on", "plan_cache_mode": "force_generic_plan", "jit": "off",
		"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
		"idle_in_transaction_session_timeout": "60s",
	})
	s := &Store{opt: o, config: config, lanes: make([]laneState, o.Lanes), onReady: func(queue.Name) {}, retention: forever}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// open connects anew. What fails leaves nothing open.
func (s *Store) open(ctx context.Context) (err error) {
	pool, err := pgxpool.NewWithConfig(ctx, s.config)
	if err != nil {
		return fmt.Errorf("open the queue database: %w", err)
	}
	s.pool = pool
	defer func() {
		if err != nil {
			s.pool.Close()
		}
	}()
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("open the queue database: %w", err)
	}
	epoch, err := s.raiseEpoch(ctx)
	if err != nil {
		return fmt.Errorf("open the queue database: %w", err)
	}
	var old int64
	if err := s.pool.QueryRow(ctx, `SELECT value FROM meta WHERE name = 'old_requests'`).Scan(&old); err != nil {
		return fmt.Errorf("open the queue database: %w", err)
	}
	s.oldRequests = time.UnixMicro(old)
	s.slot = int16(epoch % slots)
	s.tags.begin(epoch)
	for i := range s.lanes {
		l := &s.lanes[i]
		l.mu.Lock()
		l.due, l.swep = time.Time{}, time.Time{} // look at once
		l.mu.Unlock()
	}
	s.sick.Store(false)
	if !s.opt.Alone {
		s.news = s.listen()
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = db.Close() }()
	if err := sqldb.MigratePostgres(ctx, db, files, "queue_schema"); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, distribute); err != nil {
		return fmt.Errorf("spread the tables: %w", err)
	}
	return nil
}

// raiseEpoch begins a new epoch of tags, which no other store gets.
func (s *Store) raiseEpoch(ctx context.Context) (epoch int64, err error) {
	err = s.pool.QueryRow(ctx, `UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value`).Scan(&epoch)
	return epoch, err
}

// Close lets go of the database. Open leases stay open.
func (s *Store) Close() error {
	if s.news != nil {
		s.news.close()
		s.news = nil
	}
	s.pool.Close()
	return nil
}

// Reopen connects anew. Open leases stay open.
func (s *Store) Reopen(ctx context.Context) error {
	if err := s.Close(); err != nil {
		return err
	}
	return s.open(ctx)
}

// Check tells whether the store can be written: it asks the server, and after a failure tries a write.
func (s *Store) Check(ctx context.Context) error {
	if s.sick.Load() {
		if _, err := s.pool.Exec(ctx, `UPDATE meta SET value = value + 1 WHERE name = 'probe'`); err != nil {
			return fmt.Errorf("write to the queue database: %w", err)
		}
		s.sick.Store(false)
		return nil
	}
	var standby bool
	if err := s.pool.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); err != nil {
		return fmt.Errorf("ask the queue database: %w", err)
	}
	if standby {
		return errors.New("the queue database is a standby: it cannot be written")
	}
	return nil
}

// OnReady registers who is told which queues got something ready.
func (s *Store) OnReady(f func(queue.Name)) { s.onReady = f }

// Lanes is how many groups are applied at the same time.
func (s *Store) Lanes() int { return len(s.lanes) }

// Lane goes by the tenant's shard.
func (s *Store) Lane(tenant uuid.UUID) int { return int(shardOf(tenant)) % len(s.lanes) }

// shardsOf are the shards of a lane.
func (s *Store) shardsOf(lane int) []int16 {
	var list []int16
	for i := lane; i < shards; i += len(s.lanes) {
		list = append(list, int16(i))
	}
	return list
}

// shardOf is the part of the tenants that one belongs to.
func shardOf(tenant uuid.UUID) int16 {
	h := fnv.New32a()
	_, _ = h.Write(tenant[:])
	return int16(h.Sum32() % shards)
}

// Times of looking for what is due.
const (
	// lookEvery is the longest pause: another hub may have died with leases open, or its news may be lost.
	lookEvery = time.Second
	// late is how much later than the database a lane looks, when the database's clock counts: it is
	// known only roughly.
	late = 2 * time.Millisecond
)

// NextDue tells in how long a lane has to look for leases and delays that are over. The database's clock
// is followed by this machine's passing time: a clock of this machine that jumps does not matter.
func (s *Store) NextDue(lane int) (time.Duration, bool) {
	l := &s.lanes[lane]
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.due.IsZero():
		return 0, true
	case s.opt.Clock != nil:
		return l.due.Sub(s.opt.Clock.Now()), true
	}
	return l.due.Sub(l.at) + late - (clock.Real.Elapsed() - l.heard), true
}

// given is the time of tests, nil where the database's counts.
func (s *Store) given() *time.Time {
	if s.opt.Clock == nil {
		return nil
	}
	now := s.opt.Clock.Now().Truncate(time.Microsecond)
	return &now
}

// tagBits is the width of a tag's counter, below its epoch.
const tagBits = 32

// tagReserve is what is left of an epoch when a new one is begun: more than the groups on their way
// can use.
const tagReserve = 1 << 20

// tags gives out tags: epoch·2^32 + counter. An epoch belongs to one opening of one store.
type tags struct {
	mu             sync.Mutex
	epoch, counter int64
}

func (t *tags) begin(epoch int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch, t.counter = epoch, 0
}

func (t *tags) next() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counter++
	return t.epoch<<tagBits | t.counter
}

// spent tells whether it is time for a new epoch.
func (t *tags) spent() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counter >= 1<<tagBits-tagReserve
}

// readOnly is how reads of several statements see one state of the store.
var readOnly = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
