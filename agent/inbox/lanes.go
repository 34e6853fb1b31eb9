package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"smartlink/internal/sqldb"
)

// lanes are the writers whose transactions run at the same time.
type lanes struct {
	mu      sync.Mutex
	writers []*writer
	aside   *sql.Conn // for sqldb.Aside
}

// MayRunBeside tells whether Beside does what it says here; where it does not, there is one writer.
func (b *Box) MayRunBeside() bool { return b.w.dialect == sqldb.Postgres }

// besideWait is how long a transaction beside others waits for a lock before it is told to come again:
// so long that three repeats last longer than the server lets a session idle in a transaction (see
// sqlopen). A run that froze with locks costs its successor no attempt.
const besideWait = `SET LOCAL lock_timeout = '20s'`

// Beside starts a transaction of a lane, a number from 0 below MaxParallel, that runs at the same time as
// those of other lanes and as all that goes through Begin. Until Join it may write what its consumers
// write, and Book; after it, it is alone as after Begin. Transactions of one lane come one after the
// other. It is Begin where MayRunBeside says no.
func (b *Box) Beside(ctx context.Context, lane int) (*Tx, error) {
	if !b.MayRunBeside() {
		return b.Begin(ctx)
	}
	b.lanes.mu.Lock()
	for len(b.lanes.writers) <= lane {
		b.lanes.writers = append(b.lanes.writers, newWriter(b.db, b.w))
		pool := readers + 1 + len(b.lanes.writers) + 1
		b.db.SetMaxOpenConns(pool)
		b.db.SetMaxIdleConns(pool)
	}
	w := b.lanes.writers[lane]
	b.lanes.mu.Unlock()
	return b.beginOn(ctx, w, true)
}

// Join waits until nobody else writes, and looks again whether this run may: ErrStandBy says that it may
// not. From then on until its end the transaction is alone.
func (t *Tx) Join(ctx context.Context) error {
	if !t.open {
		return sql.ErrTxDone
	}
	if !t.w.beside {
		return nil
	}
	if err := t.w.lockMark(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return t.box.holds(ctx, t)
}

// Aside asks a query in a transaction of its own, if this one runs beside others: see sqldb.Aside. It does
// not wait for the disk: whatever is committed later takes it along.
func (t *Tx) Aside(ctx context.Context, dest any, query string, args ...any) (bool, error) {
	if !t.open {
		return true, sql.ErrTxDone
	}
	if !t.w.beside {
		return false, nil
	}
	return true, t.box.lanes.ask(context.WithoutCancel(ctx), t.box.db, dest, query, args...)
}

func (l *lanes) ask(ctx context.Context, db *sql.DB, dest any, query string, args ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aside == nil {
		conn, err := db.Conn(ctx)
		if err != nil {
			return sqldb.Gone(fmt.Errorf("connect: %w", err))
		}
		if _, err := conn.ExecContext(ctx, `SET synchronous_commit = off`); err != nil {
			discard(conn)
			return sqldb.Gone(err)
		}
		l.aside = conn
	}
	err := sqldb.Bind(l.aside, sqldb.Postgres).QueryRowContext(ctx, query, args...).Scan(dest)
	if err != nil && !sqldb.FromServer(err) && !errors.Is(err, sql.ErrNoRows) && l.aside.PingContext(ctx) != nil {
		err = sqldb.Gone(err)
	}
	if sqldb.IsUnavailable(err) {
		discard(l.aside)
		l.aside = nil
	}
	return err
}

func (l *lanes) close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, w := range l.writers {
		errs = append(errs, w.close(ctx))
	}
	if l.aside != nil {
		discard(l.aside) // nobody else may get one that does not wait for the disk
		l.aside = nil
	}
	return errors.Join(errs...)
}
