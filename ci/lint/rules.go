package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kisielk/errcheck/errcheck"
	sqlclose "github.com/ryanrolds/sqlclosecheck/pkg/analyzer"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/atomicalign"
	"golang.org/x/tools/go/analysis/passes/deepequalerrors"
	"golang.org/x/tools/go/analysis/passes/httpmux"
	"golang.org/x/tools/go/analysis/passes/modernize"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/reflectvaluecompare"
	"golang.org/x/tools/go/analysis/passes/scannererr"
	"golang.org/x/tools/go/analysis/passes/sortslice"
	"golang.org/x/tools/go/analysis/passes/sqlrowserr"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/quickfix"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"

	"smartlink/ci/lint/own"
)

// family is a group of rules with one origin.
type family struct {
	title string
	about string
	rules []rule
}

// rule is one thing the linter refuses. analyzer is a copy that files its findings under the rule's
// name, whatever the original calls them, so that a suppression can name it.
type rule struct {
	name     string
	what     string // what it refuses, one line
	why      string
	analyzer *lint.Analyzer
}

// rules lists everything the linter refuses, in the order of rules.md.
func rules() []family {
	return []family{
		ownRules(),
		{title: "Resources and results", about: "What must be closed, checked or looked at.", rules: []rule{
			bare(errcheck.Analyzer, "an error result that nobody looks at", "An unnoticed failure is a lost message. Write `_ =` where an error truly says nothing; the calls that need not even that are listed in `unchecked`."),
			bare(bodyclose.Analyzer, "an `http.Response.Body` that is not closed", "Its connection never returns to the pool, and after hours the agent has none left."),
			bare(sqlclose.NewConfigurableAnalyzer(sqlclose.ConfigurableAnalyzerClosed), "`sql.Rows` or `sql.Stmt` not closed", "A cursor left open holds a connection and, in SQLite, keeps the write-ahead log growing."),
			bare(sqlrowserr.Analyzer, "`sql.Rows` read to the end without asking `Err`", "A cursor that broke off looks like one that ended, and half the messages like all of them."),
			bare(scannererr.Analyzer, "`bufio.Scanner` read to the end without asking `Err`", "The same for lines."),
		}},
		{title: "Vet passes that `go vet` leaves out", about: "`go vet` with its standard set runs in `./ci/test unit`; these come on top.", rules: []rule{
			bare(nilness.Analyzer, "a nil that is certain to be dereferenced, or compared in vain", "It panics on the one path that no test took."),
			bare(unusedwrite.Analyzer, "a write to a struct field that nobody can read", "Usually a value receiver or a range copy that should have been a pointer."),
			bare(atomicalign.Analyzer, "64-bit atomics that are misaligned on 32-bit machines", "It panics there and only there."),
			bare(deepequalerrors.Analyzer, "`reflect.DeepEqual` on errors", "Wrapped errors are compared with `errors.Is`."),
			bare(reflectvaluecompare.Analyzer, "`reflect.Value` compared by `==`", "That compares the wrappers, not the values."),
			bare(sortslice.Analyzer, "`sort.Slice` on something that is no slice", "It panics."),
			bare(httpmux.Analyzer, "`ServeMux` patterns that an old go.mod version would read differently", "A route that silently never matches."),
		}},
		{title: "staticcheck: bugs (SA)", about: "All of them; a few that contradict a decision are left out below.", rules: fromStaticcheck(staticcheck.Analyzers)},
		{title: "staticcheck: unused code (U)", about: "", rules: fromStaticcheck([]*lint.Analyzer{unused.Analyzer})},
		{title: "staticcheck: simpler ways (S)", about: "", rules: fromStaticcheck(simple.Analyzers)},
		{title: "staticcheck: style (ST)", about: "", rules: fromStaticcheck(stylecheck.Analyzers)},
		{title: "staticcheck: rewrites (QF)", about: "Few of these are better in every case; the others are left out below.", rules: fromStaticcheck(quickfix.Analyzers)},
		{title: "Modern Go", about: "The rewrites of `go fix`: one way to say a thing, the one of the Go version in go.mod.", rules: modern()},
	}
}

// leftOut names the rules of staticcheck and of go fix that are not used, with the reason.
var leftOut = map[string]string{
	"ST1003":         "names of database columns and RM properties (IdLan, CodColigada) keep their spelling",
	"ST1023":         "an explicit type beside a value is sometimes the clearer way to say what is meant",
	"SA9003":         "an empty branch with a comment can be the clearest way to say that nothing is to be done",
	"QF1001":         "which form of a condition reads better depends on what it says",
	"QF1003":         "a short if chain often reads better than a switch",
	"QF1005":         "no powers here",
	"QF1006":         "a condition in the middle of a loop is sometimes where it belongs",
	"QF1008":         "the embedded field's name can be what the reader needs",
	"QF1011":         "the same as ST1023",
	"slicesclip":     "what a three-index slice does is plain to see",
	"stringsbuilder": "two or three strings are joined without ceremony; what is hot is measured",
}

// staticcheckWhy gives the reason of each family of staticcheck's rules; the longest prefix counts.
var staticcheckWhy = []struct{ prefix, why string }{
	{"SA1", "A standard library call that cannot do what it says."},
	{"SA2", "A mistake with goroutines or locks."},
	{"SA3", "A test that cannot report its failure."},
	{"SA4", "Code that does nothing, so surely not what was meant."},
	{"SA5", "Code that panics, hangs or leaks when it is reached."},
	{"SA6", "Needless work on paths that may be hot."},
	{"SA9", "Code that most often is a slip."},
	{"U1", "Dead code is read, maintained and believed."},
	{"S1", "The simpler form says the same with less to read."},
	{"ST1000", "A package says its purpose first."},
	{"ST1005", "Errors are joined to sentences of others: no capital, no full stop."},
	{"ST102", "go doc and editors show the first words: they must name the thing."},
	{"ST1", "One way to write it everywhere, so that a difference means something."},
	{"QF1", "The form a reader expects."},
}

// unchecked lists calls whose error says nothing that anyone could act on, in errcheck's notation.
var unchecked = []string{
	"(*database/sql.Rows).Close",      // reading is over; sqlrowserr asks for Err, which tells what went wrong
	"(*database/sql.Stmt).Close",      // the same
	"(*database/sql.Tx).Rollback",     // deferred, it answers ErrTxDone after the commit
	"(io.ReadCloser).Close",           // response bodies: reading has told what went wrong
	"(io.Closer).Close",               // the same, as the embedded method
	"(net/http.ResponseWriter).Write", // the caller has gone; nobody is left to tell
	"(*smartlink/link.Error).At",      // adds to the error and returns it for chaining
	"fmt.Fprint(net/http.ResponseWriter)",
	"fmt.Fprintf(net/http.ResponseWriter)",
	"fmt.Fprintln(net/http.ResponseWriter)",
	"fmt.Fprint(io.Writer)", // a command's output; a broken pipe is for the shell to tell
	"fmt.Fprintf(io.Writer)",
	"fmt.Fprintln(io.Writer)",
	"fmt.Fprint(*text/tabwriter.Writer)", // Flush tells
	"fmt.Fprintf(*text/tabwriter.Writer)",
	"fmt.Fprintln(*text/tabwriter.Writer)",
}

func init() { errcheck.DefaultExcludedSymbols = append(errcheck.DefaultExcludedSymbols, unchecked...) }

func ownRules() family {
	f := family{title: "SmartLink's own", about: "In `own/`, each with a test."}
	for _, a := range own.Analyzers() {
		what, why, _ := strings.Cut(a.Doc, "\n\n")
		f.rules = append(f.rules, bare(a, what, strings.ReplaceAll(why, "\n", " ")))
	}
	return f
}

func modern() []rule {
	var rs []rule
	for _, a := range modernize.Suite {
		if _, out := leftOut[a.Name]; out {
			continue
		}
		what, _, _ := strings.Cut(a.Doc, "\n")
		rs = append(rs, bare(a, what, "The form of today's Go."))
	}
	return rs
}

// fromStaticcheck takes the rules that are not left out, sorted by name.
func fromStaticcheck(all []*lint.Analyzer) []rule {
	var rs []rule
	for _, a := range all {
		name := a.Analyzer.Name
		if _, out := leftOut[name]; out {
			continue
		}
		why := ""
		for _, w := range staticcheckWhy {
			if why == "" && strings.HasPrefix(name, w.prefix) {
				why = w.why
			}
		}
		rs = append(rs, rule{name: name, what: a.Doc.Compile().TitleMarkdown, why: why, analyzer: a})
	}
	slices.SortFunc(rs, func(a, b rule) int { return strings.Compare(a.name, b.name) })
	return rs
}

// bare makes a rule of an analyzer that has no structured documentation.
func bare(a *analysis.Analyzer, what, why string) rule {
	named := *a
	named.Run = func(pass *analysis.Pass) (any, error) {
		p := *pass
		p.Report = func(d analysis.Diagnostic) {
			d.Category = a.Name
			pass.Report(d)
		}
		return a.Run(&p)
	}
	doc := &lint.RawDocumentation{Title: what, Text: why, Severity: lint.SeverityError}
	return rule{name: a.Name, what: what, why: why, analyzer: &lint.Analyzer{Doc: doc, Analyzer: &named}}
}

// markdown writes the list of rules for people.
func markdown(families []family) string {
	var b strings.Builder
	b.WriteString(`# What the linter refuses, and why

Made from ` + "`rules.go`" + ` and ` + "`own/`" + ` by ` + "`go run . -rules > rules.md`" + `; a test compares them. Every rule is an error. A single
place is exempted by a line above it, and the reason is not optional:

    //lint:ignore RULE why this place is right all the same

An exemption that exempts nothing is an error too.
`)
	for _, f := range families {
		fmt.Fprintf(&b, "\n## %s\n\n", f.title)
		if f.about != "" {
			fmt.Fprintf(&b, "%s\n\n", f.about)
		}
		b.WriteString("| rule | refuses, or asks for | why |\n|---|---|---|\n")
		for _, r := range f.rules {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, cell(r.what), cell(r.why))
		}
	}
	b.WriteString("\n## Left out\n\n| rule | why it is not used |\n|---|---|\n")
	names := make([]string, 0, len(leftOut))
	for name := range leftOut {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| %s | %s |\n", name, leftOut[name])
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "|", "\\|") }
