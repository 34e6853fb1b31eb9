package api_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var (
	linkTarget = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	anchor     = regexp.MustCompile(`id="([^"]*)"`)
)

// TestAPIPageShowsEveryCall: each call, schema and problem of the description stands on the page, in both
// languages; every link within it leads somewhere; nothing comes from another host.
func TestAPIPageShowsEveryCall(t *testing.T) {
	w := newWorld(t)
	d := w.description()
	for lang, want := range map[string]string{"pt": "Respostas", "en": "Answers"} {
		a := w.want(request{method: http.MethodGet, path: "/docs/api?lang=" + lang}, http.StatusOK, "")
		page := html.UnescapeString(string(a.body))
		if !strings.Contains(page, want) || a.Header.Get("Content-Language") != lang {
			t.Errorf("%s: not in that language", lang)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("Content-Security-Policy %q", csp)
		}
		for path, item := range d.doc["paths"].(map[string]any) {
			for method, op := range item.(map[string]any) {
				for _, part := range []string{`id="` + at(op, "operationId").(string) + `"`, at(op, "summary").(string), strings.ToUpper(method) + "</span> " + path} {
					if !strings.Contains(page, part) {
						t.Errorf("%s: %s %s: no %q", lang, method, path, part)
					}
				}
			}
		}
		for name := range at(d.doc, "components", "schemas").(map[string]any) {
			if !strings.Contains(page, `id="schema-`+name+`"`) {
				t.Errorf("%s: no schema %s", lang, name)
			}
		}
		ids := map[string]bool{}
		for _, m := range anchor.FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s twice", lang, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range linkTarget.FindAllStringSubmatch(page, -1) {
			target, id, _ := strings.Cut(m[1], "#")
			switch {
			case target == "problems": // the page of problems has each code
			case strings.Contains(target, "//"):
				t.Errorf("%s: needs another host: %s", lang, m[1])
			case target == "" && !ids[id]:
				t.Errorf("%s: leads nowhere: %s", lang, m[1])
			}
		}
	}
}

// TestAPIPageWritesExamplesAsText: what stands in the description cannot become markup.
func TestAPIPageWritesExamplesAsText(t *testing.T) {
	w := newWorld(t)
	body := string(w.want(request{method: http.MethodGet, path: "/docs/api"}, http.StatusOK, "").body)
	if strings.Contains(body, "<script") || strings.Contains(body, "$ref") {
		t.Error("markup or references that should have been resolved")
	}
}
