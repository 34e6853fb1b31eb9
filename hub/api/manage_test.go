package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// people makes a user of each role beside ana, the administrator.
func (w *world) people() {
	for name, role := range map[string]link.Role{"olga": link.RoleOperator, "vera": link.RoleViewer} {
		w.want(request{as: "ana", path: "/api/v1/admin/users", body: fmt.Sprintf(`{"name":%q,"role":%q}`, name, role)}, http.StatusCreated, "")
		made := into[link.KeySet](w, w.want(request{as: "ana", path: "/api/v1/admin/users/" + name + "/key"}, http.StatusCreated, ""))
		w.keys[name] = made.APIKey
	}
}

// queueOf is the name of a client's queue.
func (w *world) queueOf(name string) string { return link.QueueName(tenant, w.ids[name]) }

// dies sends a command and lets its receiver give it up.
func (w *world) dies(body string) uuid.UUID {
	w.Helper()
	id := w.send(body).MessageID
	tag := w.get("rm", "")[0].Tag
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"dead":true,"reason":"broken"}`, tag)}, http.StatusNoContent, "")
	return id
}

// counts are the queue's messages by state, as a person sees them.
func (w *world) counts(queue string) map[link.State]int64 {
	w.Helper()
	return into[link.QueueDetail](w, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/link/queue?queue=" + queue}, http.StatusOK, "")).Counts
}

func TestPauseAndHold(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	path := "/api/v1/admin/queue?queue=" + w.queueOf("rm")
	patch := func(body string) link.QueueDetail {
		return into[link.QueueDetail](t, w.want(request{as: "olga", method: http.MethodPatch, path: path, body: body}, http.StatusOK, ""))
	}
	w.send(`{"data":1}`)
	d := patch(`{"paused":true,"reason":"month close","hold":true}`)
	if d.Paused == nil || d.Paused.Reason != "month close" || d.Paused.By != "olga" || !d.Hold {
		t.Errorf("queue %+v", d)
	}
	w.want(request{as: "rm", method: http.MethodGet, path: "/api/v1/link/get"}, http.StatusNoContent, "")
	w.setup("rm", command) // a client's setup changes neither
	d = patch(`{"paused":false}`)
	if d.Paused != nil || !d.Hold {
		t.Errorf("queue %+v", d)
	}
	if got := w.get("rm", ""); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	for body, code := range map[string]link.Code{
		`{"paused":true}`: link.CodeRequestInvalid, `{}`: link.CodeRequestInvalid, `{"pause":true}`: link.CodeRequestInvalid,
	} {
		w.want(request{as: "olga", method: http.MethodPatch, path: path, body: body}, link.Catalogue(code).Status, code)
	}
	unknown := "/api/v1/admin/queue?queue=" + link.QueueName(tenant, link.NewClientID())
	w.want(request{as: "olga", method: http.MethodPatch, path: unknown, body: `{"hold":true}`}, http.StatusNotFound, link.CodeNotFound)
	w.audited("queue.pause", "queue.hold", "queue.resume")
}

// audited expects these actions among the audit entries.
func (w *world) audited(actions ...string) {
	w.Helper()
	page := into[link.Page[link.AuditEntry]](w, w.want(request{as: "ana", method: http.MethodGet, path: "/api/v1/admin/audit"}, http.StatusOK, ""))
	seen := map[string]bool{}
	for _, e := range page.Items {
		seen[e.Action] = true
	}
	for _, a := range actions {
		if !seen[a] {
			w.Errorf("no audit entry %s in %v", a, seen)
		}
	}
}

func TestRedriveAndDiscardNamedMessages(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	dead, given := w.dies(`{"data":1}`), w.dies(`{"data":2}`)
	waiting := w.send(`{"data":3}`).MessageID
	act := func(what, body string) link.ActResponse {
		return into[link.ActResponse](t, w.want(request{as: "olga", path: "/api/v1/admin/queue/" + what + "?queue=" + w.queueOf("rm"), body: body}, http.StatusOK, ""))
	}
	r := act("redrive", fmt.Sprintf(`{"ids":[%q,%q,%q]}`, dead, waiting, link.NewID()))
	if len(r.Results) != 3 || r.Results[0].Code != "" || r.Results[0].ID != dead || r.Results[1].Code != link.CodeNotNow || r.Results[1].Detail == "" ||
		r.Results[2].Code != link.CodeMessageUnknown {
		t.Errorf("redrive %+v", r)
	}
	r = act("discard", fmt.Sprintf(`{"ids":[%q,%q],"reason":"sent in error"}`, given, waiting))
	if r.Results[0].Code != "" || r.Results[1].Code != "" {
		t.Errorf("discard %+v", r)
	}
	if got := w.get("rm", "?max=10"); len(got) != 1 || got[0].Message.ID != dead || got[0].Attempt != 2 {
		t.Errorf("delivered %+v", got)
	}
	w.audited("message.redrive", "message.discard")
	for _, x := range []struct{ what, body string }{
		{"redrive", `{}`}, {"redrive", `{"ids":[],"all":false}`}, {"redrive", fmt.Sprintf(`{"ids":[%q],"all":true}`, dead)},
		{"redrive", fmt.Sprintf(`{"ids":[%q],"rate":5}`, dead)}, {"redrive", `{"all":true,"rate":-1}`}, {"redrive", `{"all":true,"type":"no type!"}`},
		{"discard", fmt.Sprintf(`{"ids":[%q]}`, dead)}, {"discard", `{"all":"history","reason":"x"}`}, {"discard", `{"all":"dead"}`},
	} {
		w.want(request{as: "olga", path: "/api/v1/admin/queue/" + x.what + "?queue=" + w.queueOf("rm"), body: x.body},
			link.Catalogue(link.CodeRequestInvalid).Status, link.CodeRequestInvalid)
	}
}

// job waits for a job's end.
func (w *world) job(j link.Job) link.Job {
	w.Helper()
	for j.State == link.JobRunning {
		j = into[link.Job](w, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs/" + j.ID.String()}, http.StatusOK, ""))
	}
	return j
}

func TestRedriveAllAndPurge(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	for i := range 7 {
		w.dies(fmt.Sprintf(`{"data":%d}`, i))
	}
	w.clock.Advance(time.Second)
	path := "/api/v1/admin/queue/redrive?queue=" + w.queueOf("rm")
	started := into[link.Job](t, w.want(request{as: "olga", path: path, body: `{"all":true}`}, http.StatusAccepted, ""))
	j := w.job(started)
	if j.State != link.JobDone || j.Done != 7 || j.Total != 7 || j.Skipped != 0 || j.By != "olga" || j.EndedAt == nil || j.Kind != "redrive" {
		t.Errorf("job %+v", j)
	}
	if got := w.counts(w.queueOf("rm")); got[link.StateReady] != 7 || got[link.StateDead] != 0 {
		t.Errorf("counts %v", got)
	}
	leased := w.get("rm", "")[0]
	j = w.job(into[link.Job](t, w.want(request{
		as: "olga", path: "/api/v1/admin/queue/discard?queue=" + w.queueOf("rm"), body: `{"all":"waiting","reason":"test data"}`,
	}, http.StatusAccepted, "")))
	if j.State != link.JobDone || j.Done != 6 {
		t.Errorf("job %+v", j)
	}
	if got := w.counts(w.queueOf("rm")); got[link.StateLeased] != 1 || got[link.StateDiscarded] != 6 {
		t.Errorf("counts %v, leased %s", got, leased.Message.ID)
	}
	list := into[link.Page[link.Job]](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs"}, http.StatusOK, ""))
	if len(list.Items) != 2 || list.Items[0].ID != j.ID {
		t.Errorf("jobs %+v", list.Items)
	}
	w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs/" + link.NewID().String()}, http.StatusNotFound, link.CodeNotFound)
	w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs/none"}, http.StatusNotFound, link.CodeNotFound)
}

// TestJobIsCancelled cancels a job that a low rate keeps from its end.
func TestJobIsCancelled(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	const letters = 20
	for i := range letters {
		w.dies(fmt.Sprintf(`{"data":%d}`, i))
	}
	started := into[link.Job](t, w.want(request{
		as: "olga", path: "/api/v1/admin/queue/redrive?queue=" + w.queueOf("rm"), body: `{"all":true,"rate":1}`,
	}, http.StatusAccepted, ""))
	w.want(request{as: "olga", method: http.MethodDelete, path: "/api/v1/admin/jobs/" + started.ID.String()}, http.StatusOK, "")
	j := w.job(started)
	if j.State != link.JobCancelled || j.Done >= letters {
		t.Errorf("job %+v", j)
	}
	if got := w.counts(w.queueOf("rm")); got[link.StateDead]+got[link.StateReady] != letters {
		t.Errorf("counts %v", got)
	}
	w.audited("job.cancel")
}

func TestRedriveIntoAPausedQueue(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	id := w.dies(`{"data":1}`)
	w.want(request{as: "olga", method: http.MethodPatch, path: "/api/v1/admin/queue?queue=" + w.queueOf("rm"), body: `{"paused":true,"reason":"month close"}`}, http.StatusOK, "")
	for _, body := range []string{`{"all":true}`, fmt.Sprintf(`{"ids":[%q]}`, id)} {
		w.want(request{as: "olga", path: "/api/v1/admin/queue/redrive?queue=" + w.queueOf("rm"), body: body}, http.StatusConflict, link.CodeQueuePaused)
	}
}

// TestWorkOnQueuesNeedsAnOperator tries each call as a viewer and as a client.
func TestWorkOnQueuesNeedsAnOperator(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	id := w.dies(`{"data":1}`)
	queue := "?queue=" + w.queueOf("rm")
	for _, r := range []request{
		{method: http.MethodPatch, path: "/api/v1/admin/queue" + queue, body: `{"hold":true}`},
		{path: "/api/v1/admin/queue/redrive" + queue, body: `{"all":true}`},
		{path: "/api/v1/admin/queue/redrive" + queue, body: fmt.Sprintf(`{"ids":[%q]}`, id)},
		{path: "/api/v1/admin/queue/discard" + queue, body: fmt.Sprintf(`{"ids":[%q],"reason":"x"}`, id)},
		{path: "/api/v1/admin/queue/discard" + queue, body: `{"all":"dead","reason":"x"}`},
		{method: http.MethodDelete, path: "/api/v1/admin/jobs/" + id.String()},
	} {
		r.as = "vera"
		w.want(r, http.StatusForbidden, link.CodeRole)
		r.as = "rm"
		w.want(r, http.StatusUnauthorized, link.CodeKeyInvalid)
	}
	if got := w.counts(w.queueOf("rm")); got[link.StateDead] != 1 {
		t.Errorf("counts %v", got)
	}
}

// TestNewKeyEndsTheOldOne gives a person a second key.
func TestNewKeyEndsTheOldOne(t *testing.T) {
	w := newWorld(t)
	w.people()
	old := w.keys["vera"]
	path := "/api/v1/admin/users/vera/key"
	w.want(request{as: "olga", path: path}, http.StatusForbidden, link.CodeRole)
	w.want(request{as: "ana", path: "/api/v1/admin/users/nobody/key"}, http.StatusNotFound, link.CodeNotFound)
	made := into[link.KeySet](t, w.want(request{as: "ana", path: path}, http.StatusCreated, ""))
	if made.User != "vera" || made.APIKey == old {
		t.Errorf("made %+v", made)
	}
	jobs := request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs"}
	w.want(jobs, http.StatusUnauthorized, link.CodeKeyInvalid)
	w.keys["vera"] = made.APIKey
	w.want(jobs, http.StatusOK, "")
	w.audited("person.key")
}
