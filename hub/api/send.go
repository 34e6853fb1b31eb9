package api

import (
	"context"
	"net/http"
	"time"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// send stores one message. It is the call that a busy hub answers most: the body is read once, into
// its own buffer, which is the one the engine stores.
func (d *Door) send(c *call) error {
	body, err := c.body(link.MaxBody, nil)
	if err != nil {
		return err
	}
	s := exchange.Send{
		Type: c.r.PathValue("type"), Audience: c.r.PathValue("audience"), ContentType: c.r.Header.Get("Content-Type"), Body: body,
		IdempotencyKey: c.r.Header.Get(link.HeaderIdempotencyKey), Headers: link.KeepHeaders(c.r.Header),
	}
	wait, err := c.sendWait()
	if err != nil {
		return err
	}
	r, err := d.cfg.Exchange.Send(c.r.Context(), c.caller, s)
	d.count.sent(r, err)
	c.note("type", s.Type)
	if err != nil {
		return err
	}
	c.note("messageId", r.MessageID)
	if wait > 0 && d.await(c, &r, wait) {
		return c.json(http.StatusOK, r)
	}
	return c.json(http.StatusAccepted, r)
}

// await waits for the ERP's answer. A hub that is about to stop waits no longer.
func (d *Door) await(c *call, r *link.SendResponse, wait time.Duration) bool {
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	defer context.AfterFunc(d.waits, cancel)()
	return d.cfg.Exchange.Await(ctx, c.caller, r, wait)
}

// sendWait is how long the sender wants to wait for the ERP's answer.
func (c *call) sendWait() (time.Duration, error) {
	if c.r.URL.RawQuery == "" {
		return 0, nil
	}
	q, err := c.query()
	if err != nil {
		return 0, err
	}
	p := parameters{q: q}
	wait := p.duration("wait")
	if err := p.err(); err != nil || wait == nil {
		return 0, err
	}
	return *wait, exchange.CheckWait(*wait)
}
