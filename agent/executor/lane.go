package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smartlink/agent/inbox"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

// serverLanes is how many transactions run at the same time in PostgreSQL unless the configuration says
// otherwise: while one waits for the disk or for the server, another computes.
const serverLanes = 4

// parallel is how many lanes there are.
func (c *Config) parallel() int {
	switch {
	case c.Box == nil || !c.Box.MayRunBeside():
		return 1
	case c.Parallel == 0:
		return serverLanes
	}
	return c.Parallel
}

// lane executes one batch after the other, at the same time as other lanes. What two lanes claim never
// overlaps, and of one ordering key only the first message can be claimed: so lanes share no key.
type lane struct {
	e      *Executor
	job    string // names this lane of this run in IDJOB: what it gives back, no other lane has
	number int
	owed   []*inbox.Row // claims to be given back when the database answers again
}

// run executes until ctx ends. When there is nothing to do it waits to be woken: see lookOut. A lane that
// has found something wakes the next.
func (l *lane) run(ctx context.Context) {
	e := l.e
	pause := firstPause
	for ctx.Err() == nil {
		n, err := l.once(ctx)
		wait := time.Duration(0)
		switch {
		case errors.Is(err, inbox.ErrStandBy): // whoever stands by is stopped; otherwise it is a matter of moments
			wait = firstPause
			e.cfg.Logger.Debug("the executor pauses: this instance is not the active one, or not sure of it")
		case err != nil && ctx.Err() == nil:
			e.cfg.Logger.Error("the executor pauses: the database does not answer", "error", err, "pause", pause)
			wait = pause
			pause = min(2*pause, longPause)
		case n > 0:
			pause = firstPause
			continue
		default:
			pause = firstPause
		}
		e.sleep(ctx, wait, wakes(e.wake, err))
	}
}

// once claims and executes one batch and answers how many messages it executed; 0: none is due.
func (l *lane) once(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	e := l.e
	ctx = context.WithoutCancel(ctx) // what has begun comes to its end
	if err := l.makeGood(ctx); err != nil {
		return 0, err
	}
	rows, err := e.cfg.Box.Claim(ctx, l.job, e.cfg.BatchSize, func(t string) bool { return e.consumers[t].joins })
	if err != nil {
		l.owed = rows
		return 0, errors.Join(fmt.Errorf("claim: %w", err), l.makeGood(ctx))
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if len(e.lanes) > 1 {
		e.wakeLane()
	}
	n, err := l.batch(ctx, rows)
	if err != nil {
		// The database may come back soon enough to do it at once.
		l.owed = rows[n:]
		return n, errors.Join(err, l.makeGood(ctx))
	}
	return n, nil
}

// makeGood takes over what a dead run left, once, and gives back claims that could not be executed.
func (l *lane) makeGood(ctx context.Context) error {
	if err := l.e.cfg.Box.GiveBack(ctx, l.owed); err != nil {
		return fmt.Errorf("give claims back: %w", err)
	}
	l.owed = nil
	return l.e.recover(ctx)
}

// begin starts a transaction to execute in.
func (l *lane) begin(ctx context.Context) (*inbox.Tx, error) {
	if len(l.e.lanes) == 1 {
		return l.e.cfg.Box.Begin(ctx)
	}
	return l.e.cfg.Box.Beside(ctx, l.number)
}

// yields tells whether an execution that met a lock must not be repeated inside a transaction of several:
// what the others have locked may be what is in the way of whoever has the lock.
func (l *lane) yields(members int) bool { return len(l.e.lanes) > 1 && members > 1 }

// batch executes claimed rows together and, when the transaction cannot be kept, one by one, so that
// only the row at fault pays for it. It answers how many of the rows were settled; the others are
// still claimed when err is not nil.
func (l *lane) batch(ctx context.Context, rows []*inbox.Row) (int, error) {
	if len(rows) > 1 {
		err := l.together(ctx, rows, nil)
		if err == nil {
			return len(rows), nil
		}
		if away(err) {
			return 0, err
		}
		l.e.cfg.Logger.Warn("a batch is repeated one by one", "count", len(rows), "error", err)
	}
	for i, r := range rows {
		if err := l.alone(ctx, r); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

// alone executes one row in a transaction of its own. A fault that the transaction does not survive
// is the row's: it costs the attempt, unless it was a lock and goes away when the work is repeated.
func (l *lane) alone(ctx context.Context, r *inbox.Row) error {
	err := l.together(ctx, []*inbox.Row{r}, nil)
	for n := 0; n < maxBusy && lostBusy(err); n++ {
		l.e.cfg.Logger.Warn("repeated: the database was busy", "messageId", r.Message.ID, "type", r.Message.Type, "error", err)
		err = l.together(ctx, []*inbox.Row{r}, nil)
	}
	if err != nil && !away(err) && !errors.Is(err, inbox.ErrClaimLost) {
		failed := &fault{code: link.CodeConsumerFailed, cause: err}
		errors.As(err, &failed)
		err = l.together(ctx, []*inbox.Row{r}, failed)
	}
	if errors.Is(err, inbox.ErrClaimLost) {
		l.e.cfg.Logger.Warn("another agent works on the same database", "messageId", r.Message.ID, "type", r.Message.Type)
		return nil
	}
	return err
}

// together runs rows in one transaction. With failed, which goes with a single row, the row is not
// executed: the failure is noted. After an error nothing is kept; away tells whose fault it is.
func (l *lane) together(ctx context.Context, rows []*inbox.Row, failed *fault) error {
	e := l.e
	tx, err := l.begin(ctx)
	if err != nil {
		return &errAway{err}
	}
	defer tx.Rollback(ctx)
	endings := make([]*inbox.Ending, len(rows))
	if err := tx.LookAhead(ctx, rows); err != nil {
		return lost(ctx, tx, err)
	}
	for i, r := range rows {
		a := attempt{e: e, tx: tx, row: r, now: e.cfg.Clock.Now(), log: memory{clock: e.cfg.Clock}, yields: l.yields(len(rows))}
		if failed != nil {
			a.log.lines = failed.lines
			endings[i], err = a.failed(failed.code, failed.cause.Error(), 0)
		} else {
			endings[i], err = a.run(ctx)
		}
		if err != nil {
			return lost(ctx, tx, err)
		}
		endings[i].Lines = a.log.all()
	}
	if err := l.commit(ctx, tx, rows, endings); err != nil {
		return err
	}
	e.tell(rows, endings)
	return nil
}

// commit ends a transaction with what its members came to.
func (l *lane) commit(ctx context.Context, tx *inbox.Tx, rows []*inbox.Row, endings []*inbox.Ending) error {
	killpoint.Hit("before-settle")
	if err := tx.Join(ctx); err != nil {
		if errors.Is(err, inbox.ErrStandBy) {
			return &errAway{err}
		}
		return lost(ctx, tx, err)
	}
	for i, r := range rows {
		if err := tx.Settle(ctx, r, endings[i]); err != nil {
			return lost(ctx, tx, err)
		}
	}
	if err := tx.Flush(ctx); err != nil {
		return lost(ctx, tx, err)
	}
	killpoint.Hit("before-execute-commit")
	if err := committed(ctx, tx); err != nil {
		return err
	}
	killpoint.Hit("after-execute-commit")
	return nil
}
