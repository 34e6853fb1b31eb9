package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table prints what was measured as the Markdown table of docs/performance.md.
func (r result) table(out io.Writer, verdicts map[string][]verdict) error {
	rounds := len(r.values["probe"])
	rows := [][]string{
		{"figure", fmt.Sprintf("median of %d", rounds), "lowest", "highest", "unit", "target", "what"},
		{"---", "---:", "---:", "---:", "---", "---", "---"},
	}
	var notes []string
	for _, m := range r.chosen {
		for _, f := range m.figures {
			values := r.values[f.name]
			row := []string{f.name, "-", "-", "-", f.unit, "", f.what}
			if len(values) > 0 {
				row[1], row[2], row[3] = number(median(values)), number(slices.Min(values)), number(slices.Max(values))
			}
			var goals []string
			for _, v := range verdicts[f.name] {
				goals = append(goals, v.String())
				if v.why != "" {
					notes = append(notes, f.name+" is not judged: "+v.why)
				}
			}
			row[5] = strings.Join(goals, "; ")
			rows = append(rows, row)
		}
	}
	for _, m := range r.chosen {
		if why := r.skipped[m.figures[0].name]; why != "" {
			notes = append(notes, "SKIPPED "+m.name+": "+why)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.Join(r.about, ", "))
	writeTable(&b, rows)
	for i, n := range notes {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s\n", n)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String tells the target and how it is met.
func (v verdict) String() string {
	switch {
	case v.why != "":
		return v.want + " (not judged)"
	case v.missed:
		return v.want + ": " + v.got + " **missed**"
	}
	return v.want + ": " + v.got
}

// writeTable pads the cells, so that it is a table for the eye too.
func writeTable(b *strings.Builder, rows [][]string) {
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
		}
	}
	for n, row := range rows {
		b.WriteString("|")
		for i, cell := range row {
			pad := max(0, wide[i]-utf8.RuneCountInString(cell))
			switch {
			case n == 1: // a rule is as wide as its column
				cell = strings.Replace(cell, "---", "---"+strings.Repeat("-", pad), 1)
			case strings.HasSuffix(rows[1][i], ":"):
				cell = strings.Repeat(" ", pad) + cell
			default:
				cell += strings.Repeat(" ", pad)
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteString("\n")
	}
}

// json prints every value of every round.
func (r result) json(out io.Writer, verdicts map[string][]verdict) error {
	type goal struct {
		Want      string `json:"want"`
		Got       string `json:"got,omitempty"`
		Missed    bool   `json:"missed"`
		NotJudged string `json:"notJudged,omitempty"`
	}
	type row struct {
		Figure      string    `json:"figure"`
		What        string    `json:"what"`
		Unit        string    `json:"unit"`
		Values      []float64 `json:"values"`
		Median      float64   `json:"median"`
		Targets     []goal    `json:"targets,omitempty"`
		NotMeasured string    `json:"notMeasured,omitempty"`
	}
	doc := struct {
		About   []string `json:"about"`
		Figures []row    `json:"figures"`
	}{About: r.about}
	for _, m := range r.chosen {
		for _, f := range m.figures {
			one := row{f.name, f.what, f.unit, r.values[f.name], median(r.values[f.name]), nil, r.skipped[f.name]}
			for _, v := range verdicts[f.name] {
				one.Targets = append(one.Targets, goal{v.want, v.got, v.missed, v.why})
			}
			doc.Figures = append(doc.Figures, one)
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}

// about tells on what was measured.
func about(s *stage) []string {
	list := []string{time.Now().UTC().Format(time.DateOnly)}
	if commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil { //nolint:noctx // a moment
		list = append(list, "commit "+strings.TrimSpace(string(commit)))
	}
	cores := fmt.Sprintf("%d cores", runtime.NumCPU())
	if name := cpuName(); name != "" {
		cores += " (" + name + ")"
	}
	list = append(list, cores, runtime.GOOS+" "+runtime.GOARCH, "Go "+strings.TrimPrefix(runtime.Version(), "go"))
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/nats-io/nats-server/v2" {
				list = append(list, "NATS "+strings.TrimPrefix(d.Version, "v"))
			}
		}
	}
	if s.rabbit != nil && s.rabbit.version != "" {
		list = append(list, "RabbitMQ "+s.rabbit.version)
	}
	return list
}

func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return ""
}
