// Package registry keeps who may do what: companies, tenants, apps, clients and their secrets,
// people, their API keys, passwords and log-in sessions, and the audit of every change, in the hub's hub.db
// or in a PostgreSQL database that several hubs share.
//
// Requests never read the store: they look into a Snapshot in memory, which every change replaces
// before it returns. Secrets, API keys, session tokens and the first-start code are stored only as
// hashes, passwords as argon2id.
package registry

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// App is a product that talks through SmartLink, as a request sees it.
type App link.App

// MaySend tells whether the app may send a type. metrics and SmartLinkStatus are every app's.
func (a App) MaySend(typ string) bool {
	return typ == link.TypeMetrics || typ == link.TypeStatus || slices.Contains(a.Sends, typ)
}

// MayReceive tells whether the app may receive a type.
func (a App) MayReceive(typ string) bool { return slices.Contains(a.Receives, typ) }

// Client is a credential of one tenant, as a request sees it.
type Client struct {
	ID        link.ClientID
	Tenant    uuid.UUID
	Name      string
	Apps      []string  // codes of the apps it is permitted
	Epoch     int64     // raised by revoking; older tokens are refused
	RevokedAt time.Time // last revocation; zero: never
	CreatedAt time.Time

	Installation string // whose the queue is; empty: it has no agent, or was released
	Barred       string // the installation it was taken from, if it was released
	HoldEpoch    int64  // of the installation's active run
}

// User is a person who administers the hub.
type User struct {
	Name string
	Role link.Role
}
