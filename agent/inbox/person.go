package inbox

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// Desk is where one person works on the inbox, also beside a running agent. What is done is noted with
// the person's name, in the transaction that does it.
type Desk struct {
	box *Box
	by  string
}

// maxBy bounds names of people, in characters.
const maxBy = 200

// Desk is a desk for a person, who is named as given.
func (b *Box) Desk(by string) Desk {
	if r := []rune(by); len(r) > maxBy {
		by = string(r[:maxBy])
	}
	return Desk{b, by}
}

// The running one of the key goes on; the others let a reprocessed one, which came before them, go
// first.
const (
	reprocessRow = `UPDATE GTOTVSLINKMESSAGE SET STATE = 'stored', STATECODE = ?, STATEREASON = ?, DATATENTATIVAEXEC = '', QTDETENTATIVAEXEC = 0,
		DEATHS = 0, STATUSSEQ = STATUSSEQ + ?, HELD = 0, RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
	hastenRow = `UPDATE GTOTVSLINKMESSAGE SET DATATENTATIVAEXEC = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
	goingRows = `SELECT SEQ, STATE ` + ofKey + ` AND HELD = 0 AND SEQ <> ?`
)

// Reprocess sends a message through the ERP again, after what stood in its way was mended. A rejected
// or blocked one starts anew with all its attempts; a waiting one is due now. An answer the hub had
// refused is sent again. Any other state is link.CodeNotNow; a message that is not in the inbox is
// link.CodeNotInInbox. An agent running on the same file takes it up within about a second.
func (d Desk) Reprocess(ctx context.Context, message uuid.UUID) error {
	return d.box.write(ctx, func(tx *Tx) error { return d.reprocess(ctx, tx, message, request{}) })
}

func (d Desk) reprocess(ctx context.Context, tx *Tx, message uuid.UUID, asked request) error {
	r, err := tx.workable(ctx, message, link.ERPRejected, link.ERPBlocked, link.ERPWaiting)
	if err != nil {
		return err
	}
	if err := d.note(ctx, tx, asked.of(Action{Action: ActionReprocess, Message: &message, Subject: r.Message.Type})); err != nil {
		return err
	}
	if r.State == link.ERPWaiting {
		_, err = tx.ExecContext(ctx, hastenRow, author, stamp(d.box.clock.Now()), r.Seq)
		return err
	}
	return d.anew(ctx, tx, r, "reprocessed by "+d.by+"; it had been "+string(r.State), "", "")
}

// anew lets a row start anew. code and reason are told to the hub with its state.
func (d Desk) anew(ctx context.Context, tx *Tx, r *Row, said string, code link.Code, reason string) error {
	now := d.box.clock.Now()
	report := 1
	if r.Event == Upstream {
		report = 0 // the hub never heard of it
	}
	if _, err := tx.ExecContext(ctx, reprocessRow, string(code), reason, report, author, stamp(now), r.Seq); err != nil {
		return fmt.Errorf("reprocess %s: %w", r.Message.ID, err)
	}
	if r.Event == Downstream {
		if err := tx.rejoin(ctx, r); err != nil {
			return err
		}
	}
	return tx.log(ctx, r, r.Executions, now, []Line{{At: now, Type: LineInfo, Text: said}})
}

// rejoin gives a reprocessed row its place in its ordering key, the one it arrived at.
func (t *Tx) rejoin(ctx context.Context, r *Row) error {
	if r.Message.OrderingKey == "" {
		return nil
	}
	var first, going int64
	var held bool
	var state link.ERPState
	if err := t.QueryRowContext(ctx, firstOfKey, r.Message.OrderingKey).Scan(&first, &held); err != nil {
		return fmt.Errorf("find its place: %w", err)
	}
	err := t.QueryRowContext(ctx, goingRows, r.Message.OrderingKey, r.Seq).Scan(&going, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows): // nobody else of the key is on its way
		return nil
	case err != nil:
		return fmt.Errorf("find its place: %w", err)
	case first == r.Seq && state != link.ERPRunning:
		_, err = t.ExecContext(ctx, holdRow, 1, going)
	default:
		_, err = t.ExecContext(ctx, holdRow, 1, r.Seq)
	}
	if err != nil {
		return fmt.Errorf("find its place: %w", err)
	}
	return nil
}

// Discard gives a message up: it is answered discarded, with the reason, and never executed again.
// An answer the hub had refused is just forgotten. A running one is link.CodeNotNow.
func (d Desk) Discard(ctx context.Context, message uuid.UUID, reason string) error {
	return d.box.write(ctx, func(tx *Tx) error { return d.discard(ctx, tx, message, reason, request{}) })
}

func (d Desk) discard(ctx context.Context, tx *Tx, message uuid.UUID, reason string, asked request) error {
	r, err := tx.workable(ctx, message, link.ERPStored, link.ERPWaiting, link.ERPBlocked, link.ERPRejected)
	if err != nil {
		return err
	}
	if err := d.note(ctx, tx, asked.of(Action{Action: ActionDiscard, Message: &message, Subject: r.Message.Type, Reason: reason})); err != nil {
		return err
	}
	now := d.box.clock.Now()
	lines := []Line{{At: now, Type: LineInfo, Text: "discarded by " + d.by + ": " + reason}}
	if r.Event == Upstream {
		if _, err := tx.ExecContext(ctx, deleteUpstream, message.String()); err != nil {
			return fmt.Errorf("discard %s: %w", message, err)
		}
		return tx.log(ctx, r, r.Executions, now, lines)
	}
	rules, err := d.box.rules(ctx, tx)
	if err != nil {
		return err
	}
	r.Options = rules.Types[r.Message.Type]
	e := link.NewError(link.CodeDiscarded, "reason", reason)
	a, err := NewAnswer(&r.Message, r.Outcomes+1, link.AnswerData{Status: link.ERPDiscarded, Errors: []link.Fault{FaultOf(e)}})
	if err != nil {
		return err
	}
	return tx.Settle(ctx, r, &Ending{
		State: link.ERPDiscarded, Code: e.Code, Reason: reason, Answer: a, Hashes: HashesOf(&r.Message), Attempt: AttemptNone,
		Started: now, Ended: now, Lines: lines,
	})
}

const (
	hastenAll = `UPDATE GTOTVSLINKMESSAGE SET DATATENTATIVAEXEC = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ?
		WHERE TYPEEVENT = 'Downstream' AND STATE = 'waiting' AND DATATENTATIVAEXEC <> ''`
)

// Hasten makes every waiting message of some types (none: of all) due now, and answers how many. They go
// on counting their attempts.
func (d Desk) Hasten(ctx context.Context, types []string) (n int, err error) {
	query := hastenAll
	args := []any{author, stamp(d.box.clock.Now())}
	if len(types) > 0 {
		query += ` AND TYPEMESSAGE IN (?` + strings.Repeat(`, ?`, len(types)-1) + `)`
		for _, t := range types {
			args = append(args, t)
		}
	}
	err = d.decide(ctx, Action{Action: ActionHasten, Reason: strings.Join(types, ", ")}, func(tx *Tx, _ string) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		count, err := r.RowsAffected()
		n = int(count)
		return err
	})
	return n, err
}

const (
	keepBody = `INSERT INTO SMARTLINKEDIT (IDMESSAGE, NUMBER, REASON, RECCREATEDBY, RECCREATEDON, DATA)
		SELECT ID, EDITS + 1, ?, ?, ?, DATA FROM GTOTVSLINKMESSAGE WHERE SEQ = ?`
	editRow = `UPDATE GTOTVSLINKMESSAGE SET DATA = ?, EDITS = EDITS + 1, RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
)

// Edit changes the body of a message that came from the hub and sends it through the ERP again, with all
// its attempts; one that was not executed yet just stands there changed, on hold if it was. The body
// as it was is kept. The answer says that the message was changed, by whom and why.
//
// A body that says another type, tenant, business or ordering key than the message has is refused with
// the code the hub refuses it with; so are one that is too large and, with link.CodeRequestInvalid, one that
// is the same. States that it is not possible in are link.CodeNotNow.
func (d Desk) Edit(ctx context.Context, message uuid.UUID, body []byte, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return needReason()
	}
	return d.box.write(ctx, func(tx *Tx) error {
		r, err := tx.Tryable(ctx, message)
		if err != nil {
			return err
		}
		if err := checkEdit(&r.Message, body); err != nil {
			return err
		}
		if err := d.note(ctx, tx, Action{Action: ActionEdit, Message: &message, Subject: r.Message.Type, Reason: reason}); err != nil {
			return err
		}
		now := d.box.clock.Now()
		if _, err := tx.ExecContext(ctx, keepBody, reason, d.by, stamp(now), r.Seq); err != nil {
			return fmt.Errorf("keep the body: %w", err)
		}
		if _, err := tx.ExecContext(ctx, editRow, tx.w.data(body), author, stamp(now), r.Seq); err != nil {
			return fmt.Errorf("edit %s: %w", message, err)
		}
		if r.State == link.ERPStored {
			return tx.log(ctx, r, r.Executions, now, []Line{{At: now, Type: LineInfo, Text: "edited by " + d.by + ": " + reason}})
		}
		e := link.NewError(link.CodeEdited, "by", d.by, "reason", reason)
		return d.anew(ctx, tx, r, "edited by "+d.by+": "+reason+"; it had been "+string(r.State), e.Code, e.Text().PT)
	})
}

// Edited is what the sender of a message is told when a person has changed its body; nil: nobody has.
func (t *Tx) Edited(ctx context.Context, r *Row) (*link.Error, error) {
	if r.Edits == 0 {
		return nil, nil
	}
	var by, reason string
	err := t.QueryRowContext(ctx, `SELECT RECCREATEDBY, REASON FROM SMARTLINKEDIT WHERE IDMESSAGE = ? AND NUMBER = ?`, r.Message.ID.String(), r.Edits).Scan(&by, &reason)
	if err != nil {
		return nil, fmt.Errorf("read who edited %s: %w", r.Message.ID, err)
	}
	return link.NewError(link.CodeEdited, "by", by, "reason", reason), nil
}

// checkEdit refuses a body that would make another message of it.
func checkEdit(m *link.Message, body []byte) error {
	switch {
	case len(body) == 0:
		return link.NewError(link.CodeBodyEmpty)
	case len(body) > link.MaxBody:
		return link.NewError(link.CodeBodyTooLarge, "limit", strconv.Itoa(link.MaxBody>>10)+" KiB")
	case bytes.Equal(body, m.Body):
		return link.NewError(link.CodeRequestInvalid).At("body", link.CodeRequestInvalid, link.Both("nada foi alterado", "nothing was changed"))
	}
	e, err := link.ReadEnvelope(m.ContentType, body)
	if err != nil {
		return err
	}
	if err := e.Check(m.Type, m.TenantID); err != nil {
		return err
	}
	for _, k := range []struct{ header, has, says, at string }{
		{link.HeaderBusinessKey, m.BusinessKey, e.BusinessKey, e.BusinessKeyAt}, {link.HeaderOrderingKey, m.OrderingKey, e.OrderingKey, e.OrderingKeyAt},
	} {
		if k.says != "" && k.says != k.has {
			name := link.HeaderName(k.header)
			return link.NewError(link.CodeFieldContradicts, "header", name, "inHeader", k.has, "inBody", k.says).
				At(k.at, link.CodeFieldContradicts, link.Both("a mensagem tem %q, e isso não muda", "the message has %q, which does not change", k.has))
		}
	}
	return nil
}

// decide does something that is about no single message, and notes it.
func (d Desk) decide(ctx context.Context, a Action, do func(tx *Tx, now string) error) error {
	return d.box.write(ctx, func(tx *Tx) error {
		if err := do(tx, stamp(d.box.clock.Now())); err != nil {
			return fmt.Errorf("%s: %w", a.Action, err)
		}
		return d.note(ctx, tx, a)
	})
}
