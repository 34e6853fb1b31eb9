package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"smartlink/link"
)

//go:embed *.html
var htmlFiles embed.FS

var htmlPages = template.Must(template.ParseFS(htmlFiles, "*.html"))

// page serves a page for people in their language. ?lang= wins over Accept-Language, for links in
// the page itself.
func page[V any](file string, view func(link.Lang) V) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := w.(*call)
		switch l := link.Lang(r.URL.Query().Get("lang")); l {
		case link.Portuguese, link.English:
			c.lang = l
			c.Header().Set("Content-Language", string(l))
		}
		var b bytes.Buffer
		if err := htmlPages.ExecuteTemplate(&b, file, view(c.lang)); err != nil {
			c.fail(err)
			return
		}
		c.Header().Set("Content-Type", "text/html; charset=utf-8")
		c.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_, _ = c.Write(b.Bytes())
	}
}

// head is what layout.html shows.
type head struct {
	Lang, Other           link.Lang
	Title, Intro, OtherIs string
}

func headOf(lang link.Lang, title, intro link.Text) head {
	h := head{Lang: link.English, Other: link.Portuguese, OtherIs: "Português", Title: title.In(lang), Intro: intro.In(lang)}
	if lang == link.Portuguese {
		h.Lang, h.Other, h.OtherIs = link.Portuguese, link.English, "English"
	}
	return h
}

// docsView is what docs.html shows: where everything is, and the limits.
type docsView struct {
	head
	Links      []docsLink
	LimitsWord string
	Limits     []docsLimit
}

type docsLink struct{ Address, Text string }

type docsLimit struct{ Name, Value, Meaning string }

func docsOf(lang link.Lang) docsView {
	v := docsView{
		head: headOf(lang, link.Both("Documentação", "Documentation"), link.Both(
			"O que este hub conta sobre si mesmo. Os endereços são relativos a esta página.", "What this hub tells about itself. Addresses are relative to this page.")),
		LimitsWord: link.Both("Limites", "Limits").In(lang),
	}
	for _, l := range []struct {
		address string
		text    link.Text
	}{
		{"monitor/", link.Both("Monitor: filas, mensagens e instalações", "Monitor: queues, messages and installations")},
		{"docs/api", link.Both("A API: chamadas, exemplos, formas", "The API: calls, examples, schemas")},
		{"docs/problems", link.Both("Problemas: o que significa cada code e o que fazer", "Problems: what each code means and what to do")},
		{"api/v1/openapi.yaml", link.Both("A API em OpenAPI (YAML)", "The API in OpenAPI (YAML)")},
		{"api/v1/openapi.json", link.Both("A API em OpenAPI (JSON)", "The API in OpenAPI (JSON)")},
		{"totvs.rac/.well-known/openid-configuration", link.Both("Descoberta do RAC: tokens e chaves", "Discovery of RAC: tokens and keys")},
		{"readyz", link.Both("Pronto para guardar mensagens?", "Ready to store messages?")},
		{"metrics", link.Both("Métricas (Prometheus)", "Metrics (Prometheus)")},
	} {
		v.Links = append(v.Links, docsLink{l.address, l.text.In(lang)})
	}
	for _, l := range link.Limits() {
		v.Limits = append(v.Limits, docsLimit{l.Name, l.Value, l.Meaning.In(lang)})
	}
	return v
}

// problemsView is what problems.html shows, the page that the type of every problem links to.
type problemsView struct {
	head
	StatusWord, NotAnswers string
	Entries                []problemView
}

type problemView struct {
	Code          link.Code
	Status        int
	Title, Detail string
}

func problemsOf(lang link.Lang) problemsView {
	v := problemsView{
		head: headOf(lang, link.Both("Problemas", "Problems"), link.Both(
			"O que significa o code de uma resposta e o que fazer. Uma palavra entre chaves é preenchida na resposta; instance identifica o pedido no log do hub.",
			"What an answer's code means and what to do. A word in braces stands for what the answer fills in; instance names the request in the hub's log.")),
		StatusWord: link.Both("status HTTP", "HTTP status").In(lang),
		NotAnswers: link.Both("um aviso ou motivo, não uma resposta HTTP", "a remark or a reason, no HTTP answer").In(lang),
	}
	for _, e := range link.Entries() {
		text := link.NewError(e.Code).Text()
		v.Entries = append(v.Entries, problemView{Code: e.Code, Status: e.Status, Title: link.Text{PT: e.TitlePT, EN: e.TitleEN}.In(lang), Detail: text.In(lang)})
	}
	return v
}
