package main

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis/passes/modernize"
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
	exists := map[string]bool{}
	for _, a := range slices.Concat(staticcheck.Analyzers, simple.Analyzers, stylecheck.Analyzers, quickfix.Analyzers) {
		exists[a.Analyzer.Name] = true
	}
	for _, a := range modernize.Suite {
		exists[a.Name] = true
	}
	for name := range leftOut {
		if !exists[name] {
			t.Errorf("%s is left out but does not exist", name)
		}
	}
}
