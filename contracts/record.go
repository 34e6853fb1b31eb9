package contracts

import (
	"fmt"
	"slices"
	"strconv"
)

// State tells whether a value was given. An edit leaves absent fields as they are and clears null
// ones, so the two are kept apart.
type State uint8

// The states.
const (
	Absent  State = iota
	Null          // null, or an empty or blank text
	Present       // a value of the field's kind
	Invalid       // given, but violating the field's form; rules must not judge it
)

// Value is the value of one field. Its field tells which member holds it.
type Value struct {
	State State
	given bool   // it stands in the body
	Int   int64  // Integer, Amount (units), Switch (0 or 1)
	Text  string // Text, Day, Moment
}

// spoiled is the value where it turned out to be wrong.
func (v Value) spoiled() Value { return Value{State: Invalid, given: v.given} }

// Equal tells whether two values of one field are the same; absent and null are.
func (v Value) Equal(w Value) bool {
	if v.State == Present || w.State == Present {
		return v.State == w.State && v.Int == w.Int && v.Text == w.Text
	}
	return v.State != Invalid && w.State != Invalid
}

// Extra is one property of an Open object, its value as text.
type Extra struct {
	Name  string
	Value Value

	of *Record // in whose open object it was read
	in *Field
}

// Pointer tells where the property stands in the body, "" of one that was not read from a body.
func (x Extra) Pointer() string {
	if x.of == nil {
		return ""
	}
	return child(x.of.pointer(x.in), x.Name)
}

// Record is one object: a value per field of its table, child rows, and open properties.
type Record struct {
	Table *Table

	values []Value
	rows   [][]*Record // of each list of the table
	extras []Extra
	names  []spelling // of the fields that the body spells otherwise than the table

	at     string  // JSON Pointer of the object in the body, but of rows that were read from one:
	parent *Record // whose rows they are,
	list   *Field  // in which of its lists,
	row    int     // and at which place
}

// spelling is a field's name in a body.
type spelling struct {
	field *Field
	name  string
}

// NewRecord makes a record of a table with every field absent. at is its JSON Pointer in the body.
func NewRecord(t *Table, at string) *Record {
	r := newRecord(t)
	r.at = at
	return r
}

func newRecord(t *Table) *Record {
	return &Record{Table: t, values: make([]Value, len(t.Fields)), rows: make([][]*Record, t.lists)}
}

// At is the JSON Pointer of the object in the body.
func (r *Record) At() string {
	if r.list == nil {
		return r.at
	}
	return r.parent.pointer(r.list) + "/" + strconv.Itoa(r.row)
}

// Value answers a field's value. Asking for a field the table does not have panics, here and below.
func (r *Record) Value(name string) Value { return r.values[r.Table.must(name).index] }

// Has tells whether a field holds a value.
func (r *Record) Has(name string) bool { return r.Value(name).State == Present }

// State tells whether a field was given.
func (r *Record) State(name string) State { return r.Value(name).State }

// Int answers an integer field, 0 without a value.
func (r *Record) Int(name string) int64 { return r.Value(name).Int }

// Text answers a text field, "" without a value.
func (r *Record) Text(name string) string { return r.Value(name).Text }

// Date answers a date field, "" without a value.
func (r *Record) Date(name string) Date { return Date(r.Value(name).Text) }

// Decimal answers a decimal field, zero without a value.
func (r *Record) Decimal(name string) Decimal {
	f := r.Table.must(name)
	return Decimal{r.values[f.index].Int, f.Numeric.Places}
}

// Rows answers the child rows of a list.
func (r *Record) Rows(name string) []*Record {
	if f := r.Table.must(name); f.Kind == List {
		return r.rows[f.nth]
	}
	return nil
}

// SetRows replaces the child rows of a list.
func (r *Record) SetRows(name string, rows []*Record) {
	f := r.Table.must(name)
	if f.Kind != List {
		panic(fmt.Sprintf("contracts: %s.%s is no list", r.Table.Name, name))
	}
	r.rows[f.nth] = rows
}

// Extras answers the properties of the open object, in the order of the body.
func (r *Record) Extras() []Extra { return r.extras }

// SetExtras replaces the properties of the open object, for what was not read from a body.
func (r *Record) SetExtras(extras []Extra) { r.extras = extras }

// Pointer tells where a field stands in the body, in the sender's spelling, or where it would
// stand.
func (r *Record) Pointer(name string) string {
	return r.pointer(r.Table.must(name))
}

func (r *Record) pointer(f *Field) string {
	if r.values[f.index].given {
		for _, s := range r.names {
			if s.field == f {
				return child(r.At(), s.name)
			}
		}
	}
	return f.pointer(r.At())
}

// CompanyPointer tells where the company of a field stands in the body: of what took the record's own
// (OwnCompany), there, and of a row, in the whole record.
func (r *Record) CompanyPointer(name string) string {
	if f := r.Table.must(name); f.CompanyOf != "" && !r.values[f.index].given && r.Table.Field(companyField) != nil {
		if _, own := r.inherited(companyField); own.Equal(r.values[f.index]) {
			name = companyField
		}
	}
	for r.parent != nil && r.Table.must(name).FromParent {
		r = r.parent
	}
	return r.Pointer(name)
}

// Set gives a field a value; for what the books themselves fill in.
func (r *Record) Set(name string, v Value) {
	i := r.Table.must(name).index
	v.given = r.values[i].given
	r.values[i] = v
}

// Int makes the value of an integer field.
func Int(n int64) Value { return Value{State: Present, Int: n} }

// String makes the value of a text, date or moment field.
func String(s string) Value { return Value{State: Present, Text: s} }

// Display writes a field's value for people: "1250.7500", "F00017", "" without one.
func (r *Record) Display(name string) string {
	f := r.Table.must(name)
	return f.display(r.values[f.index])
}

func (f *Field) display(v Value) string {
	if v.State != Present {
		return ""
	}
	switch f.Kind {
	case Integer:
		return strconv.FormatInt(v.Int, 10)
	case Amount:
		return Decimal{v.Int, f.Numeric.Places}.String()
	case Switch:
		return strconv.FormatBool(v.Int != 0)
	default:
		return v.Text
	}
}

// Stored answers a field's value as books keep it: nil, int64 or string, decimals with all their
// places.
func (r *Record) Stored(f *Field) any {
	v := r.values[f.index]
	switch {
	case v.State != Present:
		return nil
	case f.Kind == Integer:
		return v.Int
	default:
		return f.display(v)
	}
}

// Load sets a field from what books keep, as Stored wrote it: n for integers, s for all others;
// null without a value. A text the field cannot have is an error: it was not written by us.
func (r *Record) Load(f *Field, valid bool, n int64, s string) error {
	v := &r.values[f.index]
	if !valid {
		*v = Value{State: Null}
		return nil
	}
	switch f.Kind {
	case Integer:
		*v = Int(n)
	case Amount:
		d, err := f.Numeric.Parse(s)
		if err != nil {
			return err
		}
		*v = Int(d.Units)
	case Day:
		if d, err := ParseDate(s); err != nil || string(d) != s {
			return ErrDate
		}
		*v = String(s)
	case Moment:
		if m, err := parseMoment(s); err != nil || m != s {
			return ErrDate
		}
		*v = String(s)
	default:
		*v = String(s)
	}
	return nil
}

// Complete answers the whole record a new one becomes: defaults where nothing was given, null for
// the rest. Invalid fields stay invalid.
func (r *Record) Complete() *Record {
	whole := r.Copy()
	for i := range whole.values {
		if v := &whole.values[i]; v.State == Absent || v.State == Null {
			d := r.Table.Fields[i].defaultValue
			d.given = v.given
			*v = d
		}
	}
	for i := range r.Table.Fields {
		if from := r.Table.Fields[i].DefaultFrom; from != "" && whole.values[i].State == Null {
			if v := whole.Value(from); v.State == Present {
				v.given = whole.values[i].given
				whole.values[i] = v
			}
		}
	}
	return whole
}

// Over answers the whole record an edit makes of a stored one: absent fields keep the stored
// value, null ones are cleared. A copy of the parent's key stays as it is stored: Decode has judged
// it, and what it lets pass (the same, null, -1) means the parent.
func (r *Record) Over(stored *Record) *Record {
	whole := r.Copy()
	for i := range whole.values {
		if whole.values[i].State == Absent || r.Table.Fields[i].FromParent {
			whole.values[i] = stored.values[i]
		}
	}
	return whole
}

// OwnCompany gives every code without a company the record's own. The companies of codes default
// to it.
func (r *Record) OwnCompany(company int64) {
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if f.CompanyOf == "" || !r.Has(f.CompanyOf) {
			continue
		}
		if v := &r.values[i]; v.State == Null || v.State == Absent {
			*v = Int(company) // not the body's, even where it says null
		}
	}
}

// Copy answers a record of its own with the same values; rows are shared.
func (r *Record) Copy() *Record {
	c := *r
	c.values, c.rows = slices.Clone(r.values), slices.Clone(r.rows)
	return &c
}

// Changes tells whether a field of this record differs from the stored one. An absent field does
// not; an invalid one neither, as it is not judged.
func (r *Record) Changes(stored *Record, name string) bool {
	i := r.Table.must(name).index
	v := r.values[i]
	return v.State != Absent && v.State != Invalid && !v.Equal(stored.values[i])
}
