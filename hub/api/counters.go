package api

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"smartlink/hub/queue"
	"smartlink/link"
)

// counters are the door's own metrics. Labels are of small fixed sets: paths are the patterns of
// the API, never what a caller wrote.
type counters struct {
	requests  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	sends     *prometheus.CounterVec
	stored    prometheus.Counter // of sends, what most come to
	delivered prometheus.Counter
	settles   *prometheus.CounterVec
	limited   *prometheus.CounterVec
}

func newCounters(r *prometheus.Registry, q Queues, log *slog.Logger) (*counters, error) {
	c := &counters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smartlink_http_requests_total", Help: "Requests answered, by path and status.",
		}, []string{"method", "path", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "smartlink_http_request_seconds", Help: "Time to answer, long polls included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 35},
		}, []string{"path"}),
		sends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smartlink_sends_total", Help: "Sends by result: stored, duplicate, or the code of the problem.",
		}, []string{"result"}),
		delivered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "smartlink_deliveries_total", Help: "Messages handed out under a lease.",
		}),
		settles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smartlink_settlements_total", Help: "Settlements by result: ack, requeue, dead, release, or the code of the problem.",
		}, []string{"result"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smartlink_rate_limited_total", Help: "Calls refused because a client, or its tenant, asked too often, or too many bytes of bodies were under way.",
		}, []string{"limit"}),
	}
	// From the first scrape on: a counter that appears with its first event has not grown, for who watches.
	for _, limit := range []string{"client", "tenant", "bodies"} {
		c.limited.WithLabelValues(limit)
	}
	c.stored = c.sends.WithLabelValues("stored")
	for _, result := range []string{"duplicate", string(link.CodeNoRoute)} {
		c.sends.WithLabelValues(result)
	}
	for _, result := range []string{"ack", "requeue", "dead", "release"} {
		c.settles.WithLabelValues(result)
	}
	for _, m := range []prometheus.Collector{c.requests, c.seconds, c.sends, c.delivered, c.settles, c.limited, &depth{q, log}} {
		if err := r.Register(m); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *counters) request(r *http.Request, status int, took time.Duration) {
	path := route(r)
	c.requests.WithLabelValues(method(r.Method), path, strconv.Itoa(status)).Inc()
	c.seconds.WithLabelValues(path).Observe(took.Seconds())
}

// route is the path of the pattern that a request met, never what the caller wrote.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	return r.Pattern
}

// method keeps callers from inventing labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func (c *counters) sent(r link.SendResponse, err error) {
	switch {
	case err != nil:
		c.sends.WithLabelValues(string(link.CodeOf(err))).Inc()
	case r.Duplicate:
		c.sends.WithLabelValues("duplicate").Inc()
	default:
		c.stored.Inc()
	}
}

func (c *counters) settled(s link.Settlement, err error) {
	how := "requeue"
	switch {
	case err != nil:
		how = string(link.CodeOf(err))
	case s.Release:
		how = "release"
	case s.Dead:
		how = "dead"
	case s.Ack != nil && *s.Ack:
		how = "ack"
	}
	c.settles.WithLabelValues(how).Inc()
}

// Bounds of what one scrape tells about queues.
const (
	depthQueues  = 1000
	depthTimeout = 5 * time.Second
)

var (
	depthDesc  = prometheus.NewDesc("smartlink_queue_messages", "Deliveries of a queue by state, history left out.", []string{"tenant", "client", "state"}, nil)
	oldestDesc = prometheus.NewDesc("smartlink_queue_oldest_timestamp_seconds", "When the oldest message that waits was made; without one there is no figure.",
		[]string{"tenant", "client"}, nil)
	getDesc = prometheus.NewDesc("smartlink_queue_last_get_timestamp_seconds", "When a reader last asked; of a queue that never was read there is no figure.",
		[]string{"tenant", "client"}, nil)
	leftDesc  = prometheus.NewDesc("smartlink_queues_not_shown", "Queues beyond the bound of one scrape.", nil, nil)
	roundDesc = prometheus.NewDesc("smartlink_history_round_failed", "1: the last round of keeping history ended early; the log says why.", nil, nil)
)

// depth tells how much stands in each queue, asked for at each scrape.
type depth struct {
	queues Queues
	log    *slog.Logger
}

// Describe tells what Collect may send.
func (d *depth) Describe(c chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{depthDesc, oldestDesc, getDesc, leftDesc, roundDesc} {
		c <- desc
	}
}

// Collect asks the engine. A failure leaves the figures out instead of telling wrong ones.
func (d *depth) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), depthTimeout)
	defer cancel()
	infos, err := d.queues.Queues(ctx, uuid.Nil)
	if err != nil {
		d.log.Warn("queue depths not collected", "error", err)
		return
	}
	shown := infos[:min(len(infos), depthQueues)]
	names := make([]queue.Name, len(shown))
	for i, q := range shown {
		names[i] = q.Queue
		if !q.LastGet.IsZero() {
			c <- gauge(getDesc, seconds(q.LastGet), q.Queue.Tenant.String(), string(q.Queue.Client))
		}
		counts := q.Counts.ByState()
		for _, s := range []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateDead} {
			c <- gauge(depthDesc, float64(counts[s]), q.Queue.Tenant.String(), string(q.Queue.Client), string(s))
		}
	}
	c <- gauge(leftDesc, float64(len(infos)-len(shown)))
	failed := 0.0
	if rounds := d.queues.Rounds(); len(rounds) > 0 && rounds[0].Err != nil {
		failed = 1
	}
	c <- gauge(roundDesc, failed)
	oldest, err := d.queues.Oldest(ctx, names)
	if err != nil {
		d.log.Warn("ages of queues not collected", "error", err)
		return
	}
	for i, at := range oldest {
		if !at.IsZero() {
			c <- gauge(oldestDesc, seconds(at), names[i].Tenant.String(), string(names[i].Client))
		}
	}
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// seconds is a moment as figures have it: Unix time.
func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
