// Package client is the Go SDK over the hub's public API: token, setup, send, get, ack and trace. The
// agent, the command line and Gesplan's producer use it; so can any other product.
//
// A Client is safe for concurrent use. It fetches and renews its token by itself, gives every send
// an Idempotency-Key, and answers what the hub refuses as *link.Problem.
package client

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"smartlink/internal/clock"
	"smartlink/link"
)

// Config says which hub, and as whom.
type Config struct {
	Server       string // the hub's address, e.g. https://link.example.com
	TokenURL     string // default: Server + /totvs.rac/connect/token
	ClientID     link.ClientID
	Secret       string
	App          string       // the app to speak for; needed when several of the client's may send a type
	Installation string       // id of the agent's installation
	HTTPClient   *http.Client // default: one with connection limits and no overall time-out; contexts bound calls
	CA           string       // PEM file of authorities to trust besides the machine's; not with HTTPClient
	UserAgent    string       // default: smartlink-client
	Lang         link.Lang    // of the problems' texts; default English
	Retry        Retry        // of calls that may be repeated; the zero value is the default
}

// Retry says how often and how patiently a call is repeated after a failure that may pass (network,
// 408, 425, 429, 5xx). Every call of this package may be repeated: sends carry an Idempotency-Key. No
// call is repeated before the time of the hub's Retry-After: when that is longer than Cap the failure
// comes back at once, and RetryAfter tells how long to wait.
type Retry struct {
	Attempts int           // calls in all; 0 = 3, 1 = never repeat
	Base     time.Duration // first wait, doubled each time, with jitter; 0 = 200 ms
	Cap      time.Duration // longest wait, and longest Retry-After that is waited for; 0 = 5 s
}

// tokenPath is where the hub gives tokens.
const tokenPath = "/totvs.rac/connect/token"

// Client speaks to one hub as one client.
type Client struct {
	cfg    Config
	base   string
	http   transport
	clock  clock.Clock
	tokens tokens
	epoch  atomic.Int64 // of the installation's active run, as Hold was told; 0: none
}

// New checks the configuration; it does not call the hub.
func New(cfg Config) (*Client, error) {
	base, err := baseURL(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.ClientID == "" || cfg.Secret == "" {
		return nil, errors.New("client id and secret are needed")
	}
	if cfg.TokenURL == "" {
		cfg.TokenURL = base + tokenPath
	}
	cfg.Retry = cfg.Retry.withDefaults()
	h, err := newTransport(cfg.HTTPClient, cfg.CA, cfg.UserAgent, cfg.Lang)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, base: base, http: h, clock: clock.Real, tokens: tokens{cfg: cfg, http: h, clock: clock.Real}}, nil
}

// Token answers a valid access token, a cached one when it has time left.
func (c *Client) Token(ctx context.Context) (string, error) { return c.tokens.get(ctx) }

// call sends a request with a token, repeats it as Config.Retry says, renews the token once after a
// 401, and decodes a 2xx answer into out (nil: ignored). It answers the status.
func (c *Client) call(ctx context.Context, r request, out any) (int, error) {
	if r.header == nil {
		r.header = map[string]string{}
	}
	if r.header[link.HeaderApp] == "" {
		r.header[link.HeaderApp] = c.cfg.App
	}
	r.header[link.HeaderInstallation] = c.cfg.Installation
	if e := c.epoch.Load(); e != 0 {
		r.header[link.HeaderEpoch] = strconv.FormatInt(e, 10)
	}
	retry := c.cfg.Retry
	if r.once {
		retry.Attempts = 1
	}
	status, renewed := 0, false
	err := retry.do(ctx, c.clock, func() error {
		for {
			token, err := c.tokens.get(ctx)
			if err != nil {
				return err
			}
			status, err = c.http.roundTrip(ctx, c.base+r.path, token, r, out)
			if status != http.StatusUnauthorized || renewed {
				return err
			}
			renewed = true
			c.tokens.drop(token)
		}
	})
	return status, err
}
