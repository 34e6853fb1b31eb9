// Package outside calls consumers that are programs of their own, in any language, behind a URL: the
// agent posts a message and gets its outcome. By default they are on this machine.
package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"smartlink/consumer"
	"smartlink/internal/httpcall"
	"smartlink/link"
)

// Config says which program executes a message type.
type Config struct {
	Type     string
	URL      string        // calls are posted here; what a call came to is asked at URL/MARKER
	Timeout  time.Duration // of one call; 0 = DefaultTimeout
	Parallel int           // calls at a time; 0 = 1
	Remote   bool          // the program may be on another machine
}

// Bounds of a Config.
const (
	DefaultTimeout = 30 * time.Second
	MinTimeout     = time.Second
	MaxTimeout     = 10 * time.Minute
	MaxParallel    = 16
)

// findTime bounds the question what a call came to.
const findTime = 10 * time.Second

// maxAnswer bounds an answer, in bytes: it becomes a message.
const maxAnswer = link.MaxBody

// Consumer calls one program. It is a consumer.Outside.
type Consumer struct {
	cfg  Config
	url  *url.URL
	http *http.Client
}

// New checks a configuration; nothing is called yet. What is wrong is link.CodeConsumerConfig.
func New(cfg Config) (*Consumer, error) {
	bad := func(why link.Text) error {
		return link.NewError(link.CodeConsumerConfig, "type", cfg.Type, "why", why.EN, "whyPT", why.PT)
	}
	if !link.ValidType(cfg.Type) {
		return nil, bad(link.Both("%q não é um tipo de mensagem", "%q is no message type", cfg.Type))
	}
	u, ok := httpcall.ParseURL(cfg.URL)
	if !ok {
		return nil, bad(link.Both("%q não é um endereço http:// ou https:// sem parâmetros", "%q is no http:// or https:// address without parameters", cfg.URL))
	}
	if u.User != nil {
		return nil, bad(link.Both("o endereço não pode conter senha", "the address must not hold a password"))
	}
	local := httpcall.IsLocal(u.Hostname())
	if !local && !cfg.Remote {
		return nil, bad(link.Both("%s não é esta máquina; só com remote: true", "%s is not this machine; only with remote: true", u.Hostname()))
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Timeout < MinTimeout || cfg.Timeout > MaxTimeout {
		return nil, bad(link.Both("timeout de %[1]s a %[2]s", "timeout is %[1]s to %[2]s", MinTimeout, MaxTimeout))
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = 1
	}
	if cfg.Parallel < 1 || cfg.Parallel > MaxParallel {
		return nil, bad(link.Both("parallel de %[1]d a %[2]d", "parallel is %[1]d to %[2]d", 1, MaxParallel))
	}
	t := httpcall.NewTransport(false, !cfg.Remote)
	if local {
		t.Proxy = nil
	}
	return &Consumer{cfg, u, httpcall.NewClient(t)}, nil
}

// Type implements consumer.Outside.
func (c *Consumer) Type() string { return c.cfg.Type }

// URL is where the program is called.
func (c *Consumer) URL() string { return c.cfg.URL }

// Parallel implements consumer.Parallel.
func (c *Consumer) Parallel() int { return c.cfg.Parallel }

// Settles implements consumer.Outside: the program has to end or drop a call in twice its time-out.
func (c *Consumer) Settles() time.Duration { return 2 * c.cfg.Timeout }

// Send implements consumer.Outside.
func (c *Consumer) Send(ctx context.Context, x consumer.Call, log consumer.Log) consumer.Outcome {
	body, err := json.Marshal(link.NewCallRequest(&x.Message, x.Marker, x.Number, x.Attempt))
	if err != nil {
		return consumer.Retry(0, err)
	}
	r, err := c.do(ctx, http.MethodPost, c.url.String(), body, c.cfg.Timeout)
	switch {
	case err != nil && !r.Sent && ctx.Err() != nil:
		return consumer.Postpone(x.Now, "the agent stops")
	case err != nil && !r.Sent:
		return consumer.Away(0, err)
	case err != nil:
		return consumer.Unknown(err)
	}
	switch r.Status {
	case http.StatusOK:
		out, err := outcome(r.Body, x.Now, log)
		if err != nil { // it was executed, perhaps: the next call has the same marker
			return consumer.Retry(0, fmt.Errorf("%s answered what is no outcome: %w", c.url, err))
		}
		return out
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return consumer.Away(r.After, r.Refusal(c.url.String()))
	case http.StatusBadGateway, http.StatusGatewayTimeout: // somebody in between does not know, either
		return consumer.Unknown(r.Refusal(c.url.String()))
	}
	return consumer.Retry(r.After, r.Refusal(c.url.String()))
}

// Find implements consumer.Outside.
func (c *Consumer) Find(ctx context.Context, x consumer.Call, log consumer.Log) consumer.Outcome {
	r, err := c.do(ctx, http.MethodGet, c.url.JoinPath(x.Marker).String(), nil, min(c.cfg.Timeout, findTime))
	switch {
	case err != nil && !r.Sent && ctx.Err() == nil:
		return consumer.Away(0, err)
	case err != nil:
		return consumer.Unknown(err)
	}
	switch r.Status {
	case http.StatusOK:
		out, err := outcome(r.Body, x.Now, log)
		if err != nil {
			return consumer.Unknown(fmt.Errorf("%s/%s answered what is no outcome: %w", c.url, x.Marker, err))
		}
		return out
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented: // a program that cannot tell recognises the marker
		return consumer.Absent()
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return consumer.Away(r.After, r.Refusal(c.url.String()))
	}
	return consumer.Unknown(r.Refusal(c.url.String()))
}

// Reach tells whether the program answers, by asking for a call that never was.
func (c *Consumer) Reach(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, c.url.JoinPath(strings.Repeat("0", 32)).String(), nil, min(c.cfg.Timeout, findTime))
	return err
}

func (c *Consumer) do(ctx context.Context, method, at string, body []byte, timeout time.Duration) (httpcall.Reply, error) {
	header := http.Header{"Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return httpcall.Do(ctx, c.http, httpcall.Call{Method: method, URL: at, Header: header, Body: body, Timeout: timeout, MaxAnswer: maxAnswer})
}

// outcome reads an answer.
func outcome(body []byte, now time.Time, log consumer.Log) (consumer.Outcome, error) {
	var a link.CallAnswer
	if len(body) > maxAnswer {
		return consumer.Outcome{}, fmt.Errorf("longer than %d bytes", maxAnswer)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // keys are passed on digit by digit
	if err := d.Decode(&a); err != nil {
		return consumer.Outcome{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return consumer.Outcome{}, errors.New("more than one value")
	}
	after := time.Duration(0)
	if a.After != "" {
		var err error
		if after, err = time.ParseDuration(a.After); err != nil || after < 0 {
			return consumer.Outcome{}, fmt.Errorf("after is %q, want a time as 90s or 10m", a.After)
		}
	}
	for _, l := range a.Log {
		say := log.Info
		switch l.Level {
		case "warn":
			say = log.Warn
		case "error":
			say = log.Error
		}
		say("%s", l.Text)
	}
	switch consumer.Kind(a.Outcome) {
	case consumer.KindDone:
		return consumer.Done(a.Key, a.Keys, a.Warnings...), nil
	case consumer.KindReject:
		if len(a.Errors) == 0 {
			return consumer.Outcome{}, errors.New("reject without errors")
		}
		for i, f := range a.Errors {
			if f.Code == "" || f.Description == "" {
				return consumer.Outcome{}, fmt.Errorf("errors/%d lacks its code or description", i)
			}
		}
		return consumer.Reject(a.Errors, a.Warnings...), nil
	case consumer.KindRetry:
		if a.Reason == "" {
			a.Reason = "the consumer asks for another attempt"
		}
		return consumer.Retry(after, errors.New(a.Reason)), nil
	case consumer.KindPostpone:
		until := now.Add(after)
		if a.Until != nil {
			until = *a.Until
		}
		return consumer.Postpone(until, a.Reason), nil
	}
	return consumer.Outcome{}, fmt.Errorf("outcome is %q, want done, reject, retry or postpone", a.Outcome)
}
