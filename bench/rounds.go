package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// result is what a run measured.
type result struct {
	chosen  []measure
	values  map[string][]float64 // by figure, one for each round
	skipped map[string]string    // by figure: why
	about   []string             // the machine and what was compared with
}

// measureAll runs all rounds, interleaved: what disturbs the machine for a while disturbs all measures
// alike.
func measureAll(ctx context.Context, o options, chosen []measure, p *progress) (r result, err error) {
	s, err := newStage(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	r = result{chosen: chosen, values: map[string][]float64{}, skipped: map[string]string{}}
	p.begin(chosen, o)
	for n := range o.rounds {
		for _, m := range chosen {
			p.step(n+1, m)
			if why := m.missing(s); why != "" {
				for _, f := range m.figures {
					r.skipped[f.name] = why
				}
				continue
			}
			values, err := once(ctx, s, m)
			if err != nil {
				return r, fmt.Errorf("%s: %w", m.name, err)
			}
			for i, f := range m.figures {
				r.values[f.name] = append(r.values[f.name], values[i])
			}
		}
	}
	p.end()
	r.about = about(s)
	return r, nil
}

func (m measure) missing(s *stage) string {
	if m.needs == nil {
		return ""
	}
	return m.needs(s)
}

// once measures in a fresh folder, after the garbage of what ran before is gone.
func once(ctx context.Context, s *stage, m measure) ([]float64, error) {
	dir, err := os.MkdirTemp(s.dir, m.name+"-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	runtime.GC()
	return m.run(ctx, s, dir)
}

// progress tells a person at a terminal how far the run is; in a pipe it is quiet.
type progress struct {
	out         io.Writer // nil: quiet
	began       time.Time
	rounds      int
	all, behind float64 // loads
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{out: w}
		}
	}
	return &progress{}
}

func (p *progress) begin(chosen []measure, o options) {
	p.began, p.rounds = time.Now(), o.rounds
	for _, m := range chosen {
		p.all += float64(m.loads * o.rounds)
	}
}

func (p *progress) step(round int, m measure) {
	if p.out == nil {
		return
	}
	gone := time.Since(p.began)
	left := ""
	if p.behind > 0 {
		left = fmt.Sprintf(", about %v left", (time.Duration(float64(gone) * (p.all - p.behind) / p.behind)).Round(10*time.Second))
	}
	fmt.Fprintf(p.out, "\r\x1b[Kround %d of %d: %s   %v gone%s", round, p.rounds, m.name, gone.Round(time.Second), left)
	p.behind += float64(m.loads)
}

func (p *progress) end() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// stage is where the measures of a run take place, with what they share.
type stage struct {
	options
	dir string // of the run; gone at its end

	binary  string // the smartlink program, once built
	rabbit  *rabbit
	queues  *prepared
	million *prepared
}

func newStage(o options) (*stage, error) {
	parent, err := filepath.Abs(o.dir)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "bench-data-")
	return &stage{options: o, dir: dir}, err
}

func (s *stage) close(ctx context.Context) error {
	var err error
	if s.rabbit != nil {
		err = s.rabbit.stop(ctx)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
