package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// measured is a result of three rounds.
func measured(values map[string][]float64) result {
	return result{values: values, skipped: map[string]string{"rabbit-16": "not installed"}, chosen: []measure{{name: "m", figures: []figure{
		{name: "probe", unit: "/s"}, {name: "engine-16", unit: "/s"}, {name: "jetstream-16", unit: "/s"}, {name: "rabbit-16", unit: "/s"}, {name: "latency-p99", unit: "ms"},
	}}}}
}

func TestTargetsAreJudged(t *testing.T) {
	r := measured(map[string][]float64{
		"probe": {5000, 4000, 6000}, "engine-16": {100, 300, 200}, "jetstream-16": {50, 60, 100}, "latency-p99": {12, 9, 30},
	})
	for name, tc := range map[string]struct {
		t      target
		missed bool
		words  string
	}{
		"reached":          {target{Figure: "engine-16", AtLeast: 200}, false, "≥ 200: 200"},
		"missed":           {target{Figure: "engine-16", AtLeast: 201}, true, "≥ 201: 200 **missed**"},
		"slow disk":        {target{Figure: "engine-16", AtLeast: 201, Probe: 5001}, false, "≥ 201 (not judged)"},
		"good disk":        {target{Figure: "engine-16", AtLeast: 201, Probe: 5000}, true, "≥ 201: 200 **missed**"},
		"too slow":         {target{Figure: "latency-p99", AtMost: 10}, true, "≤ 10: 12 **missed**"},
		"best round":       {target{Figure: "latency-p99", AtMost: 10, Best: true}, false, "≤ 10, best round: 9"},
		"best of the high": {target{Figure: "engine-16", AtLeast: 300, Best: true}, false, "≥ 300, best round: 300"},
		// 2, 5 and 2, though the medians' ratio is 3.33.
		"round by round":   {target{Figure: "engine-16", Times: 2.5, Of: "jetstream-16"}, true, "≥ 2.5 × jetstream-16: 2.00 × **missed**"},
		"ratio reached":    {target{Figure: "engine-16", Times: 2, Of: "jetstream-16"}, false, "≥ 2 × jetstream-16: 2.00 ×"},
		"other is missing": {target{Figure: "engine-16", Times: 1, Of: "rabbit-16"}, false, "≥ 1 × rabbit-16 (not judged)"},
		"itself missing":   {target{Figure: "rabbit-16", AtLeast: 1}, false, "≥ 1 (not judged)"},
	} {
		v := judge(r, []target{tc.t})[tc.t.Figure]
		if len(v) != 1 || v[0].missed != tc.missed || v[0].String() != tc.words {
			t.Errorf("%s: %+v, %s", name, v, v)
		}
		if err := missed(map[string][]verdict{tc.t.Figure: v}); (err != nil) != tc.missed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTargetsOfTheProjectAreRead(t *testing.T) {
	list, err := readTargets("targets.yaml")
	if err != nil || len(list) < 20 {
		t.Errorf("%d targets, %v", len(list), err)
	}
}

func TestWrongTargetsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"unknown figure": `[{figure: engine-17, atLeast: 1}]`, "two bounds": `[{figure: engine-16, atLeast: 1, atMost: 2}]`, "no bound": `[{figure: engine-16}]`,
		"of what": `[{figure: engine-16, times: 2}]`, "unknown other": `[{figure: engine-16, times: 2, of: x}]`, "mistyped": `[{figure: engine-16, atleast: 1}]`,
	} {
		path := filepath.Join(t.TempDir(), "t.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readTargets(path); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTableIsOneForDocs(t *testing.T) {
	r := measured(map[string][]float64{"probe": {5478, 5386, 7348}, "engine-16": {12345.6, 1, 99999}, "latency-p99": {3.456, 1, 12.34}})
	r.about = []string{"2026-11-25", "2 cores"}
	var b strings.Builder
	if err := r.table(&b, judge(r, []target{{Figure: "engine-16", Times: 1, Of: "rabbit-16"}})); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"2026-11-25, 2 cores", "| figure       | median of 3 | lowest | highest | unit |", "| ------------ | ----------: |", "| engine-16    |      12,346 |      1 |  99,999 | /s   |",
		"| latency-p99  |        3.46 |      1 |    12.3 | ms   |", "| rabbit-16    |           - |", "- engine-16 is not judged: not installed",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
}

func TestEachFigureHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range measures {
		for _, f := range m.figures {
			if seen[f.name] || f.what == "" || f.unit == "" {
				t.Errorf("%+v", f)
			}
			seen[f.name] = true
		}
	}
	if got := choose(measures, regexp.MustCompile("^sender-16$")); len(got) != 2 || got[0].name != "probe" || got[1].name != "sender" {
		t.Errorf("chosen %d", len(got))
	}
}

// TestAStallIsToldByAllThatWereDue: the load does not wait for what it measures.
func TestAStallIsToldByAllThatWereDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		took, err := pace(t.Context(), 1000, time.Second, func(ctx context.Context) error {
			if gone := time.Since(began); gone >= 500*time.Millisecond {
				sleep(ctx, 700*time.Millisecond-gone)
			}
			return nil
		})
		if err != nil || len(took) != 1000 {
			t.Fatalf("%d told, %v", len(took), err)
		}
		if p50, p90, top := quantile(took, 0.5), quantile(took, 0.9), quantile(took, 1); p50 != 0 || p90 != 100*time.Millisecond || top != 200*time.Millisecond {
			t.Errorf("median %v, 90 %% %v, longest %v", p50, p90, top)
		}
	})
}

func TestLoadsEndWithTheFirstFailure(t *testing.T) {
	broken := errors.New("broken")
	for name, run := range map[string]func(f func(context.Context, int) (int, error)) error{
		"hammer": func(f func(context.Context, int) (int, error)) error {
			_, err := hammer(t.Context(), 4, time.Hour, f)
			return err
		},
		"count": func(f func(context.Context, int) (int, error)) error {
			_, err := count(t.Context(), 4, 1<<40, f)
			return err
		},
		"pace": func(f func(context.Context, int) (int, error)) error {
			_, err := pace(t.Context(), 1000, time.Hour, func(ctx context.Context) error { _, err := f(ctx, 0); return err })
			return err
		},
	} {
		var n atomic.Int64
		if err := run(func(context.Context, int) (int, error) {
			if n.Add(1) == 10 {
				return 0, broken
			}
			return 1, nil
		}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCommandsDifferInTheirBusinessKeyOnly(t *testing.T) {
	c, err := newCommands()
	if err != nil {
		t.Fatal(err)
	}
	a, b := string(c.body()), string(c.body())
	if a == b || strings.Replace(a, "payable-1", "payable-2", 1) != b || strings.Contains(a, "-number") {
		t.Errorf("%s\n%s", a, b)
	}
}
