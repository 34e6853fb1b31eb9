package api_test

import (
	"net/http"
	"testing"
	"unicode/utf8"
)

// FuzzAck: whatever comes, the hub answers a settlement's status or a problem, and never fails.
func FuzzAck(f *testing.F) {
	for _, seed := range []string{
		`{"deliveryTag":1,"ack":true}`, `[{"deliveryTag":1,"ack":false,"reason":"r"}]`, `[]`, `{}`, `[[]]`, `[null]`, `null`, `7`, ` `, `{"deliveryTag":1e99}`,
		`[{"deliveryTag":9223372036854775807,"release":true},{"dead":1}]`, "\xff", `{"deliveryTag":-1,"dead":true}`, "\ufeff{}", `[{"a":{}}]`,
	} {
		f.Add(seed)
	}
	w := newWorld(f)
	w.setup("rm", command)
	f.Fuzz(func(t *testing.T, body string) {
		a := w.in(t).do(request{as: "rm", path: "/api/v1/link/ack", body: body, contentType: "application/json", odd: true})
		if a.StatusCode >= 500 {
			t.Errorf("%q: %d %s", body, a.StatusCode, a.body)
		}
		if a.StatusCode >= 400 {
			a.problem(t)
		}
	})
}

// FuzzSend: whatever body comes, it is refused with a problem, or comes out as it went in.
func FuzzSend(f *testing.F) {
	for _, seed := range [][2]string{
		{"application/json", `{"header":{"type":"FinLanIncDataCommand","answerTo":"x"},"data":{"status":1}}`}, {"application/json", `{"header":{"answerTo":null},"data":[]}`},
		{"application/json", `{"specversion":"1.0","id":1}`}, {"application/json", `{"header":[],"answerTo":1}`}, {"application/json", `[{"answerTo":1}]`},
		{"text/plain", "\xff\x00"}, {"", "{"}, {"application/json; charset=", "{}"}, {"a/b+json", `{"messageType":[],"messageContent":0}`},
		{"application/json", `{"header":{"answerTo":"0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11"},"data":{"status":"done","outcomeNumber":9e18}}`},
	} {
		f.Add(seed[0], seed[1])
	}
	w := newWorld(f)
	w.setup("rm", command)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		w := w.in(t)
		for _, r := range contentType {
			if r < ' ' || r == 0x7f {
				t.Skip("no header can carry it")
			}
		}
		a := w.do(request{as: "gesplan", path: sendPath, body: body, contentType: contentType, odd: true})
		switch {
		case a.StatusCode >= 500:
			t.Errorf("%q: %d %s", body, a.StatusCode, a.body)
		case a.StatusCode >= 400:
			a.problem(t)
		default:
			got := w.do(request{as: "rm", method: http.MethodGet, path: "/api/v1/link/get"})
			if got.StatusCode != http.StatusOK { // an answer, or a repeat by the envelope's id
				return
			}
			m := into[struct {
				Messages []struct {
					Content       *string
					ContentBase64 []byte
				}
			}](t, got).Messages[0]
			back := m.ContentBase64
			if m.Content != nil {
				back = []byte(*m.Content)
			}
			if string(back) != body || (m.Content != nil) != utf8.ValidString(body) {
				t.Errorf("%q came back as %q", body, back)
			}
		}
	})
}
