package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"smartlink/agent/inbox"
	"smartlink/agent/window"
	"smartlink/link"
)

//go:embed pages/*.html static/*
var files embed.FS

// handler serves one page. An error becomes a page of its own.
type handler func(*visit) error

// visit is one request for a page.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	c       *Console
	lang    link.Lang
	now     time.Time
	session *session     // nil: nobody is logged in
	rules   *inbox.Rules // read for this visit already; nil: not yet
}

const (
	languageCookie = "smartlink-lang"
	formBytes      = 16 << 10
)

// page makes a handler of the server of one that answers with a page whatever happens.
func (c *Console) page(serve handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, c: c, now: c.cfg.Clock.Now()}
		v.lang = link.AcceptLanguage(r.Header.Get("Accept-Language") + "," + string(link.Portuguese))
		if cookie, err := r.Cookie(languageCookie); err == nil && (cookie.Value == string(link.English) || cookie.Value == string(link.Portuguese)) {
			v.lang = link.Lang(cookie.Value)
		}
		w.Header().Set("Content-Language", string(v.lang))
		if err := serve(v); err != nil {
			v.fail(err)
		}
	}
}

// form reads a posted form.
func (v *visit) form() (url.Values, error) { return v.formOf(formBytes) }

// formOf reads a posted form of at most limit bytes.
func (v *visit) formOf(limit int64) (url.Values, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, limit)
	if err := v.r.ParseForm(); err != nil {
		return nil, link.NewError(link.CodeBodyTooLarge, "limit", strconv.FormatInt(limit, 10)).Because(err)
	}
	return v.r.PostForm, nil
}

func (v *visit) redirect(to string) error {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (v *visit) setCookie(name, value string, age time.Duration) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// text is a text of the catalogue in the visit's language.
func (v *visit) text(key string) string { return texts[key].In(v.lang) }

// frame is what every page's template gets.
type frame struct {
	Here, Title, Nav, Zone string
	Lang                   link.Lang
	In                     bool // somebody is logged in
	Now                    closed
	Data                   any
}

// show answers a page.
func (v *visit) show(status int, name, title, nav string, data any) error {
	zone, _ := v.now.In(v.c.cfg.Zone).Zone()
	f := frame{Title: v.text(title), Nav: nav, Zone: zone, Lang: v.lang, In: v.session != nil, Data: data}
	if f.In {
		f.Now = v.ruling()
	}
	if v.r.Method == http.MethodGet {
		f.Here = v.r.URL.RequestURI()
	}
	t, err := templates()[v.lang][name].Clone()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Funcs(template.FuncMap{"moment": v.moment}).ExecuteTemplate(&b, "layout", f); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // a reader that has gone misses it
	return nil
}

// moment writes a moment in the console's zone; "–" for none.
func (v *visit) moment(at any) string {
	var t time.Time
	switch x := at.(type) {
	case time.Time:
		t = x
	case *time.Time:
		if x != nil {
			t = *x
		}
	}
	if t.IsZero() {
		return "–"
	}
	layout := "2006-01-02 15:04:05"
	if v.lang == link.Portuguese {
		layout = "02/01/2006 15:04:05"
	}
	return t.In(v.c.cfg.Zone).Format(layout)
}

// failure is what error.html shows.
type failure struct {
	Code          link.Code
	Title, Detail string
	Errors        []link.FieldError
}

// problem is what a person is told of an error; its status, 0 for what is not theirs to know.
func (v *visit) problem(err error) (failure, int) {
	if e, ok := errors.AsType[*link.Error](err); ok {
		p := e.Problem(v.lang, "")
		status := p.Status
		if status == 0 {
			status = http.StatusConflict
		}
		return failure{p.Code, p.Title, p.Detail, p.Errors}, status
	}
	if p, ok := errors.AsType[*link.Problem](err); ok { // the hub's, in the language it was asked in
		return failure{p.Code, p.Title, p.Detail, p.Errors}, http.StatusBadGateway
	}
	return failure{}, 0
}

// fail answers an error as a page. What has no code goes to the log only.
func (v *visit) fail(err error) {
	f, status := v.problem(err)
	if status == 0 {
		v.c.cfg.Logger.ErrorContext(v.r.Context(), "page failed", "path", v.r.Pattern, "error", err)
		f, status = v.problem(link.NewError(link.CodeInternal))
	}
	if shown := v.show(status, "error", "error.title", "", f); shown != nil {
		v.c.cfg.Logger.ErrorContext(v.r.Context(), "the page of an error failed", "error", shown)
		http.Error(v.w, f.Title, status)
	}
}

// templates by language and page, parsed with the first page that is shown: the program does many things
// without one. A page that cannot be parsed stops every test that shows one.
var templates = sync.OnceValue(func() map[link.Lang]map[string]*template.Template {
	all := map[link.Lang]map[string]*template.Template{}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		panic(err)
	}
	for _, lang := range []link.Lang{link.Portuguese, link.English} {
		all[lang] = map[string]*template.Template{}
		for _, name := range names {
			page := strings.TrimSuffix(path.Base(name), ".html")
			if page != "layout" {
				all[lang][page] = template.Must(template.New(page).Funcs(functions(lang)).ParseFS(files, "pages/layout.html", name))
			}
		}
	}
	return all
})

// functions are what templates may call, in one language.
func functions(lang link.Lang) template.FuncMap {
	return template.FuncMap{
		"t": func(key string) (string, error) {
			t, ok := texts[key]
			if !ok {
				return "", fmt.Errorf("no text %q", key)
			}
			return t.In(lang), nil
		},
		"moment": func(any) string { return "" }, // replaced in each visit
		"edge":   func(w window.Window, end string) string { return w.Tell(end, lang) },
		"escape": url.QueryEscape,
		"in":     func(t link.Text) string { return t.In(lang) },
		"reason": func(c link.Code, said string) string { return c.Reason(said, lang) },
		"either": func(pt, en string) string {
			if lang == link.English && en != "" {
				return en
			}
			return pt
		},
	}
}

// static answers a style or picture.
func (c *Console) static(v *visit) error {
	name := v.r.PathValue("file")
	if !fs.ValidPath(name) {
		return link.NewError(link.CodeNotFound, "what", v.r.URL.Path)
	}
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		return link.NewError(link.CodeNotFound, "what", v.r.URL.Path).Because(err)
	}
	v.w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	v.w.Header().Del("Content-Language")
	_, _ = v.w.Write(b)
	return nil
}
