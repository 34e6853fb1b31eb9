package finance

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// judgeRows judges an apportionment: the codes of its rows, and its sums against the entry.
// originals holds, for rows that exist, how they are stored; their unchanged codes are not judged
// again.
func (e *execution) judgeRows(ctx context.Context, entry *contracts.Record, rows []*contracts.Record, originals map[*contracts.Record]*contracts.Record) error {
	if len(rows) == 0 {
		return nil
	}
	if e.companyKnown {
		if err := e.judgeRowCodes(ctx, entry.Int("CodColigada"), rows, originals); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if row.State("CodCCusto") == contracts.Null && row.State("CodNatFinanceira") == contracts.Null {
			e.Fault(faults.ApportionmentEmpty, row, "CodCCusto", nil, append([]string{row.Pointer("CodNatFinanceira")}, e.ids(row)...)...)
		}
	}
	if entry.State("Rateios") == contracts.Present { // else rows are missing, and sums say nothing
		e.judgeSum(entry, rows)
		e.judgePercent(rows)
	}
	return nil
}

// rowCodes are the codes of a row, for looking each combination up once.
type rowCodes struct {
	centre        string
	natureCompany int64
	nature        string
}

func (e *execution) judgeRowCodes(ctx context.Context, company int64, rows []*contracts.Record, originals map[*contracts.Record]*contracts.Record) error {
	type status struct{ centre, nature ledger.Status }
	seen := map[rowCodes]status{}
	for _, row := range rows {
		e.Faults.AddViolations(row.CheckCompanies(company))
		row.OwnCompany(company)
		old := originals[row]
		if !row.Has("CodCCusto") && !row.Has("CodNatFinanceira") {
			continue
		}
		codes := rowCodes{row.Text("CodCCusto"), row.Int("CodColNatFinanceira"), row.Text("CodNatFinanceira")}
		s, ok := seen[codes]
		if !ok {
			var err error
			if s.centre, s.nature, err = ledger.LookUpRow(ctx, e.Tx, company, codes.centre, codes.natureCompany, codes.nature); err != nil {
				return err
			}
			seen[codes] = s
		}
		row.Set("CodColigada", contracts.Int(company)) // its parent's, for the sentence
		e.JudgeCodes(row, old, centre(s.centre, "CodColigada"), nature(s.nature))
	}
	return nil
}

// judgeSum compares the rows with the face value, exactly. Rows are at most contracts.MaxRows of 15
// digits each, which fits 64 bits.
func (e *execution) judgeSum(entry *contracts.Record, rows []*contracts.Record) {
	if !entry.Has("ValorOriginal") {
		return
	}
	sum := contracts.Decimal{Places: contracts.Money.Places}
	for _, row := range rows {
		if !row.Has("Valor") {
			return // reported already
		}
		sum.Units += row.Decimal("Valor").Units
	}
	value := entry.Decimal("ValorOriginal")
	if sum.Units == value.Units {
		return
	}
	difference := contracts.Decimal{Units: sum.Units - value.Units, Places: sum.Places}
	e.Fault(faults.ApportionmentSum, e.Given, "Rateios",
		faults.Args{"sum": sum.String(), "value": value.String(), "difference": difference.String()},
		append(append([]string{e.Given.Pointer("ValorOriginal")}, command.Pointers(rows, "Valor")...), e.ids(rows...)...)...)
}

// hundred is 100 % in units of a percentage.
var hundred = contracts.Decimal{Units: 100_0000, Places: contracts.Percent.Places}

// judgePercent wants percentages on all rows or none, adding up to 100; each row may bring the
// rounding of its last place.
func (e *execution) judgePercent(rows []*contracts.Record) {
	sum := contracts.Decimal{Places: contracts.Percent.Places}
	given := 0
	for _, row := range rows {
		switch row.State("Percentual") {
		case contracts.Invalid:
			return // reported already
		case contracts.Present:
			given++
			sum.Units += row.Decimal("Percentual").Units
		}
	}
	switch off := sum.Units - hundred.Units; {
	case given == 0:
	case given < len(rows):
		e.Fault(faults.ApportionmentSome, e.Given, "Rateios", nil, append(command.Pointers(rows, "Percentual"), e.ids(rows...)...)...)
	case max(off, -off) > int64(len(rows)):
		e.Fault(faults.ApportionmentPercent, e.Given, "Rateios", faults.Args{"sum": sum.String()}, append(command.Pointers(rows, "Percentual"), e.ids(rows...)...)...)
	}
}

// ids points at the ids of an edit's rows: a wrong one makes a row another than is meant.
func (e *execution) ids(rows ...*contracts.Record) []string {
	if !e.edits {
		return nil
	}
	return command.Pointers(rows, "IdRatCCu")
}
