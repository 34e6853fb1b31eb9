package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"smartlink/client"
	"smartlink/link"
)

type sendCmd struct {
	clientFlags
	File           string            `arg:"" optional:"" default:"-" help:"File with the body; - or nothing for standard input." type:"path"`
	Type           string            `help:"Message type; default: the body's header.type or type." placeholder:"TYPE"`
	Audience       string            `help:"App the message is meant for; default LinkProxy, every queue that subscribes." placeholder:"APP"`
	App            string            `help:"App to speak for, when several of the client's may send the type." placeholder:"APP"`
	ContentType    string            `name:"content-type" help:"Media type of the body; default application/json." placeholder:"TYPE"`
	BusinessKey    string            `name:"business-key" help:"The one business change the message asks for; default: the body's." placeholder:"KEY"`
	OrderingKey    string            `name:"ordering-key" help:"Messages of one key are delivered in order." placeholder:"KEY"`
	CorrelationID  string            `name:"correlation-id" help:"Your own correlation." placeholder:"ID"`
	IdempotencyKey string            `name:"idempotency-key" help:"The same for repeats of one request; default: a fresh one." placeholder:"KEY"`
	Header         map[string]string `mapsep:"none" help:"Further header to travel with the message: SL-Meta-…, traceparent." placeholder:"NAME=VALUE"`
	Wait           bool              `help:"Follow the message until the ERP has answered; exit code 1 unless it is booked."`
	Timeout        time.Duration     `help:"How long --wait waits; default 60s." default:"60s" placeholder:"DURATION"`
}

// Help shows an example.
func (*sendCmd) Help() string {
	return "Example: smartlink send examples/finlan-inc.json --wait\n\nA body from standard input: smartlink send --type FinLanIncDataCommand < body.json"
}

// sent is what --json prints: the hub's answer and, with --wait, the trace as it was last seen.
type sent struct {
	link.SendResponse
	Trace *link.Trace `json:"trace,omitempty"`
}

// Run sends the message.
func (c *sendCmd) Run(e *env) error {
	body, err := readFile(c.File)
	if err != nil {
		return err
	}
	if c.Type == "" {
		if c.Type = typeIn(body); c.Type == "" {
			return errors.New("the body names no type: give it by --type")
		}
	}
	hub, err := c.client(e, c.App)
	if err != nil {
		return err
	}
	r, err := hub.Send(e.ctx, client.Message{
		Type: c.Type, Audience: c.Audience, ContentType: c.ContentType, Body: body, IdempotencyKey: c.IdempotencyKey, BusinessKey: c.BusinessKey,
		OrderingKey: c.OrderingKey, CorrelationID: c.CorrelationID, Headers: c.Header,
	})
	if err != nil {
		return err
	}
	if !c.JSON {
		if err := fields(e.out, "message", r.MessageID.String(), "queues", strings.Join(r.Queues, ", "), "duplicate", strconv.FormatBool(r.Duplicate)); err != nil {
			return err
		}
		if err := printWarnings(e.errOut, r.Warnings); err != nil {
			return err
		}
	}
	if !c.Wait {
		if c.JSON {
			return printJSON(e.out, sent{SendResponse: r})
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	t, followErr := hub.Follow(ctx, r.MessageID, e.progress())
	if c.JSON {
		err = printJSON(e.out, sent{r, &t})
	} else {
		err = printOutcomes(e.out, e.lang(), t)
	}
	switch {
	case err != nil:
		return err
	case errors.Is(followErr, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s; look again with: smartlink message %s", c.Timeout, r.MessageID)
	case followErr != nil:
		return followErr
	}
	return verdict(t)
}

// verdict is nil when every copy was booked, or taken over by a receiver that is no ERP.
func verdict(t link.Trace) error {
	var not []string
	for _, q := range t.Queues {
		switch state := stands(q); state {
		case string(link.ERPDone), string(link.ERPDuplicate), string(link.StateAcked):
		default:
			not = append(not, state)
		}
	}
	if len(not) > 0 {
		return fmt.Errorf("not booked: %s", strings.Join(not, ", "))
	}
	return nil
}

// stands tells where one copy of a message is: at the ERP as far as that is known, else at the hub.
func stands(q link.QueueTrace) string {
	switch {
	case q.ERP != nil:
		return string(q.ERP.State)
	case q.Outcome != nil:
		return string(q.Outcome.Status)
	}
	return string(q.State)
}

// progress shows on a terminal how a message goes on, a line for each change.
func (e *env) progress() func(link.Trace) {
	if !isTerminal(e.errOut) {
		return nil
	}
	before := ""
	return func(t link.Trace) {
		now := make([]string, len(t.Queues))
		for i, q := range t.Queues {
			now[i] = stands(q)
		}
		if line := strings.Join(now, ", "); line != before {
			before = line
			fmt.Fprintf(e.errOut, "… %s\n", line)
		}
	}
}
