package api_test

import (
	"strings"
	"testing"

	"smartlink/link"
)

// TestUsers goes through what an administrator does for the people who log in.
func TestUsers(t *testing.T) {
	w := newWorld(t)
	made := into[link.UserCreated](t, w.want(admin("ana", "POST", "users", `{"name":"bruno","role":"viewer"}`), 201, ""))
	if made.Name != "bruno" || made.Role != link.RoleViewer || made.Password == "" {
		t.Errorf("made %+v", made)
	}
	chosen := w.want(admin("ana", "POST", "users", `{"name":"carla","role":"operator","password":"correto cavalo bateria"}`), 201, "")
	if strings.Contains(string(chosen.body), "cavalo") {
		t.Error("the answer tells a password that was given")
	}
	w.want(admin("ana", "POST", "users", `{"name":"bruno","role":"viewer"}`), 409, link.CodeConflict)
	w.want(admin("ana", "POST", "users", `{"name":"d","role":"root","password":"x"}`), 422, link.CodeRequestInvalid)

	if set := into[link.PasswordSet](t, w.want(admin("ana", "PUT", "users/bruno/password", `{}`), 200, "")); set.User != "bruno" || set.Password == "" || set.Password == made.Password {
		t.Errorf("set %+v", set)
	}
	changed := into[link.User](t, w.want(admin("ana", "PATCH", "users/bruno", `{"role":"operator","disabled":true}`), 200, ""))
	if changed.Role != link.RoleOperator || changed.DisabledAt == nil {
		t.Errorf("changed %+v", changed)
	}
	w.want(admin("ana", "PATCH", "users/ana", `{"disabled":true}`), 409, link.CodeConflict)
	w.want(admin("ana", "PATCH", "users/nobody", `{"disabled":true}`), 404, link.CodeNotFound)
	p := into[link.Page[link.User]](t, w.want(admin("ana", "GET", "users", ``), 200, ""))
	if len(p.Items) != 3 || p.Items[1].Name != "bruno" || !p.Items[1].HasPassword || p.Items[0].HasPassword {
		t.Errorf("users %+v", p.Items)
	}
}
