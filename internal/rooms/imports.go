package rooms

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Finding is one broken rule.
type Finding struct {
	File string
	What string
}

func (f Finding) String() string { return f.File + ": " + f.What }

// source is one Go file: where it is, what it imports, what it says of its package.
type source struct {
	file    string
	dir     string
	pkg     string
	test    bool
	doc     string
	imports []string
}

// tree is the project as far as the import rules see it.
type tree struct {
	module  string   // its own path
	modules []string // of others, as go.mod requires them
	sources []source
}

// Imports looks at who imports whom in the main module: every package belongs to a room, imports
// only rooms it may, and the public ones bring only the modules that are listed.
func Imports(fsys fs.FS) ([]Finding, error) {
	t, err := load(fsys)
	if err != nil {
		return nil, err
	}
	return slices.Concat(t.neighbours(), t.dependencies()), nil
}

// load reads go.mod and the head of every Go file of the main module, whatever builds it is for.
func load(fsys fs.FS) (*tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	t := &tree{}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		switch {
		case len(f) == 2 && f[0] == "module":
			t.module = f[1]
		case len(f) >= 2 && strings.HasPrefix(f[1], "v"):
			t.modules = append(t.modules, f[0])
		}
	}
	err = walk(fsys, func(file string) error {
		if path.Ext(file) != ".go" || inTestdata(file) || !inMainModule(fsys, file) {
			return nil
		}
		s, err := read(fsys, file)
		t.sources = append(t.sources, s)
		return err
	})
	return t, err
}

func read(fsys fs.FS, file string) (source, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return source{}, err
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{file: file, dir: path.Dir(file), pkg: f.Name.Name, test: strings.HasSuffix(file, "_test.go"), doc: docOf(f)}
	for _, i := range f.Imports {
		s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`+"`"))
	}
	return s, nil
}

func docOf(f *ast.File) string {
	if f.Doc == nil {
		return ""
	}
	return f.Doc.Text()
}

// neighbours finds imports of rooms that are not for the importer, and packages without a room.
func (t *tree) neighbours() []Finding {
	var found []Finding
	for _, s := range t.sources {
		home, ok := roomOf(s.dir)
		if !ok {
			found = append(found, Finding{s.file, "its package has no room in the design; give it one in internal/rooms"})
			continue
		}
		for _, i := range s.imports {
			dir, ours := t.ours(i)
			if !ours {
				continue
			}
			there, ok := roomOf(dir)
			if ok && !home.mayImport(there, s.test) {
				found = append(found, Finding{s.file, fmt.Sprintf("%s must not import %s", home.path, dir)})
			}
		}
	}
	return found
}

func (r room) mayImport(there room, test bool) bool {
	return there.path == r.path || slices.Contains(r.may, there.path) || test && slices.Contains(r.tests, there.path)
}

// roomOf finds the innermost room that a folder lies in.
func roomOf(dir string) (room, bool) {
	var best room
	for _, r := range rooms {
		if (dir == r.path || strings.HasPrefix(dir, r.path+"/")) && len(r.path) > len(best.path) {
			best = r
		}
	}
	return best, best.path != ""
}

// ours is the folder of an import path of the main module.
func (t *tree) ours(path string) (dir string, ok bool) {
	return strings.CutPrefix(path, t.module+"/")
}

// dependencies compares what comes along with each public package to the list.
func (t *tree) dependencies() []Finding {
	var found []Finding
	for _, pkg := range slices.Sorted(maps.Keys(public)) {
		if !slices.ContainsFunc(t.sources, func(s source) bool { return s.dir == pkg }) {
			continue // not built yet
		}
		got := map[string]bool{}
		t.collect(pkg, got, map[string]bool{})
		for _, m := range slices.Sorted(maps.Keys(got)) {
			if !slices.Contains(public[pkg], m) {
				found = append(found, Finding{pkg, "brings along " + m + ", which is not listed in internal/rooms"})
			}
		}
		for _, m := range public[pkg] {
			if !got[m] {
				found = append(found, Finding{pkg, "no longer needs " + m + "; take it out of the list in internal/rooms"})
			}
		}
	}
	return found
}

// collect gathers the modules that a package needs outside its tests.
func (t *tree) collect(dir string, modules, seen map[string]bool) {
	if seen[dir] {
		return
	}
	seen[dir] = true
	for _, s := range t.sources {
		if s.dir != dir || s.test {
			continue
		}
		for _, i := range s.imports {
			first, _, _ := strings.Cut(i, "/")
			if next, ours := t.ours(i); ours {
				t.collect(next, modules, seen)
			} else if strings.Contains(first, ".") {
				modules[t.moduleOf(i)] = true
			}
		}
	}
}

// moduleOf is the required module that an import path belongs to.
func (t *tree) moduleOf(path string) string {
	var best string
	for _, m := range t.modules {
		if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return cmp.Or(best, path)
}
