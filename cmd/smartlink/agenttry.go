package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/google/uuid"

	"smartlink/agent/activation"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/link"
)

type agentTryCmd struct{ inboxArg }

// Help shows an example.
func (*agentTryCmd) Help() string {
	return "Example: smartlink agent try ID --database rm.db\n\n" +
		"Runs every rule on a message that is stored, waiting, blocked or rejected. Nothing is booked, answered or counted. Works beside a running agent."
}

func (c *agentTryCmd) Run(e *env, a *agentCmd) error {
	inside, out, _, err := a.consumers(e)
	if err != nil {
		return err
	}
	retry, err := a.retry()
	if err != nil {
		return err
	}
	return c.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
		exec, err := executor.New(executor.Config{Box: box, Consumers: inside, Outside: out, Retry: retry})
		if err != nil {
			return err
		}
		t, err := exec.Try(e.ctx, id)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, t)
		}
		if len(t.Errors) > 0 { // they say it all
			t.Code, t.Reason = "", ""
		}
		if err := fields(e.out, "message", id.String(), "would be", words(string(t.State), t.Key, string(t.Code), t.Reason)); err != nil {
			return err
		}
		var rows [][]string
		for _, list := range []struct {
			what   string
			faults []link.Fault
		}{{"error", t.Errors}, {"warning", t.Warnings}} {
			for _, f := range list.faults {
				said := f.Description
				if e.lang() == link.English && f.DescriptionEn != "" {
					said = f.DescriptionEn
				}
				rows = append(rows, []string{list.what, f.Code, f.Pointer, said})
			}
		}
		for _, l := range t.Log {
			rows = append(rows, []string{"log", string(l.Type), "", l.Text})
		}
		return table(e.out, []string{"WHAT", "CODE", "WHERE", "TEXT"}, rows)
	})
}

// retry are the retry figures of what is activated; without an installation here, the defaults.
func (a *agentCmd) retry() (executor.Retry, error) {
	if _, err := os.Stat(a.installation()); errors.Is(err, fs.ErrNotExist) {
		return executor.Retry{}, nil
	}
	folder, err := activation.OpenFolder(a.installation())
	if err != nil {
		return executor.Retry{}, err
	}
	figures, err := folder.Figures()
	return executor.Retry(figures), err
}
