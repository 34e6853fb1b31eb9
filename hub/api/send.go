package api

import (
	"net/http"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// send stores one message. It is the call that a busy hub answers most: the body is read once, into
// its own buffer, which is the one the engine stores.
func (d *Door) send(c *call) error {
	body, err := c.body(link.MaxBody)
	if err != nil {
		return err
	}
	s := exchange.Send{
		Type: c.r.PathValue("type"), Audience: c.r.PathValue("audience"), ContentType: c.r.Header.Get("Content-Type"), Body: body,
		IdempotencyKey: c.r.Header.Get(link.HeaderIdempotencyKey), Headers: link.KeepHeaders(c.r.Header),
	}
	r, err := d.cfg.Exchange.Send(c.r.Context(), c.caller, s)
	d.count.sent(r, err)
	c.note("type", s.Type)
	if err != nil {
		return err
	}
	c.note("messageId", r.MessageID)
	return c.json(http.StatusAccepted, r)
}
