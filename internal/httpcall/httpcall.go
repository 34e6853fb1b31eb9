// Package httpcall makes HTTP calls of which the caller has to know whether they may have reached the
// other side: what executes a message there must not be asked again lightly.
package httpcall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Call is one request.
type Call struct {
	Method, URL string
	Header      http.Header // a User-Agent is added
	Body        []byte
	Timeout     time.Duration // for the whole answer
	MaxAnswer   int           // bytes of the answer's body that are read; one more says that it is longer
}

// Reply is what came back, and what is known when nothing did.
type Reply struct {
	Sent   bool // something of the request may have reached the other side
	Status int
	After  time.Duration // Retry-After, at most a day
	Body   []byte
}

// Do makes a call. An error says that no whole answer came; Sent then tells whether the other side may have
// seen the request.
func Do(ctx context.Context, client *http.Client, c Call) (r Reply, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	sent := make(chan struct{}, 1)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() {
		select {
		case sent <- struct{}{}:
		default:
		}
	}})
	req, err := http.NewRequestWithContext(ctx, c.Method, c.URL, bytes.NewReader(c.Body))
	if err != nil {
		return r, err
	}
	maps.Copy(req.Header, c.Header)
	req.Header.Set("User-Agent", "smartlink-agent")
	resp, err := client.Do(req)
	if err != nil {
		r.Sent = len(sent) > 0
		return r, err
	}
	defer func() { _ = resp.Body.Close() }()
	r.Sent, r.Status = true, resp.StatusCode
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		r.After = time.Duration(min(s, 24*60*60)) * time.Second
	}
	r.Body, err = io.ReadAll(io.LimitReader(resp.Body, int64(c.MaxAnswer)+1))
	return r, err
}

// maxRefusal bounds what of an answer is told to people, in bytes.
const maxRefusal = 500

// Refusal tells people an answer that is none of those that were expected.
func (r Reply) Refusal(at string) error {
	return fmt.Errorf("%s answered %d %s: %s", at, r.Status, http.StatusText(r.Status), Excerpt(r.Body))
}

// Excerpt is as much of an answer as people are told.
func Excerpt(body []byte) string {
	return strings.ToValidUTF8(strings.TrimSpace(string(body[:min(len(body), maxRefusal)])), "")
}

// NewTransport makes connections for calls. A new one for each, unless kept: a connection that the other
// side closes just when it is used again would leave the call in doubt. With local, nothing but this machine
// is connected to, whatever a name stands for.
func NewTransport(kept, local bool) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = !kept
	if local {
		t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, Control: onlyLocal}).DialContext
	}
	return t
}

// NewClient makes calls by a transport, and follows no redirect.
func NewClient(t *http.Transport) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ParseURL reads an address that can be called: http or https, with a host, without parameters. ok is false
// for any other; whether it holds a password is for the caller to say.
func ParseURL(s string) (u *url.URL, ok bool) {
	u, err := url.Parse(s)
	return u, err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Fragment == "" && u.RawQuery == ""
}

// IsLocal tells whether a host is this machine.
func IsLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var errNotLocal = errors.New("not this machine")

// onlyLocal lets nothing but this machine be connected to.
func onlyLocal(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err == nil && !IsLocal(host) {
		err = errNotLocal
	}
	return err
}
