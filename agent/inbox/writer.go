package inbox

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqldb"
)

// writer is the one connection that writes. A connection that failed is thrown away and opened anew
// with the next transaction.
type writer struct {
	db     *sql.DB
	gate   chan struct{} // holds one token: who has it may use the rest
	conn   *sql.Conn
	stmts  statements
	closed bool
	failed atomic.Bool // the last transaction failed because the database is away
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, gate: make(chan struct{}, 1)}
	w.gate <- struct{}{}
	return w
}

var errClosed = errors.New("the inbox is closed")

// Tx is a transaction on the writer's connection; until its end nobody else writes. Its statements
// are prepared once per connection and query text. They run to their end even when ctx ends: a
// transaction interrupted half-way would be a fault that no message caused.
type Tx struct {
	w       *writer
	open    bool
	commits *atomic.Int64 // counts what is committed
}

// Begin waits for its turn and starts a transaction. End it with Commit or Rollback. After Guard it is
// ErrStandBy for a run that is not the active one.
func (b *Box) Begin(ctx context.Context) (*Tx, error) { return b.begin(ctx, true) }

// begin is Begin; without held whoever may be active.
func (b *Box) begin(ctx context.Context, held bool) (*Tx, error) {
	w := b.w
	select {
	case <-w.gate:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := w.begin(ctx); err != nil {
		w.gate <- struct{}{}
		return nil, err
	}
	t := &Tx{w: w, open: true, commits: &b.commits}
	if held {
		if err := b.holds(ctx, t); err != nil {
			if sqldb.IsUnavailable(err) {
				t.Away(ctx)
			}
			t.Rollback(ctx)
			return nil, err
		}
	}
	return t, nil
}

func (w *writer) begin(ctx context.Context) error {
	if w.closed {
		return errClosed
	}
	if w.conn == nil {
		conn, err := w.db.Conn(context.WithoutCancel(ctx))
		if err != nil {
			w.failed.Store(true)
			return fmt.Errorf("connect: %w", err)
		}
		w.conn = conn
	}
	if _, err := w.exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		w.drop()
		w.failed.Store(true)
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// drop throws the connection away, whatever state it is in.
func (w *writer) drop() {
	w.stmts.close()
	if w.conn != nil {
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // takes it out of the pool
		_ = w.conn.Close()
		w.conn = nil
	}
}

func (w *writer) close(ctx context.Context) error {
	select {
	case <-w.gate:
	case <-ctx.Done():
		return ctx.Err()
	}
	w.closed = true
	w.drop()
	w.gate <- struct{}{}
	return nil
}

// exec runs a prepared statement of the agent's own.
func (w *writer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	s, err := w.stmts.get(ctx, w.conn, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// ExecContext runs a statement.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !t.open {
		return nil, sql.ErrTxDone
	}
	r, err := t.w.exec(ctx, query, args...)
	if inUse(err) {
		return t.w.conn.ExecContext(context.WithoutCancel(ctx), query, args...)
	}
	return r, err
}

// QueryContext runs a query.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if !t.open {
		return nil, sql.ErrTxDone
	}
	ctx = context.WithoutCancel(ctx)
	s, err := t.w.stmts.get(ctx, t.w.conn, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	if inUse(err) {
		return t.w.conn.QueryContext(ctx, query, args...)
	}
	return rows, err
}

// QueryRowContext runs a query of at most one row.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	if !t.open { // the only way to an *sql.Row with an error is a query that fails
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return t.w.db.QueryRowContext(ended, query, args...)
	}
	s, err := t.w.stmts.get(ctx, t.w.conn, query)
	if err != nil { // fails again, and then Scan can tell
		return t.w.conn.QueryRowContext(ctx, query, args...)
	}
	if row := s.QueryRowContext(ctx, args...); !inUse(row.Err()) {
		return row
	}
	return t.w.conn.QueryRowContext(ctx, query, args...)
}

// inUse tells that a prepared statement still has rows to give and cannot run a second time.
func inUse(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_MISUSE
}

// Commit makes the transaction durable. After an error nothing, or, when the disk failed in the
// middle, possibly everything is.
func (t *Tx) Commit(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	_, err := t.w.exec(ctx, `COMMIT`)
	if err != nil {
		t.w.failed.Store(sqldb.IsUnavailable(err) || sqldb.IsBusy(err))
		t.end(ctx, true)
		return fmt.Errorf("commit: %w", err)
	}
	t.w.failed.Store(false)
	t.commits.Add(1)
	t.open = false
	t.w.gate <- struct{}{}
	return nil
}

// Rollback undoes the transaction; after Commit it does nothing, so it can be deferred.
func (t *Tx) Rollback(ctx context.Context) {
	if t.open {
		t.end(ctx, false)
	}
}

// Away notes that the database failed under the transaction: its connection is not used again.
func (t *Tx) Away(ctx context.Context) {
	if t.open {
		t.w.failed.Store(true)
		t.end(ctx, true)
	}
}

// end undoes what is open. When that fails, or the connection is to be thrown away, closing it does.
func (t *Tx) end(ctx context.Context, drop bool) {
	if _, err := t.w.exec(ctx, `ROLLBACK`); err != nil || drop {
		t.w.drop()
	}
	t.open = false
	t.w.gate <- struct{}{}
}

// Savepoint marks a place that RollbackToSavepoint returns to. An error of these three says that the
// transaction itself is gone.
func (t *Tx) Savepoint(ctx context.Context) error { return t.control(ctx, `SAVEPOINT member`) }

// Release keeps what was written since Savepoint.
func (t *Tx) Release(ctx context.Context) error { return t.control(ctx, `RELEASE member`) }

// RollbackToSavepoint undoes what was written since Savepoint; the mark stays.
func (t *Tx) RollbackToSavepoint(ctx context.Context) error {
	return t.control(ctx, `ROLLBACK TO member`)
}

func (t *Tx) control(ctx context.Context, query string) error {
	if !t.open {
		return sql.ErrTxDone
	}
	_, err := t.w.exec(ctx, query)
	return err
}

// write runs f in a transaction of its own.
func (b *Box) write(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := b.Begin(ctx)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		if sqldb.IsUnavailable(err) {
			tx.Away(ctx)
		}
		tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}

// maxStatements bounds the prepared statements of a connection; the longest unused goes first.
const maxStatements = 256

// statements keeps a connection's prepared statements.
type statements struct {
	byText map[string]*list.Element
	used   *list.List // of *statement, the last used first
}

type statement struct {
	text string
	stmt *sql.Stmt
}

func (s *statements) get(ctx context.Context, conn *sql.Conn, query string) (*sql.Stmt, error) {
	if e, ok := s.byText[query]; ok {
		s.used.MoveToFront(e)
		return e.Value.(*statement).stmt, nil
	}
	stmt, err := conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if s.byText == nil {
		s.byText, s.used = map[string]*list.Element{}, list.New()
	}
	s.byText[query] = s.used.PushFront(&statement{query, stmt})
	if s.used.Len() > maxStatements {
		oldest := s.used.Remove(s.used.Back()).(*statement)
		delete(s.byText, oldest.text)
		_ = oldest.stmt.Close()
	}
	return stmt, nil
}

func (s *statements) close() {
	for _, e := range s.byText {
		_ = e.Value.(*statement).stmt.Close()
	}
	s.byText, s.used = nil, nil
}
