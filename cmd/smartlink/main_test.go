package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/link"
)

// smartlink runs one command line and answers what it printed.
func smartlink(args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(args, &o, &e)
	return code, o.String(), e.String()
}

func TestDemoOnceEndsWithItsFigures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	code, out, errOut := smartlink("demo", "--once", "--data", dir, "--listen", "127.0.0.1:0")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || lines[len(lines)-1] != "demo: 8 sent, 6 booked, 1 refused, 1 duplicate" {
		t.Fatalf("exit %d\n%s\n%s", code, out, errOut)
	}
	for _, file := range []string{"hub/hub.db", "hub/queue.db", "hub/hub.key", "rm.db", "installation.json", "demo.env"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongUsageSaysWhat(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"frobnicate"}, "frobnicate"},
		{[]string{"admin", "init", "--user", "ana"}, "--code"},
		{[]string{"demo", "--log-level", "loud"}, "loud"},
		{[]string{"hub", "--config", "no-such.yaml"}, "no-such.yaml"},
		{[]string{"agent", "messages", "--state", "lost"}, `"rejected" but got "lost"`},
		{[]string{"admin", "company", "list", "--lang", "fr"}, "fr"},
	} {
		if code, _, errOut := smartlink(c.args...); code != 2 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %q", c.args, code, errOut)
		}
	}
}

// TestHelpOfEveryCommandHasAnExample: of every one, and the example stands by itself, so that it can
// be pasted.
func TestHelpOfEveryCommandHasAnExample(t *testing.T) {
	k, err := kong.New(&cli{}, kong.Name("smartlink"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range k.Model.Leaves(false) {
		args := leaf.FullPath()
		code, out, _ := smartlink(append(strings.Fields(args)[1:], "--help")...)
		paragraphs := strings.Split(out, "\n\n")
		i := slices.IndexFunc(paragraphs, func(p string) bool { return strings.Contains(strings.Join(strings.Fields(p), " "), "Example: "+args) })
		if code != 0 || i < 0 {
			t.Errorf("%s --help: exit %d\n%s", args, code, out)
		} else if _, example, _ := strings.Cut(paragraphs[i], "Example:"); strings.Contains(example, ". ") || strings.Contains(example, ".\n") {
			t.Errorf("%s --help: text runs on behind the example:%s", args, example)
		}
	}
}

func TestNoHubThere(t *testing.T) {
	code, _, errOut := smartlink("admin", "company", "list", "--server", "http://127.0.0.1:1", "--api-key", "k")
	if code != 1 || !strings.Contains(errOut, "hub not reached") {
		t.Errorf("exit %d, %q", code, errOut)
	}
}

func TestConfigurationFileIsNestedByCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "smartlink.yaml")
	if err := os.WriteFile(file, []byte("log-level: error\nadmin:\n  server: http://127.0.0.1:1\n  api-key: k\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := smartlink("--config", file, "admin", "company", "list")
	if code != 1 || !strings.Contains(errOut, "127.0.0.1:1") {
		t.Errorf("exit %d, %q", code, errOut)
	}
}

func TestConfigurationFileIsReadStrictly(t *testing.T) {
	for content, want := range map[string]string{
		"hub:\n  listn: x\n":            "hub.listn: no such command or flag; there are run, backup, restore, migrate, doctor",
		"hbu:\n  listen: x\n":           "hbu: no such command",
		"admin:\n  client:\n    x: 1\n": "admin.client.x: no such",
		"hub: 127.0.0.1:1\n":            "hub: want the flags",
		"hub: [\n":                      "configuration file",
	} {
		file := filepath.Join(t.TempDir(), "smartlink.yaml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errOut := smartlink("--config", file, "rm", "seed", "--database", filepath.Join(t.TempDir(), "rm.db")); code != 2 || !strings.Contains(errOut, want) {
			t.Errorf("%q: exit %d, %q", content, code, errOut)
		}
	}
}

// TestProblemsComeInTheLanguageAskedFor: those of the hub and those of the program itself.
func TestProblemsComeInTheLanguageAskedFor(t *testing.T) {
	server, code := startHub(t)
	for lang, want := range map[string][2]string{"pt": {"não existe", "falta um nome"}, "en": {"does not exist", "a name is needed"}} {
		if _, _, errOut := smartlink("agent", "messages", "--lang", lang, "--database", filepath.Join(t.TempDir(), "no.db")); !strings.Contains(errOut, want[0]) {
			t.Errorf("%s: %q", lang, errOut)
		}
		if _, _, errOut := smartlink("--lang", lang, "admin", "init", "--server", server, "--code", code, "--user", " "); !strings.Contains(errOut, want[1]) {
			t.Errorf("%s: %q", lang, errOut)
		}
	}
}

func TestTracesArePrintedForPeople(t *testing.T) {
	trace := link.Trace{Queues: []link.QueueTrace{{
		Queue: "q", State: link.StateDead, DeadReason: link.DeadRequeueLimit, Reason: "full", Attempt: 2, RequeueCount: 1,
		ERP: &link.ERPStatus{State: link.ERPWaiting, NextTry: new(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)), Code: "SL-X"},
		Outcome: &link.Outcome{Number: 2, Status: link.ERPRejected, Errors: []link.Fault{
			{Code: "RM-X", Pointer: "/data/X", Description: "Não.", Help: "Mude.", DescriptionEn: "No.", HelpEn: "Change."}, {Code: "SL-Y", Description: "Só português."},
		}},
	}}}
	for lang, want := range map[link.Lang]string{
		link.Portuguese: "queue q: dead requeue-limit full\n  attempt 2, requeued 1, lost 0\n  ERP: waiting until 2026-03-04 05:06:07Z SL-X\n  outcome 2: rejected\n    RM-X /data/X: Não. Mude.\n    SL-Y: Só português.\n",
		link.English:    "  ERP: waiting until 2026-03-04 05:06:07Z SL-X\n  outcome 2: rejected\n    RM-X /data/X: No. Change.\n    SL-Y: Só português.\n",
	} {
		var out bytes.Buffer
		if err := printTrace(&out, lang, trace); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v\n%s", lang, err, &out)
		}
	}
}

// TestWhatStandsStillCanBeFound: an answer the hub does not take waits for a person, who must be able
// to see it; so does a message behind another.
func TestWhatStandsStillCanBeFound(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "rm.db")
	box, err := inbox.Open(t.Context(), inbox.Config{Database: database, Installation: filepath.Join(dir, "installation.json")})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.PutMetrics(t.Context(), "text/plain", []byte("up 1\n")); err != nil {
		t.Fatal(err)
	}
	rows, err := box.Outgoing(t.Context(), 0, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if err := box.Sent(t.Context(), nil, []inbox.Refused{{Row: rows[0], Code: link.CodeRefusedByHub, Reason: "SL-ROLE"}}); err != nil {
		t.Fatal(err)
	}
	first, second := ofKey("k"), ofKey("k")
	if _, err := box.Store(t.Context(), []link.Delivery{first, second}); err != nil {
		t.Fatal(err)
	}
	if err := box.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := rows[0].Message.ID.String()
	if _, out, errOut := smartlink("agent", "messages", "--database", database, "--upstream", "--state", "blocked"); !strings.Contains(out, id) {
		t.Errorf("%s%s", out, errOut)
	}
	_, out, _ := smartlink("agent", "messages", "--database", database)
	if strings.Contains(out, id) {
		t.Errorf("among what came from the hub:\n%s", out)
	}
	if lines := strings.Split(out, "\n"); !strings.HasPrefix(lines[2], second.Message.ID.String()) || strings.Count(out, "behind an earlier one of its ordering key k") != 1 ||
		!strings.Contains(lines[2], "behind") {
		t.Errorf("who waits behind whom:\n%s", out)
	}
}

// ofKey is a delivery of an ordering key.
func ofKey(key string) link.Delivery {
	id := link.NewID()
	return link.Delivery{Tag: 1, Message: link.Message{ID: id, RootID: id, TenantID: uuid.New(), OrderingKey: key, Type: "X", Body: []byte("{}")}}
}

func decode[T any](t *testing.T, out string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return v
}

// TestAdministrationByCommands goes the way of a first administrator, each step by its command.
func TestAdministrationByCommands(t *testing.T) {
	a := newAdministrator(t)
	admin := a.run
	if out := admin(1, "init", "--code", a.code, "--user", "eva"); !strings.Contains(out, string(link.CodeStartCode)) {
		t.Errorf("the code worked twice: %s", out)
	}
	admin(0, "company", "add", "Fazenda Boa Vista S.A.")
	tenant := decode[link.Tenant](t, admin(0, "tenant", "add", "Produção", "--company", "Fazenda Boa Vista S.A.", "--json"))
	admin(0, "app", "put", "GESPLAN", "--name", "Gesplan", "--sends", "A,B", "--receives", "C")
	created := decode[link.ClientCreated](t, admin(0, "client", "add", "gesplan", "--tenant", tenant.ID.String(), "--apps", "GESPLAN", "--json"))
	second := decode[link.SecretCreated](t, admin(0, "client", "secret", "add", string(created.ID), "--json"))
	if out := admin(1, "client", "secret", "add", string(created.ID)); !strings.Contains(out, "SL-") {
		t.Errorf("a third secret: %s", out)
	}
	clients := decode[link.Page[link.Client]](t, admin(0, "client", "list", "--tenant", tenant.ID.String(), "--json"))
	if len(clients.Items) != 1 || len(clients.Items[0].Secrets) != 2 {
		t.Errorf("clients %+v", clients)
	}
	admin(0, "client", "secret", "remove", string(created.ID), second.ID)
	if c := decode[link.Client](t, admin(0, "client", "change", string(created.ID), "--name", "novo", "--json")); c.Name != "novo" || len(c.Apps) != 1 {
		t.Errorf("changed to %+v", c)
	}
	if c := decode[link.Client](t, admin(0, "client", "revoke", string(created.ID), "--json")); c.Epoch != created.Epoch+1 {
		t.Errorf("epoch %d after %d", c.Epoch, created.Epoch)
	}
	for _, list := range [][]string{{"company", "list"}, {"tenant", "list"}, {"app", "list"}, {"client", "list"}, {"queue", "list"}, {"audit"}} {
		if out := admin(0, list...); strings.Contains(out, created.Secret) || strings.Contains(out, second.Secret) {
			t.Errorf("%v shows a secret", list)
		}
	}
	if out := admin(0, "audit", "--limit", "2"); !strings.Contains(out, "--cursor") {
		t.Errorf("no further page of the audit:\n%s", out)
	}
	if out := admin(0, "audit", "--all"); !strings.Contains(out, "ana") {
		t.Errorf("audit:\n%s", out)
	}
}
