package executor

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// maxBusy is how often an execution that met a lock is repeated inside its attempt.
const maxBusy = 3

// minPostpone keeps a message that is postponed into the past from running in circles.
const minPostpone = time.Second

// maxReason bounds the reasons kept in the tables, in bytes.
const maxReason = 1000

// attempt is one execution of one row.
type attempt struct {
	e      *Executor
	tx     *inbox.Tx
	row    *inbox.Row
	now    time.Time // one moment for the whole execution
	log    memory
	hashes inbox.Hashes
	edited *link.Error // what the sender is told of a body that a person changed
	busy   bool        // a statement met a lock
	yields bool        // then nothing of the transaction is kept, see lane.yields
	booked error       // of the unique index that says that it was booked before
}

// run executes the row and answers what it came to. What the consumer wrote is kept with done and
// gone with everything else. A *fault says that the transaction is not usable any more.
func (a *attempt) run(ctx context.Context) (*inbox.Ending, error) {
	a.hashes = inbox.HashesOf(&a.row.Message)
	var err error
	if a.edited, err = a.tx.Edited(ctx, a.row); err != nil {
		return nil, err
	}
	first, err := a.e.findDone(ctx, a.tx, &a.row.Message, a.hashes)
	if err != nil {
		return nil, err
	}
	if first != nil {
		return a.duplicate(first)
	}
	c, ok := a.e.consumers[a.row.Message.Type]
	if !ok {
		return a.blocked(link.NewError(link.CodeNoConsumer, "type", a.row.Message.Type))
	}
	if err := a.tx.Savepoint(ctx); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		g := &guarded{tx: a.tx}
		out, code := a.call(ctx, c, g)
		g.watch(out.Cause)
		var end *inbox.Ending
		if g.away == nil {
			var err error
			if end, err = a.book(ctx, out); err != nil { // what it wrote was refused, now or while it went on
				out = consumer.Retry(0, err)
				g.watch(err)
			}
		}
		a.busy = g.busy != nil
		if g.away != nil {
			return nil, &errAway{fmt.Errorf("execute %s: %w", a.row.Message.ID, g.away)}
		}
		if end != nil {
			return a.done(ctx, out, end)
		}
		if a.busy && a.yields {
			return nil, a.doomed(code, out, g.busy)
		}
		if err := a.tx.RollbackToSavepoint(ctx); err != nil {
			return nil, a.doomed(code, out, err)
		}
		if g.busy != nil && out.Kind == consumer.KindRetry && n < maxBusy {
			a.log.Warn("repeated: the database was busy (%v)", g.busy)
			continue
		}
		if err := a.tx.Release(ctx); err != nil {
			return nil, a.doomed(code, out, err)
		}
		return a.undone(out, code)
	}
}

// call calls the consumer.
func (a *attempt) call(ctx context.Context, c consumer.Consumer, g *guarded) (out consumer.Outcome, code link.Code) {
	return a.caught(func() consumer.Outcome {
		return c.Execute(ctx, g, consumer.Execution{Message: a.row.Message, Attempt: a.row.Attempt, Now: a.now}, &a.log)
	})
}

// caught calls a consumer's code. Its panic is a retry.
func (a *attempt) caught(f func() consumer.Outcome) (out consumer.Outcome, code link.Code) {
	code = link.CodeConsumerFailed
	defer func() {
		if p := recover(); p != nil {
			code = link.CodeConsumerPanic
			out = consumer.Retry(0, fmt.Errorf("panic: %v", p))
			a.log.Error("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(), code
}

// doomed answers the failure of a row whose transaction is gone: with it goes what the consumer said,
// unless that explains the failure.
func (a *attempt) doomed(code link.Code, out consumer.Outcome, err error) error {
	cause := fmt.Errorf("the transaction was lost: %w", err)
	if out.Kind == consumer.KindRetry {
		cause = fmt.Errorf("%s (%w)", out.Reason, cause)
	}
	if a.tx.Unavailable(err) {
		return &errAway{cause}
	}
	return &fault{code: code, cause: cause, busy: a.busy || sqldb.IsBusy(err), lines: a.log.all()}
}

// book remembers that the message is done, if that is what the consumer said; nil: it did not. An error
// is that of what the consumer wrote, or of the booking.
func (a *attempt) book(ctx context.Context, out consumer.Outcome) (*inbox.Ending, error) {
	if late := a.tx.Late(); late != nil || out.Kind != consumer.KindDone {
		return nil, late
	}
	end, err := a.answered(link.AnswerData{Status: link.ERPDone, Key: out.Key, Keys: out.Keys, Warnings: out.Warnings})
	if err != nil {
		return nil, err
	}
	if err = a.tx.Book(ctx, a.row, end); sqldb.IsUnique(err) {
		a.booked = err
	} else if err != nil {
		return nil, err
	}
	return end, nil
}

// done ends what was booked. The unique indexes have the last word: when they say that it was booked
// before, what the consumer wrote goes.
func (a *attempt) done(ctx context.Context, out consumer.Outcome, end *inbox.Ending) (*inbox.Ending, error) {
	if a.booked == nil {
		if err := a.tx.Release(ctx); err != nil {
			return nil, a.doomed(link.CodeConsumerFailed, out, err)
		}
		return end, nil
	}
	if err := a.tx.RollbackToSavepoint(ctx); err != nil {
		return nil, a.doomed(link.CodeConsumerFailed, out, err)
	}
	if err := a.tx.Release(ctx); err != nil {
		return nil, a.doomed(link.CodeConsumerFailed, out, err)
	}
	first, err := a.tx.FindDone(ctx, &a.row.Message, a.hashes)
	if err != nil {
		return nil, err
	}
	if first == nil {
		return a.failed(link.CodeConsumerFailed, a.booked.Error(), 0)
	}
	return a.duplicate(first)
}

// undone judges an execution that booked nothing.
func (a *attempt) undone(out consumer.Outcome, code link.Code) (*inbox.Ending, error) {
	switch out.Kind {
	case consumer.KindReject:
		end, err := a.answered(link.AnswerData{Status: link.ERPRejected, Errors: out.Errors, Warnings: out.Warnings})
		if err != nil {
			return nil, &fault{code: link.CodeConsumerFailed, cause: err, lines: a.log.all()}
		}
		end.Report = true
		if len(out.Errors) > 0 {
			end.Code, end.Reason = link.Code(out.Errors[0].Code), clip(out.Errors[0].Description, maxReason)
		}
		return end, nil
	case consumer.KindPostpone:
		next := out.Until.UTC()
		if soonest := a.now.Add(minPostpone); next.Before(soonest) {
			next = soonest
		}
		a.log.Info("postponed until %s: %s", next.Format(time.RFC3339), out.Reason)
		return &inbox.Ending{
			State: link.ERPWaiting, Reason: clip(out.Reason, maxReason), NextTry: next, Attempt: inbox.AttemptUndone,
			Report: a.row.State == link.ERPStored, Started: a.now, Ended: a.e.cfg.Clock.Now(),
		}, nil
	case consumer.KindRetry:
		return a.failed(code, out.Reason, out.After)
	}
	return a.failed(link.CodeConsumerPanic, fmt.Sprintf("the consumer answered the unknown outcome %q", out.Kind), 0)
}

// failed ends a failed attempt: the row waits for the next one or, after the last, is blocked.
func (a *attempt) failed(code link.Code, reason string, after time.Duration) (*inbox.Ending, error) {
	reason = clip(reason, maxReason)
	a.log.Error("attempt %d failed: %s", a.row.Attempt, reason)
	retry := a.e.cfg.Retry.of(a.row.Options)
	if retry.last(a.row.Attempt) {
		return a.blocked(link.NewError(link.CodeAttemptsExhausted, "n", strconv.Itoa(a.row.Attempt), "reason", reason))
	}
	if after <= 0 {
		after = retry.wait(a.row.Attempt)
	}
	return &inbox.Ending{
		State: link.ERPWaiting, Code: code, Reason: reason, NextTry: a.now.Add(after), Report: a.row.Attempt == 1,
		Started: a.now, Ended: a.e.cfg.Clock.Now(),
	}, nil
}

// blocked ends a row that only a person can help.
func (a *attempt) blocked(why *link.Error) (*inbox.Ending, error) {
	end, err := a.answered(link.AnswerData{Status: link.ERPBlocked, Errors: []link.Fault{inbox.FaultOf(why)}})
	if err != nil {
		return nil, err
	}
	end.Report, end.Code, end.Reason = true, why.Code, clip(why.Text().PT, maxReason)
	return end, nil
}

// duplicate ends a message that was booked before.
func (a *attempt) duplicate(first *inbox.Done) (*inbox.Ending, error) {
	d := link.AnswerData{Status: link.ERPDuplicate, Key: first.Key, Keys: first.Keys, FirstID: &first.ID}
	if first.Differs {
		d.Warnings = []link.Fault{inbox.FaultOf(link.NewError(link.CodeDuplicateDiffers, "first", first.ID.String()))}
		a.log.Warn("booked before by %s with another body", first.ID)
	}
	return a.answered(d)
}

// answered makes an ending with its answer.
func (a *attempt) answered(d link.AnswerData) (*inbox.Ending, error) {
	if a.hashes.Data == nil {
		a.hashes = inbox.HashesOf(&a.row.Message)
	}
	if a.edited != nil {
		d.Warnings = append(d.Warnings, inbox.FaultOf(a.edited))
	}
	answer, err := inbox.NewAnswer(&a.row.Message, a.row.Outcomes+1, d)
	if err != nil {
		return nil, err
	}
	return &inbox.Ending{
		State: d.Status, Answer: answer, Hashes: a.hashes, Started: a.now, Ended: a.e.cfg.Clock.Now(),
	}, nil
}
