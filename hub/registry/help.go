package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

const (
	// helpAtOnce is how many requests an agent is told at a time.
	helpAtOnce = 20
	// keepHelp is how long requests that were answered are kept.
	keepHelp = 90 * 24 * time.Hour
)

const (
	helpColumns = `id, client, message, action, reason, asked_by, asked_at, result, code, detail, done_at`
	insertHelp  = `INSERT INTO help (` + helpColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '', 0)`
	answerHelp  = `UPDATE help SET result = $1, code = $2, detail = $3, done_at = $4 WHERE id = $5 AND client = $6 AND result = ''`
	openHelp    = `SELECT ` + helpColumns + ` FROM help WHERE client = $1 AND result = '' ORDER BY asked_at, id LIMIT $2`
	helpByID    = `SELECT ` + helpColumns + ` FROM help WHERE id = $1`
	helpOf      = `SELECT ` + helpColumns + ` FROM help WHERE message = $1 ORDER BY asked_at, id`
	forgetHelp  = `DELETE FROM help WHERE result <> '' AND done_at < $1`
	noteHelp    = `UPDATE installation SET help_until = $1 WHERE client = $2`
)

// Helped is a request to the agent of a client, with what became of it.
type Helped struct {
	Client link.ClientID
	link.HelpRequest
	Reply *link.HelpReply // nil: it was not answered yet
}

func scanHelp(row interface{ Scan(...any) error }) (Helped, error) {
	var h Helped
	var id, message string
	var reply link.HelpReply
	var asked, done int64
	err := row.Scan(&id, &h.Client, &message, &h.Action, &h.Reason, &h.By, &asked, &reply.Result, &reply.Code, &reply.Detail, &done)
	if err != nil {
		return h, err
	}
	var wrong error
	h.ID, err = uuid.Parse(id)
	h.Message, wrong = uuid.Parse(message)
	if h.At = moment(asked); reply.Result != "" {
		reply.ID, reply.At = h.ID, moment(done)
		h.Reply = &reply
	}
	return h, errors.Join(err, wrong)
}

// help notes what the active run tells of remote help, and answers what it is asked for.
func (h *hold) help(ctx context.Context, b *binding) error {
	said := h.ask.Help
	if said == nil {
		return nil
	}
	until, word := int64(0), "off"
	if said.Until != nil {
		until, word = micros(*said.Until), "on until "+said.Until.UTC().Format(time.RFC3339)
	}
	if until != b.helpUntil {
		if _, err := h.ExecContext(ctx, noteHelp, until, h.client); err != nil {
			return err
		}
		if err := h.record(ctx, "client.help", string(h.client), word); err != nil {
			return err
		}
	}
	for _, r := range said.Replies {
		if err := h.answered(ctx, r); err != nil {
			return err
		}
	}
	open, err := collect(ctx, h.Tx, func(rows *sql.Rows) (Helped, error) { return scanHelp(rows) }, openHelp, h.client, helpAtOnce)
	for _, x := range open {
		h.answer.Help = append(h.answer.Help, x.HelpRequest)
	}
	return err
}

// answered notes what became of a request. One that is not this client's, or was answered, stays as it is.
func (h *hold) answered(ctx context.Context, r link.HelpReply) error {
	done, err := h.ExecContext(ctx, answerHelp, string(r.Result), string(r.Code), r.Detail, micros(r.At), r.ID.String(), h.client)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	x, err := scanHelp(h.QueryRowContext(ctx, helpByID, r.ID.String()))
	if err != nil {
		return err
	}
	detail := string(x.Action) + " asked by " + x.By + ": " + string(r.Result)
	if r.Code != "" {
		detail += " (" + string(r.Code) + ")"
	}
	target, err := helpTarget(ctx, h, h.client, x.Message)
	if err != nil {
		return err
	}
	return h.record(ctx, "message.help-answered", target, detail)
}

// AskHelp asks the agent of a client for something. The same id again changes nothing, and is answered as
// it stands. While the agent's remote help is off it is link.CodeHelpOff.
func (s *Store) AskHelp(ctx context.Context, id link.ClientID, r link.HelpRequest) (Helped, error) {
	var out Helped
	err := s.change(ctx, r.By, func(ctx context.Context, c *change) error {
		c.quiet = true
		before, err := scanHelp(c.QueryRowContext(ctx, helpByID, r.ID.String()))
		if err == nil {
			if before.Client != id || before.Message != r.Message || before.Action != r.Action {
				return link.NewError(link.CodeConflict, "what", "the id names another request", "whatPT", "o id é de outro pedido")
			}
			out = before
			return errNothing
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		b, err := readBinding(ctx, c, id)
		if err != nil {
			return err
		}
		if micros(c.now) >= b.helpUntil {
			return link.NewError(link.CodeHelpOff)
		}
		r.At = moment(micros(c.now))
		if _, err := c.ExecContext(ctx, forgetHelp, micros(c.now.Add(-keepHelp))); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, insertHelp, r.ID.String(), id, r.Message.String(), string(r.Action), r.Reason, r.By, micros(r.At)); err != nil {
			return err
		}
		out = Helped{Client: id, HelpRequest: r}
		target, err := helpTarget(ctx, c, id, r.Message)
		if err != nil {
			return err
		}
		return c.record(ctx, "message.help", target, string(r.Action)+" of client "+string(id)+": "+r.Reason)
	})
	if err != nil {
		return Helped{}, fmt.Errorf("ask an agent: %w", err)
	}
	return out, nil
}

// helpTarget names a message with its tenant, as the audit does.
func helpTarget(ctx context.Context, q querier, id link.ClientID, message uuid.UUID) (string, error) {
	c, err := readClient(ctx, q, id)
	return c.TenantID.String() + "/" + message.String(), err
}

// HelpOf lists what agents were asked for about a message, the oldest first.
func (s *Store) HelpOf(ctx context.Context, message uuid.UUID) ([]Helped, error) {
	list, err := collect(ctx, s.db(), func(rows *sql.Rows) (Helped, error) { return scanHelp(rows) }, helpOf, message.String())
	if err != nil {
		return nil, fmt.Errorf("read requests to agents: %w", err)
	}
	return list, nil
}
