package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"smartlink/link"
)

type adminMessageCmd struct {
	Show messageShowCmd `cmd:"" help:"Tell where a message is and what happened to it. Example: smartlink admin message show ID"`
	Copy messageCopyCmd `cmd:"" help:"Send a copy: new id, same root and business key. Example: smartlink admin message copy ID --body mended.json --reason 'typing error'"`
}

// messageArg names a message on the command line.
type messageArg struct {
	ID     string `arg:"" help:"Id of the message."`
	Tenant string `help:"Its tenant; default: the hub looks through all."`
}

type messageShowCmd struct{ messageArg }

func (c *messageShowCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	t, err := hub.Trace(e.ctx, tenant, id)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, t)
	}
	return printTrace(e.out, e.lang(), t)
}

// printTrace writes a message's way, a line a step.
func printTrace(w io.Writer, lang link.Lang, t link.Trace) error {
	if err := fields(w, "message", t.ID.String(), "root", t.RootID.String(), "type", t.Type, "audience", t.Audience,
		"sender", t.Sender.App+" "+string(t.Sender.ClientID), "business key", t.BusinessKey, "created", when(&t.CreatedAt)); err != nil {
		return err
	}
	for _, q := range t.Queues {
		fmt.Fprintf(w, "\nqueue %s: %s\n", q.Queue, words(string(q.State), nextTry(q.NextTry), string(q.DeadReason), q.Reason))
		fmt.Fprintf(w, "  attempt %d, requeued %d, lost %d\n", q.Attempt, q.RequeueCount, q.LostCount)
		if q.ERP != nil {
			fmt.Fprintln(w, "  ERP:", words(string(q.ERP.State), nextTry(q.ERP.NextTry), q.ERP.Code, q.ERP.Reason))
		}
		if o := q.Outcome; o != nil {
			fmt.Fprintf(w, "  outcome %d: %s\n", o.Number, words(string(o.Status), o.Key))
			for _, f := range o.Errors {
				text := link.Text{PT: words(f.Description, f.Help), EN: words(cmp.Or(f.DescriptionEn, f.Description), cmp.Or(f.HelpEn, f.Help))}
				fmt.Fprintf(w, "    %s: %s\n", words(f.Code, f.Pointer), text.In(lang))
			}
		}
		rows := make([][]string, len(q.Events))
		for i, ev := range q.Events {
			rows[i] = []string{"  " + ev.At.UTC().Format("2006-01-02 15:04:05.000Z"), string(ev.Event), ev.Detail}
		}
		if err := table(w, []string{"  AT", "EVENT", "DETAIL"}, rows); err != nil {
			return err
		}
	}
	return nil
}

// nextTry tells when something is tried again, if it is.
func nextTry(t *time.Time) string {
	if t == nil {
		return ""
	}
	return "until " + when(t)
}

type messageCopyCmd struct {
	messageArg
	Body   string `help:"File with the edited body; - for standard input; default the original's." type:"existingfile"`
	Reason string `help:"Why; kept in the audit."`
}

func (c *messageCopyCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	req := link.CopyRequest{Reason: c.Reason}
	if c.Body != "" {
		body, err := readFile(c.Body)
		if err != nil {
			return err
		}
		if utf8.Valid(body) {
			s := string(body)
			req.Content = &s
		} else {
			s := base64.StdEncoding.EncodeToString(body)
			req.ContentBase64 = &s
		}
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.Copy(e.ctx, tenant, id, req)
	if err != nil {
		return err
	}
	return a.show(e, r, "message", r.MessageID.String(), "queues", strings.Join(r.Queues, ", "))
}

// readFile reads a file, or standard input for "-".
func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}
