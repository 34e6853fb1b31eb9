package ledger

import (
	"context"

	"smartlink/consumer"
	"smartlink/contracts"
)

// Status is what the master data says about a code.
type Status int

// The states of a code.
const (
	Missing Status = iota
	Inactive
	NoPosting // only sums: a cost centre that takes no entries, a synthetic nature or account
	Active
)

// EntryCodes are the codes a financial entry uses. Codes that are not used stay empty and are
// answered as Missing.
type EntryCodes struct {
	Company       int64
	Branch        int64
	PartyCompany  int64
	Party         string
	DocType       string
	CashCompany   int64
	Cash          string
	Currency      string
	CentreCompany int64
	Centre        string
	Department    string
}

// EntryMaster is what the master data says about them.
type EntryMaster struct {
	Company, Branch, Party, DocType, Cash, Currency, Centre, Department Status
	ClosedUpTo                                                          contracts.Date // finance; empty: nothing is closed
}

// One round trip for all codes: each is a look-up by primary key.
const entryMaster = `SELECT
	(SELECT ATIVO FROM GCOLIGADA WHERE CODCOLIGADA = ?),
	(SELECT ATIVO FROM GFILIAL WHERE CODCOLIGADA = ? AND CODFILIAL = ?),
	(SELECT ATIVO FROM FCFO WHERE CODCOLIGADA = ? AND CODCFO = ?),
	(SELECT ATIVO FROM FTDO WHERE CODCOLIGADA = ? AND CODTDO = ?),
	(SELECT ATIVO FROM FCXA WHERE CODCOLIGADA = ? AND CODCXA = ?),
	(SELECT ATIVO FROM GMOEDA WHERE SIMBOLO = ?),
	(SELECT CONCAT(ATIVO, PERMITELANC) FROM GCCUSTO WHERE CODCOLIGADA = ? AND CODCCUSTO = ?),
	(SELECT ATIVO FROM GDEPTO WHERE CODCOLIGADA = ? AND CODDEPARTAMENTO = ?),
	(SELECT MAX(DATAFECHAMENTO) FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = 'F')`

// LookUpEntry looks up all codes of an entry, and up to which date finance is closed.
func LookUpEntry(ctx context.Context, tx consumer.Tx, c EntryCodes) (EntryMaster, error) {
	a, err := lookUp(ctx, tx, entryMaster, []any{
		c.Company, c.Company, c.Branch, c.PartyCompany, c.Party, c.Company, c.DocType, c.CashCompany, c.Cash, c.Currency,
		c.CentreCompany, c.Centre, c.Company, c.Department, c.Company,
	},
		Part{"GCOLIGADA", c.Company, ""}, number("GFILIAL", c.Company, c.Branch), Part{"FCFO", c.PartyCompany, c.Party}, Part{"FTDO", c.Company, c.DocType},
		Part{"FCXA", c.CashCompany, c.Cash}, Part{"GMOEDA", 0, c.Currency}, Part{"GCCUSTO", c.CentreCompany, c.Centre},
		Part{"GDEPTO", c.Company, c.Department}, Part{ClosedFinance, c.Company, ""})
	if err != nil {
		return EntryMaster{}, err
	}
	return EntryMaster{
		Company: active(a[0]), Branch: active(a[1]), Party: active(a[2]), DocType: active(a[3]), Cash: active(a[4]),
		Currency: active(a[5]), Centre: posting(a[6]), Department: active(a[7]), ClosedUpTo: a[8].date(),
	}, nil
}

// A row of an apportionment names no company for its cost centre: the entry's own comes first, then
// the shared ones of company 0.
const rowMaster = `SELECT
	COALESCE((SELECT CONCAT(ATIVO, PERMITELANC) FROM GCCUSTO WHERE CODCOLIGADA = ? AND CODCCUSTO = ?),
		(SELECT CONCAT(ATIVO, PERMITELANC) FROM GCCUSTO WHERE CODCOLIGADA = 0 AND CODCCUSTO = ?)),
	(SELECT CONCAT(CASE INATIVO WHEN 0 THEN 'T' ELSE 'F' END, CASE SINTETICOANALITICO WHEN 1 THEN 'T' ELSE 'F' END)
		FROM TTBORCAMENTO WHERE CODCOLIGADA = ? AND CODTBORCAMENTO = ?)`

// LookUpRow looks up the cost centre and the financial nature of a row of an apportionment.
func LookUpRow(ctx context.Context, tx consumer.Tx, company int64, centre string, natureCompany int64, nature string) (Status, Status, error) {
	a, err := lookUp(ctx, tx, rowMaster, []any{company, centre, centre, natureCompany, nature},
		Part{AnyCentre, company, centre}, Part{"TTBORCAMENTO", natureCompany, nature})
	if err != nil {
		return Missing, Missing, err
	}
	return posting(a[0]), posting(a[1]), nil
}

// active reads a flag ATIVO.
func active(flag Answer) Status {
	switch {
	case !flag.Valid:
		return Missing
	case flag.String == "T":
		return Active
	default:
		return Inactive
	}
}

// posting reads two flags: active, and takes entries.
func posting(flags Answer) Status {
	switch {
	case !flags.Valid:
		return Missing
	case flags.String == "TT":
		return Active
	case flags.String == "TF":
		return NoPosting
	default:
		return Inactive
	}
}
