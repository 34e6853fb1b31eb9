package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"smartlink/link"
)

// pages registers what the hub tells about itself. None of it needs a credential.
func (d *Door) pages() {
	// Made when somebody first looks: the description does not change.
	d.handle("GET /api/v1/openapi.json", described("application/openapi+json", func() ([]byte, error) { return json.Marshal(d.openapi) }))
	d.handle("GET /api/v1/openapi.yaml", described("application/openapi+yaml", d.OpenAPI))
	d.handle("GET /{$}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "docs") // as it is: a proxy may have put a path in front
		w.WriteHeader(http.StatusSeeOther)
	}))
	d.handle("GET /docs", page("docs.html", docsOf))
	pt, en := sync.OnceValue(func() apiView { return apiOf(d.openapi, link.Portuguese) }), sync.OnceValue(func() apiView { return apiOf(d.openapi, link.English) })
	d.handle("GET /docs/api", page("api.html", func(lang link.Lang) apiView {
		if lang == link.Portuguese {
			return pt()
		}
		return en()
	}))
	d.handle("GET /docs/problems", page("problems.html", problemsOf))
	d.handle("GET /healthz", static("text/plain; charset=utf-8", []byte("ok\n")))
	d.handle("GET /readyz", http.HandlerFunc(d.ready))
	d.handle("GET /metrics", promhttp.HandlerFor(d.cfg.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
}

// described answers the description in one form.
func described(contentType string, make func() ([]byte, error)) http.HandlerFunc {
	once := sync.OnceValues(make)
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := once()
		if err != nil {
			w.(*call).fail(link.NewError(link.CodeInternal).Because(fmt.Errorf("OpenAPI: %w", err)))
			return
		}
		static(contentType, b)(w, r)
	}
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
