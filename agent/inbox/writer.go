package inbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"smartlink/internal/sqldb"
)

// writer is the one connection that writes. A connection that failed is thrown away and opened anew
// with the next transaction.
type writer struct {
	db      *sql.DB
	dialect sqldb.Dialect
	texts   texts
	gate    chan struct{} // holds one token: who has it may use the rest
	conn    *sql.Conn
	tx      *sql.Tx    // the open transaction, where it is not begun by a statement
	gone    error      // what broke the connection under the open transaction
	queue   queue      // PostgreSQL's
	memo    sqldb.Memo // of the open transaction
	stmts   statements // SQLite's
	closed  bool
	failed  *atomic.Bool // the last transaction failed because the database is away
	beside  bool         // its transactions run at the same time as others, until Join
}

// newWriter makes a writer; main is the one that it runs beside, nil for that one itself.
func newWriter(db *sql.DB, main *writer) *writer {
	d := sqldb.DialectOf(db)
	w := &writer{db: db, dialect: d, texts: textsOf(d), gate: make(chan struct{}, 1), failed: &atomic.Bool{}}
	if main != nil {
		w.failed, w.beside = main.failed, true
	}
	w.gate <- struct{}{}
	return w
}

var errClosed = errors.New("the inbox is closed")

// Tx is a transaction on the writer's connection; until its end nobody else writes, in other processes
// neither. Its statements are of the common form of sqldb, and prepared once per connection and query
// text. They run to their end even when ctx ends: a transaction interrupted half-way would be a fault
// that no message caused. Those that go through Later may run later than they were given, see queue.
type Tx struct {
	w       *writer
	box     *Box
	open    bool
	commits *atomic.Int64 // counts what is committed
	ahead   ahead
}

// Begin waits for its turn and starts a transaction. End it with Commit or Rollback. After Guard it is
// ErrStandBy for a run that is not the active one.
func (b *Box) Begin(ctx context.Context) (*Tx, error) { return b.begin(ctx, true) }

// begin is Begin; without held whoever may be active.
func (b *Box) begin(ctx context.Context, held bool) (*Tx, error) {
	return b.beginOn(ctx, b.w, held)
}

func (b *Box) beginOn(ctx context.Context, w *writer, held bool) (*Tx, error) {
	select {
	case <-w.gate:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := w.begin(ctx); err != nil {
		w.gate <- struct{}{}
		return nil, err
	}
	t := &Tx{w: w, box: b, open: true, commits: &b.commits}
	if held {
		if err := b.holds(ctx, t); err != nil {
			if t.Unavailable(err) {
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
	w.memo.Clear()
	if err := w.lock(context.WithoutCancel(ctx)); err != nil {
		w.drop()
		w.failed.Store(true)
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// lock begins a transaction that nobody else writes beside: SQLite has one writer, in the others each
// writer locks the row of the marker first.
func (w *writer) lock(ctx context.Context) (err error) {
	if w.dialect == sqldb.SQLite {
		_, err = w.exec(ctx, `BEGIN IMMEDIATE`)
		return err
	}
	if w.tx, err = w.conn.BeginTx(ctx, nil); err != nil {
		return err
	}
	if w.beside {
		return w.later(ctx, sqldb.Statement{Query: besideWait})
	}
	return w.lockMark(ctx)
}

// lockMark waits until nobody else writes.
func (w *writer) lockMark(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	var one int
	if err := w.bound().QueryRowContext(ctx, w.texts.lock).Scan(&one); err != nil {
		return w.look(ctx, fmt.Errorf("lock the mark: %w", err))
	}
	return nil
}

// ended ends the open transaction.
func (w *writer) ended(ctx context.Context, commit bool) (err error) {
	w.queue = queue{}
	switch tx := w.tx; {
	case tx != nil && commit:
		w.tx, err = nil, tx.Commit()
	case tx != nil:
		w.tx, err = nil, tx.Rollback()
	case w.dialect != sqldb.SQLite: // a commit that failed has ended it
		return nil
	case commit:
		_, err = w.exec(ctx, `COMMIT`)
	default:
		_, err = w.exec(ctx, `ROLLBACK`)
	}
	return w.look(ctx, err)
}

// alive tells whether the connection still is one. Inside a transaction it must not be asked itself: when
// it broke, it would wait for the transaction's end.
func (w *writer) alive(ctx context.Context) bool {
	if w.tx == nil {
		return w.conn.PingContext(ctx) == nil
	}
	var one int
	err := w.tx.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
	return err == nil || sqldb.FromServer(err) && !sqldb.IsUnavailable(err)
}

// pingTime bounds how long a connection is asked whether it is still one.
const pingTime = 5 * time.Second

// look answers an error so that it tells whether the connection broke, which drivers say in many ways.
func (w *writer) look(ctx context.Context, err error) error {
	if err == nil || w.dialect == sqldb.SQLite || errors.Is(err, sql.ErrNoRows) || sqldb.FromServer(err) || sqldb.IsUnavailable(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTime)
	defer cancel()
	if w.alive(ctx) {
		return err
	}
	w.gone = sqldb.Gone(err)
	return w.gone
}

// drop throws the connection away, whatever state it is in.
func (w *writer) drop() {
	w.stmts.close()
	if w.tx != nil {
		_ = w.tx.Rollback()
		w.tx = nil
	}
	w.gone, w.queue = nil, queue{}
	if w.conn != nil {
		discard(w.conn)
		w.conn = nil
	}
}

// discard closes a connection and takes it out of the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
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
	if w.dialect != sqldb.SQLite {
		if err := w.flush(ctx); err != nil {
			return nil, err
		}
		r, err := w.bound().ExecContext(ctx, query, args...)
		return r, w.look(ctx, err)
	}
	query = w.dialect.SQL(query)
	s, err := w.stmts.get(ctx, w.conn, query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, args...)
	if inUse(err) {
		return w.conn.ExecContext(ctx, query, args...)
	}
	return r, err
}

// bound is the open transaction of a server, for statements of the common form. The drivers keep
// statements prepared themselves.
func (w *writer) bound() sqldb.Bound { return sqldb.Bind(w.tx, w.dialect) }

// Dialect is the name of the SQL that the transaction speaks: see sqldb.Dialect.
func (t *Tx) Dialect() string { return string(t.w.dialect) }

// Unavailable tells whether an error, or what happened to the transaction before, says that the database
// cannot be used now.
func (t *Tx) Unavailable(err error) bool {
	return sqldb.IsUnavailable(err) || err != nil && t.open && t.w.gone != nil
}

// ExecContext runs a statement.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !t.open {
		return nil, sql.ErrTxDone
	}
	t.w.changes(ctx)
	return t.w.exec(ctx, query, args...)
}

// Later takes a statement whose result is not waited for: see sqldb.Later.
func (t *Tx) Later(ctx context.Context, s sqldb.Statement) error {
	if !t.open {
		return sql.ErrTxDone
	}
	return t.w.later(ctx, s)
}

// Memo keeps what was read in the transaction: see sqldb.Memo.
func (t *Tx) Memo() *sqldb.Memo { return &t.w.memo }

// changes forgets what was read when a statement may write it.
func (w *writer) changes(ctx context.Context) {
	if !sqldb.IsHarmless(ctx) {
		w.memo.Clear()
	}
}

// QueryContext runs a query.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if !t.open {
		return nil, sql.ErrTxDone
	}
	ctx = context.WithoutCancel(ctx)
	if !reads(query) {
		t.w.changes(ctx)
	}
	if t.w.dialect != sqldb.SQLite {
		if err := t.w.flush(ctx); err != nil {
			return nil, err
		}
		rows, err := t.w.bound().QueryContext(ctx, query, args...)
		return rows, t.w.look(ctx, err)
	}
	query = t.w.dialect.SQL(query)
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
	if !reads(query) && t.open {
		t.w.changes(ctx)
	}
	if !t.open || t.w.flush(ctx) != nil { // the only way to an *sql.Row with an error is a query that fails
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return t.w.db.QueryRowContext(ended, query, args...)
	}
	if t.w.dialect != sqldb.SQLite {
		row := t.w.bound().QueryRowContext(ctx, query, args...)
		_ = t.w.look(ctx, row.Err()) // remembers what Scan will tell
		return row
	}
	query = t.w.dialect.SQL(query)
	s, err := t.w.stmts.get(ctx, t.w.conn, query)
	if err != nil { // fails again, and then Scan can tell
		return t.w.conn.QueryRowContext(ctx, query, args...)
	}
	if row := s.QueryRowContext(ctx, args...); !inUse(row.Err()) {
		return row
	}
	return t.w.conn.QueryRowContext(ctx, query, args...)
}

// Commit runs what Later has kept and makes the transaction durable. After an error nothing, or, when
// the disk failed in the middle, possibly everything is.
func (t *Tx) Commit(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	if err := t.Flush(ctx); err != nil {
		if t.Unavailable(err) {
			t.Away(ctx)
		}
		t.Rollback(ctx)
		return err
	}
	if err := t.w.ended(ctx, true); err != nil {
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
	if err := t.w.ended(ctx, false); err != nil || drop || t.w.gone != nil {
		t.w.drop()
	}
	t.open = false
	t.w.gate <- struct{}{}
}

// Savepoint marks a place that RollbackToSavepoint returns to. An error of these three says that the
// transaction itself is gone.
func (t *Tx) Savepoint(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	err := t.w.later(ctx, sqldb.Statement{Query: t.w.texts.savepoint})
	t.w.queue.enter()
	return err
}

// Release keeps what was written since Savepoint.
func (t *Tx) Release(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	if t.w.queue.leave() || t.w.texts.release == "" {
		return nil
	}
	return t.w.later(ctx, sqldb.Statement{Query: t.w.texts.release})
}

// RollbackToSavepoint undoes what was written since Savepoint; the mark stays.
func (t *Tx) RollbackToSavepoint(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	t.w.memo.Clear() // what was read may not be there any more
	if t.w.queue.undo() {
		return nil
	}
	_, err := t.w.exec(ctx, t.w.texts.rollback)
	return err
}

// Flush runs what Later has kept. The error is the first of theirs.
func (t *Tx) Flush(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	return t.w.flush(ctx)
}

// Late is the error of a statement that Later had kept, until RollbackToSavepoint: whatever was run
// since has failed because of it.
func (t *Tx) Late() error { return t.w.queue.late }

// write runs f in a transaction of its own.
func (b *Box) write(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := b.Begin(ctx)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		if tx.Unavailable(err) {
			tx.Away(ctx)
		}
		tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}
