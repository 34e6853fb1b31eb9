package demo

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"smartlink/examples"
)

var readmeSteps = regexp.MustCompile("(?s)<!-- ci: run -->\n```sh\n(.*?)```")

// TestReadmeStepsRunAsTheyStand pastes the README's steps into a shell beside a running demo.
func TestReadmeStepsRunAsTheyStand(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the README's steps are NOT tested", tool)
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps := readmeSteps.FindStringSubmatch(strings.ReplaceAll(string(readme), "\r\n", "\n"))
	if steps == nil {
		t.Fatal("the README has no steps to run")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "examples"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{examples.FinLanInc, examples.FinLanIncRefused} {
		if err := os.WriteFile(filepath.Join(dir, "examples", name), examples.Body(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := Open(t.Context(), quiet(t, filepath.Join(dir, "demo-data")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	shell := exec.CommandContext(t.Context(), "bash", "-e", "-c", steps[1])
	shell.Dir = dir
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"requeueCountMax":10`, `"duplicate":false`, `"deliveryTag":`, "ack: HTTP 204", `"status":"done"`, "RM-CFO-UNKNOWN", "RM-PERIOD-CLOSED", `\"status\":\"duplicate\"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if n := query(t, w.Books, `SELECT COUNT(*) FROM FLAN`); n != 1 {
		t.Errorf("%d entries", n)
	}
}
