package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"smartlink/link"
)

// forPeople are the routes that are pages, or the description itself in another form: they are no
// calls.
var forPeople = []string{"GET /{$}", "GET /docs", "GET /docs/api", "GET /docs/problems", "/monitor/", "GET /monitor", "GET /api/v1/openapi.yaml"}

// TestEveryRouteIsDescribed: a call without a description cannot be added by mistake.
func TestEveryRouteIsDescribed(t *testing.T) {
	w := newWorld(t)
	paths := w.description().doc["paths"].(map[string]any)
	for _, pattern := range w.door.Routes() {
		method, path, ok := strings.Cut(pattern, " ")
		switch {
		case slices.Contains(forPeople, pattern):
		case pattern == "/totvs.rac/": // package identity's: its calls stand in the description by hand
			if at(paths, "/totvs.rac/connect/token", "post") == nil {
				t.Error("the token call is not described")
			}
		case !ok || at(paths, path, strings.ToLower(method)) == nil:
			t.Errorf("%s is not described", pattern)
		}
	}
	if len(w.door.Routes()) < 40 {
		t.Errorf("only %d routes were seen", len(w.door.Routes()))
	}
}

// media hands every media type of the description to f, with its place.
func (d *description) media(f func(name string, place []string, m map[string]any)) {
	paths := d.doc["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for method, op := range paths[path].(map[string]any) {
			name := strings.ToUpper(method) + " " + path
			here := []string{"paths", path, method}
			content, _ := at(op, "requestBody", "content").(map[string]any)
			for media, m := range content {
				f(name+", request as "+media, append(slices.Clone(here), "requestBody", "content", media), m.(map[string]any))
			}
			responses := at(op, "responses").(map[string]any)
			for status, r := range responses {
				content, _ := at(r, "content").(map[string]any)
				for media, m := range content {
					f(name+", "+status+" as "+media, append(slices.Clone(here), "responses", status, "content", media), m.(map[string]any))
				}
			}
		}
	}
}

// TestEveryExampleFitsItsSchema, and every body that is JSON or a form has one. Bodies of messages have
// no schema: they are whatever the sender wrote.
func TestEveryExampleFitsItsSchema(t *testing.T) {
	d := newWorld(t).description()
	seen := 0
	d.media(func(name string, place []string, m map[string]any) {
		examples, _ := m["examples"].(map[string]any)
		values := []any{}
		if v, ok := m["example"]; ok {
			values = append(values, v)
		}
		for _, e := range examples {
			if ref, ok := at(e, "$ref").(string); ok {
				e = at(d.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
			values = append(values, at(e, "value"))
		}
		bytes := strings.HasSuffix(name, "text/plain") || strings.HasSuffix(name, "application/octet-stream")
		if len(values) == 0 && !(bytes && strings.Contains(name, "request")) {
			t.Errorf("%s: no example", name)
		}
		if m["schema"] == nil {
			return
		}
		for _, v := range values {
			seen++
			raw, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			d.fits(t, name, raw, append(place, "schema")...)
		}
	})
	if seen < 300 {
		t.Errorf("only %d examples were seen", seen)
	}
}

// TestParametersSayWhatTheyTake: each has a description, and an example that fits.
func TestParametersSayWhatTheyTake(t *testing.T) {
	d := newWorld(t).description()
	for path, item := range d.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			list, _ := at(op, "parameters").([]any)
			for _, p := range list {
				name := strings.ToUpper(method) + " " + path + " " + at(p, "name").(string)
				if s, _ := at(p, "description").(string); s == "" {
					t.Errorf("%s: no description", name)
				}
				schema, _ := at(p, "schema", "type").(string)
				_, text := at(p, "example").(string)
				if v := at(p, "example"); v != nil && (schema == "string") != text {
					t.Errorf("%s: example %v of a %s", name, v, schema)
				}
			}
		}
	}
}

// Codes with an HTTP status that no call of the API answers, each with the reason.
var answeredElsewhere = map[link.Code]string{
	link.CodeLogin: "the monitor's log-in page", link.CodeForeignPage: "the monitor's forms", link.CodeNotInInbox: "the agent's own commands",
	link.CodeLocalToken: "the agent's local API", link.CodeAgentNotActive: "the agent's local API",
}

// TestEveryCodeIsDescribed: each problem that the catalogue has an HTTP status for stands at a call.
// That each call lists all it answers is seen by the judge in every test of this package.
func TestEveryCodeIsDescribed(t *testing.T) {
	d := newWorld(t).description()
	listed := map[link.Code]bool{}
	d.media(func(_ string, _ []string, m map[string]any) {
		examples, _ := m["examples"].(map[string]any)
		for code := range examples {
			listed[link.Code(code)] = true
		}
	})
	// Paths and methods that there are not, at any place.
	listed[link.CodeMethod] = true
	for _, e := range link.Entries() {
		if why := answeredElsewhere[e.Code]; e.Status != 0 && listed[e.Code] == (why != "") {
			t.Errorf("%s: at a call: %t, answered elsewhere: %q", e.Code, listed[e.Code], why)
		}
	}
}

// TestForeignCallsAreThere: what the description says of calls that others answer is so.
func TestForeignCallsAreThere(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"} {
		w.want(request{method: http.MethodGet, path: path}, http.StatusOK, "") // held against the description as well
	}
	sick := error(link.NewError(link.CodeUnavailable))
	w.sick.Store(&sick)
	w.want(request{method: http.MethodGet, path: "/readyz"}, http.StatusServiceUnavailable, link.CodeUnavailable)
}
