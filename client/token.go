package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"smartlink/internal/clock"
	"smartlink/link"
)

// renewBefore is how long before its end a token is renewed, so that none expires on its way.
const renewBefore = 60 * time.Second

// scope is what the hub's tokens are for.
const scope = "authorization_api"

// tokens keeps the client's token and renews it; callers at the same time share one request.
type tokens struct {
	cfg   Config
	http  transport
	clock clock.Clock

	mu    sync.Mutex
	token string
	until time.Time // renewed from then on
	wait  *fetch
}

// fetch is a token request under way.
type fetch struct {
	done  chan struct{}
	token string
	err   error
}

// get answers a token with time left. When the caller that asks the hub gives up, the others go on
// by themselves.
func (t *tokens) get(ctx context.Context) (string, error) {
	for {
		t.mu.Lock()
		if t.token != "" && t.clock.Now().Before(t.until) {
			defer t.mu.Unlock()
			return t.token, nil
		}
		w := t.wait
		mine := w == nil
		if mine {
			w = &fetch{done: make(chan struct{})}
			t.wait = w
		}
		t.mu.Unlock()
		if mine {
			t.fill(ctx, w)
			return w.token, w.err
		}
		select {
		case <-w.done:
			if w.err == nil {
				return w.token, nil
			}
			if ctx.Err() == nil && !answered(w.err) {
				continue // the one that asked gave up or had no network: try it with our own context
			}
			return "", w.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// answered tells whether the hub itself refused, so that asking again at once is of no use.
func answered(err error) bool {
	var r *Refused
	return errors.As(err, &r)
}

func (t *tokens) fill(ctx context.Context, w *fetch) {
	token, life, err := t.fetch(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	w.token, w.err = token, err
	if err == nil {
		t.token = token
		t.until = t.clock.Now().Add(max(life-renewBefore, life/2))
	}
	t.wait = nil
	close(w.done)
}

// fetch asks the hub for a token and answers it with its lifetime.
func (t *tokens) fetch(ctx context.Context) (string, time.Duration, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope},
		"client_id": {string(t.cfg.ClientID)}, "client_secret": {t.cfg.Secret},
	}
	var out struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	_, err := t.http.roundTrip(ctx, t.cfg.TokenURL, "", request{
		method: http.MethodPost, contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode()),
	}, &out)
	if err != nil {
		return "", 0, err
	}
	if out.AccessToken == "" {
		return "", 0, &Refused{Problem: &link.Problem{
			Code: link.CodeTokenInvalid, Status: http.StatusOK, Title: "no token", Detail: t.cfg.TokenURL + " answered without access_token",
		}}
	}
	return out.AccessToken, time.Duration(max(out.ExpiresIn, 1)) * time.Second, nil
}

// drop forgets a token that the hub refused, unless a newer one has come.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}
