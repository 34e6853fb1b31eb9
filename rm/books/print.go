package books

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// PrintTrial writes a trial balance as a table with its totals.
func PrintTrial(w io.Writer, t *Trial) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "ACCOUNT\tDESCRIPTION\tOPENING\tDEBIT\tCREDIT\tCLOSING")
	line := func(code, text string, opening, debit, credit, closing Amount) {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\n", code, text, opening.Side(), debit, credit, closing.Side())
	}
	for _, a := range t.Accounts {
		line(a.Code, a.Description, a.Opening, a.Debit, a.Credit, a.Closing)
	}
	line("TOTAL", "", t.Opening, t.Debit, t.Credit, t.Closing)
	return tab.Flush()
}
