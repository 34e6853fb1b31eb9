package queue

import (
	"context"
	"time"

	"smartlink/link"
)

// How long figures are kept, and how many points a series has at most.
const (
	MinutesKept = 48 * time.Hour      // by minute
	HoursKept   = 40 * 24 * time.Hour // by hour
	MaxPoints   = 1500                // a day by minute, a month by hour
)

// Series asks for figures of queues over time. Queues that are not there are left out of the answer.
type Series struct {
	Queues []Name
	// From and To bound the time; they are widened to whole steps, and cut to what is kept and to now.
	From, To time.Time
	// Step is the length of a point: whole minutes. Whole hours are read from the figures by hour,
	// which are kept longer.
	Step time.Duration
}

// Unit is what the figures for the series are read by: an hour or a minute.
func (s Series) Unit() time.Duration {
	if s.Step%time.Hour == 0 {
		return time.Hour
	}
	return time.Minute
}

// kept is how long figures of the series' unit are kept.
func (s Series) kept() time.Duration {
	if s.Unit() == time.Hour {
		return HoursKept
	}
	return MinutesKept
}

// Within widens the series to whole steps, in UTC, and cuts it to what is kept and to now.
func (s Series) Within(now time.Time) Series {
	up := func(t time.Time) time.Time { return t.Add(s.Step - 1).Truncate(s.Step) }
	from, to := s.From.UTC().Truncate(s.Step), up(s.To.UTC())
	if oldest := up(now.UTC().Add(-s.kept())); from.Before(oldest) {
		from = oldest
	}
	if last := now.UTC().Truncate(s.Step).Add(s.Step); to.After(last) {
		to = last
	}
	if to.Before(from) {
		to = from
	}
	s.From, s.To = from, to
	return s
}

// Figures are what a driver counts with each change, by queue and minute and by queue and hour.
type Figures struct {
	link.QueueFigures
	Net int64 // how many more wait at the end than at the beginning
}

// Happened notes in figures how a lease ended, or what a person did, by its name in the trace.
func Happened(f *link.QueueFigures, e link.EventName) {
	switch e {
	case link.EventAcknowledged:
		f.Acked++
	case link.EventRequeued:
		f.Requeued++
	case link.EventDeadLettered:
		f.Dead++
	case link.EventLeaseLost:
		f.Lost++
	case link.EventRedriven:
		f.Redriven++
	case link.EventDiscarded:
		f.Discarded++
	}
}

// Recorded is what a store has recorded of a queue: how many wait now, and the figures since a moment,
// in the order of time, quiet units left out.
type Recorded struct {
	Waiting int64
	Units   []Unit
}

// Unit is the figures of one minute or hour.
type Unit struct {
	At time.Time
	Figures
}

// Series gives the figures of queues over time, one point for each step. Errors: link.CodeUnavailable.
func (e *Engine) Series(ctx context.Context, s Series) (map[Name][]link.SeriesPoint, error) {
	s = s.Within(e.opt.Clock.Now())
	recorded, err := ask(e, func() (map[Name]Recorded, error) { return e.driver.Recorded(ctx, s.Queues, s.Unit(), s.From) })
	if err != nil {
		return nil, err
	}
	series := make(map[Name][]link.SeriesPoint, len(recorded))
	for q, r := range recorded {
		series[q] = r.points(s)
	}
	return series, nil
}

// points adds units up to steps. How many waited is told backwards from how many wait now.
func (r Recorded) points(s Series) []link.SeriesPoint {
	points := make([]link.SeriesPoint, s.To.Sub(s.From)/s.Step)
	net := make([]int64, len(points))
	waiting := r.Waiting
	for _, u := range r.Units {
		i := int(u.At.Sub(s.From) / s.Step)
		if i >= len(points) {
			waiting -= u.Net
			continue
		}
		points[i].Add(u.QueueFigures)
		net[i] += u.Net
	}
	for i := len(points) - 1; i >= 0; i-- {
		points[i].At, points[i].Waiting = s.From.Add(time.Duration(i)*s.Step), waiting
		waiting -= net[i]
	}
	return points
}
