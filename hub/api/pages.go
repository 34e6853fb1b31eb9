package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"smartlink/link"
)

//go:embed problems.html
var problemsHTML string

var problemsPage = template.Must(template.New("problems").Parse(problemsHTML))

// pages registers what the hub tells about itself. None of it needs a credential.
func (d *Door) pages() error {
	spec, err := json.Marshal(d.openapi)
	if err != nil {
		return fmt.Errorf("OpenAPI as JSON: %w", err)
	}
	yaml, err := d.OpenAPI()
	if err != nil {
		return err
	}
	d.mux.HandleFunc("GET /api/v1/openapi.json", static("application/openapi+json", spec))
	d.mux.HandleFunc("GET /api/v1/openapi.yaml", static("application/openapi+yaml", yaml))
	d.mux.HandleFunc("GET /docs/problems", problems)
	d.mux.HandleFunc("GET /healthz", static("text/plain; charset=utf-8", []byte("ok\n")))
	d.mux.HandleFunc("GET /readyz", d.ready)
	d.mux.Handle("GET /metrics", promhttp.HandlerFor(d.cfg.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return nil
}

func static(contentType string, b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b)
	}
}

// ready asks each time whether the hub can store, so that it tells the truth and recovers by itself.
func (d *Door) ready(w http.ResponseWriter, r *http.Request) {
	c := w.(*call)
	if d.waits.Err() != nil {
		c.fail(link.NewError(link.CodeUnavailable))
		return
	}
	if err := d.cfg.Ready(r.Context()); err != nil {
		c.fail(link.NewError(link.CodeUnavailable).Because(err))
		return
	}
	static("text/plain; charset=utf-8", []byte("ready\n"))(w, r)
}

// problems is the page that the type of every problem links to. ?lang= wins over Accept-Language,
// for links in the page itself.
func problems(w http.ResponseWriter, r *http.Request) {
	c := w.(*call)
	switch l := link.Lang(r.URL.Query().Get("lang")); l {
	case link.Portuguese, link.English:
		c.lang = l
		c.Header().Set("Content-Language", string(l))
	}
	var page bytes.Buffer
	if err := problemsPage.Execute(&page, problemsOf(c.lang)); err != nil {
		c.fail(err)
		return
	}
	c.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = c.Write(page.Bytes())
}

// problemsView is what problems.html shows.
type problemsView struct {
	Lang, Other            link.Lang
	Title, Intro, OtherIs  string
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
		Lang: lang, Other: link.Portuguese, Title: "Problems", OtherIs: "Português", StatusWord: "HTTP status", NotAnswers: "a remark or a reason, no HTTP answer",
		Intro: "What an answer's code means and what to do. A word in braces stands for what the answer fills in; instance names the request in the hub's log.",
	}
	if lang == link.Portuguese {
		v = problemsView{
			Lang: lang, Other: link.English, Title: "Problemas", OtherIs: "English", StatusWord: "status HTTP", NotAnswers: "um aviso ou motivo, não uma resposta HTTP",
			Intro: "O que significa o code de uma resposta e o que fazer. Uma palavra entre chaves é preenchida na resposta; instance identifica o pedido no log do hub.",
		}
	}
	for _, e := range link.Entries() {
		p := problemView{Code: e.Code, Status: e.Status, Title: e.TitleEN, Detail: e.DetailEN}
		if lang == link.Portuguese {
			p.Title, p.Detail = e.TitlePT, e.DetailPT
		}
		v.Entries = append(v.Entries, p)
	}
	return v
}
