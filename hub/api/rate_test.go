package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smartlink/hub/api"
	"smartlink/link"
)

// batchOf is a batch of so many messages.
func batchOf(n int) string {
	return `{"messages":[` + strings.TrimSuffix(strings.Repeat(`{"type":"`+command+`","content":"{}"},`, n), ",") + `]}`
}

// limited is a world in which clients are limited.
func limited(t *testing.T, rates api.Rates) *world {
	w := newWorld(t)
	w.setup("rm", command)
	w.rates = rates
	w.restart()
	return w
}

var look = request{as: "gesplan", method: http.MethodGet, path: "/api/v1/link/messages?businessKey=x"}

// TestClientsAreLimited: who asks too often is told when to come again, a batch counts each of its
// messages, and others of the tenant go on.
func TestClientsAreLimited(t *testing.T) {
	w := limited(t, api.Rates{Client: 2})
	batch := func(n int) request {
		return request{as: "gesplan", path: "/api/v1/link/send", body: batchOf(n)}
	}
	w.want(batch(link.MaxBatch), http.StatusOK, "")
	for _, r := range []request{look, batch(1), {as: "gesplan", path: sendPath, body: "{}"}, {as: "gesplan", path: "/api/v1/link/get"}} {
		if a := w.want(r, http.StatusTooManyRequests, link.CodeRateLimited); a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: Retry-After %q", r.path, a.Header.Get("Retry-After"))
		}
	}
	got := w.get("rm", "?max=500")
	if len(got) != link.MaxBatch {
		t.Errorf("%d messages, want those of the first batch", len(got))
	}
	w.clock.Advance(time.Second)
	w.want(look, http.StatusOK, "")
	w.want(look, http.StatusOK, "")
	w.want(look, http.StatusTooManyRequests, link.CodeRateLimited)
	w.clock.Advance(100 * time.Second) // 200 calls' worth: a batch of 500 is refused as a whole
	if a := w.want(batch(link.MaxBatch), http.StatusTooManyRequests, link.CodeRateLimited); a.Header.Get("Retry-After") != "150" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	w.want(batch(199), http.StatusOK, "")
	w.want(look, http.StatusTooManyRequests, link.CodeRateLimited)
	metrics := string(w.want(request{method: http.MethodGet, path: "/metrics"}, http.StatusOK, "").body)
	for _, want := range []string{`smartlink_rate_limited_total{limit="client"} 7`, `smartlink_rate_limited_total{limit="tenant"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// TestTenantsAreLimited: all clients of a tenant share its limit, and another tenant has its own.
func TestTenantsAreLimited(t *testing.T) {
	w := limited(t, api.Rates{Client: 400, Tenant: 600})
	ask := func(as string, n int) answer {
		return w.do(request{as: as, path: "/api/v1/link/send", body: batchOf(n), odd: true})
	}
	if a := ask("gesplan", 400); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := ask("curl", 201); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("%d: more than the tenant may", a.StatusCode)
	}
	if a := ask("curl", 198); a.StatusCode != http.StatusOK { // the refused one has used a call
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := ask("foreign", 400); a.StatusCode != http.StatusOK {
		t.Errorf("another tenant: %d %s", a.StatusCode, a.body)
	}
	if log := w.log.String(); !strings.Contains(log, "code="+string(link.CodeRateLimited)) {
		t.Error("the log does not tell")
	}
}

// TestLimitsOutliveAJumpingClock: a clock that jumps shuts nobody out.
func TestLimitsOutliveAJumpingClock(t *testing.T) {
	w := limited(t, api.Rates{Client: 2, Tenant: 2})
	for _, jump := range []time.Duration{-24 * time.Hour, 24 * time.Hour, -24 * time.Hour} {
		for w.do(look).StatusCode != http.StatusTooManyRequests {
			continue
		}
		w.clock.Advance(jump)
		w.do(look)
		w.clock.Advance(time.Second)
		if a := w.do(look); a.StatusCode != http.StatusOK {
			t.Errorf("a second after a jump of %s: %d", jump, a.StatusCode)
		}
	}
}
