package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"smartlink/link"
)

const queuePath = "/api/v1/link/queue"

func TestClientLooksThroughItsOwnQueue(t *testing.T) {
	w := newWorld(t)
	w.want(request{as: "rm", method: http.MethodGet, path: queuePath}, http.StatusConflict, link.CodeNoQueue)
	w.want(request{as: "rm", method: http.MethodGet, path: queuePath + "/messages"}, http.StatusConflict, link.CodeNoQueue)
	w.setup("rm", command)
	var sent []link.SendResponse
	for i := range 3 {
		sent = append(sent, w.send(fmt.Sprintf(`{"data":{"n":%d}}`, i)))
	}
	q := into[link.QueueDetail](t, w.want(request{as: "rm", method: http.MethodGet, path: queuePath}, http.StatusOK, ""))
	if q.Queue != sent[0].Queues[0] || q.Client != "rm" || q.Counts[link.StateReady] != 3 || q.Oldest == nil || !q.Oldest.Equal(w.clock.Now()) {
		t.Errorf("%+v", q)
	}
	page := func(query string) link.Page[link.QueueEntry] {
		t.Helper()
		return into[link.Page[link.QueueEntry]](t, w.want(request{as: "rm", method: http.MethodGet, path: queuePath + "/messages" + query}, http.StatusOK, ""))
	}
	first := page("?limit=2&queue=" + q.Queue)
	second := page("?limit=2&cursor=" + first.Next)
	if len(first.Items) != 2 || len(second.Items) != 1 || second.Next != "" || first.Items[0].ID != sent[0].MessageID || second.Items[0].ID != sent[2].MessageID {
		t.Errorf("pages %+v, %+v", first, second)
	}
	if e := first.Items[0]; e.State != link.StateReady || e.Headers["source-type"] != "http" || e.BusinessKey != "b" || e.Sender.App != "GESPLAN" || e.Size == 0 {
		t.Errorf("entry %+v", e)
	}
	if p := page("?list=dead"); len(p.Items) != 0 || p.Items == nil {
		t.Errorf("dead letters %+v", p)
	}
	d := w.get("rm", "?max=3")
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`[{"deliveryTag":%d,"dead":true,"reason":"no"},{"deliveryTag":%d,"ack":true}]`, d[0].Tag, d[1].Tag)}, http.StatusOK, "")
	if p := page("?list=dead&order=newest&type=" + command); len(p.Items) != 1 || p.Items[0].DeadReason != link.DeadByReceiver || p.Items[0].Reason != "no" {
		t.Errorf("dead letters %+v", p)
	}
	if p := page("?list=history"); len(p.Items) != 1 || p.Items[0].ID != sent[1].MessageID {
		t.Errorf("history %+v", p)
	}
	if p := page(""); len(p.Items) != 1 || p.Items[0].State != link.StateLeased || p.Items[0].LeaseUntil == nil {
		t.Errorf("waiting %+v", p)
	}
}

// TestClientNeverSeesAnotherQueue: neither of its tenant nor of another; it is told the same of one
// that does not exist.
func TestClientNeverSeesAnotherQueue(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.setup("stranger", command)
	w.setup("foreign", command)
	name := link.QueueName(tenant, w.ids["rm"])
	nowhere := link.QueueName(tenant, link.NewClientID())
	for _, as := range []string{"stranger", "foreign"} {
		for _, q := range []string{name, nowhere} {
			for _, path := range []string{queuePath, queuePath + "/messages"} {
				w.want(request{as: as, method: http.MethodGet, path: path + "?queue=" + q}, http.StatusNotFound, link.CodeNotFound)
			}
		}
	}
}

func TestPeopleLookThroughAnyQueue(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	sent := w.send("{}")
	query := "?queue=" + url.QueryEscape(sent.Queues[0])
	if q := into[link.QueueDetail](t, w.want(request{as: "ana", method: http.MethodGet, path: queuePath + query}, http.StatusOK, "")); q.Client != "rm" {
		t.Errorf("%+v", q)
	}
	if p := into[link.Page[link.QueueEntry]](t, w.want(request{as: "ana", method: http.MethodGet, path: queuePath + "/messages" + query}, http.StatusOK, "")); len(p.Items) != 1 {
		t.Errorf("%+v", p)
	}
	for _, path := range []string{queuePath, queuePath + "/messages"} {
		w.want(request{as: "ana", method: http.MethodGet, path: path}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
		w.want(request{as: "ana", method: http.MethodGet, path: path + "?queue=x"}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
		w.want(request{as: "ana", method: http.MethodGet, path: path + "?queue=" + link.QueueName(tenant, w.ids["curl"])}, http.StatusNotFound, link.CodeNotFound)
		w.want(request{method: http.MethodGet, path: path}, http.StatusUnauthorized, link.CodeTokenMissing)
	}
}

func TestEveryWrongParameterOfALookIsNamed(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	p := w.want(request{as: "rm", method: http.MethodGet, path: queuePath + "/messages?list=x&order=y&limit=many"}, http.StatusUnprocessableEntity, link.CodeRequestInvalid).problem(t)
	if len(p.Errors) != 3 {
		t.Errorf("%+v", p.Errors)
	}
	w.want(request{as: "rm", method: http.MethodGet, path: queuePath + "/messages?cursor=abc"}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
}
