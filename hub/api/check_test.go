package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

const checkPath = "/api/v1/admin/queues/check"

func TestCountsAreCheckedAndMended(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	w.setup("foreign", command)
	w.send(`{"data":{}}`)
	check := func(body string) link.CountCheck {
		t.Helper()
		return into[link.CountCheck](t, w.want(request{as: "ana", path: checkPath, body: body}, http.StatusOK, ""))
	}
	if c := check(`{}`); c.Queues != 2 || len(c.Differences) != 0 || c.Differences == nil || c.Mended {
		t.Fatalf("%+v", c)
	}
	_, err := w.driver.Apply(t.Context(), 0, []queue.Op{queue.OpMend{
		Queue: queue.Name{Tenant: tenant, Client: w.ids["rm"]}, Add: map[link.State]int64{link.StateDead: 3},
	}})
	w.must(err)
	want := link.CountDifference{Queue: w.queueOf("rm"), State: link.StateDead, Kept: 3, Found: 0}
	if c := check(fmt.Sprintf(`{"tenantId":%q}`, tenant)); c.Queues != 1 || len(c.Differences) != 1 || c.Differences[0] != want || c.Mended {
		t.Errorf("%+v", c)
	}
	if c := check(`{"mend":true}`); len(c.Differences) != 1 || !c.Mended {
		t.Errorf("%+v", c)
	}
	if c := check(`{"mend":true}`); len(c.Differences) != 0 || c.Mended {
		t.Errorf("after mending: %+v", c)
	}
	if audit := w.want(request{as: "ana", method: http.MethodGet, path: "/api/v1/admin/audit"}, http.StatusOK, ""); strings.Count(string(audit.body), "queue.mend") != 1 {
		t.Errorf("audit %s", audit.body)
	}
	for _, body := range []string{`{"tenantId":"x"}`, `{"mend":"yes"}`, `[]`} {
		w.want(request{as: "ana", path: checkPath, body: body}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	}
	w.want(request{as: "olga", path: checkPath, body: `{}`}, http.StatusForbidden, link.CodeRole)
}
