package own

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"
)

// RealTime keeps the machine's clock behind internal/clock.
var RealTime = &analysis.Analyzer{
	Name: "realtime",
	Doc: `the machine's clock outside internal/clock: time.Now, Since, Until, After, Tick, timers, Sleep

Tests own the time. Code that asks the machine for it can only be tested by waiting, and a test that
waits is slow and fails by chance.`,
	Run: func(pass *analysis.Pass) (any, error) {
		if _, ok := realTimeAllowed[room(pass)]; ok {
			return nil, nil
		}
		for _, f := range pass.Files {
			if isTest(pass, f) {
				continue
			}
			eachTimeUse(pass, f, func(id *ast.Ident) {
				switch id.Name {
				case "Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep":
					pass.ReportRangef(id, "time.%s reads the machine's clock; use internal/clock", id.Name)
				}
			})
		}
		return nil, nil
	},
}

// realTimeAllowed lists the rooms that may use the machine's clock, each with its reason.
var realTimeAllowed = map[string]string{
	"internal/clock": "it is the clock",
	"bench":          "it measures real time",
}

// TestSleep keeps tests from waiting by the clock.
var TestSleep = &analysis.Analyzer{
	Name: "testsleep",
	Doc: `time.Sleep in tests and in test helpers

A sleep is too short on a busy machine and too long on any other. Wait for a channel, a condition or
a signal of the subject, or move a clock.Fake.`,
	Run: func(pass *analysis.Pass) (any, error) {
		for _, f := range pass.Files {
			if !isTest(pass, f) {
				continue
			}
			eachTimeUse(pass, f, func(id *ast.Ident) {
				if id.Name == "Sleep" {
					pass.ReportRangef(id, "time.Sleep in a test; wait for what the test needs, or move a clock.Fake")
				}
			})
		}
		return nil, nil
	},
}

// eachTimeUse visits each mention of a function of package time, called or handed on.
func eachTimeUse(pass *analysis.Pass, f *ast.File, visit func(*ast.Ident)) {
	for n := range ast.Preorder(f) {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if _, isMethod := pass.TypesInfo.Selections[sel]; !isMethod && from(pass.TypesInfo.Uses[sel.Sel], "time") {
			visit(sel.Sel)
		}
	}
}
