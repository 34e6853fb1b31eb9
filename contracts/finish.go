package contracts

import (
	"slices"
	"strconv"
)

// finish judges what needs the whole record: required fields, keys, what the books keep for
// themselves, and the same of every child row. fresh says that the record is a new one.
func (c *Command) finish(r *Record, fresh bool, out *Findings) {
	duties := r.Table.onEdit
	if fresh {
		duties = r.Table.onNew
	}
	for _, d := range duties {
		v := &r.values[d.index]
		if v.State == Invalid && !d.list || v.State == Absent && !d.always {
			continue
		}
		f := &r.Table.Fields[d.index]
		if d.list {
			for _, row := range r.rows[f.nth] {
				c.finish(row, c.Insert || row.isFresh(), out)
			}
			continue
		}
		violation := f.judge(*v, fresh, r)
		if violation == nil {
			continue
		}
		violation.Pointer, violation.Field, violation.Of = r.pointer(f), f.Column, f
		if violation.Code == Required && fresh && !c.Insert {
			violation.Related = r.keyPointers() // it is new because its id says so
		}
		out.add(*violation)
		*v = v.spoiled()
	}
}

// duty is a field that finish has to look at: most fields of a table are free to hold what has its form.
type duty struct {
	index  int
	always bool // also when the body does not have it
	list   bool
}

// duties lists the fields for which judge may find something, and the lists.
func (t *Table) duties(fresh bool) []duty {
	var list []duty
	for i := range t.Fields {
		f := &t.Fields[i]
		needed := f.Generated && !fresh || !f.FromParent && (f.Key || f.Required && fresh)
		judged := f.FromParent || f.Generated || f.Required || f.NotNull && !fresh || (f.ReadOnly || f.Settable != nil) && fresh
		if needed || judged || f.Kind == List {
			list = append(list, duty{index: i, always: needed, list: f.Kind == List})
		}
	}
	return list
}

// keyPointers points at a row's generated key.
func (r *Record) keyPointers() []string {
	var at []string
	for i := range r.Table.Fields {
		if f := &r.Table.Fields[i]; f.Generated {
			at = append(at, r.Pointer(f.Name))
		}
	}
	return at
}

// isFresh tells whether a row asks for a new record: its generated key is -1, 0 or not given.
func (r *Record) isFresh() bool {
	f := r.Table.generated
	if f == nil {
		return true
	}
	v := &r.values[f.index]
	return v.State != Invalid && v.Int <= 0
}

// judge judges one valid value in its record.
func (f *Field) judge(v Value, fresh bool, r *Record) *Violation {
	given := v.State == Present
	switch {
	case f.Generated && fresh:
		if given && v.Int > 0 {
			return &Violation{Code: KeyGiven, Args: args("value", f.display(v))}
		}
	case f.Generated:
		if v.Int <= 0 {
			return &Violation{Code: KeyMissing}
		}
	case f.FromParent:
		return f.judgeParent(v, r)
	case f.Key && !given, f.Required && fresh && !given:
		return &Violation{Code: Required}
	case (f.Required || f.NotNull) && v.State == Null && !fresh:
		return &Violation{Code: NotNull}
	case f.ReadOnly && fresh && given && !v.Equal(f.initial(r)):
		return &Violation{Code: ReadOnly, Args: args("value", Excerpt(f.display(v)), "expected", f.display(f.initial(r)))}
	case fresh && given && !f.settable(v.Int):
		return f.notAllowed(v.Int, f.Settable)
	}
	return nil
}

func (f *Field) settable(n int64) bool { return f.Settable == nil || slices.Contains(f.Settable, n) }

// initial answers what a new record holds where the message says nothing.
func (f *Field) initial(r *Record) Value {
	if f.DefaultFrom == "" {
		return f.defaultValue
	}
	if _, v := r.inherited(f.DefaultFrom); v.State == Present {
		return v
	}
	return f.defaultValue
}

// inherited answers a field's value and the field that says it; a copy of the parent's key that is
// not given is the parent's.
func (r *Record) inherited(name string) (*Field, Value) {
	f := r.Table.must(name)
	v := r.values[f.index]
	if f.FromParent && v.State != Present && v.State != Invalid && r.parent != nil {
		return r.parent.inherited(name)
	}
	return f, v
}

// judgeParent judges a row's copy of its parent's key; while the parent is new, -1 and 0 stand for
// the key it will get.
func (f *Field) judgeParent(v Value, r *Record) *Violation {
	if v.State != Present || r.parent == nil {
		return nil
	}
	of, key := r.parent.inherited(f.Name)
	if key.State == Invalid || v.Equal(key) || of.Generated && v.Int <= 0 {
		return nil
	}
	said := r.parent
	for said.parent != nil && said.Table.must(f.Name).FromParent && said.State(f.Name) != Present {
		said = said.parent
	}
	return &Violation{Code: ParentKey, Related: []string{said.Pointer(f.Name)},
		Args: args("value", strconv.FormatInt(v.Int, 10), "parent", of.display(key))}
}

// ParentKeys points at the keys of the record a row belongs to.
func (r *Record) ParentKeys() []string {
	if r.parent == nil {
		return nil
	}
	var at []string
	for i := range r.parent.Table.Fields {
		if f := &r.parent.Table.Fields[i]; f.Key {
			at = append(at, r.parent.Pointer(f.Name))
		}
	}
	return at
}

// CheckStored reports the fields of an edit that must keep what is stored: the books' own, and
// with accounted also those an accounted record keeps. Those fields become invalid.
func (r *Record) CheckStored(stored *Record, accounted bool) []Violation {
	var out []Violation
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if !f.Stored() || !r.Changes(stored, f.Name) {
			continue
		}
		old := stored.values[i]
		switch {
		case f.ReadOnly || f.InsertOnly:
			out = append(out, f.violation(ReadOnly, r.Pointer(f.Name),
				"value", Excerpt(f.display(r.values[i])), "expected", Excerpt(f.display(old))))
		case f.Locked && accounted:
			out = append(out, f.violation(Locked, r.Pointer(f.Name),
				"value", Excerpt(f.display(r.values[i])), "stored", Excerpt(f.display(old))))
		case r.values[i].State == Present && !f.settable(r.values[i].Int):
			violation := f.notAllowed(r.values[i].Int, f.Settable)
			violation.Pointer, violation.Field, violation.Of = r.Pointer(f.Name), f.Column, f
			out = append(out, *violation)
		default:
			continue
		}
		r.values[i] = r.values[i].spoiled()
	}
	return out
}

// companyField is the field with the company of a record.
const companyField = "CodColigada"

// CheckCompanies reports codes whose company is neither 0 nor the record's own.
func (r *Record) CheckCompanies(company int64) []Violation {
	var out []Violation
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		v := r.values[i]
		if f.CompanyOf == "" || v.State != Present || v.Int == 0 || v.Int == company {
			continue
		}
		violation := f.violation(ForeignCompany, r.Pointer(f.Name),
			"value", strconv.FormatInt(v.Int, 10), "company", strconv.FormatInt(company, 10))
		if r.Table.Field(companyField) != nil {
			violation.Related = []string{r.CompanyPointer(companyField)}
		}
		out = append(out, violation)
		r.values[i] = v.spoiled()
	}
	return out
}
