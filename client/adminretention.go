package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

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

// PreviewRetention tells what a retention would remove of a tenant's messages now; absent fields are as they
// are. It changes nothing.
func (a *Admin) PreviewRetention(ctx context.Context, tenant uuid.UUID, r link.RetentionChange) (link.RetentionPreview, error) {
	q := url.Values{}
	for name, days := range map[string]*int{"historyDays": r.HistoryDays, "waitingDays": r.WaitingDays, "deadDays": r.DeadDays} {
		if days != nil {
			q.Set(name, strconv.Itoa(*days))
		}
	}
	var out link.RetentionPreview
	err := a.do(ctx, request{method: http.MethodGet, path: adminPath + "tenants/" + tenant.String() + "/retention/preview", query: q}, &out)
	return out, err
}

// Rounds lists the last rounds in which the hub moved and removed messages of all tenants, the newest first.
func (a *Admin) Rounds(ctx context.Context) (link.Page[link.KeepingRound], error) {
	return adminSend[link.Page[link.KeepingRound]](ctx, a, http.MethodGet, "rounds", nil)
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
