// Command lint is the project's linter: staticcheck, errcheck, further vet passes and our own rules
// in one program, with one way to exempt a place. rules.md lists what it refuses and why.
//
//	lint ./...      looks at packages; exit 1 when something is refused
//	lint -rules     prints rules.md
package main

import (
	"fmt"
	"os"

	"honnef.co/go/tools/lintcmd"
)

func main() {
	all := rules()
	if len(os.Args) == 2 && os.Args[1] == "-rules" {
		fmt.Print(markdown(all))
		return
	}
	cmd := lintcmd.NewCommand("lint")
	for _, f := range all {
		for _, r := range f.rules {
			cmd.AddAnalyzers(r.analyzer)
		}
	}
	// What is not wanted is not added, so no configuration file can switch a rule off.
	cmd.ParseFlags(append([]string{"-checks=all"}, os.Args[1:]...))
	cmd.Run()
}
