// Command report turns the output of `go test -json` into what people want to know: a line for each
// package, failures in full, every skip with its reason. It writes the counts to a file, so that
// several runs can be added up.
//
//	go test -json ./... | report -count FILE    reports one run and appends its counts
//	report -sum FILE                            prints the sum: "N passed, N failed, N skipped"
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintf(os.Stderr, "report: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	count := flags.String("count", "", "append the counts to this `file`")
	sum := flags.String("sum", "", "print the sum of the counts in this `file` and do nothing else")
	show := flags.String("show", "", "print output lines that begin with this `text` even when their test passes")
	noSkip := flags.Bool("fail-on-skip", false, "a skipped test is a failure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *sum != "" {
		t, err := sumUp(*sum)
		if err == nil {
			fmt.Fprintln(out, t)
		}
		return err
	}
	r := newReport(out, *show)
	if err := r.read(in); err != nil {
		return err
	}
	r.summary()
	if *count != "" {
		if err := appendCounts(*count, r.counts); err != nil {
			return err
		}
	}
	return r.verdict(*noSkip)
}

// verdict says why the run counts as failed, nil when it does not.
func (r *report) verdict(noSkip bool) error {
	t := r.counts
	switch {
	case t.failed > 0:
		return fmt.Errorf("%d failed", t.failed)
	case noSkip && t.skipped > 0:
		return fmt.Errorf("%d skipped, which is a failure here: install what they need", t.skipped)
	case t.passed == 0:
		return errors.New("no test ran")
	}
	return nil
}

func appendCounts(path string, t totals) (err error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = fmt.Fprintln(f, t.passed, t.failed, t.skipped)
	return err
}

func sumUp(path string) (all totals, err error) {
	f, err := os.Open(path)
	if err != nil {
		return all, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var t totals
		if _, err := fmt.Sscan(lines.Text(), &t.passed, &t.failed, &t.skipped); err != nil {
			return all, fmt.Errorf("%s: line %q: %w", path, lines.Text(), err)
		}
		all.passed += t.passed
		all.failed += t.failed
		all.skipped += t.skipped
	}
	return all, lines.Err()
}
