package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartlink/link"
)

const batchPath = "/api/v1/link/send"

// TestSendBatch sends good and bad messages together: each is answered as a single send would be, in
// order, and what is good is stored in order.
func TestSendBatch(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	text := func(s string) *string { return &s }
	batch := link.BatchRequest{Messages: []link.BatchMessage{
		{Type: command, Audience: "GESPLAN-RM", Content: text(`{"data":1}`), IdempotencyKey: "k1", Headers: map[string]string{"sl-business-key": "b1"}},
		{Type: "Unheard", Content: text("{}")},
		{Type: command, Audience: "GESPLAN-RM", Content: text("{")},
		{Type: command, Audience: "GESPLAN-RM", Content: text(`{"data":1}`), IdempotencyKey: "k1", Headers: map[string]string{"SL-Business-Key": "b1"}},
		{Type: command, Audience: "GESPLAN-RM", Content: text(`{"data":2}`), IdempotencyKey: "k1", Headers: map[string]string{"SL-Business-Key": "b1"}},
		{Type: command, Audience: "GESPLAN-RM", ContentType: "application/octet-stream", ContentBase64: text("/wA="), Headers: map[string]string{"SL-Ordering-Key": "o"}},
		{Type: command, Content: text("{}"), Headers: map[string]string{"SL-App": "GESPLAN"}},
		{Type: command, Content: text("{}"), ContentBase64: text("e30=")},
		{Type: command, ContentBase64: text("?")},
		{Type: command},
		{Type: "no type!", Content: text("{}")},
	}}
	body, _ := json.Marshal(batch)
	a := w.want(request{as: "gesplan", path: batchPath, body: string(body)}, http.StatusOK, "")
	r := into[link.BatchResponse](t, a)
	want := []struct {
		status int
		code   link.Code
	}{
		{202, ""}, {403, link.CodeTypeForbidden}, {400, link.CodeBodyNotJSON}, {202, ""}, {409, link.CodeIdempotency}, {202, ""},
		{422, link.CodeRequestInvalid}, {422, link.CodeRequestInvalid}, {422, link.CodeRequestInvalid}, {400, link.CodeBodyEmpty}, {422, link.CodeTypeInvalid},
	}
	if len(r.Results) != len(want) {
		t.Fatalf("%d results: %s", len(r.Results), a.body)
	}
	for i, one := range r.Results {
		code := link.Code("")
		if one.Problem != nil {
			code = one.Problem.Code
			if one.Problem.Status != one.Status || one.SendResponse != nil {
				t.Errorf("result %d: %+v", i, one)
			}
		}
		if code != want[i].code || one.Status != link.Catalogue(code).Status && code != "" || code == "" && one.Status != 202 {
			t.Errorf("result %d: %d %q, want %q", i, one.Status, code, want[i].code)
		}
	}
	if !r.Results[3].Duplicate || r.Results[3].MessageID != r.Results[0].MessageID {
		t.Errorf("the repeat: %+v", r.Results[3].SendResponse)
	}
	got := w.get("rm", "?max=10")
	if len(got) != 2 || got[0].Message.ID != r.Results[0].MessageID || got[0].Message.BusinessKey != "b1" ||
		string(got[1].Message.Body) != "\xff\x00" || got[1].Message.OrderingKey != "o" {
		t.Errorf("delivered %+v", got)
	}
}

// TestSendBatchAsAWhole is what refuses all of it.
func TestSendBatchAsAWhole(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	item := fmt.Sprintf(`{"type":%q,"content":"{}"}`, command)
	for name, x := range map[string]struct {
		body   string
		status int
		code   link.Code
	}{
		"none":     {`{"messages":[]}`, 422, link.CodeRequestInvalid},
		"too many": {`{"messages":[` + strings.Repeat(item+",", link.MaxBatch) + item + `]}`, 422, link.CodeRequestInvalid},
		"too big":  {`{"messages":[{"type":"A","content":"` + strings.Repeat("x", link.MaxBatchBytes) + `"}]}`, 413, link.CodeBodyTooLarge},
		"mistyped": {`{"messages":[{"typ":"A"}]}`, 422, link.CodeRequestInvalid},
		"no JSON":  {`{"messages":`, 400, link.CodeBodyNotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.want(request{as: "gesplan", path: batchPath, body: x.body}, link.Catalogue(x.code).Status, x.code)
		})
	}
	full := `{"messages":[` + strings.Repeat(item+",", link.MaxBatch-1) + item + `]}`
	r := into[link.BatchResponse](t, w.want(request{as: "gesplan", path: batchPath, body: full}, http.StatusOK, ""))
	if len(r.Results) != link.MaxBatch || r.Results[link.MaxBatch-1].Status != 202 {
		t.Errorf("%d results", len(r.Results))
	}
}

// TestExtendAndRequeueAfter keeps a lease and lets a failed one come when it was asked to.
func TestExtendAndRequeueAfter(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.send(`{"data":1}`)
	tag := w.get("rm", "?lease=10s")[0].Tag
	extend := func(body string) answer {
		return w.want(request{as: "rm", path: "/api/v1/link/extend", body: body}, http.StatusOK, "")
	}
	one := into[link.ExtendResult](t, extend(fmt.Sprintf(`{"deliveryTag":%d,"lease":"5m"}`, tag)))
	if one.LeaseUntil == nil || !one.LeaseUntil.Equal(w.clock.Now().Add(5*60e9)) || one.DeliveryTag != tag {
		t.Errorf("extended %+v", one)
	}
	list := into[link.ExtendResponse](t, extend(fmt.Sprintf(`[{"deliveryTag":%d},{"deliveryTag":%d},{"deliveryTag":%d,"lease":"1h"}]`, tag, tag+1, tag)))
	if len(list.Results) != 3 || list.Results[0].Code != "" || list.Results[1].Code != link.CodeTagUnknown || list.Results[2].Code != link.CodeRequestInvalid {
		t.Errorf("extended %+v", list)
	}
	for body, code := range map[string]link.Code{
		`{"lease":"5m"}`: link.CodeRequestInvalid, fmt.Sprintf(`{"deliveryTag":%d,"lease":"soon"}`, tag): link.CodeRequestInvalid,
		fmt.Sprintf(`{"deliveryTag":%d}`, tag+5): link.CodeTagUnknown, `{"deliveryTag":1,"leases":"5m"}`: link.CodeRequestInvalid,
	} {
		w.want(request{as: "rm", path: "/api/v1/link/extend", body: body}, link.Catalogue(code).Status, code)
	}
	w.want(request{as: "gesplan", path: "/api/v1/link/extend", body: fmt.Sprintf(`{"deliveryTag":%d}`, tag)}, http.StatusConflict, link.CodeNoQueue)

	for _, wrong := range []string{`"ack":true,"requeueAfter":"5m"`, `"ack":false,"requeueAfter":"25h"`, `"ack":false,"requeueAfter":"1ms"`, `"ack":false,"requeueAfter":"soon"`} {
		w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,%s}`, tag, wrong)},
			link.Catalogue(link.CodeRequestInvalid).Status, link.CodeRequestInvalid)
	}
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":false,"requeueAfter":"5m"}`, tag)}, http.StatusNoContent, "")
	infos, err := w.engine.Queues(t.Context(), tenant)
	w.must(err)
	if infos[0].Counts.Delayed != 1 {
		t.Errorf("counts %v", infos[0].Counts)
	}
}

// TestSendWaitsForTheAnswer waits in vain first, then gets a refusal, which is an answer like any.
func TestSendWaitsForTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	send := request{as: "gesplan", path: batchPath + "/" + command + "/GESPLAN-RM?wait=0s", body: `{"data":1}`, header: map[string]string{"Idempotency-Key": "k"}}
	stored := into[link.SendResponse](t, w.want(send, http.StatusAccepted, ""))
	if stored.Outcomes != nil {
		t.Errorf("outcomes %+v", stored.Outcomes)
	}
	w.want(request{
		as: "rm", path: batchPath + "/" + response + "/GESPLAN", body: `{"data":{"errors":[{"code":"RM-CFO-UNKNOWN","description":"não existe"}]}}`,
		header: map[string]string{"SL-Answer-To": stored.MessageID.String(), "SL-Outcome": "rejected"},
	}, http.StatusAccepted, "")
	send.path = strings.Replace(send.path, "0s", "30s", 1)
	r := into[link.SendResponse](t, w.want(send, http.StatusOK, "")) // a repeat of it waits as well
	if !r.Duplicate || len(r.Outcomes) != 1 || r.Outcomes[0].State != "rejected" || !r.Outcomes[0].Final || r.Outcomes[0].Errors[0].Code != "RM-CFO-UNKNOWN" {
		t.Errorf("answered %+v", r)
	}
	for _, wait := range []string{"31s", "-1s", "soon"} {
		send.path = batchPath + "/" + command + "/GESPLAN-RM?wait=" + wait
		w.want(send, link.Catalogue(link.CodeRequestInvalid).Status, link.CodeRequestInvalid)
	}
}

// TestSendWaitEndsWithTheHub lets a hub that stops answer those who wait: the message is stored.
func TestSendWaitEndsWithTheHub(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	done := make(chan answer)
	go func() {
		done <- w.do(request{as: "gesplan", path: batchPath + "/" + command + "/GESPLAN-RM?wait=30s", body: `{"data":1}`})
	}()
	<-w.sleeps // it has begun to wait
	w.door.EndWaits()
	a := <-done
	r := into[link.SendResponse](t, a)
	if a.StatusCode != http.StatusAccepted || len(r.Outcomes) != 1 || r.Outcomes[0].State != "ready" || r.Outcomes[0].Final {
		t.Errorf("answered %d %s", a.StatusCode, a.body)
	}
}
