package api

import (
	"net/http"
	"time"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// seriesEndpoint tells a queue's figures over time.
func (d *Door) seriesEndpoint() endpoint {
	return endpoint{
		method: http.MethodGet, path: linkPath + "queue/series", id: "queueSeries", tag: tagMessages, who: clientOrViewer, serve: d.series,
		summary: "A queue's figures over time, for a chart",
		about: "One point for each step, the quiet ones too. Figures by minute are kept for 2 days, by hour for 40; a step of whole hours is read from those by " +
			"hour. What is older is cut off, and from says so. A client sees its own queue, people of any role see all.",
		parameters: []parameter{
			queueParameter,
			{name: "from", in: "query", schema: "", example: "2026-03-26T09:14:13Z", about: "Begin, RFC 3339; default: a day before to"},
			{name: "to", in: "query", schema: "", example: "2026-03-27T09:14:13Z", about: "End, RFC 3339; default: now"},
			{name: "step", in: "query", schema: "", example: "1h", about: "Length of a step: whole minutes, 1m to 24h; default 1h. At most 1500 points"},
			headerLanguage,
		},
		answers:  []reply{{status: http.StatusOK, about: "The figures", schema: link.QueueSeries{}}},
		problems: []link.Code{link.CodeNoQueue, link.CodeNotFound, link.CodeRole, link.CodeRequestInvalid},
	}
}

func (d *Door) series(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	values, err := c.query()
	if err != nil {
		return err
	}
	p := parameters{q: values}
	w := exchange.Charting{From: p.moment("from"), To: p.moment("to"), Step: p.duration("step")}
	if err := p.err(); err != nil {
		return err
	}
	var series link.QueueSeries
	if c.operator.Name == "" {
		series, err = d.cfg.Exchange.Series(c.r.Context(), c.caller, w)
	} else {
		series, err = d.cfg.Exchange.SeriesAny(c.r.Context(), c.operator, q, w)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, series)
}

// moment reads a moment, nil when none is given.
func (p *parameters) moment(name string) *time.Time {
	s := p.q.Get(name)
	if s == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		p.refuse(name, link.Both("deve ser um momento como 2026-03-27T09:14:13Z", "must be a moment like 2026-03-27T09:14:13Z"))
		return nil
	}
	return &at
}
