package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"smartlink/link"
)

// TestFind finds resends of one business change, page by page, and nothing that is not the caller's.
func TestFind(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, w.send(`{"data":1}`).MessageID) // business key b
	}
	find := func(as, query string) link.Page[link.Trace] {
		t.Helper()
		return into[link.Page[link.Trace]](t, w.want(request{as: as, method: http.MethodGet, path: "/api/v1/link/messages" + query}, http.StatusOK, ""))
	}
	for _, as := range []string{"gesplan", "rm"} {
		if p := find(as, "?businessKey=b"); len(p.Items) != 3 || p.Items[0].ID != ids[2] || p.Next != "" || len(p.Items[0].Queues) != 1 {
			t.Errorf("%s found %+v", as, p)
		}
	}
	first := find("gesplan", "?businessKey=b&limit=2")
	second := find("gesplan", "?businessKey=b&limit=2&cursor="+url.QueryEscape(first.Next))
	if len(first.Items) != 2 || len(second.Items) != 1 || second.Items[0].ID != ids[0] || second.Next != "" {
		t.Errorf("pages %+v, %+v", first, second)
	}
	if p := find("vera", "?businessKey=b&tenant="+tenant.String()); len(p.Items) != 3 {
		t.Errorf("a viewer found %+v", p)
	}
	if p := find("gesplan", "?rootId="+ids[1].String()); len(p.Items) != 1 {
		t.Errorf("found by root %+v", p)
	}
	for _, as := range []string{"stranger", "curl", "foreign"} { // neither sender nor receiver; of another tenant
		if p := find(as, "?businessKey=b"); len(p.Items) != 0 {
			t.Errorf("%s found %+v", as, p)
		}
	}
	cursor := "&cursor=" + url.QueryEscape(first.Next)
	for _, bad := range []struct{ as, query string }{
		{"gesplan", "?rootId=none"}, {"gesplan", "?businessKey=b&limit=101"},
		{"gesplan", "?businessKey=b&limit=x"}, {"gesplan", "?businessKey=other" + cursor}, {"gesplan", "?businessKey=b&cursor=forged"},
		{"vera", "?businessKey=b"},
	} {
		w.want(request{as: bad.as, method: http.MethodGet, path: "/api/v1/link/messages" + bad.query},
			link.Catalogue(link.CodeRequestInvalid).Status, link.CodeRequestInvalid)
	}
}
