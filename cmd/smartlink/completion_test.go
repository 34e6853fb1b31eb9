package main

import (
	"os"
	process "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestCompletionKnowsTheProgram(t *testing.T) {
	for line, want := range map[string]string{
		"qu":                     "queue",
		"queue ":                 "ls show peek",
		"queue --serv":           "--server",
		"queue peek --lis":       "--list",
		"queue peek --list ":     "waiting dead history",
		"queue peek --list=d":    "--list=dead",
		"queue --json sh":        "show",
		"queue --server x sh":    "show",
		"send --type FinLanI":    "FinLanIncDataCommand",
		"send --type=FinLanA":    "--type=FinLanAltDataCommand",
		"send x":                 ":files",
		"send --wa":              "--wait",
		"setup A CtbLan":         "CtbLanIncDataCommand CtbLanAltDataCommand",
		"completion ":            "bash zsh fish powershell",
		"completion bash ":       "",
		"schema show FinXCXI":    "FinXCXIncDataCommand",
		"--lang ":                "pt en",
		"__comp":                 "",
		"nothing of the sort ":   "demo",
		"admin client secret r":  "remove",
		"hub --data ":            ":files",
		"send --no-such x ":      "",
		`completion ""`:          "bash zsh fish powershell",
		"queue peek --newest --": "--help",
	} {
		_, out, _ := smartlink(append([]string{"__complete", "--"}, strings.Split(line, " ")...)...)
		var words []string
		for l := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t")
			words = append(words, word)
		}
		got := strings.Join(words, " ")
		if first := strings.HasSuffix(line, "sort ") || strings.HasSuffix(line, " --"); first && len(words) > 0 {
			got = words[0]
		}
		if got != want && !(strings.HasSuffix(line, " --") && strings.Contains(out, want)) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out, _ := smartlink("completion", shell)
		if code != 0 || !strings.Contains(out, "__complete") || !strings.Contains(out, ":files") {
			t.Errorf("%s: exit %d\n%s", shell, code, out)
		}
	}
	if code, _, _ := smartlink("completion", "cmd"); code != 2 {
		t.Error("a shell that there is not")
	}
}

// built makes the program, for shells that call it, and answers the folder it is in.
func built(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	name := "smartlink"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := process.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// TestShellsComplete: the scripts work in those shells that can be asked.
func TestShellsComplete(t *testing.T) {
	scripts := map[string]string{
		"bash": `. <(smartlink completion bash)
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _smartlink; echo "${COMPREPLY[*]}"; }
ask smartlink queue p
ask smartlink queue peek --list = hi
ask smartlink queue peek --list wa
cd "$TEMPORARY" && mkdir -p sub && : >sub.json && ask smartlink send su`,
		"zsh": `autoload -Uz compinit && compinit -u -d "$TEMPORARY/dump"
. <(smartlink completion zsh)
_describe() { print -l -- ${(P)3} }
_files() { echo FILES }
ask() { words=("$@"); CURRENT=$#; _smartlink }
ask smartlink queue p
ask smartlink queue peek --list=hi
ask smartlink queue peek --list wa
ask smartlink send su`,
		"fish": `smartlink completion fish | source
complete -C 'smartlink queue p'
complete -C 'smartlink queue peek --list=hi'
complete -C 'smartlink queue peek --list wa'
cd $TEMPORARY; mkdir -p sub; touch sub.json; complete -C 'smartlink send su'`,
	}
	want := map[string][]string{
		"bash": {"peek", "history", "waiting", "sub/", "sub.json"}, "zsh": {"peek:Look", "--list=history", "waiting", "FILES"},
		"fish": {"peek\tLook", "--list=history", "waiting", "sub/", "sub.json"},
	}
	path := built(t) + string(os.PathListSeparator) + os.Getenv("PATH")
	for shell, script := range scripts {
		t.Run(shell, func(t *testing.T) {
			if _, err := process.LookPath(shell); err != nil {
				t.Skipf("%s is not installed: its completion is NOT tested", shell)
			}
			c := process.CommandContext(t.Context(), shell, "-c", script)
			dir := t.TempDir()
			c.Env = append(os.Environ(), "PATH="+path, "TEMPORARY="+dir, "HOME="+dir)
			out, err := c.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, w := range want[shell] {
				if !strings.Contains(string(out), w) {
					t.Errorf("no %q in\n%s", w, out)
				}
			}
		})
	}
}
