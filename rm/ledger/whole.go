package ledger

import (
	"context"
	"fmt"

	"smartlink/consumer"
	"smartlink/contracts"
)

// LoadWhole reads a record of FLAN, FXCX or CLANCAMENTO as it is stored, amounts with their signs, with all
// its rows and theirs; nil when there is none. The key is in the order of the table's key fields. Custom
// columns are not part of it.
func LoadWhole(ctx context.Context, tx consumer.Tx, t *contracts.Table, key ...int64) (*contracts.Record, error) {
	if len(key) != len(t.Keys()) {
		return nil, fmt.Errorf("read %s: a key of %d parts", t.Name, len(key))
	}
	switch t {
	case contracts.FLAN:
		r, err := LoadEntry(ctx, tx, key[0], key[1])
		if err != nil || r == nil {
			return nil, err
		}
		rows, err := LoadRows(ctx, tx, key[0], key[1])
		r.SetRows("Rateios", rows)
		return r, err
	case contracts.FXCX:
		return LoadSignedStatement(ctx, tx, key[0], key[1])
	case contracts.CLANCAMENTO:
		r, err := LoadHead(ctx, tx, key[0], key[1], key[2])
		if err != nil || r == nil {
			return nil, err
		}
		lines, err := LoadLines(ctx, tx, key[0], key[1], key[2])
		r.SetRows("Partidas", lines)
		return r, err
	}
	return nil, fmt.Errorf("read %s: no command writes it", t.Name)
}

// statementsOf are the texts over each table.
var statementsOf = map[*contracts.Table]*statements{
	contracts.FLAN: entries, contracts.FLANRATCCU: rows, contracts.FXCX: statementRows,
	contracts.CLANCAMENTO: heads, contracts.CPARTIDA: lines, contracts.CRATEIOLC: managerial,
}

// InsertWhole writes a record as LoadWhole reads it.
func InsertWhole(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	s := statementsOf[r.Table]
	if s == nil {
		return fmt.Errorf("insert into %s: no command writes it", r.Table.Name)
	}
	if err := s.insert(ctx, tx, r); err != nil {
		return err
	}
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if f.Kind != contracts.List {
			continue
		}
		for _, row := range r.Rows(f.Name) {
			if err := InsertWhole(ctx, tx, row); err != nil {
				return err
			}
		}
	}
	return nil
}
