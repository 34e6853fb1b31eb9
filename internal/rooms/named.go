package rooms

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

var (
	// namedTest is a test, fuzz target or benchmark that a page names.
	namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z0-9]\\w*)`")
	// madeTest is one that there is.
	madeTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z0-9]\w*)\(`)
)

// NamedTests finds tests that a page names as proof, and that there are not. The changelog tells what was.
func NamedTests(fsys fs.FS) ([]Finding, error) {
	made := map[string]bool{}
	named := map[string][]string{} // by page
	err := walk(fsys, func(file string) error {
		test, page := strings.HasSuffix(file, "_test.go"), path.Ext(file) == ".md" && file != "CHANGELOG.md"
		if !test && !page {
			return nil
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		if test {
			for _, m := range madeTest.FindAllSubmatch(text, -1) {
				made[string(m[1])] = true
			}
			return nil
		}
		for _, m := range namedTest.FindAllSubmatch(text, -1) {
			named[file] = append(named[file], string(m[1]))
		}
		return nil
	})
	var found []Finding
	for file, names := range named {
		for _, name := range names {
			if !made[name] && name != "TestMain" { // which is none
				found = append(found, Finding{file, fmt.Sprintf("names %s, which is no test of the project", name)})
			}
		}
	}
	return found, err
}
