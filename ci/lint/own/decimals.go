package own

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

const decimalPath = "github.com/shopspring/decimal"

// decimalRefused names what must not be used of the decimal library, and what to use instead.
var decimalRefused = map[string]string{
	"Div":                      "rounds to a global number of places; say how many with DivRound",
	"Pow":                      "rounds to a global number of places; use PowWithPrecision or PowInt32",
	"Avg":                      "rounds to a global number of places; sum, then DivRound",
	"NewFromFloat":             "takes a binary fraction; use NewFromString or New",
	"NewFromFloat32":           "takes a binary fraction; use NewFromString or New",
	"NewFromFloatWithExponent": "takes a binary fraction; use NewFromString or New",
	"Float64":                  "makes a binary fraction; hand the decimal on",
	"InexactFloat64":           "makes a binary fraction; hand the decimal on",
}

// Decimals keeps arithmetic with decimals exact where it can be, and its rounding in sight where it
// cannot.
var Decimals = &analysis.Analyzer{
	Name: "decimals",
	Doc: `decimal arithmetic that rounds out of sight, goes through floats, compares by ==, or panics on input

Div, Pow and Avg round to a global number of places; == and map keys compare pointers, so equal
amounts differ; RequireFromString panics on what a caller sent; the library's global switches change
every amount of the process.`,
	Run: func(pass *analysis.Pass) (any, error) {
		for _, f := range pass.Files {
			for n := range ast.Preorder(f) {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					decimalUse(pass, n)
				case *ast.CallExpr:
					decimalCall(pass, n)
				case *ast.AssignStmt:
					decimalSwitch(pass, n)
				case *ast.BinaryExpr:
					if (n.Op == token.EQL || n.Op == token.NEQ) && isDecimal(pass.TypesInfo.TypeOf(n.X)) {
						pass.ReportRangef(n, "%s compares decimals by pointer; use Equal", n.Op)
					}
				case *ast.MapType:
					if isDecimal(pass.TypesInfo.TypeOf(n.Key)) {
						pass.ReportRangef(n, "a decimal as map key is compared by pointer; use its String")
					}
				}
			}
		}
		return nil, nil
	},
}

func isDecimal(t types.Type) bool { return t != nil && isNamed(t, decimalPath, "Decimal") }

func decimalUse(pass *analysis.Pass, sel *ast.SelectorExpr) {
	f, ok := pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	if !ok || !from(f, decimalPath) {
		return
	}
	if why, refused := decimalRefused[f.Name()]; refused {
		pass.ReportRangef(sel.Sel, "decimal's %s %s", f.Name(), why)
	}
}

func decimalCall(pass *analysis.Pass, call *ast.CallExpr) {
	f := called(pass, call)
	if f == nil || !from(f, decimalPath) || f.Name() != "RequireFromString" || len(call.Args) != 1 {
		return
	}
	if pass.TypesInfo.Types[call.Args[0]].Value == nil && !inTestFile(pass, call.Pos()) {
		pass.ReportRangef(call, "decimal's RequireFromString panics on bad input; use NewFromString, or a constant")
	}
}

func decimalSwitch(pass *analysis.Pass, a *ast.AssignStmt) {
	for _, left := range a.Lhs {
		sel, ok := left.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		v, ok := pass.TypesInfo.Uses[sel.Sel].(*types.Var)
		if ok && !v.IsField() && from(v, decimalPath) {
			pass.ReportRangef(a, "decimal.%s changes every amount of the process", v.Name())
		}
	}
}

func inTestFile(pass *analysis.Pass, at token.Pos) bool {
	for _, f := range pass.Files {
		if f.FileStart <= at && at < f.FileEnd {
			return isTest(pass, f)
		}
	}
	return false
}
