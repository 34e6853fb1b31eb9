package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

// Outside consumers are called in three steps. The first transaction claims a message and writes down
// that a call begins. The call is made outside of any transaction. The second transaction writes what
// it came to, as for the consumers inside. Whoever dies in between leaves a pending intent: then the
// call is looked for, and repeated only when it cannot take effect any more.

const (
	// stopCall is how long a call may go on when the executor is to stop; then it is given up, and looked
	// for at the next start.
	stopCall = 5 * time.Second
	// Looking for a call: lookTimes within the time in which it may take effect, within these bounds.
	lookTimes  = 8
	lookSoon   = time.Second
	lookSeldom = 30 * time.Second
)

// program is what executes outside, as its workers share it.
type program struct {
	e       *Executor
	c       consumer.Outside
	workers []*worker
	wake    chan struct{} // wakes one of the workers that have nothing to do

	mu    sync.Mutex
	away  error     // why the other side does not answer; nil: it does, as far as is known
	since time.Time // when that began
	pause time.Duration
	until time.Time // nothing is claimed before

	// When pending calls began, or were first seen by this run, by the time that passes: who sets the
	// clock must not make a call be repeated too early.
	pending map[string]time.Duration
}

// worker makes one call at a time.
type worker struct {
	*program
	job  string       // names this worker of this run in IDJOB
	owed *call        // has come to its end, which is not written yet
	lost []*inbox.Row // may be claimed, and no call was begun: to be given back
}

// call is one claimed row on its way.
type call struct {
	row    *inbox.Row
	intent inbox.Intent
	now    time.Time // one moment for the whole execution
	log    memory
	out    consumer.Outcome
	code   link.Code // of a failure
	looked bool      // out is Find's: this was no attempt
	spent  bool      // the attempts were used up before: no further call is made
	open   bool      // what the call came to is not known
}

func newProgram(e *Executor, c consumer.Outside) *program {
	p := &program{e: e, c: c, wake: make(chan struct{}, 1), pending: map[string]time.Duration{}}
	n := 1
	if many, ok := c.(consumer.Parallel); ok {
		n = max(many.Parallel(), 1)
	}
	for range n {
		p.workers = append(p.workers, &worker{program: p, job: uuid.NewString()})
	}
	return p
}

func (p *program) awake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// RunOutside lets each outside consumer execute at most one message that is due, one consumer after the
// other, and answers how many. It is RunOnce for them, with the same errors; neither it nor RunOnce may
// be called while Run is at work.
func (e *Executor) RunOutside(ctx context.Context) (int, error) {
	total := 0
	for _, p := range e.programs {
		n, err := p.workers[0].once(ctx)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// Standing is how an outside consumer is.
type Standing struct {
	Type  string
	Away  error     // why it does not answer; nil: it does, as far as is known
	Since time.Time // when that began
}

// Outside answers how the outside consumers are.
func (e *Executor) Outside() []Standing {
	list := make([]Standing, len(e.programs))
	for i, p := range e.programs {
		p.mu.Lock()
		list[i] = Standing{p.c.Type(), p.away, p.since}
		p.mu.Unlock()
	}
	return list
}

// run executes until ctx ends. When there is nothing to do it waits to be woken: see lookOut. A worker that has
// found something wakes the next.
func (w *worker) run(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		n, err := w.once(ctx)
		wait := time.Duration(0)
		switch {
		case errors.Is(err, inbox.ErrStandBy):
			wait = firstPause
			w.e.cfg.Logger.Debug("a consumer outside pauses: this instance is not the active one, or not sure of it", "type", w.c.Type())
		case err != nil && ctx.Err() == nil:
			w.e.cfg.Logger.Error("a consumer outside pauses: the database does not answer", "type", w.c.Type(), "error", err, "pause", pause)
			wait = pause
			pause = min(2*pause, longPause)
		case n > 0:
			pause = firstPause
			continue
		default:
			pause = firstPause
		}
		w.e.sleep(ctx, wait, wakes(w.wake, err))
	}
}

// once executes one message that is due. 0: none is, or the other side is away.
func (w *worker) once(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	stopped := ctx
	ctx = context.WithoutCancel(ctx) // what has begun comes to its end
	if w.owed == nil {
		if err := w.e.recover(ctx); err != nil {
			return 0, err
		}
		if err := w.e.cfg.Box.GiveBack(ctx, w.lost); err != nil {
			return 0, fmt.Errorf("give a claim back: %w", err)
		}
		w.lost = nil
		if w.e.cfg.Clock.Now().Before(w.resume()) {
			return 0, nil
		}
		x, settled, err := w.begin(ctx)
		switch {
		case settled:
			return 1, nil
		case err != nil || x == nil:
			return 0, err
		}
		if len(w.workers) > 1 {
			w.awake()
		}
		w.call(ctx, stopped, x)
		w.owed = x
	}
	if err := w.settle(ctx, w.owed); err != nil {
		return 0, err
	}
	w.owed = nil
	return 1, nil
}

// begin claims a row and writes down that it is going to be called for, unless an earlier call is
// pending. A message that was booked before is settled at once.
func (w *worker) begin(ctx context.Context) (x *call, settled bool, err error) {
	tx, err := w.e.cfg.Box.Begin(ctx)
	if err != nil {
		return nil, false, err
	}
	defer tx.Rollback(ctx)
	fail := func(err error) (*call, bool, error) {
		if tx.Unavailable(err) {
			tx.Away(ctx)
		}
		return nil, false, fmt.Errorf("begin a call: %w", err)
	}
	now := w.e.cfg.Clock.Now()
	r, err := w.e.cfg.Box.ClaimOutside(ctx, tx, w.job, w.c.Type(), now)
	if err != nil {
		return fail(err)
	}
	if r == nil {
		return nil, false, nil
	}
	x = &call{row: r, now: now, log: memory{clock: w.e.cfg.Clock}}
	a, err := w.attempt(ctx, x, tx)
	if err != nil {
		return fail(err)
	}
	first, err := w.e.findDone(ctx, tx, &r.Message, a.hashes)
	if err != nil {
		return fail(err)
	}
	if first != nil {
		end, err := a.duplicate(first)
		if err != nil {
			return nil, false, err
		}
		end.Lines = a.log.all()
		if err := tx.Settle(ctx, r, end); err != nil {
			return fail(err)
		}
		if err := tx.Flush(ctx); err != nil {
			return fail(err)
		}
		if err := tx.Commit(ctx); err != nil {
			return nil, false, err
		}
		w.e.tell([]*inbox.Row{r}, []*inbox.Ending{end})
		return nil, true, nil
	}
	if x.intent, err = tx.Intent(ctx, &r.Message); err != nil {
		return fail(err)
	}
	if x.looked = x.intent.Pending; !x.looked {
		x.intent, err = tx.Intend(ctx, x.intent, &r.Message, now)
		if errors.Is(err, inbox.ErrIntentMoved) {
			return nil, false, nil // it is claimed again when that call is written down
		}
		if err != nil {
			return fail(err)
		}
	}
	if err := tx.Flush(ctx); err != nil {
		return fail(err)
	}
	if err := tx.Commit(ctx); err != nil {
		w.lost = []*inbox.Row{r} // if only the answer was lost
		return nil, false, err
	}
	w.begins(x.intent.Marker, !x.looked)
	return x, false, nil
}

// begins remembers when a call begins, or else since when it is known to be pending.
func (w *worker) begins(marker string, now bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.pending[marker]; now || !known {
		w.pending[marker] = w.e.cfg.Clock.Elapsed()
	}
}

// left is how long the last call for a marker may still take effect; not positive: it may no more.
func (w *worker) left(marker string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending[marker] + w.c.Settles() - w.e.cfg.Clock.Elapsed()
}

// attempt is a call as an attempt, inside a transaction.
func (w *worker) attempt(ctx context.Context, x *call, tx *inbox.Tx) (*attempt, error) {
	a := &attempt{e: w.e, tx: tx, row: x.row, now: x.now, log: x.log, hashes: inbox.HashesOf(&x.row.Message)}
	var err error
	a.edited, err = tx.Edited(ctx, x.row)
	return a, err
}

// call makes the call, or looks for the pending one and makes it anew when that has come to nothing.
func (w *worker) call(ctx, stopped context.Context, x *call) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stopped, func() { w.e.sleep(ctx, stopCall, nil); cancel() })()
	if x.looked && !w.comesToNothing(ctx, x) {
		return
	}
	killpoint.Hit("before-call")
	x.open = false
	// A machine that stood still in between must not call: another run may have looked by now.
	late := max(w.e.cfg.Clock.Now().Sub(x.intent.Last), w.c.Settles()-w.left(x.intent.Marker))
	if late > w.c.Settles()/2 {
		x.out = consumer.Postpone(w.e.cfg.Clock.Now(), fmt.Sprintf("this machine stood still for %s before the call", late))
		return
	}
	w.do(ctx, x, w.c.Send)
	killpoint.Hit("after-call")
	x.open = x.out.Kind == consumer.KindUnknown || x.code == link.CodeConsumerPanic
}

// comesToNothing looks for a pending call and tells whether it is to be repeated, which is then written
// down.
func (w *worker) comesToNothing(ctx context.Context, x *call) bool {
	w.do(ctx, x, w.c.Find)
	switch x.out.Kind {
	case consumer.KindAbsent, consumer.KindUnknown, consumer.KindAway:
		x.open = true
	default:
		x.open = x.code == link.CodeConsumerPanic
	}
	if x.out.Kind != consumer.KindAbsent || w.left(x.intent.Marker) > 0 {
		return false
	}
	if x.spent = w.e.cfg.Retry.of(x.row.Options).last(x.row.Attempt - 1); x.spent {
		return false
	}
	x.log.Warn("call %d took no effect in %s; it is repeated", x.intent.Calls, w.c.Settles())
	if err := w.again(ctx, x); err != nil {
		w.e.cfg.Logger.Warn("a call is not repeated yet", "messageId", x.row.Message.ID, "type", x.row.Message.Type, "error", err)
		return false
	}
	x.looked = false
	return true
}

// again writes down that a call is repeated.
func (w *worker) again(ctx context.Context, x *call) error {
	tx, err := w.e.cfg.Box.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	i, err := tx.Intend(ctx, x.intent, &x.row.Message, w.e.cfg.Clock.Now())
	if err != nil {
		if tx.Unavailable(err) {
			tx.Away(ctx)
		}
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	x.intent = i
	w.begins(i.Marker, true)
	return nil
}

// do calls the consumer. A panic is a retry, of which nobody knows what it did before.
func (w *worker) do(ctx context.Context, x *call, f func(context.Context, consumer.Call, consumer.Log) consumer.Outcome) {
	x.code = link.CodeConsumerFailed
	defer func() {
		if p := recover(); p != nil {
			x.code = link.CodeConsumerPanic
			x.out = consumer.Retry(0, fmt.Errorf("panic: %v", p))
			x.log.Error("panic: %v\n%s", p, debug.Stack())
		}
	}()
	x.out = f(ctx, consumer.Call{
		Execution: consumer.Execution{Message: x.row.Message, Attempt: x.row.Attempt, Now: x.now},
		Marker:    x.intent.Marker, Number: x.intent.Calls, Began: x.intent.Last,
	}, &x.log)
}

// settle writes what a call came to. An error says that the database does not answer: it is to be
// written later.
func (w *worker) settle(ctx context.Context, x *call) error {
	err := w.write(ctx, x)
	switch {
	case errors.Is(err, inbox.ErrClaimLost):
		w.e.cfg.Logger.Warn("another agent works on the same database", "messageId", x.row.Message.ID, "type", x.row.Message.Type)
		return nil
	case err != nil && !away(err) && !lostBusy(err): // it cannot be written down as it is
		failed := &fault{code: link.CodeConsumerFailed, cause: err}
		errors.As(err, &failed)
		x.out, x.code, x.open, x.looked = consumer.Retry(0, failed), failed.code, true, false
		return w.write(ctx, x)
	}
	return err
}

func (w *worker) write(ctx context.Context, x *call) error {
	tx, err := w.e.cfg.Box.Begin(ctx)
	if err != nil {
		return &errAway{err}
	}
	defer tx.Rollback(ctx)
	end, err := w.ending(ctx, tx, x)
	if err == nil {
		err = tx.EndIntent(ctx, x.intent, x.open)
	}
	if err == nil {
		err = tx.Settle(ctx, x.row, end)
	}
	if err == nil {
		err = tx.Flush(ctx)
	}
	if err != nil {
		return lost(ctx, tx, err)
	}
	killpoint.Hit("before-call-commit")
	if err := committed(ctx, tx); err != nil {
		return err
	}
	killpoint.Hit("after-call-commit")
	w.note(x, end)
	w.e.tell([]*inbox.Row{x.row}, []*inbox.Ending{end})
	return nil
}

// ending is what a call came to, with its log lines.
func (w *worker) ending(ctx context.Context, tx *inbox.Tx, x *call) (*inbox.Ending, error) {
	a, err := w.attempt(ctx, x, tx)
	if err != nil {
		return nil, err
	}
	end, err := w.judge(ctx, a, x)
	if err == nil {
		end.Lines = a.log.all()
	}
	return end, err
}

// judge judges what a call came to.
func (w *worker) judge(ctx context.Context, a *attempt, x *call) (*inbox.Ending, error) {
	now := w.e.cfg.Clock.Now()
	if x.spent {
		end, err := a.blocked(link.NewError(link.CodeAttemptsExhausted, "n", strconv.Itoa(x.row.Attempt-1), "reason", w.unknown(x, absent).Text().PT))
		if err == nil {
			end.Attempt = inbox.AttemptUndone
		}
		return end, err
	}
	counting := inbox.AttemptCounts
	if x.looked {
		counting = inbox.AttemptUndone
	}
	switch x.out.Kind {
	case consumer.KindDone:
		if err := a.tx.Savepoint(ctx); err != nil {
			return nil, a.doomed(link.CodeConsumerFailed, x.out, err)
		}
		end, err := a.book(ctx, x.out)
		if err != nil {
			return nil, a.doomed(link.CodeConsumerFailed, x.out, err)
		}
		return a.done(ctx, x.out, end)
	case consumer.KindAway:
		reason := technical(x.out)
		why := link.NewError(link.CodeConsumerAway, "type", x.row.Message.Type, "reason", reason.EN, "reasonPT", reason.PT)
		if x.open { // what it came to is still not known, which is more than that nobody can be asked
			why = w.unknown(x, reason)
		}
		return w.waits(a, why, now.Add(w.outage(x.out)), inbox.AttemptUndone), nil
	case consumer.KindAbsent:
		return w.waits(a, w.unknown(x, absent), w.lookAgain(x, now), counting), nil
	case consumer.KindUnknown:
		return w.waits(a, w.unknown(x, technical(x.out)), w.lookAgain(x, now), counting), nil
	}
	return a.undone(x.out, x.code)
}

// absent says that the other side knows nothing of a call.
var absent = link.Text{PT: "ainda não foi encontrada", EN: "it was not found yet"}

// technical is a cause as it was given, in both languages where it has them.
func technical(out consumer.Outcome) link.Text {
	if known, ok := errors.AsType[*link.Error](out.Cause); ok {
		t := known.Text()
		return link.Text{PT: clip(t.PT, maxReason), EN: clip(t.EN, maxReason)}
	}
	said := clip(out.Reason, maxReason)
	return link.Text{PT: said, EN: said}
}

// unknown says why nobody knows what a call came to.
func (w *worker) unknown(x *call, why link.Text) *link.Error {
	at := func(t time.Time) string { return t.Format(time.RFC3339) }
	return link.NewError(link.CodeCallUnknown, "n", strconv.Itoa(x.intent.Calls), "at", at(x.intent.Last),
		"until", at(w.e.cfg.Clock.Now().Add(max(w.left(x.intent.Marker), 0))), "why", why.EN, "whyPT", why.PT)
}

// lookAgain is when a pending call is looked for next.
func (w *worker) lookAgain(x *call, now time.Time) time.Time {
	wait := min(max(w.c.Settles()/lookTimes, lookSoon), lookSeldom)
	if left := w.left(x.intent.Marker); left > 0 {
		wait = min(wait, left)
	}
	return now.Add(wait)
}

// waits ends an execution that has to wait.
func (w *worker) waits(a *attempt, why *link.Error, next time.Time, counting inbox.Counting) *inbox.Ending {
	reason := clip(why.Text().PT, maxReason)
	a.log.Warn("%s", why.Text().EN)
	return &inbox.Ending{
		State: link.ERPWaiting, Code: why.Code, Reason: reason, NextTry: next, Attempt: counting,
		Report: a.row.State == link.ERPStored || a.row.Code != why.Code, Started: a.now, Ended: a.e.cfg.Clock.Now(),
	}
}

// outage is how long nothing is called when the other side is away.
func (w *worker) outage(out consumer.Outcome) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	pause := firstPause
	switch left := w.until.Sub(w.e.cfg.Clock.Now()); {
	case left > 0: // another worker has found it so, too
		pause = left
	case w.away != nil:
		pause = min(2*w.pause, longPause)
	}
	return max(pause, out.After)
}

// resume is the moment before which nothing is called.
func (w *worker) resume() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until
}

// note remembers whether the other side answers, and forgets a call that is pending no more.
func (w *worker) note(x *call, end *inbox.Ending) {
	now := w.e.cfg.Clock.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !x.open {
		delete(w.pending, x.intent.Marker)
	}
	log := w.e.cfg.Logger.With("type", w.c.Type())
	switch {
	case x.out.Kind != consumer.KindAway:
		if w.away != nil {
			log.Info("the consumer outside answers again", "after", now.Sub(w.since))
		}
		w.away, w.until = nil, time.Time{}
		return
	case w.away == nil:
		w.since = now // and once for all workers
		log.Error("the consumer outside does not answer; no attempt is counted", "error", x.out.Reason)
		w.e.cfg.Alarm(link.CodeConsumerAway)
	}
	w.away, w.pause, w.until = errors.New(x.out.Reason), end.NextTry.Sub(now), end.NextTry
}
