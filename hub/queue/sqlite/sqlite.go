// Package sqlite keeps queues in one SQLite file, and what has ended in one more for each day: the queue
// driver that needs nothing.
//
// There is one writer. Which deliveries are leased, the counter of delivery tags and the next ready
// deliveries of each queue live in memory; the file holds everything else, and enough of the leases
// to tell after a restart which were cut off. What stands in memory about a message is there only
// after its transaction was committed, and it is bounded: see window.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlraw"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read beside the writer.
const readers = 4

// Options of a Store; zero fields have defaults.
type Options struct {
	Clock clock.Clock
	// Window is how many ready deliveries of each queue are kept in memory at most, roughly.
	// Default 1024: two of the largest gets.
	Window int
	// Keep makes sure, before a file that was gone is opened again, that it is still nobody else's. Default:
	// it is.
	Keep func() error
	// LogPages is how many pages the log has when it is moved into the file. Default 4000.
	LogPages int
	// History is the folder of the files of what has ended, one for each day. Default: history, beside
	// the store's own file.
	History string
}

// Store is a queue.Driver on one file. Only one process may have it open; the hub's lock on the
// data folder sees to that.
type Store struct {
	path string
	opt  Options

	// write is held while something is written; it owns the writing connection and its statements.
	write   sync.Mutex
	conn    *sqlraw.Conn
	st      *statements
	files   *sqldb.Files
	sick    error // why the last group could not be stored, when it was the store's fault
	numbers numbers
	// oldRequests is when the last request was noted under an old name; see queue.OldRequestDigest. 0: never.
	oldRequests int64

	reader  *sql.DB
	mover   logMover
	memory  memory
	history *history
	keeper  keeper
	onReady func(queue.Name)
	// retention tells how long a tenant's history is there.
	retention func(uuid.UUID) queue.Retention

	// began and passed are what the clock and its Elapsed told at the opening.
	began  time.Time
	passed time.Duration
}

var _ queue.Driver = (*Store)(nil)

// numbers count up; only the writer uses them. A group that is rolled back leaves a gap.
type numbers struct {
	message int64 // last mid or pos: places and messages are one sequence
	dedupe  int64 // last n of dedupe
}

// Open opens, or makes, the store. Deliveries that were leased when it was last closed, cleanly or
// not, are ready again and told as hub-restarted.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	o.Window = cmp.Or(o.Window, 1024)
	o.LogPages = cmp.Or(o.LogPages, 4000)
	if o.Keep == nil {
		o.Keep = func() error { return nil }
	}
	o.History = cmp.Or(o.History, filepath.Join(filepath.Dir(path), "history"))
	s := &Store{path: path, opt: o, onReady: func(queue.Name) {}, retention: forever, began: o.Clock.Now(), passed: o.Clock.Elapsed()}
	if err := s.open(ctx, sqldb.OpenSQLiteGathered); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, open func(ctx context.Context, path string, maxConns int) (*sql.DB, error)) error {
	if err := s.settle(ctx, open); err != nil {
		return err
	}
	var err error
	if s.conn, err = sqldb.OpenSQLiteRaw(s.path); err != nil {
		return err
	}
	for _, q := range []string{secureDelete, logLimit, logHardCap} {
		if err := s.conn.Exec(q); err != nil {
			return fmt.Errorf("open %s: %w", s.path, err)
		}
	}
	if s.st, err = prepare(s.conn); err != nil {
		return fmt.Errorf("prepare statements of %s: %w", s.path, err)
	}
	if s.history, err = openHistory(s.opt.History); err != nil {
		return err
	}
	if s.reader, err = sqldb.ReopenSQLite(ctx, s.path, readers); err != nil {
		return err
	}
	s.files, err = sqldb.FilesOf(s.path)
	s.sick = nil
	return err
}

// settle brings the file up to date and reads what stands in memory.
func (s *Store) settle(ctx context.Context, open func(ctx context.Context, path string, maxConns int) (*sql.DB, error)) (err error) {
	db, err := open(ctx, s.path, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := shrinks(ctx, db); err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations of the queue store: %w", err)
	}
	if err := sqldb.MigrateSQLite(ctx, db, files, "queue_schema"); err != nil {
		return err
	}
	// A commit whose fsync failed may stand in the log without being on the disk, and a later
	// fsync would not tell. Moving the log's content into the file writes it anew.
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("settle the log of %s: %w", s.path, err)
	}
	if busy != 0 {
		return fmt.Errorf("settle the log of %s: another process uses it", s.path)
	}
	if err := s.restore(ctx, db); err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	return nil
}

// Close lets go of the file. Open leases stay recorded and end when it is opened again.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.close()
}

func (s *Store) close() error {
	var errs []error
	s.mover.passed.Wait()
	s.keeper.mu.Lock()
	errs = append(errs, s.keeper.rest(), s.history.close())
	s.keeper.mu.Unlock()
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	s.reader, s.st, s.conn = nil, nil, nil
	return errors.Join(errs...)
}

// Reopen closes and opens the file, which must be there; every open lease ends.
func (s *Store) Reopen(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	// A connection that has just failed may fail to close as well; what counts is the new one.
	_ = s.close()
	if _, err := os.Stat(s.path); err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	if err := s.opt.Keep(); err != nil {
		return err
	}
	if err := s.open(ctx, sqldb.ReopenSQLiteGathered); err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// Check tells whether the store can be written. As long as groups are stored it only looks whether the
// files are there; after a failure it tries a write.
func (s *Store) Check(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	if s.st == nil {
		return errors.New("the store is closed")
	}
	if err := s.files.Check(); err != nil {
		return fmt.Errorf("%w: %w", queue.ErrGone, err)
	}
	if err := ctx.Err(); s.sick == nil || err != nil {
		return err
	}
	s.sick = s.conn.Exec("UPDATE meta SET value = value + 1 WHERE name = 'probe'")
	return s.sick
}

// OnReady registers who is told which queues got something ready.
func (s *Store) OnReady(f func(queue.Name)) { s.onReady = f }

// Lanes is one: SQLite has one writer.
func (s *Store) Lanes() int { return 1 }

// Lane is always the one there is.
func (s *Store) Lane(uuid.UUID) int { return 0 }

// now is the store's time, as it can be stored.
func (s *Store) now() time.Time { return s.opt.Clock.Now().Truncate(time.Microsecond) }

// steady is the time by which leases, delays and the dedupe window are measured: the clock's at the opening
// and what has passed since. Setting the clock ends none of them early or late.
func (s *Store) steady() int64 {
	return micros(s.began.Add(s.opt.Clock.Elapsed() - s.passed).Truncate(time.Microsecond))
}

// shown is a steady moment as the clock will tell it.
func (s *Store) shown(steady int64) time.Time { return moment(steady + micros(s.now()) - s.steady()) }

// logLimit is how large the log stays when its content has moved to the file; see the pragma's name.
const logLimit = `PRAGMA journal_size_limit = 67108864`

func micros(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }
