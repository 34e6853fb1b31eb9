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
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Config says what to execute and how.
type Config struct {
	Box       *inbox.Box
	Consumers []consumer.Consumer // at most one of each type, together with Outside
	Outside   []consumer.Outside
	Retry     Retry
	BatchSize int // messages of transactional consumers that share a transaction; 0 = 1
	// Parallel is how many transactions run at the same time, of different ordering keys, where the database
	// has more than one writer; at most inbox.MaxParallel. 0: one, or four of them in PostgreSQL.
	Parallel int
	Clock    clock.Clock // nil: clock.Real
	Logger   *slog.Logger
	Answered func() // called after a commit that put answers up; nil: nothing to do
	// Looked is told what a look has found that is not the executor's; nil: nobody is told.
	Looked func(inbox.Found)
	Alarm  func(code link.Code)
	// Watch has the system tell when the database is changed, where it can (inbox.Watch), so that Run need not look for
	// it each second while there is nothing to do.
	Watch bool
}

// Pauses while the database is away.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// Executor executes messages, one batch after the other in each of its lanes, and those of outside
// consumers beside them. RunOnce, RunOutside, Drain and Run must not be called at the same time; Wake,
// Stats, Outside and Types may.
type Executor struct {
	cfg       Config
	consumers map[string]entry
	wake      chan struct{}
	lanes     []*lane
	programs  []*program
	stats     stats

	recovering sync.Mutex
	recovered  bool

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
	if cfg.Looked == nil {
		cfg.Looked = func(inbox.Found) {}
	}
	if cfg.Alarm == nil {
		cfg.Alarm = func(link.Code) {}
	}
	cfg.BatchSize = max(cfg.BatchSize, 1)
	if cfg.Parallel < 0 || cfg.Parallel > inbox.MaxParallel {
		return nil, link.NewError(link.CodeRequestInvalid).At("parallel", link.CodeRequestInvalid, link.Range(0, inbox.MaxParallel))
	}
	if err := cfg.Retry.check(); err != nil {
		return nil, err
	}
	cfg.Retry = cfg.Retry.withDefaults()
	e := &Executor{
		cfg: cfg, consumers: map[string]entry{}, wake: make(chan struct{}, 1),
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
	for n := range cfg.parallel() {
		e.lanes = append(e.lanes, &lane{e: e, job: uuid.NewString(), number: n})
	}
	for _, c := range cfg.Outside {
		if slices.Contains(e.Types(), c.Type()) {
			return nil, fmt.Errorf("two consumers for %s", c.Type())
		}
		e.programs = append(e.programs, newProgram(e, c))
	}
	return e, nil
}

// Types lists the message types that have a consumer.
func (e *Executor) Types() []string {
	var types []string
	for t := range e.consumers {
		types = append(types, t)
	}
	for _, p := range e.programs {
		types = append(types, p.c.Type())
	}
	slices.Sort(types)
	return types
}

// Wake tells the executor that there may be something to do.
func (e *Executor) Wake() {
	e.wakeLane()
	for _, p := range e.programs {
		p.awake()
	}
}

// wakeLane wakes one of the lanes.
func (e *Executor) wakeLane() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run executes until ctx ends; the batches it is in then come to their end, and calls of outside consumers
// have a moment to.
func (e *Executor) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() {
		changed, end := e.watch()
		defer end()
		e.lookOut(ctx, changed)
	})
	for _, l := range e.lanes {
		all.Go(func() { l.run(ctx) })
	}
	for _, p := range e.programs {
		for _, w := range p.workers {
			all.Go(func() { w.run(ctx) })
		}
	}
	all.Wait()
}

// wakes is what ends the wait after a round: nothing does after one that failed.
func wakes(wake chan struct{}, err error) <-chan struct{} {
	if err != nil {
		return nil
	}
	return wake
}

// sleep waits for d, 0: for ever, for wake (nil: none) or for the end of ctx.
func (e *Executor) sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	var due <-chan time.Time
	if d > 0 {
		t := e.cfg.Clock.NewTimer(d)
		defer t.Stop()
		due = t.C()
	}
	select {
	case <-due:
	case <-wake:
	case <-ctx.Done():
	}
}

// Drain executes until nothing is due and answers how many executions that took.
func (e *Executor) Drain(ctx context.Context) (int, error) {
	total := 0
	for {
		executed := make([]int, len(e.lanes))
		errs := make([]error, len(e.lanes))
		var all sync.WaitGroup
		for i, l := range e.lanes {
			all.Go(func() {
				for n := -1; n != 0 && errs[i] == nil; executed[i] += n {
					n, errs[i] = l.once(ctx)
				}
			})
		}
		all.Wait()
		before := total
		for _, n := range executed {
			total += n
		}
		// What another lane let go on while this one found nothing is due now.
		if err := errors.Join(errs...); err != nil || total == before {
			return total, err
		}
	}
}

// RunOnce claims and executes one batch and answers how many messages it executed; 0: none is due.
// An error says that the database does not answer: no attempt has been counted, and the same
// messages are executed when RunOnce is called again and it does.
func (e *Executor) RunOnce(ctx context.Context) (int, error) { return e.lanes[0].once(ctx) }

// recover takes over what a dead run left, once.
func (e *Executor) recover(ctx context.Context) error {
	e.recovering.Lock()
	defer e.recovering.Unlock()
	if e.recovered {
		return nil
	}
	outside := make([]string, len(e.programs))
	for i, p := range e.programs {
		outside[i] = p.c.Type()
	}
	if err := e.cfg.Box.SetOutside(ctx, outside); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	taken, blocked, err := e.cfg.Box.Recover(ctx, maxDeaths)
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

// committed commits a transaction; what can be so because of the database is told so.
func committed(ctx context.Context, tx *inbox.Tx) error {
	err := tx.Commit(ctx)
	if sqldb.IsUnavailable(err) || sqldb.IsBusy(err) {
		return &errAway{err}
	}
	return err
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

type stats struct{ done, duplicate, rejected, retry, blocked, postponed, unknown, away atomic.Int64 }

func (s *stats) count(end *inbox.Ending) {
	switch {
	case end.Code == link.CodeCallUnknown:
		s.unknown.Add(1)
	case end.Code == link.CodeConsumerAway:
		s.away.Add(1)
	case end.Attempt == inbox.AttemptUndone && end.State != link.ERPBlocked:
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
		"blocked": s.blocked.Load(), "postponed": s.postponed.Load(), "unknown": s.unknown.Load(), "away": s.away.Load(),
	}
}
