package finance

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"unicode/utf8"

	"smartlink/contracts"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// changes tells whether a rule has to look at a field: always for a new entry (before nil), else
// when the edit changes it. What stays as it was is not judged again, so that an old entry of a
// supplier that is inactive by now can still be edited.
func (e *execution) changes(before *contracts.Record, names ...string) bool {
	if before == nil {
		return true
	}
	for _, name := range names {
		if e.given.Changes(before, name) {
			return true
		}
	}
	return false
}

// judgeCodes makes sure that the codes of an entry exist and are active, and that companies of
// codes are 0 or the entry's own. It completes those companies.
func (e *execution) judgeCodes(ctx context.Context, entry, before *contracts.Record) (ledger.EntryMaster, error) {
	company := entry.Int("CodColigada")
	if !entry.Has("CodColigada") {
		return ledger.EntryMaster{}, nil // nothing can be looked up without a company
	}
	e.faults.AddViolations(e.given.CheckCompanies(company))
	for i := range entry.Table.Fields { // what was refused is not looked up
		if f := &entry.Table.Fields[i]; f.CompanyOf != "" && e.given.State(f.Name) == contracts.Invalid {
			entry.Set(f.Name, contracts.Value{State: contracts.Invalid})
		}
	}
	entry.OwnCompany(company)
	known, err := ledger.LookUpEntry(ctx, e.tx, ledger.EntryCodes{
		Company: company, Branch: entry.Int("CodFilial"), PartyCompany: entry.Int("CodColCfo"), Party: entry.Text("CodCfo"),
		DocType: entry.Text("CodTdo"), CashCompany: entry.Int("CodColCxa"), Cash: entry.Text("CodCxa"), Currency: entry.Text("CodMoeValorOriginal"),
		CentreCompany: entry.Int("CodColCCusto"), Centre: entry.Text("CodCCusto"), Department: entry.Text("CodDepartamento"),
	})
	if err != nil {
		return known, err
	}
	e.companyKnown = known.Company != ledger.Missing
	switch known.Company {
	case ledger.Missing: // its other codes cannot exist either
		e.fault(faults.CompanyUnknown, e.given, "CodColigada", faults.Args{"company": entry.Display("CodColigada")})
		return known, nil
	case ledger.Inactive:
		e.fault(faults.CompanyInactive, e.given, "CodColigada", faults.Args{"company": entry.Display("CodColigada")})
	}
	for _, c := range []struct {
		status            ledger.Status
		name, of          string // the code, and the field with its company
		unknown, inactive faults.Code
	}{
		{status: known.Branch, name: "CodFilial", of: "CodColigada", unknown: faults.BranchUnknown, inactive: faults.BranchInactive},
		{status: known.Party, name: "CodCfo", of: "CodColCfo", unknown: faults.PartyUnknown, inactive: faults.PartyInactive},
		{status: known.DocType, name: "CodTdo", of: "CodColigada", unknown: faults.DocTypeUnknown, inactive: faults.DocTypeInactive},
		{status: known.Cash, name: "CodCxa", of: "CodColCxa", unknown: faults.CashUnknown, inactive: faults.CashInactive},
		{status: known.Currency, name: "CodMoeValorOriginal", of: "CodColigada", unknown: faults.CurrencyUnknown, inactive: faults.CurrencyInactive},
		{status: known.Centre, name: "CodCCusto", of: "CodColCCusto", unknown: faults.CentreUnknown, inactive: faults.CentreInactive},
		{status: known.Department, name: "CodDepartamento", of: "CodColigada", unknown: faults.DepartmentUnknown, inactive: faults.DepartmentInact},
	} {
		if entry.Has(c.name) && entry.Has(c.of) && e.changes(before, c.name, c.of) {
			e.judgeCode(entry, c.status, c.name, c.of, c.unknown, c.inactive)
		}
	}
	return known, nil
}

// judgeCode reports a code that is unknown, inactive or takes no entries.
func (e *execution) judgeCode(r *contracts.Record, status ledger.Status, name, companyOf string, unknown, inactive faults.Code) {
	code := unknown
	switch status {
	case ledger.Active:
		return
	case ledger.Inactive:
		code = inactive
	case ledger.NoPosting:
		code = faults.CentreNoPosting
		if name == "CodNatFinanceira" {
			code = faults.NatureSynthetic
		}
	}
	args := faults.Args{"value": contracts.Excerpt(r.Display(name)), "company": r.Display(companyOf)}
	var related []string
	if name == "CodCfo" {
		nameParty(args, r.Int("PagRec"))
	}
	if unknown != faults.CurrencyUnknown { // currencies are of no company
		related = []string{r.CompanyPointer(companyOf)}
	}
	e.fault(code, r, name, args, related...)
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

// judgeDates makes sure that an entry is due no earlier than it was issued.
func (e *execution) judgeDates(entry, before *contracts.Record) {
	if !entry.Has("DataEmissao") || !entry.Has("DataVencimento") || !e.changes(before, "DataEmissao", "DataVencimento") {
		return
	}
	issue, due := entry.Date("DataEmissao"), entry.Date("DataVencimento")
	if due < issue {
		e.fault(faults.DueBeforeIssue, e.given, "DataVencimento", faults.Args{}.Date("due", due).Date("issue", issue), e.given.Pointer("DataEmissao"))
	}
}

// judgeClosing keeps closed periods closed: neither the stored nor the new issue date may be on or
// before the closing date.
func (e *execution) judgeClosing(entry, before *contracts.Record, closed contracts.Date) {
	if closed == "" {
		return
	}
	args := func(d contracts.Date) faults.Args {
		return faults.Args{
			"company": entry.Display("CodColigada"), "entry": entryKey(entry.Int("CodColigada"), entry.Int("IdLan")),
			"what": "emissão", "what.en": "issue date", "module": "o módulo financeiro", "module.en": "finance",
		}.Date("date", d).Date("closed", closed)
	}
	if before != nil && before.Has("DataEmissao") && before.Date("DataEmissao") <= closed {
		e.faults.Add(faults.New(faults.EntryPeriodClosed, e.given.Pointer("IdLan"), "DATAEMISSAO", args(before.Date("DataEmissao"))))
	}
	if entry.Has("DataEmissao") && entry.Date("DataEmissao") <= closed && e.changes(before, "DataEmissao") {
		e.fault(faults.PeriodClosed, e.given, "DataEmissao", args(entry.Date("DataEmissao")), e.given.Pointer("CodColigada"))
	}
}

// judgeCustom finds the columns of the custom fields. Names without a column are unknown
// properties: kept in the message, and remarked.
func (e *execution) judgeCustom(ctx context.Context) ([]ledger.CustomValue, error) {
	if len(e.given.Extras()) == 0 {
		return nil, nil
	}
	columns, err := ledger.EntryCustom.Columns(ctx, e.tx)
	if err != nil {
		return nil, err
	}
	field := contracts.FLAN.Field("Complementos")
	var values []ledger.CustomValue
	for _, x := range e.given.Extras() {
		column, ok := columns[contracts.FoldName(x.Name)]
		violation := contracts.Violation{Pointer: x.Pointer(), Field: field.Column + "." + column.Name}
		length := utf8.RuneCountInString(x.Value.Text)
		switch {
		case !ok:
			violation.Code, violation.Field = contracts.Unknown, ""
			violation.Args = map[string]string{"name": contracts.Excerpt(x.Name)}
			e.warnings.Add(faults.FromViolation(violation))
		case length > column.Size:
			violation.Code = contracts.TooLong
			violation.Args = map[string]string{"name": column.Name, "label": column.Name, "length": strconv.Itoa(length), "size": strconv.Itoa(column.Size)}
			e.faults.Add(faults.FromViolation(violation))
		default:
			values = append(values, ledger.CustomValue{
				Column: column, Value: sql.NullString{String: x.Value.Text, Valid: x.Value.State == contracts.Present},
			})
		}
	}
	return values, nil
}
