package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"smartlink/link"
)

// Series bounds a look at a queue's figures over time; zero values are the hub's defaults (up to now, a
// day long, by hour).
type Series struct {
	From, To time.Time
	Step     time.Duration // whole minutes, 1m to 24h
}

func (s Series) query() url.Values {
	q := url.Values{}
	for name, at := range map[string]time.Time{"from": s.From, "to": s.To} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if s.Step != 0 {
		q.Set("step", s.Step.String())
	}
	return q
}

// Series tells the figures of the caller's queue over time.
func (c *Client) Series(ctx context.Context, s Series) (link.QueueSeries, error) {
	var out link.QueueSeries
	_, err := c.call(ctx, request{method: http.MethodGet, path: linkPath + "queue/series", query: s.query()}, &out)
	return out, err
}

// Series tells the figures of any queue over time, by its name.
func (a *Admin) Series(ctx context.Context, name string, s Series) (link.QueueSeries, error) {
	q := s.query()
	q.Set("queue", name)
	var out link.QueueSeries
	err := a.do(ctx, request{method: http.MethodGet, path: linkPath + "queue/series", query: q}, &out)
	return out, err
}
