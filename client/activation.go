package client

import (
	"context"
	"net/http"
	"net/url"

	"smartlink/link"
)

// TenantApps answers which apps the client can use: those it is permitted, and the asked ones, each
// with the reason when it cannot.
func (c *Client) TenantApps(ctx context.Context, asked ...string) (link.TenantApps, error) {
	var out link.TenantApps
	_, err := c.call(ctx, request{method: http.MethodGet, path: "/api/data-management/v1/apps/by-tenant", query: url.Values{"app": asked}}, &out)
	return out, err
}
