package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/textproto"
	"sync"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// sendBatch stores several messages; each is answered on its own.
func (d *Door) sendBatch(c *call) error {
	messages, err := c.batchMessages()
	if err != nil {
		return err
	}
	if err := c.spend(min(len(messages), link.MaxBatch) - 1); err != nil {
		return err
	}
	if len(messages) > link.MaxBatch || len(messages) == 0 {
		_, err := d.cfg.Exchange.SendBatch(c.r.Context(), c.caller, make([]exchange.Send, min(len(messages), link.MaxBatch+1)))
		return err // it refuses them as a whole, whatever is wrong with each
	}
	good := make([]exchange.Send, 0, len(messages))
	wrong := make([]error, len(messages))
	for i := range messages {
		s, err := batchItem(&messages[i])
		if wrong[i] = err; err == nil {
			good = append(good, s)
		}
	}
	var sent []exchange.Sent
	if len(good) > 0 {
		if sent, err = d.cfg.Exchange.SendBatch(c.r.Context(), c.caller, good); err != nil {
			return err
		}
	}
	results := make([]link.BatchResult, len(messages))
	for i := range messages {
		var s *exchange.Sent
		if wrong[i] != nil {
			s = &exchange.Sent{Err: wrong[i]}
		} else {
			s, sent = &sent[0], sent[1:]
		}
		d.count.sent(s.Response, s.Err)
		results[i] = c.batchResult(s)
	}
	c.note("messages", len(messages))
	return c.batch(results)
}

// batchMessages reads the messages of a batch.
func (c *call) batchMessages() ([]batchMessage, error) {
	var room []byte
	if n := c.r.ContentLength; n > batchRoom/2 && n <= batchRoom {
		kept := batchRooms.Get().(*[batchRoom]byte)
		defer batchRooms.Put(kept) // nothing that is read of a batch stands in it
		room = kept[:]
	}
	body, err := c.jsonBody(link.MaxBatchBytes, room)
	if err != nil {
		return nil, err
	}
	if list, quick := readBatch(body); quick {
		return list, nil
	}
	return c.strictBatch(body)
}

// batchRooms are where the texts of batches stand while they are read, of those that take at least half of one: a
// batch of 64 commands does. A body of a few bytes must not hold more memory than is counted for it.
var batchRooms = sync.Pool{New: func() any { return new([batchRoom]byte) }}

const batchRoom = atOnce

// strictBatch reads a batch with encoding/json.
func (c *call) strictBatch(body []byte) ([]batchMessage, error) {
	var r link.BatchRequest
	if err := c.decode(body, "", '{', &r); err != nil {
		return nil, err
	}
	list := make([]batchMessage, len(r.Messages))
	for i, m := range r.Messages {
		list[i].content = contentOf(m.Content)
		m.Content = nil
		list[i].BatchMessage = m
	}
	return list, nil
}

func (c *call) batchResult(s *exchange.Sent) link.BatchResult {
	if s.Err == nil {
		return link.BatchResult{Status: http.StatusAccepted, SendResponse: &s.Response}
	}
	p := c.problem(s.Err)
	return link.BatchResult{Status: p.Status, Problem: p}
}

// problem is the body that a failure would have as an answer of its own.
func (c *call) problem(err error) *link.Problem {
	var e *link.Error
	if !errors.As(err, &e) || e.Status() == 0 {
		e = link.NewError(link.CodeInternal).Because(err)
	}
	return e.Problem(c.lang, c.id)
}

// batchItem makes a send of one message of a batch.
func batchItem(m *batchMessage) (exchange.Send, error) {
	body, err := bodyOf(m.content, m.ContentBase64)
	if err != nil {
		return exchange.Send{}, err
	}
	s := exchange.Send{
		Type: m.Type, Audience: m.Audience, ContentType: m.ContentType, Body: body, IdempotencyKey: m.IdempotencyKey,
	}
	if s.ContentType == "" {
		s.ContentType = contentJSON
	}
	if len(m.Headers) > 0 {
		s.Headers, err = batchHeaders(m.Headers)
	}
	return s, err
}

// batchHeaders are the headers of one message of a batch: only such as travel with it.
func batchHeaders(headers map[string]string) (map[string]string, error) {
	given := make(map[string][]string, len(headers))
	for name, value := range headers {
		given[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	kept := link.KeepHeaders(given)
	for name := range headers {
		if _, ok := kept[textproto.CanonicalMIMEHeaderKey(name)]; !ok {
			return nil, link.NewError(link.CodeRequestInvalid).At("/headers/"+name, link.CodeRequestInvalid,
				link.Both("só SL-* e traceparent, menos SL-App e SL-Installation, que valem para a chamada inteira",
					"only SL-* and traceparent, without SL-App and SL-Installation, which are the whole call's"))
		}
	}
	return kept, nil
}

// contentOf is the body that a string is, nil when there is none.
func contentOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// bodyOf is a body that travels inside JSON: as a string, or in base64.
func bodyOf(content []byte, encoded *string) ([]byte, error) {
	switch {
	case content != nil && encoded != nil:
		return nil, link.NewError(link.CodeRequestInvalid).At("/contentBase64", link.CodeRequestInvalid,
			link.Both("só um de content e contentBase64", "only one of content and contentBase64"))
	case encoded != nil:
		b, err := base64.StdEncoding.DecodeString(*encoded)
		if err != nil {
			return nil, link.NewError(link.CodeRequestInvalid).At("/contentBase64", link.CodeRequestInvalid,
				link.Both("não é base64", "is not base64")).Because(err)
		}
		return b, nil
	}
	return content, nil
}
