package monitor

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"smartlink/hub/registry"
	"smartlink/link"
)

var shown = regexp.MustCompile(`<dd><code>([^<]*)</code></dd>`)

// secrets posts a form that shows something once, and answers what it shows, the secret last.
func (b *browser) secrets(path string, form url.Values) []string {
	b.Helper()
	status, h, body := b.post(path, form)
	if status != http.StatusCreated || h.Get("Cache-Control") != "no-store" {
		b.Fatalf("%s: %d %v\n%s", path, status, h, body)
	}
	var values []string
	for _, m := range shown.FindAllStringSubmatch(body, -1) {
		values = append(values, html.UnescapeString(m[1]))
	}
	return values
}

// TestFromCompanyToSecret goes the way of a new customer: company, tenant, app, client, and the secret,
// which is shown once.
func TestFromCompanyToSecret(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	b.want(b.sent("admin/companies", url.Values{"companyName": {"Usina São João Ltda."}}), 200, "Criado.", `value="Usina São João Ltda."`)
	to := b.sent("admin/tenants", url.Values{"company": {"Usina São João Ltda."}, "name": {"Produção"}})
	b.want(to, 200, "Criado.", "Clientes de", "Usina São João Ltda. · Produção", "Ainda não há clientes")
	id := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(to)
	b.want("admin/tenants", 200, id, "Usina São João Ltda.")
	b.want(b.sent("admin/apps", url.Values{"code": {"GESPLAN"}, "name": {"Gesplan"}, "sends": {command + "\r\nMetrics\r\n"}, "receives": {command + "Response"}}), 200, "GESPLAN", command+"Response")
	form := url.Values{"tenant": {id}, "name": {"gesplan"}, "apps": {"GESPLAN"}, "token": {newToken()}}
	got := b.secrets("admin/clients", form)
	if len(got) != 3 || got[0] != id {
		t.Fatalf("%v", got)
	}
	client := link.ClientID(got[1])
	if _, err := w.store.AuthenticateClient(t.Context(), client, got[2]); err != nil {
		t.Errorf("the secret is not good: %v", err)
	}
	page := "admin/clients/" + string(client)
	to = b.sent("admin/clients", form)
	if !strings.HasPrefix(to, page) {
		t.Errorf("sent again, it leads to %s", to)
	}
	if body := b.want(to, 200, "já tinha sido enviado", "GESPLAN"); strings.Contains(body, got[2]) {
		t.Error("the secret is shown a second time")
	}
	if c, err := w.store.Clients(t.Context(), [16]byte{}, registry.List{}); err != nil || len(c.Items) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, e := range w.audit("") {
		if strings.Contains(e.Detail, got[2]) {
			t.Error("the audit holds the secret")
		}
	}
}

func TestSecretsAreReplaced(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	page := "admin/clients/" + string(w.client)
	b.want(page, 200, "Ver a fila", "Criar mais um segredo", `href="../../queues/`+w.queue.String())
	c, err := w.store.Client(t.Context(), w.client)
	w.must(err)
	second := b.secrets(page+"/secrets", url.Values{})[1]
	if body := b.want(page, 200); strings.Contains(body, "Criar mais um segredo") {
		t.Error("a third secret is offered")
	}
	if status, _, body := b.post(page+"/secrets", url.Values{}); status != http.StatusConflict || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "Revogar os tokens") {
		t.Errorf("a third secret: %d\n%s", status, body)
	}
	b.want(b.sent(page+"/secrets/"+c.Secrets[0].ID+"/remove", url.Values{}), 200, "Removido.")
	if _, err := w.store.AuthenticateClient(t.Context(), w.client, second); err != nil {
		t.Error(err)
	}
	if now, err := w.store.Client(t.Context(), w.client); err != nil || len(now.Secrets) != 1 || now.Secrets[0].ID == c.Secrets[0].ID {
		t.Errorf("%+v, %v", now, err)
	}
	b.want(b.sent(page+"/revoke", url.Values{}), 200, "são recusados")
	if now, err := w.store.Client(t.Context(), w.client); err != nil || now.Epoch != c.Epoch+1 {
		t.Errorf("%+v, %v", now, err)
	}
	b.want(b.sent(page, url.Values{"name": {"outro"}, "apps": {"GESPLAN-RM"}}), 200, "Gravado.", `value="outro"`)
	if status, _, body := b.post(page, url.Values{"name": {"outro"}}); status != 422 || !strings.Contains(body, "ao menos um aplicativo") {
		t.Errorf("without an app: %d\n%s", status, body)
	}
	b.want("admin/clients/none", 404)
	b.want("admin/clients/"+string(link.NewClientID()), 404)
	b.want("admin/clients?tenant="+link.NewID().String(), 404)
	b.want("admin/clients?tenant=x", 404)
}

// TestFormsOfTheAdministrationSayWhatIsWrong, and keep what was typed.
func TestFormsOfTheAdministrationSayWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		status int
		says   []string
	}{
		"company twice":  {"admin/companies", url.Values{"companyName": {"Fazenda Boa Vista S.A."}}, 409, []string{"já há uma empresa com este nome", `value="Fazenda Boa Vista S.A."`}},
		"company, empty": {"admin/companies", url.Values{}, 422, []string{"falta um nome"}},
		"tenant of none": {"admin/tenants", url.Values{"company": {"Ninguém"}, "name": {"x"}}, 404, []string{"crie-a antes", `value="Ninguém"`}},
		"tenant's id":    {"admin/tenants", url.Values{"company": {"Fazenda Boa Vista S.A."}, "name": {"x"}, "id": {"1"}}, 422, []string{"não é um UUID"}},
		"app there is":   {"admin/apps", url.Values{"code": {"GESPLAN-RM"}, "name": {"x"}}, 409, []string{"abra-o para mudá-lo"}},
		"app's code":     {"admin/apps", url.Values{"code": {"a b"}, "name": {"x"}}, 422, []string{"não pode ser o código"}},
		"app's types":    {"admin/apps", url.Values{"code": {"NEW"}, "name": {"x"}, "sends": {"1x"}}, 422, []string{"1x", `role="alert"`}},
		"client":         {"admin/clients", url.Values{"tenant": {"x"}, "name": {""}}, 422, []string{"não é um UUID", "falta um nome", "ao menos um aplicativo"}},
		"user twice":     {"admin/users", url.Values{"name": {"vera"}, "role": {"viewer"}}, 409, []string{"já há um usuário com este nome", `value="vera"`}},
		"user's role":    {"admin/users", url.Values{"name": {"x"}, "role": {"king"}}, 422, []string{"não é um papel"}},
		"last admin":     {"admin/user", url.Values{"name": {"ana"}, "role": {"viewer"}}, 409, []string{"último administrador"}},
		"disabled admin": {"admin/user", url.Values{"name": {"ana"}, "do": {"disable"}}, 409, []string{"último administrador"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, body := b.post(c.path, c.form)
			if status != c.status {
				t.Errorf("%d, want %d\n%s", status, c.status, body)
			}
			for _, says := range c.says {
				if !strings.Contains(body, says) {
					t.Errorf("does not say %q\n%s", says, body)
				}
			}
		})
	}
	b.want("admin/apps?code=NONE", 404)
	b.want("admin/user?name=nobody", 404)
	before, ok := w.store.Current().App("GESPLAN-RM")
	if !ok || before.Name != "Gesplan Rm" {
		t.Errorf("%+v", before)
	}
	b.want("admin/apps?code=GESPLAN-RM", 200, `name="change"`, command)
	b.want(b.sent("admin/apps", url.Values{"code": {"GESPLAN-RM"}, "change": {"1"}, "name": {"RM"}, "receives": {command}}), 200, "Gravado.", "RM")
}

// TestPeopleAreKept: an administrator makes a person, changes what they may, and ends their access.
func TestPeopleAreKept(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	name := "bruno & filho/x"
	got := b.secrets("admin/users", url.Values{"name": {name}, "role": {"viewer"}})
	page := userAddress(name)
	b.want("admin/users", 200, "bruno &amp; filho/x", "Leitor")
	login := func(password string) int {
		status, _, _ := w.browser("").post("login", url.Values{"user": {name}, "password": {password}})
		return status
	}
	if status := login(got[1]); status != http.StatusSeeOther {
		t.Errorf("log-in with the password shown: %d", status)
	}
	b.want(b.sent("admin/user", url.Values{"name": {name}, "role": {"operator"}}), 200, "Gravado.", "Operador")
	again := b.secrets("admin/user/password", url.Values{"name": {name}})
	if login(got[1]) != http.StatusUnauthorized || login(again[1]) != http.StatusSeeOther {
		t.Error("the old password is good, or the new one is not")
	}
	key := b.secrets("admin/user/key", url.Values{"name": {name}})
	if u, err := w.store.AuthenticateKey(t.Context(), key[1]); err != nil || u.Name != name {
		t.Errorf("%+v, %v", u, err)
	}
	b.want(b.sent("admin/user", url.Values{"name": {name}, "do": {"disable"}}), 200, "Desativado")
	if login(again[1]) != http.StatusUnauthorized {
		t.Error("somebody disabled gets in")
	}
	b.want(b.sent("admin/user", url.Values{"name": {name}, "do": {"enable"}}), 200, "Ativo")
	b.want(page, 200, "O que fez")
	b.want("admin/user?name=ana", 200, "Este é você")
}

func TestAuditPage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	b.want("admin/audit", 200, "person.create", "client.create", "Fazenda Boa Vista S.A.")
	b.want("admin/audit?actor=vera", 200, "Nada corresponde aos filtros")
	if body := b.want("admin/audit?action=client.&from=2024-03-27&to=2024-03-27", 200, "client.create"); strings.Contains(body, "<code>person.create") {
		t.Error("the filter lets others through")
	}
	b.want("admin/audit?to=2024-03-26", 200, "Nada corresponde")
	b.want("admin/audit?from=27/03/2024", 422, "AAAA-MM-DD")
	b.want("admin/audit?cursor=x", 422)
	for range 60 {
		w.must(w.store.Record(t.Context(), link.AuditEntry{Actor: "rita", Action: "test", Target: "x"}))
	}
	rows := 0
	for path, pages := "admin/audit?actor=rita", 0; path != "" && pages < 5; pages++ {
		body := b.want(path, 200)
		rows += strings.Count(body, "<code>test</code>")
		path = ""
		if m := nextPage.FindStringSubmatch(body); m != nil {
			path = "admin/audit" + html.UnescapeString(m[1])
		}
	}
	if rows != 60 {
		t.Errorf("the pages show %d entries", rows)
	}
}
