package search_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/hub/search"
	"smartlink/link"
)

func path(t testing.TB, text string) search.Path {
	t.Helper()
	p, why := search.ParsePath(text)
	if why != (link.Text{}) {
		t.Fatalf("%q: %s", text, why.EN)
	}
	return p
}

func TestParsePath(t *testing.T) {
	for _, right := range []string{"/data/CodCfo", "/data/Partidas/0/Documento", "/a~1b/~0c", "/ação/número", "/ a ", "/*", "/" + strings.Repeat("x", 254)} {
		if p := path(t, right); p.String() != right {
			t.Errorf("%q became %q", right, p)
		}
	}
	for name, wrong := range map[string]string{
		"nothing": "", "no slash": "data/CodCfo", "JSON path": "$.data.CodCfo", "only a slash": "/", "empty level": "/data//x", "slash at the end": "/data/",
		"tilde alone": "/a~", "tilde and letter": "/a~2", "control": "/a\x00b", "line": "/a\nb", "not UTF-8": "/\xff", "too long": "/" + strings.Repeat("é", 255),
		"too deep": strings.Repeat("/a", 9),
	} {
		if _, why := search.ParsePath(wrong); why == (link.Text{}) || why.PT == "" || why.EN == "" {
			t.Errorf("%s: %q is taken", name, wrong)
		}
	}
}

func TestParsePaths(t *testing.T) {
	paths, wrong := search.ParsePaths([]string{"/data/A", "/data/B"})
	if len(wrong) > 0 || !slices.Equal(paths.Texts(), []string{"/data/A", "/data/B"}) {
		t.Errorf("%v %v", paths.Texts(), wrong)
	}
	if found := paths.Find(path(t, "/DATA/b")); found == nil || found.String() != "/data/B" {
		t.Errorf("found %v", found)
	}
	_, wrong = search.ParsePaths([]string{"/data/A", "x", "/Data/a"})
	if len(wrong) != 2 || wrong[0].Pointer != "/paths/1" || wrong[1].Pointer != "/paths/2" {
		t.Errorf("%+v", wrong)
	}
	if _, wrong = search.ParsePaths(slices.Repeat([]string{"/a"}, 6)); len(wrong) != 1 || wrong[0].Pointer != "/paths" {
		t.Errorf("%+v", wrong)
	}
	if paths, wrong := search.ParsePaths(nil); len(paths) > 0 || len(wrong) > 0 {
		t.Error("no paths are right")
	}
}

func TestValueInBody(t *testing.T) {
	long := strings.Repeat("ã", link.MaxSearchValue)
	for _, tc := range []struct {
		path, value, body string
		in                bool
	}{
		{"/data/CodCfo", "F001", `{"header":{},"data":{"CodCfo":"F001"}}`, true},
		{"/data/CodCfo", " f001 ", `{"data":{"codcfo":" F001"}}`, true},
		{"/data/CodCfo", "F001", `{"header":{},"content":{"CodCfo":"F001"}}`, true},
		{"/data/CodCfo", "F001", `{"messageType":"x","messageContent":{"CODCFO":"F001"}}`, true},
		{"/data/CodCfo", "F001", `{"CodCfo":"F001"}`, true},
		{"/data/CodCfo", "F001", `{"data":{"x":1},"CodCfo":"F001"}`, false},
		{"/data/CodCfo", "F001", `{"data":{"x":{"CodCfo":"F001"}}}`, false},
		{"/data/CodCfo", "F001", `{"data":{"CodCfo":"F0012"}}`, false},
		{"/data/CodCfo", "F001", `{"data":{"CodCfo":["F001"]}}`, false},
		{"/data/CodCfo", "null", `{"data":{"CodCfo":null}}`, false},
		{"/data/CodCfo", "F001", `not JSON`, false},
		{"/data/CodCfo", "F001", `{"data":{"CodCfo":"F001"}`, false},
		{"/data/n", "123", `{"data":{"n":123}}`, true},
		{"/data/n", "123", `{"data":{"n":"123"}}`, true},
		{"/data/n", "0123", `{"data":{"n":123}}`, false},
		{"/data/n", "1500.50", `{"data":{"n":1500.5}}`, true},
		{"/data/n", "1500.5", `{"data":{"n":1500.50}}`, true},
		{"/data/n", "1500", `{"data":{"n":1500.00}}`, true},
		{"/data/n", "1500.00", `{"data":{"n":1500}}`, true},
		{"/data/n", "1.10", `{"data":{"n":"1.1"}}`, false},
		{"/data/n", "1.10", `{"data":{"n":"1.10"}}`, true},
		{"/data/n", "-0", `{"data":{"n":0}}`, true},
		{"/data/n", "1E5", `{"data":{"n":1e5}}`, true},
		{"/data/n", "true", `{"data":{"n":true}}`, true},
		{"/data/n", "99999999999999999999999999999", `{"data":{"n":99999999999999999999999999999}}`, true},
		{"/data/Partidas/1/Documento", "D2", `{"data":{"Partidas":[{"Documento":"D1"},{"Documento":"D2"}]}}`, true},
		{"/data/Partidas/0/Documento", "D2", `{"data":{"Partidas":[{"Documento":"D1"},{"Documento":"D2"}]}}`, false},
		{"/data/Partidas/01/Documento", "D2", `{"data":{"Partidas":[{"Documento":"D1"},{"Documento":"D2"}]}}`, false},
		{"/0", "x", `["x"]`, true},
		{"/a~1b/~0", "x", `{"a/b":{"~":"x"}}`, true},
		{"/ação", "é", `{"AÇÃO":"É"}`, true},
		{"/ação", "é", `{"a\u00e7\u00e3o":"\u00c9"}`, true},
		{"/t", "a \"quoted\" \\ text", `{"t":"a \"quoted\" \\ text"}`, true},
		{"/t", "first", `{"t":"first","t":"second"}`, true},
		{"/t", "second", `{"t":"first","t":"second"}`, true},
		{"/t", long, `{"t":"` + long + `"}`, true},
		{"/t", strings.Repeat("a", 70) + "b", `{"t":"` + strings.Repeat("a", 71) + `"}`, false},
		{"/t", "a", `{"t":"` + strings.Repeat("a", link.MaxSearchValue+1) + `"}`, false},
	} {
		v, why := search.NewValue(path(t, tc.path), tc.value)
		if why != (link.Text{}) {
			t.Errorf("%q: %s", tc.value, why.EN)
			continue
		}
		if got := v.In([]byte(tc.body)); got != tc.in {
			t.Errorf("%s = %.40q in %.80s: %t", tc.path, tc.value, tc.body, got)
		}
		if got := meet(v.Keys(), search.Paths{path(t, tc.path)}.Keys([]byte(tc.body))); got != tc.in {
			t.Errorf("index: %s = %.40q in %.80s: %t", tc.path, tc.value, tc.body, got)
		}
	}
}

// meet tells whether two lists of keys have one in common.
func meet(a, b [][]byte) bool {
	return slices.ContainsFunc(a, func(x []byte) bool {
		return slices.ContainsFunc(b, func(y []byte) bool { return string(x) == string(y) })
	})
}

func TestValueThatNobodyCanLookFor(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "space": " \t", "too long": strings.Repeat("é", link.MaxSearchValue+1), "not UTF-8": "\xff",
	} {
		if _, why := search.NewValue(path(t, "/a"), text); why == (link.Text{}) {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestKeysAreFewAndShort(t *testing.T) {
	paths, _ := search.ParsePaths([]string{"/a", "/b", "/c"})
	body := `{"a":"` + strings.Repeat("x", link.MaxSearchValue) + `","b":1,"c":null,"d":2}`
	keys := paths.Keys([]byte(body))
	if len(keys) != 2 {
		t.Fatalf("%d keys", len(keys))
	}
	for _, k := range keys {
		if len(k) > 72 {
			t.Errorf("a key of %d bytes", len(k))
		}
	}
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, `%s"a":%d`, map[bool]string{true: "{", false: ","}[i == 0], i)
	}
	if keys := paths.Keys([]byte(many.String() + "}")); len(keys) > 16 {
		t.Errorf("%d keys of one property", len(keys))
	}
}

// TestKeysStayAsTheyAre: an index that was written before knows the same values by the same keys.
func TestKeysStayAsTheyAre(t *testing.T) {
	paths, _ := search.ParsePaths([]string{"/data/CodCfo", "/data/N", "/data/Long"})
	long := strings.Repeat("Ab", 40)
	got := paths.Keys([]byte(`{"data":{"CodCfo":" F00017","n":1500.50,"LONG":"` + long + `"}}`))
	lower := strings.ToLower(long)
	digest := sha256.Sum256([]byte(lower))
	for i, want := range []string{pathKey("/data/codcfo") + "f00017", pathKey("/data/n") + "#1500.5", pathKey("/data/long") + lower[:40] + string(digest[:16])} {
		if i >= len(got) || string(got[i]) != want {
			t.Errorf("keys %q, want %q at %d", got, want, i)
		}
	}
}

// pathKey is the beginning of a path's keys.
func pathKey(lower string) string {
	digest := sha256.Sum256([]byte(lower))
	return string(digest[:8])
}

// TestBuiltInPathsLeadToFields: each leads to a field of its command, and to a value of its example.
func TestBuiltInPathsLeadToFields(t *testing.T) {
	types := search.Types()
	if len(types) != len(contracts.Commands) {
		t.Errorf("types %v", types)
	}
	for _, c := range contracts.Commands {
		for _, p := range search.Of(c.Type).Texts() {
			table := c.Table
			segments := strings.Split(p, "/")[2:]
			if segments[0] == "Partidas" {
				table, segments = contracts.CPARTIDA, segments[2:]
			}
			if f := table.Field(segments[0]); f == nil || !f.Stored() {
				t.Errorf("%s: %s leads to no field", c.Type, p)
			}
		}
	}
	if search.Of("Note") != nil {
		t.Error("a type without paths has some")
	}
	body := examples.Body(examples.FinLanInc)
	if keys := search.Of(contracts.FinLanInc.Type).Keys(body); len(keys) < 2 {
		t.Errorf("the example has %d keys", len(keys))
	}
}

// FuzzPaths tries paths and bodies of any bytes: what stands at a path as encoding/json sees it is found,
// by looking and by the index.
func FuzzPaths(f *testing.F) {
	f.Add("/data/CodCfo", `{"data":{"CodCfo":"F001"}}`)
	f.Add("/data/a/0", `{"content":{"A":[1.50,{"b":null}]}}`)
	f.Add("/a~1b", `{"a/b":"\ud800","a/b":true}`)
	f.Add("/data/x", `{"x":{"data":[[[[]]]]}}`)
	f.Add("/0", `[-0.0e-0]`)
	f.Fuzz(func(t *testing.T, text, body string) {
		p, why := search.ParsePath(text)
		if why != (link.Text{}) {
			return
		}
		keys := search.Paths{p}.Keys([]byte(body))
		if !json.Valid([]byte(body)) {
			if len(keys) > 0 {
				t.Fatalf("%q is no JSON, but has keys", body)
			}
			return
		}
		seen, ok := stands(p.String(), body)
		if !ok {
			return
		}
		v, why := search.NewValue(p, seen)
		if why != (link.Text{}) { // too long, or nothing
			return
		}
		if !v.In([]byte(body)) {
			t.Fatalf("%q stands at %q in %q, but is not found", seen, text, body)
		}
		if !meet(v.Keys(), keys) && len(keys) < 16 {
			t.Fatalf("%q stands at %q in %q, but not in the index", seen, text, body)
		}
	})
}

// stands is what encoding/json finds at a pointer, without any leniency.
func stands(pointer, body string) (string, bool) {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return "", false
	}
	for _, s := range strings.Split(pointer, "/")[1:] {
		s = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
		m, isObject := v.(map[string]any)
		if !isObject {
			return "", false
		}
		v = m[s]
	}
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

func BenchmarkKeys(b *testing.B) {
	body := examples.Body(examples.FinLanInc)
	paths := search.Of(contracts.FinLanInc.Type)
	for b.Loop() {
		if len(paths.KeysOfValid(body)) == 0 {
			b.Fatal("no keys")
		}
	}
}
