package api

import (
	"net/http"
	"strconv"

	"smartlink/hub/exchange"
	"smartlink/hub/registry"
	"smartlink/link"
)

const aboutFind = "All that is given must hold; nothing given is everything. A page looks at a bounded number of messages: it may hold fewer than limit, or none, and still " +
	"have a next; searchedUpTo says how far it came. A value of the body is looked up in the index where a type declares its path (`admin search`), and index says of which " +
	"types and since when; else, and with scan=true, the bodies are read. "

var findParameters = []parameter{
	{name: "businessKey", in: "query", schema: "", example: "contract 42/2024-03/accrual", about: "The business change; resends, copies and repeats share it"},
	{name: "correlationId", in: "query", schema: "", about: "The sender's correlation; of answers the command's id"},
	{name: "rootId", in: "query", schema: "", about: "A message and all its copies"},
	{name: "id", in: "query", schema: "", about: "The message"},
	{name: "type", in: "query", schema: "", example: "FinLanIncDataCommand", about: "Only messages of this type"},
	{name: "state", in: "query", schema: "", example: string(link.StateDead), about: "In some queue: ready, behind, delayed, leased, acked, dead or discarded"},
	{name: "from", in: "query", schema: "", example: "2026-03-26T09:14:13Z", about: "Made at this moment or later, RFC 3339"},
	{name: "to", in: "query", schema: "", example: "2026-03-27T09:14:13Z", about: "Made before this moment, RFC 3339"},
	{name: "path", in: "query", schema: "", example: "/data/CodCfo", about: "JSON Pointer to a value of the body; a first segment data stands for the business part of any envelope"},
	{name: "value", in: "query", schema: "", example: "F001", about: "What stands there: a text, a number, true or false; case does not matter"},
	{name: "scan", in: "query", schema: false, about: "true: read the bodies, whatever the index knows"},
	{name: "limit", in: "query", schema: 0, example: 20, about: "Messages of a page, 1 – 100; default 20"},
	{name: "cursor", in: "query", schema: "", about: "next of the page before, with the same parameters"},
	{name: "queue", in: "query", schema: "", example: sampleQueue, about: "With an API key: only messages that stand or stood in this queue, in the state asked for"},
	{name: "tenant", in: "query", schema: "", about: "With an API key: the tenant's UUID, needed unless queue is given. With a token it has no meaning"},
	headerLanguage,
}

// findEndpoints are the calls that find messages.
func (d *Door) findEndpoints() []endpoint {
	answers := []reply{{status: http.StatusOK, about: "A page of traces", schema: link.FoundMessages{}}}
	problems := []link.Code{link.CodeRole, link.CodeRequestInvalid}
	return []endpoint{
		{
			method: http.MethodGet, path: linkPath + "messages", id: "find", tag: tagMessages, who: clientOrViewer, serve: d.find,
			summary: "Find messages, the newest first",
			about: aboutFind + "A client finds what it has sent or received; by a value of the body only what it has sent or acknowledged. People of any role find all of a " +
				"tenant; values of bodies need the role operator, and are audited.",
			parameters: findParameters, answers: answers, problems: problems,
		},
		{
			method: http.MethodGet, path: adminPath + "messages", id: "searchMessages", tag: tagAdmin, who: aViewer, serve: d.find,
			summary: "Find messages of a tenant in all its queues, the newest first", about: aboutFind + "Values of bodies need the role operator, and are audited: the path, not the value.",
			parameters: findParameters, answers: answers, problems: problems,
		},
	}
}

func (d *Door) find(c *call) error {
	v, err := c.query()
	if err != nil {
		return err
	}
	p := parameters{q: v}
	q := exchange.Query{
		ID: v.Get("id"), BusinessKey: v.Get("businessKey"), CorrelationID: v.Get("correlationId"), RootID: v.Get("rootId"), Type: v.Get("type"),
		State: link.State(v.Get("state")), From: p.moment("from"), To: p.moment("to"), Path: v.Get("path"), Value: v.Get("value"), Scan: p.yes("scan"),
		Cursor: v.Get("cursor"), Limit: p.number("limit"),
	}
	if err := p.err(); err != nil {
		return err
	}
	var page link.FoundMessages
	if c.operator.Name == "" {
		page, err = d.cfg.Exchange.Query(c.r.Context(), c.caller, q)
	} else {
		page, err = d.findAny(c, q)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page)
}

func (d *Door) findAny(c *call, q exchange.Query) (link.FoundMessages, error) {
	tenant, err := c.tenant()
	if err != nil {
		return link.FoundMessages{}, err
	}
	if v, err := c.query(); err == nil && v.Get("queue") != "" {
		if q.Queue, err = c.queueName(); err != nil {
			return link.FoundMessages{}, err
		}
	}
	return d.cfg.Exchange.QueryAny(c.r.Context(), c.operator, tenant, q)
}

// yes reads true or false; none given is false.
func (p *parameters) yes(name string) bool {
	s := p.q.Get(name)
	if s == "" {
		return false
	}
	v, err := strconv.ParseBool(s)
	if err != nil {
		p.refuse(name, link.Both("deve ser true ou false", "must be true or false"))
	}
	return v
}

const aboutSearch = "With tenant of that tenant, without of every one; the tenant's rule wins. A change holds for what is sent from then on: what was sent before is found with " +
	"scan=true."

// searchEndpoints are the calls about search paths.
func (d *Door) searchEndpoints() []endpoint {
	r := d.cfg.Registry
	tenant := parameter{name: "tenant", in: "query", schema: "", about: "The rule of this tenant; absent: the rule for every tenant"}
	path := adminPath + "search/{type}"
	return []endpoint{
		list("search", "Rules about search paths, by type", nil, func(c *call, l registry.List) (link.Page[link.SearchRule], error) {
			return r.SearchRules(c.r.Context(), l)
		}),
		{
			method: http.MethodGet, path: path, id: "searchPaths", tag: tagAdmin, who: aViewer,
			summary: "By which values of their bodies messages of a type are found", about: aboutSearch,
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeRole, link.CodeRequestInvalid},
			answers: []reply{{status: http.StatusOK, about: "What holds, all rules taken together", schema: link.SearchDetail{}}},
			serve: func(c *call) error {
				tenant, err := c.tenant()
				if err != nil {
					return err
				}
				return c.json(http.StatusOK, r.Current().SearchDetail(tenant, c.r.PathValue("type")))
			},
		},
		{
			method: http.MethodPut, path: path, id: "changeSearchPaths", tag: tagAdmin, who: anAdmin,
			summary: "Set by which values of their bodies messages of a type are found", about: aboutSearch + " Audited.",
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeNotFound, link.CodeRequestInvalid},
			request: &content{types: []string{contentJSON}, schema: link.SearchChange{}, examples: map[string]any{
				"paths": map[string]any{"paths": []string{"/data/NumeroDocumento", "/data/CodCfo"}}, "none": map[string]any{"paths": []string{}},
			}},
			answers: []reply{{status: http.StatusOK, about: "The rule", schema: link.SearchRule{}}},
			serve: change(func(c *call, in link.SearchChange) (link.SearchRule, error) {
				tenant, err := c.tenant()
				if err != nil {
					return link.SearchRule{}, err
				}
				return r.ChangeSearch(c.r.Context(), c.operator.Name, tenant, c.r.PathValue("type"), in)
			}),
		},
		{
			method: http.MethodDelete, path: path, id: "removeSearchPaths", tag: tagAdmin, who: anAdmin,
			summary: "Remove the rule of a type", about: "The wider rule or the built-in paths hold again. Audited.",
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeNotFound, link.CodeRequestInvalid},
			answers: []reply{{status: http.StatusNoContent, about: "Removed"}},
			serve: func(c *call) error {
				tenant, err := c.tenant()
				if err != nil {
					return err
				}
				if err := r.RemoveSearch(c.r.Context(), c.operator.Name, tenant, c.r.PathValue("type")); err != nil {
					return err
				}
				return c.noContent()
			},
		},
	}
}

// searchSamples are the examples of the description.
func searchSamples() []any {
	rule := link.SearchRule{Type: "Note", TenantID: &sampleTenant, Paths: []string{"/data/number"}, ChangedAt: sampleTime, ChangedBy: "ana"}
	return []any{
		rule, pageOf(rule), link.SearchDetail{Type: "Note", TenantID: &sampleTenant, Paths: rule.Paths, Source: link.SearchOwn, Since: &sampleTime},
		link.FoundMessages{
			Items: []link.Trace{sampleTrace()}, Next: "WyJhbmEiXQ", Upto: &sampleTime, Index: &link.SearchIndex{Types: []string{sampleType}, Since: &sampleTime},
		},
	}
}
