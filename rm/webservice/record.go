package webservice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartlink/contracts"
)

// dateTime is how data sets write dates and moments.
const dateTime = "2006-01-02T15:04:05"

// decodeRecord reads the data set of one record; nil when there is none. What a data set leaves out holds
// nothing. Amounts are read in the culture that they, or those before them, tell.
func (w *Writer) decodeRecord(o *object, text string) (*contracts.Record, error) {
	rows, err := parseDataSet(text)
	if err != nil {
		return nil, unreadable("RM's data set", err)
	}
	heads := of(rows, o.table.Name)
	switch {
	case len(heads) == 0:
		return nil, nil
	case len(heads) > 1:
		return nil, fmt.Errorf("RM's data set holds %d records of %s", len(heads), o.table.Name)
	}
	culture, err := w.amounts.learn(numbersOf(o.table, rows))
	if err != nil {
		return nil, err
	}
	r, err := decodeRow(o.table, heads[0], culture)
	if err != nil {
		return nil, err
	}
	for i := range o.table.Fields {
		f := &o.table.Fields[i]
		switch f.Kind {
		case contracts.List:
			children := []*contracts.Record{}
			for _, c := range of(rows, f.Child.Name) {
				child, err := decodeRow(f.Child, c, culture)
				if err != nil {
					return nil, err
				}
				children = append(children, child)
			}
			r.SetRows(f.Name, children)
		case contracts.Open:
			r.SetExtras(w.customOf(o, of(rows, f.Column)))
		}
	}
	return r, nil
}

// customOf reads the columns that the customer added, as far as they are configured.
func (w *Writer) customOf(o *object, rows []row) []contracts.Extra {
	var extras []contracts.Extra
	for _, c := range w.customColumns(o.custom()) {
		x := contracts.Extra{Name: c.Name, Value: contracts.Value{State: contracts.Null}}
		if len(rows) > 0 && rows[0].cells[c.Name] != "" {
			x.Value = contracts.String(rows[0].cells[c.Name])
		}
		extras = append(extras, x)
	}
	return extras
}

// custom is the table of a record's custom columns; "" without one.
func (o *object) custom() string {
	for i := range o.table.Fields {
		if f := &o.table.Fields[i]; f.Kind == contracts.Open {
			return f.Column
		}
	}
	return ""
}

// numbersOf lists the amounts of a record's rows as they are written.
func numbersOf(t *contracts.Table, rows []row) []string {
	tables := map[string]*contracts.Table{t.Name: t}
	for i := range t.Fields {
		if c := t.Fields[i].Child; c != nil {
			tables[c.Name] = c
		}
	}
	var numbers []string
	for _, r := range rows {
		if t := tables[r.table]; t != nil {
			for i := range t.Fields {
				if f := &t.Fields[i]; f.Kind == contracts.Amount && r.cells[f.Column] != "" {
					numbers = append(numbers, r.cells[f.Column])
				}
			}
		}
	}
	return numbers
}

// decodeRow reads the columns of a row.
func decodeRow(t *contracts.Table, r row, culture Culture) (*contracts.Record, error) {
	read := contracts.NewRecord(t, "")
	for i := range t.Fields {
		f := &t.Fields[i]
		if !f.Stored() {
			continue
		}
		if err := decodeCell(read, f, r.cells[f.Column], culture); err != nil {
			return nil, fmt.Errorf("RM's %s.%s holds %q: %w", t.Name, f.Column, contracts.Excerpt(r.cells[f.Column]), err)
		}
	}
	return read, nil
}

func decodeCell(r *contracts.Record, f *contracts.Field, text string, culture Culture) error {
	if f.Kind != contracts.Text {
		text = strings.TrimSpace(text)
	}
	if text == "" {
		return r.Load(f, false, 0, "")
	}
	switch f.Kind {
	case contracts.Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		return r.Load(f, true, n, "")
	case contracts.Amount:
		if culture == "" && strings.ContainsAny(text, ",.") {
			return errCulture
		}
		d, err := culture.read(f.Numeric, text)
		if err != nil {
			return err
		}
		return r.Load(f, true, 0, d.String())
	case contracts.Day:
		d, err := contracts.ParseDate(text)
		if err != nil {
			return err
		}
		return r.Load(f, true, 0, string(d))
	case contracts.Moment:
		m, err := time.Parse(dateTime, strings.TrimSuffix(text, "Z")) // with a fraction or without
		if err != nil {
			if m, err = time.Parse(time.RFC3339, text); err != nil {
				return err
			}
		}
		return r.Load(f, true, 0, contracts.FormatMoment(m))
	default:
		return r.Load(f, true, 0, text)
	}
}

// encodeCell writes a field's value; empty without one.
func encodeCell(r *contracts.Record, f *contracts.Field, culture Culture) string {
	if !r.Has(f.Name) {
		return ""
	}
	switch f.Kind {
	case contracts.Amount:
		return culture.write(r.Decimal(f.Name))
	case contracts.Day:
		return r.Text(f.Name) + "T00:00:00"
	case contracts.Moment:
		return strings.TrimSuffix(r.Text(f.Name), "Z")
	default:
		return r.Display(f.Name)
	}
}

// change is what a save says of a record.
type change struct {
	o             *object
	record, found *contracts.Record // as it is to be, with its marker; as it is, nil for a new one
	head          []*contracts.Field
	rows          bool // the list of rows is sent, whole
	custom        []contracts.Extra
}

// unsigned are amounts that RM signs by the kind of the entry.
var unsigned = []string{"VALOR", "VALORCONTABIL"}

// newChange finds what has to be said: of a new record all it has, of an edit what differs. What RM keeps itself
// is not said.
func newChange(o *object, record, found *contracts.Record) *change {
	c := &change{o: o, record: record, found: found}
	for i := range o.table.Fields {
		f := &o.table.Fields[i]
		switch {
		case f.Key || f.ReadOnly:
		case f.Kind == contracts.List:
			c.rows = c.rows || rowsDiffer(record, found, f)
		case f.Kind == contracts.Open:
			c.custom = customDiffers(record, found)
		case !f.Stored() || found == nil && !record.Has(f.Name) || found != nil && !record.Changes(found, f.Name):
		default:
			c.head = append(c.head, f)
		}
	}
	// RM signs an amount by the kind: the two go together.
	if kind := o.column("TIPO"); kind != nil && !slices.Contains(c.head, kind) && slices.ContainsFunc(c.head, func(f *contracts.Field) bool { return slices.Contains(unsigned, f.Column) }) {
		c.head = append(c.head, kind)
	}
	return c
}

// rowsDiffer tells whether a list has other rows than before.
func rowsDiffer(record, found *contracts.Record, f *contracts.Field) bool {
	rows := record.Rows(f.Name)
	if found == nil {
		return len(rows) > 0
	}
	before := map[int64]*contracts.Record{}
	id := idOf(f.Child)
	for _, r := range found.Rows(f.Name) {
		before[r.Int(id)] = r
	}
	for _, r := range rows {
		old := before[r.Int(id)]
		if old == nil {
			return true
		}
		for i := range f.Child.Fields {
			if g := &f.Child.Fields[i]; g.Stored() && r.Changes(old, g.Name) {
				return true
			}
		}
	}
	return len(rows) != len(before)
}

// idOf names the field with a row's own id.
func idOf(t *contracts.Table) string { return t.Keys()[0].Name }

// customDiffers lists the custom columns whose value is another than before.
func customDiffers(record, found *contracts.Record) []contracts.Extra {
	before := map[string]contracts.Value{}
	if found != nil {
		for _, x := range found.Extras() {
			before[x.Name] = x.Value
		}
	}
	var list []contracts.Extra
	for _, x := range record.Extras() {
		if !x.Value.Equal(before[x.Name]) {
			list = append(list, x)
		}
	}
	return list
}

// amounts tells whether a save says an amount.
func (c *change) amounts() bool {
	return c.rows || slices.ContainsFunc(c.head, func(f *contracts.Field) bool { return f.Kind == contracts.Amount })
}

// dataSet writes a save.
func (c *change) dataSet(culture Culture) string {
	s := newDataSet(c.o.root)
	s.begin(c.o.table.Name)
	for _, f := range c.o.table.Keys() {
		s.cell(f.Column, encodeCell(c.record, f, culture))
	}
	for _, f := range c.head {
		text := encodeCell(c.record, f, culture)
		if slices.Contains(unsigned, f.Column) && c.o.table == contracts.FXCX {
			text = strings.TrimPrefix(text, "-")
		}
		s.cell(f.Column, text)
	}
	s.end(c.o.table.Name)
	for i := range c.o.table.Fields {
		f := &c.o.table.Fields[i]
		if f.Kind != contracts.List || !c.rows {
			continue
		}
		for _, r := range c.record.Rows(f.Name) {
			s.begin(f.Child.Name)
			for j := range f.Child.Fields {
				if g := &f.Child.Fields[j]; g.Stored() && (r.Has(g.Name) || r.Int(idOf(f.Child)) > 0) {
					s.cell(g.Column, encodeCell(r, g, culture))
				}
			}
			s.end(f.Child.Name)
		}
	}
	if len(c.custom) > 0 {
		s.begin(c.o.custom())
		for _, f := range c.o.table.Keys() {
			s.cell(f.Column, encodeCell(c.record, f, culture))
		}
		for _, x := range c.custom {
			s.cell(x.Name, x.Value.Text)
		}
		s.end(c.o.custom())
	}
	return s.text()
}

// arrived compares the amounts that say what a record is worth, and tells the first that is another.
func (c *change) arrived(now *contracts.Record) (column, want, have string, ok bool) {
	for i := range c.o.table.Fields {
		f := &c.o.table.Fields[i]
		switch {
		case f.Kind == contracts.Amount && f.Required:
			if want, have := c.record.Decimal(f.Name), now.Decimal(f.Name); abs(want.Units) != abs(have.Units) {
				return f.Column, want.String(), have.String(), false
			}
		case f.Kind == contracts.List:
			if want, have := amountsOf(c.record.Rows(f.Name)), amountsOf(now.Rows(f.Name)); !slices.Equal(want, have) {
				return f.Child.Name + ".VALOR", fmt.Sprint(want), fmt.Sprint(have), false
			}
		}
	}
	return "", "", "", true
}

// amountsOf lists the amounts of rows, the smallest first.
func amountsOf(rows []*contracts.Record) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = r.Decimal("Valor").String()
	}
	slices.Sort(list)
	return list
}

func abs(n int64) int64 { return max(n, -n) }
