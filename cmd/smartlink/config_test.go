package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// configured writes a configuration file.
func configured(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "smartlink.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestWhereValuesComeFrom: the command line wins over the environment, that over the file, that over the
// default.
func TestWhereValuesComeFrom(t *testing.T) {
	file := configured(t, "admin:\n  server: http://127.0.0.1:1\n  api-key: k\n")
	asks := func(want string, args ...string) {
		t.Helper()
		code, _, errOut := smartlink(append([]string{"admin", "company", "list"}, args...)...)
		if code != 1 || !strings.Contains(errOut, want+"/") {
			t.Errorf("%v: exit %d, %q, want %s", args, code, errOut, want)
		}
	}
	asks("127.0.0.1:1", "--config", file)
	t.Setenv("SMARTLINK_CONFIG", file)
	asks("127.0.0.1:1")
	t.Setenv("SMARTLINK_SERVER", "http://127.0.0.1:2")
	asks("127.0.0.1:2")
	asks("127.0.0.1:3", "--server", "http://127.0.0.1:3")
}

// TestConfigurationIsPrinted: each value with where it comes from, secrets hidden, in a form that can be used
// as a file.
func TestConfigurationIsPrinted(t *testing.T) {
	file := configured(t, "log-level: warn\nhub:\n  listen: 127.0.0.1:1\n  client-rate: 5\nagent:\n  database: books.db\n  run:\n    client-secret: s3cret\n")
	t.Setenv("SMARTLINK_CONFIG", file)
	t.Setenv("SMARTLINK_HUB_LISTEN", "127.0.0.1:2")
	t.Setenv("SMARTLINK_HUB_DATABASE", "postgres://hub:s3cret@db/hub")
	t.Setenv("SMARTLINK_API_KEY", "s3cret")
	code, out, errOut := smartlink("--lang", "pt", "config", "print")
	if code != 0 {
		t.Fatalf("exit %d, %s", code, errOut)
	}
	for _, want := range []string{
		"log-level: warn  # file\n", "lang: pt  # command line\n", "\nhub:\n  data: hub-data  # default\n", "  listen: 127.0.0.1:2  # SMARTLINK_HUB_LISTEN\n",
		"  client-rate: 5  # file\n", "  # tls-cert:  # default\n", "  database: (hidden)  # SMARTLINK_HUB_DATABASE\n", "  database: books.db  # file\n",
		"    client-secret: (hidden)  # file\n", "  api-key: (hidden)  # SMARTLINK_API_KEY\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "s3cret") {
		t.Error("a secret is shown")
	}
	var again map[string]any
	if err := yaml.Unmarshal([]byte(out), &again); err != nil {
		t.Errorf("what is printed is no file: %v", err)
	}
	code, out, _ = smartlink("config", "print", "hub", "--json")
	if code != 0 || !strings.Contains(out, `"key": "hub.listen"`) || !strings.Contains(out, `"source": "SMARTLINK_HUB_LISTEN"`) || strings.Contains(out, "s3cret") {
		t.Errorf("exit %d, %s", code, out)
	}
	if code, _, errOut := smartlink("config", "print", "hbu"); code != 1 || !strings.Contains(errOut, `no command "hbu"; there are demo, hub`) {
		t.Errorf("exit %d, %s", code, errOut)
	}
}

// TestPrintedConfigurationIsTaken: what is printed without secrets says the same when it is the file.
func TestPrintedConfigurationIsTaken(t *testing.T) {
	code, first, errOut := smartlink("config", "print", "--config", configured(t, "hub:\n  listen: 127.0.0.1:1\n  insecure-listen: true\nagent:\n  run:\n    lease: 90s\n"))
	if code != 0 {
		t.Fatalf("exit %d, %s", code, errOut)
	}
	code, second, errOut := smartlink("config", "print", "--config", configured(t, first))
	if code != 0 {
		t.Fatalf("exit %d, %s", code, errOut)
	}
	values := func(out string) string {
		var lines []string
		for line := range strings.Lines(out) {
			v, _, _ := strings.Cut(strings.TrimLeft(line, " "), "  #")
			lines = append(lines, v)
		}
		return strings.Join(lines, "\n")
	}
	if values(first) != values(second) {
		t.Errorf("printed\n%s\nand then\n%s", first, second)
	}
}

// TestConfigurationDocumentsItself: every flag that can be set by a variable is told with it.
func TestConfigurationDocumentsItself(t *testing.T) {
	code, out, errOut := smartlink("config", "keys")
	if code != 0 {
		t.Fatalf("exit %d, %s", code, errOut)
	}
	for _, want := range []string{"hub.tls-cert", "SMARTLINK_HUB_TLS_CERT", "agent.run.batch-size", "SMARTLINK_CA", "127.0.0.1:8484"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}
