package command

import (
	"context"
	"database/sql"
	"strconv"
	"unicode/utf8"

	"smartlink/contracts"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// JudgeCustom finds the columns of the custom fields. Names without a column are unknown properties:
// kept in the message, and remarked.
func (e *Execution) JudgeCustom(ctx context.Context, table ledger.Custom) ([]ledger.CustomValue, error) {
	if len(e.Given.Extras()) == 0 {
		return nil, nil
	}
	columns, err := table.Columns(ctx, e.Tx)
	if err != nil {
		return nil, err
	}
	field := e.Given.Table.Field("Complementos")
	var values []ledger.CustomValue
	for _, x := range e.Given.Extras() {
		column, ok := columns[contracts.FoldName(x.Name)]
		violation := contracts.Violation{Pointer: x.Pointer(), Field: field.Column + "." + column.Name}
		length := utf8.RuneCountInString(x.Value.Text)
		switch {
		case !ok:
			violation.Code, violation.Field = contracts.Unknown, ""
			violation.Args = map[string]string{"name": contracts.Excerpt(x.Name)}
			e.Warnings.Add(faults.FromViolation(violation))
		case column.Size > 0 && length > column.Size:
			violation.Code = contracts.TooLong
			violation.Args = map[string]string{"name": column.Name, "label": column.Name, "length": strconv.Itoa(length), "size": strconv.Itoa(column.Size)}
			e.Faults.Add(faults.FromViolation(violation))
		default:
			values = append(values, ledger.CustomValue{
				Column: column, Value: sql.NullString{String: x.Value.Text, Valid: x.Value.State == contracts.Present},
			})
		}
	}
	return values, nil
}

// WriteCustom writes the custom fields of an edit: null clears all of them.
func (e *Execution) WriteCustom(ctx context.Context, table ledger.Custom, company, id int64, values []ledger.CustomValue) error {
	switch {
	case e.Given.State("Complementos") == contracts.Null:
		return table.Clear(ctx, e.Tx, company, id)
	case len(values) > 0:
		return table.Save(ctx, e.Tx, company, id, values)
	}
	return nil
}
