package monitor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

// roles in the order forms offer them: the least first.
var roles = []link.Role{link.RoleViewer, link.RoleOperator, link.RoleAdministrator}

// usersView is what users.html shows.
type usersView struct {
	adminPage
	Users []link.User
	Roles []link.Role
}

func (m *Monitor) users(v *visit) error {
	return m.showUsers(v)(http.StatusOK, url.Values{"role": {string(link.RoleViewer)}}, nil)
}

func (m *Monitor) showUsers(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		view := usersView{adminPage: page("users", f, said), Roles: roles}
		l, turn := view.paged(v)
		p, err := m.cfg.Registry.Users(v.r.Context(), l)
		if err != nil {
			return err
		}
		view.Users = p.Items
		turn(p.Next)
		return v.showAdmin(status, "users", v.text("admin.users"), view)
	}
}

// userAddress is the page of one person. A name may hold what a path may not.
func userAddress(name string) string { return "admin/user?name=" + escape(name) }

// createUser makes a person with a password of the hub's making and shows it, this once.
func (m *Monitor) createUser(v *visit) error {
	return m.submit(v, func(f url.Values) (string, error) {
		made, err := m.cfg.Registry.CreateUser(v.r.Context(), v.user.Name, link.UserRequest{Name: f.Get("name"), Role: link.Role(f.Get("role"))})
		if err != nil {
			return "", err
		}
		to := userAddress(made.Name)
		return to, v.showSecret(v.text("user.created"), v.text("secret.password.lead"), to,
			header{v.text("login.user"), made.Name}, header{v.text("login.password"), made.Password})
	}, m.showUsers(v))
}

// userView is what user.html shows.
type userView struct {
	adminPage
	Of    link.User
	Roles []link.Role
	Self  bool
}

func (m *Monitor) oneUser(v *visit) error {
	return m.showUser(v, v.r.URL.Query().Get("name"))(http.StatusOK, url.Values{}, nil)
}

func (m *Monitor) showUser(v *visit, name string) refill {
	return func(status int, f url.Values, said []string) error {
		u, err := m.cfg.Registry.User(v.r.Context(), name)
		if err != nil {
			return err
		}
		view := userView{adminPage: page("users", f, said), Of: u, Roles: roles, Self: u.Name == v.user.Name}
		return v.showAdmin(status, "user", v.text("user.title"), view)
	}
}

// aboutUser serves a form about one person.
func (m *Monitor) aboutUser(v *visit, do func(name, to string, f url.Values) (string, error)) error {
	f, err := v.form(adminForm)
	if err != nil {
		return err
	}
	name := f.Get("name")
	return m.submit(v, func(f url.Values) (string, error) { return do(name, userAddress(name), f) }, m.showUser(v, name))
}

func (m *Monitor) changeUser(v *visit) error {
	return m.aboutUser(v, func(name, to string, f url.Values) (string, error) {
		var c link.UserChange
		if r := link.Role(f.Get("role")); r != "" {
			c.Role = &r
		}
		switch f.Get("do") {
		case "disable":
			c.Disabled = new(true)
		case "enable":
			c.Disabled = new(false)
		}
		_, err := m.cfg.Registry.ChangeUser(v.r.Context(), v.user.Name, name, c)
		return told(to, "saved"), err
	})
}

// setPassword gives a person a password of the hub's making and shows it, this once.
func (m *Monitor) setPassword(v *visit) error {
	return m.aboutUser(v, func(name, to string, _ url.Values) (string, error) {
		set, err := m.cfg.Registry.SetPassword(v.r.Context(), v.user.Name, name, link.PasswordRequest{})
		if err != nil {
			return "", err
		}
		return to, v.showSecret(v.text("user.password"), v.text("secret.password.lead"), to,
			header{v.text("login.user"), set.User}, header{v.text("login.password"), set.Password})
	})
}

// setKey gives a person a new API key and shows it, this once.
func (m *Monitor) setKey(v *visit) error {
	return m.aboutUser(v, func(name, to string, _ url.Values) (string, error) {
		set, err := m.cfg.Registry.SetKey(v.r.Context(), v.user.Name, name)
		if err != nil {
			return "", err
		}
		return to, v.showSecret(v.text("user.key"), v.text("secret.key.lead"), to,
			header{v.text("login.user"), set.User}, header{v.text("secret.key"), set.APIKey})
	})
}

// auditView is what audit.html shows.
type auditView struct {
	adminPage
	Entries  []link.AuditEntry
	Filtered bool
	Tenants  []link.Tenant // to choose from
}

// audit lists who did what, the newest first.
func (m *Monitor) audit(v *visit) error {
	q := v.r.URL.Query()
	view := auditView{adminPage: page("audit", q, nil)}
	f := registry.AuditFilter{Actor: q.Get("actor"), Action: q.Get("action"), Target: q.Get("target")}
	wrong := link.NewError(link.CodeRequestInvalid)
	f.From, f.To = v.day("from", 0, wrong), v.day("to", 1, wrong)
	for name, id := range map[string]*uuid.UUID{"tenant": &f.Tenant, "message": &f.Message} {
		var err error
		if text := strings.TrimSpace(q.Get(name)); text != "" {
			if *id, err = link.ParseUUID(text); err != nil {
				wrong.At(name, link.CodeRequestInvalid, link.Both("%q não é um UUID", "%q is not a UUID", clip(text, 80)))
			}
		}
	}
	for _, name := range []string{"actor", "action", "target", "tenant", "message", "from", "to"} {
		view.Filtered = view.Filtered || q.Get(name) != ""
	}
	tenants, err := m.cfg.Registry.Tenants(v.r.Context(), registry.List{Limit: registry.MaxPage})
	if err != nil {
		return err
	}
	view.Tenants = tenants.Items
	status := http.StatusOK
	if len(wrong.Errors) > 0 {
		status, view.Problems = v.problems(wrong)
		return v.showAdmin(status, "audit", v.text("admin.audit"), view)
	}
	l, turn := view.paged(v)
	p, err := m.cfg.Registry.AuditOf(v.r.Context(), f, l)
	if err != nil {
		return err
	}
	view.Entries = p.Items
	turn(p.Next)
	return v.showAdmin(status, "audit", v.text("admin.audit"), view)
}
