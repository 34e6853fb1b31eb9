// Package registry keeps who may do what: companies, tenants, apps, clients and their secrets,
// users, API keys, and the audit of every change.
package registry

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// App is a product that talks through SmartLink.
type App struct {
	Code     string   `json:"code"`
	Name     string   `json:"name"`
	Sends    []string `json:"sends"`    // types it may send
	Receives []string `json:"receives"` // types it may receive
}

// MaySend tells whether the app may send a type. metrics and SmartLinkStatus are every app's.
func (a App) MaySend(typ string) bool {
	return typ == link.TypeMetrics || typ == link.TypeStatus || slices.Contains(a.Sends, typ)
}

// MayReceive tells whether the app may receive a type.
func (a App) MayReceive(typ string) bool { return slices.Contains(a.Receives, typ) }

// Client is a credential of one tenant.
type Client struct {
	ID        link.ClientID `json:"id"`
	Tenant    uuid.UUID     `json:"tenantId"`
	Name      string        `json:"name"`
	Apps      []string      `json:"apps"`      // codes of the apps it is permitted
	Epoch     int64         `json:"epoch"`     // raised by revoking; older tokens are refused
	RevokedAt time.Time     `json:"revokedAt"` // last revocation; zero: never
	CreatedAt time.Time     `json:"createdAt"`
}

// Snapshot is the registry's content as far as requests need it, at one moment. It is immutable:
// do not change what it answers.
type Snapshot struct {
	apps    map[string]App
	clients map[link.ClientID]Client
	byApp   map[tenantApp][]link.ClientID
}

type tenantApp struct {
	tenant uuid.UUID
	app    string
}

// NewSnapshot makes a snapshot of apps and clients.
func NewSnapshot(apps []App, clients []Client) *Snapshot {
	s := &Snapshot{
		apps:    make(map[string]App, len(apps)),
		clients: make(map[link.ClientID]Client, len(clients)),
		byApp:   map[tenantApp][]link.ClientID{},
	}
	for _, a := range apps {
		s.apps[a.Code] = a
	}
	for _, c := range clients {
		s.clients[c.ID] = c
		for _, app := range c.Apps {
			k := tenantApp{c.Tenant, app}
			s.byApp[k] = append(s.byApp[k], c.ID)
		}
	}
	return s
}

// App finds an app by its code.
func (s *Snapshot) App(code string) (App, bool) { a, ok := s.apps[code]; return a, ok }

// Client finds a client.
func (s *Snapshot) Client(id link.ClientID) (Client, bool) { c, ok := s.clients[id]; return c, ok }

// AppsOf lists the apps a client is permitted, in the order of its list.
func (s *Snapshot) AppsOf(c Client) []App {
	apps := make([]App, 0, len(c.Apps))
	for _, code := range c.Apps {
		if a, ok := s.apps[code]; ok {
			apps = append(apps, a)
		}
	}
	return apps
}

// ClientsOf lists the clients of a tenant that are permitted an app.
func (s *Snapshot) ClientsOf(tenant uuid.UUID, app string) []link.ClientID {
	return s.byApp[tenantApp{tenant, app}]
}

// AnySends tells whether some app may send the type.
func (s *Snapshot) AnySends(typ string) bool {
	for _, a := range s.apps {
		if a.MaySend(typ) {
			return true
		}
	}
	return false
}
