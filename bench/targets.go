package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// target is what a figure must reach: one bound, or Times the figure Of, each compared within its round.
type target struct {
	Figure  string  `yaml:"figure"`
	AtLeast float64 `yaml:"atLeast"`
	AtMost  float64 `yaml:"atMost"`
	Times   float64 `yaml:"times"`
	Of      string  `yaml:"of"`
	Best    bool    `yaml:"best"`  // the best round counts, not the median
	Probe   float64 `yaml:"probe"` // not judged where the disk probe is below; 0: always judged
}

// verdict is how a figure stands to its target.
type verdict struct {
	want   string // in words
	got    string
	missed bool
	why    string // why it is not judged
}

func readTargets(path string) ([]target, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []target
	if err := yaml.UnmarshalWithOptions(b, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, one := range list {
		bounds := 0
		for _, v := range []float64{one.AtLeast, one.AtMost, one.Times} {
			if v > 0 {
				bounds++
			}
		}
		if bounds != 1 || (one.Times > 0) != (one.Of != "") {
			return nil, fmt.Errorf("%s: %s: give one of atLeast, atMost, times with of", path, one.Figure)
		}
		for _, figure := range []string{one.Figure, one.Of} {
			if figure != "" && !isFigure(figure) {
				return nil, fmt.Errorf("%s: %q is no figure; -list shows them", path, figure)
			}
		}
	}
	return list, nil
}

func isFigure(name string) bool {
	return slices.ContainsFunc(measures, func(m measure) bool { return m.has(name) })
}

func (m measure) has(name string) bool {
	return slices.ContainsFunc(m.figures, func(f figure) bool { return f.name == name })
}

// judge compares the chosen figures with their targets.
func judge(r result, targets []target) map[string][]verdict {
	v := map[string][]verdict{}
	disk := median(r.values["probe"])
	for _, t := range targets {
		if slices.ContainsFunc(r.chosen, func(m measure) bool { return m.has(t.Figure) }) {
			v[t.Figure] = append(v[t.Figure], t.judge(r, disk))
		}
	}
	return v
}

func (t target) judge(r result, disk float64) verdict {
	values := r.values[t.Figure]
	v := verdict{}
	typical, better := median, slices.Max[[]float64]
	switch {
	case t.AtLeast > 0:
		v.want = "≥ " + number(t.AtLeast)
	case t.AtMost > 0:
		v.want, better = "≤ "+number(t.AtMost), slices.Min[[]float64]
	default:
		v.want = fmt.Sprintf("≥ %s × %s", number(t.Times), t.Of)
		values = ratios(values, r.values[t.Of])
	}
	if t.Best {
		v.want += ", best round"
		typical = better
	}
	switch {
	case len(r.values[t.Figure]) == 0:
		v.why = cmp.Or(r.skipped[t.Figure], "not measured")
		return v
	case len(values) == 0:
		v.why = cmp.Or(r.skipped[t.Of], t.Of+" was not measured")
		return v
	case disk < t.Probe:
		v.why = "the disk probe is below " + number(t.Probe)
	}
	got := typical(values)
	v.got = number(got)
	if t.Times > 0 {
		v.got = fmt.Sprintf("%.2f ×", got)
	}
	bad := got < t.AtLeast || t.AtMost > 0 && got > t.AtMost || t.Times > 0 && got < t.Times
	v.missed = bad && v.why == ""
	return v
}

// ratios are a figure's values by another's of the same round.
func ratios(values, of []float64) []float64 {
	list := make([]float64, 0, len(values))
	for i := range min(len(values), len(of)) {
		if of[i] > 0 {
			list = append(list, values[i]/of[i])
		}
	}
	return list
}

// missed is the error of -check: every target that is missed.
func missed(verdicts map[string][]verdict) error {
	var list []string
	for name, all := range verdicts {
		for _, v := range all {
			if v.missed {
				list = append(list, name+" "+v.got+" (want "+v.want+")")
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return errors.New("below target: " + strings.Join(list, ", "))
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// number writes a figure with as many places as mean something.
func number(v float64) string {
	switch {
	case v >= 100:
		s := fmt.Sprintf("%.0f", v)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	s := fmt.Sprintf("%.2f", v)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
