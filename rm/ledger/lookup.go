package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

// part is one thing of the master data that a query looks up.
type part struct {
	what    string // what is looked up, by table or by what of it
	company int64
	code    string
}

// number is a part whose code is a number.
func number(what string, company, code int64) part {
	return part{what, company, strconv.FormatInt(code, 10)}
}

// answer is what the master data say about a part: flags or a date; not valid when there is nothing.
type answer struct{ sql.NullString }

// Scan implements sql.Scanner. Servers have types of their own for dates and numbers.
func (a *answer) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		src = string(contracts.DateOf(t))
	}
	return a.NullString.Scan(src)
}

// date is an answer that is a date; without one it is empty.
func (a answer) date() contracts.Date { return contracts.Date(a.String) }

// lookUp answers the parts that a query's columns are, in their order: from what the transaction has read
// before, or by the query, in one round trip.
func lookUp(ctx context.Context, tx consumer.Tx, query string, args []any, parts ...part) ([]answer, error) {
	memo := sqldb.MemoOf(tx)
	answers := make([]answer, len(parts))
	known := 0
	for i, p := range parts {
		v, ok := memo.Get(p)
		if !ok {
			break
		}
		answers[i] = v.(answer)
		known++
	}
	if known == len(parts) {
		return answers, nil
	}
	cells := make([]any, len(parts))
	for i := range answers {
		cells[i] = &answers[i]
	}
	if err := tx.QueryRowContext(ctx, query, args...).Scan(cells...); err != nil {
		return nil, fmt.Errorf("read the master data: %w", err)
	}
	for i, p := range parts {
		memo.Put(p, answers[i])
	}
	return answers, nil
}
