package accounting

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// judgeHead makes sure that company and batch exist and can be used.
func (n *entry) judgeHead(ctx context.Context) (ledger.HeadMaster, error) {
	if !n.head.Has("CodColigada") {
		return ledger.HeadMaster{}, nil // nothing can be looked up without a company
	}
	known, err := ledger.LookUpHead(ctx, n.Tx, n.head.Int("CodColigada"), n.head.Int("CodLote"))
	if err != nil || !n.JudgeCompany(known.Company) {
		return known, err
	}
	n.closing = command.Accounting(known.ClosedUpTo, n.head.Display("CodColigada"), n.key())
	switch {
	case !n.head.Has("CodLote"):
	case n.head.Int("CodLote") == contracts.IntegratedBatch:
		n.Fault(faults.BatchIntegrated, n.head, "CodLote", nil)
	default:
		n.batch = known.Batch
		n.JudgeCode(n.head, command.Code{Status: known.Batch.Status, Name: "CodLote", Of: "CodColigada", Unknown: faults.BatchUnknown, Inactive: faults.BatchInactive})
	}
	return known, nil
}

// judge judges the lines of the result.
func (n *entry) judge(ctx context.Context, known ledger.HeadMaster) error {
	for _, l := range n.lines {
		n.judgeAccounts(l)
		n.judgeDate(l)
	}
	if known.Company != ledger.Missing {
		if err := n.judgeCodes(ctx); err != nil {
			return err
		}
	}
	if !n.whole {
		return nil
	}
	if len(n.lines) == 0 {
		n.Fault(faults.LinesMissing, n.Given, "Partidas", nil)
		return nil
	}
	n.judgeBalance()
	return nil
}

// judgeAccounts wants an account on each line, and not the same on both sides.
func (n *entry) judgeAccounts(l *line) {
	switch {
	case l.State("Debito") == contracts.Invalid || l.State("Credito") == contracts.Invalid:
	case !l.Has("Debito") && !l.Has("Credito"):
		if l.loose {
			return
		}
		n.faultAt(faults.LineNoAccount, l, "Debito", nil, append([]string{n.pointer(l, "Credito")}, n.id(l)...)...)
	case l.Text("Debito") == l.Text("Credito") && n.company(l, "CodColDebito") == n.company(l, "CodColCredito"):
		n.faultAt(faults.LineSameAccount, l, "Debito", faults.Args{"value": l.Text("Debito")}, append([]string{n.pointer(l, "Credito")}, n.id(l)...)...)
	}
}

// company is the company of an account, which defaults to the entry's.
func (n *entry) company(l *line, name string) int64 {
	if l.Has(name) {
		return l.Int(name)
	}
	return n.head.Int("CodColigada")
}

// judgeDate keeps a new date out of what is closed and inside the batch.
func (n *entry) judgeDate(l *line) {
	d := l.Date("Data")
	if d == "" || !command.Changes(l.Record, l.old, "Data") {
		return
	}
	n.JudgeNew(n.closing, l.Record, "Data")
	if n.outside(d) {
		n.faultAt(faults.OutsideBatch, l, "Data", n.batchArgs(d), n.Given.Pointer("CodLote"))
	}
}

// judgeStoredDates leaves entries alone that stand in closed months or outside of their batch.
func (n *entry) judgeStoredDates(stored []*contracts.Record) {
	closed, outside := false, false
	for _, l := range stored {
		d := l.Date("Data")
		if n.closing.Closed(d) && !closed {
			closed = true
			n.JudgeStored(n.closing, d, "IdLancamento", "DATA")
		}
		if n.outside(d) && !outside {
			outside = true
			n.Fault(faults.EntryOutsideBatch, n.Given, "IdLancamento", n.batchArgs(d), n.Given.Pointer("CodLote"))
		}
	}
}

func (n *entry) outside(d contracts.Date) bool {
	return n.batch.Status != ledger.Missing && (n.batch.From != "" && d < n.batch.From || n.batch.To != "" && d > n.batch.To)
}

func (n *entry) batchArgs(d contracts.Date) faults.Args {
	args := faults.Args{"batch": n.head.Display("CodLote"), "entry": n.key()}.Date("date", d).Date("from", n.batch.From).Date("to", n.batch.To)
	if n.batch.From == "" {
		args["from"], args["from.en"] = "…", "…"
	}
	if n.batch.To == "" {
		args["to"], args["to.en"] = "…", "…"
	}
	return args
}

// judgeCodes makes sure that the codes of the lines exist and can be used. Those that an edit leaves alone
// are not judged again, but accounts always are: the result must be one that could be booked.
func (n *entry) judgeCodes(ctx context.Context) error {
	company := n.head.Int("CodColigada")
	seen := map[ledger.LineCodes]ledger.LineMaster{}
	managerial := map[string]ledger.Status{}
	for _, l := range n.lines {
		if l.given {
			n.CompleteCompanies(l.Record, l.Record, company)
		}
		codes := ledger.LineCodes{
			Company: company, Branch: l.Int("CodFilial"), Centre: l.Text("CodCCusto"), Department: l.Text("CodDepartamento"), History: l.Text("CodHistP"),
			Date: l.Date("Data"), DebitCompany: l.Int("CodColDebito"), Debit: l.Text("Debito"), CreditCompany: l.Int("CodColCredito"), Credit: l.Text("Credito"),
			CounterCompany: l.Int("CodColPartida"), Counter: l.Text("Partida"),
		}
		known, ok := seen[codes]
		if !ok {
			var err error
			if known, err = ledger.LookUpLine(ctx, n.Tx, codes); err != nil {
				return err
			}
			seen[codes] = known
		}
		n.judgeLineCodes(l, known)
		if err := n.judgeManagerial(ctx, l, known, managerial); err != nil {
			return err
		}
	}
	return nil
}

func (n *entry) judgeLineCodes(l *line, known ledger.LineMaster) {
	l.Set("CodColigada", contracts.Int(n.head.Int("CodColigada"))) // its parent's, for the sentences
	n.JudgeCodes(l.Record, l.old,
		command.Code{Status: known.Branch, Name: "CodFilial", Of: "CodColigada", Unknown: faults.BranchUnknown, Inactive: faults.BranchInactive},
		command.Code{Status: known.Centre, Name: "CodCCusto", Of: "CodColigada", Unknown: faults.CentreUnknown, Inactive: faults.CentreInactive, NoPosting: faults.CentreNoPosting},
		command.Code{Status: known.Department, Name: "CodDepartamento", Of: "CodColigada", Unknown: faults.DepartmentUnknown, Inactive: faults.DepartmentInact},
		command.Code{Status: known.History, Name: "CodHistP", Of: "CodColigada", Unknown: faults.HistoryUnknown, Inactive: faults.HistoryInactive},
		account(known.Counter.Status, "Partida", "CodColPartida"),
	)
	for _, c := range []command.Code{account(known.Debit.Status, "Debito", "CodColDebito"), account(known.Credit.Status, "Credito", "CodColCredito")} {
		if !l.Has(c.Name) || !l.Has(c.Of) {
			continue
		}
		if l.given {
			n.JudgeCode(l.Record, c)
		} else if code, bad := c.Fault(); bad {
			n.faultAt(code, l, c.Name, faults.Args{"value": l.Text(c.Name), "company": l.Display(c.Of), "name": c.Name, "of": c.Of})
		}
	}
	if d := l.Date("Data"); d != "" && !known.InPeriod && !n.closing.Closed(d) && command.Changes(l.Record, l.old, "Data") {
		n.faultAt(faults.OutsidePeriod, l, "Data", faults.Args{"company": n.head.Display("CodColigada")}.Date("date", d))
	}
}

func account(status ledger.Status, name, of string) command.Code {
	return command.Code{Status: status, Name: name, Of: of, Unknown: faults.AccountUnknown, Inactive: faults.AccountInactive, NoPosting: faults.AccountSynthetic}
}
