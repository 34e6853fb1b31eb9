package api

import (
	"net/http"
	"slices"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

var (
	queueParameter = parameter{
		name: "queue", in: "query", schema: "", example: "b991502e-6faa-4e3a-aaf4-967c4fe2a196.0f4c1a52d7e14b6d8f3f0a9be2c7d815",
		about: "Name of the queue. With a token: the own one, which is also the default. With an API key: any, and needed",
	}
	browseParameters = []parameter{
		queueParameter,
		{name: "list", in: "query", schema: "", example: string(link.ListDead), about: "waiting (the default), dead or history"},
		{name: "order", in: "query", schema: "", example: string(link.OrderNewest), about: "oldest (the default) or newest first"},
		{name: "type", in: "query", schema: "", example: "FinLanIncDataCommand", about: "Only messages of this type. A page then may hold fewer than limit and still have a next"},
		{name: "limit", in: "query", schema: 0, example: 50, about: "Messages of a page, 1 – 500; default 50"},
		{name: "cursor", in: "query", schema: "", about: "next of the page before, with the same parameters"},
		headerLanguage,
	}
)

// queueEndpoints are the calls that look at a queue and change nothing.
func (d *Door) queueEndpoints() []endpoint {
	problems := []link.Code{link.CodeNoQueue, link.CodeNotFound, link.CodeRole, link.CodeRequestInvalid}
	return []endpoint{
		{
			method: http.MethodGet, path: linkPath + "queue", id: "queue", tag: tagMessages, who: clientOrViewer, serve: d.queue,
			summary: "A queue: subscriptions, counts, age of the oldest", about: "A client sees its own queue, people of any role see all.",
			parameters: []parameter{queueParameter, headerLanguage}, problems: problems,
			answers: []reply{{status: http.StatusOK, about: "The queue", schema: link.QueueDetail{}}},
		},
		{
			method: http.MethodGet, path: linkPath + "queue/messages", id: "browse", tag: tagMessages, who: clientOrViewer, serve: d.browse,
			summary: "Look through a queue's messages", about: "Without their bodies. Nothing changes: nothing is leased, nothing counts. A client sees its own queue, people of any role see all.",
			parameters: browseParameters, problems: problems,
			answers: []reply{{status: http.StatusOK, about: "A page", schema: link.Page[link.QueueEntry]{}}},
		},
	}
}

func (d *Door) queue(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	var got link.QueueDetail
	if c.operator.Name == "" {
		got, err = d.cfg.Exchange.Queue(c.r.Context(), c.caller)
	} else {
		got, err = d.cfg.Exchange.QueueAny(c.r.Context(), c.operator, q)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, got)
}

func (d *Door) browse(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	values, err := c.query()
	if err != nil {
		return err
	}
	p := parameters{q: values}
	look := exchange.Looking{
		List: link.QueueList(values.Get("list")), Order: link.QueueOrder(values.Get("order")), Type: values.Get("type"),
		Cursor: values.Get("cursor"), Limit: p.number("limit"),
	}
	p.wrong = slices.Concat(p.wrong, look.Wrong()) // all at once
	if err := p.err(); err != nil {
		return err
	}
	var page link.Page[link.QueueEntry]
	if c.operator.Name == "" {
		page, err = d.cfg.Exchange.Browse(c.r.Context(), c.caller, look)
	} else {
		page, err = d.cfg.Exchange.BrowseAny(c.r.Context(), c.operator, q, look)
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page)
}

// queueName is the queue a call means. A client that names another than its own is told what it would
// be told of one that does not exist.
func (c *call) queueName() (queue.Name, error) {
	q, err := c.query()
	if err != nil {
		return queue.Name{}, err
	}
	name := q.Get("queue")
	person := c.operator.Name != ""
	own := queue.Name{Tenant: c.caller.Client.Tenant, Client: c.caller.Client.ID}
	switch {
	case name == "" && person:
		return queue.Name{}, link.NewError(link.CodeRequestInvalid).At("queue", link.CodeRequestInvalid,
			link.Both("falta o nome da fila", "the queue's name is missing"))
	case name == "":
		return own, nil
	}
	tenant, client, err := link.ParseQueueName(name)
	if err != nil {
		return queue.Name{}, link.NewError(link.CodeRequestInvalid).Because(err).At("queue", link.CodeRequestInvalid,
			link.Both("não é um nome de fila", "is no queue's name"))
	}
	named := queue.Name{Tenant: tenant, Client: client}
	c.note("queue", named.String())
	if !person && named != own {
		return queue.Name{}, link.NewError(link.CodeNotFound, "what", "Queue "+named.String(), "whatPT", "A fila "+named.String())
	}
	return named, nil
}
