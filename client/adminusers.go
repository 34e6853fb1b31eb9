package client

import (
	"context"
	"net/http"
	"net/url"

	"smartlink/link"
)

// CreateUser creates a person who may log in. A password the hub makes is in the answer and nowhere
// else.
func (a *Admin) CreateUser(ctx context.Context, r link.UserRequest) (link.UserCreated, error) {
	return adminSend[link.UserCreated](ctx, a, http.MethodPost, "users", r)
}

// ChangeUser changes a user's role, or disables or enables them.
func (a *Admin) ChangeUser(ctx context.Context, name string, r link.UserChange) (link.User, error) {
	return adminSend[link.User](ctx, a, http.MethodPatch, "users/"+url.PathEscape(name), r)
}

// SetPassword sets a user's password and ends all their sessions.
func (a *Admin) SetPassword(ctx context.Context, name string, r link.PasswordRequest) (link.PasswordSet, error) {
	return adminSend[link.PasswordSet](ctx, a, http.MethodPut, "users/"+url.PathEscape(name)+"/password", r)
}

// Users lists users by name.
func (a *Admin) Users(ctx context.Context, l List) (link.Page[link.User], error) {
	return adminList[link.User](ctx, a, "users", l, nil)
}
