package own

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
)

// DocComment asks for an explanation of everything public.
var DocComment = &analysis.Analyzer{
	Name: "doccomment",
	Doc: `an exported type, function, method, constant or variable without a doc comment

What is public is a promise: what it does, in which units, with which errors. A comment on a group
of constants or variables, or behind one on its line, explains its members. Main packages and tests
have no public part.`,
	Run: func(pass *analysis.Pass) (any, error) {
		if pass.Pkg.Name() == "main" {
			return nil, nil
		}
		for _, f := range pass.Files {
			if isTest(pass, f) || ast.IsGenerated(f) {
				continue
			}
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || isPublicReceiver(d.Recv)) {
						pass.ReportRangef(d.Name, "%s is public and has no doc comment", d.Name.Name)
					}
				case *ast.GenDecl:
					docGroup(pass, d)
				}
			}
		}
		return nil, nil
	},
}

func docGroup(pass *analysis.Pass, d *ast.GenDecl) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
				pass.ReportRangef(s.Name, "%s is public and has no doc comment", s.Name.Name)
			}
		case *ast.ValueSpec:
			if s.Doc != nil || s.Comment != nil || d.Doc != nil {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() && (d.Tok == token.CONST || d.Tok == token.VAR) {
					pass.ReportRangef(name, "%s is public and has no doc comment", name.Name)
				}
			}
		}
	}
}

// isPublicReceiver tells whether a method belongs to an exported type; those of others are seen
// only through an interface, which explains them.
func isPublicReceiver(recv *ast.FieldList) bool {
	if len(recv.List) == 0 {
		return false
	}
	t := recv.List[0].Type
	for {
		switch e := t.(type) {
		case *ast.StarExpr:
			t = e.X
		case *ast.IndexExpr:
			t = e.X
		case *ast.IndexListExpr:
			t = e.X
		case *ast.ParenExpr:
			t = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return false
		}
	}
}
