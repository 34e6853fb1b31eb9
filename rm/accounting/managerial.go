package accounting

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// side is the debit or the credit of a line.
type side struct {
	account, amount string // fields of the line and of its rows
	pt, en          string
	known           ledger.Account
}

// judgeManagerial judges a line's managerial apportionment: obligatory on accounts that want one, and
// wherever there is one equal to the line's amount, on each side.
func (n *entry) judgeManagerial(ctx context.Context, l *line, known ledger.LineMaster, seen map[string]ledger.Status) error {
	if !n.touched(l) || l.loose {
		return nil
	}
	sides := []side{
		{"Debito", "VlrDebito", "débito", "debit", known.Debit},
		{"Credito", "VlrCredito", "crédito", "credit", known.Credit},
	}
	for _, row := range l.rows.All {
		if err := n.judgeManagerialCode(ctx, l, row, seen); err != nil {
			return err
		}
		judgeSide(n, l, row, sides)
	}
	if l.State("Rateios") == contracts.Invalid {
		return nil // rows are missing, and sums say nothing
	}
	for _, s := range sides {
		n.judgeManagerialSum(l, s)
	}
	return nil
}

// touched tells whether an edit changes anything that an apportionment depends on.
func (n *entry) touched(l *line) bool {
	return l.given && (l.old == nil || l.State("Rateios") != contracts.Absent ||
		command.Changes(l.Record, l.old, "Valor", "Debito", "CodColDebito", "Credito", "CodColCredito"))
}

func (n *entry) judgeManagerialCode(ctx context.Context, l *line, row *contracts.Record, seen map[string]ledger.Status) error {
	old := l.rows.Old[row]
	if !row.Has("CodGerencial") || old != nil && !row.Changes(old, "CodGerencial") {
		return nil
	}
	code := row.Text("CodGerencial")
	status, ok := seen[code]
	if !ok {
		var err error
		if status, err = ledger.LookUpManagerial(ctx, n.Tx, n.head.Int("CodColigada"), code); err != nil {
			return err
		}
		seen[code] = status
	}
	row.Set("CodColigada", contracts.Int(n.head.Int("CodColigada")))
	n.JudgeCode(row, command.Code{Status: status, Name: "CodGerencial", Of: "CodColigada", Unknown: faults.ManagerialUnknown, Inactive: faults.ManagerialInactive})
	return nil
}

// judgeSide wants an amount on one side of a row, and an account of the line there.
func judgeSide(n *entry, l *line, row *contracts.Record, sides []side) {
	if row.State("VlrDebito") == contracts.Invalid || row.State("VlrCredito") == contracts.Invalid {
		return
	}
	if (row.Int("VlrDebito") != 0) == (row.Int("VlrCredito") != 0) {
		n.Fault(faults.ManagerialSide, row, "VlrDebito", nil, append([]string{row.Pointer("VlrCredito")}, n.rowIDs(row)...)...)
		return
	}
	for _, s := range sides {
		if row.Int(s.amount) != 0 && l.State(s.account) != contracts.Present && l.State(s.account) != contracts.Invalid {
			n.Faults.Add(faults.New(faults.ManagerialNoSide, n.rowPointer(l, row, s.amount), row.Table.Field(s.amount).Column, s.args(l), n.pointer(l, s.account)))
		}
	}
}

// judgeManagerialSum compares the rows of a side with the line's amount, exactly.
func (n *entry) judgeManagerialSum(l *line, s side) {
	if !l.Has(s.account) || !l.Has("Valor") {
		return
	}
	sum := contracts.Decimal{Places: contracts.Money.Places}
	rows := 0
	for _, row := range l.rows.All {
		if row.State(s.amount) == contracts.Invalid {
			return // reported already
		}
		if row.Int(s.amount) != 0 {
			rows++
			sum.Units += row.Int(s.amount)
		}
	}
	value := l.Decimal("Valor")
	args := s.args(l)
	switch {
	case rows == 0 && s.known.Status == ledger.Active && s.known.Apportioned:
		n.faultAt(faults.ManagerialNeeded, l, "Rateios", args, append([]string{l.Pointer(s.account)}, n.id(l)...)...)
	case rows > 0 && sum.Units != value.Units:
		difference := contracts.Decimal{Units: sum.Units - value.Units, Places: sum.Places}
		args["sum"], args["value"], args["difference"] = sum.String(), value.String(), difference.String()
		related := append([]string{l.Pointer("Valor"), l.Pointer(s.account)}, n.rowPointers(l, s.amount)...)
		n.faultAt(faults.ManagerialSum, l, "Rateios", args, append(related, n.id(l)...)...)
	}
}

func (s side) args(l *line) faults.Args {
	return faults.Args{"side": "do " + s.pt, "side.en": s.en, "amount": s.amount, "value": l.Text(s.account)}
}

// rowPointer tells where a field of a row stands; of a row that is not in the message, where the list would.
func (n *entry) rowPointer(l *line, row *contracts.Record, name string) string {
	if row.At() == "" {
		return l.Pointer("Rateios")
	}
	return row.Pointer(name)
}

func (n *entry) rowPointers(l *line, name string) []string {
	if l.State("Rateios") == contracts.Absent {
		return nil
	}
	return append(command.Pointers(l.rows.All, name), n.rowIDs(l.rows.All...)...)
}
