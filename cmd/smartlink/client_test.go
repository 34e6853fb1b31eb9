package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/examples"
	"smartlink/internal/demo"
	"smartlink/link"
)

// openDemo runs hub, agent and books.
func openDemo(t *testing.T) *demo.World {
	t.Helper()
	w, err := demo.Open(t.Context(), demo.Config{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Out: t.Output(), Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// terminal is somebody at a shell with a client's credentials in the environment.
type terminal struct {
	*testing.T
	secrets []string
}

func terminalOf(t *testing.T, w *demo.World) terminal {
	t.Setenv("SMARTLINK_SERVER", w.Env.Server)
	t.Setenv("SMARTLINK_CLIENT_ID", w.Env.Curl.ID)
	t.Setenv("SMARTLINK_CLIENT_SECRET", w.Env.Curl.Secret)
	return terminal{t, []string{w.Env.Curl.Secret, w.Env.APIKey}}
}

// run wants an exit code and answers what was printed; a secret may never be.
func (t terminal) run(want int, args ...string) (out, errOut string) {
	t.Helper()
	code, out, errOut := smartlink(args...)
	if code != want {
		t.Fatalf("%v: exit %d\n%s%s", args, code, out, errOut)
	}
	for _, s := range t.secrets {
		if strings.Contains(out+errOut, s) {
			t.Errorf("%v shows a secret:\n%s%s", args, out, errOut)
		}
	}
	return out, errOut
}

// file writes a numbered example.
func (t terminal) file(example, suffix string) string {
	t.Helper()
	body, _, err := examples.Numbered(example, suffix)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), example)
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (t terminal) contains(what, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%s: no %q in\n%s", what, w, text)
		}
	}
}

// TestWayOfTheSlidesByCommands: token, setup, send, get, ack, trace, each by its command.
func TestWayOfTheSlidesByCommands(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	out, _ := s.run(0, "token")
	if strings.Count(out, ".") != 2 || strings.Count(out, "\n") != 1 {
		t.Errorf("token %q", out)
	}
	out, _ = s.run(0, "token", "--json")
	if info := decode[tokenInfo](t, out); info.TenantID != w.Env.Tenant || info.ClientID != w.Env.Curl.ID || info.ExpiresAt.IsZero() {
		t.Errorf("token %s", out)
	}
	if _, errOut := s.run(1, "queue", "show"); !strings.Contains(errOut, string(link.CodeNoQueue)) {
		t.Errorf("before setup: %s", errOut)
	}
	const response = "FinLanIncDataCommandResponse"
	out, warned := s.run(0, "setup", response)
	s.contains("setup", out, w.Env.Curl.ID, "added          "+response, "requeue limit  10")
	s.contains("setup", warned, string(link.CodeNoAnswerSub))

	out, _ = s.run(0, "send", s.file(examples.FinLanInc, "-cli"), "--wait")
	s.contains("send", out, "duplicate  false", "done 1;1", "outcome 1: done 1;1")
	id := strings.Fields(out)[1]

	out, _ = s.run(0, "queue", "ls")
	s.contains("queue ls", out, "READY", w.Env.Curl.ID, "curl")
	out, _ = s.run(0, "queue", "show")
	s.contains("queue show", out, "ready 1", response, "oldest waiting")
	out, _ = s.run(0, "queue", "peek")
	s.contains("queue peek", out, response, "ready")

	out, _ = s.run(0, "get", "--wait", "30s", "--lease", "5m")
	s.contains("get", out, "delivery tag", "GESPLAN-RM", `"status":"done"`)
	tag := strings.Fields(out)[2]
	out, _ = s.run(0, "ack", tag)
	s.contains("ack", out, tag, "settled")
	if _, errOut := s.run(1, "ack", tag); !strings.Contains(errOut, string(link.CodeLeaseEnded)) {
		t.Errorf("acknowledged twice: %s", errOut)
	}
	if _, errOut := s.run(0, "get"); !strings.Contains(errOut, "no message") {
		t.Errorf("empty queue: %s", errOut)
	}
	out, _ = s.run(0, "queue", "peek", "--list", "history", "--json")
	if p := decode[link.Page[link.QueueEntry]](t, out); len(p.Items) != 1 || p.Items[0].State != link.StateAcked {
		t.Errorf("history %s", out)
	}

	out, _ = s.run(0, "message", id)
	s.contains("message", out, id, "accepted", "delivered", "acknowledged", "outcome 1: done 1;1")
	out, _ = s.run(0, "message", id, "--json", "--wait")
	if tr := decode[link.Trace](t, out); tr.ID.String() != id {
		t.Errorf("trace %s", out)
	}
}

// TestSendTellsWhatTheERPDid: refused with its errors and exit code 1, a duplicate with 0, no answer in
// time with 1 and what to do.
func TestSendTellsWhatTheERPDid(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	out, errOut := s.run(1, "send", s.file(examples.FinLanIncRefused, "-r"), "--wait")
	s.contains("refused", out, "rejected", "RM-CFO-UNKNOWN /data/CodCfo", "RM-PERIOD-CLOSED")
	s.contains("refused", errOut, "not booked: rejected")
	out, _ = s.run(1, "send", "--lang", "pt", s.file(examples.FinLanIncRefused, "-r2"), "--wait")
	s.contains("refused", out, "fornecedor")

	s.run(0, "send", s.file(examples.FinLanInc, "-d"), "--wait")
	out, _ = s.run(0, "send", s.file(examples.FinLanInc, "-d"), "--wait", "--json")
	got := decode[sent](t, out)
	if got.Trace == nil || got.Trace.Queues[0].Outcome.Status != link.ERPDuplicate || got.MessageID != got.Trace.ID {
		t.Errorf("resend: %s", out)
	}
	_, errOut = s.run(1, "send", s.file(examples.FinLanInc, "-x"), "--wait", "--timeout", "1ns")
	s.contains("no time", errOut, "no answer within 1ns", "smartlink message ")
}

func TestSendReadsStandardInput(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	in, err := os.Open(s.file(examples.FinLanInc, "-stdin"))
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = in
	t.Cleanup(func() { os.Stdin = was; _ = in.Close() })
	out, _ := s.run(0, "send", "--json", "--business-key", "contract 42/instalment 3/payable-stdin", "--header", "SL-Meta-Batch=7;8", "--header", "SL-Meta-Step=a=b")
	got := decode[sent](t, out)
	if len(got.Queues) != 1 || got.Trace != nil {
		t.Errorf("sent %s", out)
	}
	t.Setenv("SMARTLINK_API_KEY", w.Env.APIKey)
	seen := 0
	for _, list := range []string{"waiting", "history"} { // the agent may have been there
		out, _ = s.run(0, "queue", "peek", got.Queues[0], "--list", list, "--json")
		for _, e := range decode[link.Page[link.QueueEntry]](t, out).Items {
			seen++
			if e.Headers["SL-Meta-Batch"] != "7;8" || e.Headers["SL-Meta-Step"] != "a=b" {
				t.Errorf("headers %v", e.Headers)
			}
		}
	}
	if seen == 0 {
		t.Error("the message is nowhere")
	}
}

// TestPeopleLookWithTheirKey: without a client's credentials, by name, everything.
func TestPeopleLookWithTheirKey(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	s.run(0, "setup", "FinLanIncDataCommandResponse")
	out, _ := s.run(0, "send", s.file(examples.FinLanInc, "-key"), "--wait")
	id := strings.Fields(out)[1]
	own := w.Env.Tenant + "." + w.Env.RM.ID
	if _, errOut := s.run(1, "queue", "show", own); !strings.Contains(errOut, "API key") {
		t.Errorf("another queue for a client: %s", errOut)
	}
	t.Setenv("SMARTLINK_API_KEY", w.Env.APIKey)
	out, _ = s.run(0, "queue", "show") // the client's own still
	s.contains("own", out, w.Env.Curl.ID)
	t.Setenv("SMARTLINK_CLIENT_SECRET", "")
	out, _ = s.run(0, "queue", "ls", "--all")
	s.contains("all", out, w.Env.Curl.ID, w.Env.RM.ID)
	out, _ = s.run(0, "queue", "show", own)
	s.contains("show", out, "acked 1")
	out, _ = s.run(0, "queue", "peek", own, "--list", "history", "--newest", "--type", "FinLanIncDataCommand")
	s.contains("peek", out, id, "done 1;1", "contract 42")
	out, _ = s.run(0, "message", id, "--tenant", w.Env.Tenant)
	s.contains("message", out, id)
	if _, errOut := s.run(1, "queue", "peek"); !strings.Contains(errOut, "name the queue") {
		t.Errorf("no name: %s", errOut)
	}
}

func TestPeekGoesOnByItsCursor(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	s.run(0, "setup", "FinLanIncDataCommandResponse")
	for i := range 3 {
		s.run(0, "send", s.file(examples.FinLanInc, fmt.Sprint("-page", i)), "--wait")
	}
	out, errOut := s.run(0, "queue", "peek", "--limit", "2")
	if strings.Count(out, "\n") != 3 {
		t.Errorf("a page of 2:\n%s", out)
	}
	_, rest, _ := strings.Cut(errOut, "--cursor ")
	cursor, _, _ := strings.Cut(rest, " ")
	out, errOut = s.run(0, "queue", "peek", "--limit", "2", "--cursor", cursor)
	if strings.Count(out, "\n") != 2 || errOut != "" {
		t.Errorf("the rest:\n%s%s", out, errOut)
	}
	out, _ = s.run(0, "queue", "peek", "--limit", "1", "--all")
	if strings.Count(out, "\n") != 4 {
		t.Errorf("all:\n%s", out)
	}
}

// TestDeliveriesAreSettledInEveryWay: back, dead, requeued, taken.
func TestDeliveriesAreSettledInEveryWay(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	s.run(0, "setup", "FinLanIncDataCommandResponse")
	s.run(0, "send", s.file(examples.FinLanInc, "-ways"), "--wait")
	take := func() string {
		out, _ := s.run(0, "get", "--json", "--wait", "30s")
		return fmt.Sprint(decode[link.GetResponse](t, out).Messages[0].Tag)
	}
	s.run(0, "ack", take(), "--release")
	s.run(0, "ack", take(), "--dead", "--reason", "cannot read it", "--json")
	out, _ := s.run(0, "queue", "peek", "--list", "dead")
	s.contains("dead", out, "receiver cannot read it")
	s.run(0, "send", s.file(examples.FinLanInc, "-ways2"), "--wait")
	s.run(0, "ack", take(), "--requeue", "--after", "1h", "--reason", "busy")
	out, _ = s.run(0, "queue", "peek")
	s.contains("requeued", out, "delayed", "busy until")
	s.run(0, "send", s.file(examples.FinLanInc, "-ways3"), "--wait")
	out, _ = s.run(0, "get", "--ack", "--wait", "30s")
	s.contains("get --ack", out, `"status":"done"`)
	out, _ = s.run(0, "queue", "show")
	s.contains("in the end", out, "delayed 1", "dead 1", "acked 1")
	s.run(2, "ack", "1", "--dead", "--release")
}

// TestSecretsAreNeverPrinted: not by help, not by a refusal, not by wrong usage.
func TestSecretsAreNeverPrinted(t *testing.T) {
	w := openDemo(t)
	s := terminalOf(t, w)
	t.Setenv("SMARTLINK_API_KEY", w.Env.APIKey)
	for _, args := range [][]string{
		{"token", "--help"}, {"send", "--help"}, {"queue", "ls", "--help"}, {"queue", "ls", "--json"}, {"__complete", "--", "queue", "ls", "--"},
	} {
		s.run(0, args...)
	}
	s.run(2, "queue", "peek", "--list", "lost")
	t.Setenv("SMARTLINK_CLIENT_ID", "00000000000000000000000000000000")
	s.run(1, "token")
	t.Setenv("SMARTLINK_SERVER", "http://127.0.0.1:1")
	s.run(1, "queue", "ls")
	s.run(1, "token")
}

func TestCredentialsAreAskedFor(t *testing.T) {
	for _, name := range []string{"SMARTLINK_CLIENT_ID", "SMARTLINK_CLIENT_SECRET", "SMARTLINK_API_KEY", "SMARTLINK_SERVER"} {
		t.Setenv(name, "")
	}
	for want, lines := range map[string][][]string{
		errNoClient.Error(): {{"token"}, {"setup", "X"}, {"get"}, {"ack", "1"}},
		errNobody.Error():   {{"queue", "show"}, {"queue", "ls"}, {"queue", "peek"}, {"message", link.NewID().String()}},
	} {
		for _, args := range lines {
			if code, _, errOut := smartlink(args...); code != 1 || !strings.Contains(errOut, want) {
				t.Errorf("%v: exit %d, %s", args, code, errOut)
			}
		}
	}
	if code, _, errOut := smartlink("setup", "--client-id", "x", "--client-secret", "y"); code != 1 || !strings.Contains(errOut, "--none") {
		t.Errorf("setup of nothing: exit %d, %s", code, errOut)
	}
}

// TestCredentialsComeFromTheFile: for all commands together, or for one.
func TestCredentialsComeFromTheFile(t *testing.T) {
	w := openDemo(t)
	file := filepath.Join(t.TempDir(), "smartlink.yaml")
	content := fmt.Sprintf("client-id: %s\nclient-secret: %s\ntoken:\n  server: %s\n", w.Env.Curl.ID, w.Env.Curl.Secret, w.Env.Server)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := smartlink("--config", file, "token"); code != 0 || strings.Count(out, ".") != 2 {
		t.Errorf("exit %d, %s%s", code, out, errOut)
	}
}

func TestBodiesThatAreNoTextArePrinted(t *testing.T) {
	var b bytes.Buffer
	d := link.Delivery{Tag: 1, Message: link.Message{Body: []byte{0xff, 0}}}
	if err := printDeliveries(&b, []link.Delivery{d, d}); err != nil || strings.Count(b.String(), "base64 /wA=") != 2 {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestTokensThatAreNoneAreSaidToBe(t *testing.T) {
	for _, token := range []string{"x", "a.b.c", "a.e30.c.d"} {
		if _, err := readToken(token); err == nil {
			t.Errorf("%q was read", token)
		}
	}
}
