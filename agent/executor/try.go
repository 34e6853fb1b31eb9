package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/link"
)

// Trial is what executing a message now would come to.
type Trial struct {
	State    link.ERPState   `json:"state"` // done, duplicate, rejected, blocked, waiting
	Key      string          `json:"key,omitempty"`
	Code     link.Code       `json:"code,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	NextTry  *time.Time      `json:"nextTry,omitempty"`
	Errors   []link.Fault    `json:"errors,omitempty"`
	Warnings []link.Fault    `json:"warnings,omitempty"`
	Log      []inbox.LogLine `json:"log,omitempty"`
}

// Try executes a message as it stands, rules and all, and undoes everything: nothing is booked,
// answered, counted or logged. Only what a transaction can undo is tried, and outside consumers that judge
// without their call (consumer.Trier); any other consumer is link.CodeRequestInvalid. A message that cannot
// be tried is link.CodeNotNow or link.CodeNotInInbox. It may be called at any time, beside Run too.
func (e *Executor) Try(ctx context.Context, message uuid.UUID) (Trial, error) {
	tx, err := e.cfg.Box.Begin(ctx)
	if err != nil {
		return Trial{}, err
	}
	defer tx.Rollback(ctx)
	r, err := tx.Tryable(ctx, message)
	if err != nil {
		return Trial{}, err
	}
	var trier consumer.Trier
	i := slices.IndexFunc(e.cfg.Outside, func(c consumer.Outside) bool { return c.Type() == r.Message.Type })
	if i >= 0 {
		trier, _ = e.cfg.Outside[i].(consumer.Trier)
	}
	if c, ok := e.consumers[r.Message.Type]; ok && !c.joins || i >= 0 && trier == nil {
		return Trial{}, link.NewError(link.CodeRequestInvalid).At("type", link.CodeRequestInvalid, link.Both(
			"o que o consumidor de %s faz não pode ser desfeito, por isso não se testa", "what the consumer of %s does cannot be undone, so it is not tried", r.Message.Type))
	}
	switch r.State {
	case link.ERPBlocked, link.ERPRejected: // it would start anew
		r.Attempt = 1
	default:
		r.Attempt++
	}
	a := attempt{e: e, tx: tx, row: r, now: e.cfg.Clock.Now(), log: memory{clock: e.cfg.Clock}}
	run := a.run
	if trier != nil {
		run = func(ctx context.Context) (*inbox.Ending, error) { return a.tryOutside(ctx, trier) }
	}
	end, err := run(ctx)
	if err != nil {
		var f *fault
		if !errors.As(err, &f) {
			return Trial{}, err
		}
		return Trial{State: link.ERPWaiting, Code: f.code, Reason: clip(f.cause.Error(), maxReason), Log: logged(f.lines)}, nil
	}
	t := Trial{State: end.State, Code: end.Code, Reason: end.Reason, Log: logged(a.log.all())}
	if !end.NextTry.IsZero() {
		t.NextTry = &end.NextTry
	}
	if end.Answer != nil {
		var body link.AnswerBody
		if err := json.Unmarshal(end.Answer.Body, &body); err != nil {
			return t, fmt.Errorf("answer of a trial: %w", err)
		}
		t.Key, t.Errors, t.Warnings = body.Data.Key, body.Data.Errors, body.Data.Warnings
	}
	return t, nil
}

// tryOutside lets an outside consumer judge the row. The transaction ends before: the judgement may take its
// time, and nobody is to wait for it.
func (a *attempt) tryOutside(ctx context.Context, c consumer.Trier) (*inbox.Ending, error) {
	a.hashes = inbox.HashesOf(&a.row.Message)
	first, err := a.e.findDone(ctx, a.tx, &a.row.Message, a.hashes)
	if err != nil {
		return nil, err
	}
	a.tx.Rollback(ctx)
	if first != nil {
		return a.duplicate(first)
	}
	out, code := a.caught(func() consumer.Outcome {
		return c.Try(ctx, consumer.Execution{Message: a.row.Message, Attempt: a.row.Attempt, Now: a.now}, &a.log)
	})
	switch out.Kind {
	case consumer.KindDone:
		return a.answered(link.AnswerData{Status: link.ERPDone, Key: out.Key, Keys: out.Keys, Warnings: out.Warnings})
	case consumer.KindAway, consumer.KindUnknown:
		return &inbox.Ending{State: link.ERPWaiting, Code: link.CodeConsumerAway, Reason: clip(technical(out).EN, maxReason)}, nil
	}
	return a.undone(out, code)
}

func logged(lines []inbox.Line) []inbox.LogLine {
	list := make([]inbox.LogLine, len(lines))
	for i, l := range lines {
		list[i] = inbox.LogLine{Attempt: 1, Type: l.Type, Text: l.Text, At: l.At}
	}
	return list
}
