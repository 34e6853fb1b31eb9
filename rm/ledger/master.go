package ledger

import (
	"context"
	"database/sql"
	"fmt"

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
	var company, branch, party, docType, cash, currency, centre, department sql.NullString
	var closed contracts.Date
	err := tx.QueryRowContext(ctx, entryMaster,
		c.Company, c.Company, c.Branch, c.PartyCompany, c.Party, c.Company, c.DocType, c.CashCompany, c.Cash, c.Currency,
		c.CentreCompany, c.Centre, c.Company, c.Department, c.Company,
	).Scan(&company, &branch, &party, &docType, &cash, &currency, &centre, &department, day{&closed})
	if err != nil {
		return EntryMaster{}, fmt.Errorf("read the master data: %w", err)
	}
	return EntryMaster{
		Company: active(company), Branch: active(branch), Party: active(party), DocType: active(docType), Cash: active(cash),
		Currency: active(currency), Centre: posting(centre), Department: active(department), ClosedUpTo: closed,
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
	var c, n sql.NullString
	if err := tx.QueryRowContext(ctx, rowMaster, company, centre, centre, natureCompany, nature).Scan(&c, &n); err != nil {
		return Missing, Missing, fmt.Errorf("read the master data: %w", err)
	}
	return posting(c), posting(n), nil
}

// active reads a flag ATIVO.
func active(flag sql.NullString) Status {
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
func posting(flags sql.NullString) Status {
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
