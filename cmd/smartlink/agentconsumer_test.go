package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	process "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"smartlink/agent/inbox"
	"smartlink/link"
)

// TestNewConsumerIsReadyToRun: what is written is vetted, tested and formatted as it is, without any
// network.
func TestNewConsumerIsReadyToRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "project")
	code, out, errOut := smartlink("agent", "new-consumer", "greet-guests", "--dir", dir)
	if code != 0 || !strings.Contains(out, "GreetGuestsDataCommand") || !strings.Contains(out, "go run .") {
		t.Fatalf("exit %d, %s%s", code, out, errOut)
	}
	for _, args := range [][]string{{"go", "vet", "./..."}, {"go", "test", "./..."}, {"gofmt", "-l", "."}} {
		cmd := process.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
		said, err := cmd.CombinedOutput()
		if err != nil || args[0] == "gofmt" && len(said) > 0 {
			t.Errorf("%v: %v\n%s", args, err, said)
		}
	}
	if code, _, errOut := smartlink("agent", "new-consumer", "greet-guests", "--dir", dir); code != 1 || !strings.Contains(errOut, "not empty") {
		t.Errorf("written twice: exit %d, %s", code, errOut)
	}
	for _, args := range [][]string{{"Greet Guests"}, {"greet", "--type", "no type"}, {"greet", "--port", "0"}} {
		if code, _, _ := smartlink(append([]string{"agent", "new-consumer", "--dir", filepath.Join(dir, "x")}, args...)...); code != 1 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

// TestConsumersAreConfigured by flags or by a file, which is printed as a file again; what is wrong is told
// before anything starts.
func TestConsumersAreConfigured(t *testing.T) {
	there := httptest.NewServer(http.NotFoundHandler())
	defer there.Close()
	file := configured(t, "agent:\n  consumers:\n    - type: PayDataCommand\n      url: "+there.URL+"/pay\n      timeout: 5s\n      parallel: 2\n    - type: GreetDataCommand\n      url: http://127.0.0.1:1/\n")
	code, out, errOut := smartlink("config", "print", "agent", "--config", file)
	if code != 0 {
		t.Fatal(errOut)
	}
	code, again, errOut := smartlink("config", "print", "agent", "--config", configured(t, out))
	source := regexp.MustCompile(`  # [a-z ]+\n`)
	if code != 0 || source.ReplaceAllString(again, "\n") != source.ReplaceAllString(out, "\n") || !strings.Contains(out, "url: "+there.URL+"/pay\n") {
		t.Errorf("printed as\n%s\nand then %s\n%s", out, errOut, again)
	}
	code, out, errOut = smartlink("agent", "--database", filepath.Join(t.TempDir(), "rm.db"), "doctor", "--config", file)
	if code != 1 || !strings.Contains(out, there.URL+"/pay answers") || !strings.Contains(out, "Consumer of GreetDataCommand") || !strings.Contains(out, "does not answer") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
	for wrong, want := range map[string]string{
		"PayDataCommand": "want TYPE=URL", "PayDataCommand=ftp://127.0.0.1/": "no http:// or https:// address", "PayDataCommand=http://10.0.0.1/": "not this machine",
		"Pay Data=http://127.0.0.1/": "no message type", "FinLanIncDataCommand=http://127.0.0.1:1/": "two consumers",
	} {
		code, out, errOut := smartlink("agent", "--database", filepath.Join(t.TempDir(), "rm.db"), "--consumers", wrong, "run", "--client-id", strings.Repeat("a", 32),
			"--client-secret", "s", "--server", "http://127.0.0.1:1")
		if code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d, %s%s", wrong, code, out, errOut)
		}
	}
	if code, _, errOut := smartlink("agent", "doctor", "--config", configured(t, "agent:\n  consumers:\n    - type: A\n      adress: http://127.0.0.1/\n")); code != 2 || !strings.Contains(errOut, "adress") {
		t.Errorf("exit %d, %s", code, errOut)
	}
}

var callPart = regexp.MustCompile("(?s)<!-- (call|answer) -->\n```json\n(.*?)```\n")

// TestCallsOfThePagesAreTrue: what the pages show is what the agent sends and reads.
func TestCallsOfThePagesAreTrue(t *testing.T) {
	for _, lang := range []string{"en", "pt"} {
		parts := callPart.FindAllStringSubmatch(readPage(t, "docs/"+lang+"/outside.md"), -1)
		if len(parts) != 5 {
			t.Fatalf("%s: %d calls and answers", lang, len(parts))
		}
		for _, p := range parts {
			var v any = &link.CallAnswer{}
			if p[1] == "call" {
				v = &link.CallRequest{}
			}
			d := json.NewDecoder(strings.NewReader(p[2]))
			d.DisallowUnknownFields()
			if err := d.Decode(v); err != nil {
				t.Errorf("%s: %v in\n%s", lang, err, p[2])
			}
			if c, ok := v.(*link.CallRequest); ok {
				m := link.Message{TenantID: c.TenantID, Sender: c.Sender, Type: c.Type, BusinessKey: c.BusinessKey}
				if want := inbox.MarkerOf(&m); c.Marker != want {
					t.Errorf("%s: the marker is %s", lang, want)
				}
			}
		}
	}
}
