package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	process "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"smartlink/internal/demo"
)

// root is the repository's folder.
var root = filepath.Join("..", "..")

// pages lists the pages for users, by their place in the repository.
func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"README.md", "examples/README.md", "examples/postman/README.md"}
	for _, lang := range []string{"en", "pt"} {
		found, err := filepath.Glob(filepath.Join(root, "docs", lang, "*.md"))
		if err != nil || len(found) < 6 {
			t.Fatalf("%d pages in %s, %v", len(found), lang, err)
		}
		for _, f := range found {
			list = append(list, "docs/"+lang+"/"+filepath.Base(f))
		}
	}
	return list
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// block is a block of commands; how says what the line above it promises about running it.
type block struct{ how, script string }

var blockShape = regexp.MustCompile("(?ms)(?:^<!-- ci: ([^>]*) -->\n)?^```sh\n(.*?)^```$")

func blocksOf(page string) (list []block) {
	for _, m := range blockShape.FindAllStringSubmatch(page, -1) {
		list = append(list, block{m[1], m[2]})
	}
	return list
}

// preludes make what a block takes for granted; its line above names the prelude.
var preludes = map[string]string{
	"run": "",
	"run with a dead letter": `
QUEUE=` + demo.PostmanTenant + `.$POSTMAN_CLIENT_ID
dead() (
	export SMARTLINK_CLIENT_ID=$POSTMAN_CLIENT_ID SMARTLINK_CLIENT_SECRET=$POSTMAN_CLIENT_SECRET
	unset SMARTLINK_API_KEY
	smartlink setup FinLanIncDataCommand >&2
	echo '{}' | smartlink send --type FinLanIncDataCommand --business-key dead | sed -n 's/^message *//p'
	smartlink ack "$(smartlink get --wait 30s | sed -n 's/^delivery tag *//p')" --dead --reason 'cannot be read' >&2
)
ID=$(dead)
`,
	"run with a refused message": `
ID=$(SMARTLINK_CLIENT_ID=$CURL_CLIENT_ID SMARTLINK_CLIENT_SECRET=$CURL_CLIENT_SECRET \
	smartlink send examples/finlan-inc-refused.json | sed -n 's/^message *//p')
smartlink message "$ID" --wait || true
sed 's/F99999/F00017/; s/"DataEmissao": "[^"]*"/"DataEmissao": "2026-03-02T00:00:00"/' examples/finlan-inc-refused.json >mended.json
`,
}

// Blocks that this test does not run itself, each with who does.
var runElsewhere = map[string]string{"by demo": "ci/test", "run for real": "TestReadmeForReal"}

// TestEveryCommandOfThePagesIsRun: no block of commands without a promise that a test keeps.
func TestEveryCommandOfThePagesIsRun(t *testing.T) {
	for _, name := range pages(t) {
		for _, b := range blocksOf(readPage(t, name)) {
			if _, ok := preludes[b.how]; !ok && runElsewhere[b.how] == "" {
				t.Errorf("%s: %q is how these are run, which nobody knows:\n%s", name, b.how, b.script)
			}
		}
	}
	if test := readPage(t, "ci/test"); !strings.Contains(test, "smartlink demo --once") {
		t.Error("ci/test does not run the demo")
	}
}

// TestBothLanguagesTellTheSame: each page is there in both, with the same commands and as many chapters,
// and with the other one's link.
func TestBothLanguagesTellTheSame(t *testing.T) {
	command := regexp.MustCompile(`smartlink( [a-z]+)+|go test \S+|--[a-z-]+|examples/\S+json`)
	for _, en := range pages(t) {
		base, ok := strings.CutPrefix(en, "docs/en/")
		if !ok {
			continue
		}
		english, portuguese := readPage(t, en), readPage(t, "docs/pt/"+base)
		var scripts [2][]string
		for i, page := range []string{english, portuguese} {
			for _, b := range blocksOf(page) {
				scripts[i] = append(scripts[i], strings.Join(command.FindAllString(b.script, -1), " "))
			}
		}
		if !slices.Equal(scripts[0], scripts[1]) {
			t.Errorf("%s: other commands in the two languages:\n%q\n%q", base, scripts[0], scripts[1])
		}
		if strings.Count(english, "\n## ") != strings.Count(portuguese, "\n## ") {
			t.Errorf("%s: other chapters in the two languages", base)
		}
		if !strings.Contains(english, "[Português](../pt/"+base+")") || !strings.Contains(portuguese, "[English](../en/"+base+")") {
			t.Errorf("%s: no link to the other language", base)
		}
	}
}

var pageLink = regexp.MustCompile(`\]\(([^)#\s]+)?(#[^)\s]*)?\)`)

// TestLinksOfThePagesLeadSomewhere: every file that a page names is there.
func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	for _, name := range pages(t) {
		for _, m := range pageLink.FindAllStringSubmatch(readPage(t, name), -1) {
			if m[1] == "" || strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name), "..", filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}

// shell runs scripts beside a demo, in a folder with the examples and the program.
type shell struct {
	dir, bin string
}

func newShell(t *testing.T, bin string) shell {
	t.Helper()
	if _, err := process.LookPath("bash"); err != nil {
		t.Skip("bash is not installed: the commands of the pages are NOT tested")
	}
	s := shell{t.TempDir(), bin}
	if err := os.CopyFS(filepath.Join(s.dir, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a script, stops at its first failure, and answers what it printed.
func (s shell) run(t *testing.T, script string) string {
	t.Helper()
	home, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	// go commands of a page are for the repository's folder.
	c := process.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", "go() { command go -C '"+home+"' \"$@\"; }\n"+script)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// demo runs one beside the script, on which the story has been told if there shall be books.
func (s shell) demo(t *testing.T, told bool) {
	t.Helper()
	cfg := demo.Config{
		Dir: filepath.Join(s.dir, "demo-data"), Listen: "127.0.0.1:0", Out: t.Output(),
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if told {
		if _, err := demo.Run(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	w, err := demo.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// What the commands of a page have to come to, by the page's name.
var pageShows = map[string][]string{
	"README.md":           {"ack: HTTP 204", "RM-CFO-UNKNOWN", "TOTAL", "$schema", "in order"},
	"behavior-sharing.md": {"done 1;1", "acknowledged", "FinLanIncDataCommandResponse", "acked 1"},
	"send-to-rm.md":       {"done 1;1", "done 1;10;1", "outcome 1: rejected", "duplicate  true", "RM-PERIOD-CLOSED"},
	"consumer.md":         {"PASS", "delivery tag", "outcome 1: done 1;17", "a consumer of GreetGuestsDataCommand"},
	"running-a-hub.md":    {"client-rate: 5000  # file", "SMARTLINK_HUB_TLS_CERT", "Fazenda Boa Vista S.A."},
	"upstream.md":         {"smartlink agent send"},
	"running-an-agent.md": {"HEALTH", "remote help", "goes on"},
	"rm-host.md":          {"stand-in for an RM at", "Banco Nascente", "KIND"},
	"webservice.md":       {"accepts the user smartlink", "marker in CAMPOALFAOP1", "1250,7500"},
	"installations.md":    {"ACTIVE ON", "Active instance", "instance      "},
	"support.md":          {"RM-CFO-UNKNOWN", "rejected", "oldest waiting", "settled", "state    done", "will be executed again", "attempt 1"},
}

// TestCommandsOfThePagesRunAsTheyStand runs the blocks of each page one after the other, in one shell
// beside a demo, as somebody would who pastes them.
func TestCommandsOfThePagesRunAsTheyStand(t *testing.T) {
	bin := built(t)
	for _, name := range pages(t) {
		var script strings.Builder
		for _, b := range blocksOf(readPage(t, name)) {
			if prelude, ok := preludes[b.how]; ok {
				script.WriteString(prelude + b.script)
			}
		}
		if script.Len() == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := newShell(t, bin)
			s.demo(t, name == "README.md")
			out := s.run(t, script.String())
			wanted := pageShows[filepath.Base(name)]
			if len(wanted) == 0 {
				t.Error("nothing is expected of the page's commands")
			}
			for _, want := range wanted {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// TestReadmeForReal goes the README's way to a hub and an agent of one's own. What a person fills in is
// taken from what the commands before printed.
func TestReadmeForReal(t *testing.T) {
	var scripts []string
	for _, b := range blocksOf(readPage(t, "README.md")) {
		if b.how == "run for real" {
			scripts = append(scripts, b.script)
		}
	}
	if len(scripts) != 3 {
		t.Fatalf("%d blocks", len(scripts))
	}
	s := newShell(t, built(t))
	replace := func(script string, pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if !strings.Contains(script, pairs[i]) {
				t.Fatalf("no %q in\n%s", pairs[i], script)
			}
			script = strings.ReplaceAll(script, pairs[i], pairs[i+1])
		}
		return script
	}
	hub := replace(scripts[0], "127.0.0.1:8484", "127.0.0.1:0", "  #", " >hub.log 2>&1 & HUB=$! #")
	const until = `until%s; do kill -0 $HUB; read -rt 0.1 <> <(:) || true; done
`
	admin := replace(scripts[1], "https://hub.example.com", `"$URL"`, "--code CODE", `--code "$CODE"`, "=…", `=$(value 'api key')`, "UUID", `$(value id)`)
	agent := replace(scripts[2], "=…", "=$(value secret)", "https://hub.example.com", `"$URL"`, "--client-id ID", `--client-id "$(value 'client id')"`)
	agent = strings.TrimSuffix(agent, "\n") + " >agent.log 2>&1 & AGENT=$!\n"
	script := `
smartlink() { command smartlink "$@" | tee -a printed.log; }
value() { sed -n "s/^$1  *//p" printed.log | tail -1; }
trap 'kill $HUB $AGENT 2>/dev/null || true; cat hub.log agent.log' EXIT
` + strings.ReplaceAll(hub, "smartlink hub", "command smartlink hub") + fmt.Sprintf(until, ` grep -q -- --code hub.log`) + `
URL=$(sed -n 's/^hub at //p' hub.log) CODE=$(sed -n 's/.*--code \([^ ]*\).*/\1/p' hub.log)
` + admin + strings.ReplaceAll(agent, "smartlink agent", "command smartlink agent") + fmt.Sprintf(until, ` smartlink admin queue list | grep -q ' rm '`)
	out := s.run(t, script)
	for _, want := range []string{"role     administrator", "Fazenda Boa Vista S.A.", "shown once", "hub at http"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
