package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"smartlink/link"
)

// SearchRules lists the rules about search paths by type.
func (a *Admin) SearchRules(ctx context.Context, l List) (link.Page[link.SearchRule], error) {
	return adminList[link.SearchRule](ctx, a, "search", l, nil)
}

// SearchPaths tells by which values of their bodies messages of a type are found, for one tenant or with
// uuid.Nil for those without a rule of their own.
func (a *Admin) SearchPaths(ctx context.Context, tenant uuid.UUID, messageType string) (link.SearchDetail, error) {
	return adminSearch[link.SearchDetail](ctx, a, http.MethodGet, tenant, messageType, request{})
}

// SetSearchPaths sets them, for one tenant or with uuid.Nil for every one. They hold for what is sent from
// then on.
func (a *Admin) SetSearchPaths(ctx context.Context, tenant uuid.UUID, messageType string, paths []string) (link.SearchRule, error) {
	if paths == nil {
		paths = []string{}
	}
	body, err := json.Marshal(link.SearchChange{Paths: paths})
	if err != nil {
		return link.SearchRule{}, err
	}
	return adminSearch[link.SearchRule](ctx, a, http.MethodPut, tenant, messageType, request{contentType: "application/json", body: body})
}

// RemoveSearchPaths removes the rule of a type.
func (a *Admin) RemoveSearchPaths(ctx context.Context, tenant uuid.UUID, messageType string) error {
	_, err := adminSearch[struct{}](ctx, a, http.MethodDelete, tenant, messageType, request{})
	return err
}

func adminSearch[T any](ctx context.Context, a *Admin, method string, tenant uuid.UUID, messageType string, r request) (T, error) {
	var out T
	r.method, r.path, r.query = method, adminPath+"search/"+url.PathEscape(messageType), tenantQuery(tenant)
	err := a.do(ctx, r, &out)
	return out, err
}
