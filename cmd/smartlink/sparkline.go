package main

import (
	"fmt"

	"smartlink/client"
	"smartlink/link"
)

// series reads the last day of a queue: of the named one as a person, or of the client's own.
func (q *queueCmd) series(e *env, name string) (link.QueueSeries, error) {
	if name != "" {
		hub, err := q.admin(e)
		if err != nil {
			return link.QueueSeries{}, err
		}
		return hub.Series(e.ctx, name, client.Series{})
	}
	hub, err := q.client(e, "")
	if err != nil {
		return link.QueueSeries{}, err
	}
	return hub.Series(e.ctx, client.Series{})
}

// dayText tells the figures of a day in one line: what came, hour by hour, and the sums.
func dayText(points []link.SeriesPoint) string {
	var sum link.QueueFigures
	came := make([]int64, len(points))
	for i, p := range points {
		sum.Add(p.QueueFigures)
		came[i] = p.Published
	}
	return fmt.Sprintf("%s published %d, acked %d, dead %d", sparkline(came), sum.Published, sum.Acked, sum.Dead)
}

// bars are the heights of a sparkline; nothing at all is the lowest.
var bars = []rune("▁▂▃▄▅▆▇█")

// sparkline draws figures as bars, the largest as the highest.
func sparkline(figures []int64) string {
	top := int64(1)
	for _, n := range figures {
		top = max(top, n)
	}
	line := make([]rune, len(figures))
	for i, n := range figures {
		height := 0
		if n > 0 { // what is there is seen, however little it is
			height = max(1, int(float64(n)/float64(top)*float64(len(bars)-1)))
		}
		line[i] = bars[height]
	}
	return string(line)
}
