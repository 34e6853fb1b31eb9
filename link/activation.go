package link

import "github.com/google/uuid"

// AppState says whether a client can use an app.
type AppState string

// The states of an app for a client.
const (
	AppAvailable     AppState = "available"      // permitted, and the hub has its types
	AppNotPermitted  AppState = "not-permitted"  // the client has no permission for it in RAC
	AppNotConfigured AppState = "not-configured" // the hub does not know it, or no type of it
)

// MaxAskedApps bounds the apps that one call of apps/by-tenant asks for by name.
const MaxAskedApps = 100

// TenantApps answers which apps a client can use.
type TenantApps struct {
	TenantID uuid.UUID   `json:"tenantId"`
	Tenant   string      `json:"tenant" doc:"Name of the tenant" example:"Produção"`
	Company  string      `json:"company" doc:"Name of the company" example:"Fazenda Boa Vista S.A."`
	ClientID ClientID    `json:"clientId"`
	Items    []TenantApp `json:"items" doc:"The apps the client is permitted, then those asked for by name"`
}

// TenantApp is one app, as one client can use it. Types are told only of an available one.
type TenantApp struct {
	Code     string   `json:"code" example:"GESPLAN-RM"`
	Name     string   `json:"name,omitempty" example:"Gesplan Rm"`
	State    AppState `json:"state" enum:"available,not-permitted,not-configured"`
	Sends    []string `json:"sends,omitempty" doc:"Types the app may send"`
	Receives []string `json:"receives,omitempty" doc:"Types the app may receive"`
}
