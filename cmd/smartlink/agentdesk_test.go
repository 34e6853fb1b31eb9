package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/demo"
	"smartlink/link"
)

// bookOne is a consumer that books one message and rejects the others.
type bookOne struct{ of, done string }

func (b bookOne) Type() string { return b.of }

func (b bookOne) Execute(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
	if x.Message.ID.String() == b.done {
		return consumer.Done("1;7", nil)
	}
	return consumer.Reject([]link.Fault{{Code: "TEST-NO", Description: "não", DescriptionEn: "no"}})
}

// TestAgentDeskOnTheCommandLine: what the console can do, commands can.
func TestAgentDeskOnTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "rm.db")
	agent := func(want int, args ...string) string {
		t.Helper()
		code, out, errOut := smartlink(append([]string{"agent", "--database", database}, args...)...)
		if code != want {
			t.Fatalf("agent %v: exit %d\n%s%s", args, code, out, errOut)
		}
		return out + errOut
	}
	wants := func(out string, texts ...string) {
		t.Helper()
		for _, s := range texts {
			if !strings.Contains(out, s) {
				t.Errorf("no %q in:\n%s", s, out)
			}
		}
	}
	wants(agent(1, "overview"), "SL-NOT-FOUND")
	box, err := inbox.Open(t.Context(), inbox.Config{Database: database, Installation: filepath.Join(dir, "installation.json")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Close(t.Context()) }()
	const command = "FinLanIncDataCommand"
	wants(agent(0, "options", command, "--hold-next", "2", "--no-answers", "--minutes-interval", "7"), "hold next", "to the hub only", "as for all types", "7")
	wants(agent(1, "options", command, "--batch-size", "2"), "of all types")
	wants(agent(1, "options", "--hold-next", "2"), "name it")
	wants(agent(1, "options", "no type", "--hold-next", "2"), string(link.CodeTypeInvalid))
	wants(agent(1, "options", command, "--hold-next", "1001"), string(link.CodeRequestInvalid), "HoldNext")
	var ids []string
	for range 3 {
		id := link.NewID()
		ids = append(ids, id.String())
		m := link.Message{
			ID: id, RootID: id, TenantID: uuid.MustParse(demo.TenantID), Type: command, Audience: demo.AppRM, Sender: link.Sender{App: demo.AppGesplan},
			ContentType: "application/json", Body: []byte(`{"data":{}}`),
		}
		if _, err := box.Store(t.Context(), []link.Delivery{{Tag: 1, Message: m}}); err != nil {
			t.Fatal(err)
		}
	}
	list := decode[link.Page[inbox.Item]](t, agent(0, "messages", "--on-hold", "--type", command, "--json"))
	if len(list.Items) != 2 || list.Items[0].ID.String() != ids[0] {
		t.Errorf("%+v", list)
	}
	wants(agent(0, "overview"), "goes on", "on hold, "+command, "remote help")
	wants(agent(2, "pause"), "--reason")
	wants(agent(0, "pause", "--reason", "inventory"), "paused by", "inventory")
	wants(agent(0, "messages"), "execution: paused by")
	if o := decode[overview](t, agent(0, "overview", "--json")); !o.Closed || o.Pause.Reason != "inventory" || o.OnHold[command] != 2 || len(o.Messages) != 1 {
		t.Errorf("%+v", o)
	}
	wants(agent(0, "resume", "--reason", "counted"), "goes on")
	wants(agent(1, "resume"), string(link.CodeConflict))

	body := filepath.Join(dir, "body.json")
	if err := os.WriteFile(body, []byte(`{"data":{"CodColigada":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(agent(0, "edit", ids[0], "--body", body, "--reason", "company"), "edited")
	wants(agent(1, "edit", ids[0], "--body", body, "--reason", "company"), "nothing was changed")
	t.Setenv("EDITOR", "true")
	t.Setenv("VISUAL", "")
	wants(agent(1, "edit", ids[0], "--reason", "x"), "nothing was edited")
	wants(agent(0, "show", ids[0]), `{"data":{}}`, "before the edit of", "company")
	wants(agent(0, "messages", "--on-hold"), "SL-ON-HOLD", "wait for a person to release them")
	wants(agent(1, "release"), "--all")
	wants(agent(1, "release", ids[0], "--all"), "--all")
	wants(agent(0, "release", ids[0]), "released")
	wants(agent(1, "release", ids[2]), string(link.CodeNotNow))
	wants(agent(0, "release", "--type", command), "released: 1 messages")
	wants(agent(0, "run-now", "--type", command), "due: 0 messages")
	exec, err := executor.New(executor.Config{Box: box, Consumers: []consumer.Consumer{bookOne{command, ids[0]}}})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := exec.Drain(t.Context()); err != nil || n != 3 {
		t.Fatalf("executed %d, %v", n, err)
	}
	done := agent(0, "executions", "--result", "done")
	wants(done, ids[0], command, "1;7")
	rejected := agent(0, "executions", "--result", "rejected")
	wants(rejected, ids[1], ids[2], "TEST-NO")
	if strings.Contains(done, ids[1]) || strings.Contains(rejected, ids[0]) {
		t.Errorf("of another result:\n%s%s", done, rejected)
	}
	wants(agent(0, "executions", "--key", "1;7"), ids[0])

	wants(agent(0, "windows", "set", "nights", "--kind", "weekly", "--days", "fri-mon,wed", "--from", "22:00", "--to", "6:00"), "fri,sat,sun,mon,wed", "time zone")
	wants(agent(1, "windows", "set", "nights", "--kind", "weekly", "--days", "lun-mar", "--from", "22:00", "--to", "6:00"), "no range of days")
	wants(agent(1, "windows", "set", "closing", "--kind", "monthly", "--from", "32 18:00", "--to", "last 6:00"), "from: no day of the month")
	wants(agent(0, "windows", "set", "always", "--kind", "weekly", "--days", "mon-sun", "--from", "00:00", "--to", "24:00"), "no end in sight")
	wants(agent(0, "windows", "remove", "always"), "nights")
	wants(agent(1, "windows", "remove", "always"), "SL-NOT-FOUND")

	wants(agent(0, "windows", "remove", "nights"), "goes on")
	wants(agent(0, "windows", "set", "of one", "--kind", "weekly", "--days", "mon-sun", "--from", "00:00", "--to", "24:00", "--type", command),
		"goes on", "execution, "+command, "none in the window of one, which has no end in sight")
	wants(agent(1, "windows", "set", "of one", "--kind", "weekly", "--days", "mon-sun", "--from", "00:00", "--to", "24:00", "--type", "no type"), "no message type")
	wants(agent(0, "options", command), "windows", "of one")
	wants(agent(0, "messages"), "execution, "+command)
	if o := decode[overview](t, agent(0, "overview", "--json")); o.Closed || o.ClosedTypes[command].Name != "of one" || o.Window != nil {
		t.Errorf("%+v", o)
	}
	wants(agent(0, "windows", "remove", "of one"), "goes on")

	csv := filepath.Join(dir, "rejected.csv")
	wants(agent(0, "export", "--output", csv), "exported: 2 messages")
	if b, err := os.ReadFile(csv); err != nil || !strings.HasPrefix(string(b), "\ufeffid;type;") || !strings.Contains(string(b), ids[1]) {
		t.Errorf("%q, %v", b, err)
	}

	wants(agent(0, "remote-help"), "off")
	wants(agent(0, "remote-help", "on", "--for", "4h"), "on until 2")
	wants(agent(0, "remote-help", "on"), "until it is switched off")
	wants(agent(1, "remote-help", "--for", "4h"), "agent remote-help on --for 4h")
	wants(agent(0, "remote-help", "off"), "off")
	wants(agent(0, "journal"), "help-off", "window-remove", "always", "release", "edit", "pause", "inventory", "resume", "counted", "options")
	page := decode[link.Page[inbox.Action]](t, agent(0, "journal", "--limit", "1", "--json"))
	if len(page.Items) != 1 || page.Items[0].Action != inbox.ActionHelpOff || page.Next == "" {
		t.Errorf("%+v", page)
	}
}
