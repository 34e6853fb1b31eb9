package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

const sendPath = "/api/v1/link/send/" + command + "/LinkProxy"

// TestBadInput: every bad request is answered with its problem, in both languages, and nothing is
// stored.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	good := `{"data":{}}`
	large := `"` + strings.Repeat("x", link.MaxBody) + `"`
	for _, tc := range []struct {
		name string
		request
		status   int
		code     link.Code
		pointers string
	}{
		{"no token", request{path: sendPath, body: good}, 401, link.CodeTokenMissing, ""},
		{"basic instead of bearer", request{as: "Basic eDp5", path: sendPath, body: good}, 401, link.CodeTokenMissing, ""},
		{"unknown token", request{as: "Bearer x.y.z", path: sendPath, body: good}, 401, link.CodeTokenInvalid, ""},
		{"API key where a token belongs", request{as: "Bearer x.ana.x", path: "/api/v1/link/setup", body: good}, 401, link.CodeTokenInvalid, ""},
		{"token where an API key belongs", request{as: "gesplan", method: "GET", path: "/api/v1/admin/apps"}, 401, link.CodeKeyInvalid, ""},

		{"type nobody hears", request{as: "gesplan", path: "/api/v1/link/send/MOVreadXGsp", body: good}, 422, link.CodeNoRoute, ""},
		{"audience nobody has", request{as: "gesplan", path: "/api/v1/link/send/" + command + "/NOBODY", body: good}, 422, link.CodeNoRoute, ""},
		{"audience malformed", request{as: "gesplan", path: "/api/v1/link/send/" + command + "/nobody", body: good}, 422, link.CodeAudienceInvalid, ""},
		{"type malformed", request{as: "gesplan", path: "/api/v1/link/send/a%2Fb", body: good}, 422, link.CodeTypeInvalid, ""},
		{"type not permitted", request{as: "gesplan", path: "/api/v1/link/send/" + response, body: good}, 403, link.CodeTypeForbidden, ""},
		{"app not permitted", request{as: "gesplan", path: sendPath, body: good, header: map[string]string{"SL-App": "GESPLAN-RM"}}, 403, link.CodeAppNotYours, ""},
		{"not JSON", request{as: "gesplan", path: sendPath, body: `{"data":`}, 400, link.CodeBodyNotJSON, ""},
		{"not UTF-8 under JSON", request{as: "gesplan", path: sendPath, body: "{\"a\":\"\xff\"}"}, 400, link.CodeBodyNotJSON, ""},
		{"no body", request{as: "gesplan", path: sendPath}, 400, link.CodeBodyEmpty, ""},
		{"too large", request{as: "gesplan", path: sendPath, body: large}, 413, link.CodeBodyTooLarge, ""},
		{"too large, not JSON", request{as: "gesplan", path: sendPath, body: large, contentType: "text/plain"}, 413, link.CodeBodyTooLarge, ""},
		{"compressed", request{as: "gesplan", path: sendPath, body: good, header: map[string]string{"Content-Encoding": "gzip"}}, 415, link.CodeMediaType, ""},
		{"type against the path", request{as: "gesplan", path: sendPath, body: `{"header":{"type":"FinLanAltDataCommand"},"data":{}}`}, 422, link.CodeTypeMismatch, "/header/type"},
		{"tenant against the token", request{as: "gesplan", path: sendPath, body: `{"header":{"tenantId":"11111111-1111-4111-8111-111111111111"},"data":{}}`}, 403, link.CodeTenantMismatch, "/header/tenantId"},
		{"envelope field of another type", request{as: "gesplan", path: sendPath, body: `{"header":{"type":7},"data":{}}`}, 422, link.CodeEnvelopeInvalid, "/header/type"},
		{"key in header against body", request{as: "gesplan", path: sendPath, body: `{"header":{"businessKey":"a"},"data":{}}`, header: map[string]string{"SL-Business-Key": "b"}}, 422, link.CodeFieldContradicts, "/header/businessKey"},
		{"headers too large", request{as: "gesplan", path: sendPath, body: good, header: map[string]string{"SL-Meta-X": strings.Repeat("x", link.MaxHeaderBytes)}}, 422, link.CodeHeadersTooLarge, ""},

		{"setup of a type not permitted", request{as: "rm", path: "/api/v1/link/setup", body: `{"subscriptions":["` + command + `","` + response + `"]}`}, 422, link.CodeSubForbidden, "/subscriptions/1"},
		{"setup without a list", request{as: "rm", path: "/api/v1/link/setup", body: `{}`}, 422, link.CodeRequestInvalid, "/subscriptions"},
		{"setup with a list of numbers", request{as: "rm", path: "/api/v1/link/setup", body: `{"subscriptions":[1]}`}, 422, link.CodeRequestInvalid, "/subscriptions"},
		{"setup with an unknown property", request{as: "rm", path: "/api/v1/link/setup", body: `{"subscriptions":[],"requeueMax":1}`}, 422, link.CodeRequestInvalid, "/requeueMax"},
		{"setup in another tenant", request{as: "rm", path: "/api/v1/link/setup", body: `{"tenantId":"11111111-1111-4111-8111-111111111111","subscriptions":[]}`}, 422, link.CodeRequestInvalid, "/tenantId"},
		{"setup limit out of range", request{as: "rm", path: "/api/v1/link/setup", body: `{"subscriptions":[],"requeueCountMax":1001}`}, 422, link.CodeRequestInvalid, "/requeueCountMax"},
		{"setup not an object", request{as: "rm", path: "/api/v1/link/setup", body: `null`}, 422, link.CodeRequestInvalid, ""},
		{"setup not JSON", request{as: "rm", path: "/api/v1/link/setup", body: `{"subscriptions":[`}, 400, link.CodeBodyNotJSON, ""},
		{"setup as a form", request{as: "rm", path: "/api/v1/link/setup", body: `{}`, contentType: "application/x-www-form-urlencoded"}, 415, link.CodeMediaType, ""},
		{"setup without a body", request{as: "rm", path: "/api/v1/link/setup"}, 422, link.CodeRequestInvalid, ""},

		{"get without setup", request{as: "gesplan", path: "/api/v1/link/get"}, 409, link.CodeNoQueue, ""},
		{"get no number and out of range", request{as: "rm", path: "/api/v1/link/get?max=x&wait=31s"}, 422, link.CodeRequestInvalid, "max wait"},
		{"get out of range", request{as: "rm", path: "/api/v1/link/get?max=501&maxBytes=0&wait=31s&lease=1s"}, 422, link.CodeRequestInvalid, "max maxBytes wait lease"},
		{"get of nonsense", request{as: "rm", path: "/api/v1/link/get?max=x&wait=30&lease=soon"}, 422, link.CodeRequestInvalid, "max wait lease"},
		{"get with a broken query", request{as: "rm", path: "/api/v1/link/get?max=%zz"}, 422, link.CodeRequestInvalid, "query"},

		{"ack without setup", request{as: "gesplan", path: "/api/v1/link/ack", body: `{"deliveryTag":1,"ack":true}`}, 409, link.CodeNoQueue, ""},
		{"ack list without setup", request{as: "gesplan", path: "/api/v1/link/ack", body: `[{"deliveryTag":1,"ack":true}]`}, 409, link.CodeNoQueue, ""},
		{"ack of a tag never given", request{as: "rm", path: "/api/v1/link/ack", body: `{"deliveryTag":9007199254740991,"ack":true}`}, 422, link.CodeTagUnknown, ""},
		{"ack that says nothing", request{as: "rm", path: "/api/v1/link/ack", body: `{"deliveryTag":1}`}, 422, link.CodeRequestInvalid, "/ack"},
		{"ack that says two things", request{as: "rm", path: "/api/v1/link/ack", body: `{"deliveryTag":1,"ack":true,"dead":true}`}, 422, link.CodeRequestInvalid, "/ack"},
		{"ack without a tag", request{as: "rm", path: "/api/v1/link/ack", body: `{"ack":true}`}, 422, link.CodeRequestInvalid, "/deliveryTag"},
		{"ack with a tag in quotes", request{as: "rm", path: "/api/v1/link/ack", body: `{"deliveryTag":"1","ack":true}`}, 422, link.CodeRequestInvalid, "/deliveryTag"},
		{"ack list with a wrong item", request{as: "rm", path: "/api/v1/link/ack", body: `[{"deliveryTag":1,"ack":true},{"deliveryTag":1.5}]`}, 422, link.CodeRequestInvalid, "/1/deliveryTag"},
		{"ack list with an unknown property", request{as: "rm", path: "/api/v1/link/ack", body: `[{"deliveryTag":1,"acknowledge":true}]`}, 422, link.CodeRequestInvalid, "/0/acknowledge"},
		{"ack of something else", request{as: "rm", path: "/api/v1/link/ack", body: `7`}, 422, link.CodeRequestInvalid, ""},
		{"ack of two values", request{as: "rm", path: "/api/v1/link/ack", body: `{"deliveryTag":1,"ack":true} {}`}, 400, link.CodeBodyNotJSON, ""},

		{"trace of no id", request{as: "rm", method: "GET", path: "/api/v1/link/messages/x"}, 404, link.CodeMessageUnknown, ""},
		{"trace of an unknown id", request{as: "rm", method: "GET", path: "/api/v1/link/messages/" + tenant.String()}, 404, link.CodeMessageUnknown, ""},
		{"copy by a client", request{as: "gesplan", path: "/api/v1/link/messages/" + tenant.String() + "/copy", body: `{}`}, 401, link.CodeKeyInvalid, ""},
		{"copy of an unknown message", request{as: "ana", path: "/api/v1/link/messages/" + tenant.String() + "/copy", body: `{}`}, 404, link.CodeMessageUnknown, ""},
		{"copy with two bodies", request{as: "ana", path: "/api/v1/link/messages/" + tenant.String() + "/copy", body: `{"content":"a","contentBase64":"YQ=="}`}, 422, link.CodeRequestInvalid, "/contentBase64"},
		{"copy with no base64", request{as: "ana", path: "/api/v1/link/messages/" + tenant.String() + "/copy", body: `{"contentBase64":"%"}`}, 422, link.CodeRequestInvalid, "/contentBase64"},
		{"copy in no tenant", request{as: "ana", path: "/api/v1/link/messages/" + tenant.String() + "/copy?tenant=x", body: `{}`}, 422, link.CodeRequestInvalid, "tenant"},

		{"unknown path", request{as: "rm", path: "/api/v1/link/nothing"}, 404, link.CodeNotFound, ""},
		{"wrong method", request{as: "rm", method: "DELETE", path: "/api/v1/link/get"}, 405, link.CodeMethod, ""},
		{"send by GET", request{as: "rm", method: "GET", path: sendPath}, 405, link.CodeMethod, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := w.in(t)
			var details, places [2]string
			for i, lang := range []string{"pt-BR", "en"} {
				r := tc.request
				r.header = map[string]string{"Accept-Language": lang}
				maps.Copy(r.header, tc.header)
				a := w.want(r, tc.status, tc.code)
				p := a.problem(t)
				var at []string
				for _, f := range p.Errors {
					at = append(at, f.Pointer)
				}
				if got := strings.Join(at, " "); got != tc.pointers {
					t.Errorf("points at %q, want %q: %s", got, tc.pointers, a.body)
				}
				if got := a.Header.Get("Content-Language"); got != lang[:2] {
					t.Errorf("Content-Language %q", got)
				}
				if tc.status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Error("no WWW-Authenticate")
				}
				if tc.status == 405 && a.Header.Get("Allow") == "" {
					t.Error("no Allow")
				}
				details[i] = p.Detail
				for _, f := range p.Errors {
					places[i] += f.Detail
				}
			}
			if details[0] == details[1] || places[0] != "" && places[0] == places[1] {
				t.Errorf("one text for two languages: %s %s", details[0], places[0])
			}
		})
	}
	if a := w.do(request{as: "rm", path: "/api/v1/link/get?max=500"}); a.StatusCode != http.StatusNoContent {
		t.Errorf("something was stored: %s", a.body)
	}
	q := into[link.Page[link.QueueInfo]](t, w.want(request{as: "ana", method: "GET", path: "/api/v1/admin/queues"}, 200, ""))
	if len(q.Items) != 1 || len(q.Items[0].Subscriptions) != 1 {
		t.Errorf("a refused setup changed something: %+v", q.Items)
	}
}

// TestBodiesAreKeptByteForByte sends what may look odd in every dialect and gets the same bytes.
func TestBodiesAreKeptByteForByte(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	for name, tc := range map[string]struct{ contentType, body string }{
		"header and data":       {"application/json", `{"header":{"type":"FinLanIncDataCommand","tenantId":"b991502e6faa4e3aaaf4967c4fe2a196"},"data":{"CodColigada":1}}`},
		"header and content":    {"application/json; charset=utf-8", `{"header":{"type":"FinLanIncDataCommand","generatedOn":"2024-03-27T09:14:13.367574Z"},"content":{"requestID":"r"}}`},
		"cloud event":           {"application/cloudevents+json", `{"specversion":"1.0","id":"1","source":"/g","type":"FinLanIncDataCommand","time":"2024-03-27T09:14:13Z","tenantid":"b991502e-6faa-4e3a-aaf4-967c4fe2a196","data":{}}`},
		"cloud event, no id":    {"application/json", `{"specversion":"1.0","type":"FinLanIncDataCommand","tenantId":"b991502e-6faa-4e3a-aaf4-967c4fe2a196","data":[1]}`},
		"datasul":               {"application/json", `{"messageId":"m1","audience:":"","messageType":"FinLanIncDataCommand","messageContent":{"specVersion":"1"}}`},
		"plain JSON":            {"application/json", `{"CodColigada":1.10,"a":"\u00e7<>&\u2028"}`},
		"odd white space":       {"application/json", "\r\n\t { \"data\" :\t{ } ,\"header\":{}}\n\n"},
		"same name twice":       {"application/json", `{"data":1,"data":2}`},
		"array":                 {"application/json", `[1e400,2]`},
		"text":                  {"text/plain; version=0.0.4", "# HELP x y\nx 1\n"},
		"not UTF-8":             {"application/octet-stream", "\x00\xff\xfe\r\n\x80"},
		"latin-1 without type":  {"", "{\"a\":\"\xe7\"}"},
		"JSON without type":     {"", `{"header":{"type":"FinLanIncDataCommand"},"data":{}}`},
		"xml":                   {"application/xml", "<a>é</a>"},
		"byte order mark":       {"text/plain", "\ufeff{}"},
		"as large as it may be": {"application/json", `"` + strings.Repeat("é", link.MaxBody/2-1) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			for _, chunked := range []bool{false, true} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+sendPath, strings.NewReader(tc.body))
				w.must(err)
				if chunked {
					req.ContentLength = -1
				}
				req.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
				if tc.contentType != "" {
					req.Header.Set("Content-Type", tc.contentType)
				}
				// A repeat by the envelope's own id would not be delivered twice.
				req.Header.Set("Idempotency-Key", fmt.Sprint(name, chunked))
				resp, err := http.DefaultClient.Do(req)
				w.must(err)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusAccepted {
					t.Fatalf("status %d", resp.StatusCode)
				}
				a := w.want(request{as: "rm", path: "/api/v1/link/get"}, http.StatusOK, "")
				d := into[link.GetResponse](t, a).Messages[0]
				if !bytes.Equal(d.Message.Body, []byte(tc.body)) || d.Message.ContentType != tc.contentType {
					t.Errorf("came as %q (%s)", d.Message.Body, d.Message.ContentType)
				}
				if bytes.Contains(a.body, []byte("contentBase64")) != (name == "not UTF-8" || name == "latin-1 without type") {
					t.Errorf("content in the wrong form: %.300s", a.body)
				}
				w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d.Tag)}, http.StatusNoContent, "")
			}
		})
	}
}

// TestWholeWay: a command goes down, is refused and answered; the sender sees all of it.
func TestWholeWay(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	a := w.want(request{as: "gesplan", path: "/api/v1/link/setup", body: `{"subscriptions":["` + response + `"],"requeueCountMax":3}`}, 200, "")
	s := into[link.SetupResponse](t, a)
	if s.Queue != link.QueueName(tenant, w.ids["gesplan"]) || s.RequeueCountMax != 3 || len(s.Added) != 1 {
		t.Errorf("setup answered %s", a.body)
	}
	a = w.want(request{as: "gesplan", path: "/api/v1/link/send/" + command + "/GESPLAN-RM", body: `{"data":{}}`, header: map[string]string{
		"SL-Business-Key": "contract 42", "SL-Ordering-Key": "contract 42", "SL-Meta-Origin": "test", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"SL-App": "GESPLAN", "Idempotency-Key": "k",
	}}, 202, "")
	sent := into[link.SendResponse](t, a)
	if len(sent.Queues) != 1 || sent.Queues[0] != link.QueueName(tenant, w.ids["rm"]) || sent.Duplicate ||
		len(sent.Warnings) != 1 || sent.Warnings[0].Code != link.CodeSchemaWarning { // a command with nothing in it
		t.Errorf("send answered %s", a.body)
	}

	d := w.get("rm", "?max=10&lease=30s")[0]
	m := d.Message
	if m.ID != sent.MessageID || m.RootID != m.ID || m.BusinessKey != "contract 42" || m.OrderingKey != "contract 42" || m.Sender.App != "GESPLAN" ||
		m.Sender.ClientID != w.ids["gesplan"] || m.TenantID != tenant || d.Attempt != 1 || !d.LeaseUntil.Equal(w.clock.Now().Add(30*time.Second)) {
		t.Errorf("delivered %+v", d)
	}
	for k, v := range map[string]string{"Sl-Meta-Origin": "test", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "appCode": "GESPLAN", "audience": "GESPLAN-RM", "source-type": "http"} {
		if m.Headers[k] != v {
			t.Errorf("header %s is %q", k, m.Headers[k])
		}
	}
	if _, kept := m.Headers["Sl-App"]; kept {
		t.Error("SL-App travelled with the message")
	}
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d.Tag)}, 204, "")

	status := fmt.Sprintf(`{"installationId":"i1","items":[{"id":%q,"seq":1,"state":"stored","attempt":0,"at":"2026-03-27T09:14:13Z"}]}`, m.ID)
	w.want(request{as: "rm", path: "/api/v1/link/send/SmartLinkStatus/LinkProxy", body: status, header: map[string]string{"SL-Installation": "i1"}}, 202, "")
	reply := fmt.Sprintf(`{"header":{"type":%q,"tenantId":%q,"answerTo":%q,"rootId":%q,"businessKey":"contract 42"},
"data":{"status":"rejected","outcomeNumber":1,"firstId":null,"warnings":[],"errors":[{"code":"RM-CFO-UNKNOWN","pointer":"/data/CodCfo","description":"x"}]}}`, response, tenant, m.ID, m.RootID)
	a = w.want(request{as: "rm", path: "/api/v1/link/send/" + response + "/GESPLAN", body: reply, header: map[string]string{"SL-Answer-To": m.ID.String(), "SL-Outcome": "rejected"}}, 202, "")
	if q := into[link.SendResponse](t, a).Queues; len(q) != 1 || q[0] != s.Queue {
		t.Errorf("the answer went to %v", q)
	}
	got := w.get("gesplan", "?max=10")
	if len(got) != 1 || got[0].Message.Type != response || got[0].Message.CorrelationID != m.ID.String() {
		t.Errorf("answers %+v", got)
	}

	for _, who := range []string{"gesplan", "rm", "ana"} {
		tr := into[link.Trace](t, w.want(request{as: who, method: "GET", path: "/api/v1/link/messages/" + strings.ReplaceAll(m.ID.String(), "-", "")}, 200, ""))
		if len(tr.Queues) != 1 {
			t.Fatalf("trace %+v", tr)
		}
		q := tr.Queues[0]
		if q.State != link.StateAcked || q.ERP == nil || q.ERP.State != link.ERPRejected || q.Outcome == nil || q.Outcome.Status != link.ERPRejected ||
			len(q.Outcome.Errors) != 1 || len(q.Events) == 0 {
			t.Errorf("%s sees %+v", who, q)
		}
	}
}

// TestNeverAnotherTenantsMessage: another tenant's client neither gets, nor traces, nor settles, nor
// answers what is not its tenant's; nor does another client of the same tenant.
func TestNeverAnotherTenantsMessage(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"rm", "foreign"} {
		w.setup(name, command)
	}
	w.setup("stranger", "MOVreadXGsp")
	sent := w.send(`{"data":{}}`)
	if len(sent.Queues) != 1 || sent.Queues[0] != link.QueueName(tenant, w.ids["rm"]) {
		t.Errorf("went to %v", sent.Queues)
	}
	d := w.get("rm", "")[0]
	for _, name := range []string{"foreign", "stranger"} {
		w.want(request{as: name, path: "/api/v1/link/get"}, 204, "")
		w.want(request{as: name, method: "GET", path: "/api/v1/link/messages/" + sent.MessageID.String()}, 404, link.CodeMessageUnknown)
		w.want(request{as: name, path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d.Tag)}, 422, link.CodeTagUnknown)
	}
	// ?tenant= is for people.
	w.want(request{as: "foreign", method: "GET", path: "/api/v1/link/messages/" + sent.MessageID.String() + "?tenant=" + tenant.String()}, 404, link.CodeMessageUnknown)
	answer := func(as string) request {
		return request{as: as, path: "/api/v1/link/send/" + response, body: `{"data":{}}`, header: map[string]string{"SL-Answer-To": sent.MessageID.String(), "SL-Outcome": "done"}}
	}
	w.want(answer("stranger"), 403, link.CodeNotYourMessage)
	r := into[link.SendResponse](t, w.want(answer("foreign"), 202, ""))
	if len(r.Warnings) != 1 || r.Warnings[0].Code != link.CodeAnswerLate {
		t.Errorf("an answer to a message its tenant does not have: %+v", r)
	}
	tr := into[link.Trace](t, w.want(request{as: "gesplan", method: "GET", path: "/api/v1/link/messages/" + sent.MessageID.String()}, 200, ""))
	if tr.Queues[0].Outcome != nil || tr.Queues[0].State != link.StateLeased {
		t.Errorf("a stranger changed the message: %+v", tr.Queues[0])
	}
}

func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	send := func(body string, header map[string]string) answer {
		t.Helper()
		return w.do(request{as: "gesplan", path: sendPath, body: body, header: header})
	}
	key := map[string]string{"Idempotency-Key": "k", "SL-Business-Key": "b"}
	first := into[link.SendResponse](t, send(`{"data":1}`, key))
	again := into[link.SendResponse](t, send(`{"data":1}`, key))
	if first.Duplicate || !again.Duplicate || again.MessageID != first.MessageID || len(again.Queues) != 1 {
		t.Errorf("first %+v, again %+v", first, again)
	}
	for name, r := range map[string]request{
		"other body":         {as: "gesplan", path: sendPath, body: `{"data":2}`, header: key},
		"other white space":  {as: "gesplan", path: sendPath, body: `{"data": 1}`, header: key},
		"other audience":     {as: "gesplan", path: "/api/v1/link/send/" + command + "/GESPLAN-RM", body: `{"data":1}`, header: key},
		"other business key": {as: "gesplan", path: sendPath, body: `{"data":1}`, header: map[string]string{"Idempotency-Key": "k", "SL-Business-Key": "c"}},
		"other ordering key": {as: "gesplan", path: sendPath, body: `{"data":1}`, header: map[string]string{"Idempotency-Key": "k", "SL-Business-Key": "b", "SL-Ordering-Key": "o"}},
	} {
		p := w.want(r, 409, link.CodeIdempotency).problem(t)
		if !strings.Contains(p.Detail, first.MessageID.String()) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	// The same key of another client is another key.
	other := into[link.SendResponse](t, w.want(request{as: "curl", path: sendPath, body: `{"data":2}`, header: key}, 202, ""))
	if other.Duplicate || other.MessageID == first.MessageID {
		t.Errorf("keys of two clients met: %+v", other)
	}
	// Without a key the envelope's own id is one.
	event := `{"specversion":"1.0","id":"7","source":"/g"}`
	if e1, e2 := into[link.SendResponse](t, send(event, nil)), into[link.SendResponse](t, send(event, nil)); !e2.Duplicate || e1.MessageID != e2.MessageID {
		t.Errorf("%+v, %+v", e1, e2)
	}
	if got := w.get("rm", "?max=500"); len(got) != 3 {
		t.Errorf("%d messages, want 3", len(got))
	}
}

// TestSettlements: each way to settle, of one and in a list, and tags that have ended.
func TestSettlements(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	for range 6 {
		w.send(`{"data":{}}`)
	}
	d := w.get("rm", "?max=6&lease=60s")
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d[0].Tag)}, 204, "")
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d[0].Tag)}, 409, link.CodeLeaseEnded)
	a := w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(
		`[{"deliveryTag":%d,"ack":false,"reason":"later"},{"deliveryTag":%d,"dead":true,"reason":"never"},{"deliveryTag":%d,"release":true},
{"deliveryTag":%d,"ack":true},{"deliveryTag":9007199254740991,"ack":true},{"deliveryTag":%d}]`, d[1].Tag, d[2].Tag, d[3].Tag, d[0].Tag, d[4].Tag)}, 200, "")
	var codes []string
	for _, r := range into[link.AckResponse](t, a).Results {
		codes = append(codes, string(r.Code))
	}
	if got := strings.Join(codes, ","); got != ",,,SL-LEASE-ENDED,SL-TAG-UNKNOWN,SL-REQUEST-INVALID" {
		t.Errorf("results %s", a.body)
	}
	if a := w.want(request{as: "rm", path: "/api/v1/link/ack", body: `[]`}, 200, ""); string(a.body) != "{\"results\":[]}\n" {
		t.Errorf("empty list answered %s", a.body)
	}
	for i, want := range []link.State{link.StateAcked, link.StateDelayed, link.StateDead, link.StateReady, link.StateLeased} {
		tr := into[link.Trace](t, w.want(request{as: "rm", method: "GET", path: "/api/v1/link/messages/" + d[i].Message.ID.String()}, 200, ""))
		if q := tr.Queues[0]; q.State != want {
			t.Errorf("message %d is %s, want %s", i, q.State, want)
		}
	}

	w.clock.Advance(61 * time.Second)
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d[4].Tag)}, 409, link.CodeLeaseEnded)

	next := w.get("rm", "")[0]
	w.restart()
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, next.Tag)}, 409, link.CodeLeaseEnded)
}

func TestCopy(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	sent := w.send(`{"data":{"CodCfo":"1"}}`)
	d := w.get("rm", "")[0]
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d.Tag)}, 204, "")
	path := "/api/v1/link/messages/" + sent.MessageID.String() + "/copy"
	read := into[link.MessageBody](t, w.want(request{as: "ana", method: "GET", path: strings.TrimSuffix(path, "copy") + "body"}, 200, ""))
	if body, err := read.Bytes(); err != nil || string(body) != `{"data":{"CodCfo":"1"}}` || read.ID != sent.MessageID || read.Type != command {
		t.Errorf("body %+v, %v", read, err)
	}

	first := into[link.SendResponse](t, w.want(request{as: "ana", path: path}, 202, ""))
	edited := into[link.SendResponse](t, w.want(request{as: "ana", path: path + "?tenant=" + tenant.String(), body: `{"content":"{\"data\":{\"CodCfo\":\"2\"}}","reason":"supplier"}`}, 202, ""))
	binary := into[link.SendResponse](t, w.want(request{as: "ana", path: path, body: `{"contentBase64":"` + base64.StdEncoding.EncodeToString([]byte(`{"data":{}}`)) + `"}`, header: map[string]string{"Idempotency-Key": "k"}}, 202, ""))
	again := into[link.SendResponse](t, w.want(request{as: "ana", path: path, body: `{"contentBase64":"` + base64.StdEncoding.EncodeToString([]byte(`{"data":{}}`)) + `"}`, header: map[string]string{"Idempotency-Key": "k"}}, 202, ""))
	if again.MessageID != binary.MessageID || !again.Duplicate {
		t.Errorf("a repeated copy %+v, first %+v", again, binary)
	}
	got := w.get("rm", "?max=10")
	if len(got) != 3 {
		t.Fatalf("%d copies came", len(got))
	}
	for i, want := range []struct{ id, body string }{
		{first.MessageID.String(), `{"data":{"CodCfo":"1"}}`}, {edited.MessageID.String(), `{"data":{"CodCfo":"2"}}`}, {binary.MessageID.String(), `{"data":{}}`},
	} {
		m := got[i].Message
		if m.ID.String() != want.id || m.ID == sent.MessageID || m.RootID != sent.MessageID || m.BusinessKey != "b" || string(m.Body) != want.body ||
			m.CreatedBy != "ana" || m.Sender.ClientID != w.ids["gesplan"] || m.Audience != "GESPLAN-RM" {
			t.Errorf("copy %d: %+v", i, m)
		}
	}
	w.want(request{as: "ana", path: path, body: `{"content":"{\"header\":{\"type\":\"Other\"},\"data\":{}}"}`}, 422, link.CodeTypeMismatch)
	audit := into[link.Page[link.AuditEntry]](t, w.want(request{as: "ana", method: "GET", path: "/api/v1/admin/audit?limit=4"}, 200, ""))
	if e := audit.Items[2]; e.Action != "message.copy" || e.Actor != "ana" || !strings.Contains(e.Target, sent.MessageID.String()) || !strings.HasSuffix(e.Detail, "body edited: supplier") {
		t.Errorf("audit %+v", audit.Items)
	}
}
