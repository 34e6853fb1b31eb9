package monitor

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"smartlink/hub/exchange"
	"smartlink/hub/registry"
	"smartlink/link"
)

// visit is one request for a page.
type visit struct {
	w        http.ResponseWriter
	r        *http.Request
	m        *Monitor
	lang     link.Lang
	now      time.Time
	user     registry.User // nobody without a log-in
	answered bool
	back     string // where an error's page leads; "": to the queues
}

func (v *visit) operator() exchange.Operator {
	return exchange.Operator{Name: v.user.Name, Role: v.user.Role, Lang: v.lang}
}

// page makes a handler of the server of one that answers with a page whatever happens.
func (m *Monitor) page(serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, m: m, now: m.cfg.Clock.Now()}
		v.lang = v.language()
		w.Header().Set("Content-Language", string(v.lang))
		w.Header().Add("Vary", "Cookie, Accept-Language")
		if err := serve(v); err != nil {
			v.fail(err)
		}
	}
}

const languageCookie = "smartlink-lang"

// language is what the person chose, else what the browser asks for, else Portuguese.
func (v *visit) language() link.Lang {
	if c, err := v.r.Cookie(languageCookie); err == nil {
		switch l := link.Lang(c.Value); l {
		case link.Portuguese, link.English:
			return l
		}
	}
	return link.AcceptLanguage(v.r.Header.Get("Accept-Language") + "," + string(link.Portuguese))
}

// here is the address of the page asked for, from Path on.
func (v *visit) here() string {
	return strings.TrimPrefix(v.r.URL.RequestURI(), Path)
}

// root leads from the page asked for to Path, by a relative address.
func (v *visit) root() string {
	path := strings.TrimPrefix(v.r.URL.EscapedPath(), Path)
	if n := strings.Count(path, "/"); n > 0 {
		return strings.Repeat("../", n)
	}
	return "./"
}

// redirect sends the browser to an address below Path.
func (v *visit) redirect(to string) error {
	v.answered = true
	v.w.Header().Set("Location", v.root()+to)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// frame is what every page's template gets.
type frame struct {
	Root, Here string
	Lang       link.Lang
	Title      string
	Nav        string // which part of the monitor: queues, installations, account
	Env        Environment
	User       registry.User
	Now        time.Time
	Topic      string // what to listen to for changes; "" = nothing
	Did        *did   // what was just done
	Data       any
}

// show answers a page.
func (v *visit) show(status int, name string, f frame) error {
	f.Root, f.Here, f.Lang, f.Env, f.User, f.Now = v.root(), v.here(), v.lang, v.m.cfg.Environment, v.user, v.now
	if v.r.Method != http.MethodGet {
		f.Here = ""
	} else if name != "error" {
		f.Did = v.done()
	}
	var b bytes.Buffer
	if err := templates()[v.lang][name].ExecuteTemplate(&b, "layout", f); err != nil {
		return err
	}
	v.answered = true
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // a reader that has gone misses it
	return nil
}

// failure is what error.html shows.
type failure struct {
	Code   link.Code
	Status int
	Detail string
	Errors []link.FieldError
	Back   string
}

// publicError is the error of the catalogue in err, if there is one.
func publicError(err error) (*link.Error, bool) {
	var e *link.Error
	ok := errors.As(err, &e) && e.Status() != 0
	return e, ok
}

// fail answers an error as a page. Its cause goes to the log only.
func (v *visit) fail(err error) {
	e, ok := publicError(err)
	if !ok {
		e = link.NewError(link.CodeInternal).Because(err)
	}
	if e.Status() >= http.StatusInternalServerError && v.r.Context().Err() == nil {
		v.m.cfg.Logger.ErrorContext(v.r.Context(), "page failed", "path", v.r.Pattern, "error", err)
	}
	if v.answered {
		return
	}
	p := e.Problem(v.lang, "")
	shown := v.show(p.Status, "error", frame{Title: p.Title, Data: failure{p.Code, p.Status, p.Detail, p.Errors, v.back}})
	if shown != nil {
		v.m.cfg.Logger.ErrorContext(v.r.Context(), "the page of an error failed", "error", shown)
		http.Error(v.w, p.Title, p.Status)
	}
}

func (m *Monitor) nothing(v *visit) error {
	return link.NewError(link.CodeNotFound, "what", v.r.URL.Path)
}

// foreign answers a form that another site's page has sent.
func (m *Monitor) foreign(*visit) error { return link.NewError(link.CodeForeignPage) }
