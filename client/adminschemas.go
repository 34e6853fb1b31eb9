package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"smartlink/link"
)

// Schemas lists the rules about schemas by type.
func (a *Admin) Schemas(ctx context.Context, l List) (link.Page[link.SchemaRule], error) {
	return adminList[link.SchemaRule](ctx, a, "schemas", l, nil)
}

// Schema tells what holds for a type, for one tenant or with uuid.Nil for those without a rule of
// their own.
func (a *Admin) Schema(ctx context.Context, tenant uuid.UUID, messageType string) (link.SchemaDetail, error) {
	return adminSchema[link.SchemaDetail](ctx, a, http.MethodGet, tenant, messageType, request{})
}

// ChangeSchema changes the rule of a type, of one tenant or with uuid.Nil of every one.
func (a *Admin) ChangeSchema(ctx context.Context, tenant uuid.UUID, messageType string, c link.SchemaChange) (link.SchemaRule, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return link.SchemaRule{}, err
	}
	return adminSchema[link.SchemaRule](ctx, a, http.MethodPatch, tenant, messageType, request{contentType: "application/json", body: body})
}

// RemoveSchema removes the rule of a type with its schema.
func (a *Admin) RemoveSchema(ctx context.Context, tenant uuid.UUID, messageType string) error {
	_, err := adminSchema[struct{}](ctx, a, http.MethodDelete, tenant, messageType, request{})
	return err
}

func adminSchema[T any](ctx context.Context, a *Admin, method string, tenant uuid.UUID, messageType string, r request) (T, error) {
	var out T
	r.method, r.path, r.query = method, adminPath+"schemas/"+url.PathEscape(messageType), tenantQuery(tenant)
	err := a.do(ctx, r, &out)
	return out, err
}
