package ledger

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"smartlink/contracts"
)

// Part is one thing of the master data that is looked up.
//
//	What              Company   Code                        Answer
//	GCOLIGADA         company   -                           ActiveIs
//	GFILIAL           company   branch, a number            ActiveIs
//	FCFO              company   customer or supplier        ActiveIs
//	FTDO              company   document type               ActiveIs
//	FCXA              company   cash account                ActiveIs
//	GMOEDA            0         symbol of the currency      ActiveIs
//	GDEPTO            company   department                  ActiveIs
//	CHISTP            company   standard history            ActiveIs
//	SLCONTAGERENCIAL  company   managerial account          ActiveIs
//	GCCUSTO           company   cost centre                 PostingIs
//	AnyCentre         company   cost centre                 PostingIs
//	TTBORCAMENTO      company   financial nature            PostingIs
//	CCONTA            company   account                     AccountIs
//	CLOTE             company   batch, a number             ActiveIs
//	BatchFrom         company   batch, a number             DateIs
//	BatchTo           company   batch, a number             DateIs
//	ClosedFinance     company   -                           DateIs
//	ClosedAccounting  company   -                           DateIs
//	InPeriod          company   date, YYYY-MM-DD            TrueIs
//	Settlement        company   statement entry, a number   KeyIs
//
// Company is the one the code belongs to: 0 for what all companies share.
type Part struct {
	What    string
	Company int64
	Code    string
}

// What is looked up and is not simply a row of the table that Part.What names.
const (
	AnyCentre        = "GCCUSTO, the company's own or a shared one" // the company's comes first, then that of company 0
	BatchFrom        = "CLOTE, from"                                // the first date a batch covers; none: any
	BatchTo          = "CLOTE, to"                                  // the last one; none: any
	ClosedFinance    = "SLFECHAMENTO F, the closing date"           // up to which finance is closed; none: nothing is
	ClosedAccounting = "SLFECHAMENTO C, the closing date"           // the same of accounting
	InPeriod         = "SLFECHAMENTO C, whether a date is in a period"
	Settlement       = "FLAN, whose settlement made a statement entry" // the first, by its key "1;42"
)

// number is a part whose code is a number.
func number(what string, company, code int64) Part {
	return Part{what, company, strconv.FormatInt(code, 10)}
}

// none tells of a part that it names nothing: its code is not used.
func (p Part) none() bool {
	switch p.What {
	case "GCOLIGADA", ClosedFinance, ClosedAccounting:
		return false
	case "GFILIAL", "CLOTE", BatchFrom, BatchTo, Settlement:
		return p.Code == "0"
	}
	return p.Code == ""
}

// Answer is what the master data say about a part: flags, a date, a key. The zero Answer, not valid, says
// that there is nothing. The ...Is functions make the others.
type Answer struct{ sql.NullString }

// Scan implements sql.Scanner. Servers have types of their own for dates and numbers.
func (a *Answer) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		src = string(contracts.DateOf(t))
	}
	return a.NullString.Scan(src)
}

func text(s string) Answer { return Answer{sql.NullString{String: s, Valid: true}} }

func flag(set bool) string {
	if set {
		return "T"
	}
	return "F"
}

// ActiveIs answers for a code that exists whether it is active.
func ActiveIs(active bool) Answer { return text(flag(active)) }

// PostingIs answers for a cost centre or a financial nature that exists whether it is active and takes
// entries.
func PostingIs(active, posting bool) Answer { return text(flag(active) + flag(posting)) }

// AccountIs answers for an account that exists whether it is active, takes entries (is analytic) and wants
// a managerial apportionment.
func AccountIs(active, posting, apportioned bool) Answer {
	n := 0
	if !active {
		n += 100
	}
	if posting {
		n += 10
	}
	if apportioned {
		n++
	}
	return text(strconv.Itoa(n))
}

// DateIs answers a date; an empty one is none.
func DateIs(d contracts.Date) Answer {
	if d == "" {
		return Answer{}
	}
	return text(string(d))
}

// TrueIs answers whether something is so.
func TrueIs(so bool) Answer {
	if so {
		return text("1")
	}
	return text("0")
}

// KeyIs answers a record's key, its parts joined by ";"; an empty one is none.
func KeyIs(key string) Answer {
	if key == "" {
		return Answer{}
	}
	return text(key)
}

// date is an answer that is a date; without one it is empty.
func (a Answer) date() contracts.Date { return contracts.Date(a.String) }

// Master answers master data. A Tx that is one has them elsewhere than in its database: all LookUp…
// functions ask it, and Custom asks it for its columns.
type Master interface {
	// LookUp answers the parts in their order. Its error is a technical one: what does not exist is an
	// answer.
	LookUp(ctx context.Context, parts []Part) ([]Answer, error)
	// CustomColumns lists the columns that customers added to a table, FLANCOMPL or FXCXCOMPL.
	CustomColumns(ctx context.Context, table string) ([]CustomColumn, error)
}

// CustomValues is implemented by a Tx that keeps custom columns elsewhere than in its database; one that is
// a Master has to be this too.
type CustomValues interface {
	// SaveCustom takes custom columns of a record; those not named stay as they are.
	SaveCustom(table string, values []CustomValue)
	// ClearCustom clears all custom columns of a record.
	ClearCustom(table string)
}
