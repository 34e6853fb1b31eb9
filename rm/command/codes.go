package command

import (
	"maps"
	"strings"

	"smartlink/contracts"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// Code is one code of a record and what the master data say about it.
type Code struct {
	Status    ledger.Status
	Name      string // the field with the code
	Of        string // the field with the company it belongs to; empty: it is of no company
	Unknown   faults.Code
	Inactive  faults.Code
	NoPosting faults.Code // of what only sums
}

// JudgeCompany reports an unknown or inactive company, and tells whether its codes can be looked up.
func (e *Execution) JudgeCompany(status ledger.Status) bool {
	args := faults.Args{"company": e.Given.Display("CodColigada")}
	switch status {
	case ledger.Missing: // its other codes cannot exist either
		e.Fault(faults.CompanyUnknown, e.Given, "CodColigada", args)
		return false
	case ledger.Inactive:
		e.Fault(faults.CompanyInactive, e.Given, "CodColigada", args)
	}
	return true
}

// JudgeCodes reports the codes of a whole record that do not exist or cannot be used; of an edit, only
// those it changes.
func (e *Execution) JudgeCodes(whole, before *contracts.Record, codes ...Code) {
	for _, c := range codes {
		if !whole.Has(c.Name) || c.Of != "" && !whole.Has(c.Of) {
			continue
		}
		if Changes(whole, before, c.Name) || c.Of != "" && Changes(whole, before, c.Of) {
			e.JudgeCode(whole, c)
		}
	}
}

// Fault answers what is wrong with a code, if anything is.
func (c Code) Fault() (code faults.Code, bad bool) {
	switch c.Status {
	case ledger.Active:
		return "", false
	case ledger.Inactive:
		return c.Inactive, true
	case ledger.NoPosting:
		return c.NoPosting, true
	default:
		return c.Unknown, true
	}
}

// JudgeCode reports a code that does not exist or cannot be used.
func (e *Execution) JudgeCode(r *contracts.Record, c Code) {
	code, bad := c.Fault()
	if !bad {
		return
	}
	args := faults.Args{"value": faults.Quoted(contracts.Excerpt(r.Display(c.Name))), "name": c.Name, "of": c.Of}
	var related []string
	if c.Of != "" {
		args["company"], related = r.Display(c.Of), []string{r.CompanyPointer(c.Of)}
	}
	if c.Name == "CodCfo" {
		nameParty(args, r.Int("PagRec"))
	}
	e.Fault(code, r, c.Name, args, related...)
}

// nameParty calls the other side what it is for a payable or a receivable.
func nameParty(args faults.Args, payRec int64) {
	pt, en := "Cliente/fornecedor", "Customer/supplier"
	switch payRec {
	case 1:
		pt, en = "Cliente", "Customer"
	case 2:
		pt, en = "Fornecedor", "Supplier"
	}
	args["who"], args["who.en"] = pt, en
	args["who.small"], args["who.small.en"] = strings.ToLower(pt), strings.ToLower(en)
}

// CompleteCompanies reports companies of codes that are neither 0 nor the record's own, keeps those out
// of the whole record so that they are not looked up, and fills in those that are not given.
func (e *Execution) CompleteCompanies(given, whole *contracts.Record, company int64) {
	e.Faults.AddViolations(given.CheckCompanies(company))
	for i := range whole.Table.Fields {
		if f := &whole.Table.Fields[i]; f.CompanyOf != "" && given.State(f.Name) == contracts.Invalid {
			whole.Set(f.Name, contracts.Value{State: contracts.Invalid})
		}
	}
	whole.OwnCompany(company)
}

// Closing is a module's closing date and how its faults are worded.
type Closing struct {
	UpTo contracts.Date // empty: nothing is closed
	Args faults.Args    // what, module, company, entry, each in both languages
}

// Finance words closing faults of finance; what names the date.
func Finance(upTo contracts.Date, company, entry, what, whatEN string) Closing {
	return Closing{upTo, faults.Args{
		"module": "o módulo financeiro", "module.en": "finance", "what": what, "what.en": whatEN, "company": company, "entry": entry,
	}}
}

// Accounting words closing faults of accounting.
func Accounting(upTo contracts.Date, company, entry string) Closing {
	return Closing{upTo, faults.Args{
		"module": "o módulo contábil", "module.en": "accounting", "what": "data", "what.en": "date", "company": company, "entry": entry,
	}}
}

// Closed tells whether a date is on or before the closing date.
func (c Closing) Closed(d contracts.Date) bool { return d != "" && c.UpTo != "" && d <= c.UpTo }

// JudgeStored reports, at the field with the entry's id, a stored date that is closed.
func (e *Execution) JudgeStored(c Closing, d contracts.Date, id, column string) {
	if c.Closed(d) {
		e.Faults.Add(faults.New(faults.EntryPeriodClosed, e.Given.Pointer(id), column, c.with(d)))
	}
}

// JudgeNew reports a new date that is closed.
func (e *Execution) JudgeNew(c Closing, r *contracts.Record, name string) {
	if d := r.Date(name); c.Closed(d) {
		e.Fault(faults.PeriodClosed, r, name, c.with(d), e.Given.Pointer("CodColigada"))
	}
}

func (c Closing) with(d contracts.Date) faults.Args {
	args := faults.Args{}
	maps.Copy(args, c.Args)
	return args.Date("date", d).Date("closed", c.UpTo)
}
