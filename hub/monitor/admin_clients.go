package monitor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// clientsView is what clients.html shows.
type clientsView struct {
	adminPage
	Tenant  link.Tenant // whose clients; the zero value: all
	Clients []clientRow
	Tenants []link.Tenant // to choose from
	Apps    []link.App    // to choose from
}

// clientRow is a client with its tenant's names.
type clientRow struct {
	link.Client
	Of link.Tenant
}

func (m *Monitor) clients(v *visit) error {
	return m.showClients(v)(http.StatusOK, url.Values{"tenant": {v.r.URL.Query().Get("tenant")}}, nil)
}

func (m *Monitor) showClients(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		ctx, r, known := v.r.Context(), m.cfg.Registry, m.cfg.Registry.Current()
		view := clientsView{adminPage: page("clients", f, said)}
		of := uuid.Nil
		if text := v.r.URL.Query().Get("tenant"); text != "" {
			id, err := link.ParseUUID(text)
			found := false
			if view.Tenant, found = known.Tenant(id); err != nil || !found {
				return link.NewError(link.CodeNotFound, "what", "Tenant "+clip(text, 80))
			}
			of = id
		}
		l, turn := view.paged(v)
		p, err := r.Clients(ctx, of, l)
		if err != nil {
			return err
		}
		for _, c := range p.Items {
			t, _ := known.Tenant(c.TenantID)
			view.Clients = append(view.Clients, clientRow{c, t})
		}
		turn(p.Next)
		tenants, err := r.Tenants(ctx, registry.List{Limit: registry.MaxPage})
		if err != nil {
			return err
		}
		apps, err := r.Apps(ctx, registry.List{Limit: registry.MaxPage})
		if err != nil {
			return err
		}
		view.Tenants, view.Apps = tenants.Items, apps.Items
		return v.showAdmin(status, "clients", v.text("admin.clients"), view)
	}
}

// createClient makes a client and shows its first secret, this once.
func (m *Monitor) createClient(v *visit) error {
	return m.submit(v, func(f url.Values) (string, error) {
		made, err := m.cfg.Registry.CreateClient(v.r.Context(), v.user.Name, link.ClientRequest{
			TenantID: strings.TrimSpace(f.Get("tenant")), Name: f.Get("name"), Apps: f["apps"],
		})
		if err != nil {
			return "", err
		}
		to := "admin/clients/" + string(made.ID)
		return to, v.showSecret(v.text("client.created"), v.text("secret.lead"), to,
			header{v.text("queue.tenant"), made.TenantID.String()}, header{v.text("filter.clientId"), string(made.ID)}, header{v.text("secret.secret"), made.Secret})
	}, m.showClients(v))
}

// clientView is what client.html shows.
type clientView struct {
	adminPage
	Client clientRow
	Apps   []link.App
	Queue  string // its name; "": the client has none yet
}

func (m *Monitor) oneClient(v *visit) error {
	c, err := m.clientOf(v)
	if err != nil {
		return err
	}
	return m.showClient(v)(http.StatusOK, url.Values{"name": {c.Name}, "apps": c.Apps}, nil)
}

// clientOf is the client in the path. What is no id names no client.
func (m *Monitor) clientOf(v *visit) (link.Client, error) {
	id, err := link.ParseClientID(v.r.PathValue("id"))
	if err != nil {
		return link.Client{}, link.NewError(link.CodeNotFound, "what", clip(v.r.PathValue("id"), 80)).Because(err)
	}
	return m.cfg.Registry.Client(v.r.Context(), id)
}

func (m *Monitor) showClient(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		c, err := m.clientOf(v)
		if err != nil {
			return err
		}
		view := clientView{adminPage: page("clients", f, said)}
		t, _ := m.cfg.Registry.Current().Tenant(c.TenantID)
		view.Client = clientRow{c, t}
		if f.Get("name") == "" && len(f["apps"]) == 0 { // a form that changes neither
			view.Form = url.Values{"name": {c.Name}, "apps": c.Apps}
		}
		apps, err := m.cfg.Registry.Apps(v.r.Context(), registry.List{Limit: registry.MaxPage})
		if err != nil {
			return err
		}
		view.Apps = apps.Items
		name := queue.Name{Tenant: c.TenantID, Client: c.ID}
		switch _, err := m.cfg.Exchange.QueueRow(v.r.Context(), v.operator(), name); {
		case err == nil:
			view.Queue = name.String()
		case link.CodeOf(err) != link.CodeNotFound:
			return err
		}
		return v.showAdmin(status, "client", v.text("client.title"), view)
	}
}

// aboutClient serves a form about the client in the path.
func (m *Monitor) aboutClient(v *visit, do func(c link.Client, to string, f url.Values) (string, error)) error {
	c, err := m.clientOf(v)
	if err != nil {
		return err
	}
	to := "admin/clients/" + string(c.ID)
	v.back = to
	return m.submit(v, func(f url.Values) (string, error) { return do(c, to, f) }, m.showClient(v))
}

func (m *Monitor) changeClient(v *visit) error {
	return m.aboutClient(v, func(c link.Client, to string, f url.Values) (string, error) {
		name, apps := f.Get("name"), f["apps"]
		_, err := m.cfg.Registry.ChangeClient(v.r.Context(), v.user.Name, c.ID, link.ClientChange{Name: &name, Apps: &apps})
		return told(to, "saved"), err
	})
}

// addSecret makes a second secret and shows it, this once.
func (m *Monitor) addSecret(v *visit) error {
	return m.aboutClient(v, func(c link.Client, to string, _ url.Values) (string, error) {
		made, err := m.cfg.Registry.AddSecret(v.r.Context(), v.user.Name, c.ID)
		if err != nil {
			return "", err
		}
		return to, v.showSecret(v.text("secret.added"), v.text("secret.lead"), to,
			header{v.text("filter.clientId"), string(c.ID)}, header{v.text("secret.secret"), made.Secret})
	})
}

func (m *Monitor) removeSecret(v *visit) error {
	return m.aboutClient(v, func(c link.Client, to string, _ url.Values) (string, error) {
		return told(to, "removed"), m.cfg.Registry.RemoveSecret(v.r.Context(), v.user.Name, c.ID, v.r.PathValue("secret"))
	})
}

func (m *Monitor) revoke(v *visit) error {
	return m.aboutClient(v, func(c link.Client, to string, _ url.Values) (string, error) {
		_, err := m.cfg.Registry.Revoke(v.r.Context(), v.user.Name, c.ID)
		return told(to, "revoked"), err
	})
}
