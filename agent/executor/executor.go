// Package executor executes the messages of the inbox: which may run now, in what order, in which
// transaction, and what becomes of each.
//
// Messages are claimed in one committed update and executed in a second transaction, each behind a
// savepoint of its own. That one transaction holds what the consumer wrote, the result, the end of
// the message's row, the execution, its log lines and the answer: all of it is there afterwards, or
// nothing.
package executor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/killpoint"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Config says what to execute and how.
type Config struct {
	Box       *inbox.Box
	Consumers []consumer.Consumer // at most one of each type
	Retry     Retry
	BatchSize int         // messages of transactional consumers that share a transaction; 0 = 1
	Parallel  int         // transactions at the same time, of different ordering keys; 0 = 1, at most inbox.MaxParallel
	Clock     clock.Clock // nil: clock.Real
	Logger    *slog.Logger
	Answered  func() // called after a commit that put answers up; nil: nothing to do
	Alarm     func(code link.Code)
}

// poll is how often the executor looks by itself for what other processes changed or what has become
// due.
const poll = time.Second

// Pauses while the database is away.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// Executor executes messages, one batch after the other. RunOnce, Drain and Run must not be called
// at the same time; Wake, Stats and Types may.
type Executor struct {
	cfg       Config
	job       string // names this run in IDJOB
	consumers map[string]entry
	wake      chan struct{}
	recovered bool
	owed      []*inbox.Row // claims to be given back when the database answers again
	stats     stats

	// findDone looks for an earlier booking; tests put something blind in its place, to see the
	// unique indexes at work.
	findDone func(ctx context.Context, tx *inbox.Tx, m *link.Message, h inbox.Hashes) (*inbox.Done, error)
}

type entry struct {
	consumer.Consumer
	joins bool // may share a transaction with other messages
}

// New makes an executor; it executes nothing yet.
func New(cfg Config) (*Executor, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Answered == nil {
		cfg.Answered = func() {}
	}
	if cfg.Alarm == nil {
		cfg.Alarm = func(link.Code) {}
	}
	cfg.BatchSize, cfg.Parallel = max(cfg.BatchSize, 1), max(cfg.Parallel, 1)
	if cfg.Parallel > inbox.MaxParallel {
		return nil, fmt.Errorf("%d transactions at the same time: at most %d", cfg.Parallel, inbox.MaxParallel)
	}
	if err := cfg.Retry.check(); err != nil {
		return nil, err
	}
	cfg.Retry = cfg.Retry.withDefaults()
	e := &Executor{
		cfg: cfg, job: uuid.NewString(), consumers: map[string]entry{}, wake: make(chan struct{}, 1),
		findDone: func(ctx context.Context, tx *inbox.Tx, m *link.Message, h inbox.Hashes) (*inbox.Done, error) {
			return tx.FindDone(ctx, m, h)
		},
	}
	for _, c := range cfg.Consumers {
		if _, twice := e.consumers[c.Type()]; twice {
			return nil, fmt.Errorf("two consumers for %s", c.Type())
		}
		t, ok := c.(consumer.Transactional)
		e.consumers[c.Type()] = entry{c, ok && t.Transactional()}
	}
	return e, nil
}

// Types lists the message types that have a consumer.
func (e *Executor) Types() []string {
	var types []string
	for t := range e.consumers {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

// Wake tells the executor that there may be something to do.
func (e *Executor) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run executes until ctx ends; the batch it is in then comes to its end.
func (e *Executor) Run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		n, err := e.RunOnce(ctx)
		wait := poll
		switch {
		case errors.Is(err, inbox.ErrStandBy): // whoever stands by is stopped; otherwise it is a matter of moments
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
		e.sleep(ctx, wait, err == nil)
	}
}

// sleep waits; wakeable says that Wake ends it.
func (e *Executor) sleep(ctx context.Context, d time.Duration, wakeable bool) {
	wake := e.wake
	if !wakeable {
		wake = nil
	}
	t := e.cfg.Clock.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-wake:
	case <-ctx.Done():
	}
}

// Drain executes until nothing is due and answers how many executions that took.
func (e *Executor) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := e.RunOnce(ctx)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// RunOnce claims and executes one batch and answers how many messages it executed; 0: none is due.
// An error says that the database does not answer: no attempt has been counted, and the same
// messages are executed when RunOnce is called again and it does.
func (e *Executor) RunOnce(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx) // what has begun comes to its end
	if err := e.makeGood(ctx); err != nil {
		return 0, err
	}
	rows, err := e.cfg.Box.Claim(ctx, e.job, e.cfg.BatchSize, func(t string) bool { return e.consumers[t].joins })
	if err != nil {
		return 0, fmt.Errorf("claim: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	n, err := e.batch(ctx, rows)
	if err != nil {
		// The database may come back soon enough to do it at once.
		e.owed = rows[n:]
		return n, errors.Join(err, e.makeGood(ctx))
	}
	return n, nil
}

// makeGood takes over what a dead run left, once, and gives back claims that could not be executed.
func (e *Executor) makeGood(ctx context.Context) error {
	if err := e.cfg.Box.GiveBack(ctx, e.owed); err != nil {
		return fmt.Errorf("give claims back: %w", err)
	}
	e.owed = nil
	if e.recovered {
		return nil
	}
	taken, blocked, err := e.cfg.Box.Recover(ctx, e.job, maxDeaths)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	e.recovered = true
	if len(taken) > 0 {
		e.cfg.Logger.Warn("took over messages of a run that died", "count", len(taken))
	}
	for _, r := range blocked {
		e.alarm(r, link.CodeAgentDied, "the agent died while executing it")
	}
	if len(blocked) > 0 {
		e.cfg.Answered()
	}
	return nil
}

// batch executes claimed rows together and, when the transaction cannot be kept, one by one, so that
// only the row at fault pays for it. It answers how many of the rows were settled; the others are
// still claimed when err is not nil.
func (e *Executor) batch(ctx context.Context, rows []*inbox.Row) (int, error) {
	if len(rows) > 1 {
		err := e.together(ctx, rows, nil)
		if err == nil {
			return len(rows), nil
		}
		if away(err) {
			return 0, err
		}
		e.cfg.Logger.Warn("a batch is repeated one by one", "count", len(rows), "error", err)
	}
	for i, r := range rows {
		if err := e.alone(ctx, r); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

// alone executes one row in a transaction of its own. A fault that the transaction does not survive
// is the row's: it costs the attempt, unless it was a lock and goes away when the work is repeated.
func (e *Executor) alone(ctx context.Context, r *inbox.Row) error {
	err := e.together(ctx, []*inbox.Row{r}, nil)
	for n := 0; n < maxBusy && lostBusy(err); n++ {
		e.cfg.Logger.Warn("repeated: the database was busy", "messageId", r.Message.ID, "type", r.Message.Type, "error", err)
		err = e.together(ctx, []*inbox.Row{r}, nil)
	}
	if err != nil && !away(err) && !errors.Is(err, inbox.ErrClaimLost) {
		failed := &fault{code: link.CodeConsumerFailed, cause: err}
		errors.As(err, &failed)
		err = e.together(ctx, []*inbox.Row{r}, failed)
	}
	if errors.Is(err, inbox.ErrClaimLost) {
		e.cfg.Logger.Warn("another agent works on the same database", "messageId", r.Message.ID, "type", r.Message.Type)
		return nil
	}
	return err
}

// fault is a failure of one row that its transaction does not survive.
type fault struct {
	code  link.Code
	cause error
	busy  bool // the database chose the transaction to give way
	lines []inbox.Line
}

func (f *fault) Error() string { return f.cause.Error() }
func (f *fault) Unwrap() error { return f.cause }

// lostBusy tells whether a transaction was lost to a lock, a deadlock or a conflict.
func lostBusy(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return err != nil && !away(err) && (ok && f.busy || sqldb.IsBusy(err))
}

// errAway marks an error that is the database's and nobody's fault.
type errAway struct{ cause error }

func (a *errAway) Error() string { return "the database is away: " + a.cause.Error() }
func (a *errAway) Unwrap() error { return a.cause }

func away(err error) bool {
	var a *errAway
	return errors.As(err, &a)
}

// together runs rows in one transaction. With failed, which goes with a single row, the row is not
// executed: the failure is noted. After an error nothing is kept; away tells whose fault it is.
func (e *Executor) together(ctx context.Context, rows []*inbox.Row, failed *fault) error {
	tx, err := e.cfg.Box.Begin(ctx)
	if err != nil {
		return &errAway{err}
	}
	defer tx.Rollback(ctx)
	endings := make([]*inbox.Ending, len(rows))
	if err := tx.LookAhead(ctx, rows); err != nil {
		return lost(ctx, tx, err)
	}
	for i, r := range rows {
		a := attempt{e: e, tx: tx, row: r, now: e.cfg.Clock.Now(), log: memory{clock: e.cfg.Clock}}
		if failed != nil {
			a.log.lines = failed.lines
			endings[i], err = a.failed(failed.code, failed.cause.Error(), 0)
		} else {
			endings[i], err = a.run(ctx)
		}
		if err == nil {
			endings[i].Lines = a.log.all()
			err = tx.Settle(ctx, r, endings[i])
		}
		if err != nil {
			return lost(ctx, tx, err)
		}
	}
	if err := tx.Flush(ctx); err != nil {
		return lost(ctx, tx, err)
	}
	killpoint.Hit("before-execute-commit")
	if err := tx.Commit(ctx); err != nil {
		if sqldb.IsUnavailable(err) || sqldb.IsBusy(err) {
			return &errAway{err}
		}
		return err
	}
	killpoint.Hit("after-execute-commit")
	e.tell(rows, endings)
	return nil
}

// lost answers the error that a transaction ended with; away tells whose fault it is.
func lost(ctx context.Context, tx *inbox.Tx, err error) error {
	if tx.Unavailable(err) || away(err) {
		tx.Away(ctx)
		return &errAway{err}
	}
	return err
}

// tell counts and logs what was committed.
func (e *Executor) tell(rows []*inbox.Row, endings []*inbox.Ending) {
	answers := false
	for i, end := range endings {
		r := rows[i]
		e.stats.count(end)
		answers = answers || end.Answer != nil
		log := e.cfg.Logger.With("messageId", r.Message.ID, "type", r.Message.Type, "attempt", r.Attempt)
		switch end.State {
		case link.ERPBlocked:
			e.alarm(r, end.Code, end.Reason)
		case link.ERPWaiting:
			log.Warn("message waits", "code", end.Code, "reason", end.Reason, "nextTry", end.NextTry)
		default:
			log.Info("message executed", "state", end.State, "key", end.Answer.Key)
		}
	}
	if answers {
		e.cfg.Answered()
	}
}

// alarm tells people that one of them must look.
func (e *Executor) alarm(r *inbox.Row, code link.Code, reason string) {
	e.cfg.Alarm(code)
	e.cfg.Logger.Error("message blocked: a person must look", "messageId", r.Message.ID, "type", r.Message.Type, "attempt", r.Attempt,
		"code", code, "reason", reason)
}

// Stats are the executions since the start, by what they came to.
type Stats map[string]int64

type stats struct{ done, duplicate, rejected, retry, blocked, postponed atomic.Int64 }

func (s *stats) count(end *inbox.Ending) {
	switch {
	case end.Attempt == inbox.AttemptUndone:
		s.postponed.Add(1)
	case end.State == link.ERPDone:
		s.done.Add(1)
	case end.State == link.ERPDuplicate:
		s.duplicate.Add(1)
	case end.State == link.ERPRejected:
		s.rejected.Add(1)
	case end.State == link.ERPBlocked:
		s.blocked.Add(1)
	default:
		s.retry.Add(1)
	}
}

// Stats answers the executions since the start.
func (e *Executor) Stats() Stats {
	s := &e.stats
	return Stats{
		"done": s.done.Load(), "duplicate": s.duplicate.Load(), "rejected": s.rejected.Load(), "retry": s.retry.Load(),
		"blocked": s.blocked.Load(), "postponed": s.postponed.Load(),
	}
}
