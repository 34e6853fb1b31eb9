package contracts

import "unsafe"

// Check answers what Decode finds in a body, without making a record of it: sooner, and without an allocation where
// nothing is found. The body must not change meanwhile. It is safe for concurrent use.
func (c *Command) Check(body []byte) Findings {
	if !isJSON(body) {
		return notJSON()
	}
	return c.CheckJSON(body)
}

// CheckJSON is Check for a body that utf8.Valid and json.Valid have accepted; of another one it may answer anything.
func (c *Command) CheckJSON(body []byte) Findings {
	// What is read goes with the record, and findings have copies (args): nothing that refers to the body is left.
	text := unsafe.String(unsafe.SliceData(body), len(body))
	r, found := c.decode(text, (*Table).borrow)
	if r != nil {
		r.giveBack()
	}
	return found
}

// borrow answers an empty record: that of a check that is over, where there is one.
func (t *Table) borrow() *Record {
	if r, ok := t.spare.Get().(*Record); ok {
		return r
	}
	return newRecord(t)
}

// giveBack leaves a record and its rows to later checks.
func (r *Record) giveBack() {
	for i, rows := range r.rows {
		for _, row := range rows {
			row.giveBack()
		}
		clear(rows)
		r.rows[i] = rows[:0]
	}
	clear(r.values)
	clear(r.extras)
	clear(r.names)
	*r = Record{Table: r.Table, values: r.values, rows: r.rows, extras: r.extras[:0], names: r.names[:0]}
	r.Table.spare.Put(r)
}
