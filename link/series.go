package link

import "time"

// QueueFigures are how often something happened to the deliveries of a queue within some time.
type QueueFigures struct {
	Published int64 `json:"published" doc:"Came into the queue by a send, an answer or a copy"`
	Delivered int64 `json:"delivered" doc:"Were handed out under a lease"`
	Acked     int64 `json:"acked" doc:"Were acknowledged"`
	Requeued  int64 `json:"requeued" doc:"Failed and went back for another try"`
	Dead      int64 `json:"dead" doc:"Went to the dead letters"`
	Lost      int64 `json:"lost" doc:"Leases that ended unsettled"`
	Redriven  int64 `json:"redriven" doc:"Dead letters that were sent on"`
	Discarded int64 `json:"discarded" doc:"Were given up"`
	Done      int64 `json:"done" doc:"Answers of the ERP that say done"`
	Rejected  int64 `json:"rejected" doc:"Answers of the ERP that say rejected"`
}

// Add adds other figures.
func (f *QueueFigures) Add(o QueueFigures) {
	f.Published += o.Published
	f.Delivered += o.Delivered
	f.Acked += o.Acked
	f.Requeued += o.Requeued
	f.Dead += o.Dead
	f.Lost += o.Lost
	f.Redriven += o.Redriven
	f.Discarded += o.Discarded
	f.Done += o.Done
	f.Rejected += o.Rejected
}

// SeriesPoint is what happened in a queue within one step of a series.
type SeriesPoint struct {
	At time.Time `json:"at" doc:"When the step begins"`
	QueueFigures
	Waiting int64 `json:"waiting" doc:"How many waited (ready, leased, behind, delayed) when the step ended; in the last step: now"`
}

// QueueSeries is a queue's figures over time, for a chart. Every step has its point, the quiet ones
// too.
type QueueSeries struct {
	Queue       string        `json:"queue"`
	From        time.Time     `json:"from" doc:"When the first step begins; later than asked for where the figures are not kept that long"`
	To          time.Time     `json:"to" doc:"When the last step ends"`
	StepSeconds int64         `json:"stepSeconds" doc:"Length of a step" example:"3600"`
	Points      []SeriesPoint `json:"points"`
}
