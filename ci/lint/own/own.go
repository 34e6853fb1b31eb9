// Package own holds the lint rules that are SmartLink's alone: time comes from a clock, money is
// decimal, a library never prints, what is public is explained, log lines use the agreed words.
//
// Each rule is one analyzer in one file. The first line of its Doc says what it refuses, the rest
// why; the list for people is made from these.
package own

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// module is the path of the project that these rules are written for.
const module = "smartlink"

// Analyzers lists all rules of this package.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{Decimals, DocComment, LogAttr, NoFloat, RealTime, Stdout, TestSleep}
}

// room is the folder of the package that is looked at, inside the project: "hub/queue". The
// package of external tests counts as the one it tests. Outside the project it is the import path.
func room(pass *analysis.Pass) string {
	path := pass.Pkg.Path()
	path, _, _ = strings.Cut(path, " ") // "smartlink/link [smartlink/link.test]"
	path = strings.TrimSuffix(path, "_test")
	return strings.TrimPrefix(path, module+"/")
}

// inRoom tells whether a room is one of rooms or lies within one.
func inRoom(room string, rooms ...string) bool {
	for _, r := range rooms {
		if room == r || strings.HasPrefix(room, r+"/") {
			return true
		}
	}
	return false
}

// isTest tells whether a file is compiled for tests only.
func isTest(pass *analysis.Pass, f *ast.File) bool {
	return strings.HasSuffix(pass.Fset.File(f.Package).Name(), "_test.go")
}

// called is the function or method that a call names, nil when that is not known before it runs.
func called(pass *analysis.Pass, call *ast.CallExpr) *types.Func {
	return typeutil.StaticCallee(pass.TypesInfo, call)
}

// from tells whether an object belongs to a package.
func from(o types.Object, path string) bool {
	return o != nil && o.Pkg() != nil && o.Pkg().Path() == path
}

// isNamed tells whether t is the named type path.name.
func isNamed(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == name && from(n.Obj(), path)
}
