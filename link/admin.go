package link

import (
	"time"

	"github.com/google/uuid"
)

// Role is what a person may do at a hub. Each includes the ones after it.
type Role string

// The roles.
const (
	RoleAdministrator Role = "administrator" // everything
	RoleOperator      Role = "operator"      // work on messages
	RoleViewer        Role = "viewer"        // look
)

// Includes tells whether somebody with role r may do what needs role other.
func (r Role) Includes(other Role) bool { return rank(r) >= rank(other) && rank(other) > 0 }

func rank(r Role) int {
	switch r {
	case RoleAdministrator:
		return 3
	case RoleOperator:
		return 2
	case RoleViewer:
		return 1
	}
	return 0
}

// Page is one page of a list. Next, when not empty, is the cursor of the following page.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// InitRequest spends the first-start code.
type InitRequest struct {
	Code string `json:"code" doc:"The code the hub printed at its first start"`
	User string `json:"user" doc:"Name of the first administrator" example:"ana"`
}

// InitResponse carries the first administrator's API key, shown once.
type InitResponse struct {
	User   string `json:"user"`
	Role   Role   `json:"role"`
	APIKey string `json:"apiKey" doc:"Bearer for /api/v1/admin; shown once, kept only as a hash"`
}

// User is a person who works with the hub.
type User struct {
	Name        string     `json:"name" example:"ana"`
	Role        Role       `json:"role" enum:"administrator,operator,viewer"`
	HasPassword bool       `json:"hasPassword" doc:"Whether a password is set; without one only an API key lets in"`
	CreatedAt   time.Time  `json:"createdAt"`
	DisabledAt  *time.Time `json:"disabledAt,omitempty" doc:"Since when the user may not work; absent: may"`
	LastLogin   *time.Time `json:"lastLogin,omitempty" doc:"Last log-in with the password"`
}

// UserRequest creates a user.
type UserRequest struct {
	Name     string  `json:"name" example:"bruno"`
	Role     Role    `json:"role" enum:"administrator,operator,viewer"`
	Password *string `json:"password,omitempty" doc:"12 to 128 characters; absent: the hub makes one"`
}

// UserCreated carries a new user and the password the hub made, shown once.
type UserCreated struct {
	User
	Password string `json:"password,omitempty" doc:"Made by the hub, shown once; absent when the request gave one"`
}

// UserChange changes a user; absent fields stay.
type UserChange struct {
	Role     *Role `json:"role,omitempty" enum:"administrator,operator,viewer"`
	Disabled *bool `json:"disabled,omitempty" doc:"true: may not log in nor use an API key any more"`
}

// PasswordRequest sets a user's password.
type PasswordRequest struct {
	Password *string `json:"password,omitempty" doc:"12 to 128 characters; absent: the hub makes one"`
}

// PasswordSet carries the password the hub made, shown once.
type PasswordSet struct {
	User     string `json:"user"`
	Password string `json:"password,omitempty" doc:"Made by the hub, shown once; absent when the request gave one"`
}

// KeySet carries a person's new API key.
type KeySet struct {
	User   string `json:"user"`
	APIKey string `json:"apiKey" doc:"Shown once, kept only as a hash; earlier keys are no longer good"`
}

// Company is a customer.
type Company struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name" example:"Fazenda Boa Vista S.A."`
	CreatedAt time.Time `json:"createdAt"`
}

// CompanyRequest creates a company.
type CompanyRequest struct {
	Name string `json:"name" doc:"Unique name of the company" example:"Fazenda Boa Vista S.A."`
}

// Tenant is one isolated space of a company.
type Tenant struct {
	ID        uuid.UUID `json:"id"`
	CompanyID uuid.UUID `json:"companyId"`
	Company   string    `json:"company" doc:"Name of the company"`
	Name      string    `json:"name" example:"Produção"`
	CreatedAt time.Time `json:"createdAt"`
}

// TenantRequest creates a tenant.
type TenantRequest struct {
	ID      *string `json:"id,omitempty" doc:"UUID, with or without dashes; absent = a new one"`
	Company string  `json:"company" doc:"Name or id of the company"`
	Name    string  `json:"name"`
}

// App is a product that talks through SmartLink.
type App struct {
	Code     string   `json:"code" example:"GESPLAN"`
	Name     string   `json:"name" example:"Gesplan"`
	Sends    []string `json:"sends" doc:"Types it may send"`
	Receives []string `json:"receives" doc:"Types it may receive"`
}

// AppRequest creates or replaces an app.
type AppRequest struct {
	Name     string   `json:"name"`
	Sends    []string `json:"sends"`
	Receives []string `json:"receives"`
}

// Client is a credential of one tenant, without its secrets.
type Client struct {
	ID        ClientID   `json:"id"`
	TenantID  uuid.UUID  `json:"tenantId"`
	Name      string     `json:"name"`
	Apps      []string   `json:"apps" doc:"Codes of the apps it is permitted"`
	Epoch     int64      `json:"epoch" doc:"Raised by revoking; tokens of an older epoch are refused"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	CreatedAt time.Time  `json:"createdAt"`
	Secrets   []Secret   `json:"secrets" doc:"Its live secrets, at most two"`
}

// Secret tells of a secret without telling it.
type Secret struct {
	ID        string     `json:"id" doc:"Names the secret in a removal"`
	CreatedAt time.Time  `json:"createdAt"`
	LastUsed  *time.Time `json:"lastUsed,omitempty"`
}

// ClientRequest creates a client.
type ClientRequest struct {
	TenantID string   `json:"tenantId"`
	Name     string   `json:"name" example:"gesplan"`
	Apps     []string `json:"apps" example:"[\"GESPLAN\"]"`
}

// ClientChange changes a client; absent fields stay.
type ClientChange struct {
	Name *string   `json:"name,omitempty"`
	Apps *[]string `json:"apps,omitempty"`
}

// ClientCreated carries a new client and its first secret, shown once.
type ClientCreated struct {
	Client
	Secret string `json:"secret" doc:"Shown once, kept only as a hash"`
}

// SecretCreated carries a further secret, shown once.
type SecretCreated struct {
	ID     string `json:"id"`
	Secret string `json:"secret" doc:"Shown once, kept only as a hash"`
}

// QueueInfo is one queue as an administrator sees it.
type QueueInfo struct {
	Queue           string          `json:"queue"`
	TenantID        uuid.UUID       `json:"tenantId"`
	ClientID        ClientID        `json:"clientId"`
	Client          string          `json:"client" doc:"Name of the client"`
	Subscriptions   []string        `json:"subscriptions"`
	RequeueCountMax int             `json:"requeueCountMax"`
	Hold            bool            `json:"hold,omitempty" doc:"A dead letter stops the later messages of its ordering key"`
	Paused          *QueuePause     `json:"paused,omitempty" doc:"Since when and why nothing is handed out; absent: it is"`
	CreatedAt       time.Time       `json:"createdAt"`
	LastGet         *time.Time      `json:"lastGet,omitempty"`
	Installation    string          `json:"installation,omitempty" doc:"Of the last get"`
	Counts          map[State]int64 `json:"counts" doc:"Deliveries by state"`
}

// AuditEntry is one administrative change.
type AuditEntry struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action" example:"client.create"`
	Target string    `json:"target"`
	Detail string    `json:"detail,omitempty"`
}
