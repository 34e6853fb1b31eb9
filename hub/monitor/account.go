package monitor

import (
	"errors"
	"net/http"

	"smartlink/hub/registry"
	"smartlink/link"
)

// accountForm is what account.html shows.
type accountForm struct {
	Problems []string
	Changed  bool
}

func (m *Monitor) account(v *visit) error {
	return v.show(http.StatusOK, "account", frame{Title: v.text("account.title"), Nav: "account", Data: accountForm{Changed: v.r.URL.Query().Get("changed") != ""}})
}

// changePassword gives somebody the new password they chose, when they know the old one. All their
// sessions end; this browser gets a new one.
func (m *Monitor) changePassword(v *visit) error {
	if _, err := v.form(formBytes); err != nil {
		return err
	}
	again := func(status int, problems ...string) error {
		return v.show(status, "account", frame{Title: v.text("account.title"), Nav: "account", Data: accountForm{Problems: problems}})
	}
	fresh := v.r.PostForm.Get("new")
	if fresh != v.r.PostForm.Get("repeat") {
		return again(http.StatusUnprocessableEntity, v.text("account.differs"))
	}
	// The log-in checks the old one, with its limits and its audit.
	old, err := v.logIn(v.user.Name, v.r.PostForm.Get("old"))
	var e *link.Error
	switch {
	case link.CodeOf(err) == link.CodeLogin:
		return again(http.StatusUnprocessableEntity, v.text("account.wrong"))
	case errors.As(err, &e) && e.Code == link.CodeRateLimited:
		return again(e.Status(), e.Problem(v.lang, "").Detail)
	case err != nil:
		return err
	}
	_, err = m.cfg.Registry.SetPassword(v.r.Context(), v.user.Name, v.user.Name, link.PasswordRequest{Password: &fresh})
	if errors.As(err, &e) && e.Code == link.CodeRequestInvalid {
		if err := m.cfg.Registry.Logout(v.r.Context(), old); err != nil {
			return err
		}
		var problems []string
		for _, f := range e.Problem(v.lang, "").Errors {
			problems = append(problems, f.Detail)
		}
		return again(http.StatusUnprocessableEntity, problems...)
	}
	if err != nil {
		return err
	}
	token, err := v.logIn(v.user.Name, fresh)
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, token, registry.SessionMax)
	return v.redirect("account?changed=1")
}
