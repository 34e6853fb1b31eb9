package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/ledger"
)

const (
	// fresh is the id of what the books have not given one yet.
	fresh = -1
	// last is above every id of the books, which have 32 bits. The rows that an edit adds get ids above it.
	last = 1 << 40
)

// laid answers a copy of a stored record for the sheet: every row has its parent's key. Rows without an id of
// their own are an error.
func laid(r *contracts.Record) (*contracts.Record, error) {
	c := contracts.NewRecord(r.Table, "")
	for i := range r.Table.Fields {
		c.Set(r.Table.Fields[i].Name, r.Value(r.Table.Fields[i].Name))
	}
	for _, f := range lists(r.Table) {
		rows := make([]*contracts.Record, 0, len(r.Rows(f.Name)))
		for _, row := range r.Rows(f.Name) {
			if row.Table != f.Child || idOf(row) <= 0 {
				return nil, fmt.Errorf("a stored row of %s is one of %s with the id %d", f.Child.Name, row.Table.Name, idOf(row))
			}
			whole, err := laid(row)
			if err != nil {
				return nil, err
			}
			rows = append(rows, whole)
		}
		c.SetRows(f.Name, rows)
	}
	for _, f := range lists(r.Table) {
		for _, row := range c.Rows(f.Name) {
			inherit(row, c)
		}
	}
	return c, nil
}

// inherit repeats the parent's key in a row.
func inherit(row, parent *contracts.Record) {
	for i := range row.Table.Fields {
		if f := &row.Table.Fields[i]; f.FromParent {
			row.Set(f.Name, parent.Value(f.Name))
		}
	}
}

// lists are the fields of a table with rows.
func lists(t *contracts.Table) []*contracts.Field {
	var all []*contracts.Field
	for i := range t.Fields {
		if t.Fields[i].Kind == contracts.List {
			all = append(all, &t.Fields[i])
		}
	}
	return all
}

// written reads what the consumer wrote, and takes the ids out that only the books can give: of the record,
// and of the outcome.
func (r *run) written(ctx context.Context, t *contracts.Table, out *consumer.Outcome) (*contracts.Record, error) {
	var key []int64
	for _, f := range t.Keys() {
		id, _ := out.Keys[f.Name].(int64)
		key = append(key, id)
	}
	record, err := ledger.LoadWhole(ctx, r.sheet, t, key...)
	if err != nil {
		return nil, err
	}
	if record == nil {
		return nil, fmt.Errorf("%s %s was to be written, but was not", t.Name, out.Key)
	}
	renew(record, r.stored == nil)
	record.SetExtras(r.custom.over(r.stored))
	if r.stored == nil {
		parts := make([]string, len(key))
		for i, f := range t.Keys() {
			out.Keys[f.Name] = record.Int(f.Name)
			parts[i] = strconv.FormatInt(record.Int(f.Name), 10)
		}
		out.Key = strings.Join(parts, ";")
	}
	return record, nil
}

// renew takes the ids that only the books can give out of a record and its rows. whole says that all of it is
// new.
func renew(record *contracts.Record, whole bool) {
	if whole || idOf(record) > last {
		for _, f := range record.Table.Keys() {
			if f.Generated {
				record.Set(f.Name, contracts.Int(fresh))
			}
		}
	}
	if f := record.Table.Field(derived); f != nil && whole {
		record.Set(f.Name, contracts.Value{})
	}
	for _, f := range lists(record.Table) {
		for _, row := range record.Rows(f.Name) {
			inherit(row, record)
			renew(row, whole)
		}
	}
}

// derived is the field that repeats the id of the whole record, outside of its key.
const derived = "LctRef"

// idOf is a row's own id.
func idOf(row *contracts.Record) int64 {
	for _, f := range row.Table.Keys() {
		if f.Generated {
			return row.Int(f.Name)
		}
	}
	return fresh
}
