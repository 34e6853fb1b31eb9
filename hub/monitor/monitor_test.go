package monitor

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/registry"
	"smartlink/link"
)

// TestEveryRouteWithEveryRole: who is not logged in learns nothing, a viewer no body.
func TestEveryRouteWithEveryRole(t *testing.T) {
	w := newWorld(t)
	example := map[string]string{
		"GET /monitor/{$}":                                         "",
		"GET /monitor/queues/{queue}":                              "queues/" + w.queue.String(),
		"GET /monitor/messages/{id}":                               "messages/" + w.message.String(),
		"GET /monitor/messages/{id}/body":                          "messages/" + w.message.String() + "/body",
		"POST /monitor/queues/{queue}/change":                      "queues/" + w.queue.String() + "/change",
		"GET /monitor/queues/{queue}/act":                          "queues/" + w.queue.String() + "/act?do=redrive&id=" + w.dead.String(),
		"POST /monitor/queues/{queue}/act":                         "queues/" + w.queue.String() + "/act",
		"GET /monitor/jobs":                                        "jobs",
		"POST /monitor/jobs/{id}/cancel":                           "jobs/" + link.NewID().String() + "/cancel",
		"GET /monitor/messages/{id}/copy":                          "messages/" + w.message.String() + "/copy",
		"POST /monitor/messages/{id}/copy":                         "messages/" + w.message.String() + "/copy",
		"GET /monitor/messages/{id}/help":                          "messages/" + w.refused.String() + "/help?do=reprocess&queue=" + w.queue.String(),
		"POST /monitor/messages/{id}/help":                         "messages/" + w.refused.String() + "/help",
		"GET /monitor/search":                                      "search?q=contract+42/2024-03/accrual",
		"GET /monitor/admin":                                       "admin",
		"GET /monitor/admin/tenants":                               "admin/tenants",
		"POST /monitor/admin/tenants":                              "admin/tenants",
		"POST /monitor/admin/companies":                            "admin/companies",
		"GET /monitor/admin/apps":                                  "admin/apps?code=GESPLAN-RM",
		"POST /monitor/admin/apps":                                 "admin/apps",
		"GET /monitor/admin/clients":                               "admin/clients?tenant=" + tenant.String(),
		"POST /monitor/admin/clients":                              "admin/clients",
		"GET /monitor/admin/clients/{id}":                          "admin/clients/" + string(w.client),
		"POST /monitor/admin/clients/{id}":                         "admin/clients/" + string(w.client),
		"POST /monitor/admin/clients/{id}/secrets":                 "admin/clients/" + string(w.client) + "/secrets",
		"POST /monitor/admin/clients/{id}/secrets/{secret}/remove": "admin/clients/" + string(w.client) + "/secrets/none/remove",
		"POST /monitor/admin/clients/{id}/revoke":                  "admin/clients/" + string(w.client) + "/revoke",
		"GET /monitor/admin/users":                                 "admin/users",
		"POST /monitor/admin/users":                                "admin/users",
		"GET /monitor/admin/user":                                  "admin/user?name=vera",
		"POST /monitor/admin/user":                                 "admin/user",
		"POST /monitor/admin/user/password":                        "admin/user/password",
		"POST /monitor/admin/user/key":                             "admin/user/key",
		"GET /monitor/admin/audit":                                 "admin/audit",
		"GET /monitor/messages/{id}/erase":                         "messages/" + w.refused.String() + "/erase",
		"POST /monitor/messages/{id}/erase":                        "messages/" + w.refused.String() + "/erase",
		"GET /monitor/admin/tenants/{id}":                          "admin/tenants/" + tenant.String(),
		"POST /monitor/admin/tenants/{id}/retention":               "admin/tenants/" + tenant.String() + "/retention",
		"GET /monitor/admin/tenants/{id}/erase":                    "admin/tenants/" + tenant.String() + "/erase",
		"POST /monitor/admin/tenants/{id}/erase":                   "admin/tenants/" + tenant.String() + "/erase",
		"GET /monitor/admin/schemas":                               "admin/schemas",
		"POST /monitor/admin/schemas":                              "admin/schemas",
		"GET /monitor/admin/schema":                                "admin/schema?type=Note",
		"POST /monitor/admin/schema":                               "admin/schema",
		"POST /monitor/admin/schema/remove":                        "admin/schema/remove",
		"GET /monitor/admin/search":                                "admin/search?type=Note",
		"POST /monitor/admin/search":                               "admin/search",
		"POST /monitor/admin/search/remove":                        "admin/search/remove",
		"GET /monitor/find":                                        "find?id=" + w.message.String(),
		"GET /monitor/installations":                               "installations",
		"GET /monitor/account":                                     "account",
		"POST /monitor/account":                                    "account",
		"GET /monitor/events":                                      "events?topic=queues",
		"POST /monitor/logout":                                     "logout",
		"GET /monitor/login":                                       "login",
		"POST /monitor/login":                                      "login",
		"POST /monitor/language":                                   "language",
		"GET /monitor/static/{file}":                               "static/app.css",
		"/monitor/":                                                "no/such/page",
	}
	forms := map[string]url.Values{
		"POST /monitor/queues/{queue}/change": {"do": {"hold"}},
		"POST /monitor/queues/{queue}/act":    {"do": {"redrive"}, "id": {w.dead.String()}},
		"POST /monitor/admin/tenants":         {"company": {"Fazenda Boa Vista S.A."}, "name": {"Nova"}},
		"POST /monitor/admin/companies":       {"companyName": {"Nova"}},
		"POST /monitor/admin/apps":            {"code": {"NOVO"}, "name": {"Novo"}},
		"POST /monitor/admin/clients":         {"tenant": {tenant.String()}, "name": {"novo"}, "apps": {"GESPLAN-RM"}},
		"POST /monitor/admin/clients/{id}":    {"name": {"rm"}, "apps": {"GESPLAN-RM"}},
		"POST /monitor/admin/users":           {"name": {"nova"}, "role": {"viewer"}},
		"POST /monitor/admin/user":            {"name": {"nova"}, "role": {"operator"}},
		"POST /monitor/admin/user/password":   {"name": {"nova"}},
		"POST /monitor/admin/user/key":        {"name": {"nova"}},
		"POST /monitor/messages/{id}/copy":    {"body": {`{"a":1}`}},
		"POST /monitor/messages/{id}/help":    {"do": {"reprocess"}, "queue": {w.queue.String()}, "reason": {"r"}, "token": {uuid.NewString()}},
		"POST /monitor/account":               {"new": {"a"}, "repeat": {"b"}},
		"POST /monitor/admin/schemas":         {"type": {"Note"}, "mode": {"off"}},
		"POST /monitor/admin/schema":          {"type": {"Note"}, "mode": {"warn"}},
		"POST /monitor/admin/schema/remove":   {"type": {"Note"}},
		"POST /monitor/admin/search":          {"type": {"Note"}, "paths": {"/data/number"}},
		"POST /monitor/admin/search/remove":   {"type": {"Note"}},
	}
	// The answers to nobody, a viewer, an operator, an administrator.
	want := map[string][4]int{
		"GET /monitor/messages/{id}/body":                          {303, 403, 200, 200},
		"POST /monitor/queues/{queue}/change":                      {303, 403, 303, 303},
		"GET /monitor/queues/{queue}/act":                          {303, 403, 200, 200},
		"POST /monitor/queues/{queue}/act":                         {303, 403, 303, 303},
		"GET /monitor/messages/{id}/copy":                          {303, 403, 403, 200},
		"POST /monitor/messages/{id}/copy":                         {303, 403, 403, 303},
		"GET /monitor/messages/{id}/help":                          {303, 403, 200, 200},
		"POST /monitor/messages/{id}/help":                         {303, 403, 409, 409}, // it is off
		"GET /monitor/admin":                                       {303, 403, 403, 303},
		"GET /monitor/admin/tenants":                               {303, 403, 403, 200},
		"POST /monitor/admin/tenants":                              {303, 403, 403, 303},
		"POST /monitor/admin/companies":                            {303, 403, 403, 303},
		"GET /monitor/admin/apps":                                  {303, 403, 403, 200},
		"POST /monitor/admin/apps":                                 {303, 403, 403, 303},
		"GET /monitor/admin/clients":                               {303, 403, 403, 200},
		"POST /monitor/admin/clients":                              {303, 403, 403, 201},
		"GET /monitor/admin/clients/{id}":                          {303, 403, 403, 200},
		"POST /monitor/admin/clients/{id}":                         {303, 403, 403, 303},
		"POST /monitor/admin/clients/{id}/secrets":                 {303, 403, 403, 201},
		"POST /monitor/admin/clients/{id}/secrets/{secret}/remove": {303, 403, 403, 404},
		"POST /monitor/admin/clients/{id}/revoke":                  {303, 403, 403, 303},
		"GET /monitor/admin/users":                                 {303, 403, 403, 200},
		"POST /monitor/admin/users":                                {303, 403, 403, 201},
		"GET /monitor/admin/user":                                  {303, 403, 403, 200},
		"POST /monitor/admin/user":                                 {303, 403, 403, 303},
		"POST /monitor/admin/user/password":                        {303, 403, 403, 201},
		"POST /monitor/admin/user/key":                             {303, 403, 403, 201},
		"GET /monitor/admin/audit":                                 {303, 403, 403, 200},
		"GET /monitor/messages/{id}/erase":                         {303, 403, 403, 200},
		"POST /monitor/messages/{id}/erase":                        {303, 403, 403, 422}, // nothing was typed
		"GET /monitor/admin/tenants/{id}":                          {303, 403, 403, 200},
		"POST /monitor/admin/tenants/{id}/retention":               {303, 403, 403, 303},
		"GET /monitor/admin/tenants/{id}/erase":                    {303, 403, 403, 200},
		"POST /monitor/admin/tenants/{id}/erase":                   {303, 403, 403, 422},
		"GET /monitor/admin/schemas":                               {303, 403, 403, 200},
		"POST /monitor/admin/schemas":                              {303, 403, 403, 303},
		"GET /monitor/admin/schema":                                {303, 403, 403, 200},
		"POST /monitor/admin/schema":                               {303, 403, 403, 303},
		"POST /monitor/admin/schema/remove":                        {303, 403, 403, 303},
		"GET /monitor/admin/search":                                {303, 403, 403, 200},
		"POST /monitor/admin/search":                               {303, 403, 403, 303},
		"POST /monitor/admin/search/remove":                        {303, 403, 403, 303},
		"POST /monitor/jobs/{id}/cancel":                           {303, 403, 404, 404},
		"GET /monitor/find":                                        {303, 303, 303, 303},
		"POST /monitor/account":                                    {303, 422, 422, 422},
		"POST /monitor/logout":                                     {303, 303, 303, 303},
		"GET /monitor/login":                                       {200, 303, 303, 303},
		"POST /monitor/login":                                      {401, 401, 401, 401},
		"POST /monitor/language":                                   {422, 422, 422, 422},
		"GET /monitor/static/{file}":                               {200, 200, 200, 200},
		"/monitor/":                                                {404, 404, 404, 404},
	}
	users := []string{"", "vera", "olga", "ana"}
	browsers := make([]*browser, len(users)) // a log-in costs more than all pages
	for _, r := range w.m.table() {
		path, ok := example[r.pattern]
		if !ok {
			t.Errorf("%s is in no test", r.pattern)
			continue
		}
		method, _, found := strings.Cut(r.pattern, " ")
		if !found {
			method = http.MethodGet
		}
		for i, user := range users {
			status, ok := want[r.pattern]
			if !ok {
				status = [4]int{303, 200, 200, 200}
			}
			if browsers[i] == nil {
				browsers[i] = w.browser(user)
			}
			b := browsers[i]
			if strings.HasSuffix(r.pattern, "/login") || strings.HasSuffix(r.pattern, "/logout") {
				browsers[i] = nil // it is somebody else afterwards
			}
			form := url.Values(nil)
			if method == http.MethodPost {
				form = forms[r.pattern]
			}
			got, h, body := b.do(method, path, form, nil)
			if got != status[i] {
				t.Errorf("%s as %q: %d, want %d", r.pattern, user, got, status[i])
			}
			if h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s as %q: %v", r.pattern, user, h)
			}
			if i == 0 && strings.Contains(body, command) || i <= 1 && strings.Contains(body, secret) {
				t.Errorf("%s tells %q what it should not", r.pattern, user)
			}
		}
	}
}

// TestAClientsTokenOpensNothing: what lets a program send or read messages is no log-in.
func TestAClientsTokenOpensNothing(t *testing.T) {
	b := newWorld(t).browser("")
	status, _, body := b.do("GET", "", nil, map[string]string{"Authorization": "Bearer x.y.z"})
	if status != http.StatusSeeOther || strings.Contains(body, command) {
		t.Errorf("%d\n%s", status, body)
	}
}

func TestQueuesPage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	body := b.want("", 200, "Acompanhamento de Filas e Mensagens", "Gesplan Rm", "Fazenda Boa Vista S.A.", w.queue.String(), "19 dias, 6 horas e 45 minutos", "Homologação")
	if strings.Contains(body, "<script>") || strings.Contains(body, " style=") {
		t.Error("the page has inline script or style, which its policy refuses")
	}
	b.want("?company=boa+vista&tenantId="+tenant.String(), 200, w.queue.String())
	b.want("?product=nothing", 200, "Nenhuma fila corresponde aos filtros")
	for _, sort := range []string{"product", "queue", "last", "waiting", "dead", "oldest", "erp", "nonsense"} {
		b.want("?sort="+sort+"&order=desc", 200, w.queue.String())
	}
	b.want("?cursor=nonsense", 422, "comece da primeira página")
	b.want("", 200, `aria-label="No último dia: chegaram 0, retiradas 0, mortas 0"`)
	b.lang = "en"
	b.want("", 200, "Queues and Messages", "19 days, 6 hours and 45 minutes")
	w.publish()
	w.kill(w.queue, 2)
	b.want("", 200, `aria-label="In the last day: 1 came, 0 were taken, 2 died"`, `<rect class="came" x="115"`, `<rect class="died" x="115"`)
}

// nextPage finds the address of the next page.
var nextPage = regexp.MustCompile(`href="(\?[^"]*cursor=[^"]*)"`)

func TestQueuePage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	page := "queues/" + w.queue.String()
	b.want(page, 200, "Fila Principal", w.message.String(), "source-type", "19 dias, 6 horas e 45 minutos", "Pronta")
	b.want(page+"?tab=subscriptions", 200, command)
	b.want(page+"?tab=dead", 200, w.dead.String(), "sem espaço em disco", "Recusada por quem recebe")
	b.want(page+"?tab=history", 200, w.refused.String(), "Recusada")
	b.want(page+"?type=Other", 200, "A fila está vazia")
	b.want(page+"?order=sideways", 422)
	b.want(page+"?cursor=x", 422)
	b.want("queues/nonsense", 404)
	b.want("queues/"+tenant.String()+".ffffffffffffffffffffffffffffffff", 404)
	for range 60 {
		w.publish()
	}
	seen := map[string]bool{}
	for path, pages := page, 0; path != "" && pages < 5; pages++ {
		body := b.want(path, 200)
		for _, m := range regexp.MustCompile(`messages/([0-9a-f-]{36})`).FindAllStringSubmatch(body, -1) {
			seen[m[1]] = true
		}
		path = ""
		if m := nextPage.FindStringSubmatch(body); m != nil {
			path = page + strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != 61 {
		t.Errorf("the pages show %d messages", len(seen))
	}
}

func TestMessagePage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("olga")
	b.want("messages/"+w.message.String(), 200, secret, "Espera na fila", "Aceita pelo hub", "contract 42/2024-03/accrual", "O ERP ainda não respondeu")
	b.want("messages/"+w.refused.String(), 200, "RM-CFO-UNKNOWN", "/data/CodCfo", "Fornecedor desconhecido.", "Cadastre-o.")
	b.want("messages/"+w.dead.String(), 200, "<span>Recusada por quem recebe</span>", ">sem espaço em disco<")
	b.lang = "en"
	b.want("messages/"+w.refused.String()+"?tenant="+tenant.String(), 200, "Unknown supplier.", "Create it.")
	b.want("messages/nonsense", 404)
	b.want("messages/"+link.NewID().String(), 404)
	b.want("messages/"+w.message.String()+"?tenant=x", 422)
	status, h, body := b.get("messages/" + w.message.String() + "/body")
	if status != 200 || !strings.HasPrefix(body, `{"header"`) || !strings.Contains(h.Get("Content-Disposition"), "attachment") || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v %s", status, h, body)
	}
	w.browser("vera").want("messages/"+w.message.String(), 200, "O papel de leitor")
	for typed, want := range map[string]string{w.message.String(): "./messages/" + w.message.String(), w.queue.String(): "./queues/" + w.queue.String()} {
		if _, h, _ := b.get("find?id=" + typed); h.Get("Location") != want {
			t.Errorf("find %s leads to %s", typed, h.Get("Location"))
		}
	}
	for typed, want := range map[string]string{" what ": "./search?q=what", w.queue.Tenant.String(): "./search?q=" + w.queue.Tenant.String()} {
		if _, h, _ := b.get("find?id=" + url.QueryEscape(typed)); h.Get("Location") != want {
			t.Errorf("find %s leads to %s", typed, h.Get("Location"))
		}
	}
}

func TestInstallationsPage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	b.want("installations", 200, "11111111-2222-4333-8444-555555555555", "Sem notícias", "1 dia, 2 horas e 3 minutos", "service_state_up 1")
}

// hold asks for an installation to be the active one of the world's queue, with success or without.
func (w *world) hold(installation, host string, instance, run uuid.UUID) {
	w.Helper()
	_, err := w.store.Hold(w.Context(), w.queue.Client, installation, link.HoldRequest{Instance: instance, Run: run, Host: host}, link.DefaultHold)
	if err != nil && link.CodeOf(err) != link.CodeInstallation {
		w.Fatal(err)
	}
}

// TestInstallationsPageShowsWhoIsActive, who stands by, which is a copy, and who was refused.
func TestInstallationsPageShowsWhoIsActive(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	const bound = "11111111-2222-4333-8444-555555555555" // which has told of its health
	hold := w.hold
	instance, active := uuid.New(), uuid.New()
	hold(bound, "erp-01", instance, active)
	b.want("installations", 200, "Instância ativa", "erp-01")
	hold(bound, "erp-02", uuid.New(), uuid.New())
	b.want("installations", 200, "Última em espera", "erp-02")
	hold(bound, "clone-01", instance, uuid.New())
	hold(bound, "erp-01", instance, active)
	b.want("installations", 200, "Há uma cópia em execução", "clone-01")
	hold("22222222-2222-4333-8444-555555555555", "test-01", uuid.New(), uuid.New())
	b.want("installations", 200, "Última recusada", "SL-INSTALLATION", "test-01", "22222222-2222-4333-8444-555555555555")
	if _, err := w.store.Release(t.Context(), "ana", w.queue.Client); err != nil {
		t.Fatal(err)
	}
	b.want("installations", 200, "Liberada: a próxima", bound) // its last report, and the queue that is nobody's
}

// TestLoginAndBack: somebody who is sent to the log-in comes back to the page, and to no other site.
func TestLoginAndBack(t *testing.T) {
	w := newWorld(t)
	b := w.browser("")
	_, h, _ := b.get("queues/" + w.queue.String() + "?tab=dead")
	if h.Get("Location") != "../login?next="+url.QueryEscape("queues/"+w.queue.String()+"?tab=dead") {
		t.Fatalf("sent to %s", h.Get("Location"))
	}
	for next, want := range map[string]string{
		"queues/" + w.queue.String() + "?tab=dead": "./queues/" + w.queue.String() + "?tab=dead", "": "./", "//evil.example": "./", "https://evil.example": "./",
		"/etc": "./", `\\evil`: "./", "../../x": "./", "javascript:alert(1)": "./",
	} {
		_, h, _ := w.browser("").post("login", url.Values{"user": {"vera"}, "password": {password}, "next": {next}})
		if h.Get("Location") != want {
			t.Errorf("after a log-in for %q: %s", next, h.Get("Location"))
		}
		if c := h.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
			t.Errorf("cookie %s", c)
		}
	}
	v := w.browser("vera")
	if _, h, _ := v.post("logout", url.Values{}); h.Get("Location") != "./login" {
		t.Errorf("after the log-out: %s", h.Get("Location"))
	}
	if status, _, _ := v.get(""); status != http.StatusSeeOther {
		t.Errorf("after the log-out: %d", status)
	}
}

func TestLoginIsLimited(t *testing.T) {
	w := newWorld(t)
	b := w.browser("")
	wrong := url.Values{"user": {"vera"}, "password": {"wrong"}}
	for range 10 {
		if status, _, body := b.post("login", wrong); status != http.StatusUnauthorized || !strings.Contains(body, "não confere") {
			t.Fatal(status, body)
		}
	}
	status, h, _ := b.post("login", url.Values{"user": {"vera"}, "password": {password}})
	if status != http.StatusTooManyRequests || h.Get("Retry-After") == "" {
		t.Errorf("after ten wrong ones: %d, %v", status, h)
	}
	w.clock.Advance(time.Minute)
	w.browser("vera").want("", 200)
}

// TestForeignForms: another site's page can neither log in nor log out.
func TestForeignForms(t *testing.T) {
	b := newWorld(t).browser("vera")
	w := b.world
	for _, r := range w.m.table() {
		method, path, _ := strings.Cut(r.pattern, " ")
		if method != http.MethodPost {
			continue
		}
		path = strings.NewReplacer(Path, "", "{queue}", w.queue.String(), "{id}", w.message.String(), "{secret}", "x").Replace(path)
		status, _, body := b.do("POST", path, url.Values{}, map[string]string{"Sec-Fetch-Site": "cross-site"})
		if status != http.StatusForbidden || !strings.Contains(body, string(link.CodeForeignPage)) {
			t.Errorf("%s: %d", path, status)
		}
	}
	b.want("", 200)
}

func TestSessionEndsIdle(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	for range 3 { // what the page fetches by itself is no use
		w.clock.Advance(registry.SessionIdle / 3)
		b.do("GET", "", nil, map[string]string{byScript: "1"})
	}
	if status, h, _ := b.get(""); status != http.StatusSeeOther || h.Get("Location") != "./login" {
		t.Errorf("%d, %s", status, h.Get("Location"))
	}
}

func TestLanguageIsKept(t *testing.T) {
	b := newWorld(t).browser("vera")
	_, h, _ := b.post("language", url.Values{"lang": {"en"}, "back": {"installations"}})
	if h.Get("Location") != "./installations" {
		t.Error(h.Get("Location"))
	}
	b.want("installations", 200, "Installations", `lang="en"`)
	b.lang = "de"
	b.Jar = nil
	b.want("login", 200, "Senha")
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	b, other := w.browser("vera"), w.browser("vera")
	change := func(old, fresh, repeat string) (int, string) {
		status, _, body := b.post("account", url.Values{"old": {old}, "new": {fresh}, "repeat": {repeat}})
		return status, body
	}
	for _, c := range [][3]string{{password, "a long new phrase", "another"}, {"wrong", "a long new phrase", "a long new phrase"}, {password, "short", "short"}} {
		if status, body := change(c[0], c[1], c[2]); status != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%v: %d", c, status)
		}
	}
	other.want("", 200)
	if status, body := change(password, "a long new phrase", "a long new phrase"); status != http.StatusSeeOther {
		t.Fatal(status, body)
	}
	b.want("account?changed=1", 200, "Senha trocada")
	if status, _, _ := other.get(""); status != http.StatusSeeOther {
		t.Error("the other session lives on")
	}
}

// TestEveryKeyIsTranslated: each text that pages or code ask for is there in both languages.
func TestEveryKeyIsTranslated(t *testing.T) {
	keys := []string{}
	for _, s := range []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateAcked, link.StateDead, link.StateDiscarded} {
		keys = append(keys, "state."+string(s), "where."+string(s))
	}
	for _, s := range []link.ERPState{
		link.ERPStored, link.ERPRunning, link.ERPWaiting, link.ERPBlocked, link.ERPRejected, link.ERPDone, link.ERPDuplicate, link.ERPDiscarded,
	} {
		keys = append(keys, "erp."+string(s))
	}
	for _, r := range []link.DeadReason{link.DeadRequeueLimit, link.DeadLeaseLostLimit, link.DeadByReceiver} {
		keys = append(keys, "dead."+string(r))
	}
	for _, e := range []link.EventName{
		link.EventAccepted, link.EventQueued, link.EventDelivered, link.EventRequeued, link.EventReleased, link.EventLeaseLost, link.EventHubRestarted,
		link.EventAcknowledged, link.EventDeadLettered, link.EventRedriven, link.EventDiscarded, link.EventERP, link.EventOutcome, link.EventErased, link.EventHelpAsked, link.EventHelpAnswered,
	} {
		keys = append(keys, "event."+string(e))
	}
	for _, said := range []string{string(link.HelpReprocess), string(link.HelpDiscard), string(link.HelpDone), string(link.HelpFailed), string(link.HelpRefused)} {
		keys = append(keys, "help."+said)
	}
	for _, r := range []link.Role{link.RoleAdministrator, link.RoleOperator, link.RoleViewer} {
		keys = append(keys, "role."+string(r), "role."+string(r)+".may")
	}
	for _, by := range []exchange.HitBy{exchange.HitID, exchange.HitRoot, exchange.HitBusinessKey, exchange.HitCorrelation} {
		keys = append(keys, "search.by."+string(by))
	}
	for _, part := range []string{"tenants", "apps", "clients", "schemas", "search", "users", "audit"} {
		keys = append(keys, "admin."+part)
	}
	keys = append(keys, "search.none.how", "search.none.by")
	for _, mode := range schemaModes {
		keys = append(keys, "schema.mode."+string(mode), "schema.does."+string(mode))
	}
	for _, source := range []string{link.SchemaBuiltIn, link.SchemaOwn, link.SchemaNone, link.SearchBuiltIn, link.SearchOwn, link.SearchNone} {
		keys = append(keys, "rule."+source)
	}
	for what := range doings {
		keys = append(keys, "did."+what)
	}
	for _, kind := range []exchange.JobKind{exchange.JobRedrive, exchange.JobDiscard} {
		keys = append(keys, "job."+string(kind), "act."+string(kind), "act."+string(kind)+".go")
	}
	keys = append(keys, "job."+string(exchange.JobErase))
	for _, list := range []link.QueueList{link.ListDead, link.ListWaiting} {
		keys = append(keys, "act."+string(list)+".all", "act."+string(list)+".type")
	}
	for _, s := range []link.JobState{link.JobRunning, link.JobInterrupted, link.JobDone, link.JobCancelled, link.JobFailed} {
		keys = append(keys, "job.state."+string(s))
	}
	for _, tab := range tabs {
		keys = append(keys, "tab."+tab.name, "empty."+tab.name, "empty."+tab.name+".how")
	}
	for _, sort := range append(slices.Clone(exchange.QueueSorts), "day") {
		keys = append(keys, "column."+string(sort))
	}
	for _, name := range filterNames {
		keys = append(keys, "filter."+name)
	}
	for _, e := range []Environment{Local, Dev, Staging, Production} {
		keys = append(keys, "env."+string(e))
	}
	used := regexp.MustCompile(`(?:\{\{-?|\(| )t "([a-zA-Z.-]+)"|"(?:Title|How)" "([a-zA-Z.]+)"`)
	entries, err := files.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := files.ReadFile("pages/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(b), -1) {
			keys = append(keys, m[1]+m[2])
		}
	}
	if len(keys) < 150 {
		t.Errorf("only %d keys found", len(keys))
	}
	for _, key := range keys {
		if _, ok := texts[key]; !ok {
			t.Errorf("no text %q", key)
		}
	}
	for key, text := range texts {
		if text.PT == "" || text.EN == "" || strings.Count(text.PT, "%") != strings.Count(text.EN, "%") {
			t.Errorf("%s: %+v", key, text)
		}
	}
}

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                          {"menos de 1 segundo", "less than 1 second"},
		-time.Hour:                 {"menos de 1 segundo", "less than 1 second"},
		time.Second:                {"1 segundo", "1 second"},
		59900 * time.Millisecond:   {"59 segundos", "59 seconds"},
		time.Minute + time.Second:  {"1 minuto", "1 minute"},
		2*time.Hour + time.Minute:  {"2 horas e 1 minuto", "2 hours and 1 minute"},
		24 * time.Hour:             {"1 dia", "1 day"},
		24*time.Hour + time.Minute: {"1 dia e 1 minuto", "1 day and 1 minute"},
		19*24*time.Hour + 6*time.Hour + 45*time.Minute + 59*time.Second: {"19 dias, 6 horas e 45 minutos", "19 days, 6 hours and 45 minutes"},
		1234 * 24 * time.Hour: {"1.234 dias", "1,234 days"},
	} {
		for i, lang := range languages {
			if got, err := (words{lang}).age(d); err != nil || got != want[i] {
				t.Errorf("%s %s: %q, %v", d, lang, got, err)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", -1000: "-1.000", -100: "-100", 1234567: "1.234.567"} {
		if got := (words{link.Portuguese}).number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int]string{0: "0 B", 1023: "1.023 B", 1024: "1 KiB", 1536: "1,5 KiB", 512 << 10: "512 KiB", 3 << 20: "3 MiB"} {
		if got := (words{link.Portuguese}).size(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// TestEventsTellOfAChange: a page that listens learns of a new message, and of the end of its session.
func TestEventsTellOfAChange(t *testing.T) {
	w := newWorld(t)
	b := w.browser("vera")
	for _, topic := range []string{"", "queue:x", "message:x", "nonsense"} {
		b.want("events?topic="+topic, 422)
	}
	for _, topic := range []string{"queues", "queue:" + w.queue.String(), "message:" + w.message.String(), "jobs", "installations"} {
		t.Run(strings.SplitN(topic, ":", 2)[0], func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"events?topic="+url.QueryEscape(topic), nil)
			if err != nil {
				t.Fatal(err)
			}
			before := w.clock.Timers()
			resp, err := b.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			lines := make([]byte, 64)
			read := func() string {
				n, err := resp.Body.Read(lines)
				if err != nil {
					t.Error(err)
				}
				return string(lines[:n])
			}
			if got := read(); !strings.HasPrefix(got, "event: open") {
				t.Fatalf("%q", got)
			}
			if topic == "queues" {
				w.publish()
				for w.clock.Timers() <= before { // until it sleeps
					runtime.Gosched()
				}
				w.clock.Advance(lookEvery)
				if got := read(); !strings.HasPrefix(got, "event: change") {
					t.Errorf("%q", got)
				}
			}
		})
	}
}

// TestStaticFilesAreKept: the addresses in pages change with the files.
func TestStaticFilesAreKept(t *testing.T) {
	b := newWorld(t).browser("")
	body := b.want("login", 200)
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		address := fmt.Sprintf("static/%s?v=%s", name, staticHash)
		if !strings.Contains(body, address) {
			t.Errorf("the page does not use %s", address)
		}
		status, h, _ := b.get(address)
		if status != 200 || !strings.Contains(h.Get("Cache-Control"), "immutable") || !slices.Contains([]string{"text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"}, h.Get("Content-Type")) {
			t.Errorf("%s: %d %v", address, status, h)
		}
	}
	b.want("static/none.css", 404)
}

// TestSpark: a bar is as high as its hour is busy beside the busiest, and one is seen beside a thousand.
func TestSpark(t *testing.T) {
	points := make([]link.SeriesPoint, 24)
	points[0].Published, points[1].Published, points[1].Dead, points[23].Acked = 1000, 500, 1, 7
	got, err := words{link.English}.spark(points)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`aria-label="In the last day: 1,500 came, 7 were taken, 1 died"`, `<rect class="came" x="0" y="0" width="4" height="24"/>`,
		`<rect class="came" x="5" y="12" width="4" height="12"/>`, `<rect class="died" x="5" y="22" width="4" height="2"/>`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Count(string(got), "<rect") != 3 {
		t.Errorf("%s", got)
	}
}
