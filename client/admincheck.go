package client

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"smartlink/link"
)

// CheckCounts counts the messages of a tenant's queues, or of all with uuid.Nil, and tells which counts
// differ; with mend they are put right.
func (a *Admin) CheckCounts(ctx context.Context, tenant uuid.UUID, mend bool) (link.CountCheck, error) {
	r := link.CountCheckRequest{Mend: mend}
	if tenant != uuid.Nil {
		r.TenantID = &tenant
	}
	return adminSend[link.CountCheck](ctx, a, http.MethodPost, "queues/check", r)
}
