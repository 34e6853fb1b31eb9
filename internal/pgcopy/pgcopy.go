// Package pgcopy copies the rows of SQLite files into the empty tables of a PostgreSQL database, piece by
// piece: each piece is a transaction that also notes how far the copy is, so that one that was cut off goes
// on where it stopped. At the end every table is compared with what was read, row by row by a checksum.
package pgcopy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/pgdb"
)

// What may be wrong with a database to copy into.
var (
	// ErrNotEmpty says that it holds something that no unfinished copy brought.
	ErrNotEmpty = errors.New("the database is not empty")
	// ErrChanged says that a copy was begun from another source, or from this one in another state.
	ErrChanged = errors.New("the copy was begun from other files, or they have changed since")
	// ErrTaken says that another program has taken the copy up.
	ErrTaken = errors.New("another program goes on with this copy")
)

// Bounds of a piece.
const (
	pieceRows  = 2000
	pieceBytes = 8 << 20 // of texts and bytes
)

// Copy is a copy under way. It is for one goroutine.
type Copy struct {
	conn    *pgx.Conn
	source  string
	run     int64
	piece   int
	told    func(Progress)
	at      Progress
	ended   bool
	resumed bool
	columns map[string][]string // that are copied, by table
}

// Progress tells how far a copy is.
type Progress struct {
	From, Table string // what is being copied
	Rows, Total int64  // of all tables; the total is what the caller expects
	Comparing   bool   // all is there, and Table is being compared
}

// Options of a copy.
type Options struct {
	// Source says in words of the caller's own which source this is, and in which state: a copy goes on
	// only with the same.
	Source string
	// Tables are all that will be copied into, each behind those it refers to.
	Tables []string
	// Anew empties the tables of a copy that was begun, whatever its source, and begins again.
	Anew bool
	// Total is how many rows there may be, for Told.
	Total int64
	// Told is called after each piece, and may be nil.
	Told func(Progress)
	// Piece is how many rows are committed at once; default 2000.
	Piece int
}

// sessionSettings: a copy may take hours, but one whose program is gone must not hold what the next one
// needs.
var sessionSettings = map[string]string{
	"statement_timeout": "0", "lock_timeout": "2min", "idle_in_transaction_session_timeout": "60s", "jit": "off",
	"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
}

// Begin begins a copy, or goes on with the one that was begun from the same source. Errors: ErrNotEmpty,
// ErrChanged.
func Begin(ctx context.Context, database string, o Options) (*Copy, error) {
	config, err := pgdb.Parse(database)
	if err != nil {
		return nil, err
	}
	maps.Copy(config.RuntimeParams, sessionSettings)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	c := &Copy{conn: conn, source: o.Source, piece: o.Piece, told: o.Told, at: Progress{Total: o.Total}, columns: map[string][]string{}}
	if c.piece <= 0 {
		c.piece = pieceRows
	}
	if c.told == nil {
		c.told = func(Progress) {}
	}
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return c.begin(ctx, tx, o) }); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// Of the tables that remember a copy. run counts who took it up: an earlier one that still lives, perhaps
// behind a network that was away, finds that it is not the last and stops.
const makeTables = `CREATE TABLE IF NOT EXISTS copy_of (
		one      boolean PRIMARY KEY DEFAULT true CHECK (one),
		source   text NOT NULL,
		run      bigint NOT NULL,
		began_at timestamptz NOT NULL DEFAULT now(),
		ended_at timestamptz
	);
	CREATE TABLE IF NOT EXISTS copy_part (
		file     text NOT NULL,
		tbl      text NOT NULL,
		rows     bigint NOT NULL,
		checksum bigint NOT NULL,
		done     boolean NOT NULL,
		PRIMARY KEY (file, tbl)
	)`

func (c *Copy) begin(ctx context.Context, tx pgx.Tx, o Options) error {
	if _, err := tx.Exec(ctx, makeTables); err != nil {
		return fmt.Errorf("note the copy: %w", err)
	}
	var source string
	err := tx.QueryRow(ctx, `UPDATE copy_of SET run = run + 1 RETURNING source, run, ended_at IS NOT NULL`).Scan(&source, &c.run, &c.ended)
	begun := !errors.Is(err, pgx.ErrNoRows)
	if begun && err != nil {
		return fmt.Errorf("look for a copy: %w", err)
	}
	switch {
	case begun && c.ended && (o.Anew || source != o.Source):
		return ErrNotEmpty // hubs may use it
	case begun && o.Anew:
		return c.again(ctx, tx, o)
	case begun && source != o.Source:
		return ErrChanged
	case begun:
		c.resumed = true
		return tx.QueryRow(ctx, `SELECT coalesce(sum(rows), 0)::bigint FROM copy_part`).Scan(&c.at.Rows)
	}
	for _, t := range o.Tables {
		var full bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+name(t)+`)`).Scan(&full); err != nil {
			return fmt.Errorf("look at %s: %w", t, err)
		}
		if full {
			return fmt.Errorf("%s: %w", t, ErrNotEmpty)
		}
	}
	c.run = 1
	if _, err := tx.Exec(ctx, `INSERT INTO copy_of (source, run) VALUES ($1, $2)`, o.Source, c.run); err != nil {
		return fmt.Errorf("note the copy: %w", err)
	}
	return nil
}

// again empties everything that was copied. The count of runs goes on.
func (c *Copy) again(ctx context.Context, tx pgx.Tx, o Options) error {
	names := []string{"copy_part"}
	for _, t := range o.Tables {
		names = append(names, name(t))
	}
	if _, err := tx.Exec(ctx, `TRUNCATE `+strings.Join(names, ", ")); err != nil {
		return fmt.Errorf("begin anew: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE copy_of SET source = $1, began_at = now()`, o.Source); err != nil {
		return fmt.Errorf("begin anew: %w", err)
	}
	return nil
}

func name(table string) string { return pgx.Identifier{table}.Sanitize() }

// Close lets go of the database. What was copied stays.
func (c *Copy) Close(ctx context.Context) error { return c.conn.Close(context.WithoutCancel(ctx)) }

// Ended tells that the copy had come to its end before.
func (c *Copy) Ended() bool { return c.ended }

// Resumed tells that the copy goes on where an earlier one stopped.
func (c *Copy) Resumed() bool { return c.resumed }

// Standing is how far a copy into a database has come.
type Standing int

// The standings: nobody may use what is unfinished.
const (
	None Standing = iota
	Unfinished
	Ended
)

// Look tells how far a copy into a database has come.
func Look(ctx context.Context, database string) (Standing, error) {
	config, err := pgdb.Parse(database)
	if err != nil {
		return None, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return None, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return LookOn(ctx, conn)
}

// LookOn is Look on a connection that is there.
func LookOn(ctx context.Context, conn *pgx.Conn) (Standing, error) {
	var there, ended bool
	err := conn.QueryRow(ctx, `SELECT to_regclass('copy_of') IS NOT NULL`).Scan(&there)
	if err == nil && there {
		err = conn.QueryRow(ctx, `SELECT ended_at IS NOT NULL FROM copy_of`).Scan(&ended)
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && !there:
		return None, nil
	case err != nil:
		return None, fmt.Errorf("look for a copy: %w", err)
	case ended:
		return Ended, nil
	}
	return Unfinished, nil
}

// Part is what one file holds of one table.
type Part struct {
	From    string // names the file
	File    *sql.DB
	Table   string
	Columns []string
	// Query answers the rows, always the same ones in the same order.
	Query string
	// Value changes the value of a column, by its number, to what is stored. Nil: it stays as it is.
	Value func(column int, v any) (any, error)
}

// Add copies a part, from where an earlier run stopped.
func (c *Copy) Add(ctx context.Context, p Part) error {
	if err := c.add(ctx, p); err != nil {
		return fmt.Errorf("copy %s of %s: %w", p.Table, p.From, err)
	}
	return nil
}

func (c *Copy) add(ctx context.Context, p Part) error {
	c.columns[p.Table] = p.Columns
	var n, sum int64
	var done bool
	err := c.conn.QueryRow(ctx, `SELECT rows, checksum, done FROM copy_part WHERE file = $1 AND tbl = $2`, p.From, p.Table).Scan(&n, &sum, &done)
	if done || err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	rows, err := p.File.QueryContext(ctx, p.Query+` LIMIT -1 OFFSET ?`, n)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for !done {
		s := &piece{part: p, rows: rows, left: c.piece, sum: uint64(sum)}
		if err := pgx.BeginFunc(ctx, c.conn, func(tx pgx.Tx) error { return c.store(ctx, tx, s) }); err != nil {
			return err
		}
		sum, done = int64(s.sum), s.over
		c.at.From, c.at.Table, c.at.Rows = p.From, p.Table, c.at.Rows+s.n
		c.told(c.at)
	}
	return nil
}

// store stores a piece and how far the copy is with it.
func (c *Copy) store(ctx context.Context, tx pgx.Tx, s *piece) error {
	if err := c.mine(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{s.part.Table}, s.part.Columns, s); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO copy_part AS p (file, tbl, rows, checksum, done) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (file, tbl)
		DO UPDATE SET rows = p.rows + excluded.rows, checksum = excluded.checksum, done = excluded.done`, s.part.From, s.part.Table, s.n, int64(s.sum), s.over)
	return err
}

// mine locks the copy, so that nobody takes it up meanwhile, and tells whether somebody else has.
func (c *Copy) mine(ctx context.Context, tx pgx.Tx) error {
	var run int64
	err := tx.QueryRow(ctx, `SELECT run FROM copy_of WHERE ended_at IS NULL FOR UPDATE`).Scan(&run)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && run != c.run {
		return ErrTaken
	}
	return err
}

// Finish compares every table with what was read, has f do what comes last, and ends the copy, all or
// nothing. It tells how many rows each table has. A copy that has ended before is only told about.
func (c *Copy) Finish(ctx context.Context, f func(tx pgx.Tx) error) (map[string]int64, error) {
	sent, err := c.sent(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for t, s := range sent {
		counts[t] = s.rows
		if c.ended {
			continue
		}
		c.at.From, c.at.Table, c.at.Comparing = "", t, true
		c.told(c.at)
		there, err := c.there(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t, err)
		}
		if there != s {
			return nil, fmt.Errorf("%s: %d rows with checksum %x are there, %d with %x were sent", t, there.rows, there.sum, s.rows, s.sum)
		}
	}
	if c.ended {
		return counts, nil
	}
	return counts, pgx.BeginFunc(ctx, c.conn, func(tx pgx.Tx) error {
		if err := c.mine(ctx, tx); err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE copy_of SET ended_at = now()`)
		return err
	})
}
