package monitor

import (
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"smartlink/link"
)

//go:embed pages/*.html static/*
var files embed.FS

// languages of the pages, the default first.
var languages = []link.Lang{link.Portuguese, link.English}

// templates by language and page, parsed with the first page that is shown: the program does many things
// without one. A page that cannot be parsed stops every test that shows one.
var templates = sync.OnceValue(func() map[link.Lang]map[string]*template.Template {
	all := map[link.Lang]map[string]*template.Template{}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		panic(err)
	}
	for _, lang := range languages {
		all[lang] = map[string]*template.Template{}
		for _, name := range names {
			page := strings.TrimSuffix(path.Base(name), ".html")
			if page == "layout" || page == "parts" {
				continue
			}
			all[lang][page] = template.Must(template.New(page).Funcs(functions(lang)).ParseFS(files, "pages/layout.html", "pages/parts.html", name))
		}
	}
	return all
})

// functions are what templates may call, in one language.
func functions(lang link.Lang) template.FuncMap {
	w := words{lang}
	return template.FuncMap{
		"t": w.text, "age": w.age, "since": w.since, "spark": w.spark, "moment": w.moment, "number": w.number, "size": w.size, "bytes": func(n int64) string { return w.size(int(n)) }, "upto": w.upTo, "days": w.days, "number64": func(n int) string { return w.number(int64(n)) }, "in": w.in, "role": w.role,
		"static": staticAddress, "escape": escape, "short": short, "list": func(v ...any) []any { return v }, "languages": func() []link.Lang { return languages },
		"dict": dict, "clip": clip, "chosen": chosen, "join": strings.Join, "rolesay": func(r link.Role) (string, error) { return w.text("role." + string(r) + ".may") }, "roleSees": func(r link.Role) bool { return r.Includes(link.RoleOperator) },
		"timestamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"reason":    func(code, said string) string { return link.Code(code).Reason(said, lang) },
		"ended":     func(s link.State) bool { return s.Final() || s == link.StateDead },
	}
}

// dict makes a map of names and values for a part of a page.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// text is a text of the catalogue in the visit's language. The keys in the code are constants, which
// a test holds against the catalogue.
func (v *visit) text(key string, args ...any) string {
	s, err := words{v.lang}.text(key, args...)
	if err != nil {
		return key
	}
	return s
}

// escape makes a text part of an address's query.
func escape(s string) string { return url.QueryEscape(s) }

// short is the beginning of an id, for narrow places.
func short(id fmt.Stringer) string { return id.String()[:8] }

// staticHash changes whenever a static file does, so that browsers may keep them for good.
var staticHash = func() string {
	h := fnv.New64a()
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		b, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		_, _ = h.Write(b) // never fails
	}
	return fmt.Sprintf("%x", h.Sum64())
}()

func staticAddress(root, name string) string { return root + "static/" + name + "?v=" + staticHash }

// static answers a style, script or picture.
func (m *Monitor) static(v *visit) error {
	name := v.r.PathValue("file")
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name }) {
		return link.NewError(link.CodeNotFound, "what", v.r.URL.Path)
	}
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		return err
	}
	v.answered = true
	h := v.w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Del("Vary")
	h.Del("Content-Language")
	if v.r.URL.Query().Get("v") == staticHash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = v.w.Write(b)
	return nil
}

var _ http.Handler = (*Monitor)(nil)
