package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"smartlink/client"
	"smartlink/examples"
	"smartlink/internal/demo"
	"smartlink/internal/sqlopen"
	"smartlink/link"
	"smartlink/rm/rmhost"
)

// rmServer is a stand-in for a live RM, and a configuration file that names it.
func rmServer(t *testing.T, more string) (host *rmhost.Host, file string) {
	t.Helper()
	host, err := rmhost.Open(t.Context(), ":memory:", rmhost.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(host)
	t.Cleanup(func() {
		server.Close()
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	return host, configured(t, "webservice:\n  url: "+server.URL+"\n  user: smartlink\n"+more+"agent:\n  writer: webservice\n")
}

// TestAgentBooksIntoARM: with the writer webservice the six commands are executed by RM, the agent's database holds no
// books, and nothing is activated while RM cannot be worked with.
func TestAgentBooksIntoARM(t *testing.T) {
	t.Setenv("SMARTLINK_RM_PASSWORD", rmhost.DefaultPassword)
	w := newERPSide(t)
	host, file := rmServer(t, "  culture: pt-BR\n")
	nowhere := configured(t, "webservice: {url: http://127.0.0.1:1, user: smartlink}\nagent: {writer: webservice}\n")
	if out := w.agent(1, w.login("GESPLAN-RM", "--config", nowhere)...); !strings.Contains(out, "SL-WRITER-AWAY") || !strings.Contains(out, "127.0.0.1:1") {
		t.Errorf("activated without an RM: %s", out)
	}
	w.agent(0, w.login("GESPLAN-RM", "--config", nowhere, "--skip-check")...)
	w.agent(0, w.login("GESPLAN-RM", "--config", file)...)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	var flags webserviceFlags
	if err := flags.Webservice.UnmarshalJSON([]byte(`{"url": "` + urlIn(t, file) + `", "user": "smartlink", "culture": "pt-BR"}`)); err != nil {
		t.Fatal(err)
	}
	flags.RMPassword = rmhost.DefaultPassword
	database := filepath.Join(w.dir, "rm.db")
	go func() {
		var out bytes.Buffer
		e := &env{ctx: ctx, out: &out, errOut: &out, cli: &cli{LogLevel: "error"}}
		ended <- (&agentRunCmd{Lease: link.DefaultLease, Console: "off"}).Run(e, &agentCmd{Database: database, Writer: "webservice", webserviceFlags: flags})
	}()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	defer stop()
	sender, err := client.New(client.Config{Server: w.server, ClientID: w.gesplan.ID, Secret: w.gesplan.Secret})
	if err != nil {
		t.Fatal(err)
	}
	got, err := sender.Send(t.Context(), client.Message{Type: "FinLanIncDataCommand", Audience: demo.AppRM, Body: examples.Body(examples.FinLanInc), Wait: link.MaxWait})
	if err != nil || len(got.Outcomes) != 1 || got.Outcomes[0].State != string(link.ERPDone) || got.Outcomes[0].Key != "1;1" {
		t.Fatalf("%+v, %v", got, err)
	}
	refused, err := sender.Send(t.Context(), client.Message{Type: "FinLanIncDataCommand", Audience: demo.AppRM, Body: examples.Body(examples.FinLanIncRefused), Wait: link.MaxWait})
	if err != nil || len(refused.Outcomes) != 1 || refused.Outcomes[0].State != string(link.ERPRejected) {
		t.Fatalf("%+v, %v", refused, err)
	}
	if out := w.agent(0, "try", refused.MessageID.String(), "--config", file); !strings.Contains(out, "rejected") || !strings.Contains(out, "RM-CFO-UNKNOWN") {
		t.Errorf("tried: %s", out)
	}
	var n int
	if err := host.DB().QueryRow(`SELECT COUNT(*) FROM FLAN WHERE LENGTH(CAMPOALFAOP1) = 32`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d entries, %v", n, err)
	}
	stop()
	db, err := sqlopen.Open(t.Context(), database, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT COUNT(*) FROM sqlite_master WHERE name = 'FLAN'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("the agent's database holds books: %d, %v", n, err)
	}
	if out := w.agent(0, "doctor", "--config", file); !strings.Contains(out, "accepts the user smartlink") || strings.Contains(out, "Books  ") {
		t.Errorf("doctor: %s", out)
	}
}

// urlIn finds the address that a file names.
func urlIn(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "url: ")
	at, _, _ := strings.Cut(rest, "\n")
	return at
}

// TestWebserviceIsConfigured: what is wrong is told before anything is called; a password is never shown.
func TestWebserviceIsConfigured(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"no section":      {"agent: {writer: webservice}\n", "the section webservice is missing"},
		"empty":           {"webservice: {}\n", "the address of RM is missing (url)"},
		"an unknown key":  {"webservice: {adress: x}\n", `unknown field "adress"`},
		"no text":         {"webservice: [1]\n", "cannot unmarshal"},
		"no time":         {"webservice: {url: http://127.0.0.1:1, timeout: 60}\n", "cannot unmarshal number"},
		"no time at all":  {"webservice: {url: http://127.0.0.1:1, timeout: soon}\n", "want a time as 60s or 2m"},
		"at the front":    {"webservice: {url: http://127.0.0.1:1, user: u, password: p, markers: {FinLanDataBR: {field: HISTORICO, at: begin}}}\n", `at is "begin"`},
		"unknown field":   {"webservice: {url: http://127.0.0.1:1, user: u, password: p, markers: {FinLanDataBR: {field: CAMPO}}}\n", `"CAMPO" is no field of FinLanDataBR`},
		"http elsewhere":  {"webservice: {url: http://rm.example:8051, user: u, password: p}\n", "for everybody to read; use https, or insecure: true"},
		"no password":     {"webservice: {url: http://127.0.0.1:1, user: u}\n", "SMARTLINK_RM_PASSWORD"},
		"nowhere":         {"webservice: {url: http://127.0.0.1:1, user: u, passwordFile: /nowhere/rm}\n", "/nowhere/rm"},
		"another culture": {"webservice: {url: http://127.0.0.1:1, user: u, password: p, culture: br}\n", "use auto, pt-BR or invariant"},
	} {
		code, out, errOut := smartlink("rm", "check", "--config", configured(t, tc.file))
		if code == 0 || !strings.Contains(out+errOut, tc.want) {
			t.Errorf("%s: exit %d, %s%s", name, code, out, errOut)
		}
	}
	if code, _, errOut := smartlink("agent", "run", "--writer", "webservice", "--database", filepath.Join(t.TempDir(), "rm.db")); code != 1 || !strings.Contains(errOut, "SL-WRITER-CONFIG") {
		t.Errorf("exit %d, %s", code, errOut)
	}
	m := managed(t)
	if code, _, errOut := smartlink("agent", "install", "--writer", "webservice", "--database", filepath.Join(t.TempDir(), "rm.db")); code != 0 || !strings.Contains(strings.Join(m.installed.Arguments, " "), "--writer webservice") {
		t.Errorf("exit %d, %s %v", code, errOut, m.installed)
	}
	if code, _, _ := smartlink("agent", "run", "--writer", "oracle"); code != 2 {
		t.Errorf("another writer: exit %d", code)
	}
	_, file := rmServer(t, "  password: "+rmhost.DefaultPassword+"\n  culture: pt-BR\n  markers: {FinLanDataBR: {field: HISTORICO, at: end}}\n  customFields: {FLANCOMPL: {CONTRATO: 40}}\n")
	code, out, errOut := smartlink("rm", "check", "--config", file)
	if code != 0 || !strings.Contains(out, "marker at the end of HISTORICO") || strings.Contains(out, "others can read") {
		t.Errorf("exit %d, %s%s", code, out, errOut)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := smartlink("rm", "check", "--config", file); code != 0 || strings.Contains(out, "others can read") != (runtime.GOOS != "windows") {
		t.Errorf("exit %d, %s", code, out)
	}
	if _, out, _ := smartlink("config", "print", "--config", file); strings.Contains(out, "password: "+rmhost.DefaultPassword+"\n  culture") || !strings.Contains(out, "password: (hidden)") {
		t.Errorf("printed %s", out)
	}
	if code, out, errOut := smartlink("rm", "check", "--webservice", `{"url": "`+urlIn(t, file)+`", "user": "smartlink", "culture": "pt-BR"}`, "--rm-password", "wrong"); code != 1 || !strings.Contains(out, "does not accept the user smartlink") {
		t.Errorf("exit %d, %s%s", code, out, errOut)
	}
}
