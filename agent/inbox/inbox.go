// Package inbox keeps, beside the ERP, what the agent has taken over from the hub and what it has to
// send there: the tables GTOTVSLINKMESSAGE, GTOTVSLINKMESSAGEEXEC and GTOTVSLINKLOG, and
// SMARTLINKRESULT, which remembers every answered outcome.
//
// It writes through one connection, one transaction at a time, so that nothing of its own ever waits
// for a lock; other processes may read and write the same database. Its statements are written once, in
// the common form of sqldb, for SQLite, PostgreSQL and SQL Server.
package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

// Config says where the inbox is.
type Config struct {
	Database     string // file of the SQLite database, or URL as in sqlopen.Open; the ERP's tables may be in it too
	Installation string // file of the installation
	// Prepare makes or checks the ERP's tables. It is called once whose database it is has been
	// made sure of and before the agent makes tables of its own: what it refuses stays unchanged.
	// Nil: nothing to prepare.
	Prepare func(ctx context.Context, db *sql.DB) error
	Clock   clock.Clock    // nil: clock.Real
	Zone    *time.Location // in which windows are; nil: the machine's
}

// MaxParallel bounds the transactions that execute at the same time: each further one is a connection
// to the ERP's database.
const MaxParallel = 32

// readers is the number of connections beside the writer's and, in SQLite, the one that looks for changes.
const readers = 4

// Box is an open inbox. Safe for concurrent use.
type Box struct {
	db    *sql.DB
	file  string      // of SQLite; empty: it is on a server
	read  sqldb.Bound // db, for statements of the common form
	clock clock.Clock
	zone  *time.Location
	inst  Installation
	w     *writer
	lanes lanes

	guarded atomic.Bool
	sure    func() bool // set by Guard
	hold    atomic.Pointer[Hold]
	lost    atomic.Bool // another run has taken what hold says
	commits atomic.Int64
	known   atomic.Pointer[Rules]    // as they were last read
	outside atomic.Pointer[[]string] // set by SetOutside
	parted  parted
	asked   sync.Map // text to *sql.Stmt: see ask
	lookout lookout
}

// Open opens the inbox, or makes it at the first start. Tables of another program are
// link.CodeForeignTables, a database of another installation is link.CodeForeignDatabase; in both
// cases nothing was changed. Close it.
func Open(ctx context.Context, cfg Config) (*Box, error) {
	b, err := open(ctx, cfg.Database, cfg.Clock)
	if err != nil {
		return nil, err
	}
	if cfg.Zone != nil {
		b.zone = cfg.Zone
	}
	if err := b.alone(ctx, cfg); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	return b, nil
}

// makeTime is how long Open waits for another process that makes the tables.
const makeTime = 10 * time.Second

// alone starts while no other process makes or changes the tables.
func (b *Box) alone(ctx context.Context, cfg Config) error {
	if !sqlopen.IsFile(cfg.Database) {
		return sqldb.Alone(ctx, b.db, func() error { return b.start(ctx, cfg) })
	}
	lock := flock.New(cfg.Database + ".lock")
	wait, cancel := context.WithTimeout(ctx, makeTime)
	defer cancel()
	if _, err := lock.TryLockContext(wait, 50*time.Millisecond); err != nil {
		if ctx.Err() == nil && wait.Err() != nil {
			return link.NewError(link.CodeDataInUse, "dir", cfg.Database).Because(err)
		}
		return fmt.Errorf("lock the database: %w", err)
	}
	return errors.Join(b.start(ctx, cfg), lock.Unlock())
}

func (b *Box) start(ctx context.Context, cfg Config) error {
	m, err := readMark(ctx, b.read, cfg.Database)
	if err != nil {
		return err
	}
	if b.inst, err = m.owner(cfg.Installation); err != nil {
		return err
	}
	if err := sqldb.MakeSchema(ctx, b.db); err != nil {
		return err
	}
	if cfg.Prepare != nil {
		if err := cfg.Prepare(ctx, b.db); err != nil {
			return fmt.Errorf("prepare the ERP's tables: %w", err)
		}
	}
	return makeTables(ctx, b.db, &b.inst, stamp(b.clock.Now()))
}

// Attach opens the inbox of an agent that may be running, for looking and for what people do at a
// Desk. It makes nothing: a file without an inbox, or with one of an older version, is
// link.CodeNotFound. Close it.
func Attach(ctx context.Context, database string, clk clock.Clock) (*Box, error) {
	if there, err := sqlopen.Exists(database); err != nil || !there {
		return nil, link.NewError(link.CodeNotFound, "what", database).Because(err)
	}
	b, err := open(ctx, database, clk)
	if err != nil {
		return nil, err
	}
	if err := b.attachable(ctx, database); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	return b, nil
}

// attachable refuses a database without an inbox, and one whose tables are of an older version.
func (b *Box) attachable(ctx context.Context, database string) error {
	m, err := readMark(ctx, b.read, database)
	if err != nil {
		return err
	}
	if m.hash == "" {
		return link.NewError(link.CodeNotFound, "what", markerTable+" ("+sqlopen.Redact(database)+")")
	}
	is, err := current(ctx, b.read)
	if err != nil || is {
		return err
	}
	return link.NewError(link.CodeNotFound, "what", "tables of this version in "+sqlopen.Redact(database)+": start the agent once, it brings them up to date",
		"whatPT", "tabelas desta versão em "+sqlopen.Redact(database)+": inicie o agente uma vez, ele as atualiza")
}

func open(ctx context.Context, database string, clk clock.Clock) (*Box, error) {
	if clk == nil {
		clk = clock.Real
	}
	b := &Box{clock: clk, zone: time.Local}
	conns := readers + 1
	if sqlopen.IsFile(database) {
		b.file = database
		conns++
	}
	var err error
	if b.db, err = sqlopen.Open(ctx, database, conns); err != nil {
		return nil, err
	}
	b.read, b.w = sqldb.BindDB(b.db), newWriter(b.db, nil)
	return b, nil
}

// Installation is whose inbox it is; zero after Attach.
func (b *Box) Installation() Installation { return b.inst }

// Close waits for the running transaction and closes the database. When ctx ends first the database
// is closed all the same, and what was running is undone.
func (b *Box) Close(ctx context.Context) error {
	err := errors.Join(b.w.close(ctx), b.lanes.close(ctx))
	b.lookout.close()
	return errors.Join(err, b.db.Close())
}

// Answers tells whether the database can be written now, by writing to it if the last write failed
// and by reading otherwise.
func (b *Box) Answers(ctx context.Context) error {
	if b.w.failed.Load() { // or one of a lane's
		return b.write(ctx, func(tx *Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE SMARTLINKMARKER SET ONE = 1`)
			return err
		})
	}
	var n int
	if err := b.read.QueryRowContext(ctx, `SELECT ONE FROM SMARTLINKMARKER`).Scan(&n); err != nil {
		return fmt.Errorf("read the mark: %w", err)
	}
	return nil
}
