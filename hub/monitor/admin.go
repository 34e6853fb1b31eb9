package monitor

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"smartlink/hub/registry"
	"smartlink/link"
)

// adminForm bounds the forms of the administration: an app has up to link.MaxTypes types each way.
const adminForm = 256 << 10

// adminPage is what the pages of the administration have in common.
type adminPage struct {
	Tab         string
	Form        url.Values // as it was sent, when it was refused
	Problems    []string
	Token       string
	First, Next string // addresses of pages of the list; "" when there is none
}

// refill shows a page of the administration again: after a form was refused, or for the first time with
// http.StatusOK.
type refill func(status int, f url.Values, said []string) error

// submit does what a form of the administration asks for, once. When it is refused the page is shown
// again, with what the person has to mend.
func (m *Monitor) submit(v *visit, do func(url.Values) (string, error), again refill) error {
	f, err := v.form(adminForm)
	if err != nil {
		return err
	}
	err = v.once(f.Get("token"), func() (string, error) { return do(f) })
	if status, said := v.problems(err); len(said) > 0 && status < http.StatusInternalServerError {
		return again(status, f, said)
	}
	return err
}

func page(tab string, f url.Values, said []string) adminPage {
	return adminPage{Tab: tab, Form: f, Problems: said, Token: newToken()}
}

// paged reads which page of a list is wanted; turn puts the addresses of others into the page.
func (p *adminPage) paged(v *visit) (l registry.List, turn func(next string)) {
	q := v.r.URL.Query()
	l.Cursor = q.Get("cursor")
	return l, func(next string) {
		address := func(cursor string) string {
			a := url.Values{}
			for name, values := range q {
				if name != "cursor" && name != "did" && values[0] != "" {
					a.Set(name, values[0])
				}
			}
			if cursor != "" {
				a.Set("cursor", cursor)
			}
			return "?" + a.Encode()
		}
		if next != "" {
			p.Next = address(next)
		}
		if l.Cursor != "" {
			p.First = address("")
		}
	}
}

func (v *visit) showAdmin(status int, name, title string, data any) error {
	return v.show(status, name, frame{Title: title, Nav: "admin", Data: data})
}

// admin leads to the first page of the administration.
func (m *Monitor) admin(v *visit) error { return v.redirect("admin/tenants") }

// tenantsView is what tenants.html shows.
type tenantsView struct {
	adminPage
	Tenants   []link.Tenant
	Companies []link.Company // to choose from
}

func (m *Monitor) tenants(v *visit) error {
	return m.showTenants(v)(http.StatusOK, url.Values{}, nil)
}

func (m *Monitor) showTenants(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		view := tenantsView{adminPage: page("tenants", f, said)}
		l, turn := view.paged(v)
		p, err := m.cfg.Registry.Tenants(v.r.Context(), l)
		if err != nil {
			return err
		}
		view.Tenants = p.Items
		turn(p.Next)
		companies, err := m.cfg.Registry.Companies(v.r.Context(), registry.List{Limit: registry.MaxPage})
		if err != nil {
			return err
		}
		view.Companies = companies.Items
		return v.showAdmin(status, "tenants", v.text("admin.tenants"), view)
	}
}

func (m *Monitor) createCompany(v *visit) error {
	return m.submit(v, func(f url.Values) (string, error) {
		_, err := m.cfg.Registry.CreateCompany(v.r.Context(), v.user.Name, link.CompanyRequest{Name: f.Get("companyName")})
		return told("admin/tenants", "created"), err
	}, m.showTenants(v))
}

func (m *Monitor) createTenant(v *visit) error {
	return m.submit(v, func(f url.Values) (string, error) {
		r := link.TenantRequest{Company: strings.TrimSpace(f.Get("company")), Name: f.Get("name")}
		if id := strings.TrimSpace(f.Get("id")); id != "" {
			r.ID = &id
		}
		t, err := m.cfg.Registry.CreateTenant(v.r.Context(), v.user.Name, r)
		return told("admin/clients?tenant="+t.ID.String(), "created"), err
	}, m.showTenants(v))
}

// appsView is what apps.html shows.
type appsView struct {
	adminPage
	Apps []link.App
	Edit bool // one app is being changed
}

func (m *Monitor) apps(v *visit) error {
	f := url.Values{}
	code := v.r.URL.Query().Get("code")
	if app, ok := m.cfg.Registry.Current().App(code); ok {
		f = url.Values{"code": {app.Code}, "name": {app.Name}, "sends": {strings.Join(app.Sends, "\n")}, "receives": {strings.Join(app.Receives, "\n")}}
	} else if code != "" {
		return link.NewError(link.CodeNotFound, "what", clip(code, 80))
	}
	return m.showApps(v)(http.StatusOK, f, nil)
}

func (m *Monitor) showApps(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		view := appsView{adminPage: page("apps", f, said), Edit: f.Get("code") != ""}
		l, turn := view.paged(v)
		p, err := m.cfg.Registry.Apps(v.r.Context(), l)
		if err != nil {
			return err
		}
		view.Apps = p.Items
		turn(p.Next)
		return v.showAdmin(status, "apps", v.text("admin.apps"), view)
	}
}

// putApp makes an app, or changes one. To make one of a code that exists is refused: it would take
// the other one's types away.
func (m *Monitor) putApp(v *visit) error {
	return m.submit(v, func(f url.Values) (string, error) {
		code := strings.TrimSpace(f.Get("code"))
		if _, exists := m.cfg.Registry.Current().App(code); exists && f.Get("change") == "" {
			return "", link.NewError(link.CodeConflict, "what", code).At("code", link.CodeConflict, link.Both(
				"já há um aplicativo com este código; abra-o para mudá-lo", "an app of this code exists; open it to change it"))
		}
		_, err := m.cfg.Registry.PutApp(v.r.Context(), v.user.Name, code, link.AppRequest{
			Name: f.Get("name"), Sends: strings.Fields(f.Get("sends")), Receives: strings.Fields(f.Get("receives")),
		})
		return told("admin/apps", "saved"), err
	}, m.showApps(v))
}

// secretView is what secret.html shows: what is shown this once.
type secretView struct {
	adminPage
	Lead  string
	Pairs []header
	Then  string // address
}

// showSecret answers a form with what nobody will see again. It stands in the answer only: no address,
// no cookie and no memory of the hub has it.
func (v *visit) showSecret(title, lead, then string, pairs ...header) error {
	view := secretView{adminPage: page("", nil, nil), Lead: lead, Pairs: pairs, Then: then}
	view.Tab = strings.SplitN(strings.TrimPrefix(then, "admin/"), "/", 2)[0]
	if strings.HasPrefix(view.Tab, "user") {
		view.Tab = "users"
	}
	return v.showAdmin(http.StatusCreated, "secret", title, view)
}

// chosen tells whether a form has a value under a name, for templates.
func chosen(f url.Values, name, value string) bool { return slices.Contains(f[name], value) }
