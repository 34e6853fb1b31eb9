package link

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const tenantText = "b991502e-6faa-4e3a-aaf4-967c4fe2a196"

func TestEveryDialectIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              Envelope
	}{
		"header and data": {
			"application/json", `{"header":{"type":"FinLanIncDataCommand","tenantId":"` + tenantText + `","businessKey":"k","orderingKey":"o"},"data":{}}`,
			Envelope{
				Dialect: DialectData, Type: "FinLanIncDataCommand", TenantID: tenantText, BusinessKey: "k", OrderingKey: "o",
				TypeAt: "/header/type", TenantAt: "/header/tenantId", BusinessKeyAt: "/header/businessKey", OrderingKeyAt: "/header/orderingKey",
			},
		},
		"header and content": {
			"application/json", `{"header":{"type":"SGDPDataCommand"},"content":{"requestID":"r1"}}`,
			Envelope{Dialect: DialectContent, Type: "SGDPDataCommand", TypeAt: "/header/type", CorrelationID: "r1", CorrelationAt: "/content/requestID"},
		},
		"CloudEvents": {
			"application/cloudevents+json; charset=utf-8", `{"specversion":"1.0","id":"7","source":"/s","type":"X","tenantid":"t","correlationid":"c","data":[]}`,
			Envelope{Dialect: DialectCloudEvents, ID: "/s#7", IDAt: "/id", Type: "X", TypeAt: "/type", TenantID: "t", TenantAt: "/tenantid", CorrelationID: "c", CorrelationAt: "/correlationid"},
		},
		"CloudEvents without id and source": {
			"application/json", `{"specversion":"1.0","type":"X","tenantId":"t","data":[]}`,
			Envelope{Dialect: DialectCloudEvents, Type: "X", TypeAt: "/type", TenantID: "t", TenantAt: "/tenantId"},
		},
		"Datasul with the stray colon": {
			"application/json", `{"messageId":"m","audience:":"CMG","messageType":"X","parentUUID":"p","messageContent":{}}`,
			Envelope{Dialect: DialectDatasul, ID: "m", IDAt: "/messageId", Type: "X", TypeAt: "/messageType", Audience: "CMG", CorrelationID: "p", CorrelationAt: "/parentUUID"},
		},
		"plain JSON": {"application/json", `{"a":1}`, Envelope{Dialect: DialectJSON}},
		"a list":     {"application/json", `[1]`, Envelope{Dialect: DialectJSON}},
		"text":       {"text/plain; version=0.0.4", "# HELP x\n", Envelope{Dialect: DialectOpaque}},
		"another type, is JSON": {
			"application/x-www-form-urlencoded", `{"header":{"businessKey":"k"},"data":{}}`,
			Envelope{Dialect: DialectData, BusinessKey: "k", BusinessKeyAt: "/header/businessKey"},
		},
		"another type, is no JSON":  {"text/plain", `{"header":{"businessKey":"k"}`, Envelope{Dialect: DialectOpaque}},
		"no type, looks like JSON":  {"", `{"specversion":"1.0","type":"X"}`, Envelope{Dialect: DialectCloudEvents, Type: "X", TypeAt: "/type"}},
		"no type, is no JSON":       {"", "\xff{", Envelope{Dialect: DialectOpaque}},
		"null fields count as none": {"application/json", `{"header":{"type":null},"data":{}}`, Envelope{Dialect: DialectData}},
	} {
		if got, err := ReadEnvelope(c.contentType, []byte(c.body)); err != nil || got != c.want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", name, got, err, c.want)
		}
	}
}

func TestEnvelopesThatAreRefused(t *testing.T) {
	for body, want := range map[string]Code{
		`{"header":`:                      CodeBodyNotJSON,
		"{\"a\":\"\xff\"}":                CodeBodyNotJSON,
		`{"header":{"type":7},"data":{}}`: CodeEnvelopeInvalid,
		`{"header":{"businessKey":"` + strings.Repeat("k", MaxKey+1) + `"},"data":{}}`: CodeEnvelopeInvalid,
	} {
		if _, err := ReadEnvelope("application/json", []byte(body)); CodeOf(err) != want {
			t.Errorf("%.40s: %v, want %s", body, err, want)
		}
	}
}

// TestEnvelopeErrorsPointAndSpeakBothLanguages: what is wrong in an envelope is said in the caller's
// language, with the place in the body where it stands.
func TestEnvelopeErrorsPointAndSpeakBothLanguages(t *testing.T) {
	long := strings.Repeat("k", MaxKey+1)
	for body, pointer := range map[string]string{
		`{"header":{"tenantId":7},"data":{}}`:                        "/header/tenantId",
		`{"header":{"orderingKey":"` + long + `"},"data":{}}`:        "/header/orderingKey",
		`{"header":{},"content":{"requestID":"` + long + `"}}`:       "/content/requestID",
		`{"specversion":"1.0","id":"` + long + `"}`:                  "/id",
		`{"specversion":"1.0","correlationid":"` + long + `"}`:       "/correlationid",
		`{"messageContent":{},"messageId":"` + long + `"}`:           "/messageId",
		`{"messageContent":{},"parentUUID":"` + long + `"}`:          "/parentUUID",
		`{"header":{"type":"Y"},"data":{}}`:                          "/header/type",
		`{"specversion":"1.0","type":"X","tenantid":"` + long + `"}`: "/tenantid",
	} {
		env, err := ReadEnvelope("application/json", []byte(body))
		if err == nil {
			err = env.Check("X", uuid.MustParse(tenantText))
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60s: %v", body, err)
			continue
		}
		pt, en := e.Problem(Portuguese, "").Errors, e.Problem(English, "").Errors
		if len(pt) != 1 || pt[0].Pointer != pointer || pt[0].Detail == "" || en[0].Detail == "" || pt[0].Detail == en[0].Detail {
			t.Errorf("%.60s: %+v, %+v", body, pt, en)
		}
	}
	_, err := ReadEnvelope("application/json", []byte("{\n,"))
	for lang, want := range map[Lang]string{Portuguese: "(byte 3, linha 2)", English: "(byte 3, line 2)"} {
		if got := err.(*Error).Problem(lang, "").Detail; !strings.Contains(got, want) {
			t.Errorf("%s: %s", lang, got)
		}
	}
}

func TestBodyMayNotContradictPathOrToken(t *testing.T) {
	tenant := uuid.MustParse(tenantText)
	for _, c := range []struct {
		e    Envelope
		want Code
	}{
		{Envelope{Type: "X", TenantID: strings.ToUpper(strings.ReplaceAll(tenantText, "-", ""))}, ""},
		{Envelope{}, ""},
		{Envelope{Type: "Y"}, CodeTypeMismatch},
		{Envelope{Type: "x"}, CodeTypeMismatch},
		{Envelope{TenantID: uuid.NewString()}, CodeTenantMismatch},
		{Envelope{TenantID: "no uuid"}, CodeTenantMismatch},
	} {
		if got := CodeOf(c.e.Check("X", tenant)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.e, got, c.want)
		}
	}
}

// FuzzReadEnvelope: no body makes it panic, and what it takes for JSON is JSON.
func FuzzReadEnvelope(f *testing.F) {
	f.Add("application/json", []byte(`{"header":{"type":"X"},"data":{}}`))
	f.Add("", []byte(`{"specversion":"1.0","id":1}`))
	f.Add("text/plain", []byte("x"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		e, err := ReadEnvelope(contentType, body)
		if err == nil && e.Dialect != DialectOpaque && !json.Valid(body) {
			t.Errorf("%q under %q read as %s", body, contentType, e.Dialect)
		}
	})
}
