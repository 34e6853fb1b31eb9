package main

import (
	"os"
	"slices"
	"testing"

	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/quickfix"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
)

func TestListForPeopleIsTrue(t *testing.T) {
	got, err := os.ReadFile("rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != markdown(rules()) {
		t.Error("rules.md differs from the rules; in ci/lint run: go run . -rules > rules.md")
	}
}

func TestEveryRuleHasANameOfItsOwnAndAReason(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range rules() {
		for _, r := range f.rules {
			if seen[r.name] {
				t.Errorf("rule %s is there twice", r.name)
			}
			seen[r.name] = true
			if r.what == "" || r.why == "" {
				t.Errorf("rule %s: refuses %q because %q", r.name, r.what, r.why)
			}
		}
	}
}

func TestWhatIsLeftOutExists(t *testing.T) {
	all := slices.Concat(staticcheck.Analyzers, simple.Analyzers, stylecheck.Analyzers, quickfix.Analyzers)
	for name := range leftOut {
		if !slices.ContainsFunc(all, func(a *lint.Analyzer) bool { return a.Analyzer.Name == name }) {
			t.Errorf("%s is left out but does not exist", name)
		}
	}
}
