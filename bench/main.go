// Command bench measures SmartLink's speed on this machine: several interleaved rounds, each beside a
// probe of the disk, since every promise here waits for it. It prints medians with their spread.
//
//	cd bench && go run .                 all measures, five rounds
//	cd bench && go run . -only executor  one of them
//	cd bench && go run . -check          exit 1 when a median is below targets.yaml and the disk is not to blame
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml"
)

// measure is one thing that is measured; run answers how many of its unit were done a second. It
// works in an empty folder of its own.
type measure struct {
	name, unit, what string
	run              func(ctx context.Context, dir string) (float64, error)
}

// target is what a measure must reach, where the probe reaches Probe.
type target struct {
	AtLeast float64 `yaml:"atLeast"`
	Probe   float64 `yaml:"probe"`
}

var measures = []measure{
	{"probe", "writes/s", "4 KiB append + fdatasync, alone", probe},
	{"engine", "sends/s", "durable sends into the SQLite engine, 1 KiB, 128 callers", engineSends},
	{"executor", "commands/s", "FinLanInc booked, batch size 1, claim and execute commits included", executorCommands},
	{"mixed", "commands/s", "all six commands in turn, batches of 50, commits included", executorMixed},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := f.Int("rounds", 5, "rounds, interleaved")
	only := f.String("only", "", "measure only this, beside the probe")
	dir := f.String("dir", ".", "folder on the disk to measure; a memory file system would tell nothing")
	check := f.Bool("check", false, "fail when a median is below targets.yaml")
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(measures), func(m measure) bool { return *only != "" && m.name != *only && m.name != "probe" })
	results := map[string][]float64{}
	for n := range *rounds {
		for _, m := range chosen {
			v, err := once(ctx, *dir, m)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			fmt.Fprintf(os.Stderr, "round %d  %-9s %9.0f %s\n", n+1, m.name, v, m.unit)
			results[m.name] = append(results[m.name], v)
		}
	}
	targets, err := readTargets()
	if err != nil {
		return err
	}
	return report(out, chosen, results, targets, *check)
}

// once measures in a fresh folder, after the garbage of what ran before is gone.
func once(ctx context.Context, parent string, m measure) (float64, error) {
	dir, err := os.MkdirTemp(parent, "bench-data-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	runtime.GC()
	return m.run(ctx, dir)
}

func readTargets() (map[string]target, error) {
	b, err := os.ReadFile("targets.yaml")
	if err != nil {
		return nil, err
	}
	t := map[string]target{}
	return t, yaml.Unmarshal(b, &t)
}

// report prints medians with spread and, where asked, fails below a target.
func report(out io.Writer, chosen []measure, results map[string][]float64, targets map[string]target, check bool) error {
	disk := median(results["probe"])
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s, %s/%s, %d cores, %s\n", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Fprintln(t, "MEASURE\tMEDIAN\tLOWEST\tHIGHEST\tUNIT\tTARGET\tWHAT")
	var missed []string
	for _, m := range chosen {
		v := results[m.name]
		want := "-"
		if goal, ok := targets[m.name]; ok {
			want = fmt.Sprintf("%.0f", goal.AtLeast)
			switch {
			case disk < goal.Probe:
				want += fmt.Sprintf(" (disk below %.0f: not judged)", goal.Probe)
			case median(v) < goal.AtLeast:
				want += " MISSED"
				missed = append(missed, m.name)
			}
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%s\t%s\t%s\n", m.name, median(v), slices.Min(v), slices.Max(v), m.unit, want, m.what)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if check && len(missed) > 0 {
		return errors.New("below target: " + strings.Join(missed, ", "))
	}
	return nil
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.SortedFunc(slices.Values(v), cmp.Compare[float64])
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}
