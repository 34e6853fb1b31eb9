package registry

import (
	"errors"
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

const goodPassword = "correto cavalo bateria"

// person makes a user with a password.
func (f *fixture) person(name string, role link.Role) {
	f.t.Helper()
	must(f.t)(f.CreateUser(f.t.Context(), "ana", link.UserRequest{Name: name, Role: role, Password: new(goodPassword)}))
}

// login logs in and answers the session's token.
func (f *fixture) login(name, password string) (string, error) {
	token, _, err := f.Login(f.t.Context(), name, password, "192.0.2.1")
	return token, err
}

func (f *fixture) wantSession(token string, alive bool) {
	f.t.Helper()
	_, err := f.Session(f.t.Context(), token, false)
	if alive && err != nil || !alive && !errors.Is(err, ErrNoSession) {
		f.t.Errorf("session alive %v: %v", alive, err)
	}
}

func testUsersAreMadeWithAPassword(t *testing.T, at where) {
	f := newEmpty(t, at)
	made, err := f.CreateUser(t.Context(), "ana", link.UserRequest{Name: " bruno ", Role: link.RoleOperator})
	if err != nil || made.Name != "bruno" || len(made.Password) < link.MinPassword {
		t.Fatalf("%+v, %v", made, err)
	}
	token, user, err := f.Login(t.Context(), "bruno", made.Password, "192.0.2.1")
	if err != nil || user != (User{"bruno", link.RoleOperator}) {
		t.Fatalf("%+v, %v", user, err)
	}
	if u, err := f.Session(t.Context(), token, true); err != nil || u != user {
		t.Errorf("%+v, %v", u, err)
	}
	var stored string
	if err := f.db().QueryRowContext(t.Context(), `SELECT password FROM person`).Scan(&stored); err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored %q, %v", stored, err)
	}
	p, err := f.Users(t.Context(), List{})
	if err != nil || len(p.Items) != 1 || !p.Items[0].HasPassword || p.Items[0].LastLogin == nil {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = f.CreateUser(t.Context(), "ana", link.UserRequest{Name: "bruno", Role: link.RoleViewer})
	wantRefusal(t, err, link.CodeConflict, "/name")
}

func testUsersAreChecked(t *testing.T, at where) {
	f := newEmpty(t, at)
	for _, c := range []struct {
		name     string
		r        link.UserRequest
		pointers []string
	}{
		{"everything", link.UserRequest{Role: "root", Password: new("kurz")}, []string{"/name", "/role", "/password"}},
		{"too long", link.UserRequest{Name: "b", Role: link.RoleViewer, Password: new(strings.Repeat("x", link.MaxPassword+1))}, []string{"/password"}},
		{"own name", link.UserRequest{Name: "Bruno", Role: link.RoleViewer, Password: new("bruno-2024-03")}, []string{"/password"}},
		{"no UTF-8", link.UserRequest{Name: "b", Role: link.RoleViewer, Password: new("\xff" + goodPassword)}, []string{"/password"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.CreateUser(t.Context(), "ana", c.r)
			wantRefusal(t, err, link.CodeRequestInvalid, c.pointers...)
		})
	}
	_, err := f.SetPassword(t.Context(), "ana", "nobody", link.PasswordRequest{})
	wantRefusal(t, err, link.CodeNotFound)
	_, err = f.ChangeUser(t.Context(), "ana", "nobody", link.UserChange{})
	wantRefusal(t, err, link.CodeNotFound)
}

// testLoginRefusals: who is unknown, wrong, disabled or without a password learns the same.
func testLoginRefusals(t *testing.T, at where) {
	f := newEmpty(t, at)
	code, _, err := f.StartCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	must(t)(f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"}))
	f.person("gone", link.RoleViewer)
	f.person("bruno", link.RoleViewer)
	must(t)(f.ChangeUser(t.Context(), "ana", "gone", link.UserChange{Disabled: new(true)}))
	for name, password := range map[string]string{
		"nobody": goodPassword, "bruno": goodPassword + " ", "gone": goodPassword, "ana": "", strings.Repeat("n", 10_000): "x",
	} {
		_, err := f.login(name, password)
		wantRefusal(t, err, link.CodeLogin)
	}
	p, err := f.Audit(t.Context(), List{})
	if err != nil || p.Items[0].Action != "login.refused" || !strings.Contains(p.Items[0].Detail, "192.0.2.1") || len(p.Items[0].Target) > 4*maxName {
		t.Errorf("%+v, %v", p.Items[0], err)
	}
	if ok, err := samePassword(t.Context(), nobody, ""); ok || err != nil {
		t.Errorf("the hash of nobody: %v, %v", ok, err)
	}
}

func testSessionsEnd(t *testing.T, at where) {
	for _, c := range []struct {
		name string
		end  func(*fixture, string)
		dies bool
	}{
		{"idle", func(f *fixture, _ string) { f.clock.Advance(SessionIdle) }, true},
		{"not yet idle", func(f *fixture, _ string) { f.clock.Advance(SessionIdle - time.Second) }, false},
		{"used", func(f *fixture, token string) {
			for range 3 {
				f.clock.Advance(SessionIdle - time.Second)
				must(f.t)(f.Session(f.t.Context(), token, true))
			}
		}, false},
		{"looked at is not used", func(f *fixture, token string) {
			f.clock.Advance(SessionIdle - time.Second)
			must(f.t)(f.Session(f.t.Context(), token, false))
			f.clock.Advance(time.Second)
		}, true},
		{"too old", func(f *fixture, token string) {
			for range 12 {
				f.clock.Advance(time.Hour)
				_, _ = f.Session(f.t.Context(), token, true) // the last one is refused
			}
		}, true},
		{"logged out", func(f *fixture, token string) {
			must(f.t)(nil, errors.Join(f.Logout(f.t.Context(), token), f.Logout(f.t.Context(), token)))
		}, true},
		{"new password", func(f *fixture, _ string) {
			must(f.t)(f.SetPassword(f.t.Context(), "ana", "bruno", link.PasswordRequest{Password: new("outra senha boa")}))
		}, true},
		{"disabled", func(f *fixture, _ string) {
			must(f.t)(f.ChangeUser(f.t.Context(), "ana", "bruno", link.UserChange{Disabled: new(true)}))
		}, true},
		{"disabled and enabled", func(f *fixture, _ string) {
			for _, d := range []bool{true, false} {
				must(f.t)(f.ChangeUser(f.t.Context(), "ana", "bruno", link.UserChange{Disabled: &d}))
			}
		}, true},
		{"another's log-out", func(f *fixture, _ string) {
			other, err := f.login("carla", goodPassword)
			must(f.t)(nil, errors.Join(err, f.Logout(f.t.Context(), other)))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newEmpty(t, at)
			f.t = t
			f.person("carla", link.RoleAdministrator)
			f.person("bruno", link.RoleViewer)
			token, err := f.login("bruno", goodPassword)
			if err != nil {
				t.Fatal(err)
			}
			c.end(f, token)
			f.wantSession(token, !c.dies)
			f.wantSession("", false)
		})
	}
}

func testSessionHasTheRoleOfTheMoment(t *testing.T, at where) {
	f := newEmpty(t, at)
	f.person("carla", link.RoleAdministrator)
	f.person("bruno", link.RoleViewer)
	token, err := f.login("bruno", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(f.ChangeUser(t.Context(), "carla", "bruno", link.UserChange{Role: new(link.RoleOperator)}))
	if u, err := f.Session(t.Context(), token, true); err != nil || u.Role != link.RoleOperator {
		t.Errorf("%+v, %v", u, err)
	}
}

// testNeverWithoutAnAdministrator: the last one can be neither disabled nor made less.
func testNeverWithoutAnAdministrator(t *testing.T, at where) {
	f := newEmpty(t, at)
	f.person("carla", link.RoleAdministrator)
	for _, r := range []link.UserChange{{Disabled: new(true)}, {Role: new(link.RoleViewer)}} {
		_, err := f.ChangeUser(t.Context(), "carla", "carla", r)
		wantRefusal(t, err, link.CodeConflict, "")
	}
	f.person("ana", link.RoleAdministrator)
	must(t)(f.ChangeUser(t.Context(), "carla", "carla", link.UserChange{Disabled: new(true)}))
}

// testDisabledKey: somebody disabled cannot use an API key either.
func testDisabledKey(t *testing.T, at where) {
	f := newEmpty(t, at)
	code, _, err := f.StartCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	f.person("carla", link.RoleAdministrator)
	must(t)(f.ChangeUser(t.Context(), "carla", "ana", link.UserChange{Disabled: new(true)}))
	_, err = f.AuthenticateKey(t.Context(), first.APIKey)
	wantRefusal(t, err, link.CodeKeyInvalid)
}
