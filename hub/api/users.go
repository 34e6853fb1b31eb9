package api

import (
	"net/http"

	"smartlink/hub/registry"
	"smartlink/link"
)

// userEndpoints are the calls about the people who work with the hub.
func (d *Door) userEndpoints() []endpoint {
	r := d.cfg.Registry
	return []endpoint{
		list("users", "Users by name", nil, func(c *call, l registry.List) (link.Page[link.User], error) {
			return r.Users(c.r.Context(), l)
		}),
		creation("users", "createUser", "Create a user; a password the hub makes is shown once", link.UserRequest{}, link.UserCreated{}, nil,
			create(func(c *call, in link.UserRequest) (link.UserCreated, error) {
				return r.CreateUser(c.r.Context(), c.operator.Name, in)
			})),
		{
			method: http.MethodPatch, path: adminPath + "users/{name}", id: "changeUser", tag: tagAdmin, who: anAdmin,
			summary: "Change a user's role, disable or enable them", about: "Absent properties stay. Takes effect with the next request; disabling ends all sessions.",
			parameters: []parameter{headerLanguage}, request: &content{types: []string{contentJSON}, schema: link.UserChange{}},
			answers:  []reply{{status: http.StatusOK, about: "The user", schema: link.User{}}},
			problems: []link.Code{link.CodeNotFound, link.CodeConflict},
			serve: change(func(c *call, in link.UserChange) (link.User, error) {
				return r.ChangeUser(c.r.Context(), c.operator.Name, c.r.PathValue("name"), in)
			}),
		},
		{
			method: http.MethodPost, path: adminPath + "users/{name}/key", id: "setKey", tag: tagAdmin, who: anAdmin,
			summary: "Give a user a new API key", about: "Shown once; the keys they had are no longer good. Audited.",
			parameters: []parameter{headerLanguage}, problems: []link.Code{link.CodeNotFound},
			answers: []reply{{status: http.StatusCreated, about: "The key", schema: link.KeySet{}}},
			serve: func(c *call) error {
				made, err := r.SetKey(c.r.Context(), c.operator.Name, c.r.PathValue("name"))
				if err != nil {
					return err
				}
				return c.json(http.StatusCreated, made)
			},
		},
		{
			method: http.MethodPut, path: adminPath + "users/{name}/password", id: "setPassword", tag: tagAdmin, who: anAdmin,
			summary: "Set a user's password", about: "Ends all their sessions. A password the hub makes is shown once.",
			parameters: []parameter{headerLanguage}, request: &content{types: []string{contentJSON}, schema: link.PasswordRequest{}},
			answers:  []reply{{status: http.StatusOK, about: "The password, when the hub made it", schema: link.PasswordSet{}}},
			problems: []link.Code{link.CodeNotFound},
			serve: change(func(c *call, in link.PasswordRequest) (link.PasswordSet, error) {
				return r.SetPassword(c.r.Context(), c.operator.Name, c.r.PathValue("name"), in)
			}),
		},
	}
}
