package rooms

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestProjectKeepsTheRules(t *testing.T) {
	project := os.DirFS("../..")
	for name, check := range map[string]func(fs.FS) ([]Finding, error){"imports": Imports, "files": Files} {
		t.Run(name, func(t *testing.T) {
			found, err := check(project)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

// TestNamedTestsExist: what the pages show for a promise is there.
func TestNamedTestsExist(t *testing.T) {
	found, err := NamedTests(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	found, err = NamedTests(fstest.MapFS{
		"docs/a.md":    {Data: []byte("`TestHere` and `TestGone`, not TestSaid")},
		"CHANGELOG.md": {Data: []byte("`TestWas`")},
		"a_test.go":    {Data: []byte("package a\n\nfunc TestHere(t *testing.T) {}\n")},
	})
	if err != nil || len(found) != 1 || found[0].File != "docs/a.md" || !strings.Contains(found[0].String(), "TestGone") {
		t.Errorf("%v, %v", found, err)
	}
}

// The rules of the design that must never be loosened by a change of the table.
func TestTableKeepsTheDesign(t *testing.T) {
	under := func(top string) []string {
		var names []string
		for _, r := range rooms {
			if r.path == top || strings.HasPrefix(r.path, top+"/") {
				names = append(names, r.path)
			}
		}
		if names == nil {
			t.Fatalf("no room %s", top)
		}
		return names
	}
	never := func(from, to string) {
		for _, f := range under(from) {
			r, _ := roomOf(f)
			for _, target := range under(to) {
				there, _ := roomOf(target)
				if f != target && r.mayImport(there, true) {
					t.Errorf("%s may import %s", f, target)
				}
			}
		}
	}
	for _, r := range []string{"link", "contracts"} {
		got, _ := roomOf(r)
		if len(got.may)+len(got.tests) > 0 {
			t.Errorf("%s may import %v", r, slices.Concat(got.may, got.tests))
		}
	}
	never("hub", "agent")
	never("agent", "hub")
	never("agent", "rm")
	never("agent", "contracts")
	never("agent", "gesplan")
	never("hub", "rm")
	never("hub", "client")
	never("hub", "consumer")
	never("rm", "hub")
	never("rm", "agent")
	never("rm", "client")
	never("gesplan", "hub")
	never("gesplan", "agent")
	never("gesplan", "rm")
	never("client", "hub")
	never("client", "agent")
	never("consumer", "agent")
	never("hub/exchange", "hub/api")
	never("hub/exchange", "hub/monitor")
	never("hub/queue/queuetest", "hub/queue/sqlite")
	never("hub/registry", "hub/queue")
	for _, door := range []string{"hub/api", "hub/rpc", "hub/amqpdoor", "hub/monitor"} {
		for _, other := range []string{"hub/api", "hub/rpc", "hub/amqpdoor", "hub/monitor"} {
			if door != other {
				never(door, other)
			}
		}
	}
	for _, from := range []string{"hub/queue", "hub/exchange", "hub/api", "hub/rpc", "hub/amqpdoor", "hub/monitor"} {
		for _, driver := range []string{"hub/queue/sqlite", "hub/queue/postgres"} {
			r, _ := roomOf(from)
			there, _ := roomOf(driver)
			if r.mayImport(there, false) {
				t.Errorf("%s may import the driver %s outside its tests", from, driver)
			}
		}
	}
	known := under("cmd/smartlink")
	for _, r := range rooms {
		known = append(known, r.path)
	}
	for _, r := range rooms {
		for _, m := range slices.Concat(r.may, r.tests) {
			if !slices.Contains(known, m) {
				t.Errorf("%s may import %s, which is no room", r.path, m)
			}
		}
	}
}

const goMod = "module smartlink\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/google/uuid v1.6.0\n\texample.com/big/v2 v2.0.1 // indirect\n)\n"

func project(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{"go.mod": {Data: []byte(goMod)}}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// goFile is a Go file that imports paths.
func goFile(pkg string, imports ...string) string {
	var b strings.Builder
	b.WriteString("package " + pkg + "\n")
	for _, i := range imports {
		b.WriteString("import _ \"" + i + "\"\n")
	}
	return b.String()
}

func TestImportsFinds(t *testing.T) {
	const uuid = "github.com/google/uuid"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string // of each finding, a part
	}{
		{"nothing in an empty project", nil, nil},
		{"nothing in a good one", map[string]string{
			"link/link.go":            goFile("link", "fmt", uuid),
			"hub/hub.go":              goFile("hub", "smartlink/hub/queue/sqlite", "smartlink/link"),
			"hub/queue/q.go":          goFile("queue", "smartlink/link", "smartlink/internal/clock"),
			"hub/queue/sqlite/s.go":   goFile("sqlite", "smartlink/hub/queue"),
			"hub/queue/q_test.go":     goFile("queue_test", "smartlink/hub/queue/sqlite"),
			"agent/internal/x/x.go":   goFile("x", "smartlink/agent/inbox"),
			"internal/demo/d.go":      goFile("demo", "smartlink/hub", "smartlink/agent", "smartlink/rm"),
			"cmd/smartlink/main.go":   goFile("main", "smartlink/internal/demo"),
			"bench/go.mod":            "module smartlink/bench",
			"bench/main.go":           goFile("main", "smartlink/hub/queue/sqlite"),
			"hub/testdata/p/p.go":     goFile("p", "smartlink/agent"),
			"internal/killpoint/k.go": "//go:build killpoints\n\n" + goFile("killpoint", "os"),
		}, nil},
		{"link importing us", map[string]string{"link/l.go": goFile("link", uuid, "smartlink/internal/clock")}, []string{"link/l.go: link must not import internal/clock"}},
		{"contracts importing us", map[string]string{"contracts/c.go": goFile("contracts", "smartlink/link")}, []string{"contracts must not import link"}},
		{"hub importing agent", map[string]string{"hub/api/a.go": goFile("api", "smartlink/agent/inbox")}, []string{"hub/api must not import agent/inbox"}},
		{"agent importing hub", map[string]string{"agent/a.go": goFile("agent", "smartlink/hub/queue")}, []string{"agent must not import hub/queue"}},
		{"agent importing hub in a test", map[string]string{"agent/a_test.go": goFile("agent", "smartlink/hub")}, []string{"agent must not import hub"}},
		{"agent importing rm", map[string]string{"agent/executor/e.go": goFile("executor", "smartlink/rm/finance")}, []string{"agent/executor must not import rm/finance"}},
		{"agent importing contracts", map[string]string{"agent/a.go": goFile("agent", "smartlink/contracts")}, []string{"agent must not import contracts"}},
		{"the engine importing a driver", map[string]string{"hub/queue/q.go": goFile("queue", "smartlink/hub/queue/sqlite")}, []string{"hub/queue must not import hub/queue/sqlite"}},
		{"the use cases importing a door", map[string]string{"hub/exchange/e.go": goFile("exchange", "smartlink/hub/api")}, []string{"hub/exchange must not import hub/api"}},
		{"a door importing a driver", map[string]string{"hub/api/a.go": goFile("api", "smartlink/hub/queue/sqlite")}, []string{"hub/api must not import hub/queue/sqlite"}},
		{"a helper importing a domain", map[string]string{"internal/web/w.go": goFile("web", "smartlink/hub")}, []string{"internal must not import hub"}},
		{"a file for other builds", map[string]string{"agent/a_windows.go": "//go:build windows\n\n" + goFile("agent", "smartlink/rm")}, []string{"agent must not import rm"}},
		{"a package without a room", map[string]string{"server/s.go": goFile("server")}, []string{"server/s.go: its package has no room"}},
		{"a new dependency of a public package", map[string]string{"link/l.go": goFile("link", uuid, "example.com/big/v2/sub")},
			[]string{"link: brings along example.com/big/v2,"}},
		{"one that comes through ours", map[string]string{
			"client/c.go":         goFile("client", uuid, "smartlink/internal/web"),
			"internal/web/web.go": goFile("web", "example.com/big/v2"),
		}, []string{"client: brings along example.com/big/v2,"}},
		{"tests bring nothing along", map[string]string{"link/l.go": goFile("link", uuid), "link/l_test.go": goFile("link", "example.com/big/v2")}, nil},
		{"a dependency that is gone", map[string]string{"link/l.go": goFile("link")}, []string{"link: no longer needs github.com/google/uuid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := Imports(project(c.files))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found, c.want)
		})
	}
}

func TestFilesFinds(t *testing.T) {
	const doc = "// Package p counts sheep at night.\n"
	long := doc + "package p\n" + strings.Repeat("\n", maxLines)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing in a good project", map[string]string{
			"p/doc.go":          doc + "package p\n",
			"p/p.go":            "package p\n",
			"p/p_test.go":       "package p_test\n",
			"cmd/tool/main.go":  "// Command tool shears sheep quickly.\npackage main\n",
			"p/testdata/bad.go": "package util\n",
			"README.md":         "Send to `/api/v1/link/send`, read https://example.com/homework and and/work.\n",
			"deploy/unit":       "WorkingDirectory=/var/lib/smartlink\n",
			"data/hub.log":      "opened /" + "work/x\n",
			"image.png":         "\x00 /" + "root/x",
		}, nil},
		{"no doc comment", map[string]string{"p/p.go": "package p\n"}, []string{"p: no file says what the package is for"}},
		{"a doc comment about something else", map[string]string{"p/p.go": "// This counts sheep at night.\npackage p\n"}, []string{`p: its doc comment begins with "This counts sheep"`}},
		{"a doc comment without a purpose", map[string]string{"p/p.go": "// Package p counts.\npackage p\n"}, []string{"p: the first sentence of its doc comment tells no purpose"}},
		{"a doc comment without a sentence", map[string]string{"p/p.go": "// Package p counts sheep at night\npackage p\n"}, []string{"p: the first sentence"}},
		{"a command's doc comment", map[string]string{"cmd/tool/main.go": "// Package main shears sheep quickly.\npackage main\n"}, []string{"cmd/tool: its doc comment begins with"}},
		{"a name that says nothing", map[string]string{"util/u.go": "// Package util counts sheep at night.\npackage util\n"}, []string{"util: package name util says nothing"}},
		{"a file that is too long", map[string]string{"p/p.go": long}, []string{"p/p.go: 702 lines"}},
		{"not a generated one", map[string]string{"p/p.go": "// Code generated by protoc. DO NOT EDIT.\n\n" + long}, nil},
		{"a folder of one machine", map[string]string{"docs/a.md": "first\nsee /" + "work/main\n"}, []string{"docs/a.md:2: /" + "work belongs to one machine"}},
		{"a home folder", map[string]string{"p.sh": "cd \"/" + "home/ann\"\n"}, []string{"p.sh:1: /" + "home belongs"}},
		{"the end of a line", map[string]string{"p.sh": "cd /" + "root\n"}, []string{"p.sh:1: /" + "root belongs"}},
		{"a registry", map[string]string{"p.sh": "GOPROXY=https://proxy." + "golang.org\n"}, []string{"p.sh:1: proxy." + "golang.org belongs"}},
		{"a decision that is listed", map[string]string{
			"docs/decisions/README.md": "- [0001: A](0001-a.md)\n", "docs/decisions/0001-a.md": "# 0001: A\n",
		}, nil},
		{"a decision that is not", map[string]string{
			"docs/decisions/README.md": "none\n", "docs/decisions/0001-a.md": "# 0001: A\n",
		}, []string{"docs/decisions/0001-a.md: not listed"}},
		{"a decision with another number", map[string]string{
			"docs/decisions/README.md": "- [0001: A](0001-a.md)\n", "docs/decisions/0001-a.md": "# 0002: A\n",
		}, []string{"docs/decisions/0001-a.md: a decision is called"}},
		{"a decision with a bad name", map[string]string{
			"docs/decisions/README.md": "- [A](a.md)\n", "docs/decisions/a.md": "# A: a\n",
		}, []string{"docs/decisions/a.md: a decision is called"}},
		{"a registry in testdata", map[string]string{"p/testdata/lock": "https://registry." + "npmjs.org/x\n"}, []string{"p/testdata/lock:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := Files(project(c.files))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found, c.want)
		})
	}
}

// compare wants one finding for each text, which contains it.
func compare(t *testing.T, found []Finding, want []string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %v, want %v", found, want)
	}
	for i, f := range found {
		if !strings.Contains(f.String(), want[i]) {
			t.Errorf("found %q, want %q", f, want[i])
		}
	}
}

func TestBrokenSourcesAreErrors(t *testing.T) {
	if _, err := Imports(project(map[string]string{"link/l.go": "pakage link"})); err == nil {
		t.Error("Imports: no error")
	}
	if _, err := Files(project(map[string]string{"link/l.go": "pakage link"})); err == nil {
		t.Error("Files: no error")
	}
	if _, err := Imports(fstest.MapFS{}); err == nil {
		t.Error("no error without go.mod")
	}
}
