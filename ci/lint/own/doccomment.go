package own

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// DocComment asks for an explanation of everything public.
var DocComment = &analysis.Analyzer{
	Name: "doccomment",
	Doc: `an exported type, function, method, constant or variable without a doc comment

What is public is a promise: what it does, in which units, with which errors. A comment on a group
of constants or variables, or behind one on its line, explains its members; an interface of the
package explains the methods that implement it. Main packages and tests have no public part.`,
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
					if d.Doc == nil && d.Name.IsExported() && !isExplained(pass, d) {
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

// isExplained tells whether a function without a comment is a method that needs none: of a type that
// is not public, or one that an interface explains, of this package or known to everybody.
func isExplained(pass *analysis.Pass, d *ast.FuncDecl) bool {
	f, ok := pass.TypesInfo.Defs[d.Name].(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return false
	}
	recv := f.Signature().Recv().Type()
	if p, ok := recv.(*types.Pointer); ok {
		recv = p.Elem()
	}
	named, ok := types.Unalias(recv).(*types.Named)
	if !ok || !named.Obj().Exported() {
		return true
	}
	switch f.Name() {
	case "Error", "String", "Unwrap", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText":
		return true
	}
	for _, name := range pass.Pkg.Scope().Names() {
		t, ok := pass.Pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		i, ok := t.Type().Underlying().(*types.Interface)
		if ok && hasMethod(i, f.Name()) && types.Implements(types.NewPointer(named), i) {
			return true
		}
	}
	return false
}

func hasMethod(i *types.Interface, name string) bool {
	for m := range i.Methods() {
		if m.Name() == name {
			return true
		}
	}
	return false
}
