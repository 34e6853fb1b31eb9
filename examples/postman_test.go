package examples_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"smartlink/examples"
)

// item is a request of the collection, or a folder of them.
type item struct {
	Name    string
	Item    []item
	Request struct {
		Method string
		URL    struct{ Raw string }
		Body   struct{ Raw string }
	}
	Event []struct {
		Listen string
		Script struct{ Exec []string }
	}
}

// requests hands every request to f, with the names of its folders.
func (i item) requests(path string, f func(string, item)) {
	if i.Request.Method != "" {
		f(path+i.Name, i)
	}
	for _, x := range i.Item {
		x.requests(path+i.Name+" / ", f)
	}
}

func collection(t *testing.T) (all item, variables []string) {
	t.Helper()
	var c struct {
		Item     []item
		Variable []struct{ Key string }
	}
	if err := json.Unmarshal(examples.Postman(examples.PostmanCollection), &c); err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Variable {
		variables = append(variables, v.Key)
	}
	return item{Item: c.Item}, variables
}

type environment struct {
	ID, Name string
	Values   []struct{ Key, Value, Type string }
}

func environmentOf(t *testing.T, name string) environment {
	t.Helper()
	var e environment
	if err := json.Unmarshal(examples.Postman(name+".postman_environment.json"), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

var variable = regexp.MustCompile(`\{\{([^}]+)\}\}`)

// TestPostmanCollectionIsWhole: every request calls what the description describes, tests what comes,
// and uses no variable that nobody sets.
func TestPostmanCollectionIsWhole(t *testing.T) {
	all, variables := collection(t)
	for _, v := range environmentOf(t, "local").Values {
		variables = append(variables, v.Key)
	}
	spec, err := os.ReadFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var paths []*regexp.Regexp
	for _, m := range regexp.MustCompile(`(?m)^  (/[^:\n]*):$`).FindAllStringSubmatch(string(spec), -1) {
		paths = append(paths, regexp.MustCompile("^"+regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(m[1]), "[^/]+")+"$"))
	}
	n := 0
	all.requests("", func(name string, i item) {
		n++
		path, _, _ := strings.Cut(strings.TrimPrefix(i.Request.URL.Raw, "{{server}}"), "?")
		if !slices.ContainsFunc(paths, func(p *regexp.Regexp) bool { return p.MatchString(path) }) {
			t.Errorf("%s: %s is not described", name, path)
		}
		var scripts strings.Builder
		for _, e := range i.Event {
			scripts.WriteString(e.Listen + "\n" + strings.Join(e.Script.Exec, "\n"))
		}
		if !strings.Contains(scripts.String(), "pm.response.to.have.status") {
			t.Errorf("%s tests no status", name)
		}
		for _, m := range variable.FindAllStringSubmatch(i.Request.URL.Raw+i.Request.Body.Raw, -1) {
			if !slices.Contains(variables, m[1]) {
				t.Errorf("%s: nobody sets %s", name, m[1])
			}
		}
	})
	if n < 20 {
		t.Errorf("%d requests", n)
	}
	var folders []string
	for _, f := range all.Item {
		_, name, _ := strings.Cut(f.Name, " ")
		folders = append(folders, name)
	}
	if want := []string{"Token", "Setup", "Send", "Get", "Ack", "Trace"}; !slices.Equal(folders[:6], want) {
		t.Errorf("the way of the slides is %v, not %v", want, folders[:6])
	}
}

// TestPostmanSendsTheExamples: the collection's bodies for the ERP are the examples, with variables
// where each run differs.
func TestPostmanSendsTheExamples(t *testing.T) {
	all, _ := collection(t)
	bodies := map[string]bool{}
	values := strings.NewReplacer("{{gesplanTenantId}}", examples.Tenant, "postman/{{stamp}}/", "", "PM-{{stamp}}", "DOC")
	all.requests("", func(_ string, i item) {
		if raw := i.Request.Body.Raw; strings.Contains(raw, "NumeroDocumento") {
			bodies[values.Replace(raw)] = true
		}
	})
	document := regexp.MustCompile(`("NumeroDocumento": )"[^"]*"`)
	for _, name := range []string{examples.FinLanInc, examples.FinLanIncRefused} {
		want := strings.TrimSpace(document.ReplaceAllString(string(examples.Body(name)), `$1"DOC"`))
		if !bodies[want] {
			t.Errorf("the collection does not send %s as it stands", name)
		}
	}
}

// TestPostmanEnvironments: the same variables in each, another id, no secret, and only the local one
// tells a machine.
func TestPostmanEnvironments(t *testing.T) {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, name := range []string{"local", "dev", "staging", "production"} {
		e := environmentOf(t, name)
		ids[e.ID], names[e.Name] = true, true
		keys := map[string]bool{}
		for _, v := range e.Values {
			keys[v.Key] = true
			secret := strings.HasSuffix(v.Key, "Secret")
			if secret != (v.Type == "secret") || secret && v.Value != "" {
				t.Errorf("%s: %s is of type %s with value %q", name, v.Key, v.Type, v.Value)
			}
			if v.Key == "server" && name != "local" && !strings.HasSuffix(v.Value, ".example.com") {
				t.Errorf("%s names %s", name, v.Value)
			}
		}
		local := map[string]bool{}
		for _, v := range environmentOf(t, "local").Values {
			local[v.Key] = true
		}
		if !maps.Equal(keys, local) {
			t.Errorf("%s has %v", name, keys)
		}
	}
	if len(ids) != 4 || len(names) != 4 {
		t.Errorf("ids %v, names %v", ids, names)
	}
}
