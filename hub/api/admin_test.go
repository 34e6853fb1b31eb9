package api_test

import (
	"crypto/sha256"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

func admin(as, method, path, body string) request {
	return request{as: as, method: method, path: "/api/v1/admin/" + path, body: body}
}

// TestAdmin goes through what an administrator does, by HTTP alone.
func TestAdmin(t *testing.T) {
	w := newWorld(t)
	company := into[link.Company](t, w.want(admin("ana", "POST", "companies", `{"name":"Usina São João"}`), 201, ""))
	made := into[link.Tenant](t, w.want(admin("ana", "POST", "tenants", `{"company":"Usina São João","name":"Teste"}`), 201, ""))
	if made.CompanyID != company.ID || made.Company != "Usina São João" {
		t.Errorf("tenant %+v", made)
	}
	app := into[link.App](t, w.want(admin("ana", "PUT", "apps/NEW-APP", `{"name":"New","sends":["A"],"receives":["B"]}`), 200, ""))
	if app.Code != "NEW-APP" || len(app.Sends) != 1 {
		t.Errorf("app %+v", app)
	}
	c := into[link.ClientCreated](t, w.want(admin("ana", "POST", "clients", `{"tenantId":"`+made.ID.String()+`","name":"new","apps":["NEW-APP"]}`), 201, ""))
	if c.Secret == "" || len(c.Secrets) != 1 {
		t.Errorf("client %+v", c)
	}
	path := "clients/" + string(c.ID)
	changed := into[link.Client](t, w.want(admin("ana", "PATCH", path, `{"name":"renamed"}`), 200, ""))
	if changed.Name != "renamed" || len(changed.Apps) != 1 {
		t.Errorf("changed %+v", changed)
	}
	secret := into[link.SecretCreated](t, w.want(admin("ana", "POST", path+"/secrets", ``), 201, ""))
	w.want(admin("ana", "POST", path+"/secrets", ``), 409, link.CodeSecretLimit)
	w.want(admin("ana", "DELETE", path+"/secrets/"+secret.ID, ``), 204, "")
	w.want(admin("ana", "DELETE", path+"/secrets/"+secret.ID, ``), 404, link.CodeNotFound)
	revoked := into[link.Client](t, w.want(admin("ana", "POST", path+"/revoke", ``), 200, ""))
	if revoked.Epoch != c.Epoch+1 {
		t.Errorf("revoked %+v", revoked)
	}
	list := w.want(admin("ana", "GET", "clients?tenant="+made.ID.String(), ``), 200, "")
	if p := into[link.Page[link.Client]](t, list); len(p.Items) != 1 || p.Items[0].ID != c.ID {
		t.Errorf("clients %+v", p)
	}
	if strings.Contains(string(list.body), c.Secret) {
		t.Error("a list tells a secret")
	}
	audit := into[link.Page[link.AuditEntry]](t, w.want(admin("ana", "GET", "audit?limit=500", ``), 200, ""))
	if len(audit.Items) < 8 || audit.Items[0].Action != "client.revoke" || audit.Items[0].Actor != "ana" {
		t.Errorf("audit %+v", audit.Items[0])
	}
}

func TestAdminRefusals(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name string
		request
		status int
		code   link.Code
	}{
		{"no key", admin("", "GET", "companies", ``), 401, link.CodeTokenMissing},
		{"unknown key", admin("Bearer nonsense", "GET", "companies", ``), 401, link.CodeKeyInvalid},
		{"init again", admin("", "POST", "init", `{"code":"AAAA-BBBB","user":"bob"}`), 403, link.CodeStartCode},
		{"init with nothing", admin("", "POST", "init", `{}`), 403, link.CodeStartCode},
		{"company twice", admin("ana", "POST", "companies", `{"name":"Fazenda Boa Vista S.A."}`), 409, link.CodeConflict},
		{"company without a name", admin("ana", "POST", "companies", `{}`), 422, link.CodeRequestInvalid},
		{"company of a mistyped property", admin("ana", "POST", "companies", `{"nome":"x"}`), 422, link.CodeRequestInvalid},
		{"company not JSON", admin("ana", "POST", "companies", `{"name"`), 400, link.CodeBodyNotJSON},
		{"tenant of no company", admin("ana", "POST", "tenants", `{"company":"none","name":"x"}`), 404, link.CodeNotFound},
		{"tenant id that is none", admin("ana", "POST", "tenants", `{"id":"x","company":"Fazenda Boa Vista S.A.","name":"x"}`), 422, link.CodeRequestInvalid},
		{"app code malformed", admin("ana", "PUT", "apps/lower", `{"name":"x","sends":[],"receives":[]}`), 422, link.CodeRequestInvalid},
		{"client of no tenant", admin("ana", "POST", "clients", `{"tenantId":"11111111-1111-4111-8111-111111111111","name":"x","apps":["GESPLAN"]}`), 422, link.CodeRequestInvalid},
		{"change of no client", admin("ana", "PATCH", "clients/00000000000000000000000000000000", `{"name":"x"}`), 404, link.CodeNotFound},
		{"change of what is no id", admin("ana", "PATCH", "clients/x", `{"name":"x"}`), 404, link.CodeNotFound},
		{"page of nothing", admin("ana", "GET", "companies?limit=0", ``), 422, link.CodeRequestInvalid},
		{"page too large", admin("ana", "GET", "queues?limit=501", ``), 422, link.CodeRequestInvalid},
		{"cursor of nowhere", admin("ana", "GET", "clients?cursor=%21", ``), 422, link.CodeRequestInvalid},
		{"tenant that is none", admin("ana", "GET", "queues?tenant=x", ``), 422, link.CodeRequestInvalid},
		{"apps by POST", admin("ana", "POST", "apps/NEW", `{}`), 405, link.CodeMethod},
		{"body too large", admin("ana", "POST", "companies", `{"name":"`+strings.Repeat("x", link.MaxBody)+`"}`), 413, link.CodeBodyTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) { w.in(t).want(tc.request, tc.status, tc.code) })
	}
}

// TestListsPage goes through every list a page of one at a time: nothing is missed, nothing comes
// twice.
func TestListsPage(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"rm", "stranger", "foreign"} {
		w.setup(name, command)
	}
	for list, want := range map[string]int{"companies": 1, "tenants": 2, "apps": 2, "clients": 5, "queues": 3} {
		seen, cursor := map[string]bool{}, ""
		for {
			p := into[link.Page[struct{ ID, Code, Queue string }]](t, w.want(admin("ana", http.MethodGet, list+"?limit=1&cursor="+cursor, ``), 200, ""))
			for _, item := range p.Items {
				key := item.ID + item.Code + item.Queue
				if seen[key] {
					t.Fatalf("%s: %s comes twice", list, key)
				}
				seen[key] = true
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d items, want %d", list, len(seen), want)
		}
	}
	q := into[link.Page[link.QueueInfo]](t, w.want(admin("ana", "GET", "queues?tenant="+tenant.String(), ``), 200, ""))
	if len(q.Items) != 2 || q.Items[0].Client == "" || q.Items[0].RequeueCountMax != link.DefaultRequeueCountMax {
		t.Errorf("queues %+v", q.Items)
	}
}

// person gives a person of a role an API key. People besides the first administrator come with a
// later call; until then the test writes where the registry keeps them.
func (w *world) person(name string, role link.Role) {
	w.Helper()
	db, err := sqldb.OpenSQLite(w.Context(), filepath.Join(w.dir, "hub.db"), 1)
	w.must(err)
	defer func() { _ = db.Close() }()
	key := "slk_" + name
	hash := sha256.Sum256([]byte(key))
	_, err = db.ExecContext(w.Context(), `INSERT INTO person (name, role, created_at) VALUES (?1, ?2, 0); INSERT INTO api_key (hash, person, created_at) VALUES (?3, ?1, 0)`, name, role, hash[:])
	w.must(err)
	w.must(w.store.Refresh(w.Context()))
	w.keys[name] = key
}

// TestRoles: who may look changes nothing; who works on messages administers nothing.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	sent := w.send(`{"data":{}}`)
	w.person("vera", link.RoleViewer)
	w.person("otto", link.RoleOperator)
	for _, who := range []string{"vera", "otto"} {
		for _, path := range []string{"companies", "tenants", "apps", "clients", "queues", "audit"} {
			w.want(admin(who, "GET", path, ``), 200, "")
		}
		w.want(request{as: who, method: "GET", path: "/api/v1/link/messages/" + sent.MessageID.String()}, 200, "")
		client := "clients/" + string(w.ids["rm"])
		for _, r := range []request{
			admin(who, "POST", "companies", `{"name":"x"}`), admin(who, "POST", "tenants", `{"company":"Fazenda Boa Vista S.A.","name":"x"}`),
			admin(who, "PUT", "apps/NEW", `{"name":"x","sends":[],"receives":[]}`), admin(who, "PATCH", client, `{"name":"x"}`),
			admin(who, "POST", "clients", `{"tenantId":"`+tenant.String()+`","name":"x","apps":["GESPLAN"]}`), admin(who, "POST", client+"/secrets", ``),
			admin(who, "DELETE", client+"/secrets/x", ``), admin(who, "POST", client+"/revoke", ``),
			{as: who, path: "/api/v1/link/messages/" + sent.MessageID.String() + "/copy"},
		} {
			w.want(r, 403, link.CodeRole)
		}
	}
}
