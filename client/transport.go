package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"smartlink/link"
)

// maxAnswer bounds what is read of one answer: a full get with every byte of its bodies, headers and
// keys escaped. A get that could not be read would be leased again and again.
const maxAnswer = 6 * (link.MaxGetBytes + link.MaxGet*(link.MaxHeaderBytes+4<<10))

// request is one call before it is sent; it can be sent again.
type request struct {
	method, path string
	query        url.Values
	contentType  string
	header       map[string]string // empty values are left out
	body         []byte
	once         bool // never repeated
}

// transport sends requests and reads answers, without knowing about tokens or repeats.
type transport struct {
	http  *http.Client
	agent string
	lang  link.Lang
}

func newTransport(h *http.Client, ca, agent string, lang link.Lang) (transport, error) {
	if h != nil && ca != "" {
		return transport{}, errors.New("an HTTP client of one's own brings the authorities it trusts: leave CA empty")
	}
	if h == nil {
		var err error
		if h, err = NewHTTPClient(ca); err != nil {
			return transport{}, err
		}
	}
	return transport{h, cmp.Or(agent, "smartlink-client"), cmp.Or(lang, link.English)}, nil
}

// NewHTTPClient makes what Config.HTTPClient is by default. ca is a PEM file of authorities to trust
// besides the machine's; empty: none.
func NewHTTPClient(ca string) (*http.Client, error) {
	// The default transport keeps two idle connections to a host: too few for a busy sender.
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	// A request of many messages leaves in one piece, and its answer comes in one; smaller ones of net/http cost a copy more.
	t.WriteBufferSize, t.ReadBufferSize = 64<<10, 16<<10
	t.ResponseHeaderTimeout = link.MaxWait + 30*time.Second
	if ca != "" {
		pool, err := trust(ca)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t}, nil
}

// trust is the machine's authorities and those of a PEM file.
func trust(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file) //nolint:gosec // the user says which file
	if err != nil {
		return nil, fmt.Errorf("authorities to trust: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a machine without any
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("authorities to trust: no certificate in PEM form in %s", file)
	}
	return pool, nil
}

// baseURL checks a hub's address and takes a trailing slash off.
func baseURL(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("hub address %q: want http(s)://host[:port][/path]", server)
	}
	return strings.TrimRight(server, "/"), nil
}

// roundTrip sends a request once and decodes a 2xx answer into out. It answers the status, 0 when
// there was no answer, and anything but 2xx as *Refused.
func (t transport) roundTrip(ctx context.Context, address, bearer string, r request, out any) (int, error) {
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("Accept-Language", string(t.lang))
	req.Header.Set("User-Agent", t.agent)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for k, v := range r.header {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := t.http.Do(req)
	if err != nil {
		return 0, &notReached{err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readBody(resp)
	if err != nil {
		return 0, &notReached{err}
	}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return resp.StatusCode, refusal(resp, body)
	case len(body) > maxAnswer:
		return resp.StatusCode, fmt.Errorf("%s %s: answer over %d bytes", r.method, r.path, maxAnswer)
	case out == nil || len(body) == 0:
		return resp.StatusCode, nil
	}
	if err := readAnswer(body, out); err != nil {
		return resp.StatusCode, fmt.Errorf("%s %s: answer not understood: %w", r.method, r.path, err)
	}
	return resp.StatusCode, nil
}

// announcedMost is the largest answer that gets its memory when it is announced.
const announcedMost = 1 << 20

// readBody reads an answer's body, of one that is larger than any should be a byte more than that.
func readBody(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= announcedMost {
		body := make([]byte, n)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
}
