package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/contracts"
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
var expected = Figures{Sent: 8, Booked: 6, Refused: 1, Duplicate: 1}

// chapter is one message of the story.
type chapter struct {
	title   string
	example string
	edits   string // the example that created the record it edits
}

// The story creates and edits an entry of each kind, then is refused and repeats itself.
var chapters = []chapter{
	{title: "Gesplan sends a financial entry: the third instalment of contract 42", example: examples.FinLanInc},
	{title: "Gesplan puts its due date off", example: examples.FinLanAlt, edits: examples.FinLanInc},
	{title: "Gesplan sends an entry of the cash statement: the loan is paid out", example: examples.FinXCXInc},
	{title: "Gesplan corrects its amount and clears it", example: examples.FinXCXAlt, edits: examples.FinXCXInc},
	{title: "Gesplan sends an accounting entry: interest of March, and an instalment that becomes short-term", example: examples.CtbLanInc},
	{title: "Gesplan corrects the interest: its lines are replaced", example: examples.CtbLanAlt, edits: examples.CtbLanInc},
	{title: "Gesplan sends an accounting entry with five mistakes", example: examples.CtbLanIncRefused},
	{title: "Gesplan sends the first message again, as a new request", example: examples.FinLanInc},
}

// teller runs the story and shows it.
type teller struct {
	out     io.Writer
	lang    link.Lang
	gesplan *client.Client
	books   string // file of the ERP's books and the agent's tables
	run     string
	figures Figures
	answers map[uuid.UUID]link.AnswerBody
	events  map[string]link.Message // by their business keys
}

// tell sends the chapters one after the other, each after the answer to the one before.
func (t *teller) tell(ctx context.Context) error {
	if _, err := t.gesplan.Setup(ctx, link.SetupRequest{Subscriptions: append(responses(Commands), contracts.FinLanBaixadoType)}); err != nil {
		return fmt.Errorf("gesplan's queue: %w", err)
	}
	booked := map[string]map[string]int64{} // by example, the keys of the answer
	for i, c := range chapters {
		body, _, err := examples.Numbered(c.example, "-"+t.run)
		if err != nil {
			return err
		}
		if c.edits != "" {
			body = examples.Of(body, booked[c.edits])
		}
		fmt.Fprintf(t.out, "\n%d. %s\n", i+1, c.title)
		began := clock.Real.Now()
		sent, err := t.gesplan.Send(ctx, client.Message{Type: examples.Type(c.example), Body: body})
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
		if booked[c.example], err = keysOf(answer); err != nil {
			return err
		}
		switch answer.Data.Status {
		case link.ERPDone:
			t.figures.Booked++
		case link.ERPRejected:
			t.figures.Refused++
		case link.ERPDuplicate:
			t.figures.Duplicate++
		}
	}
	return t.settle(ctx, booked[examples.FinLanInc])
}

// keysOf reads the parts of the ERP's key.
func keysOf(a link.AnswerBody) (map[string]int64, error) {
	keys := map[string]int64{}
	for name, value := range a.Data.Keys {
		id, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("key %s of the answer to %s: %w", name, a.Header.AnswerTo, err)
		}
		keys[name] = id
	}
	return keys, nil
}

// await reads Gesplan's queue until the answer to a message came.
func (t *teller) await(ctx context.Context, id uuid.UUID) (link.AnswerBody, error) {
	for {
		if a, ok := t.answers[id]; ok {
			return a, nil
		}
		if err := t.read(ctx); err != nil {
			return link.AnswerBody{}, fmt.Errorf("answer to %s: %w", id, err)
		}
	}
}

// read takes what is in Gesplan's queue, or waits a while for something.
func (t *teller) read(ctx context.Context) error {
	got, err := t.gesplan.Get(ctx, client.GetOptions{Max: 10, Wait: 5 * time.Second})
	if ctx.Err() != nil {
		return errors.New("it did not come in time")
	}
	if err != nil {
		return fmt.Errorf("read Gesplan's queue: %w", err)
	}
	for _, d := range got {
		if d.Message.Headers[link.HeaderAnswerTo] == "" {
			t.events[d.Message.BusinessKey] = d.Message
		} else {
			var a link.AnswerBody
			dec := json.NewDecoder(bytes.NewReader(d.Message.Body))
			dec.UseNumber() // ids are no floats
			if err := dec.Decode(&a); err != nil {
				return fmt.Errorf("answer %s: %w", d.Message.ID, err)
			}
			t.answers[a.Header.AnswerTo] = a
		}
		ok := true
		if err := t.gesplan.AckOne(ctx, link.Settlement{DeliveryTag: d.Tag, Ack: &ok}); err != nil {
			return fmt.Errorf("acknowledge %s: %w", d.Message.ID, err)
		}
	}
	return nil
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
	table := ""
	if c := contracts.CommandOf(trace.Type); c != nil {
		table = c.Table.Name
	}
	switch a.Data.Status {
	case link.ERPDone:
		line("ERP", "booked: %s %s", table, a.Data.Key)
	case link.ERPDuplicate:
		line("ERP", "duplicate: was booked as %s %s by message %s; nothing was written", table, a.Data.Key, a.Data.FirstID)
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
