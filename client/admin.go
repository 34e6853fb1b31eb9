package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// AdminConfig says which hub, and with which API key.
type AdminConfig struct {
	Server     string
	APIKey     string // empty: only Init works
	HTTPClient *http.Client
	CA         string // PEM file of authorities to trust besides the machine's; not with HTTPClient
	UserAgent  string
	Lang       link.Lang
}

// Admin administers a hub over its admin API. It never repeats a call by itself: a person or script
// sees each failure.
type Admin struct {
	base, key string
	http      transport
}

// NewAdmin checks the configuration; it does not call the hub.
func NewAdmin(cfg AdminConfig) (*Admin, error) {
	base, err := baseURL(cfg.Server)
	if err != nil {
		return nil, err
	}
	h, err := newTransport(cfg.HTTPClient, cfg.CA, cfg.UserAgent, cfg.Lang)
	if err != nil {
		return nil, err
	}
	return &Admin{base, cfg.APIKey, h}, nil
}

// List bounds a list: Limit items after Cursor, the Next of the page before.
type List struct {
	Limit  int
	Cursor string
}

const adminPath = "/api/v1/admin/"

// Init spends the first-start code and makes the first administrator.
func (a *Admin) Init(ctx context.Context, r link.InitRequest) (link.InitResponse, error) {
	return adminSend[link.InitResponse](ctx, a, http.MethodPost, "init", r)
}

// CreateCompany creates a company.
func (a *Admin) CreateCompany(ctx context.Context, r link.CompanyRequest) (link.Company, error) {
	return adminSend[link.Company](ctx, a, http.MethodPost, "companies", r)
}

// Companies lists companies by name.
func (a *Admin) Companies(ctx context.Context, l List) (link.Page[link.Company], error) {
	return adminList[link.Company](ctx, a, "companies", l, nil)
}

// CreateTenant creates a tenant.
func (a *Admin) CreateTenant(ctx context.Context, r link.TenantRequest) (link.Tenant, error) {
	return adminSend[link.Tenant](ctx, a, http.MethodPost, "tenants", r)
}

// Tenants lists tenants.
func (a *Admin) Tenants(ctx context.Context, l List) (link.Page[link.Tenant], error) {
	return adminList[link.Tenant](ctx, a, "tenants", l, nil)
}

// PutApp creates or replaces an app.
func (a *Admin) PutApp(ctx context.Context, code string, r link.AppRequest) (link.App, error) {
	return adminSend[link.App](ctx, a, http.MethodPut, "apps/"+url.PathEscape(code), r)
}

// Apps lists apps by code.
func (a *Admin) Apps(ctx context.Context, l List) (link.Page[link.App], error) {
	return adminList[link.App](ctx, a, "apps", l, nil)
}

// CreateClient creates a client; its secret is in the answer and nowhere else.
func (a *Admin) CreateClient(ctx context.Context, r link.ClientRequest) (link.ClientCreated, error) {
	return adminSend[link.ClientCreated](ctx, a, http.MethodPost, "clients", r)
}

// ChangeClient changes a client's name or apps.
func (a *Admin) ChangeClient(ctx context.Context, id link.ClientID, r link.ClientChange) (link.Client, error) {
	return adminSend[link.Client](ctx, a, http.MethodPatch, "clients/"+string(id), r)
}

// Clients lists clients, of one tenant or with uuid.Nil of all.
func (a *Admin) Clients(ctx context.Context, tenant uuid.UUID, l List) (link.Page[link.Client], error) {
	return adminList[link.Client](ctx, a, "clients", l, tenantQuery(tenant))
}

// AddSecret adds a second secret, so that the first can be replaced without a pause.
func (a *Admin) AddSecret(ctx context.Context, id link.ClientID) (link.SecretCreated, error) {
	return adminSend[link.SecretCreated](ctx, a, http.MethodPost, "clients/"+string(id)+"/secrets", nil)
}

// RemoveSecret ends a secret; tokens already given live on until they expire.
func (a *Admin) RemoveSecret(ctx context.Context, id link.ClientID, secret string) error {
	_, err := adminSend[struct{}](ctx, a, http.MethodDelete, "clients/"+string(id)+"/secrets/"+url.PathEscape(secret), nil)
	return err
}

// Revoke refuses from now on every token the client got so far.
func (a *Admin) Revoke(ctx context.Context, id link.ClientID) (link.Client, error) {
	return adminSend[link.Client](ctx, a, http.MethodPost, "clients/"+string(id)+"/revoke", nil)
}

// Bindings lists to which installations queues belong.
func (a *Admin) Bindings(ctx context.Context, l List) (link.Page[link.Binding], error) {
	return adminList[link.Binding](ctx, a, "installations", l, nil)
}

// Binding tells to which installation a client's queue belongs.
func (a *Admin) Binding(ctx context.Context, id link.ClientID) (link.Binding, error) {
	return adminSend[link.Binding](ctx, a, http.MethodGet, "clients/"+string(id)+"/installation", nil)
}

// BindInstallation gives a client's queue to an installation, whosever it was.
func (a *Admin) BindInstallation(ctx context.Context, id link.ClientID, installation string) (link.Binding, error) {
	return adminSend[link.Binding](ctx, a, http.MethodPut, "clients/"+string(id)+"/installation", link.BindingRequest{Installation: installation})
}

// ReleaseInstallation takes a client's queue from its installation: the next one to come gets it.
func (a *Admin) ReleaseInstallation(ctx context.Context, id link.ClientID) (link.Binding, error) {
	return adminSend[link.Binding](ctx, a, http.MethodDelete, "clients/"+string(id)+"/installation", nil)
}

// Queues lists queues, of one tenant or with uuid.Nil of all.
func (a *Admin) Queues(ctx context.Context, tenant uuid.UUID, l List) (link.Page[link.QueueInfo], error) {
	return adminList[link.QueueInfo](ctx, a, "queues", l, tenantQuery(tenant))
}

// AuditFilter picks entries of the audit; all that is given must hold.
type AuditFilter struct {
	Actor  string // exactly
	Action string // or its beginning: message. is all that was done to messages
	Target string // anywhere in it
	// Tenant: done to it, its queues, messages or clients. Message: done to it; of several at once the entry
	// names the first.
	Tenant, Message uuid.UUID
	Since, Until    time.Time // at or after Since, before Until
}

// Audit lists administrative changes, the newest first.
func (a *Admin) Audit(ctx context.Context, l List) (link.Page[link.AuditEntry], error) {
	return a.AuditOf(ctx, AuditFilter{}, l)
}

// AuditOf lists the administrative changes that a filter picks, the newest first.
func (a *Admin) AuditOf(ctx context.Context, f AuditFilter, l List) (link.Page[link.AuditEntry], error) {
	q := url.Values{}
	for name, value := range map[string]string{"actor": f.Actor, "action": f.Action, "target": f.Target} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, id := range map[string]uuid.UUID{"tenant": f.Tenant, "message": f.Message} {
		if id != uuid.Nil {
			q.Set(name, id.String())
		}
	}
	for name, at := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	return adminList[link.AuditEntry](ctx, a, "audit", l, q)
}

// Trace tells where a message of a tenant is; with uuid.Nil the hub looks through all tenants.
func (a *Admin) Trace(ctx context.Context, tenant, id uuid.UUID) (link.Trace, error) {
	var out link.Trace
	err := a.do(ctx, request{method: http.MethodGet, path: linkPath + "messages/" + id.String(), query: tenantQuery(tenant)}, &out)
	return out, err
}

// Body tells an operator what a message says. The audit keeps who read it.
func (a *Admin) Body(ctx context.Context, tenant, id uuid.UUID) (link.MessageBody, error) {
	var out link.MessageBody
	err := a.do(ctx, request{method: http.MethodGet, path: linkPath + "messages/" + id.String() + "/body", query: tenantQuery(tenant)}, &out)
	return out, err
}

// Copy makes a new message from one whose body the hub still keeps: new id, same rootId, business
// key, type, audience and sender.
func (a *Admin) Copy(ctx context.Context, tenant, id uuid.UUID, r link.CopyRequest) (link.SendResponse, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return link.SendResponse{}, err
	}
	var out link.SendResponse
	err = a.do(ctx, request{
		method: http.MethodPost, path: linkPath + "messages/" + id.String() + "/copy", query: tenantQuery(tenant),
		contentType: "application/json", body: body,
	}, &out)
	return out, err
}

// AskHelp asks the agent that received a message to reprocess or to discard it, while remote help is on
// there.
func (a *Admin) AskHelp(ctx context.Context, tenant, id uuid.UUID, w link.HelpWish) (link.HelpEntry, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return link.HelpEntry{}, err
	}
	var out link.HelpEntry
	err = a.do(ctx, request{
		method: http.MethodPost, path: adminPath + "messages/" + id.String() + "/help", query: tenantQuery(tenant), contentType: "application/json", body: body,
	}, &out)
	return out, err
}

func tenantQuery(tenant uuid.UUID) url.Values {
	if tenant == uuid.Nil {
		return nil
	}
	return url.Values{"tenant": {tenant.String()}}
}

func (a *Admin) do(ctx context.Context, r request, out any) error {
	_, err := a.http.roundTrip(ctx, a.base+r.path, a.key, r, out)
	var p *link.Problem
	if errors.As(err, &p) && p.Status == http.StatusUnauthorized && a.key == "" {
		return fmt.Errorf("an API key is needed (see smartlink admin init): %w", err)
	}
	return err
}

func adminSend[T any](ctx context.Context, a *Admin, method, path string, in any) (T, error) {
	var out T
	r := request{method: method, path: adminPath + path}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return out, err
		}
		r.contentType, r.body = "application/json", body
	}
	err := a.do(ctx, r, &out)
	return out, err
}

func adminList[T any](ctx context.Context, a *Admin, path string, l List, q url.Values) (link.Page[T], error) {
	if q == nil {
		q = url.Values{}
	}
	if l.Limit > 0 {
		q.Set("limit", strconv.Itoa(l.Limit))
	}
	if l.Cursor != "" {
		q.Set("cursor", l.Cursor)
	}
	var out link.Page[T]
	err := a.do(ctx, request{method: http.MethodGet, path: adminPath + path, query: q}, &out)
	return out, err
}
