package finance

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// judgeCodes makes sure that the codes of an entry exist and are active, and that companies of
// codes are 0 or the entry's own. It completes those companies.
func (e *execution) judgeCodes(ctx context.Context, entry, before *contracts.Record) (ledger.EntryMaster, error) {
	company := entry.Int("CodColigada")
	if !entry.Has("CodColigada") {
		return ledger.EntryMaster{}, nil // nothing can be looked up without a company
	}
	e.CompleteCompanies(e.Given, entry, company)
	known, err := ledger.LookUpEntry(ctx, e.Tx, ledger.EntryCodes{
		Company: company, Branch: entry.Int("CodFilial"), PartyCompany: entry.Int("CodColCfo"), Party: entry.Text("CodCfo"),
		DocType: entry.Text("CodTdo"), CashCompany: entry.Int("CodColCxa"), Cash: entry.Text("CodCxa"), Currency: entry.Text("CodMoeValorOriginal"),
		CentreCompany: entry.Int("CodColCCusto"), Centre: entry.Text("CodCCusto"), Department: entry.Text("CodDepartamento"),
	})
	if err != nil {
		return known, err
	}
	if e.companyKnown = e.JudgeCompany(known.Company); !e.companyKnown {
		return known, nil
	}
	e.JudgeCodes(entry, before,
		command.Code{Status: known.Branch, Name: "CodFilial", Of: "CodColigada", Unknown: faults.BranchUnknown, Inactive: faults.BranchInactive},
		command.Code{Status: known.Party, Name: "CodCfo", Of: "CodColCfo", Unknown: faults.PartyUnknown, Inactive: faults.PartyInactive},
		command.Code{Status: known.DocType, Name: "CodTdo", Of: "CodColigada", Unknown: faults.DocTypeUnknown, Inactive: faults.DocTypeInactive},
		command.Code{Status: known.Cash, Name: "CodCxa", Of: "CodColCxa", Unknown: faults.CashUnknown, Inactive: faults.CashInactive},
		command.Code{Status: known.Currency, Name: "CodMoeValorOriginal", Unknown: faults.CurrencyUnknown, Inactive: faults.CurrencyInactive},
		centre(known.Centre, "CodColCCusto"),
		command.Code{Status: known.Department, Name: "CodDepartamento", Of: "CodColigada", Unknown: faults.DepartmentUnknown, Inactive: faults.DepartmentInact},
	)
	return known, nil
}

func centre(status ledger.Status, of string) command.Code {
	return command.Code{Status: status, Name: "CodCCusto", Of: of, Unknown: faults.CentreUnknown, Inactive: faults.CentreInactive, NoPosting: faults.CentreNoPosting}
}

func nature(status ledger.Status) command.Code {
	return command.Code{
		Status: status, Name: "CodNatFinanceira", Of: "CodColNatFinanceira",
		Unknown: faults.NatureUnknown, Inactive: faults.NatureInactive, NoPosting: faults.NatureSynthetic,
	}
}

// judgeDates makes sure that an entry is due no earlier than it was issued.
func (e *execution) judgeDates(entry, before *contracts.Record) {
	if !entry.Has("DataEmissao") || !entry.Has("DataVencimento") || !command.Changes(entry, before, "DataEmissao", "DataVencimento") {
		return
	}
	issue, due := entry.Date("DataEmissao"), entry.Date("DataVencimento")
	if due < issue {
		e.Fault(faults.DueBeforeIssue, entry, "DataVencimento", faults.Args{}.Date("due", due).Date("issue", issue), e.Given.Pointer("DataEmissao"))
	}
}

// closing keeps closed periods closed: neither the stored nor the new issue date may be on or before the
// closing date.
func closing(known ledger.EntryMaster, entry *contracts.Record) command.Closing {
	return command.Finance(known.ClosedUpTo, entry.Display("CodColigada"), key(entry), "emissão", "issue date")
}
