package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	ImportPath  string // of build output
	FailedBuild string
}

// name is one test of one package; the test is empty for what belongs to the package as a whole.
type name struct{ pkg, test string }

func (n name) String() string {
	if n.test == "" {
		return n.pkg
	}
	return n.pkg + " " + n.test
}

// totals counts tests, their subtests included.
type totals struct{ passed, failed, skipped int }

func (t totals) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

// report reads the events of one or more `go test -json` runs and writes what people want to know.
type report struct {
	w      io.Writer
	show   string // output lines that begin so are printed even when their test passes
	counts totals
	perPkg map[string]*totals
	output map[name][]string // of tests that have not passed
	build  map[string][]string
	skips  []skip
	broken []name // what failed without a failed test: a build, a panic, a data race at exit
}

// skip is a test that did not run, and the reason it gave.
type skip struct {
	name
	reason string
}

func newReport(w io.Writer, show string) *report {
	return &report{w: w, show: show, perPkg: map[string]*totals{}, output: map[name][]string{}, build: map[string][]string{}}
}

// read takes all events; lines that are none are passed on.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(r.w, line)
			} else {
				r.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

func (r *report) take(e event) {
	n := name{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.build[e.ImportPath] = append(r.build[e.ImportPath], e.Output)
	case "output":
		r.output[n] = append(r.output[n], e.Output)
		if at := r.shown(e.Output); at != "" {
			fmt.Fprintln(r.w, at)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(n, e.Action)
		}
	}
}

// shown is the part of an output line that was asked for, without what testing puts before it.
func (r *report) shown(line string) string {
	if r.show == "" {
		return ""
	}
	line = strings.TrimSpace(line)
	if _, logged, ok := strings.Cut(line, ".go:"); ok {
		if _, text, ok := strings.Cut(logged, ": "); ok {
			line = text
		}
	}
	if strings.HasPrefix(line, r.show) {
		return line
	}
	return ""
}

func (r *report) endTest(n name, action string) {
	t := r.of(n.pkg)
	switch action {
	case "pass":
		t.passed++
		r.counts.passed++
		delete(r.output, n)
	case "fail":
		t.failed++
		r.counts.failed++
		fmt.Fprintf(r.w, "FAIL  %s\n", n)
		r.print(r.output[n])
		delete(r.output, n)
	case "skip":
		t.skipped++
		r.counts.skipped++
		r.skips = append(r.skips, skip{n, reason(r.output[n])})
		delete(r.output, n)
	}
}

func (r *report) endPackage(e event) {
	t := r.of(e.Package)
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.w, "ok    %-32s %6.1fs  %s\n", e.Package, e.Elapsed, t)
	case "fail":
		if t.failed == 0 {
			n := name{pkg: e.Package}
			r.counts.failed++
			r.broken = append(r.broken, n)
		}
		fmt.Fprintf(r.w, "FAIL  %-32s %6.1fs  %s\n", e.Package, e.Elapsed, t)
		r.print(r.build[cmp.Or(e.FailedBuild, e.Package)])
		r.unfinished(e.Package)
	}
	maps.DeleteFunc(r.output, func(n name, _ []string) bool { return n.pkg == e.Package })
}

// unfinished prints what a failed package said outside its tests and in those it never ended.
func (r *report) unfinished(pkg string) {
	names := slices.SortedFunc(maps.Keys(r.output), func(a, b name) int { return strings.Compare(a.test, b.test) })
	for _, n := range names {
		if n.pkg == pkg {
			r.print(r.output[n])
		}
	}
}

func (r *report) of(pkg string) *totals {
	t := r.perPkg[pkg]
	if t == nil {
		t = &totals{}
		r.perPkg[pkg] = t
	}
	return t
}

// print writes output indented, without the lines that only tell a test's start and pauses.
func (r *report) print(lines []string) {
	for _, l := range lines {
		if !progress(l) {
			fmt.Fprintf(r.w, "      %s\n", strings.TrimRight(l, "\n"))
		}
	}
}

func progress(line string) bool {
	for _, p := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}

// reason is what a skipped test said.
func reason(lines []string) string {
	var said []string
	for _, l := range lines {
		text := strings.TrimSpace(l)
		if text != "" && !progress(l) && !strings.HasPrefix(text, "--- SKIP") {
			said = append(said, text)
		}
	}
	if said == nil {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// summary writes the skips, and what failed once more, where the eye ends.
func (r *report) summary() {
	for _, s := range r.skips {
		fmt.Fprintf(r.w, "skip  %s: %s\n", s.name, s.reason)
	}
	for _, n := range r.broken {
		fmt.Fprintf(r.w, "FAIL  %s: failed outside its tests\n", n)
	}
}
