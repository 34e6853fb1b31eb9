package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

func TestRetentionOfTenant(t *testing.T) {
	w := newWorld(t)
	w.people()
	path := "/api/v1/admin/tenants/" + tenant.String() + "/retention"
	get := request{as: "vera", method: http.MethodGet, path: path}
	if r := into[link.TenantRetention](t, w.want(get, http.StatusOK, "")); r != (link.TenantRetention{TenantID: tenant, HistoryDays: 7}) {
		t.Errorf("retention %+v", r)
	}
	patch := func(as, body string, status int, code link.Code) {
		t.Helper()
		w.want(request{as: as, method: http.MethodPatch, path: path, body: body}, status, code)
	}
	patch("olga", `{"historyDays":3}`, http.StatusForbidden, link.CodeRole)
	patch("ana", `{"historyDays":31}`, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	patch("ana", `{"historyDays":3,"waitingDays":90}`, http.StatusOK, "")
	if r := into[link.TenantRetention](t, w.want(get, http.StatusOK, "")); r.HistoryDays != 3 || r.WaitingDays != 90 || r.DeadDays != 0 {
		t.Errorf("retention %+v", r)
	}
	for _, unknown := range []string{link.NewID().String(), "no-id"} {
		w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/tenants/" + unknown + "/retention"}, http.StatusNotFound, link.CodeNotFound)
	}
}

func TestEraseMessage(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	const secret = "F-SECRETO"
	id := w.send(`{"data":{"CodCfo":"` + secret + `"}}`).MessageID
	erase := func(as, body string, status int, code link.Code) {
		t.Helper()
		w.want(request{as: as, path: "/api/v1/admin/messages/" + id.String() + "/erase", body: body}, status, code)
	}
	erase("olga", `{"reason":"asked for"}`, http.StatusForbidden, link.CodeRole)
	erase("ana", `{}`, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	erase("ana", `{"reason":"asked for"}`, http.StatusConflict, link.CodeNotNow) // it waits
	w.get("rm", "")
	erase("ana", `{"reason":"asked for","force":true}`, http.StatusConflict, link.CodeNotNow) // a reader has it
	w.restart()
	erase("ana", `{"reason":"asked for","force":true}`, http.StatusNoContent, "")
	trace := into[link.Trace](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/link/messages/" + id.String()}, http.StatusOK, ""))
	if e := trace.Erased; e == nil || e.By != "ana" || e.Reason != "asked for" || trace.BusinessKey != "" || trace.Queues[0].State != link.StateDiscarded {
		t.Errorf("trace %+v", trace)
	}
	w.want(request{as: "ana", path: "/api/v1/link/messages/" + id.String() + "/copy", body: `{}`}, http.StatusGone, link.CodeBodyGone)
	w.want(request{as: "ana", path: "/api/v1/admin/messages/" + link.NewID().String() + "/erase", body: `{"reason":"x"}`}, http.StatusNotFound, link.CodeMessageUnknown)
	audit := into[link.Page[link.AuditEntry]](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/audit"}, http.StatusOK, ""))
	if !slices.ContainsFunc(audit.Items, func(e link.AuditEntry) bool {
		return e.Action == "message.erase" && e.Actor == "ana" && strings.Contains(e.Target, id.String()) && e.Detail == "forced: asked for"
	}) {
		t.Errorf("audit %+v", audit.Items)
	}
}

func TestEraseTenant(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	var ids []string
	for i := range 5 {
		ids = append(ids, w.send(fmt.Sprintf(`{"data":%d}`, i)).MessageID.String())
	}
	path := "/api/v1/admin/tenants/" + tenant.String() + "/erase"
	w.want(request{as: "olga", path: path, body: `{"reason":"left"}`}, http.StatusForbidden, link.CodeRole)
	w.want(request{as: "ana", path: path, body: `{"reason":""}`}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	w.want(request{as: "ana", path: "/api/v1/admin/tenants/" + link.NewID().String() + "/erase", body: `{"reason":"left"}`}, http.StatusNotFound, link.CodeNotFound)
	w.clock.Advance(time.Second) // the job takes what was made before it began
	j := into[link.Job](t, w.want(request{as: "ana", path: path, body: `{"reason":"left"}`}, http.StatusAccepted, ""))
	if j.Kind != "erase" || j.TenantID == nil || *j.TenantID != tenant || j.By != "ana" || j.Total != 0 || j.Reason != "left" {
		t.Errorf("job %+v", j)
	}
	for j.State == link.JobRunning {
		j = into[link.Job](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/jobs/" + j.ID.String()}, http.StatusOK, ""))
	}
	if j.State != link.JobDone || j.Done != 5 || j.Skipped != 0 {
		t.Errorf("job %+v", j)
	}
	for _, id := range ids {
		w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/link/messages/" + id}, http.StatusNotFound, link.CodeMessageUnknown)
	}
	audit := into[link.Page[link.AuditEntry]](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/audit"}, http.StatusOK, ""))
	if e := audit.Items[0]; e.Action != "tenant.erase" || e.Target != tenant.String() || e.Detail != "left" {
		t.Errorf("audit %+v", e)
	}
}

// TestPreviewOfRetention: what a change would remove is told before, to everybody who may see it, and
// nothing is changed; a round that removed it is told of.
func TestPreviewOfRetention(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	for i := range 3 {
		w.send(fmt.Sprintf(`{"data":%d}`, i))
	}
	w.clock.Advance(2 * 24 * time.Hour)
	path := "/api/v1/admin/tenants/" + tenant.String() + "/retention"
	preview := func(query string) link.RetentionPreview {
		t.Helper()
		return into[link.RetentionPreview](t, w.want(request{as: "vera", method: http.MethodGet, path: path + "/preview" + query}, http.StatusOK, ""))
	}
	if p := preview(""); p.HistoryDays != 7 || p.Waiting != 0 || p.Days == nil {
		t.Errorf("as it is %+v", p)
	}
	if p := preview("?waitingDays=2&historyDays=1"); p.WaitingDays != 2 || p.Waiting != 3 || p.HistoryDays != 1 {
		t.Errorf("would be %+v", p)
	}
	for query, code := range map[string]link.Code{"?waitingDays=-1": link.CodeRequestInvalid, "?historyDays=31": link.CodeRequestInvalid, "?deadDays=x": link.CodeRequestInvalid} {
		w.want(request{as: "vera", method: http.MethodGet, path: path + "/preview" + query}, http.StatusUnprocessableEntity, code)
	}
	w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/tenants/" + link.NewID().String() + "/retention/preview"}, http.StatusNotFound, link.CodeNotFound)
	if r := into[link.TenantRetention](t, w.want(request{as: "vera", method: http.MethodGet, path: path}, http.StatusOK, "")); r.WaitingDays != 0 {
		t.Errorf("a preview changed the retention: %+v", r)
	}

	w.want(request{as: "ana", method: http.MethodPatch, path: path, body: `{"waitingDays":2}`}, http.StatusOK, "")
	if _, err := w.engine.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	rounds := into[link.Page[link.KeepingRound]](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/rounds"}, http.StatusOK, ""))
	given := 0
	for _, r := range rounds.Items { // one that the clock began may have come first
		given += r.Discarded
	}
	if given != 3 {
		t.Errorf("rounds %+v", rounds)
	}
}

// TestAuditIsFiltered: the audit of one message, one tenant and one time, page by page.
func TestAuditIsFiltered(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	id := w.send(`{"data":1}`).MessageID
	w.want(request{as: "olga", method: http.MethodGet, path: "/api/v1/link/messages/" + id.String() + "/body"}, http.StatusOK, "")
	since := w.clock.Now().Add(time.Second)
	w.clock.Advance(time.Minute)
	w.want(request{as: "ana", path: "/api/v1/admin/messages/" + id.String() + "/erase", body: `{"reason":"asked for","force":true}`}, http.StatusNoContent, "")
	actions := func(query string) []string {
		t.Helper()
		var got []string
		for cursor := ""; ; {
			p := into[link.Page[link.AuditEntry]](t, w.want(request{
				as: "vera", method: http.MethodGet, path: "/api/v1/admin/audit?limit=1&" + query + "&cursor=" + cursor,
			}, http.StatusOK, ""))
			for _, e := range p.Items {
				got = append(got, e.Action)
			}
			if cursor = p.Next; cursor == "" {
				return got
			}
		}
	}
	for query, want := range map[string][]string{
		"message=" + id.String():                                                {"message.erase", "message.read"},
		"message=" + id.String() + "&actor=olga":                                {"message.read"},
		"tenant=" + tenant.String() + "&action=message.":                        {"message.erase", "message.read"},
		"message=" + id.String() + "&since=" + since.Format(time.RFC3339):       {"message.erase"},
		"message=" + id.String() + "&until=" + since.Format(time.RFC3339):       {"message.read"},
		"message=" + link.NewID().String():                                      nil,
		"target=" + strings.ToUpper(id.String()[:13]) + "&action=message.erase": {"message.erase"},
	} {
		if got := actions(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"tenant=x", "message=x", "since=yesterday", "until=2026-03-26"} {
		w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/audit?" + query}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	}
}
