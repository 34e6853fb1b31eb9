package sqltest

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"smartlink/internal/sqldb"
)

var update = flag.Bool("update-golden", false, "write the golden files of statements anew")

// Golden compares every statement that a package's source has, as SQL Server gets it, with
// testdata/sqlserver.sql. Nothing here can run them: they are read by people, when they change. made are
// statements that are put together at run time, by what they do. A text that is another dialect's own is
// left out, and one with parts that are not known from the source.
func Golden(t *testing.T, made map[string]string) {
	t.Helper()
	all := maps.Clone(made)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, literals(t))
	var out bytes.Buffer
	out.WriteString("-- The statements of this package as SQL Server gets them. Made by: go test . -run Golden -update-golden\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if otherDialect.MatchString(all[name]) || strings.Contains(all[name], "…") {
			continue
		}
		text := strings.TrimSpace(sqldb.SQLServer.SQL(all[name]))
		out.WriteString("\n-- " + name + "\n" + strings.Join(strings.Fields(text), " ") + "\n")
	}
	file := filepath.Join("testdata", "sqlserver.sql")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, out.Bytes()) {
		t.Errorf("statements have changed: read them, then go test . -run Golden -update-golden\n%s", firstDifference(string(want), out.String()))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "was " + w[i] + "\nis  " + g[i]
		}
	}
	return "one is longer"
}

var (
	statement    = regexp.MustCompile(`^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|SAVE|ROLLBACK|IF|EXEC|DECLARE)\s`)
	otherDialect = regexp.MustCompile(`sqlite_master|pragma_|current_schema|pg_|ON CONFLICT|FOR UPDATE|SAVEPOINT|RETURNING|total_changes|current_setting`)
)

// literals finds the statements in the package's source, by where they stand. Constants that are joined
// to one are followed.
func literals(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]ast.Expr{}
	parsed := map[string]*ast.File{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed[f] = file
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i, n := range v.Names {
						known[n.Name] = v.Values[i]
					}
				}
			}
		}
	}
	found := map[string]string{}
	for name, file := range parsed {
		n := 0
		ast.Inspect(file, func(node ast.Node) bool {
			e, ok := node.(ast.Expr)
			if !ok {
				return true
			}
			text, isText := eval(e, known)
			if !isText {
				return true
			}
			if _, isName := e.(*ast.Ident); !isName && statement.MatchString(text) {
				n++
				found[name+" "+strconv.Itoa(n)] = text
			}
			return false
		})
	}
	return found
}

// eval is the text of an expression, … for the parts that are not known here; false: it is no text.
func eval(e ast.Expr, known map[string]ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(x.Value)
		return s, err == nil
	case *ast.ParenExpr:
		return eval(x.X, known)
	case *ast.Ident:
		if v := known[x.Name]; v != nil {
			return eval(v, known)
		}
	case *ast.BinaryExpr:
		a, aText := eval(x.X, known)
		b, bText := eval(x.Y, known)
		if x.Op != token.ADD || !aText && !bText {
			return "", false
		}
		if !aText {
			a = "…"
		}
		if !bText {
			b = "…"
		}
		return a + b, true
	}
	return "", false
}
