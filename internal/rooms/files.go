package rooms

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxLines is the length of a Go file at which nobody finds anything in it any more.
const maxLines = 700

// vague are package names that say nothing, and so attract everything.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib", "tools"}

// leftAlone are folders of the top that builds and runs make.
var leftAlone = []string{".git", "node_modules", "data", "demo-data", "dist"}

// foreign finds what is true on one machine or in one network only: folders of people and work
// places, and the hosts that packages come from. Written in pieces, so that it does not find itself.
var foreign = regexp.MustCompile(`(?:^|[\s"'=(:,` + "`" + `])(/(?:work|root|home|Users))(?:/|\b)|` +
	strings.Join([]string{`proxy\.golang` + `\.org`, `sum\.golang` + `\.org`, `registry\.npmjs` + `\.org`, `deb\.debian` + `\.org`,
		`security\.debian` + `\.org`, `files\.pythonhosted` + `\.org`, `pypi` + `\.org`, `crates` + `\.io`, `registry-1\.docker` + `\.io`}, "|"))

// decisionName is the name of a decision's file.
var decisionName = regexp.MustCompile(`^\d{4}-[a-z0-9-]+\.md$`)

// Files looks at every file of the project, nested modules included: packages say their purpose and
// have a telling name, Go files are of a readable length, nothing names one machine's folders or a
// package registry, and decisions are listed.
func Files(fsys fs.FS) ([]Finding, error) {
	var found []Finding
	packages := map[string][]source{}
	err := walk(fsys, func(file string) error {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte{0}) {
			found = append(found, foreignIn(file, text)...)
		}
		if path.Ext(file) != ".go" || inTestdata(file) {
			return nil
		}
		if n := bytes.Count(text, []byte("\n")); n > maxLines && !isGenerated(file, text) {
			found = append(found, Finding{file, fmt.Sprintf("%d lines; split it, at most %d", n, maxLines)})
		}
		s, err := read(fsys, file)
		packages[s.dir] = append(packages[s.dir], s)
		return err
	})
	for dir, sources := range packages {
		found = append(found, packageFindings(dir, sources)...)
	}
	undecided, errDecisions := decisions(fsys)
	found = append(found, undecided...)
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.What, b.What))
	})
	return found, errors.Join(err, errDecisions)
}

// decisions looks that each decision is numbered alike in name and heading, and listed.
func decisions(fsys fs.FS) ([]Finding, error) {
	const dir = "docs/decisions"
	files, err := fs.Glob(fsys, dir+"/*.md")
	if err != nil || len(files) == 0 {
		return nil, err
	}
	index, err := fs.ReadFile(fsys, dir+"/README.md")
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, file := range files {
		name := path.Base(file)
		if name == "README.md" {
			continue
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		if !decisionName.MatchString(name) || !bytes.HasPrefix(text, []byte("# "+name[:4]+": ")) {
			found = append(found, Finding{file, "a decision is called NNNN-short-name.md and begins with \"# NNNN: \""})
		}
		if !bytes.Contains(index, []byte("("+name+")")) {
			found = append(found, Finding{file, "not listed in " + dir + "/README.md"})
		}
	}
	return found, nil
}

func foreignIn(file string, text []byte) []Finding {
	var found []Finding
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if m := foreign.FindSubmatch(line); m != nil {
			what := cmp.Or(string(m[1]), string(m[0]))
			found = append(found, Finding{fmt.Sprintf("%s:%d", file, n), fmt.Sprintf("%s belongs to one machine or network", what)})
		}
	}
	return found
}

func isGenerated(file string, text []byte) bool {
	f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly|parser.ParseComments)
	return err == nil && ast.IsGenerated(f)
}

// packageFindings looks at one package: its name, and the first sentence of its doc comment.
func packageFindings(dir string, sources []source) []Finding {
	var found []Finding
	name, doc := "", ""
	for _, s := range sources {
		if n := strings.TrimSuffix(s.pkg, "_test"); name == "" || !s.test {
			name = n
		}
		doc = cmp.Or(doc, s.doc)
	}
	if slices.Contains(vague, name) {
		found = append(found, Finding{dir, fmt.Sprintf("package name %s says nothing", name)})
	}
	want := "Package " + name + " "
	if name == "main" {
		want = "Command " + path.Base(dir) + " "
	}
	first, _, ended := strings.Cut(strings.ReplaceAll(doc, "\n", " ")+" ", ". ")
	switch {
	case doc == "":
		found = append(found, Finding{dir, "no file says what the package is for"})
	case !strings.HasPrefix(doc, want):
		found = append(found, Finding{dir, fmt.Sprintf("its doc comment begins with %q, not with %q", firstWords(doc), want)})
	case !ended || len(strings.Fields(first)) < 5:
		found = append(found, Finding{dir, fmt.Sprintf("the first sentence of its doc comment tells no purpose: %q", first)})
	}
	return found
}

func firstWords(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(3, len(words))], " ")
}

// walk visits the files of the project.
func walk(fsys fs.FS, visit func(file string) error) error {
	return fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(leftAlone, p) || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.Type().IsRegular():
			return visit(p)
		}
		return nil
	})
}

// inTestdata tells whether the go command leaves a file out.
func inTestdata(file string) bool {
	return slices.Contains(strings.Split(file, "/"), "testdata")
}

// inMainModule tells whether no go.mod stands between a file and the top.
func inMainModule(fsys fs.FS, file string) bool {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if _, err := fs.Stat(fsys, dir+"/go.mod"); err == nil {
			return false
		}
	}
	return true
}
