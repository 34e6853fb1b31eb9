package rm_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"smartlink/rm/faults"
)

var update = flag.Bool("update", false, "write docs/rules.md anew")

// rule is one rule of the specification.
type rule struct {
	number string
	text   string
	codes  []string // families: a code belongs to the first rule that names it, or its beginning followed by *
	tests  []string // of rules that no code stands for: package.Test
}

var rules = []rule{
	{number: "1", text: "Company, branch, customer or supplier, document type, cash account, currency, cost centre, department, nature, batch, history, account and managerial account exist and are active; " +
		"what only sums takes no entries; the company of a code is 0 or the entry's own.",
		codes: []string{"COLIGADA-*", "FILIAL-*", "CFO-*", "TDO-*", "CXA-*", "MOEDA-*", "CCUSTO-*", "DEPTO-*", "NATUREZA-*", "LOTE-UNKNOWN", "LOTE-INACTIVE", "HISTP-*", "CONTA-UNKNOWN",
			"GERENCIAL-*", "COMPANY"}},
	{number: "2", text: "A new financial entry: id -1, 0 or absent; 1 receivable or 2 payable; amount above zero; due no earlier than issued; what the books keep is not given.",
		codes: []string{"KEY-GIVEN", "NOT-POSITIVE", "DUE-BEFORE-ISSUE", "READ-ONLY", "FILL-APPORTIONMENT"}},
	{number: "3", text: "An edit of a financial entry: only open ones; accounted ones keep amounts, dates, accounts, party and apportionment.",
		codes: []string{"ENTRY-UNKNOWN", "ENTRY-SETTLED", "ENTRY-CANCELLED", "ENTRY-IN-REMITTANCE", "ENTRY-BLOCKED", "LOCKED", "KEY-MISSING", "NOT-NULL"}},
	{number: "4", text: "An apportionment adds up to the amount, exactly at 4 places; percentages stand on all rows or none and add up to 100, each row with the rounding of its last place.",
		codes: []string{"RATEIO-SUM", "RATEIO-PERCENT-*", "RATEIO-NEEDED", "RATEIO-UNKNOWN", "RATEIO-REPEATED", "RATEIO-EMPTY", "PARENT-KEY", "TOO-MANY-ROWS"}},
	{number: "5", text: "The cash statement: withdrawals (1) and deposits (2) only, amount above zero, a clearing date when cleared and not before the date. What is cleared, cancelled, reconciled, reversed or " +
		"accounted, or was made by a settlement or another process, is not edited.",
		codes: []string{"CLEARING-*", "STATEMENT-*"}},
	{number: "6", text: "An accounting entry: at least one line; an account on each line, not the same on both sides; debits equal credits in the entry, and per branch and date; accounts analytic and active; the date " +
		"in a period, after the closing date, within the batch; not in batch 0. On accounts with RATEIO 1 every line has a managerial apportionment equal to its amount.",
		codes: []string{"PARTIDAS-*", "PARTIDA-*", "ENTRY-UNBALANCED", "ENTRY-UNBALANCED-DATE", "CONTA-INACTIVE", "CONTA-SYNTHETIC", "DATE-OUTSIDE-*", "ENTRY-OUTSIDE-BATCH", "LOTE-INTEGRATED",
			"RATEIO-GERENCIAL-*"}},
	{number: "7", text: "What is closed stays closed: neither the stored nor the new date of an entry is on or before the closing date of its module.",
		codes: []string{"PERIOD-CLOSED", "ENTRY-PERIOD-CLOSED"}},
	{number: "8", text: "Nothing is booked twice: a message is recognised by its id, its root and its business key, and answered as a duplicate with the key of the first.",
		tests: []string{"executor.TestNeverBookedTwice", "executor.TestNeverBookedTwiceByConcurrentExecutors", "executor.TestUniqueIndexesHaveTheLastWord", "demo.TestRefuseReprocessResendCopyBookedOnce",
			"chaos.TestKilledAnywhereNothingLostNothingTwice"}},
	{number: "9", text: "One message is one transaction: a refusal or a failure leaves nothing in the books.",
		tests: []string{"executor.TestNeverHalfWritten", "executor.TestRejectKeepsTheRowAndNothingElse", "rm.TestBrokenFieldsAreNamedOrBookedAsSent", "rm.TestSequencesOfCommandsKeepTheBooksTied"}},
	{number: "web service", text: "Where a real RM books: the marker, by which an entry is found again, has a place; and what RM itself says is passed on.",
		codes: []string{"MARKER-*", "RATEIO-STAYS", "REFUSED"}},
	{number: "form", text: "The form of a message, before any rule: JSON, types, sizes, ranges, dates.", codes: []string{"*"}},
}

// TestRulesPage compares docs/rules.md with the catalogue and the tests. To write it anew:
//
//	go test ./rm -run TestRulesPage -update
func TestRulesPage(t *testing.T) {
	where := testsNaming(t, "..")
	page := rulesPage(t, where)
	file := filepath.Join("..", "docs", "rules.md")
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(have), "\r\n", "\n") != page {
		t.Error("docs/rules.md is stale; write it anew with: go test ./rm -run TestRulesPage -update")
	}
}

func rulesPage(t *testing.T, where tests) string {
	var b strings.Builder
	b.WriteString(`# The rules of the commands

Made from the catalogue of faults (` + "`rm/faults`" + `) and from the tests that name each code, by ` + "`go test ./rm -run TestRulesPage -update`" + `; a test
fails when this page is stale, or when a code has no test. All broken rules of a message are answered at once, each with a
pointer into the body. Words in braces are filled in. The rules are numbered as in the commands' specification.
`)
	left := faults.Catalogue()
	for _, r := range rules {
		title := "Rule " + r.number
		switch r.number {
		case "form":
			title = "Form"
		case "web service":
			title = "Writer webservice"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", title, r.text)
		if len(r.tests) > 0 {
			for _, name := range r.tests {
				if !where.defined[name] {
					t.Errorf("rule %s: there is no %s", r.number, name)
				}
				fmt.Fprintf(&b, "- `%s`\n", name)
			}
			continue
		}
		b.WriteString("| code | message | tests |\n|---|---|---|\n")
		rows := 0
		left = slices.DeleteFunc(left, func(e faults.Entry) bool {
			if !r.has(e.Code) {
				return false
			}
			rows++
			names := where.naming[e.Code]
			if len(names) == 0 {
				t.Errorf("no test names %s", e.Code)
			}
			fmt.Fprintf(&b, "| `%s` | %s<br>%s<br>%s<br>%s | %s |\n", e.Code, cell(e.PT), cell(e.HelpPT), cell(e.EN), cell(e.HelpEN), "`"+strings.Join(names, "`<br>`")+"`")
			return true
		})
		if rows == 0 {
			t.Errorf("rule %s has no code", r.number)
		}
	}
	return b.String()
}

// has tells whether a code is one of the rule's.
func (r rule) has(code string) bool {
	code = strings.TrimPrefix(code, "RM-")
	return slices.ContainsFunc(r.codes, func(family string) bool {
		beginning, many := strings.CutSuffix(family, "*")
		return code == family || many && strings.HasPrefix(code, beginning)
	})
}

// cell writes a text into a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}

// tests are the project's test functions, as package.Test.
type tests struct {
	defined map[string]bool
	naming  map[string][]string // by fault code
}

var faultCode = regexp.MustCompile(`RM-[A-Z]+(-[A-Z]+)*`)

// testsNaming reads all test files and finds in which tests of rm fault codes stand as texts. Tests that
// check the catalogue as a whole do not count.
func testsNaming(t *testing.T, root string) tests {
	t.Helper()
	found := tests{map[string]bool{}, map[string][]string{}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".git")) {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := strings.TrimSuffix(file.Name.Name, "_test")
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			test := pkg + "." + f.Name.Name
			found.defined[test] = true
			if pkg == "faults" || !strings.HasPrefix(name, filepath.Join(root, "rm")+string(filepath.Separator)) {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Error(err)
					}
					for _, code := range faultCode.FindAllString(text, -1) {
						if !slices.Contains(found.naming[code], test) {
							found.naming[code] = append(found.naming[code], test)
						}
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range found.naming {
		slices.Sort(names)
	}
	return found
}
