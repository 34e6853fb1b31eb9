package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"smartlink/link"
)

// printTrace writes a message's way, a line a step.
func printTrace(w io.Writer, lang link.Lang, t link.Trace) error {
	if err := fields(w, "message", t.ID.String(), "root", t.RootID.String(), "type", t.Type, "audience", t.Audience,
		"sender", t.Sender.App+" "+string(t.Sender.ClientID), "business key", t.BusinessKey, "created", when(&t.CreatedAt)); err != nil {
		return err
	}
	for _, q := range t.Queues {
		fmt.Fprintf(w, "\nqueue %s: %s\n", q.Queue, words(string(q.State), nextTry(q.NextTry), string(q.DeadReason), q.Reason))
		fmt.Fprintf(w, "  attempt %d, requeued %d, lost %d\n", q.Attempt, q.RequeueCount, q.LostCount)
		printERP(w, lang, q)
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

// printOutcomes writes how each copy of a message stands.
func printOutcomes(w io.Writer, lang link.Lang, t link.Trace) error {
	for _, q := range t.Queues {
		key := ""
		if q.Outcome != nil {
			key = q.Outcome.Key
		}
		if _, err := fmt.Fprintf(w, "\nqueue %s: %s\n", q.Queue, words(stands(q), key, string(q.DeadReason), q.Reason)); err != nil {
			return err
		}
		printERP(w, lang, q)
	}
	return nil
}

// printERP writes what is known of the ERP's side.
func printERP(w io.Writer, lang link.Lang, q link.QueueTrace) {
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
}

// nextTry tells when something is tried again, if it is.
func nextTry(t *time.Time) string {
	if t == nil {
		return ""
	}
	return "until " + when(t)
}

// isTerminal tells whether somebody looks at what is written, and not a pipe or a file.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
