package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"smartlink/internal/clock"
	"smartlink/link"
)

// Refused is a hub's refusal with what only the answer's headers tell. errors.As finds the
// *link.Problem in it.
type Refused struct {
	Problem *link.Problem
	After   time.Duration // Retry-After; 0 = none
}

// Error tells code and detail.
func (r *Refused) Error() string { return r.Problem.Error() }

// Unwrap answers the problem.
func (r *Refused) Unwrap() error { return r.Problem }

// Retryable tells whether the same call may succeed later: the network failed, or the hub answered
// 408, 425, 429 or 5xx. An ended context is not retryable.
func Retryable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if p, ok := errors.AsType[*link.Problem](err); ok {
		switch p.Status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true
		}
		return p.Status >= 500
	}
	var n *notReached
	return errors.As(err, &n)
}

// RetryAfter is how long the hub asked to wait; 0 = it did not say.
func RetryAfter(err error) time.Duration {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.After
	}
	return 0
}

// notReached is a failure below HTTP: no answer, or half of one.
type notReached struct{ cause error }

func (n *notReached) Error() string { return "hub not reached: " + n.cause.Error() }
func (n *notReached) Unwrap() error { return n.cause }

// refusal reads what stands behind an answer that is not 2xx. Proxies answer without a problem body;
// then the status and the beginning of the text have to do.
func refusal(resp *http.Response, body []byte) error {
	p := &link.Problem{}
	if err := json.Unmarshal(body, p); err != nil || p.Code == "" {
		p = &link.Problem{Title: resp.Status, Detail: oauthDetail(body)}
		if p.Detail == "" {
			p.Detail = strings.ToValidUTF8(strings.TrimSpace(string(body[:min(len(body), 200)])), "")
		}
		p.Code = codeOfStatus(resp.StatusCode)
	}
	p.Status = resp.StatusCode
	return &Refused{Problem: p, After: retryAfter(resp.Header)}
}

// oauthDetail reads the error of a token endpoint (RFC 6749 §5.2).
func oauthDetail(body []byte) string {
	var o struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &o) != nil || o.Error == "" {
		return ""
	}
	if o.Description == "" {
		return o.Error
	}
	return o.Error + ": " + o.Description
}

func codeOfStatus(status int) link.Code {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusBadRequest:
		return link.CodeTokenInvalid
	case status == http.StatusTooManyRequests:
		return link.CodeRateLimited
	case status == http.StatusNotFound:
		return link.CodeNotFound
	case status >= 500:
		return link.CodeUnavailable
	}
	return link.CodeRequestInvalid
}

// longestRetryAfter bounds what an answer may ask for; what is longer would not fit a duration.
const longestRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After: seconds, or a moment as proxies write it, by the answer's own Date
// where it has one, because clocks differ.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(s, 0), int(longestRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = clock.Real.Now()
	}
	return min(max(at.Sub(now), 0), longestRetryAfter)
}
