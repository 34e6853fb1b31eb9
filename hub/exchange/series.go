package exchange

import (
	"context"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Charting is a wish for a queue's figures over time. Empty fields are the defaults: up to now, a day
// long, by hour.
type Charting struct {
	From, To *time.Time
	Step     *time.Duration // whole minutes, up to a day
}

// maxStep is the longest step of a series.
const maxStep = 24 * time.Hour

// Series gives the figures of the caller's queue over time. Errors: link.CodeNoQueue,
// link.CodeRequestInvalid.
func (x *Exchange) Series(ctx context.Context, c Caller, w Charting) (link.QueueSeries, error) {
	return x.series(ctx, c.queue(), w)
}

// SeriesAny gives the figures of any queue to an operator. It needs link.RoleViewer. Errors:
// link.CodeNotFound, link.CodeRequestInvalid.
func (x *Exchange) SeriesAny(ctx context.Context, o Operator, q queue.Name, w Charting) (link.QueueSeries, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return link.QueueSeries{}, err
	}
	s, err := x.series(ctx, q, w)
	return s, unknown(q, err)
}

// LastDay gives the figures of some queues, those of a page, by hour: 24 points each, the last one the
// hour that it is now. Queues that are not there are left out. It needs link.RoleViewer.
func (x *Exchange) LastDay(ctx context.Context, o Operator, queues []queue.Name) (map[queue.Name][]link.SeriesPoint, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	now := x.clock.Now()
	return x.engine.Series(ctx, queue.Series{Queues: queues, From: now.Add(-23 * time.Hour), To: now.Add(1), Step: time.Hour})
}

func (x *Exchange) series(ctx context.Context, q queue.Name, w Charting) (link.QueueSeries, error) {
	now := x.clock.Now()
	wish, err := w.wish(q, now)
	if err != nil {
		return link.QueueSeries{}, err
	}
	all, err := x.engine.Series(ctx, wish)
	if err != nil {
		return link.QueueSeries{}, err
	}
	points, there := all[q]
	if !there {
		return link.QueueSeries{}, link.NewError(link.CodeNoQueue)
	}
	if wish = wish.Within(now); len(points) > 0 { // the engine may have looked a moment later
		wish.From, wish.To = points[0].At, points[len(points)-1].At.Add(wish.Step)
	}
	return link.QueueSeries{Queue: q.String(), From: wish.From, To: wish.To, StepSeconds: int64(wish.Step / time.Second), Points: points}, nil
}

// wish checks what is wanted: a step that there is, forwards in time, and not too many points.
func (w Charting) wish(q queue.Name, now time.Time) (queue.Series, error) {
	s := queue.Series{Queues: []queue.Name{q}, To: now.Add(1), Step: time.Hour} // the step that begins now belongs to it
	if w.To != nil {
		s.To = *w.To
	}
	if s.From = s.To.Add(-24 * time.Hour); w.From != nil {
		s.From = *w.From
	}
	if w.Step != nil {
		s.Step = *w.Step
	}
	wrong := link.NewError(link.CodeRequestInvalid)
	switch {
	case s.Step < time.Minute, s.Step > maxStep, s.Step%time.Minute != 0:
		wrong.At("step", link.CodeRequestInvalid, link.Both("deve ser de minutos inteiros, de 1m a 24h", "must be whole minutes, 1m to 24h"))
	case s.To.Before(s.From):
		wrong.At("to", link.CodeRequestInvalid, link.Both("vem antes de from", "comes before from"))
	case s.To.Sub(s.From)/s.Step >= queue.MaxPoints:
		wrong.At("step", link.CodeRequestInvalid, link.Both("daria mais de %d pontos; peça um passo maior ou menos tempo",
			"would give more than %d points; ask for a longer step or less time", queue.MaxPoints))
	}
	if len(wrong.Errors) > 0 {
		return queue.Series{}, wrong
	}
	return s, nil
}
