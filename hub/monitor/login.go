package monitor

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smartlink/hub/identity"
	"smartlink/hub/registry"
	"smartlink/link"
)

const sessionCookie = "smartlink-session"

// formBytes bounds the forms of the monitor.
const formBytes = 16 << 10

// byScript marks what a page fetches by itself: it does not keep a session alive.
const byScript = "X-Smartlink-Live"

// admitted lets a handler serve who is logged in and has a role. Others are sent to the log-in and come
// back after it.
func (m *Monitor) admitted(needs link.Role, serve handler) handler {
	return func(v *visit) error {
		user, err := v.session()
		switch {
		case errors.Is(err, registry.ErrNoSession):
			to := "login"
			if back := v.here(); v.r.Method == http.MethodGet && v.r.Header.Get(byScript) == "" && back != "" && local.MatchString(back) {
				to += "?next=" + escape(back)
			}
			return v.redirect(to)
		case err != nil:
			return err
		}
		v.user = user
		if !user.Role.Includes(needs) {
			return link.NewError(link.CodeRole, "role", string(needs))
		}
		return serve(v)
	}
}

func (v *visit) session() (registry.User, error) {
	c, err := v.r.Cookie(sessionCookie)
	if err != nil {
		return registry.User{}, registry.ErrNoSession
	}
	return v.m.cfg.Registry.Session(v.r.Context(), c.Value, v.r.Header.Get(byScript) == "")
}

// local is the shape of an address below Path that a person may be sent back to.
var local = regexp.MustCompile(`^(|[a-z]+(/[A-Za-z0-9.-]+)*)(\?[^#\\\s]*)?$`)

// setCookie sets a cookie that no script reads and no other site's page sends along. Without a path
// it holds for the folder of the address that sets it, which is Path whatever a proxy puts in front.
func (v *visit) setCookie(name, value string, age time.Duration) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.m.secure,
	})
}

// loginForm is what login.html shows.
type loginForm struct {
	User, Next string
	Problem    string
}

func (m *Monitor) loginPage(v *visit) error {
	next := v.r.URL.Query().Get("next")
	if !local.MatchString(next) {
		next = ""
	}
	if _, err := v.session(); err == nil {
		return v.redirect(next)
	}
	return v.show(http.StatusOK, "login", frame{Title: v.text("login.title"), Data: loginForm{Next: next}})
}

func (m *Monitor) login(v *visit) error {
	if _, err := v.form(formBytes); err != nil {
		return err
	}
	form := loginForm{User: strings.TrimSpace(v.r.PostForm.Get("user")), Next: v.r.PostForm.Get("next")}
	if !local.MatchString(form.Next) {
		form.Next = ""
	}
	token, err := v.logIn(form.User, v.r.PostForm.Get("password"))
	var e *link.Error
	if errors.As(err, &e) && (e.Code == link.CodeLogin || e.Code == link.CodeRateLimited) {
		maps.Copy(v.w.Header(), e.Header)
		form.Problem = e.Problem(v.lang, "").Detail
		return v.show(e.Status(), "login", frame{Title: v.text("login.title"), Data: form})
	}
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, token, registry.SessionMax)
	return v.redirect(form.Next)
}

// logIn checks who somebody is, not too often.
func (v *visit) logIn(user, password string) (string, error) {
	m := v.m
	select {
	case m.logins <- struct{}{}:
		defer func() { <-m.logins }()
	case <-v.r.Context().Done():
		return "", v.r.Context().Err()
	}
	from, now := identity.CallerAddress(v.r, m.proxied), m.cfg.Clock.Now()
	if wait := m.failures.Wait(user, from, now); wait > 0 {
		e := link.NewError(link.CodeRateLimited)
		e.Header = http.Header{"Retry-After": {strconv.Itoa(int(wait/time.Second) + 1)}}
		return "", e
	}
	token, _, err := m.cfg.Registry.Login(v.r.Context(), user, password, from.String())
	if link.CodeOf(err) == link.CodeLogin {
		m.failures.Note(user, from, now)
	}
	return token, err
}

func (m *Monitor) logout(v *visit) error {
	if c, err := v.r.Cookie(sessionCookie); err == nil {
		if err := m.cfg.Registry.Logout(v.r.Context(), c.Value); err != nil {
			return err
		}
	}
	v.setCookie(sessionCookie, "", -time.Second)
	return v.redirect("login")
}

// language keeps the language somebody chose and leads back to the page they were on.
func (m *Monitor) language(v *visit) error {
	if _, err := v.form(formBytes); err != nil {
		return err
	}
	switch l := link.Lang(v.r.PostForm.Get("lang")); l {
	case link.Portuguese, link.English:
		v.setCookie(languageCookie, string(l), 365*24*time.Hour)
	default:
		return link.NewError(link.CodeRequestInvalid).At("lang", link.CodeRequestInvalid, link.OneOf("pt", "en"))
	}
	back := v.r.PostForm.Get("back")
	if !local.MatchString(back) {
		back = ""
	}
	return v.redirect(back)
}
