package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Message is what Send sends. Only Type and Body are needed.
type Message struct {
	Type           string
	Audience       string // app code; empty = link.LinkProxy, every queue of the tenant that subscribes
	ContentType    string // empty = application/json
	Body           []byte // sent byte for byte
	IdempotencyKey string // the same for repeats of one request; empty = a fresh one for this call
	BusinessKey    string // the one business change the message asks for
	OrderingKey    string // messages of one key are delivered in order, one at a time
	CorrelationID  string
	Wait           time.Duration     // how long the hub waits for the ERP's answer, at most link.MaxWait; see SendResponse.Outcomes
	App            string            // overrides Config.App
	Headers        map[string]string // further headers to travel with the message: SL-*, traceparent
}

// GetOptions bound a Get; zero values are the hub's defaults (one message, no wait, 60 s lease).
type GetOptions struct {
	Max      int
	MaxBytes int
	Wait     time.Duration // how long to wait for the first message, at most link.MaxWait
	Lease    time.Duration
}

const (
	linkPath    = "/api/v1/link/"
	contentJSON = "application/json"
)

// Setup creates or changes the caller's queue. It is idempotent; the subscriptions replace the old
// ones.
func (c *Client) Setup(ctx context.Context, s link.SetupRequest) (link.SetupResponse, error) {
	var out link.SetupResponse
	_, err := c.callJSON(ctx, "setup", s, &out)
	return out, err
}

// Send stores one message at the hub. It is durable when Send returns without an error.
func (c *Client) Send(ctx context.Context, m Message) (link.SendResponse, error) {
	path := linkPath + "send/" + url.PathEscape(m.Type)
	if m.Audience != "" {
		path += "/" + url.PathEscape(m.Audience)
	}
	if m.IdempotencyKey == "" {
		m.IdempotencyKey = link.NewID().String()
	}
	if m.ContentType == "" {
		m.ContentType = contentJSON
	}
	header := map[string]string{}
	for name, value := range m.Headers {
		header[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	for name, value := range map[string]string{
		link.HeaderApp: m.App, link.HeaderIdempotencyKey: m.IdempotencyKey, link.HeaderBusinessKey: m.BusinessKey,
		link.HeaderOrderingKey: m.OrderingKey, link.HeaderCorrelationID: m.CorrelationID,
	} {
		if value != "" {
			header[name] = value
		}
	}
	if err := c.checkHeaders(header, m.ContentType); err != nil {
		return link.SendResponse{}, err
	}
	q := url.Values{}
	if m.Wait > 0 {
		q.Set("wait", m.Wait.String())
	}
	var out link.SendResponse
	_, err := c.call(ctx, request{method: http.MethodPost, path: path, query: q, contentType: m.ContentType, header: header, body: m.Body}, &out)
	if err == nil && out.MessageID == uuid.Nil {
		// Not a hub's answer. Whoever gave it, the message is stored nowhere.
		return link.SendResponse{}, &notReached{errors.New("a send was answered without a messageId; is a proxy in between?")}
	}
	return out, err
}

// checkHeaders refuses what cannot travel in a header. Below HTTP it would look like a hub that is
// away, and be repeated.
func (c *Client) checkHeaders(header map[string]string, contentType string) error {
	if headersFit(header) && !controls(contentType) {
		return nil
	}
	all := maps.Clone(header)
	all["Content-Type"] = contentType
	wrong := link.NewError(link.CodeRequestInvalid)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case !isToken(name):
			wrong.At(name, link.CodeRequestInvalid, link.Both("não é um nome de cabeçalho", "is no header's name"))
		case controls(all[name]):
			wrong.At(link.HeaderName(name), link.CodeRequestInvalid, link.Both("não pode ter caracteres de controle", "must not contain control characters"))
		}
	}
	return &Refused{Problem: wrong.Problem(c.http.lang, "")}
}

func headersFit(header map[string]string) bool {
	for name, value := range header {
		if !isToken(name) || controls(value) {
			return false
		}
	}
	return true
}

// controls tells whether a text has characters that no header can have.
func controls(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// Get leases messages of the caller's queue. Nothing came in time: nil, nil.
//
// Get is not repeated after a failure: messages that an answer lost on its way had leased come again
// when their leases end.
func (c *Client) Get(ctx context.Context, o GetOptions) ([]link.Delivery, error) {
	q := url.Values{}
	if o.Max > 0 {
		q.Set("max", strconv.Itoa(o.Max))
	}
	if o.MaxBytes > 0 {
		q.Set("maxBytes", strconv.Itoa(o.MaxBytes))
	}
	if o.Wait > 0 {
		q.Set("wait", o.Wait.String())
	}
	if o.Lease > 0 {
		q.Set("lease", o.Lease.String())
	}
	var out link.GetResponse
	_, err := c.call(ctx, request{method: http.MethodPost, path: linkPath + "get", query: q, once: true}, &out)
	return out.Messages, err
}

// Ack settles up to link.MaxAck deliveries, each on its own; one result for each, in order.
func (c *Client) Ack(ctx context.Context, items []link.Settlement) ([]link.AckResult, error) {
	if len(items) == 0 {
		return nil, nil
	}
	var out link.AckResponse
	if _, err := c.callJSON(ctx, "ack", items, &out); err != nil {
		return nil, err
	}
	if len(out.Results) != len(items) {
		return nil, fmt.Errorf("ack of %d deliveries answered %d results", len(items), len(out.Results))
	}
	return out.Results, nil
}

// AckOne settles one delivery. A lease that has ended is a *link.Problem with link.CodeLeaseEnded.
func (c *Client) AckOne(ctx context.Context, s link.Settlement) error {
	_, err := c.callJSON(ctx, "ack", s, nil)
	return err
}

// Extend lengthens up to link.MaxAck leases, each on its own; one result for each, in order.
func (c *Client) Extend(ctx context.Context, items []link.Extension) ([]link.ExtendResult, error) {
	if len(items) == 0 {
		return nil, nil
	}
	var out link.ExtendResponse
	if _, err := c.callJSON(ctx, "extend", items, &out); err != nil {
		return nil, err
	}
	if len(out.Results) != len(items) {
		return nil, fmt.Errorf("extend of %d leases answered %d results", len(items), len(out.Results))
	}
	return out.Results, nil
}

// Trace tells where a message is and what happened to it. Senders and receivers may ask.
func (c *Client) Trace(ctx context.Context, id uuid.UUID) (link.Trace, error) {
	var out link.Trace
	_, err := c.call(ctx, request{method: http.MethodGet, path: linkPath + "messages/" + id.String()}, &out)
	return out, err
}

// isToken tells whether a header can have this name (RFC 9110 §5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) })
}

func (c *Client) callJSON(ctx context.Context, path string, in, out any) (int, error) {
	return c.callWith(ctx, path, nil, in, out)
}

func (c *Client) callWith(ctx context.Context, path string, header map[string]string, in, out any) (int, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return c.call(ctx, request{method: http.MethodPost, path: linkPath + path, contentType: contentJSON, header: header, body: body}, out)
}
