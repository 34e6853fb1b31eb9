package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

const installation = "aaaaaaaa-1111-4111-8111-111111111111"

// hold asks for one run of rm's agent.
func (w *world) hold(installation string, run uuid.UUID, moves int64) answer {
	w.Helper()
	return w.do(request{
		as: "rm", path: "/api/v1/link/installation", header: map[string]string{"SL-Installation": installation},
		body: fmt.Sprintf(`{"instance":"%s","run":"%s","host":"erp-01","epoch":0,"moves":%d}`, run, run, moves),
	})
}

// TestAgentThatWasTakenOverIsRefused goes through a take-over, call by call.
func TestAgentThatWasTakenOverIsRefused(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	first, second := uuid.New(), uuid.New()
	one := into[link.HoldResponse](w, w.hold(installation, first, 1))
	if !one.Active || one.Lease != "20s" {
		t.Fatalf("%+v", one)
	}
	w.send(`{"data":{}}`)
	w.send(`{"data":{}}`)
	as := func(epoch int64) map[string]string {
		return map[string]string{"SL-Installation": installation, "SL-Epoch": fmt.Sprint(epoch)}
	}
	got := into[link.GetResponse](w, w.want(request{as: "rm", method: http.MethodGet, path: "/api/v1/link/get", header: as(one.Epoch)}, 200, ""))
	tag := got.Messages[0].Tag
	if h := into[link.HoldResponse](w, w.hold(installation, second, 1)); h.Active || h.Holder == nil || h.Holder.Host != "erp-01" {
		t.Errorf("%+v", h)
	}
	w.clock.Advance(link.DefaultHold)
	two := into[link.HoldResponse](w, w.hold(installation, second, 1))
	if !two.Active || two.Epoch <= one.Epoch {
		t.Fatalf("%+v", two)
	}
	for _, old := range []request{
		{method: http.MethodGet, path: "/api/v1/link/get"}, {path: "/api/v1/link/get"}, {path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, tag)},
		{path: "/api/v1/link/ack", body: fmt.Sprintf(`[{"deliveryTag":%d,"ack":true}]`, tag)}, {path: "/api/v1/link/extend", body: fmt.Sprintf(`{"deliveryTag":%d}`, tag)},
		{path: "/api/v1/link/setup", body: `{"subscriptions":[]}`},
	} {
		old.as, old.header = "rm", as(one.Epoch)
		w.want(old, http.StatusForbidden, link.CodeInstallation)
		old.header = nil
		w.want(old, http.StatusForbidden, link.CodeInstallation)
		old.header = map[string]string{"SL-Installation": installation, "SL-Epoch": "x"}
		w.want(old, http.StatusForbidden, link.CodeInstallation)
	}
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, tag), header: as(two.Epoch)}, http.StatusNoContent, "")
	w.want(request{as: "gesplan", path: "/api/v1/link/setup", body: `{"subscriptions":["` + response + `"]}`}, 200, "")
	w.want(request{as: "gesplan", method: http.MethodGet, path: "/api/v1/link/get"}, http.StatusNoContent, "") // a client without an agent
	// Its database is restored.
	w.hold(installation, second, 9)
	if a := w.hold(installation, uuid.New(), 8); a.StatusCode != http.StatusConflict {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestAdministratorLooksAfterInstallations(t *testing.T) {
	w := newWorld(t)
	w.person("vera", link.RoleViewer)
	path := "/api/v1/admin/clients/" + string(w.ids["rm"]) + "/installation"
	w.want(request{as: "vera", method: http.MethodGet, path: path}, http.StatusNotFound, link.CodeNotFound)
	w.hold(installation, uuid.New(), 0)
	if a := w.hold("bbbbbbbb-1111-4111-8111-111111111111", uuid.New(), 0); a.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	b := into[link.Binding](w, w.want(request{as: "vera", method: http.MethodGet, path: path}, 200, ""))
	if b.Installation != installation || b.Active == nil || b.Refused == nil || !b.LeaseUntil.Equal(w.clock.Now().Add(20*time.Second)) {
		t.Errorf("%+v", b)
	}
	if p := into[link.Page[link.Binding]](w, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/installations"}, 200, "")); len(p.Items) != 1 {
		t.Errorf("%+v", p)
	}
	if b = into[link.Binding](w, w.want(request{as: "ana", method: http.MethodDelete, path: path}, 200, "")); b.Installation != "" {
		t.Errorf("%+v", b)
	}
	if a := w.hold(installation, uuid.New(), 0); a.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	w.want(request{as: "ana", method: http.MethodPut, path: path, body: `{"installation":"x"}`}, 422, link.CodeRequestInvalid)
	b = into[link.Binding](w, w.want(request{as: "ana", method: http.MethodPut, path: path, body: `{"installation":"` + installation + `"}`}, 200, ""))
	if b.Installation != installation || b.Active != nil {
		t.Errorf("%+v", b)
	}
	if a := w.hold(installation, uuid.New(), 0); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
