package contracts

import (
	"fmt"
	"math"
	"strings"
	"sync"
)

// Kind is the kind of a field's value.
type Kind int

// The kinds. Integers and decimals are also read from strings that hold a JSON number.
const (
	Integer Kind = iota // whole number; with Values an enumeration
	Text                // string; empty and blank count as null
	Amount              // exact decimal of a Numeric size
	Day                 // business date
	Moment              // timestamp, UTC
	Switch              // true or false; asks for something, is not stored
	List                // array of child objects
	Open                // object whose properties the customer defines
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"integer", "text", "decimal", "date", "moment", "boolean", "list", "object"}[k]
}

// Sign bounds a decimal.
type Sign int

// The signs.
const (
	AnySign Sign = iota
	NotBelowZero
	AboveZero
)

// Option is one value of an enumeration.
type Option struct {
	Value  int64
	PT, EN string
}

// Field is one property of an object, and the column it is stored in.
type Field struct {
	Name   string // property name; compared without regard to case
	Column string // left empty it is the name in capitals
	Kind   Kind
	PT, EN string // meaning

	Size     int      // Text: characters at most
	Numeric  Numeric  // Amount
	Sign     Sign     // Amount
	Min, Max int64    // Integer; both zero: the range of 32 bits
	Values   []Option // Integer: only these
	Settable []int64  // Integer: of Values, those a command may set; the others are made by the books
	Child    *Table   // List
	MaxRows  int      // List

	Key         bool   // part of the record's key: always required, never changed
	Generated   bool   // key made by the books: -1, 0 or absent means new
	FromParent  bool   // repeats the parent's key: absent or the parent's value
	Required    bool   // a new record needs it, an edit may not clear it
	NotNull     bool   // an edit may not clear it
	Default     string // of a new record, in the field's own notation
	DefaultFrom string // a new record takes this other field's value
	CompanyOf   string // names the company of that field's code: 0 or the record's company, which is the default
	ReadOnly    bool   // the books' own: accepted only when it is what they hold
	InsertOnly  bool   // as ReadOnly, once the record exists
	Locked      bool   // not changed once the record is accounted

	inData       string // its pointer in the usual envelope
	index        int
	nth          int // List: which of the table's lists
	defaultValue Value
}

// Stored tells whether the field is a column of its table.
func (f *Field) Stored() bool { return f.Kind != Switch && f.Kind != List && f.Kind != Open }

// Table is the field table of one object.
type Table struct {
	Name   string // of the database table
	PT, EN string
	Fields []Field

	byName    map[string]*Field // by declared and by folded name
	lists     int               // how many of the fields are lists
	generated *Field            // the key made by the books, nil when there is none
	onEdit    []duty            // what finish looks at in an edit,
	onNew     []duty            // and in a new record
	spare     sync.Pool         // records of checks that are over
}

// NewTable completes and checks a field table. A table that contradicts itself is a programming
// error and panics.
func NewTable(name, pt, en string, fields ...Field) *Table {
	t := &Table{Name: name, PT: pt, EN: en, Fields: fields, byName: make(map[string]*Field, len(fields))}
	for i := range t.Fields {
		f := &t.Fields[i]
		f.index = i
		if f.Column == "" {
			f.Column = strings.ToUpper(f.Name)
		}
		if f.Kind == Integer && f.Min == 0 && f.Max == 0 {
			f.Min, f.Max = math.MinInt32, math.MaxInt32
		}
		if f.Kind == Text && f.Size == 0 || f.Kind == Amount && f.Numeric == (Numeric{}) || f.Kind == List && (f.Child == nil || f.MaxRows == 0) {
			panic(fmt.Sprintf("contracts: %s.%s has no size", name, f.Name))
		}
		folded := FoldName(f.Name)
		if t.byName[folded] != nil {
			panic(fmt.Sprintf("contracts: %s.%s stands twice", name, f.Name))
		}
		t.byName[folded], t.byName[f.Name] = f, f
		f.inData = child(usualData, f.Name)
		if f.Default != "" {
			v, violation := f.read(f.Default)
			if violation != nil {
				panic(fmt.Sprintf("contracts: default of %s.%s: %s", name, f.Name, violation.Code))
			}
			f.defaultValue = v
		} else {
			f.defaultValue = Value{State: Null}
		}
		if f.Kind == List {
			f.nth = t.lists
			t.lists++
		}
		if f.Generated && t.generated == nil {
			t.generated = f
		}
	}
	t.onEdit, t.onNew = t.duties(false), t.duties(true)
	return t
}

// usualData is where most bodies have their data object.
const usualData = "/data"

// pointer tells where a field stands in an object, spelled as declared.
func (f *Field) pointer(at string) string {
	if at == usualData { // not made anew for every body
		return f.inData
	}
	return child(at, f.Name)
}

// Field answers the field of a property name, in any case, or nil.
func (t *Table) Field(name string) *Field {
	if f := t.byName[name]; f != nil { // as declared: the usual case
		return f
	}
	var room [32]byte
	return t.byName[string(appendFolded(room[:0], name))]
}

// Keys lists the fields of a record's own key in their order, without those that repeat its parent's.
func (t *Table) Keys() []*Field {
	var keys []*Field
	for i := range t.Fields {
		if t.Fields[i].Key {
			keys = append(keys, &t.Fields[i])
		}
	}
	return keys
}

// must answers the field of a name the program itself wrote.
func (t *Table) must(name string) *Field {
	if f := t.byName[name]; f != nil {
		return f
	}
	panic(fmt.Sprintf("contracts: %s has no field %s", t.Name, name))
}

// FoldName makes names of properties and columns comparable: only the 26 letters have two cases, so
// that no exotic letter passes for a plain one.
func FoldName(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return string(appendFolded(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

func appendFolded(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return b
}

// sameName tells whether FoldName makes the same of two names.
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower folds one byte of a name.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
