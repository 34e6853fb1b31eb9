package api

import (
	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

// auditParameters pick entries of the audit; all that is given must hold.
var auditParameters = []parameter{
	{name: "actor", in: "query", schema: "", example: "ana", about: "Who did it, exactly"},
	{name: "action", in: "query", schema: "", example: "message.", about: "What was done, or its beginning: message. is all that was done to messages"},
	{name: "target", in: "query", schema: "", about: "Anywhere in what it was done to; case does not matter"},
	{name: "tenant", in: "query", schema: "", about: "Done to this tenant, its queues, messages or clients; a UUID with or without dashes"},
	{name: "message", in: "query", schema: "", about: "Done to this message; of several at once the entry names the first"},
	{name: "since", in: "query", schema: "", example: "2026-03-26T00:00:00Z", about: "At this moment or later, RFC 3339"},
	{name: "until", in: "query", schema: "", example: "2026-03-27T00:00:00Z", about: "Before this moment, RFC 3339"},
}

func (d *Door) listAudit(c *call, l registry.List) (link.Page[link.AuditEntry], error) {
	q, err := c.query()
	if err != nil {
		return link.Page[link.AuditEntry]{}, err
	}
	p := parameters{q: q}
	f := registry.AuditFilter{Actor: q.Get("actor"), Action: q.Get("action"), Target: q.Get("target"), Tenant: p.id("tenant"), Message: p.id("message")}
	if at := p.moment("since"); at != nil {
		f.From = *at
	}
	if at := p.moment("until"); at != nil {
		f.To = *at
	}
	if err := p.err(); err != nil {
		return link.Page[link.AuditEntry]{}, err
	}
	return d.cfg.Registry.AuditOf(c.r.Context(), f, l)
}

// id reads a UUID; none given is uuid.Nil.
func (p *parameters) id(name string) uuid.UUID {
	text := p.q.Get(name)
	if text == "" {
		return uuid.Nil
	}
	id, err := link.ParseUUID(text)
	if err != nil {
		p.refuse(name, link.NotUUID)
	}
	return id
}
