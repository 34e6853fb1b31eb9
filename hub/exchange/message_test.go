package exchange_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// TestTraceIsForThoseConcerned: the sender and the receivers read it, nobody else, and nobody of
// another tenant.
func TestTraceIsForThoseConcerned(t *testing.T) {
	e := &engine{traces: map[uuid.UUID]queue.Traced{
		tenant: {Trace: link.Trace{ID: command, Sender: link.Sender{ClientID: gesplan}}, Clients: []link.ClientID{rm}},
	}}
	x := newExchange(e, &directory{})
	for id, want := range map[link.ClientID]link.Code{
		gesplan: "", rm: "", both: link.CodeMessageUnknown, bare: link.CodeMessageUnknown, foreign: link.CodeMessageUnknown,
	} {
		if _, err := x.Trace(t.Context(), caller(id), command); link.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
}

func TestTraceAny(t *testing.T) {
	e := &engine{traces: map[uuid.UUID]queue.Traced{tenant: {Trace: link.Trace{ID: command}}}}
	x := newExchange(e, &directory{})
	for _, tc := range []struct {
		name   string
		role   link.Role
		tenant uuid.UUID
		code   link.Code
	}{
		{name: "found", role: link.RoleViewer},
		{name: "in the tenant", role: link.RoleOperator, tenant: tenant},
		{name: "in another", role: link.RoleAdministrator, tenant: another, code: link.CodeMessageUnknown},
		{name: "no role", code: link.CodeRole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr, err := x.TraceAny(t.Context(), exchange.Operator{Name: "ana", Role: tc.role}, tc.tenant, command)
			wantCode(t, err, tc.code)
			if err == nil && tr.ID != command {
				t.Errorf("%+v", tr)
			}
		})
	}
}

func original() link.Message {
	return link.Message{
		ID: command, RootID: uuid.MustParse("0190f2c6-0000-7000-8000-000000000001"), BusinessKey: "b", OrderingKey: "o", CorrelationID: "c", TenantID: tenant,
		Sender: link.Sender{App: "GESPLAN", ClientID: gesplan}, Type: cmd, Audience: "GESPLAN-RM", ContentType: jsonType,
		Headers: map[string]string{link.HeaderBusinessKey: "b", link.MetaAppCode: "GESPLAN"},
		Body:    []byte(`{"header":{"type":"FinLanIncDataCommand","businessKey":"b"},"data":{"CodCfo":"1"}}`),
	}
}

func TestCopy(t *testing.T) {
	admin := exchange.Operator{Name: "ana", Role: link.RoleAdministrator, Lang: link.Portuguese}
	for _, tc := range []struct {
		name   string
		who    exchange.Operator
		in     exchange.Copy
		code   link.Code
		body   string
		detail string // of the audit entry, without the new id
	}{
		{name: "as it is", who: admin, body: string(original().Body)},
		{name: "edited", who: admin, in: exchange.Copy{Body: []byte(`{"header":{"businessKey":"b"},"data":{"CodCfo":"2"}}`), Reason: "why"}, body: `{"header":{"businessKey":"b"},"data":{"CodCfo":"2"}}`, detail: ", body edited: why"},
		{name: "keys left out of the body", who: admin, in: exchange.Copy{Body: []byte(`{"data":{}}`)}, body: `{"data":{}}`, detail: ", body edited"},
		{name: "in its tenant", who: admin, in: exchange.Copy{Tenant: tenant}, body: string(original().Body)},
		{name: "in another tenant", who: admin, in: exchange.Copy{Tenant: another}, code: link.CodeMessageUnknown},
		{name: "operator", who: exchange.Operator{Name: "bob", Role: link.RoleOperator}, code: link.CodeRole},
		{name: "other type", who: admin, in: exchange.Copy{Body: []byte(`{"header":{"type":"Other"},"data":{}}`)}, code: link.CodeTypeMismatch},
		{name: "other tenant", who: admin, in: exchange.Copy{Body: []byte(otherBody)}, code: link.CodeTenantMismatch},
		{name: "other business key", who: admin, in: exchange.Copy{Body: []byte(`{"header":{"businessKey":"z"},"data":{}}`)}, code: link.CodeFieldContradicts},
		{name: "other ordering key", who: admin, in: exchange.Copy{Body: []byte(`{"header":{"orderingKey":"z"},"data":{}}`)}, code: link.CodeFieldContradicts},
		{name: "not JSON", who: admin, in: exchange.Copy{Body: []byte(`{`)}, code: link.CodeBodyNotJSON},
		{name: "empty", who: admin, in: exchange.Copy{Body: []byte{}}, code: link.CodeBodyEmpty},
		{name: "too large", who: admin, in: exchange.Copy{Body: make([]byte, link.MaxBody+1)}, code: link.CodeBodyTooLarge},
		{name: "reason too long", who: admin, in: exchange.Copy{Reason: strings.Repeat("x", link.MaxReason+1)}, code: link.CodeRequestInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, d := &engine{message: original()}, &directory{}
			tc.in.ID = command
			r, err := newExchange(e, d).Copy(t.Context(), tc.who, tc.in)
			wantCode(t, err, tc.code)
			if err != nil {
				if e.published != nil || len(d.audit) > 0 {
					t.Errorf("a refused copy was published (%v) or audited (%v)", e.published != nil, d.audit)
				}
				return
			}
			m, o := e.published.Message, original()
			if m.ID == o.ID || m.ID != r.MessageID || m.RootID != o.RootID || m.BusinessKey != o.BusinessKey || m.OrderingKey != o.OrderingKey ||
				m.CorrelationID != o.CorrelationID || m.TenantID != o.TenantID || m.Sender != o.Sender || m.Type != o.Type || m.Audience != o.Audience ||
				m.CreatedBy != "ana" || !maps.Equal(m.Headers, o.Headers) || m.ContentType != o.ContentType {
				t.Errorf("copy %+v", m)
			}
			if string(m.Body) != tc.body {
				t.Errorf("body %s", m.Body)
			}
			if len(d.audit) != 1 || d.audit[0].Actor != "ana" || d.audit[0].Action != "message.copy" || d.audit[0].Detail != "new id "+m.ID.String()+tc.detail {
				t.Errorf("audit %+v", d.audit)
			}
		})
	}
}

// TestNoCopyWithoutAudit: the entry stands before the copy is made; without it there is none; and a
// copy that failed is told.
func TestNoCopyWithoutAudit(t *testing.T) {
	admin := exchange.Operator{Name: "ana", Role: link.RoleAdministrator}
	e := &engine{message: original()}
	d := &directory{then: func() {
		if e.published != nil {
			t.Error("published before it was audited")
		}
	}, err: errors.New("disk full")}
	if _, err := newExchange(e, d).Copy(t.Context(), admin, exchange.Copy{ID: command}); err == nil || e.published != nil {
		t.Errorf("%v, published %v", err, e.published != nil)
	}
	e, d = &engine{message: original(), err: link.NewError(link.CodeNoRoute)}, &directory{}
	_, err := newExchange(e, d).Copy(t.Context(), admin, exchange.Copy{ID: command})
	wantCode(t, err, link.CodeNoRoute)
	if len(d.audit) != 2 || d.audit[1].Action != "message.copy-failed" || !strings.Contains(d.audit[1].Detail, "SL-NO-ROUTE") {
		t.Errorf("audit %+v", d.audit)
	}
}

// TestCopyKeysNeverMeetTheSenders: a repeat of a copy is recognised, and its key is longer than any
// key a client may use.
func TestCopyKeysNeverMeetTheSenders(t *testing.T) {
	e := &engine{message: original()}
	_, err := newExchange(e, &directory{}).Copy(t.Context(), exchange.Operator{Name: "ana", Role: link.RoleAdministrator}, exchange.Copy{ID: command, IdempotencyKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if d := e.published.Dedupe; d == nil || len(d.Key) <= link.MaxKey || !strings.Contains(d.Key, command.String()) {
		t.Errorf("dedupe %+v", e.published.Dedupe)
	}
}
