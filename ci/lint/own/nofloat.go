package own

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// moneyRooms are the rooms where figures are money, rates or quantities.
var moneyRooms = []string{"contracts", "rm", "agent", "gesplan", "consumer"}

// NoFloat keeps binary fractions away from money.
var NoFloat = &analysis.Analyzer{
	Name: "nofloat",
	Doc: `float32 and float64 in the rooms that handle money (contracts, consumer, rm, agent, gesplan), tests included

Money has 4 places and exchange rates 9; a binary fraction holds neither exactly, and the difference
ends in somebody's books. A figure handed straight to a Prometheus metric is no money and allowed.`,
	Run: func(pass *analysis.Pass) (any, error) {
		if !inRoom(room(pass), moneyRooms...) {
			return nil, nil
		}
		for _, f := range pass.Files {
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isMetric(pass, call) {
					return false
				}
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				tv, ok := pass.TypesInfo.Types[e]
				if !ok || !isFloat(tv.Type) {
					return true
				}
				pass.ReportRangef(e, "a binary fraction (%s); money, rates and quantities are decimals", tv.Type)
				return false // once for the whole expression
			})
		}
		return nil, nil
	},
}

// isFloat tells whether t is one of the two types of binary fractions, is defined as one, or is a
// call's several results with one among them. Untyped constants have become typed where they are used.
func isFloat(t types.Type) bool {
	if results, ok := t.(*types.Tuple); ok {
		for v := range results.Variables() {
			if isFloat(v.Type()) {
				return true
			}
		}
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Float32 || b.Kind() == types.Float64)
}

// isMetric tells whether a call hands a figure to Prometheus.
func isMetric(pass *analysis.Pass, call *ast.CallExpr) bool {
	f := called(pass, call)
	if f == nil { // methods of interfaces, such as Gauge.Set
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			f, _ = pass.TypesInfo.Uses[sel.Sel].(*types.Func)
		}
	}
	return f != nil && f.Pkg() != nil && strings.HasPrefix(f.Pkg().Path(), "github.com/prometheus/")
}
