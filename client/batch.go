package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
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
// repeated. App, of the first message that has one, is the whole call's; Wait has no meaning.
func (c *Client) SendBatch(ctx context.Context, list []Message) ([]Sent, error) {
	if len(list) == 0 {
		return nil, nil
	}
	r := link.BatchRequest{Messages: make([]link.BatchMessage, len(list))}
	header := map[string]string{}
	for i, m := range list {
		r.Messages[i] = batchMessage(m)
		if m.App != "" && header[link.HeaderApp] == "" {
			header[link.HeaderApp] = m.App
		}
	}
	var out link.BatchResponse
	if err := c.checkHeaders(header, "application/json"); err != nil {
		return nil, err
	}
	if _, err := c.callWith(ctx, "send", header, r, &out); err != nil {
		return nil, err
	}
	if len(out.Results) != len(list) {
		return nil, &notReached{fmt.Errorf("a batch of %d messages was answered with %d results", len(list), len(out.Results))}
	}
	sent := make([]Sent, len(list))
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

func batchMessage(m Message) link.BatchMessage {
	b := link.BatchMessage{
		Type: m.Type, Audience: m.Audience, ContentType: m.ContentType, IdempotencyKey: m.IdempotencyKey, Headers: map[string]string{},
	}
	if b.IdempotencyKey == "" {
		b.IdempotencyKey = link.NewID().String()
	}
	if text := string(m.Body); utf8.ValidString(text) {
		b.Content = &text
	} else {
		encoded := base64.StdEncoding.EncodeToString(m.Body)
		b.ContentBase64 = &encoded
	}
	for name, value := range m.Headers {
		b.Headers[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	for name, value := range map[string]string{
		link.HeaderBusinessKey: m.BusinessKey, link.HeaderOrderingKey: m.OrderingKey, link.HeaderCorrelationID: m.CorrelationID,
	} {
		if value != "" {
			b.Headers[name] = value
		}
	}
	return b
}
