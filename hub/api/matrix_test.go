package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"smartlink/link"
)

// Who may call a route.
const (
	byAnyone   = "anyone"
	byClient   = "client"
	byViewer   = "viewer"
	byOperator = "operator"
	byAdmin    = "administrator"
	byEither   = "client or viewer"
)

// routes says for every route who may call it. It is written by hand, apart from the routes
// themselves, so that a route that was opened too wide does not pass.
var routes = map[string]string{
	"POST /api/v1/link/setup": byClient, "POST /api/v1/link/send": byClient, "POST /api/v1/link/send/{type}": byClient,
	"POST /api/v1/link/send/{type}/{audience}": byClient, "GET /api/v1/link/get": byClient, "POST /api/v1/link/get": byClient,
	"POST /api/v1/link/ack": byClient, "POST /api/v1/link/extend": byClient,
	"POST /api/v1/link/installation": byClient, "GET /api/v1/admin/installations": byViewer,
	"GET /api/v1/admin/clients/{id}/installation": byViewer, "PUT /api/v1/admin/clients/{id}/installation": byAdmin,
	"DELETE /api/v1/admin/clients/{id}/installation": byAdmin,
	"GET /api/data-management/v1/apps/by-tenant":     byClient,
	"GET /api/v1/link/messages":                      byEither, "GET /api/v1/link/messages/{id}": byEither, "GET /api/v1/link/queue": byEither,
	"GET /api/v1/link/queue/messages": byEither, "GET /api/v1/link/queue/series": byEither, "POST /api/v1/link/messages/{id}/copy": byAdmin,
	"GET /api/v1/link/messages/{id}/body":      byOperator,
	"GET /api/v1/admin/tenants/{id}/retention": byViewer, "PATCH /api/v1/admin/tenants/{id}/retention": byAdmin,
	"GET /api/v1/admin/tenants/{id}/retention/preview": byViewer, "GET /api/v1/admin/rounds": byViewer,
	"POST /api/v1/admin/tenants/{id}/erase": byAdmin, "POST /api/v1/admin/messages/{id}/erase": byAdmin,
	"POST /api/v1/admin/messages/{id}/help": byOperator,
	"POST /api/v1/admin/init":               byAnyone,
	"GET /api/v1/admin/companies":           byViewer, "POST /api/v1/admin/companies": byAdmin,
	"GET /api/v1/admin/tenants": byViewer, "POST /api/v1/admin/tenants": byAdmin,
	"GET /api/v1/admin/apps": byViewer, "PUT /api/v1/admin/apps/{code}": byAdmin,
	"GET /api/v1/admin/clients": byViewer, "POST /api/v1/admin/clients": byAdmin, "PATCH /api/v1/admin/clients/{id}": byAdmin,
	"POST /api/v1/admin/clients/{id}/secrets": byAdmin, "DELETE /api/v1/admin/clients/{id}/secrets/{secret}": byAdmin,
	"POST /api/v1/admin/clients/{id}/revoke": byAdmin,
	"GET /api/v1/admin/queues":               byViewer, "POST /api/v1/admin/queues/check": byAdmin, "GET /api/v1/admin/audit": byViewer,
	"GET /api/v1/admin/users": byViewer, "POST /api/v1/admin/users": byAdmin, "PATCH /api/v1/admin/users/{name}": byAdmin,
	"PUT /api/v1/admin/users/{name}/password": byAdmin, "POST /api/v1/admin/users/{name}/key": byAdmin,
	"PATCH /api/v1/admin/queue": byOperator, "POST /api/v1/admin/queue/redrive": byOperator, "POST /api/v1/admin/queue/discard": byOperator,
	"GET /api/v1/admin/jobs": byViewer, "GET /api/v1/admin/jobs/{id}": byViewer, "DELETE /api/v1/admin/jobs/{id}": byOperator,
	"GET /api/v1/admin/messages": byViewer,
	"GET /api/v1/admin/search":   byViewer, "GET /api/v1/admin/search/{type}": byViewer,
	"PUT /api/v1/admin/search/{type}": byAdmin, "DELETE /api/v1/admin/search/{type}": byAdmin,
	"GET /api/v1/admin/schemas": byViewer, "GET /api/v1/admin/schemas/{type}": byViewer,
	"PATCH /api/v1/admin/schemas/{type}": byAdmin, "DELETE /api/v1/admin/schemas/{type}": byAdmin,
}

// refusals are the answers to who may not call a route.
var refusals = []link.Code{link.CodeTokenMissing, link.CodeTokenInvalid, link.CodeKeyInvalid, link.CodeRole}

// TestEveryRouteByEveryRole calls every described route of the API with every kind of credential. The
// calls name a message and a queue of the tenant, so what another tenant's client is answered must
// not tell of them.
func TestEveryRouteByEveryRole(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	const secret = "F-SECRETO"
	sent := w.send(`{"data":{"CodCfo":"` + secret + `"}}`)
	w.person("vera", link.RoleViewer)
	w.person("otto", link.RoleOperator)
	may := map[string][]string{
		byAnyone: {"", "junk", "gesplan", "foreign", "vera", "otto", "ana"}, byClient: {"gesplan", "foreign"}, byViewer: {"vera", "otto", "ana"},
		byOperator: {"otto", "ana"}, byAdmin: {"ana"}, byEither: {"gesplan", "foreign", "vera", "otto", "ana"},
	}
	for _, route := range w.described() {
		method, path, _ := strings.Cut(route, " ")
		who, known := routes[route]
		if !known {
			t.Errorf("%s is not in the table: who may call it?", route)
			continue
		}
		for _, as := range may[byAnyone] {
			r := request{
				as: as, method: method, body: `{"notAProperty":1}`,
				path: strings.NewReplacer("{id}", sent.MessageID.String(), "{type}", "Unheard", "{audience}", "LinkProxy", "{code}", "X", "{name}", "nobody",
					"{secret}", "x").Replace(path) + "?queue=" + w.queueOf("rm") + "&businessKey=b",
			}
			if as == "junk" {
				r.as = "Bearer junk"
			}
			if method == http.MethodGet {
				r.body = ""
			}
			a := w.do(r)
			var p link.Problem
			_ = json.Unmarshal(a.body, &p) // an answer that is no problem has no code
			if refused := slices.Contains(refusals, p.Code); refused == slices.Contains(may[who], as) {
				t.Errorf("%s as %q, for %s: %d %s", route, as, who, a.StatusCode, p.Code)
			}
			if as == "foreign" && (strings.Contains(string(a.body), secret) || a.StatusCode < 400 && strings.Contains(string(a.body), sent.MessageID.String())) {
				t.Errorf("%s tells another tenant: %s", route, a.body)
			}
		}
	}
}

// described lists the routes of the API's description, "GET /path".
func (w *world) described() []string {
	w.Helper()
	d := into[struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}](w, w.do(request{method: http.MethodGet, path: "/api/v1/openapi.json"}))
	var list []string
	for path, methods := range d.Paths {
		for method := range methods {
			if strings.HasPrefix(path, "/api/") && path != "/api/v1/openapi.json" {
				list = append(list, strings.ToUpper(method)+" "+path)
			}
		}
	}
	if len(list) < 30 {
		w.Fatalf("only %d routes described: %v", len(list), list)
	}
	slices.Sort(list)
	return list
}
