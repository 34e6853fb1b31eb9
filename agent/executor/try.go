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
// answered, counted or logged. Only what a transaction can undo is tried; a consumer that is not
// transactional is link.CodeRequestInvalid. A message that cannot be tried is link.CodeNotNow or
// link.CodeNotInInbox. It may be called at any time, beside Run too.
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
	outside := slices.ContainsFunc(e.cfg.Outside, func(c consumer.Outside) bool { return c.Type() == r.Message.Type })
	if c, ok := e.consumers[r.Message.Type]; ok && !c.joins || outside {
		return Trial{}, link.NewError(link.CodeRequestInvalid).At("type", link.CodeRequestInvalid, link.Both(
			"o que o consumidor de %s faz não pode ser desfeito, por isso não se testa", "what the consumer of %s does cannot be undone, so it is not tried", r.Message.Type))
	}
	r.Attempt = 1
	a := attempt{e: e, tx: tx, row: r, now: e.cfg.Clock.Now(), log: memory{clock: e.cfg.Clock}}
	end, err := a.run(ctx)
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

func logged(lines []inbox.Line) []inbox.LogLine {
	list := make([]inbox.LogLine, len(lines))
	for i, l := range lines {
		list[i] = inbox.LogLine{Attempt: 1, Type: l.Type, Text: l.Text, At: l.At}
	}
	return list
}
