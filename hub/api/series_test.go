package api_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"smartlink/link"
)

const seriesPath = "/api/v1/link/queue/series"

func (w *world) series(as, query string) link.QueueSeries {
	w.Helper()
	return into[link.QueueSeries](w, w.want(request{as: as, method: http.MethodGet, path: seriesPath + query}, http.StatusOK, ""))
}

func TestQueueTellsItsFiguresOverTime(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	began := w.clock.Now()
	w.send(`{"data":{}}`)
	w.clock.Advance(2 * time.Hour)
	w.send(`{"data":{}}`)
	s := w.series("rm", "")
	if s.Queue != w.queueOf("rm") || s.StepSeconds != 3600 || len(s.Points) != 25 || !s.Points[0].At.Equal(s.From) || !s.To.After(w.clock.Now()) {
		t.Fatalf("%+v", s)
	}
	if last := s.Points[24]; last.Published != 1 || last.Waiting != 2 || s.Points[22].Published != 1 || s.Points[23].Waiting != 1 {
		t.Errorf("%+v", s.Points[22:])
	}
	query := url.Values{"from": {began.Format(time.RFC3339)}, "to": {began.Add(time.Minute).Format(time.RFC3339)}, "step": {"1m"}}
	s = w.series("rm", "?"+query.Encode())
	if len(s.Points) == 0 || s.Points[0].Published != 1 || !s.From.Equal(began.Truncate(time.Minute)) {
		t.Errorf("by minute: %+v", s)
	}
	query.Set("queue", w.queueOf("rm"))
	if asPerson := w.series("ana", "?"+query.Encode()); len(asPerson.Points) != len(s.Points) {
		t.Errorf("as a person: %+v", asPerson)
	}
}

func TestSeriesOfAWrongWish(t *testing.T) {
	w := newWorld(t)
	w.want(request{as: "rm", method: http.MethodGet, path: seriesPath}, http.StatusConflict, link.CodeNoQueue)
	w.setup("rm", command)
	for query, at := range map[string]string{
		"?step=1s": "step", "?step=90s": "step", "?step=25h": "step", "?step=-1h": "step", "?step=x": "step", "?from=yesterday": "from",
		"?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": "to", "?from=2020-01-01T00:00:00Z&step=1m": "step",
		"?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z": "step",
	} {
		p := w.want(request{as: "rm", method: http.MethodGet, path: seriesPath + query}, http.StatusUnprocessableEntity, link.CodeRequestInvalid).problem(t)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != at {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
	if s := w.series("rm", "?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z"); len(s.Points) != 0 || s.Points == nil {
		t.Errorf("of long ago: %+v", s)
	}
	for _, as := range []string{"foreign", "gesplan"} {
		w.want(request{as: as, method: http.MethodGet, path: seriesPath + "?queue=" + w.queueOf("rm")}, http.StatusNotFound, link.CodeNotFound)
	}
	w.want(request{as: "ana", method: http.MethodGet, path: seriesPath}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	nowhere := link.QueueName(tenant, link.NewClientID())
	w.want(request{as: "ana", method: http.MethodGet, path: seriesPath + "?queue=" + nowhere}, http.StatusNotFound, link.CodeNotFound)
}
