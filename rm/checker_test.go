package rm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"smartlink/contracts"
	"smartlink/rm/rmtest"
	"smartlink/rm/schema"
)

// snapshot is every row of every table a command writes, by table and key.
type snapshot map[string]map[string]map[string]any

func snapshotOf(db schema.Querier, t *contracts.Table) snapshot {
	all := snapshot{}
	for table, key := range keysOf(t) {
		rows, err := rmtest.Query(context.Background(), db, `SELECT * FROM `+table)
		if err != nil {
			panic(err)
		}
		all[table] = map[string]map[string]any{}
		for _, row := range rows {
			all[table][keyOf(row, key)] = row
		}
	}
	return all
}

// keysOf lists a table and its children, with the columns that tell their rows apart.
func keysOf(t *contracts.Table) map[string][]string {
	tables := map[string][]string{}
	var key []string
	for i := range t.Fields {
		switch f := &t.Fields[i]; {
		case f.Key || f.FromParent:
			key = append(key, f.Column)
		case f.Kind == contracts.List:
			maps.Copy(tables, keysOf(f.Child))
		case f.Kind == contracts.Open:
			tables[f.Column] = key // the keys stand first
		}
	}
	tables[t.Name] = key
	return tables
}

func keyOf(row map[string]any, columns []string) string {
	var parts []string
	for _, c := range columns {
		parts = append(parts, fmt.Sprint(row[c]))
	}
	return strings.Join(parts, ";")
}

// checker compares what stands in the books with the message that was booked.
type checker struct {
	k             breakable
	before, after snapshot
	mine          map[string]map[string]bool // table → keys of rows that are the message's
	fail          func(format string, args ...any)
}

// check compares the record of a key, its children, and everything that is not the message's.
func (c *checker) check(keys map[string]any, data rmtest.Object) {
	c.mine = map[string]map[string]bool{}
	t := c.k.command.Table
	row := map[string]any{}
	for name, value := range keys {
		row[t.Field(name).Column] = value
	}
	columns := keysOf(t)[t.Name]
	if len(row) != len(columns) {
		c.fail("the key is %v", keys)
	}
	c.record(t, keyOf(row, columns), data)
	for table := range c.after {
		for key := range c.before[table] {
			if !c.mine[table][key] && !maps.Equal(c.before[table][key], c.after[table][key]) {
				c.fail("%s %s is not the message's, but changed\nfrom %v\nto   %v", table, key, c.before[table][key], c.after[table][key])
			}
		}
		for key := range c.after[table] {
			if !c.mine[table][key] && c.before[table][key] == nil {
				c.fail("%s %s is not the message's, but was made", table, key)
			}
		}
	}
}

func (c *checker) claim(table, key string) {
	if c.mine[table] == nil {
		c.mine[table] = map[string]bool{}
	}
	c.mine[table][key] = true
}

// record compares one record with its object.
func (c *checker) record(t *contracts.Table, key string, data rmtest.Object) {
	c.claim(t.Name, key)
	row, old := c.after[t.Name][key], c.before[t.Name][key]
	if row == nil {
		c.fail("there is no %s %s", t.Name, key)
		return
	}
	given := map[string]any{}
	for name, value := range data {
		if f := t.Field(name); f != nil {
			given[f.Name] = value
		}
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		value, ok := given[f.Name]
		switch {
		case f.Kind == contracts.List:
			c.list(f, row, old, value, ok)
		case f.Kind == contracts.Open:
			c.open(f, key, old, value, ok)
		case f.FromParent: // -1, 0 and null mean the parent's
			if ok && value != nil && number(fmt.Sprint(value)).Sign() > 0 {
				c.value(t, f, row, value)
			}
		case !f.Stored() || f.Generated || strings.HasPrefix(f.Column, "RECMODIFIED") || f.Column == "DATAALTERACAO":
		case f.CompanyOf != "" && row[t.Field(f.CompanyOf).Column] == nil: // the company of nothing
		case ok && value != nil && !blank(value):
			c.value(t, f, row, value)
		case old == nil, f.CompanyOf != "", slices.Contains(c.k.follows, t.Name+"."+f.Column):
			// A new record has defaults, and a company follows its code.
		case ok && row[f.Column] != nil:
			c.fail("%s was cleared, but holds %v", f.Column, row[f.Column])
		case !ok && row[f.Column] != old[f.Column]:
			c.fail("%s was left alone, but changed from %v to %v", f.Column, old[f.Column], row[f.Column])
		}
	}
}

// blank tells whether a value is a text without content, which counts as null.
func blank(value any) bool {
	text, ok := value.(string)
	return ok && strings.TrimSpace(text) == ""
}

// value compares a column with what was sent.
func (c *checker) value(t *contracts.Table, f *contracts.Field, row map[string]any, sent any) {
	stored, text := row[f.Column], fmt.Sprint(sent)
	ok := false
	switch f.Kind {
	case contracts.Text:
		_, isText := sent.(string)
		ok = isText && stored == text
	case contracts.Day:
		ok = len(text) >= 10 && stored == text[:10]
	case contracts.Integer:
		n, isInt := stored.(int64)
		ok = isInt && number(text).Cmp(new(big.Rat).SetInt64(n)) == 0
	case contracts.Amount:
		if c.k.signed != nil {
			text = c.k.signed(f.Column, text, row)
		}
		held, isText := stored.(string)
		_, places, _ := strings.Cut(held, ".")
		ok = isText && len(places) == f.Numeric.Places && number(text).Cmp(number(held)) == 0
	default:
		ok = true // moments are the books' own
	}
	if !ok {
		c.fail("%s.%s holds %#v, sent was %#v", t.Name, f.Column, stored, sent)
	}
}

func number(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(fmt.Sprintf("%q is no number", text))
	}
	return r
}

// list compares the rows of a list: listed ids keep their rows, the others are new ones in their order.
func (c *checker) list(f *contracts.Field, parent, old map[string]any, value any, given bool) {
	stored, was := c.children(f.Child, c.after, parent), c.children(f.Child, c.before, old)
	if !given {
		if old != nil && !slices.Equal(stored, was) {
			c.fail("%s were left alone, but were %v and are %v", f.Name, was, stored)
		}
		for _, key := range was {
			if !maps.Equal(c.before[f.Child.Name][key], c.after[f.Child.Name][key]) {
				c.fail("%s were left alone, but %s changed", f.Name, key)
			}
			c.claimAll(f.Child, key)
		}
		return
	}
	for _, key := range was {
		c.claimAll(f.Child, key)
	}
	items, _ := value.(rmtest.List)
	if len(items) != len(stored) {
		c.fail("%d %s were sent, %d are stored", len(items), f.Name, len(stored))
		return
	}
	fresh := slices.DeleteFunc(slices.Clone(stored), func(key string) bool { return slices.Contains(was, key) })
	for _, item := range items {
		data := item.(rmtest.Object)
		key := ""
		if id := idOf(f.Child, data); id != "" {
			prefix := ""
			if len(was) > 0 {
				prefix = was[0][:strings.LastIndex(was[0], ";")+1]
			}
			key = prefix + id
		} else if len(fresh) > 0 {
			key, fresh = fresh[0], fresh[1:]
		}
		c.record(f.Child, key, data)
	}
}

// claimAll claims a row and, as they go with it, its children.
func (c *checker) claimAll(t *contracts.Table, key string) {
	c.claim(t.Name, key)
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Kind == contracts.List {
			for _, books := range []snapshot{c.before, c.after} {
				for _, child := range c.children(f.Child, books, books[t.Name][key]) {
					c.claimAll(f.Child, child)
				}
			}
		}
	}
}

// children lists the keys of a record's rows, in the order of their ids.
func (c *checker) children(t *contracts.Table, books snapshot, parent map[string]any) []string {
	if parent == nil {
		return nil
	}
	var id string
	var keys []string
	for key, row := range books[t.Name] {
		own := true
		for i := range t.Fields {
			f := &t.Fields[i]
			if f.Generated {
				id = f.Column
			}
			own = own && (!f.FromParent || row[f.Column] == parent[f.Column])
		}
		if own {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, _ := books[t.Name][a][id].(int64)
		y, _ := books[t.Name][b][id].(int64)
		return int(x - y)
	})
	return keys
}

// idOf answers the real id an item names, or nothing.
func idOf(t *contracts.Table, data rmtest.Object) string {
	for name, value := range data {
		if f := t.Field(name); f != nil && f.Generated && value != nil {
			if id := number(fmt.Sprint(value)); id.Sign() > 0 {
				return id.RatString()
			}
		}
	}
	return ""
}

// open compares the custom columns that are named.
func (c *checker) open(f *contracts.Field, key string, old map[string]any, value any, given bool) {
	c.claim(f.Column, key)
	row, was := c.after[f.Column][key], c.before[f.Column][key]
	named := map[string]bool{}
	properties, _ := value.(rmtest.Object)
	for name, value := range properties {
		for column := range row {
			if contracts.FoldName(name) != contracts.FoldName(column) || slices.Contains(keysOf(c.k.command.Table)[f.Column], column) {
				continue
			}
			named[column] = true
			var want any
			switch value := value.(type) {
			case string:
				if !blank(value) {
					want = value
				}
			case json.Number:
				want = value.String()
			case bool:
				want = map[bool]string{true: "T", false: "F"}[value]
			}
			if row[column] != want {
				c.fail("%s.%s holds %#v, sent was %#v", f.Column, column, row[column], value)
			}
		}
	}
	if given && value == nil {
		if old != nil && row != nil {
			c.fail("%s was cleared, but holds %v", f.Column, row)
		}
		return
	}
	for column := range was {
		if !named[column] && row[column] != was[column] {
			c.fail("%s.%s was left alone, but changed from %v to %v", f.Column, column, was[column], row[column])
		}
	}
}
