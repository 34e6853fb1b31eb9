package own

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// Stdout keeps packages from writing to the process's output.
var Stdout = &analysis.Analyzer{
	Name: "stdout",
	Doc: `fmt.Print…, os.Stdout, print, println and package log outside a command's main package and tests

The last line of standard output is an interface (scripts read it), and log lines go through the
slog.Logger that a part is given, with its attributes and without secrets.`,
	Run: func(pass *analysis.Pass) (any, error) {
		if pass.Pkg.Name() == "main" {
			return nil, nil
		}
		for _, f := range pass.Files {
			if isTest(pass, f) {
				continue
			}
			for n := range ast.Preorder(f) {
				id, ok := n.(*ast.Ident)
				if !ok {
					continue
				}
				if name := printing(pass.TypesInfo.Uses[id]); name != "" {
					pass.ReportRangef(id, "%s outside a command; write to the io.Writer or slog.Logger that was handed in", name)
				}
			}
		}
		return nil, nil
	},
}

// printing names what an object is when it writes to the process's output or to the global log.
func printing(o types.Object) string {
	switch o := o.(type) {
	case *types.Builtin:
		if o.Name() == "print" || o.Name() == "println" {
			return o.Name()
		}
	case *types.Var:
		if from(o, "os") && o.Name() == "Stdout" {
			return "os.Stdout"
		}
	case *types.Func:
		if o.Signature().Recv() != nil {
			return ""
		}
		switch {
		case from(o, "fmt") && (o.Name() == "Print" || o.Name() == "Printf" || o.Name() == "Println"):
			return "fmt." + o.Name()
		case from(o, "log") && o.Name() != "New":
			return "log." + o.Name()
		case from(o, "log/slog"):
			switch o.Name() {
			case "Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "DebugContext", "InfoContext", "WarnContext", "ErrorContext",
				"Default", "SetDefault":
				return "slog." + o.Name()
			}
		}
	}
	return ""
}
