package ledger

import (
	"context"
	"fmt"
	"slices"

	"smartlink/consumer"
	"smartlink/internal/sqldb"
)

// lookUp answers the parts that a query's columns are, in their order: from what the transaction has read
// before, or by the query, in one round trip. Where the master data are elsewhere, they are asked instead.
func lookUp(ctx context.Context, tx consumer.Tx, query string, args []any, parts ...Part) ([]Answer, error) {
	memo := sqldb.MemoOf(tx)
	answers := make([]Answer, len(parts))
	known := 0
	for i, p := range parts {
		v, ok := memo.Get(p)
		if !ok {
			break
		}
		answers[i] = v.(Answer)
		known++
	}
	if known == len(parts) {
		return answers, nil
	}
	if m, ok := tx.(Master); ok {
		return ask(ctx, m, memo, parts)
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

// ask answers parts from what the transaction has asked before, and asks for the others in one go. What
// names nothing is not asked for.
func ask(ctx context.Context, m Master, memo *sqldb.Memo, parts []Part) ([]Answer, error) {
	answers := make([]Answer, len(parts))
	var open []Part
	for i, p := range parts {
		if v, ok := memo.Get(p); ok {
			answers[i] = v.(Answer)
		} else if !p.none() && !slices.Contains(open, p) {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		told, err := m.LookUp(ctx, open)
		if err != nil {
			return nil, fmt.Errorf("read the master data: %w", err)
		}
		if len(told) != len(open) {
			return nil, fmt.Errorf("read the master data: %d answers to %d questions", len(told), len(open))
		}
		for i, p := range parts {
			if n := slices.Index(open, p); n >= 0 {
				answers[i] = told[n]
			}
		}
	}
	for i, p := range parts {
		memo.Put(p, answers[i])
	}
	return answers, nil
}
