// Package contracts tries rule nofloat where money lives.
package contracts

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

type entry struct {
	Value float64 // want `a binary fraction .float64.; money, rates`
	Count int
}

type rate float32 // want `a binary fraction .float32.`

func add(e entry) int {
	half := 0.5                           // want `a binary fraction`
	_ = half                              // want `a binary fraction`
	v, _ := strconv.ParseFloat("1.1", 64) // want `a binary fraction`
	_ = e.Value + v                       // want `a binary fraction`
	return e.Count * 2
}

func metric(g prometheus.Gauge, waiting int) {
	g.Set(float64(waiting))
	prometheus.NewGaugeFunc(prometheus.Opts{Name: "age"}, func() float64 { return float64(waiting) })
}

const places = 4 // an untyped constant is none

func scale(n int64) int64 { return n * 1e4 }
