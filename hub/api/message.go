package api

import (
	"encoding/base64"
	"net/http"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// copyBody bounds a copy's request: an edited body of link.MaxBody as a JSON string, every byte of it
// escaped.
const copyBody = 6*link.MaxBody + 64<<10

func (d *Door) trace(c *call) error {
	id, err := c.messageID()
	if err != nil {
		return err
	}
	if c.operator.Name == "" {
		t, err := d.cfg.Exchange.Trace(c.r.Context(), c.caller, id)
		if err != nil {
			return err
		}
		return c.json(http.StatusOK, t)
	}
	tenant, err := c.tenant()
	if err != nil {
		return err
	}
	t, err := d.cfg.Exchange.TraceAny(c.r.Context(), c.operator, tenant, id)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, t)
}

func (d *Door) messageBody(c *call) error {
	id, tenant, err := c.message()
	if err != nil {
		return err
	}
	l, err := d.cfg.Exchange.ReadMessage(c.r.Context(), c.operator, tenant, id)
	if err != nil {
		return err
	}
	m := l.Message
	b := link.MessageBody{ID: m.ID, TenantID: m.TenantID, Type: m.Type, ContentType: m.ContentType}
	if utf8.Valid(m.Body) {
		b.Content = new(string(m.Body))
	} else {
		b.ContentBase64 = new(base64.StdEncoding.EncodeToString(m.Body))
	}
	return c.json(http.StatusOK, b)
}

func (d *Door) copy(c *call) error {
	id, tenant, err := c.message()
	if err != nil {
		return err
	}
	w := exchange.Copy{ID: id, Tenant: tenant, IdempotencyKey: c.r.Header.Get(link.HeaderIdempotencyKey)}
	var r link.CopyRequest
	if c.r.ContentLength != 0 { // no body: a copy as it is
		if r, err = read[link.CopyRequest](c, copyBody); err != nil {
			return err
		}
	}
	w.Reason = r.Reason
	if w.Body, err = bodyOf(contentOf(r.Content), r.ContentBase64); err != nil {
		return err
	}
	done, err := d.cfg.Exchange.Copy(c.r.Context(), c.operator, w)
	if err != nil {
		return err
	}
	c.note("messageId", done.MessageID)
	return c.json(http.StatusAccepted, done)
}

// message is the id in the path, and the tenant of the query, uuid.Nil without one.
func (c *call) message() (id, tenant uuid.UUID, err error) {
	if id, err = c.messageID(); err == nil {
		tenant, err = c.tenant()
	}
	return id, tenant, err
}

// messageID is the id in the path. What is no id names no message.
func (c *call) messageID() (uuid.UUID, error) {
	id, err := link.ParseUUID(c.r.PathValue("id"))
	if err != nil {
		return uuid.Nil, link.NewError(link.CodeMessageUnknown).Because(err)
	}
	c.note("messageId", id)
	return id, nil
}

// tenant is the query parameter, uuid.Nil without one.
func (c *call) tenant() (uuid.UUID, error) {
	q, err := c.query()
	if err != nil || q.Get("tenant") == "" {
		return uuid.Nil, err
	}
	t, err := link.ParseUUID(q.Get("tenant"))
	if err != nil {
		return uuid.Nil, link.NewError(link.CodeRequestInvalid).At("tenant", link.CodeRequestInvalid, link.NotUUID).Because(err)
	}
	return t, nil
}
