package api_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/link"
)

// description is the OpenAPI document as a judge: every request and answer of this package's tests is
// held against it.
type description struct {
	doc      map[string]any
	mux      *http.ServeMux // finds the operation of a request
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	schemas  map[string]*jsonschema.Schema
}

const descriptionURL = "urn:smartlink:openapi"

func newDescription(t testing.TB, raw []byte) *description {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	d := &description{doc: doc.(map[string]any), mux: http.NewServeMux(), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(descriptionURL, doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range d.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			pattern := strings.ToUpper(method) + " " + path
			d.mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		}
	}
	return d
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// at follows names through the document.
func at(v any, names ...string) any {
	for _, n := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[n]
	}
	return v
}

// schema compiles the schema that stands at a place of the document.
func (d *description) schema(names ...string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var pointer strings.Builder
	for _, n := range names {
		pointer.WriteString("/" + escapePointer.Replace(n))
	}
	if s := d.schemas[pointer.String()]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(descriptionURL + "#" + pointer.String())
	if err == nil {
		d.schemas[pointer.String()] = s
	}
	return s, err
}

// check holds one exchange against the description: the operation is there, its status is there, a
// problem's code is among the status's, the body fits its schema; and what was taken, the schema of the
// request takes too.
func (d *description) check(t testing.TB, r *http.Request, sent string, status int, contentType string, body []byte) {
	t.Helper()
	_, pattern := d.mux.Handler(r)
	if pattern == "" || r.Method == http.MethodHead {
		return // no call of the API: a page, or a path that there is not
	}
	method, path, _ := strings.Cut(pattern, " ")
	operation := []string{"paths", path, strings.ToLower(method)}
	media, _, _ := mime.ParseMediaType(contentType)
	place := append(slices.Clone(operation), "responses", strconv.Itoa(status))
	answer, ok := at(d.doc, place...).(map[string]any)
	if !ok {
		t.Errorf("%s: answered %d, which is not described: %s", pattern, status, body)
		return
	}
	if len(body) > 0 {
		if at(answer, "content", media) == nil {
			t.Errorf("%s: answered %d as %q, which is not described", pattern, status, media)
			return
		}
		if strings.HasSuffix(media, "json") {
			d.fits(t, pattern+" "+strconv.Itoa(status), body, append(place, "content", media, "schema")...)
		}
	}
	if media == "application/problem+json" {
		var p link.Problem
		if err := json.Unmarshal(body, &p); err != nil || at(answer, "content", media, "examples", string(p.Code)) == nil {
			t.Errorf("%s: answered %d %s, which is not described", pattern, status, p.Code)
		}
	}
	sentAs, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	request := append(operation, "requestBody", "content", sentAs, "schema")
	if status < 300 && sent != "" && sentAs == "application/json" && at(d.doc, request...) != nil {
		d.fits(t, "request of "+pattern, []byte(sent), request...)
	}
}

// fits holds a JSON value against a schema of the document.
func (d *description) fits(t testing.TB, what string, value []byte, place ...string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		t.Errorf("%s: %v in %s", what, err, value)
		return
	}
	s, err := d.schema(place...)
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", what, err, value)
	}
}

var described struct {
	once sync.Once
	*description
}

// description compiles the document once for all tests of the package: every world serves the same.
func (w *world) description() *description {
	described.once.Do(func() {
		resp, err := http.Get(w.url + "/api/v1/openapi.json") //nolint:noctx // a test's own server
		w.must(err)
		defer func() { _ = resp.Body.Close() }()
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		w.must(err)
		described.description = newDescription(w, b.Bytes())
	})
	if described.description == nil {
		w.Fatal("the description could not be read")
	}
	return described.description
}

// TestDescriptionJudges: the judge sees what is wrong.
func TestDescriptionJudges(t *testing.T) {
	w := newWorld(t)
	d := w.description()
	request := func(method, path string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, nil)
		w.must(err)
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	problem, err := json.Marshal(link.NewError(link.CodeStartCode).Problem(link.English, "i"))
	w.must(err)
	for name, tc := range map[string]struct {
		path, sent string
		status     int
		media      string
		body       string
		right      bool
	}{
		"right":           {"setup", `{"subscriptions":[]}`, 200, "application/json", `{"queue":"q","subscriptions":[],"requeueCountMax":1,"added":[],"removed":[],"warnings":[]}`, true},
		"another status":  {"setup", "", 299, "", "", false},
		"another media":   {"setup", "", 200, "text/plain", "x", false},
		"property absent": {"setup", "", 200, "application/json", `{}`, false},
		"another code":    {"setup", "", 403, "application/problem+json", string(problem), false},
		"request refused": {"setup", `{"subscriptions":"x"}`, 200, "application/json", `{"queue":"q","subscriptions":[],"requeueCountMax":1,"added":[],"removed":[],"warnings":[]}`, false},
	} {
		var r recorder
		d.check(&r, request(http.MethodPost, "/api/v1/link/"+tc.path), tc.sent, tc.status, tc.media, []byte(tc.body))
		if r.failed == tc.right {
			t.Errorf("%s: failed %t", name, r.failed)
		}
	}
}

// recorder is a test that only notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
