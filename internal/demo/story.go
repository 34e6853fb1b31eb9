package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/examples"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Figures are what one run came to. Sent counts messages the hub took as new; the others count the
// answers that Gesplan received to them.
type Figures struct{ Sent, Booked, Refused, Duplicate int }

// String is the demo's last line.
func (f Figures) String() string {
	return fmt.Sprintf("demo: %d sent, %d booked, %d refused, %d duplicate", f.Sent, f.Booked, f.Refused, f.Duplicate)
}

// expected is what a run must come to.
var expected = Figures{Sent: 3, Booked: 1, Refused: 1, Duplicate: 1}

// commandFinLanInc creates a financial entry.
const commandFinLanInc = "FinLanIncDataCommand"

// chapter is one message of the story.
type chapter struct {
	title   string
	example string
}

var chapters = []chapter{
	{title: "Gesplan sends a financial entry that is in order", example: examples.FinLanInc},
	{title: "Gesplan sends one with an unknown supplier and a date in a closed period", example: examples.FinLanIncRefused},
	{title: "Gesplan sends the first one again, as a new request", example: examples.FinLanInc},
}

// teller runs the story and shows it.
type teller struct {
	out     io.Writer
	lang    link.Lang
	gesplan *client.Client
	run     string
	figures Figures
	answers map[uuid.UUID]link.AnswerBody
}

// tell sends the chapters one after the other, each after the answer to the one before.
func (t *teller) tell(ctx context.Context) error {
	if _, err := t.gesplan.Setup(ctx, link.SetupRequest{Subscriptions: responses(Commands)}); err != nil {
		return fmt.Errorf("gesplan's queue: %w", err)
	}
	for i, c := range chapters {
		body, _, err := examples.Numbered(c.example, "-"+t.run)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "\n%d. %s\n", i+1, c.title)
		began := clock.Real.Now()
		sent, err := t.gesplan.Send(ctx, client.Message{Type: commandFinLanInc, Body: body})
		if err != nil {
			return fmt.Errorf("send %s: %w", c.example, err)
		}
		if !sent.Duplicate {
			t.figures.Sent++
		}
		answer, err := t.await(ctx, sent.MessageID)
		if err != nil {
			return err
		}
		took := clock.Real.Now().Sub(began)
		trace, err := t.gesplan.Trace(ctx, sent.MessageID)
		if err != nil {
			return fmt.Errorf("trace: %w", err)
		}
		t.show(trace, answer, took)
		switch answer.Data.Status {
		case link.ERPDone:
			t.figures.Booked++
		case link.ERPRejected:
			t.figures.Refused++
		case link.ERPDuplicate:
			t.figures.Duplicate++
		}
	}
	return nil
}

// await reads Gesplan's queue until the answer to a message came.
func (t *teller) await(ctx context.Context, id uuid.UUID) (link.AnswerBody, error) {
	for {
		if a, ok := t.answers[id]; ok {
			return a, nil
		}
		got, err := t.gesplan.Get(ctx, client.GetOptions{Max: 10, Wait: 5 * time.Second})
		if ctx.Err() != nil {
			return link.AnswerBody{}, fmt.Errorf("no answer to %s in time", id)
		}
		if err != nil {
			return link.AnswerBody{}, fmt.Errorf("read answers: %w", err)
		}
		for _, d := range got {
			var a link.AnswerBody
			if err := json.Unmarshal(d.Message.Body, &a); err != nil {
				return a, fmt.Errorf("answer %s: %w", d.Message.ID, err)
			}
			t.answers[a.Header.AnswerTo] = a
			ok := true
			if err := t.gesplan.AckOne(ctx, link.Settlement{DeliveryTag: d.Tag, Ack: &ok}); err != nil {
				return a, fmt.Errorf("acknowledge answer: %w", err)
			}
		}
	}
}

// show tells what happened to one message.
func (t *teller) show(trace link.Trace, a link.AnswerBody, took time.Duration) {
	line := func(who, format string, args ...any) {
		fmt.Fprintf(t.out, "   %-8s %s\n", who, fmt.Sprintf(format, args...))
	}
	line("message", "%s  business key %s", trace.ID, trace.BusinessKey)
	for _, q := range trace.Queues {
		steps := make([]string, 0, len(q.Events))
		for _, e := range q.Events {
			step := string(e.Event)
			if e.Event == link.EventERP {
				continue // stored, running …: the outcome says more
			}
			steps = append(steps, fmt.Sprintf("%s +%d ms", step, e.At.Sub(trace.CreatedAt).Milliseconds()))
		}
		line("hub", "%s", strings.Join(steps, ", "))
	}
	switch a.Data.Status {
	case link.ERPDone:
		line("ERP", "booked: FLAN %s", a.Data.Key)
	case link.ERPDuplicate:
		line("ERP", "duplicate: was booked as FLAN %s by message %s; nothing was written", a.Data.Key, a.Data.FirstID)
	default:
		line("ERP", "%s, nothing was written:", a.Data.Status)
	}
	for _, f := range a.Data.Errors {
		line("", "%s %s", f.Code, strings.Join(append([]string{f.Pointer}, f.Related...), " "))
		line("", "  %s", link.Text{PT: f.Description + " " + f.Help, EN: f.DescriptionEn + " " + f.HelpEn}.In(t.lang))
	}
	for _, f := range a.Data.Warnings {
		line("", "warning %s %s %s", f.Code, f.Pointer, link.Text{PT: f.Description, EN: f.DescriptionEn}.In(t.lang))
	}
	line("Gesplan", "has the answer, %d ms after sending", took.Milliseconds())
}
