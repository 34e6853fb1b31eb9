package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	passes = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: chaos: rounds=2 lost=0 double=0\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:10: noise\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":1.25}
`
	fails = `{"Action":"output","Package":"q","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"q","Test":"TestB","Output":"    b_test.go:7: got 1, want 2\n"}
{"Action":"output","Package":"q","Test":"TestB","Output":"--- FAIL: TestB (0.00s)\n"}
{"Action":"fail","Package":"q","Test":"TestB"}
{"Action":"fail","Package":"q","Elapsed":0.5}
`
	skips = `{"Action":"output","Package":"s","Test":"TestC","Output":"=== RUN   TestC\n"}
{"Action":"output","Package":"s","Test":"TestC","Output":"    c_test.go:3: no PostgreSQL here\n"}
{"Action":"output","Package":"s","Test":"TestC","Output":"--- SKIP: TestC (0.00s)\n"}
{"Action":"skip","Package":"s","Test":"TestC"}
{"Action":"pass","Package":"s"}
`
	mute   = `{"Action":"skip","Package":"s","Test":"TestD"}` + "\n"
	noTest = `{"Action":"output","Package":"n","Output":"?   \tn\t[no test files]\n"}
{"Action":"skip","Package":"n"}
`
	unbuilt = `{"ImportPath":"u [u.test]","Action":"build-output","Output":"# u\n"}
{"ImportPath":"u [u.test]","Action":"build-output","Output":"u.go:3:1: undefined: x\n"}
{"ImportPath":"u [u.test]","Action":"build-fail"}
{"Action":"output","Package":"u","Output":"FAIL\tu [build failed]\n"}
{"Action":"fail","Package":"u","FailedBuild":"u [u.test]"}
`
	panics = `{"Action":"output","Package":"x","Test":"TestE","Output":"panic: boom\n"}
{"Action":"output","Package":"x","Output":"exit status 2\n"}
{"Action":"fail","Package":"x"}
`
)

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     string
		args   []string
		fails  string // of the error; empty: none
		says   []string
		silent []string
	}{
		{"passes", passes, nil, "", []string{"ok    p", "1.2s  2 passed, 0 failed, 0 skipped"}, []string{"noise", "RUN", "chaos"}},
		{"shows what was asked for", passes, []string{"-show", "chaos:"}, "", []string{"\nchaos: rounds=2 lost=0 double=0\n"}, []string{"noise"}},
		{"fails", passes + fails, nil, "1 failed", []string{"FAIL  q TestB", "b_test.go:7: got 1, want 2", "FAIL  q"}, []string{"RUN"}},
		{"skips with reason", passes + skips, nil, "", []string{"skip  s TestC: c_test.go:3: no PostgreSQL here"}, nil},
		{"skips without reason", passes + mute, nil, "", []string{"skip  s TestD: no reason given"}, nil},
		{"a skip fails in CI", passes + skips, []string{"-fail-on-skip"}, "1 skipped", nil, nil},
		{"no test files", passes + noTest, []string{"-fail-on-skip"}, "", nil, []string{"no test files"}},
		{"no test ran", noTest, nil, "no test ran", nil, nil},
		{"nothing at all", "", nil, "no test ran", nil, nil},
		{"does not build", passes + unbuilt, nil, "1 failed", []string{"u.go:3:1: undefined: x", "FAIL  u: failed outside its tests"}, nil},
		{"panics", passes + panics, nil, "1 failed", []string{"panic: boom", "exit status 2"}, nil},
		{"passes other lines on", "go: downloading\n" + passes, nil, "", []string{"go: downloading\n"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			err := run(c.args, strings.NewReader(c.in), &out)
			if (err == nil) != (c.fails == "") || err != nil && !strings.HasPrefix(err.Error(), c.fails) {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			for _, s := range c.says {
				if !strings.Contains("\n"+out.String(), s) {
					t.Errorf("does not say %q:\n%s", s, out.String())
				}
			}
			for _, s := range c.silent {
				if strings.Contains(out.String(), s) {
					t.Errorf("says %q:\n%s", s, out.String())
				}
			}
		})
	}
}

func TestSumsUpSeveralRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts")
	for _, in := range []string{passes, passes + fails, passes + skips} {
		_ = run([]string{"-count", file}, strings.NewReader(in), &strings.Builder{}) // whether it fails is not asked here
	}
	var out strings.Builder
	if err := run([]string{"-sum", file}, strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "6 passed, 1 failed, 1 skipped\n"; got != want {
		t.Errorf("sum %q, want %q", got, want)
	}
}

func TestSumOfNonsenseFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counts")
	if err := os.WriteFile(file, []byte("1 x 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-sum", file}, strings.NewReader(""), &strings.Builder{}); err == nil {
		t.Error("no error")
	}
	if err := run([]string{"-sum", file + "x"}, strings.NewReader(""), &strings.Builder{}); err == nil {
		t.Error("no error for a missing file")
	}
}
