package exchange_test

import (
	"maps"
	"testing"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

func TestSendAnswers(t *testing.T) {
	const id = "0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11"
	body := func(header, data string) string { return `{"header":{` + header + `},"data":` + data + `}` }
	to := map[string]string{link.HeaderAnswerTo: id, link.HeaderOutcome: "done"}
	for _, tc := range []struct {
		name, body string
		headers    map[string]string
		code       link.Code
		pointers   string
		want       *queue.Answer
		faults     int
	}{
		{name: "no answer", body: plain},
		{name: "answerTo elsewhere is no answer", body: `{"data":{"answerTo":"x"}}`},
		{
			name: "by body", body: body(`"answerTo":"`+id+`","rootId":"`+id+`","businessKey":"b"`, `{"status":"rejected","outcomeNumber":2,"key":"k","errors":[{"code":"X","description":"d"}]}`),
			want: &queue.Answer{To: command, Number: 2, Status: link.ERPRejected, Key: "k"}, faults: 1,
		},
		{name: "by headers, number 1", body: plain, headers: to, want: &queue.Answer{To: command, Number: 1, Status: link.ERPDone}},
		{
			name: "by both, without dashes", body: body(`"answerTo":"0190F2C65B1E7C4E9A7D0D6C4B1F2A11"`, `{"status":"done","outcomeNumber":3}`),
			headers: map[string]string{link.HeaderAnswerTo: id, link.HeaderOutcome: "done", link.HeaderOutcomeNumber: "3"},
			want:    &queue.Answer{To: command, Number: 3, Status: link.ERPDone},
		},
		{name: "own form of data, by headers", body: body(``, `[{"error":""}]`), headers: to, want: &queue.Answer{To: command, Number: 1, Status: link.ERPDone}},
		{name: "opaque, by headers", body: "ok", headers: to, want: &queue.Answer{To: command, Number: 1, Status: link.ERPDone}},
		{name: "to what", body: body(`"answerTo":"x"`, `{"status":"done"}`), code: link.CodeEnvelopeInvalid, pointers: "/header/answerTo"},
		{name: "to a number", body: body(`"answerTo":1`, `{"status":"done"}`), code: link.CodeEnvelopeInvalid, pointers: "/header/answerTo"},
		{name: "no status", body: body(`"answerTo":"`+id+`"`, `{}`), code: link.CodeEnvelopeInvalid, pointers: "SL-Outcome"},
		{name: "no outcome", body: body(`"answerTo":"`+id+`"`, `{"status":"running"}`), code: link.CodeEnvelopeInvalid, pointers: "/data/status"},
		{name: "number below one", body: body(`"answerTo":"`+id+`"`, `{"status":"done","outcomeNumber":-1}`), code: link.CodeEnvelopeInvalid, pointers: "/data/outcomeNumber"},
		{name: "number is no number", body: plain, headers: with(to, link.HeaderOutcomeNumber, "x"), code: link.CodeEnvelopeInvalid, pointers: "SL-Outcome-Number"},
		{name: "data of another form", body: body(`"answerTo":"`+id+`"`, `{"status":1}`), code: link.CodeEnvelopeInvalid, pointers: "/data/status"},
		{name: "target contradicts", body: body(`"answerTo":"`+tenant.String()+`"`, `{}`), headers: to, code: link.CodeFieldContradicts, pointers: "/header/answerTo"},
		{name: "root contradicts", body: body(`"rootId":"`+tenant.String()+`"`, `{}`), headers: with(to, link.HeaderRoot, id), code: link.CodeFieldContradicts, pointers: "/header/rootId"},
		{name: "status contradicts", body: body(``, `{"status":"rejected"}`), headers: to, code: link.CodeFieldContradicts, pointers: "/data/status"},
		{name: "number contradicts", body: body(``, `{"status":"done","outcomeNumber":1}`), headers: with(to, link.HeaderOutcomeNumber, "2"), code: link.CodeFieldContradicts, pointers: "/data/outcomeNumber"},
		{name: "key contradicts", body: body(``, `{"status":"done","key":"a"}`), headers: with(to, link.HeaderKey, "b"), code: link.CodeFieldContradicts, pointers: "/data/key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			contentType := jsonType
			if tc.body == "ok" {
				contentType = "text/plain"
			}
			_, err := newExchange(e, &directory{}).Send(t.Context(), caller(rm),
				exchange.Send{Type: response, Audience: "GESPLAN", ContentType: contentType, Body: []byte(tc.body), Headers: tc.headers})
			wantCode(t, err, tc.code)
			if got := pointers(err); got != tc.pointers {
				t.Errorf("points at %q, want %q", got, tc.pointers)
			}
			if err != nil {
				return
			}
			got := e.published.Answer
			if (got == nil) != (tc.want == nil) || e.published.Route.Optional != (got != nil) {
				t.Fatalf("answer %+v, route %+v", got, e.published.Route)
			}
			if got == nil {
				return
			}
			if got.To != tc.want.To || got.Number != tc.want.Number || got.Status != tc.want.Status || got.Key != tc.want.Key || len(got.Errors) != tc.faults {
				t.Errorf("answer %+v, want %+v", got, tc.want)
			}
			if e.published.Message.CorrelationID != tc.want.To.String() {
				t.Errorf("correlation %q, want the command's id", e.published.Message.CorrelationID)
			}
		})
	}
}

func with(m map[string]string, name, value string) map[string]string {
	c := map[string]string{name: value}
	maps.Copy(c, m)
	return c
}

func TestLateAnswerIsAcceptedWithARemark(t *testing.T) {
	e := &engine{result: queue.PublishResult{AnswerLate: true}}
	r, err := newExchange(e, &directory{}).Send(t.Context(), caller(rm), exchange.Send{
		Type: response, ContentType: jsonType, Body: []byte(plain), Headers: map[string]string{link.HeaderAnswerTo: command.String(), link.HeaderOutcome: "done"},
	})
	if err != nil || codesOf(r.Warnings) != string(link.CodeAnswerLate) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestReports(t *testing.T) {
	item := `{"id":"` + command.String() + `","seq":3,"state":"waiting","attempt":1,"at":"2026-01-02T03:04:05Z","code":"X","reason":"r"}`
	for _, tc := range []struct {
		name, body, installation string
		code                     link.Code
		pointers                 string
		items                    int
	}{
		{name: "one", body: `{"installationId":"i","items":[` + item + `]}`, installation: "I", items: 1},
		{name: "none", body: `{"installationId":"i","items":[]}`},
		{name: "another installation", body: `{"installationId":"i","items":[]}`, installation: "j", code: link.CodeFieldContradicts, pointers: "/installationId"},
		{name: "no object", body: `[]`, code: link.CodeRequestInvalid, pointers: ""},
		{
			name: "all wrong items at once", body: `{"items":[` + item + `,{"id":"` + command.String() + `","seq":-1,"state":"x","attempt":-1},{"seq":"y"},{}]}`, code: link.CodeRequestInvalid,
			pointers: "/items/1/seq /items/1/attempt /items/1/at /items/1/state /items/2/seq /items/3/id /items/3/at /items/3/state",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &engine{}
			c := caller(rm)
			c.Installation = tc.installation
			_, err := newExchange(e, &directory{}).Send(t.Context(), c, exchange.Send{Type: link.TypeStatus, ContentType: jsonType, Body: []byte(tc.body), IdempotencyKey: "k"})
			wantCode(t, err, tc.code)
			if got := pointers(err); got != tc.pointers {
				t.Errorf("points at\n%q, want\n%q", got, tc.pointers)
			}
			if err != nil {
				return
			}
			if p := e.published; len(p.Report) != tc.items || !p.Route.Optional || !p.Route.Transient || p.Dedupe != nil {
				t.Errorf("published %+v", p)
			}
		})
	}
}

func TestMetricsAreKeptByInstallation(t *testing.T) {
	e := &engine{}
	c := caller(rm)
	c.Installation = "inst"
	_, err := newExchange(e, &directory{}).Send(t.Context(), c, exchange.Send{
		Type: link.TypeMetrics, Audience: link.LinkProxy, ContentType: "text/plain; version=0.0.4", Body: []byte("service_state_up 1\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := e.published; p.Metrics == nil || p.Metrics.Installation != "inst" || !p.Route.Transient || !p.Route.Optional {
		t.Errorf("published %+v", e.published)
	}
}

// TestAnswerForTheHubOnly: it is published to no queue, whatever its audience is.
func TestAnswerForTheHubOnly(t *testing.T) {
	for _, audience := range []string{"GESPLAN", link.LinkProxy} {
		e := &engine{}
		headers := map[string]string{link.HeaderAnswerTo: command.String(), link.HeaderOutcome: "done"}
		for _, only := range []string{"", "true"} {
			_, err := newExchange(e, &directory{}).Send(t.Context(), caller(rm), exchange.Send{
				Type: response, Audience: audience, ContentType: jsonType, Body: []byte(plain), Headers: with(headers, link.HeaderOutcomeOnly, only),
			})
			r := e.published.Route
			if err != nil || e.published.Answer == nil || !r.Optional || (r.All || len(r.Clients) > 0) != (only == "") {
				t.Errorf("%s %q: %+v, %v", audience, only, r, err)
			}
		}
	}
}
