package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// request is what the hub's people asked for; the zero value: nobody did.
type request struct {
	id     uuid.UUID
	reason string
}

// of notes with what is done that it was asked for.
func (r request) of(a Action) Action {
	if r.id != uuid.Nil {
		a.Request, a.Result, a.Reason = &r.id, link.HelpDone, r.reason
	}
	return a
}

// AllowHelp lets the hub's people ask for a reprocess or a discard, for a time or, when it is 0, until
// EndHelp.
func (d Desk) AllowHelp(ctx context.Context, lasts time.Duration) error {
	now := d.box.clock.Now()
	until, said := endless, ""
	if lasts > 0 {
		until = now.Add(lasts)
		said = until.Format(time.RFC3339)
	}
	return d.decide(ctx, Action{Action: ActionHelpOn, Reason: said}, func(tx *Tx, now string) error {
		_, err := tx.ExecContext(ctx, helpDesk, stamp(until), now, d.by)
		return err
	})
}

// EndHelp switches remote help off.
func (d Desk) EndHelp(ctx context.Context) error {
	return d.decide(ctx, Action{Action: ActionHelpOff}, func(tx *Tx, _ string) error {
		_, err := tx.ExecContext(ctx, helpDesk, "", "", "")
		return err
	})
}

const findRequest = `SELECT ` + actionColumns + ` FROM SMARTLINKACTION WHERE REQUEST = ?`

// Help does what the hub's people asked for, if remote help is on, and answers what became of it. It is
// noted in the transaction that does it: the same request again does nothing, and is answered as before.
func (b *Box) Help(ctx context.Context, r link.HelpRequest) (link.HelpReply, error) {
	reply, err := b.help(ctx, r)
	var no *link.Error
	if !errors.As(err, &no) {
		return reply, err
	}
	// Not possible as things are; nothing was done, and that is noted.
	reply = link.HelpReply{ID: r.ID, Result: link.HelpFailed, Code: no.Code, Detail: no.Text().PT, At: b.clock.Now()}
	err = b.write(ctx, func(tx *Tx) error { return b.helper(r).note(ctx, tx, noted(r, reply)) })
	return reply, err
}

// helper is the desk of somebody at the hub.
func (b *Box) helper(r link.HelpRequest) Desk { return b.Desk("hub: " + r.By) }

func noted(r link.HelpRequest, reply link.HelpReply) Action {
	name := ActionName(r.Action)
	if name != ActionReprocess && name != ActionDiscard {
		name = ActionOther
	}
	return Action{Action: name, Message: &r.Message, Reason: r.Reason, Request: &r.ID, Result: reply.Result, Code: reply.Code}
}

func (b *Box) help(ctx context.Context, r link.HelpRequest) (reply link.HelpReply, err error) {
	reply = link.HelpReply{ID: r.ID, Result: link.HelpDone, At: b.clock.Now()}
	err = b.write(ctx, func(tx *Tx) error {
		before, err := scanAction(tx.QueryRowContext(ctx, findRequest, r.ID.String()))
		switch {
		case err == nil:
			reply.Result, reply.Code, reply.At = before.Result, before.Code, before.At
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("look for the request: %w", err)
		}
		rules, err := b.rules(ctx, tx)
		if err != nil {
			return err
		}
		d := b.helper(r)
		if !rules.Help.On(b.clock.Now()) {
			off := link.NewError(link.CodeHelpOff)
			reply.Result, reply.Code, reply.Detail = link.HelpRefused, off.Code, off.Text().PT
			return d.note(ctx, tx, noted(r, reply))
		}
		switch r.Action {
		case link.HelpReprocess:
			return d.reprocess(ctx, tx, r.Message, request{r.ID, r.Reason})
		case link.HelpDiscard:
			return d.discard(ctx, tx, r.Message, r.Reason, request{r.ID, r.Reason})
		}
		return link.NewError(link.CodeRequestInvalid).At("action", link.CodeRequestInvalid, link.OneOf(string(link.HelpReprocess), string(link.HelpDiscard)))
	})
	return reply, err
}
