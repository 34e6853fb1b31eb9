package books

import (
	"context"

	"smartlink/contracts"
	"smartlink/rm/ledger"
)

// Full is one entry with everything the books hold of it.
type Full struct {
	Kind    Kind       `json:"kind"`
	Key     string     `json:"key"`
	Fields  []Column   `json:"fields"`
	Rows    []Row      `json:"rows,omitempty"` // apportionment, or lines
	RowsOf  string     `json:"rowsOf,omitempty"`
	Balance *LineTotal `json:"totals,omitempty"` // of an accounting entry
}

// Row is a row of an entry.
type Row struct {
	Fields []Column `json:"fields"`
	Rows   []Row    `json:"rows,omitempty"` // managerial apportionment of a line
}

// Column is a column that holds something.
type Column struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Meaning string `json:"meaning"`
}

// LineTotal is what the lines of an accounting entry come to.
type LineTotal struct {
	Debit  Amount `json:"debit"`
	Credit Amount `json:"credit"`
}

// Find reads all entries a key names: "1;5" a financial entry and one of the cash statement, "1;10;5" an
// accounting entry.
func Find(ctx context.Context, q Querier, key []int64) ([]Full, error) {
	if len(key) == 3 {
		return findAccounting(ctx, q, key)
	}
	var found []Full
	entry, err := ledger.LoadEntry(ctx, q, key[0], key[1])
	if err != nil {
		return nil, err
	}
	if entry != nil {
		rows, err := ledger.LoadRows(ctx, q, key[0], key[1])
		if err != nil {
			return nil, err
		}
		found = append(found, Full{Kind: Financial, Key: join(entry, "CodColigada", "IdLan"), Fields: columns(entry), Rows: plain(rows), RowsOf: contracts.FLANRATCCU.Name})
	}
	statement, err := ledger.LoadSignedStatement(ctx, q, key[0], key[1])
	if err != nil {
		return nil, err
	}
	if statement != nil {
		found = append(found, Full{Kind: CashEntry, Key: join(statement, "CodColigada", "IdXcx"), Fields: columns(statement)})
	}
	return found, nil
}

func findAccounting(ctx context.Context, q Querier, key []int64) ([]Full, error) {
	head, err := ledger.LoadHead(ctx, q, key[0], key[1], key[2])
	if err != nil || head == nil {
		return nil, err
	}
	lines, err := ledger.LoadLines(ctx, q, key[0], key[1], key[2])
	if err != nil {
		return nil, err
	}
	full := Full{Kind: Accounting, Key: join(head, "CodColigada", "CodLote", "IdLancamento"), Fields: columns(head), RowsOf: contracts.CPARTIDA.Name, Balance: &LineTotal{}}
	for _, l := range lines {
		value, err := ParseAmount(l.Display("Valor"))
		if err != nil {
			return nil, err
		}
		if l.Has("Debito") {
			full.Balance.Debit.Add(value, 1)
		}
		if l.Has("Credito") {
			full.Balance.Credit.Add(value, 1)
		}
		full.Rows = append(full.Rows, Row{columns(l), plain(l.Rows("Rateios"))})
	}
	return []Full{full}, nil
}

func join(r *contracts.Record, names ...string) string {
	key := ""
	for i, name := range names {
		if i > 0 {
			key += ";"
		}
		key += r.Display(name)
	}
	return key
}

func plain(records []*contracts.Record) []Row {
	var rows []Row
	for _, r := range records {
		rows = append(rows, Row{Fields: columns(r)})
	}
	return rows
}

// columns lists what a record holds, with the meaning of enumerations.
func columns(r *contracts.Record) []Column {
	var list []Column
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if !f.Stored() || !r.Has(f.Name) {
			continue
		}
		c := Column{Name: f.Column, Value: r.Display(f.Name), Meaning: f.EN}
		if f.Values != nil {
			c.Meaning += ": " + option(f, c.Value)
		}
		list = append(list, c)
	}
	return list
}
