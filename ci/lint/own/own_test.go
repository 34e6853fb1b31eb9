package own

import (
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// The packages in testdata say on each line what a rule must find there; anything else found, and
// anything not found, fails.
func TestRules(t *testing.T) {
	tried := map[*analysis.Analyzer]bool{}
	for _, c := range []struct {
		rule     *analysis.Analyzer
		packages []string
	}{
		{Decimals, []string{"smartlink/decimals"}},
		{DocComment, []string{"smartlink/link", "smartlink/cmd/tool"}},
		{LogAttr, []string{"smartlink/logs"}},
		{NoFloat, []string{"smartlink/contracts", "smartlink/internal/clock"}},
		{RealTime, []string{"smartlink/timed", "smartlink/internal/clock"}},
		{Stdout, []string{"smartlink/hub", "smartlink/cmd/tool"}},
		{TestSleep, []string{"smartlink/waits"}},
	} {
		tried[c.rule] = true
		t.Run(c.rule.Name, func(t *testing.T) {
			for _, p := range c.packages {
				analysistest.Run(t, analysistest.TestData(), c.rule, p)
			}
		})
	}
	for _, a := range Analyzers() {
		if !tried[a] {
			t.Errorf("rule %s is not tried", a.Name)
		}
	}
}
