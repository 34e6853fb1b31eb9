package rmhost

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

// books is a transaction of the host's books.
type books struct {
	sqldb.Bound
	culture Culture
	now     time.Time
}

// row is what a table holds, by column: nil, an int64, or a string as the books keep it.
type row map[string]any

func (r row) int(column string) int64   { n, _ := r[column].(int64); return n }
func (r row) text(column string) string { s, _ := r[column].(string); return s }
func (r row) has(column string) bool    { return r[column] != nil }

// units is an amount in units of 1/10000; 0 without one.
func (r row) units(column string) int64 {
	d, err := contracts.Money.Parse(r.text(column))
	if err != nil {
		return 0
	}
	return d.Units
}

// kind is what a column holds.
type kind int

const (
	integer kind = iota
	text
	amount
	day
	moment
)

// column is a column as the database describes it.
type column struct {
	name     string
	kind     kind
	size     int               // characters of a text; 0: no limit
	numeric  contracts.Numeric // of an amount
	needed   bool              // NOT NULL
	fallback any               // what a new row holds that says nothing
}

// table is a table as the database describes it, which may have columns that a customer added.
type table struct {
	name    string
	columns []column
	keys    []string
}

func (t *table) column(name string) *column {
	for i := range t.columns {
		if t.columns[i].name == name {
			return &t.columns[i]
		}
	}
	return nil
}

// describe asks the database what a table is like.
func (b *books) describe(ctx context.Context, name string) (*table, error) {
	rows, err := b.QueryContext(ctx, `SELECT name, UPPER(type), "notnull", dflt_value, pk FROM pragma_table_info('`+name+`') ORDER BY cid`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	t := &table{name: name}
	keys := map[int]string{}
	for rows.Next() {
		var c column
		var kind string
		var fallback *string
		var needed, key int
		if err := rows.Scan(&c.name, &kind, &needed, &fallback, &key); err != nil {
			return nil, err
		}
		c.name, c.needed = strings.ToUpper(c.name), needed != 0
		c.kind, c.size, c.numeric = kindOf(c.name, kind)
		if fallback != nil {
			c.fallback = constant(*fallback)
		}
		if key > 0 {
			keys[key] = c.name
		}
		t.columns = append(t.columns, c)
	}
	for _, at := range slices.Sorted(maps.Keys(keys)) {
		t.keys = append(t.keys, keys[at])
	}
	return t, rows.Err()
}

// kindOf tells what a column of the reference schema holds: amounts and dates are texts there, told apart by
// their names.
func kindOf(name, declared string) (kind, int, contracts.Numeric) {
	if size, ok := strings.CutPrefix(declared, "VARCHAR("); ok {
		n, _ := strconv.Atoi(strings.TrimSuffix(size, ")"))
		return text, n, contracts.Numeric{}
	}
	switch {
	case declared == "INTEGER":
		return integer, 0, contracts.Numeric{}
	case name == "RECCREATEDON" || name == "RECMODIFIEDON":
		return moment, 0, contracts.Numeric{}
	case strings.HasPrefix(name, "DATA") || name == "MESDECOMPETENCIA":
		return day, 0, contracts.Numeric{}
	case strings.HasPrefix(name, "COTACAO"):
		return amount, 0, contracts.Rate
	default:
		return amount, 0, contracts.Money
	}
}

// constant reads a column's default: a number, or a text in quotes.
func constant(sql string) any {
	if n, err := strconv.ParseInt(sql, 10, 64); err == nil {
		return n
	}
	return strings.Trim(sql, "'")
}

// read reads a value of a data set; empty is null. The text of an error says what is wrong with it.
func (c *column) read(given string, culture Culture) (any, error) {
	if given == "" {
		return nil, nil
	}
	switch c.kind {
	case integer:
		n, err := strconv.ParseInt(strings.TrimSpace(given), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q não é um número inteiro", given)
		}
		return n, nil
	case amount:
		kept, err := culture.read(c.numeric, given)
		if err != nil {
			return nil, fmt.Errorf("%q não é um valor com até %d casas", given, c.numeric.Places)
		}
		return kept, nil
	case day, moment:
		t, err := time.Parse(dateTime, given)
		if err != nil {
			return nil, fmt.Errorf("%q não é uma data no formato AAAA-MM-DDThh:mm:ss, sem fuso", given)
		}
		if c.kind == day {
			return string(contracts.DateOf(t)), nil
		}
		return contracts.FormatMoment(t), nil
	default:
		if n := utf8.RuneCountInString(given); c.size > 0 && n > c.size {
			return nil, fmt.Errorf("tem %d caracteres, o máximo é %d", n, c.size)
		}
		return given, nil
	}
}

// dateTime is how data sets write dates.
const dateTime = "2006-01-02T15:04:05"

// write writes a value that books keep, as data sets have it.
func (c *column) write(kept any, culture Culture) string {
	s, isText := kept.(string)
	switch {
	case !isText:
		return fmt.Sprint(kept)
	case c.kind == amount:
		return culture.write(s)
	case c.kind == day:
		return s + "T00:00:00"
	case c.kind == moment:
		return strings.TrimSuffix(s, "Z")
	default:
		return s
	}
}

// fresh is a new row that says nothing.
func (t *table) fresh() row {
	r := row{}
	for _, c := range t.columns {
		if c.fallback != nil {
			r[c.name] = c.fallback
		}
	}
	return r
}

// load reads the rows that a condition is true of, by their keys.
func (b *books) load(ctx context.Context, t *table, where string, args ...any) ([]row, error) {
	rows, err := b.QueryContext(ctx, `SELECT `+t.list(t.name+".")+` FROM `+t.name+` WHERE `+where+` ORDER BY `+strings.Join(t.keys, ", "), args...)
	if err != nil {
		return nil, err
	}
	return scan(rows, t.columns)
}

// list is a select's columns.
func (t *table) list(prefix string) string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = prefix + `"` + c.name + `"`
	}
	return strings.Join(names, ", ")
}

// one reads the row of a key; nil when there is none.
func (b *books) one(ctx context.Context, t *table, key ...int64) (row, error) {
	where, args := make([]string, len(key)), make([]any, len(key))
	for i, k := range key {
		where[i], args[i] = t.keys[i]+" = ?", k
	}
	found, err := b.load(ctx, t, strings.Join(where, " AND "), args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// put writes a row in place of the one of its key, or as a new one.
func (b *books) put(ctx context.Context, t *table, r row) error {
	var sets []string
	args := make([]any, len(t.columns))
	for i, c := range t.columns {
		args[i] = r[c.name]
		if !slices.Contains(t.keys, c.name) {
			sets = append(sets, `"`+c.name+`" = excluded."`+c.name+`"`)
		}
	}
	_, err := b.ExecContext(ctx, `INSERT INTO `+t.name+` (`+t.list("")+`) VALUES (?`+strings.Repeat(", ?", len(args)-1)+`) ON CONFLICT (`+
		strings.Join(t.keys, ", ")+`) DO UPDATE SET `+strings.Join(sets, ", "), args...)
	if sqldb.IsConstraint(err) {
		return refusal("Violação de restrição do banco de dados em " + t.name + ": " + err.Error())
	}
	return err
}

// remove deletes the rows that a condition is true of.
func (b *books) remove(ctx context.Context, name, where string, args ...any) error {
	_, err := b.ExecContext(ctx, `DELETE FROM `+name+` WHERE `+where, args...)
	return err
}
