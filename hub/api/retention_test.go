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
	if j.Kind != "erase" || j.TenantID == nil || *j.TenantID != tenant || j.By != "ana" || j.Total != 5 || j.Reason != "left" {
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
