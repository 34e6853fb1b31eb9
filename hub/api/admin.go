package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"smartlink/hub/exchange"
	"smartlink/hub/registry"
	"smartlink/link"
)

const adminPath = "/api/v1/admin/"

var (
	listParameters = []parameter{
		{name: "limit", in: "query", schema: 0, about: "Items of a page, 1 – 500; default 50"},
		{name: "cursor", in: "query", schema: "", about: "next of the page before"},
		headerLanguage,
	}
	tenantFilter = parameter{name: "tenant", in: "query", schema: "", about: "Of this tenant only; a UUID with or without dashes"}
)

// adminEndpoints are the calls of people.
func (d *Door) adminEndpoints() []endpoint {
	r := d.cfg.Registry
	return []endpoint{
		{
			method: http.MethodPost, path: adminPath + "init", id: "init", tag: tagAdmin, who: anyone,
			summary: "Spend the first-start code and make the first administrator", about: "Works once. The API key in the answer is shown once.",
			request: &content{types: []string{contentJSON}, schema: link.InitRequest{}}, parameters: []parameter{headerLanguage},
			answers:  []reply{{status: http.StatusCreated, about: "The administrator and the API key", schema: link.InitResponse{}}},
			problems: []link.Code{link.CodeStartCode, link.CodeRateLimited},
			serve:    create(func(c *call, in link.InitRequest) (link.InitResponse, error) { return r.Init(c.r.Context(), in) }),
		},
		list("companies", "Companies by name", nil, func(c *call, l registry.List) (link.Page[link.Company], error) {
			return r.Companies(c.r.Context(), l)
		}),
		creation("companies", "createCompany", "Create a company", link.CompanyRequest{}, link.Company{}, nil,
			create(func(c *call, in link.CompanyRequest) (link.Company, error) {
				return r.CreateCompany(c.r.Context(), c.operator.Name, in)
			})),
		list("tenants", "Tenants", nil, func(c *call, l registry.List) (link.Page[link.Tenant], error) {
			return r.Tenants(c.r.Context(), l)
		}),
		creation("tenants", "createTenant", "Create a tenant", link.TenantRequest{}, link.Tenant{}, []link.Code{link.CodeNotFound},
			create(func(c *call, in link.TenantRequest) (link.Tenant, error) {
				return r.CreateTenant(c.r.Context(), c.operator.Name, in)
			})),
		list("apps", "Apps by code", nil, func(c *call, l registry.List) (link.Page[link.App], error) {
			return r.Apps(c.r.Context(), l)
		}),
		{
			method: http.MethodPut, path: adminPath + "apps/{code}", id: "putApp", tag: tagAdmin, who: anAdmin,
			summary: "Create or replace an app", parameters: []parameter{headerLanguage},
			request: &content{types: []string{contentJSON}, schema: link.AppRequest{}},
			answers: []reply{{status: http.StatusOK, about: "The app", schema: link.App{}}},
			serve: change(func(c *call, in link.AppRequest) (link.App, error) {
				return r.PutApp(c.r.Context(), c.operator.Name, c.r.PathValue("code"), in)
			}),
		},
		list("queues", "Queues with their counts, by name", []parameter{tenantFilter}, d.listQueues),
		list("audit", "Administrative changes, the newest first", auditParameters, d.listAudit),
		list("clients", "Clients, without their secrets", []parameter{tenantFilter}, d.listClients),
		creation("clients", "createClient", "Create a client; its secret is shown once", link.ClientRequest{}, link.ClientCreated{}, nil,
			create(func(c *call, in link.ClientRequest) (link.ClientCreated, error) {
				return r.CreateClient(c.r.Context(), c.operator.Name, in)
			})),
		{
			method: http.MethodPatch, path: adminPath + "clients/{id}", id: "changeClient", tag: tagAdmin, who: anAdmin,
			summary: "Change a client's name or apps", about: "Absent properties stay. Takes effect with the next request.",
			parameters: []parameter{headerLanguage}, request: &content{types: []string{contentJSON}, schema: link.ClientChange{}},
			answers:  []reply{{status: http.StatusOK, about: "The client", schema: link.Client{}}},
			problems: []link.Code{link.CodeNotFound, link.CodeConflict},
			serve: change(func(c *call, in link.ClientChange) (link.Client, error) {
				id, err := c.clientID()
				if err != nil {
					return link.Client{}, err
				}
				return r.ChangeClient(c.r.Context(), c.operator.Name, id, in)
			}),
		},
		{
			method: http.MethodPost, path: adminPath + "clients/{id}/secrets", id: "addSecret", tag: tagAdmin, who: anAdmin,
			summary: "Add a second secret", about: "So that the first can be replaced without a pause. A client has at most two. Shown once.",
			parameters: []parameter{headerLanguage},
			answers:    []reply{{status: http.StatusCreated, about: "The secret", schema: link.SecretCreated{}}},
			problems:   []link.Code{link.CodeNotFound, link.CodeSecretLimit},
			serve: func(c *call) error {
				return answer(c, http.StatusCreated, func(id link.ClientID) (link.SecretCreated, error) {
					return r.AddSecret(c.r.Context(), c.operator.Name, id)
				})
			},
		},
		{
			method: http.MethodDelete, path: adminPath + "clients/{id}/secrets/{secret}", id: "removeSecret", tag: tagAdmin, who: anAdmin,
			summary: "Remove a secret", about: "Tokens already given live on until they expire; revoke ends them.",
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusNoContent, about: "Removed"}},
			problems: []link.Code{link.CodeNotFound},
			serve: func(c *call) error {
				id, err := c.clientID()
				if err != nil {
					return err
				}
				if err := r.RemoveSecret(c.r.Context(), c.operator.Name, id, c.r.PathValue("secret")); err != nil {
					return err
				}
				return c.noContent()
			},
		},
		{
			method: http.MethodPost, path: adminPath + "clients/{id}/revoke", id: "revoke", tag: tagAdmin, who: anAdmin,
			summary: "Refuse every token the client got so far", about: "Its secrets stay; remove those that are known to others.",
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "The client", schema: link.Client{}}},
			problems: []link.Code{link.CodeNotFound},
			serve: func(c *call) error {
				return answer(c, http.StatusOK, func(id link.ClientID) (link.Client, error) {
					return r.Revoke(c.r.Context(), c.operator.Name, id)
				})
			},
		},
	}
}

// creation describes a POST that makes something.
func creation(name, id, summary string, in, out any, more []link.Code, serve func(*call) error) endpoint {
	return endpoint{
		method: http.MethodPost, path: adminPath + name, id: id, tag: tagAdmin, who: anAdmin, summary: summary, serve: serve,
		parameters: []parameter{headerLanguage}, request: &content{types: []string{contentJSON}, schema: in},
		answers:  []reply{{status: http.StatusCreated, about: "Made", schema: out}},
		problems: append([]link.Code{link.CodeConflict}, more...),
	}
}

// list describes and serves a paged list.
func list[T any](name, summary string, more []parameter, page func(*call, registry.List) (link.Page[T], error)) endpoint {
	return endpoint{
		method: http.MethodGet, path: adminPath + name, id: "list" + string(name[0]-'a'+'A') + name[1:], tag: tagAdmin, who: aViewer,
		summary: summary, parameters: append(slices.Clone(more), listParameters...),
		answers:  []reply{{status: http.StatusOK, about: "A page", schema: link.Page[T]{}}},
		problems: []link.Code{link.CodeRequestInvalid},
		serve: func(c *call) error {
			l, err := c.list()
			if err != nil {
				return err
			}
			p, err := page(c, l)
			if err != nil {
				return err
			}
			if p.Items == nil {
				p.Items = []T{}
			}
			return c.json(http.StatusOK, p)
		},
	}
}

// create serves a call that reads a body and answers 201; change one that answers 200.
func create[I, O any](do func(*call, I) (O, error)) func(*call) error {
	return serveBody(http.StatusCreated, do)
}

func change[I, O any](do func(*call, I) (O, error)) func(*call) error {
	return serveBody(http.StatusOK, do)
}

func serveBody[I, O any](status int, do func(*call, I) (O, error)) func(*call) error {
	return func(c *call) error {
		in, err := read[I](c, smallBody)
		if err != nil {
			return err
		}
		out, err := do(c, in)
		if err != nil {
			return err
		}
		return c.json(status, out)
	}
}

// answer serves a call about one client, without a body.
func answer[O any](c *call, status int, do func(link.ClientID) (O, error)) error {
	id, err := c.clientID()
	if err != nil {
		return err
	}
	out, err := do(id)
	if err != nil {
		return err
	}
	return c.json(status, out)
}

// clientID is the id in the path. What is no id names no client.
func (c *call) clientID() (link.ClientID, error) {
	id, err := link.ParseClientID(c.r.PathValue("id"))
	if err != nil {
		return "", link.NewError(link.CodeNotFound, "what", "Client "+c.r.PathValue("id"), "whatPT", "O cliente "+c.r.PathValue("id")).Because(err)
	}
	return id, nil
}

// list reads the bounds of a list.
func (c *call) list() (registry.List, error) {
	q, err := c.query()
	if err != nil {
		return registry.List{}, err
	}
	p := parameters{q: q}
	l := registry.List{Cursor: q.Get("cursor")}
	if n := p.number("limit"); n != nil {
		if l.Limit = *n; *n < 1 || *n > registry.MaxPage {
			p.refuse("limit", link.Range(1, registry.MaxPage))
		}
	}
	return l, p.err()
}

func (d *Door) listClients(c *call, l registry.List) (link.Page[link.Client], error) {
	tenant, err := c.tenant()
	if err != nil {
		return link.Page[link.Client]{}, err
	}
	return d.cfg.Registry.Clients(c.r.Context(), tenant, l)
}

// listQueues pages by the queue's name, which is the cursor.
func (d *Door) listQueues(c *call, l registry.List) (link.Page[link.QueueInfo], error) {
	var p link.Page[link.QueueInfo]
	tenant, err := c.tenant()
	if err != nil {
		return p, err
	}
	infos, err := d.cfg.Queues.Queues(c.r.Context(), tenant)
	if err != nil {
		return p, err
	}
	clients := d.cfg.Registry.Current()
	limit := cmp.Or(l.Limit, registry.DefaultPage)
	for _, q := range infos {
		name := q.Queue.String()
		if name <= l.Cursor {
			continue
		}
		if len(p.Items) == limit {
			p.Next = p.Items[limit-1].Queue
			break
		}
		known, _ := clients.Client(q.Queue.Client)
		p.Items = append(p.Items, exchange.QueueInfo(q, known.Name))
	}
	return p, nil
}

// ackRequest describes what ack takes: one settlement or a list.
type ackRequest struct{}

// Schema is that description.
func (ackRequest) Schema(r huma.Registry) *huma.Schema {
	one := schemaOf[link.Settlement](r)
	limit := link.MaxAck
	return &huma.Schema{OneOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one, MaxItems: &limit}}}
}
