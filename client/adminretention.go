package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"smartlink/link"
)

// Retention tells how long messages of a tenant are kept.
func (a *Admin) Retention(ctx context.Context, tenant uuid.UUID) (link.TenantRetention, error) {
	return adminSend[link.TenantRetention](ctx, a, http.MethodGet, "tenants/"+tenant.String()+"/retention", nil)
}

// ChangeRetention changes how long messages of a tenant are kept; absent fields stay.
func (a *Admin) ChangeRetention(ctx context.Context, tenant uuid.UUID, r link.RetentionChange) (link.TenantRetention, error) {
	return adminSend[link.TenantRetention](ctx, a, http.MethodPatch, "tenants/"+tenant.String()+"/retention", r)
}

// EraseTenant starts a job that removes all messages of a tenant made until now.
func (a *Admin) EraseTenant(ctx context.Context, tenant uuid.UUID, reason string) (link.Job, error) {
	return adminSend[link.Job](ctx, a, http.MethodPost, "tenants/"+tenant.String()+"/erase", link.EraseRequest{Reason: reason})
}

// EraseMessage erases what a message says, of a tenant or of whichever has it with uuid.Nil; its trace
// stays and says so.
func (a *Admin) EraseMessage(ctx context.Context, tenant, id uuid.UUID, r link.EraseRequest) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	q := url.Values{}
	if tenant != uuid.Nil {
		q.Set("tenant", tenant.String())
	}
	return a.do(ctx, request{
		method: http.MethodPost, path: adminPath + "messages/" + id.String() + "/erase", query: q, contentType: "application/json", body: body,
	}, nil)
}
