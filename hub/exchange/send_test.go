package exchange_test

import (
	"slices"
	"strings"
	"testing"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

const (
	plain     = `{"data":{"CodColigada":1}}`
	jsonType  = "application/json"
	dashless  = "b991502e6faa4e3aaaf4967c4fe2a196"
	otherBody = `{"header":{"type":"FinLanIncDataCommand","tenantId":"11111111-1111-4111-8111-111111111111"},"data":{}}`
)

func TestSendPermission(t *testing.T) {
	for _, tc := range []struct {
		name, typ, app string
		client         link.ClientID
		code           link.Code
		sender         string
	}{
		{name: "only app", client: gesplan, typ: cmd, sender: "GESPLAN"},
		{name: "the one of two that may", client: both, typ: response, sender: "GESPLAN-RM"},
		{name: "two may", client: mixed, typ: cmd, code: link.CodeAppAmbiguous},
		{name: "two may, one named", client: mixed, typ: cmd, app: "OTHER", sender: "OTHER"},
		{name: "named one may not", client: both, typ: cmd, app: "GESPLAN-RM", code: link.CodeTypeForbidden},
		{name: "named one is another's", client: gesplan, typ: cmd, app: "GESPLAN-RM", code: link.CodeAppNotYours},
		{name: "none may", client: rm, typ: cmd, code: link.CodeTypeForbidden},
		{name: "no app", client: bare, typ: cmd, code: link.CodeTypeForbidden},
		{name: "metrics of everybody", client: bare, typ: link.TypeMetrics},
		{name: "metrics with two apps", client: mixed, typ: link.TypeMetrics, sender: "GESPLAN"},
		{name: "malformed type", client: gesplan, typ: "a b", code: link.CodeTypeInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			c := caller(tc.client)
			c.App = tc.app
			_, err := newExchange(e, &directory{}).Send(t.Context(), c, exchange.Send{Type: tc.typ, ContentType: jsonType, Body: []byte(plain)})
			wantCode(t, err, tc.code)
			if err == nil && e.published.Message.Sender != (link.Sender{App: tc.sender, ClientID: tc.client}) {
				t.Errorf("sender %+v", e.published.Message.Sender)
			}
			if err != nil && e.published != nil {
				t.Error("a refused message was published")
			}
		})
	}
}

func TestSendRoutes(t *testing.T) {
	for _, tc := range []struct {
		name, audience string
		code           link.Code
		all            bool
		clients        []link.ClientID
	}{
		{name: "default is LinkProxy", all: true},
		{name: "LinkProxy", audience: link.LinkProxy, all: true},
		{name: "app", audience: "GESPLAN-RM", clients: []link.ClientID{rm, both}},
		{name: "unknown app has nobody", audience: "NOBODY"},
		{name: "malformed", audience: "gesplan", code: link.CodeAudienceInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			_, err := newExchange(e, &directory{}).Send(t.Context(), caller(gesplan),
				exchange.Send{Type: cmd, Audience: tc.audience, ContentType: jsonType, Body: []byte(plain)})
			wantCode(t, err, tc.code)
			if err != nil {
				return
			}
			if got := e.published.Route; got.All != tc.all || !slices.Equal(got.Clients, tc.clients) || got.Optional || got.Transient {
				t.Errorf("route %+v", got)
			}
		})
	}
}

// TestSendNeverCrossesTenants tries to reach another tenant by every part of a request.
func TestSendNeverCrossesTenants(t *testing.T) {
	e := &engine{}
	x := newExchange(e, &directory{})
	for name, s := range map[string]exchange.Send{
		"header":       {Type: cmd, ContentType: jsonType, Body: []byte(otherBody)},
		"cloud event":  {Type: cmd, ContentType: jsonType, Body: []byte(`{"specversion":"1.0","tenantid":"11111111-1111-4111-8111-111111111111"}`)},
		"camel case":   {Type: cmd, ContentType: jsonType, Body: []byte(`{"specversion":"1.0","tenantId":"11111111111141118111111111111111"}`)},
		"not a tenant": {Type: cmd, ContentType: jsonType, Body: []byte(`{"header":{"tenantId":"x"},"data":{}}`)},
	} {
		_, err := x.Send(t.Context(), caller(gesplan), s)
		if link.CodeOf(err) != link.CodeTenantMismatch || e.published != nil {
			t.Errorf("%s: %v, published %v", name, err, e.published)
		}
	}
	if _, err := x.Send(t.Context(), caller(gesplan), exchange.Send{Type: cmd, Audience: "GESPLAN-RM", ContentType: jsonType, Body: []byte(plain)}); err != nil {
		t.Fatal(err)
	}
	if p := e.published; p.Message.TenantID != tenant || slices.Contains(p.Route.Clients, foreign) {
		t.Errorf("tenant %s, clients %v", p.Message.TenantID, p.Route.Clients)
	}
}

func TestSendReadsFields(t *testing.T) {
	long := strings.Repeat("k", link.MaxKey+1)
	h := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, tc := range []struct {
		name, contentType, body, idempotency string
		headers                              map[string]string
		code                                 link.Code
		pointers                             string
		business, ordering, correlation      string
		dedupe, warnings                     string
	}{
		{name: "nothing said", body: plain, warnings: "SL-NO-BUSINESS-KEY"},
		{name: "business key in header", body: plain, headers: h(link.HeaderBusinessKey, "b"), business: "b"},
		{name: "in body", body: `{"header":{"businessKey":"b","orderingKey":"o"},"data":{}}`, business: "b", ordering: "o"},
		{name: "in both, the same", body: `{"header":{"businessKey":"b"},"data":{}}`, headers: h(link.HeaderBusinessKey, "b"), business: "b"},
		{
			name: "in both, different", body: `{"header":{"businessKey":"b"},"data":{}}`, headers: h(link.HeaderBusinessKey, "c"),
			code: link.CodeFieldContradicts, pointers: "/header/businessKey",
		},
		{
			name: "ordering key different", body: `{"header":{"orderingKey":"b"},"data":{}}`, headers: h(link.HeaderOrderingKey, "c"),
			code: link.CodeFieldContradicts, pointers: "/header/orderingKey",
		},
		{name: "tenant without dashes", body: `{"header":{"tenantId":"` + dashless + `","businessKey":"b"},"data":{}}`, business: "b"},
		{name: "type contradicts", body: `{"header":{"type":"Other"},"data":{}}`, code: link.CodeTypeMismatch, pointers: "/header/type"},
		{name: "type is no string", body: `{"header":{"type":1},"data":{}}`, code: link.CodeEnvelopeInvalid, pointers: "/header/type"},
		{name: "totvs standard", body: `{"header":{"businessKey":"b"},"content":{"requestID":"r"}}`, business: "b", correlation: "r"},
		{name: "request id is the product's own", body: `{"header":{"businessKey":"b"},"content":{"requestID":"r"}}`, headers: h(link.HeaderCorrelationID, "c"), business: "b", correlation: "c"},
		{name: "cloud event", body: `{"specversion":"1.0","id":"7","source":"/g","correlationid":"c"}`, correlation: "c", dedupe: "/g#7", warnings: "SL-NO-BUSINESS-KEY"},
		{name: "cloud event contradicts", body: `{"specversion":"1.0","correlationid":"c"}`, headers: h(link.HeaderCorrelationID, "d"), code: link.CodeFieldContradicts, pointers: "/correlationid"},
		{name: "datasul", body: `{"messageId":"m","messageType":"FinLanIncDataCommand","parentUUID":"p","messageContent":{}}`, correlation: "p", dedupe: "m", warnings: "SL-NO-BUSINESS-KEY"},
		{name: "idempotency key before envelope id", body: `{"specversion":"1.0","id":"7"}`, idempotency: "k", dedupe: "k", warnings: "SL-NO-BUSINESS-KEY"},
		{name: "opaque", contentType: "application/octet-stream", body: "\xff\x00", headers: h(link.HeaderBusinessKey, "b"), business: "b"},
		{name: "plain JSON", body: `[1]`, headers: h(link.HeaderBusinessKey, "b"), business: "b"},
		{name: "not JSON", body: `{"a":`, code: link.CodeBodyNotJSON},
		{name: "empty", body: "", code: link.CodeBodyEmpty},
		{name: "too large", body: `"` + strings.Repeat("x", link.MaxBody-1) + `"`, code: link.CodeBodyTooLarge},
		{name: "largest", body: `"` + strings.Repeat("x", link.MaxBody-2) + `"`, headers: h(link.HeaderBusinessKey, "b"), business: "b"},
		{name: "key too long in header", body: plain, headers: h(link.HeaderBusinessKey, long), code: link.CodeRequestInvalid, pointers: "SL-Business-Key"},
		{name: "key of many bytes", body: plain, headers: h(link.HeaderBusinessKey, strings.Repeat("ç", link.MaxKey)), business: strings.Repeat("ç", link.MaxKey)},
		{name: "key too long in body", body: `{"header":{"businessKey":"` + long + `"},"data":{}}`, code: link.CodeEnvelopeInvalid, pointers: "/header/businessKey"},
		{name: "idempotency key too long", body: plain, idempotency: long, code: link.CodeRequestInvalid, pointers: link.HeaderIdempotencyKey},
		{name: "header not UTF-8", body: plain, headers: h("Sl-Meta-X", "\xff"), code: link.CodeRequestInvalid, pointers: "SL-Meta-X"},
		{name: "headers too large", body: plain, headers: h("Sl-Meta-X", strings.Repeat("x", link.MaxHeaderBytes)), code: link.CodeHeadersTooLarge},
		{name: "headers too many", body: plain, headers: manyHeaders(link.MaxHeaders + 1), code: link.CodeHeadersTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.contentType == "" {
				tc.contentType = jsonType
			}
			e := &engine{}
			s := exchange.Send{Type: cmd, ContentType: tc.contentType, Body: []byte(tc.body), IdempotencyKey: tc.idempotency, Headers: tc.headers}
			r, err := newExchange(e, &directory{}).Send(t.Context(), caller(gesplan), s)
			wantCode(t, err, tc.code)
			if got := pointers(err); got != tc.pointers {
				t.Errorf("points at %q, want %q", got, tc.pointers)
			}
			if err != nil {
				if e.published != nil {
					t.Error("a refused message was published")
				}
				return
			}
			m := e.published.Message
			if m.BusinessKey != tc.business || m.OrderingKey != tc.ordering || m.CorrelationID != tc.correlation {
				t.Errorf("keys %q %q %q", m.BusinessKey, m.OrderingKey, m.CorrelationID)
			}
			if string(m.Body) != tc.body {
				t.Error("the body was changed")
			}
			dedupe := ""
			if d := e.published.Dedupe; d != nil {
				dedupe = d.Key
			}
			if dedupe != tc.dedupe {
				t.Errorf("dedupe key %q, want %q", dedupe, tc.dedupe)
			}
			// None of these bodies is a whole command.
			if got, want := codesOf(r.Warnings), strings.TrimSpace(tc.warnings+" "+string(link.CodeSchemaWarning)); got != want {
				t.Errorf("warnings %q, want %q", got, want)
			}
			for name, want := range map[string]string{link.MetaAppCode: "GESPLAN", link.MetaAudience: link.LinkProxy, link.MetaSourceType: link.SourceHTTP} {
				if m.Headers[name] != want {
					t.Errorf("header %s is %q, want %q", name, m.Headers[name], want)
				}
			}
		})
	}
}

func manyHeaders(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m["Sl-Meta-"+strings.Repeat("a", i+1)] = "v"
	}
	return m
}

// TestDedupeHash: the same content has the same hash; each part that counts makes another.
func TestDedupeHash(t *testing.T) {
	hash := func(audience, business, ordering, body string) [32]byte {
		e := &engine{}
		_, err := newExchange(e, &directory{}).Send(t.Context(), caller(gesplan), exchange.Send{
			Type: cmd, Audience: audience, ContentType: "text/plain", Body: []byte(body), IdempotencyKey: "k",
			Headers: map[string]string{link.HeaderBusinessKey: business, link.HeaderOrderingKey: ordering, "Sl-Meta-X": body},
		})
		if err != nil {
			t.Fatal(err)
		}
		return e.published.Dedupe.Hash
	}
	first := hash("", "ab", "c", "x")
	if hash(link.LinkProxy, "ab", "c", "x") != first {
		t.Error("the same content has another hash")
	}
	for name, h := range map[string][32]byte{
		"audience": hash("OTHER", "ab", "c", "x"), "businessKey": hash("", "a", "c", "x"), "orderingKey": hash("", "ab", "", "x"),
		"body": hash("", "ab", "c", "y"), "boundary": hash("", "a", "bc", "x"), "into the body": hash("", "ab", "", "cx"),
	} {
		if h == first {
			t.Errorf("%s does not count", name)
		}
	}
}

func TestSendTellsWhatBecameOfIt(t *testing.T) {
	e := &engine{result: queue.PublishResult{ID: command, Duplicate: true, Queues: []queue.Name{{Tenant: tenant, Client: rm}}}}
	r, err := newExchange(e, &directory{}).Send(t.Context(), caller(gesplan), exchange.Send{Type: cmd, ContentType: jsonType, Body: []byte(plain)})
	if err != nil || r.MessageID != command || !r.Duplicate || !slices.Equal(r.Queues, []string{link.QueueName(tenant, rm)}) {
		t.Errorf("%+v, %v", r, err)
	}
}
