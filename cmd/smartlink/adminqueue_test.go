package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"smartlink/client"
	"smartlink/link"
)

// TestWorkOnAQueueByCommands kills messages, sends them on, gives them up, pauses and resumes, as an
// operator with a key of their own.
func TestWorkOnAQueueByCommands(t *testing.T) {
	a := newAdministrator(t)
	admin, server := a.run, a.server
	admin(0, "company", "add", "Fazenda Boa Vista S.A.")
	tenant := decode[link.Tenant](t, admin(0, "tenant", "add", "Produção", "--company", "Fazenda Boa Vista S.A.", "--json"))
	admin(0, "app", "put", "BOTH", "--name", "Both", "--sends", "Note", "--receives", "Note")
	made := decode[link.ClientCreated](t, admin(0, "client", "add", "both", "--tenant", tenant.ID.String(), "--apps", "BOTH", "--json"))
	c, err := client.New(client.Config{Server: server, ClientID: made.ID, Secret: made.Secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Setup(t.Context(), link.SetupRequest{Subscriptions: []string{"Note"}}); err != nil {
		t.Fatal(err)
	}
	die := func() string {
		t.Helper()
		sent, err := c.Send(t.Context(), client.Message{Type: "Note", Body: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(t.Context(), client.GetOptions{})
		if err != nil || len(got) != 1 {
			t.Fatalf("got %v, %v", got, err)
		}
		if err := c.AckOne(t.Context(), link.Settlement{DeliveryTag: got[0].Tag, Dead: true, Reason: "broken"}); err != nil {
			t.Fatal(err)
		}
		return sent.MessageID.String()
	}
	queue := link.QueueName(tenant.ID, made.ID)
	admin(0, "user", "add", "olga", "--role", "operator")
	ana := a.key
	a.key = decode[link.KeySet](t, admin(0, "user", "key", "olga", "--json")).APIKey

	first, second := die(), die()
	if out := admin(0, "queue", "pause", queue, "--reason", "month close"); !strings.Contains(out, "olga: month close") {
		t.Errorf("paused:\n%s", out)
	}
	if out := admin(1, "queue", "redrive", queue, first); !strings.Contains(out, string(link.CodeQueuePaused)) {
		t.Errorf("redriven into a paused queue:\n%s", out)
	}
	admin(0, "queue", "resume", queue)
	if out := admin(0, "queue", "hold", queue, "on"); !strings.Contains(out, "stops its ordering key") {
		t.Errorf("hold:\n%s", out)
	}
	if out := admin(1, "queue", "redrive", queue, first, link.NewID().String()); !strings.Contains(out, first+"  done") || !strings.Contains(out, "1 of 2") {
		t.Errorf("redriven:\n%s", out)
	}
	if j := decode[link.Job](t, admin(0, "queue", "redrive", queue, "--all", "--json")); j.State != link.JobDone || j.Done != 1 {
		t.Errorf("job %+v", j)
	}
	if out := admin(0, "queue", "discard", queue, second, "--reason", "test data"); !strings.Contains(out, "done") {
		t.Errorf("discarded:\n%s", out)
	}
	if out := admin(0, "queue", "discard", queue, "--all", "waiting", "--reason", "test data"); !strings.Contains(out, "done") {
		t.Errorf("purged:\n%s", out)
	}
	if out := admin(0, "queue", "jobs"); strings.Count(out, queue) != 2 || !strings.Contains(out, "1/1") {
		t.Errorf("jobs:\n%s", out)
	}
	j := decode[link.Job](t, admin(0, "queue", "redrive", queue, "--all", "--no-wait", "--json"))
	if out := admin(0, "queue", "cancel", j.ID.String()); !strings.Contains(out, j.ID.String()) {
		t.Errorf("cancelled:\n%s", out)
	}
	// An edited copy, by the body's file and by the person's editor.
	a.key = decode[link.KeySet](t, func() string { a.key = ana; return admin(0, "user", "key", "ana", "--json") }()).APIKey
	if out := admin(0, "message", "body", first); out != "{}" {
		t.Errorf("body: %q", out)
	}
	mended := filepath.Join(t.TempDir(), "mended.json")
	if err := os.WriteFile(mended, []byte(`{"a":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := decode[link.SendResponse](t, admin(0, "message", "copy", first, "--body", mended, "--json"))
	if out := admin(0, "message", "body", copied.MessageID.String()); out != `{"a":1}` {
		t.Errorf("body of the copy: %q", out)
	}
	admin(2, "message", "copy", first, "--body", mended, "--edit")
	admin(1, "message", "body", "none")
	for _, wrong := range [][]string{
		{"redrive", queue}, {"redrive", queue, first, "--all"}, {"redrive", queue, first, "--rate", "5"}, {"redrive", queue, "none"},
		{"discard", queue, "--all", "history", "--reason", "x"}, {"cancel", "none"},
	} {
		admin(1, append([]string{"queue"}, wrong...)...)
	}
}

func TestBarOfAJob(t *testing.T) {
	for want, j := range map[string]link.Job{
		"redrive [..............................] 0/7":   {Kind: "redrive", Total: 7},
		"redrive [###############...............] 5/10":  {Kind: "redrive", Total: 10, Done: 3, Skipped: 2},
		"discard [##############################] 12/10": {Kind: "discard", Total: 10, Done: 12},
		"discard [##############################] 0/0":   {Kind: "discard"},
		"erase: 12":                             {Kind: "erase", TenantID: new(link.NewID()), Done: 10, Skipped: 2},
		"redrive of FinLanIncDataCommand: 1200": {Kind: "redrive", Type: "FinLanIncDataCommand", Done: 1200},
	} {
		if got := bar(j); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEditBody lets scripts be editors.
func TestEditBody(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows runs no shell scripts as editors: editing a body is NOT tested")
	}
	editor := func(script string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "editor")
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("VISUAL", "")
		t.Setenv("EDITOR", file+" --wait")
	}
	for name, c := range map[string]struct{ script, body, want, fails string }{
		"edited":          {`sed -i 's/F1/F2/' "$2"`, `{"CodCfo":"F1"}`, "{\n  \"CodCfo\": \"F2\"\n}", ""},
		"no JSON, edited": {`echo more >> "$2"`, "text\n", "text\nmore\n", ""},
		"not edited":      {`true`, `{"CodCfo":"F1"}`, "", "nothing was edited"},
		"no JSON now":     {`echo '{' > "$2"`, `{"CodCfo":"F1"}`, "", "is not JSON"},
		"editor fails":    {`exit 3`, `{}`, "", "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			editor(c.script)
			tmp := filepath.Join(t.TempDir(), "left")
			if err := os.Mkdir(tmp, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", tmp)
			got, file, err := editBody(t.Context(), []byte(c.body))
			if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) || string(got) != c.want {
				t.Errorf("%q, %v", got, err)
			}
			if err == nil {
				discardEdit(file)
			}
			left, err := os.ReadDir(tmp)
			if err != nil || (len(left) > 0) != (name == "no JSON now") {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
