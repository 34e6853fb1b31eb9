package api

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"smartlink/link"
)

// Names of the ways to authenticate in the description.
const (
	schemeToken = "token"
	schemeKey   = "apiKey"
)

const aboutAPI = `The link API sends and receives messages for the clients of a tenant; the admin API is for people.

* The tenant always comes from the token. A client sees its own tenant only.
* Errors are ` + "`application/problem+json`" + ` (RFC 9457) with a stable ` + "`code`" + `; ` + "`type`" + ` links to its page. Texts are Portuguese or
  English by Accept-Language.
* Bodies of messages are kept byte for byte.
* Delivery is at least once: a message leaves its queue only when it is acknowledged, discarded or dead.`

// describe makes the OpenAPI description of all calls.
func describe(endpoints []endpoint) *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	schemas.RegisterTypeAlias(reflect.TypeFor[link.Delivery](), reflect.TypeFor[Delivery]())
	schemas.RegisterTypeAlias(reflect.TypeFor[link.BatchResult](), reflect.TypeFor[BatchResult]())
	o := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "SmartLink hub", Version: "1", Description: aboutAPI,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/", Description: "This hub"}},
		Tags: []*huma.Tag{
			{Name: tagLink, Description: "Messages of a client"},
			{Name: tagMessages, Description: "Where a message is; copies"},
			{Name: tagAdmin, Description: "Companies, tenants, apps, clients, users, work on queues, audit"},
			{Name: tagIdentity, Description: "Tokens and the keys that prove them"},
			{Name: tagHub, Description: "What the hub tells about itself"},
		},
		Components: &huma.Components{
			Schemas:  schemas,
			Examples: map[string]*huma.Example{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				schemeToken: {
					Type: "oauth2", Description: "A client's token of POST /totvs.rac/connect/token",
					Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{
						TokenURL: "/totvs.rac/connect/token", Scopes: map[string]string{"authorization_api": "Use the link API"},
					}},
				},
				schemeKey: {Type: "http", Scheme: "bearer", Description: "A person's API key"},
			},
		},
	}
	d := describer{schemas, o.Components.Examples}
	for _, e := range endpoints {
		o.AddOperation(d.operation(e))
	}
	d.finish(endpoints)
	return o
}

// schemaName names a type in the description: link.Page[link.Company] is CompanyPage.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if item, ok := strings.CutPrefix(name, "Page"); ok && item != "" {
		return strings.TrimPrefix(item, "Link") + "Page"
	}
	return name
}

type describer struct {
	schemas  huma.Registry
	examples map[string]*huma.Example // of problems, by code
}

func (d describer) schema(v any) *huma.Schema {
	return d.schemas.Schema(reflect.TypeOf(v), true, "")
}

// schemaOf refers to a type's schema.
func schemaOf[T any](r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

func (d describer) operation(e endpoint) *huma.Operation {
	op := &huma.Operation{
		Method: e.method, Path: e.path, OperationID: e.id, Tags: []string{e.tag}, Summary: e.summary, Description: e.about,
		Responses: map[string]*huma.Response{}, Security: security(e.who),
	}
	for segment := range strings.SplitSeq(e.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			op.Parameters = append(op.Parameters, d.pathParameter(strings.TrimSuffix(name, "}")))
		}
	}
	for _, p := range e.parameters {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: p.name, In: p.in, Description: p.about, Example: p.example, Schema: inline(d.schema(p.schema)),
		})
	}
	if e.request != nil {
		op.RequestBody = &huma.RequestBody{Required: !e.request.optional, Content: map[string]*huma.MediaType{}}
		for _, t := range e.request.types {
			m := &huma.MediaType{}
			if e.request.schema != nil {
				m.Schema = d.schema(e.request.schema)
			}
			if t == contentJSON || t == contentForm {
				m.Examples = examplesOf(e.request)
			}
			op.RequestBody.Content[t] = m
		}
	}
	for _, r := range e.answers {
		a := &huma.Response{Description: r.about}
		if r.schema != nil {
			example := r.example
			if example == nil {
				example = sampleOf(r.schema)
			}
			a.Content = map[string]*huma.MediaType{cmp.Or(r.media, contentJSON): {Schema: d.schema(r.schema), Example: example}}
		}
		op.Responses[strconv.Itoa(r.status)] = a
	}
	d.problems(op, e)
	return op
}

// examplesOf are the examples of a request: its own, else that of its type.
func examplesOf(c *content) map[string]*huma.Example {
	list := map[string]*huma.Example{}
	for name, v := range c.examples {
		list[name] = &huma.Example{Value: asJSON(v)}
	}
	if v := sampleOf(c.schema); len(list) == 0 && v != nil {
		list["example"] = &huma.Example{Value: v}
	}
	return list
}

func security(who access) []map[string][]string {
	token, key := map[string][]string{schemeToken: {"authorization_api"}}, map[string][]string{schemeKey: {}}
	switch who {
	case anyone:
		return []map[string][]string{}
	case aClient:
		return []map[string][]string{token}
	case clientOrViewer:
		return []map[string][]string{token, key}
	default:
		return []map[string][]string{key}
	}
}

// problems documents the problems of a call, one response for each status, one example for each code.
func (d describer) problems(op *huma.Operation, e endpoint) {
	codes := slices.Clone(e.problems)
	if !e.foreign {
		codes = append(codes, commonProblems(e)...)
	}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		p := link.NewError(code).Problem(link.English, "01890c24-9f2e-7b7e-8a53-6b1c1f0f4f10")
		status := strconv.Itoa(p.Status)
		r := op.Responses[status]
		if r == nil {
			r = &huma.Response{Description: http.StatusText(p.Status), Content: map[string]*huma.MediaType{}}
			op.Responses[status] = r
		}
		m := r.Content[p.ContentType("")]
		if m == nil {
			m = &huma.MediaType{Schema: d.schema(link.Problem{}), Examples: map[string]*huma.Example{}}
			r.Content[p.ContentType("")] = m
		}
		d.examples[string(code)] = &huma.Example{Summary: p.Title, Value: asJSON(p)}
		m.Examples[string(code)] = &huma.Example{Ref: "#/components/examples/" + string(code)}
	}
}

// commonProblems are those of a call's access, of its body, and of every call.
func commonProblems(e endpoint) []link.Code {
	var codes []link.Code
	if e.who != anyone {
		codes = append(codes, link.CodeTokenMissing)
	}
	switch e.who {
	case anyone:
	case aClient:
		codes = append(codes, link.CodeTokenInvalid, link.CodeTokenExpired, link.CodeTokenRevoked, link.CodeRateLimited)
	case clientOrViewer:
		codes = append(codes, link.CodeTokenInvalid, link.CodeTokenExpired, link.CodeTokenRevoked, link.CodeKeyInvalid, link.CodeRateLimited)
	default:
		codes = append(codes, link.CodeKeyInvalid, link.CodeRole)
	}
	if e.request != nil {
		codes = append(codes, link.CodeMediaType, link.CodeBodyIncomplete, link.CodeBodyTooLarge)
		if e.request.schema != nil {
			codes = append(codes, link.CodeBodyNotJSON, link.CodeRequestInvalid)
		}
	}
	if strings.HasPrefix(e.path, adminPath) && e.method != http.MethodGet {
		codes = append(codes, link.CodeChangeUnknown) // it changes the registry, or writes into its audit
	}
	return append(codes, link.CodeUnavailable, link.CodeInternal)
}

func (d describer) pathParameter(name string) *huma.Param {
	p := &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}
	switch name {
	case "type":
		p.Description, p.Example, p.Schema.Pattern = "Message type", "FinLanIncDataCommand", "^[A-Za-z][A-Za-z0-9_.-]{0,99}$"
	case "audience":
		p.Description, p.Example = "App code the message is meant for, or LinkProxy for every queue of the tenant that subscribes", link.LinkProxy
	case "code":
		p.Description, p.Example, p.Schema.Pattern = "App code", "GESPLAN", "^[A-Z0-9-]{2,32}$"
	case "id":
		p.Description = "Id, a UUID with or without dashes"
	case "name":
		p.Description, p.Example = "Name of the user", "bruno"
	case "secret":
		p.Description = "Id of the secret"
	}
	return p
}

// finish mends what Go types alone do not tell: codes and states are of a list, and answers may gain
// properties, while requests with unknown ones are refused.
func (d describer) finish(endpoints []endpoint) {
	requests := map[string]bool{}
	for _, e := range endpoints {
		if e.request != nil && e.request.schema != nil {
			requests[reflect.TypeOf(e.request.schema).Name()] = true
		}
	}
	requests["Settlement"] = true
	all := d.schemas.Map()
	for name, s := range all {
		if s.Type == huma.TypeObject && !requests[name] && s.AdditionalProperties == false {
			s.AdditionalProperties = nil
		}
		for _, p := range s.Properties {
			if p.Type == huma.TypeArray { // ours are never null
				p.Nullable = false
			}
		}
	}
	codes := make([]any, 0, len(link.Entries()))
	for _, e := range link.Entries() {
		if e.Status != 0 {
			codes = append(codes, string(e.Code))
		}
	}
	all["Problem"].Properties["code"].Enum = codes
}

// inline makes the schema of a parameter stand by itself.
func inline(s *huma.Schema) *huma.Schema {
	c := *s
	c.Nullable = false
	return &c
}

// Delivery describes an item of get, which link.Delivery writes itself. A test keeps the two the
// same.
type Delivery struct {
	DeliveryTag   int64             `json:"deliveryTag" doc:"Names this one delivery; ack wants it" example:"4294967297"`
	ID            uuid.UUID         `json:"id" doc:"The message"`
	RootID        uuid.UUID         `json:"rootId" doc:"The first of a chain of copies; the id unless a copy"`
	BusinessKey   string            `json:"businessKey,omitempty" doc:"The one business change the message asks for"`
	OrderingKey   string            `json:"orderingKey,omitempty" doc:"Messages of one key come one at a time, in order"`
	CorrelationID string            `json:"correlationId,omitempty" doc:"The sender's correlation; in answers the command's id"`
	TenantID      uuid.UUID         `json:"tenantId"`
	Sender        link.Sender       `json:"sender"`
	Type          string            `json:"type" example:"FinLanIncDataCommand"`
	Audience      string            `json:"audience" example:"LinkProxy"`
	Attempt       int               `json:"attempt" doc:"1 + earlier unreleased deliveries from this queue"`
	RequeueCount  int               `json:"requeueCount" doc:"Failed deliveries (ack false)"`
	LostCount     int               `json:"lostCount" doc:"Leases that ended unsettled"`
	CreatedAt     time.Time         `json:"createdAt"`
	CreatedBy     string            `json:"createdBy,omitempty" doc:"The operator who made a copy"`
	LeaseUntil    time.Time         `json:"leaseUntil" doc:"Ack before then"`
	Headers       map[string]string `json:"headers" doc:"SL-* headers, traceparent, and appCode, audience, source-type of the hub"`
	ContentType   string            `json:"contentType" example:"application/json"`
	Content       string            `json:"content,omitempty" doc:"The exact body as a JSON string; absent when it is not UTF-8"`
	ContentBase64 string            `json:"contentBase64,omitempty" doc:"The body when it is not UTF-8"`
}

// BatchResult describes an item of a batch's answer, which link.BatchResult puts together.
type BatchResult struct {
	Status    int                 `json:"status" doc:"202, or that of the problem" example:"202"`
	MessageID *uuid.UUID          `json:"messageId,omitempty" doc:"Of a message that was taken"`
	Queues    []string            `json:"queues,omitempty" doc:"Of a message that was taken: the queues it stands in"`
	Duplicate *bool               `json:"duplicate,omitempty" doc:"Of a message that was taken: whether it was a repeat"`
	Warnings  []link.Warning      `json:"warnings,omitempty" doc:"Of a message that was taken"`
	Outcomes  []link.QueueOutcome `json:"outcomes,omitempty"`
	Problem   *link.Problem       `json:"problem,omitempty" doc:"Why the message was refused"`
}

// OpenAPI answers the description of the API as YAML.
func (d *Door) OpenAPI() ([]byte, error) {
	b, err := d.openapi.YAML()
	if err != nil {
		return nil, fmt.Errorf("OpenAPI as YAML: %w", err)
	}
	return b, nil
}
