package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/link"
)

// Sent is what one message of SendBatch came to.
type Sent struct {
	link.SendResponse
	Err error // *Refused: not stored, and why
}

// SendBatch stores up to link.MaxBatch messages in one call, each on its own, in their order; one
// result for each. Messages without an IdempotencyKey get a fresh one, so the call as a whole can be
// repeated. App, of the first message that has one, is the whole call's; Wait has no meaning. See
// Sender for single sends that share calls.
func (c *Client) SendBatch(ctx context.Context, list []Message) ([]Sent, error) {
	if len(list) == 0 {
		return nil, nil
	}
	sent := make([]Sent, len(list))
	items, places := make([][]byte, 0, len(list)), make([]int, 0, len(list))
	app := ""
	for i, m := range list {
		app = cmp.Or(app, m.App)
		item, err := c.batchItem(nil, m)
		if err != nil {
			sent[i].Err = err
			continue
		}
		items, places = append(items, item), append(places, i)
	}
	if len(items) == 0 {
		return sent, nil
	}
	done, err := c.sendItems(ctx, app, items, false)
	if err != nil {
		return nil, err
	}
	for i, s := range done {
		sent[places[i]] = s
	}
	return sent, nil
}

// sendItems sends messages as batchItem has written them; one result for each, in order.
func (c *Client) sendItems(ctx context.Context, app string, items [][]byte, once bool) ([]Sent, error) {
	header := map[string]string{link.HeaderApp: app}
	if err := c.checkHeaders(header, contentJSON); err != nil {
		return nil, err
	}
	var out batchAnswer
	_, err := c.call(ctx, request{
		method: http.MethodPost, path: linkPath + "send", contentType: contentJSON, header: header, body: batchBody(items), once: once,
	}, &out)
	if err != nil {
		return nil, err
	}
	if len(out.Results) != len(items) {
		return nil, &notReached{fmt.Errorf("a batch of %d messages was answered with %d results", len(items), len(out.Results))}
	}
	sent := make([]Sent, len(items))
	for i, one := range out.Results {
		switch {
		case one.Problem != nil:
			sent[i].Err = &Refused{Problem: one.Problem}
		case one.SendResponse == nil || one.MessageID == uuid.Nil:
			return nil, &notReached{errors.New("a message of a batch was answered without a messageId")}
		default:
			sent[i].SendResponse = *one.SendResponse
		}
	}
	return sent, nil
}

// The bytes around the messages of a batch.
const (
	batchOpen  = `{"messages":[`
	batchClose = `]}`
)

// batchBody is a link.BatchRequest of messages that are JSON already.
func batchBody(items [][]byte) []byte {
	size := len(batchOpen) + len(batchClose)
	for _, item := range items {
		size += len(item) + 1
	}
	body := append(make([]byte, 0, size), batchOpen...)
	for i, item := range items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, item...)
	}
	return append(body, batchClose...)
}

// batchItem writes a message as one of a batch, into room where it has enough. What JSON cannot carry is refused
// here: written all the same, it would arrive as something else.
func (c *Client) batchItem(room []byte, m Message) ([]byte, error) {
	b := batchMessage(m)
	if err := c.checkHeaders(b.Headers, b.ContentType); err != nil {
		return nil, err
	}
	if err := c.checkUTF8(b); err != nil {
		return nil, err
	}
	return appendItem(slices.Grow(room[:0], itemRoom+len(m.Body)+len(m.Body)/4), b, m.Body), nil
}

func (c *Client) checkUTF8(b link.BatchMessage) error {
	wrong := link.NewError(link.CodeRequestInvalid)
	for _, f := range []struct{ at, value string }{
		{"/type", b.Type}, {"/audience", b.Audience}, {"/contentType", b.ContentType}, {"/idempotencyKey", b.IdempotencyKey},
	} {
		if !utf8.ValidString(f.value) {
			wrong.At(f.at, link.CodeRequestInvalid, link.NotUTF8)
		}
	}
	for name, value := range b.Headers {
		if !utf8.ValidString(value) {
			wrong.At(link.HeaderName(name), link.CodeRequestInvalid, link.NotUTF8)
		}
	}
	if len(wrong.Errors) == 0 {
		return nil
	}
	return &Refused{Problem: wrong.Problem(c.http.lang, "")}
}

// batchMessage is a message as one of a batch, without its body.
func batchMessage(m Message) link.BatchMessage {
	b := link.BatchMessage{
		Type: m.Type, Audience: m.Audience, ContentType: m.ContentType, IdempotencyKey: m.IdempotencyKey,
	}
	if b.IdempotencyKey == "" {
		b.IdempotencyKey = link.NewID().String()
	}
	set := func(name, value string) {
		if b.Headers == nil {
			b.Headers = make(map[string]string, len(m.Headers)+1)
		}
		b.Headers[name] = value
	}
	for name, value := range m.Headers {
		set(textproto.CanonicalMIMEHeaderKey(name), value)
	}
	for _, h := range [...]struct{ name, value string }{
		{link.HeaderBusinessKey, m.BusinessKey}, {link.HeaderOrderingKey, m.OrderingKey}, {link.HeaderCorrelationID, m.CorrelationID},
	} {
		if h.value != "" {
			set(h.name, h.value)
		}
	}
	return b
}
