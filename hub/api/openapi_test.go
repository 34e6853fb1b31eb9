package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"smartlink/hub/api"
	"smartlink/link"
)

var update = flag.Bool("update", false, "write docs/openapi.yaml anew")

// TestOpenAPIFile: docs/openapi.yaml is what the hub serves. After a change: go test ./hub/api -run
// OpenAPIFile -update.
func TestOpenAPIFile(t *testing.T) {
	w := newWorld(t)
	served := w.want(request{method: "GET", path: "/api/v1/openapi.yaml"}, http.StatusOK, "").body
	file := filepath.Join("..", "..", "docs", "openapi.yaml")
	if *update {
		if err := os.WriteFile(file, served, 0o644); err != nil { //nolint:gosec // a public document
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(kept, []byte("\r\n"), []byte("\n")), served) {
		t.Error("docs/openapi.yaml is not what the hub serves; run go test ./hub/api -run OpenAPIFile -update")
	}
}

// spec is as much of the description as the tests look at.
type spec struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID, Summary string
		Tags                 []string
		Responses            map[string]struct {
			Content map[string]struct{ Examples map[string]any }
		}
	}
	Components struct{ Schemas map[string]json.RawMessage }
}

// TestOpenAPIIsServed: each documented call answers, and each documents what can go wrong.
func TestOpenAPIIsServed(t *testing.T) {
	w := newWorld(t)
	a := w.want(request{method: "GET", path: "/api/v1/openapi.json"}, http.StatusOK, "")
	s := into[spec](t, a)
	if !strings.HasPrefix(s.OpenAPI, "3.1") || len(s.Paths) < 18 {
		t.Fatalf("version %s, %d paths", s.OpenAPI, len(s.Paths))
	}
	ids := map[string]bool{}
	for path, ops := range s.Paths {
		for method, op := range ops {
			name := strings.ToUpper(method) + " " + path
			if op.Summary == "" || op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s: summary %q, id %q", name, op.Summary, op.OperationID)
			}
			ids[op.OperationID] = true
			if slices.Contains(op.Tags, "identity") || slices.Contains(op.Tags, "hub") {
				continue // not the API's own; their tests are elsewhere
			}
			for status, r := range op.Responses {
				if status < "400" {
					continue
				}
				p, ok := r.Content["application/problem+json"]
				if !ok || len(p.Examples) == 0 {
					t.Errorf("%s: %s without problem examples", name, status)
				}
				for code := range p.Examples {
					if string(link.Catalogue(link.Code(code)).Code) != code {
						t.Errorf("%s: unknown code %s", name, code)
					}
				}
			}
			if _, ok := op.Responses["503"]; !ok {
				t.Errorf("%s says nothing of 503", name)
			}
			call := strings.NewReplacer("{type}", "A", "{audience}", "B", "{id}", "x", "{code}", "A", "{secret}", "s").Replace(path)
			if got := w.do(request{method: strings.ToUpper(method), path: call}); got.StatusCode == http.StatusNotFound || got.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s is documented but answers %d", name, got.StatusCode)
			}
		}
	}
}

// TestDeliveryIsDescribed: the description of a delivery has the properties that one on the wire has.
func TestDeliveryIsDescribed(t *testing.T) {
	m := link.Message{
		ID: link.NewID(), TenantID: tenant, BusinessKey: "b", OrderingKey: "o", CorrelationID: "c", CreatedBy: "a", Body: []byte("\xff"),
	}
	wire := map[string]any{}
	for _, body := range []string{"\xff", "text"} {
		m.Body = []byte(body)
		b, err := json.Marshal(link.Delivery{Tag: 1, Message: m})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &wire); err != nil {
			t.Fatal(err)
		}
	}
	var described []string
	for f := range reflect.TypeFor[api.Delivery]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		described = append(described, name)
	}
	for name := range wire {
		if !slices.Contains(described, name) {
			t.Errorf("%s is not described", name)
		}
	}
	for _, name := range described {
		if _, ok := wire[name]; !ok {
			t.Errorf("%s is described but not on the wire", name)
		}
	}
}
