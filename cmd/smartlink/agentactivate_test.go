package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/agent/activation"
	"smartlink/client"
	"smartlink/examples"
	"smartlink/internal/demo"
	"smartlink/link"
)

// erpSide is a hub with the demo's apps, and the folder of an agent that is not activated yet.
type erpSide struct {
	*administrator
	dir     string
	rm      link.ClientCreated
	gesplan link.ClientCreated
}

func newERPSide(t *testing.T) *erpSide {
	w := &erpSide{administrator: newAdministrator(t), dir: t.TempDir()}
	w.run(0, "company", "add", "Fazenda Boa Vista S.A.")
	tenant := decode[link.Tenant](t, w.run(0, "tenant", "add", "Produção", "--id", demo.TenantID, "--company", "Fazenda Boa Vista S.A.", "--json"))
	var responses []string
	for _, c := range demo.Commands {
		responses = append(responses, link.ResponseType(c))
	}
	w.run(0, "app", "put", demo.AppGesplan, "--name", "Gesplan", "--sends", strings.Join(demo.Commands, ","), "--receives", strings.Join(responses, ","))
	w.run(0, "app", "put", demo.AppRM, "--name", "Gesplan Rm", "--sends", strings.Join(responses, ","), "--receives", strings.Join(demo.Commands, ","))
	w.run(0, "app", "put", "SGDP", "--name", "Privacidade", "--sends", "SGDPDataCommand")
	w.rm = decode[link.ClientCreated](t, w.run(0, "client", "add", "rm", "--tenant", tenant.ID.String(), "--apps", "GESPLAN-RM,SGDP", "--json"))
	w.gesplan = decode[link.ClientCreated](t, w.run(0, "client", "add", "gesplan", "--tenant", tenant.ID.String(), "--apps", "GESPLAN", "--json"))
	return w
}

// agent runs an agent command in the folder, with the client's credentials in the environment if it is
// asked to log in.
func (w *erpSide) agent(want int, args ...string) string {
	w.t.Helper()
	code, out, errOut := smartlink(append([]string{"agent", "--database", filepath.Join(w.dir, "rm.db")}, args...)...)
	if code != want {
		w.t.Fatalf("agent %v: exit %d\n%s%s", args, code, out, errOut)
	}
	if strings.Contains(out+errOut, w.rm.Secret) {
		w.t.Errorf("agent %v shows the secret:\n%s%s", args, out, errOut)
	}
	return out + errOut
}

func (w *erpSide) login(args ...string) []string {
	return append([]string{"activate", "--server", w.server, "--client-id", string(w.rm.ID), "--client-secret", w.rm.Secret}, args...)
}

func (w *erpSide) apps(out string) map[string]shownApp {
	w.t.Helper()
	m := map[string]shownApp{}
	for _, a := range decode[link.Page[shownApp]](w.t, out).Items {
		m[a.Code] = a
	}
	return m
}

// TestAgentRunsFromItsActivation: two credentials are all that the administrator of the ERP gives.
func TestAgentRunsFromItsActivation(t *testing.T) {
	w := newERPSide(t)
	if code, _, errOut := smartlink("rm", "seed", "--database", filepath.Join(w.dir, "rm.db")); code != 0 {
		t.Fatal(errOut)
	}
	if out := w.agent(1, "activate"); !strings.Contains(out, "--client-id") {
		t.Errorf("without anything: %s", out)
	}
	found := w.apps(w.agent(0, w.login("--json")...))
	if a := found["GESPLAN-RM"]; a.Active || a.Problem != "" || !slices.Equal(a.Types, demo.Commands) {
		t.Errorf("found %+v", found)
	}
	if a := found["SGDP"]; a.Problem != link.CodeAppUnknown {
		t.Errorf("found %+v", found)
	}
	for lang, want := range map[string]string{"pt": "pode ser ativado", "en": "can be activated"} {
		if out := w.agent(0, w.login("--lang", lang)...); !strings.Contains(out, want) || !strings.Contains(out, "(SL-APP-UNKNOWN)") {
			t.Errorf("%s: %s", lang, out)
		}
	}
	for app, want := range map[string]string{
		"SGDP": "SL-APP-UNKNOWN", "GESPLAN": "SL-APP-NO-PERMISSION", "ELSE": "SL-APP-NOT-CONFIGURED", "x": "SL-REQUEST-INVALID",
	} {
		if out := w.agent(1, w.login(app)...); !strings.Contains(out, want) {
			t.Errorf("%s: %s", app, out)
		}
	}
	if out := w.agent(0, w.login("GESPLAN-RM", "--json")...); !w.apps(out)["GESPLAN-RM"].Active {
		t.Errorf("activated: %s", out)
	}

	// From here on nobody says at which hub or as whom.
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		var out bytes.Buffer
		e := &env{ctx: ctx, out: &out, errOut: &out, cli: &cli{LogLevel: "error"}}
		ended <- (&agentRunCmd{Lease: link.DefaultLease, Console: "127.0.0.1:0"}).Run(e, &agentCmd{Database: filepath.Join(w.dir, "rm.db")})
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	sender, err := client.New(client.Config{Server: w.server, ClientID: w.gesplan.ID, Secret: w.gesplan.Secret})
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := examples.Numbered("finlan-inc.json", "1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := sender.Send(t.Context(), client.Message{Type: "FinLanIncDataCommand", Audience: demo.AppRM, Body: body, Wait: link.MaxWait})
	if err != nil || len(got.Outcomes) != 1 || got.Outcomes[0].State != string(link.ERPDone) {
		t.Fatalf("%+v, %v", got, err)
	}
	refused, _, err := examples.Numbered("finlan-inc-refused.json", "1")
	if err != nil {
		t.Fatal(err)
	}
	got, err = sender.Send(t.Context(), client.Message{Type: "FinLanIncDataCommand", Audience: demo.AppRM, Body: refused, Wait: link.MaxWait})
	if err != nil || len(got.Outcomes) != 1 || got.Outcomes[0].State != string(link.ERPRejected) {
		t.Fatalf("%+v, %v", got, err)
	}
	if out := w.agent(0, "try", got.MessageID.String()); !strings.Contains(out, "rejected") || !strings.Contains(out, "RM-PERIOD-CLOSED") || !strings.Contains(out, "/data/DataEmissao") {
		t.Errorf("tried: %s", out)
	}
	if out := w.agent(0, "try", got.MessageID.String(), "--json"); !strings.Contains(out, `"state": "rejected"`) {
		t.Errorf("tried: %s", out)
	}
	a := w.apps(w.agent(0, "activate", "--json"))["GESPLAN-RM"]
	if a.LastRun == nil || time.Since(*a.LastRun) > time.Hour || !strings.Contains(a.Status, "last run on") {
		t.Errorf("status %+v", a)
	}
	if out := w.agent(0, "options", "--batch-size", "4", "--qtde-tentativas-exec", "7", "--json"); !strings.Contains(out, `"batchSize": 4`) || !strings.Contains(out, `"QtdeTentativasExec": 7`) {
		t.Errorf("options %s", out)
	}
	if out := w.agent(0, "activate", "--remove", "GESPLAN-RM", "--json"); len(w.apps(out)) != 0 {
		t.Errorf("removed: %s", out)
	}
	if out := w.agent(1, "activate", "--remove", "GESPLAN-RM"); !strings.Contains(out, "GESPLAN-RM") {
		t.Errorf("removed twice: %s", out)
	}
}

func TestEnvironmentsComeFromTheFile(t *testing.T) {
	w := newERPSide(t)
	login := []string{"activate", "--client-id", string(w.rm.ID), "--client-secret", w.rm.Secret, "--environment", "production"}
	if out := w.agent(1, login...); !strings.Contains(out, activation.SaaSFile) {
		t.Errorf("no address: %s", out)
	}
	if out := w.agent(0, "files"); !strings.Contains(out, activation.SaaSFile) {
		t.Errorf("files: %s", out)
	}
	b, err := json.Marshal(map[string]any{"environments": map[string]any{
		"production": map[string]any{"server": w.server}, "staging": map[string]any{"server": ""}, "dev": map[string]any{"server": ""},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, activation.SaaSFile), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := w.agent(0, append(login, "GESPLAN-RM", "--json")...); !w.apps(out)["GESPLAN-RM"].Active {
		t.Errorf("activated: %s", out)
	}
	if out := w.agent(0, "files"); !strings.Contains(out, "nothing") {
		t.Errorf("files again: %s", out)
	}
}

func TestRunWantsAllOfAClientOrNothing(t *testing.T) {
	if code, _, errOut := smartlink("agent", "run", "--client-id", "0123456789abcdef0123456789abcdef", "--database", filepath.Join(t.TempDir(), "rm.db")); code != 1 ||
		!strings.Contains(errOut, "--client-secret") {
		t.Errorf("exit %d, %s", code, errOut)
	}
}
