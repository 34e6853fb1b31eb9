package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/textproto"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// sendBatch stores several messages; each is answered on its own.
func (d *Door) sendBatch(c *call) error {
	body, err := c.jsonBody(link.MaxBatchBytes)
	if err != nil {
		return err
	}
	r, quick := readBatch(body)
	if !quick {
		if err := c.decode(body, "", '{', &r); err != nil {
			return err
		}
	}
	if err := c.spend(min(len(r.Messages), link.MaxBatch) - 1); err != nil {
		return err
	}
	list := make([]exchange.Send, len(r.Messages))
	wrong := make([]error, len(r.Messages))
	good := make([]exchange.Send, 0, len(r.Messages))
	for i, m := range r.Messages {
		if list[i], wrong[i] = batchItem(m); wrong[i] == nil {
			good = append(good, list[i])
		}
	}
	if len(r.Messages) > link.MaxBatch || len(r.Messages) == 0 {
		good = list // refused as a whole, whatever is wrong with each
	}
	var sent []exchange.Sent
	if len(good) > 0 || len(r.Messages) == 0 {
		if sent, err = d.cfg.Exchange.SendBatch(c.r.Context(), c.caller, good); err != nil {
			return err
		}
	}
	answer := link.BatchResponse{Results: make([]link.BatchResult, len(list))}
	for i := range list {
		s := exchange.Sent{Err: wrong[i]}
		if s.Err == nil {
			s, sent = sent[0], sent[1:]
		}
		d.count.sent(s.Response, s.Err)
		answer.Results[i] = c.batchResult(s)
	}
	c.note("messages", len(list))
	return c.json(http.StatusOK, answer)
}

func (c *call) batchResult(s exchange.Sent) link.BatchResult {
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

// batchItem reads one message of a batch.
func batchItem(m link.BatchMessage) (exchange.Send, error) {
	body, err := bodyOf(m.Content, m.ContentBase64)
	if err != nil {
		return exchange.Send{}, err
	}
	s := exchange.Send{
		Type: m.Type, Audience: m.Audience, ContentType: m.ContentType, Body: body, IdempotencyKey: m.IdempotencyKey,
	}
	if s.ContentType == "" {
		s.ContentType = contentJSON
	}
	given := make(map[string][]string, len(m.Headers))
	for name, value := range m.Headers {
		given[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	}
	s.Headers = link.KeepHeaders(given)
	for name := range m.Headers {
		if _, kept := s.Headers[textproto.CanonicalMIMEHeaderKey(name)]; !kept {
			return exchange.Send{}, link.NewError(link.CodeRequestInvalid).At("/headers/"+name, link.CodeRequestInvalid,
				link.Both("só SL-* e traceparent, menos SL-App e SL-Installation, que valem para a chamada inteira",
					"only SL-* and traceparent, without SL-App and SL-Installation, which are the whole call's"))
		}
	}
	return s, nil
}

// bodyOf reads a body that travels inside JSON: as a string, or in base64.
func bodyOf(text, encoded *string) ([]byte, error) {
	switch {
	case text != nil && encoded != nil:
		return nil, link.NewError(link.CodeRequestInvalid).At("/contentBase64", link.CodeRequestInvalid,
			link.Both("só um de content e contentBase64", "only one of content and contentBase64"))
	case text != nil:
		return []byte(*text), nil
	case encoded != nil:
		b, err := base64.StdEncoding.DecodeString(*encoded)
		if err != nil {
			return nil, link.NewError(link.CodeRequestInvalid).At("/contentBase64", link.CodeRequestInvalid,
				link.Both("não é base64", "is not base64")).Because(err)
		}
		return b, nil
	}
	return nil, nil
}
