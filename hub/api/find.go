package api

import (
	"net/http"

	"smartlink/hub/exchange"
	"smartlink/link"
)

func (d *Door) findEndpoint() endpoint {
	return endpoint{
		method: http.MethodGet, path: linkPath + "messages", id: "find", tag: tagMessages, who: clientOrViewer, serve: d.find,
		summary: "Find messages by a key, the newest first",
		about: "Exactly one of businessKey, correlationId, rootId. A client finds what it has sent or received; a page may then hold fewer than limit and still " +
			"have a next. People of any role find all of a tenant.",
		parameters: []parameter{
			{name: "businessKey", in: "query", schema: "", example: "contract 42/2024-03/accrual", about: "The business change; resends, copies and repeats share it"},
			{name: "correlationId", in: "query", schema: "", about: "The sender's correlation; of answers the command's id"},
			{name: "rootId", in: "query", schema: "", about: "A message and all its copies"},
			{name: "limit", in: "query", schema: 0, example: 20, about: "Messages of a page, 1 – 100; default 20"},
			{name: "cursor", in: "query", schema: "", about: "next of the page before, with the same parameters"},
			{name: "tenant", in: "query", schema: "", about: "With an API key: the tenant's UUID, needed. With a token it has no meaning"},
			headerLanguage,
		},
		answers:  []reply{{status: http.StatusOK, about: "A page of traces", schema: link.Page[link.Trace]{}}},
		problems: []link.Code{link.CodeRole, link.CodeRequestInvalid},
	}
}

func (d *Door) find(c *call) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	p := parameters{q: q}
	f := exchange.Finding{
		BusinessKey: q.Get("businessKey"), CorrelationID: q.Get("correlationId"), RootID: q.Get("rootId"),
		Cursor: q.Get("cursor"), Limit: p.number("limit"),
	}
	if err := p.err(); err != nil {
		return err
	}
	var page link.Page[link.Trace]
	if c.operator.Name == "" {
		page, err = d.cfg.Exchange.Find(c.r.Context(), c.caller, f)
	} else {
		tenant, wrong := c.tenant()
		if wrong != nil {
			return wrong
		}
		page, err = d.cfg.Exchange.FindAny(c.r.Context(), c.operator, tenant, f)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page)
}
