package accounting

import (
	"slices"

	"smartlink/contracts"
	"smartlink/rm/faults"
)

// total is the sum of both sides of some lines. Lines are at most contracts.MaxRows of 15 digits each,
// which fits 64 bits.
type total struct {
	debit, credit contracts.Decimal
	lines         []*line
}

func (t *total) add(l *line) {
	t.debit.Places, t.credit.Places = contracts.Money.Places, contracts.Money.Places
	if l.Has("Debito") {
		t.debit.Units += l.Int("Valor")
	}
	if l.Has("Credito") {
		t.credit.Units += l.Int("Valor")
	}
	t.lines = append(t.lines, l)
}

func (t *total) balanced() bool { return t.debit.Units == t.credit.Units }

func (t *total) args() faults.Args {
	difference := contracts.Decimal{Units: t.debit.Units - t.credit.Units, Places: t.debit.Places}
	return faults.Args{"debit": t.debit.String(), "credit": t.credit.String(), "difference": difference.String()}
}

// judgeBalance wants equal debits and credits in the entry, and within it per branch and date. An entry of
// one branch and date is reported once.
func (n *entry) judgeBalance() {
	type group struct {
		branch int64
		date   contracts.Date
	}
	var all total
	groups := map[group]*total{}
	var order []group
	for _, l := range n.lines {
		for _, name := range []string{"CodFilial", "Data", "Valor", "Debito", "Credito"} {
			if l.State(name) == contracts.Invalid {
				return // reported already
			}
		}
		if !l.Has("Valor") || !l.Has("CodFilial") || !l.Has("Data") {
			return
		}
		all.add(l)
		g := group{l.Int("CodFilial"), l.Date("Data")}
		if groups[g] == nil {
			groups[g] = &total{}
			order = append(order, g)
		}
		groups[g].add(l)
	}
	if !all.balanced() {
		n.Fault(faults.Unbalanced, n.Given, "Partidas", all.args(), n.pointers(all.lines, "Valor", "Debito", "Credito", "CodFilial", "Data")...)
	}
	if len(order) < 2 {
		return
	}
	for _, g := range order {
		if t := groups[g]; !t.balanced() {
			args := t.args()
			args["branch"] = t.lines[0].Display("CodFilial")
			n.Fault(faults.UnbalancedGroup, n.Given, "Partidas", args.Date("date", g.date), n.pointers(t.lines, "CodFilial", "Data", "Valor", "Debito", "Credito")...)
		}
	}
}

// maxLines bounds how many lines a fault points at.
const maxLines = 50

// pointers points at fields of lines that are in the message.
func (n *entry) pointers(lines []*line, names ...string) []string {
	var at []string
	if n.edits {
		names = append(names, "IdPartida")
	}
	for _, l := range lines[:min(len(lines), maxLines)] {
		for _, name := range names {
			if p := n.pointer(l, name); !slices.Contains(at, p) {
				at = append(at, p)
			}
		}
	}
	return at
}
