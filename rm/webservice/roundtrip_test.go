package webservice

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"smartlink/contracts"
)

// anyCulture draws a host's.
var anyCulture = rapid.SampledFrom([]Culture{PTBR, Invariant})

// anyText draws texts that a message may hold: without control characters, not blank, with all that XML, JSON and
// filters treat in their own way.
func anyText(size int) *rapid.Generator[string] {
	odd := []rune("<>&'\"%_;|{}[]\\ \n\r\té€😀")
	character := rapid.OneOf(rapid.SampledFrom(odd), rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.P))
	return rapid.StringOfN(character, 1, min(size, 40), -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
}

// anyValue draws a value of a field; holding nothing is one where the field may be empty.
func anyValue(rt *rapid.T, f *contracts.Field) contracts.Value {
	if !f.Required && rapid.IntRange(0, 2).Draw(rt, f.Name+" holds nothing") == 0 {
		return contracts.Value{State: contracts.Null}
	}
	switch f.Kind {
	case contracts.Integer:
		if len(f.Values) > 0 {
			return contracts.Int(rapid.SampledFrom(f.Values).Draw(rt, f.Name).Value)
		}
		return contracts.Int(rapid.Int64Range(f.Min, f.Max).Draw(rt, f.Name))
	case contracts.Amount:
		most := int64(1)
		for range f.Numeric.Digits {
			most *= 10
		}
		least := 1 - most
		if f.Sign != contracts.AnySign {
			least = 1
		}
		return contracts.Int(rapid.OneOf(rapid.Int64Range(max(least, -2000_0000), 2000_0000), rapid.Int64Range(least, most-1)).Draw(rt, f.Name))
	case contracts.Day:
		return contracts.String(fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(1900, 2999).Draw(rt, f.Name), rapid.IntRange(1, 12).Draw(rt, f.Name), rapid.IntRange(1, 28).Draw(rt, f.Name)))
	case contracts.Moment:
		return contracts.String(fmt.Sprintf("2026-03-%02dT%02d:00:07Z", rapid.IntRange(1, 31).Draw(rt, f.Name), rapid.IntRange(0, 23).Draw(rt, f.Name)))
	default:
		return contracts.String(anyText(f.Size).Draw(rt, f.Name))
	}
}

// anyRow draws a row or the head of a record.
func anyRow(rt *rapid.T, t *contracts.Table) *contracts.Record {
	r := contracts.NewRecord(t, "")
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Stored() && !f.Key && !f.FromParent {
			r.Set(f.Name, anyValue(rt, f))
		}
	}
	return r
}

// anyRecord draws a record that RM holds.
func anyRecord(rt *rapid.T, o *object) *contracts.Record {
	r := anyRow(rt, o.table)
	for i, name := range o.keys {
		r.Set(name, contracts.Int(int64(i+1)))
	}
	signedByKind(r)
	if o.table == contracts.FLAN {
		var rows []*contracts.Record
		for n := range rapid.IntRange(0, 3).Draw(rt, "rows") {
			rows = append(rows, anyShare(rt, int64(n+1)))
		}
		r.SetRows("Rateios", rows)
	}
	r.SetExtras(anyExtras(rt))
	return r
}

func anyShare(rt *rapid.T, id int64) *contracts.Record {
	row := anyRow(rt, contracts.FLANRATCCU)
	for name, n := range map[string]int64{"CodColigada": 1, "IdLan": 2, "IdRatCCu": id} {
		row.Set(name, contracts.Int(n))
	}
	return row
}

func anyExtras(rt *rapid.T) []contracts.Extra {
	var extras []contracts.Extra
	for _, name := range []string{"CONTRATO", "EVENTO"} {
		x := contracts.Extra{Name: name, Value: contracts.Value{State: contracts.Null}}
		if rapid.Bool().Draw(rt, name) {
			x.Value = contracts.String(anyText(40).Draw(rt, name))
		}
		extras = append(extras, x)
	}
	return extras
}

// signedByKind gives the amounts of a statement entry the sign that RM gives them.
func signedByKind(r *contracts.Record) {
	if r.Table != contracts.FXCX {
		return
	}
	for _, name := range []string{"Valor", "ValorContabil"} {
		if n := abs(r.Int(name)); r.Has(name) {
			if r.Int("Tipo") == contracts.Withdrawal {
				n = -n
			}
			r.Set(name, contracts.Int(n))
		}
	}
}

// anyEdit draws what an edit makes of a record. A list that had rows has one at least: the rules see to it.
func anyEdit(rt *rapid.T, found *contracts.Record) *contracts.Record {
	r := apart(found)
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if f.Stored() && !f.Key && !f.ReadOnly && rapid.IntRange(0, 4).Draw(rt, f.Name+" changes") == 0 {
			r.Set(f.Name, anyValue(rt, f))
		}
	}
	signedByKind(r)
	if r.Table == contracts.FLAN && rapid.Bool().Draw(rt, "other rows") {
		var rows []*contracts.Record
		for _, old := range found.Rows("Rateios") {
			if rapid.Bool().Draw(rt, "stays") {
				rows = append(rows, old)
			} else if rapid.Bool().Draw(rt, "changes") {
				rows = append(rows, anyShare(rt, old.Int("IdRatCCu")))
			}
		}
		if len(rows) == 0 || rapid.Bool().Draw(rt, "a new row") {
			rows = append(rows, anyShare(rt, -1))
		}
		r.SetRows("Rateios", rows)
	}
	if rapid.Bool().Draw(rt, "other custom columns") {
		r.SetExtras(anyExtras(rt))
	}
	return r
}

// apart answers the same record with lists of its own.
func apart(r *contracts.Record) *contracts.Record {
	c := contracts.NewRecord(r.Table, "")
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		c.Set(f.Name, r.Value(f.Name))
		if f.Kind == contracts.List {
			c.SetRows(f.Name, r.Rows(f.Name))
		}
	}
	c.SetExtras(r.Extras())
	return c
}

// kept is a record as a host keeps it: rows of texts.
type kept []row

// keep takes a save: what is said is written, what is empty cleared, a list of rows replaced, new ids given.
func (k kept) keep(rt *rapid.T, o *object, save string) kept {
	said, err := parseDataSet(save)
	if err != nil {
		rt.Fatalf("%v: %s", err, save)
	}
	head, custom := row{o.table.Name, map[string]string{}}, row{o.custom(), map[string]string{}}
	var before, rows []row
	for _, r := range k {
		switch r.table {
		case head.table:
			head = r
		case custom.table:
			custom = r
		default:
			before = append(before, r)
		}
	}
	write := func(to row, from row) {
		for column, text := range from.cells {
			if text == "" {
				delete(to.cells, column)
			} else {
				to.cells[column] = text
			}
		}
	}
	for _, r := range said {
		switch r.table {
		case head.table:
			write(head, r)
			if r.cells["TIPO"] == "1" { // a host that takes the sign from what is said, and not from what it holds
				for _, column := range unsigned {
					if text := r.cells[column]; text != "" {
						head.cells[column] = "-" + text
					}
				}
			}
		case custom.table:
			write(custom, r)
		default:
			whole := row{r.table, map[string]string{}}
			for _, old := range before {
				if old.cells["IDRATCCU"] == r.cells["IDRATCCU"] {
					whole = old
				}
			}
			write(whole, r)
			if r.cells["IDRATCCU"] == "-1" {
				whole.cells["IDRATCCU"] = fmt.Sprint(100 + len(rows))
			}
			rows = append(rows, whole)
		}
	}
	if rows == nil {
		rows = before
	}
	return append(append(kept{head}, rows...), custom)
}

// text is what the host answers when it is asked for the record.
func (k kept) text(root string) string {
	s := newDataSet(root)
	for _, r := range k {
		s.begin(r.table)
		for column, text := range r.cells {
			s.cell(column, text)
		}
		s.end(r.table)
	}
	return s.text()
}

// all is a record as a host keeps it that has made it itself, with what it alone writes.
func all(r *contracts.Record, o *object, culture Culture) kept {
	write := func(r *contracts.Record) row {
		cells := map[string]string{}
		for i := range r.Table.Fields {
			if f := &r.Table.Fields[i]; f.Stored() && r.Has(f.Name) {
				cells[f.Column] = encodeCell(r, f, culture)
			}
		}
		return row{r.Table.Name, cells}
	}
	k := kept{write(r)}
	for i := range r.Table.Fields {
		if f := &r.Table.Fields[i]; f.Kind == contracts.List {
			for _, child := range r.Rows(f.Name) {
				k = append(k, write(child))
			}
		}
	}
	custom := row{o.custom(), map[string]string{}}
	for _, x := range r.Extras() {
		if x.Value.State == contracts.Present {
			custom.cells[x.Name] = x.Value.Text
		}
	}
	return append(k, custom)
}

// differences lists where two records differ, but for ids and what only RM writes.
func differences(got, want *contracts.Record) []string {
	var wrong []string
	for i := range want.Table.Fields {
		f := &want.Table.Fields[i]
		switch {
		case f.Generated || f.ReadOnly:
		case f.Kind == contracts.List:
			if len(got.Rows(f.Name)) != len(want.Rows(f.Name)) {
				wrong = append(wrong, fmt.Sprintf("%d rows of %s, not %d", len(got.Rows(f.Name)), f.Name, len(want.Rows(f.Name))))
				continue
			}
			for n, row := range want.Rows(f.Name) {
				wrong = append(wrong, differences(got.Rows(f.Name)[n], row)...)
			}
		case f.Kind == contracts.Open:
			if have, want := fmt.Sprint(got.Extras()), fmt.Sprint(want.Extras()); have != want {
				wrong = append(wrong, fmt.Sprintf("custom columns %s, not %s", have, want))
			}
		case f.FromParent:
		case f.Stored() && got.Display(f.Name) != want.Display(f.Name):
			wrong = append(wrong, fmt.Sprintf("%s.%s is %q, not %q", want.Table.Name, f.Column, got.Display(f.Name), want.Display(f.Name)))
		}
	}
	return wrong
}

func roundTripWriter(t *testing.T, c Culture) *Writer {
	w, err := New(Config{URL: "http://127.0.0.1:1", User: "u", Password: "p", Culture: c, Custom: map[string]map[string]int{
		"FLANCOMPL": {"CONTRATO": 40, "EVENTO": 40}, "FXCXCOMPL": {"CONTRATO": 40, "EVENTO": 40},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWhatASaveSaysIsWhatIsMeant: a host that does with a save what RM is known to do holds the very record that was
// to be written, to the last place and character; a new one, and one that is edited.
func TestWhatASaveSaysIsWhatIsMeant(t *testing.T) {
	writers := map[Culture]*Writer{PTBR: roundTripWriter(t, PTBR), Invariant: roundTripWriter(t, Invariant)}
	for _, server := range []string{financeServer, statementServer} {
		for _, edits := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, edits %t", server, edits), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					culture := anyCulture.Draw(rt, "culture")
					w := writers[culture]
					o := w.objects[server]
					record := anyRecord(rt, o)
					var found *contracts.Record
					var before kept
					if edits {
						found = record
						before = all(found, o, culture)
						record = anyEdit(rt, found)
					} else {
						record.Set(o.keys[len(o.keys)-1], contracts.Int(-1))
						if o.table == contracts.FLAN {
							for _, row := range record.Rows("Rateios") {
								row.Set("IdRatCCu", contracts.Int(-1))
							}
						}
					}
					save := newChange(o, record, found).dataSet(culture)
					got, err := w.decodeRecord(o, before.keep(rt, o, save).text(o.root))
					if err != nil {
						rt.Fatalf("%v\n%s", err, save)
					}
					if wrong := differences(got, record); len(wrong) > 0 {
						rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), save)
					}
				})
			})
		}
	}
}

// TestAmountsTellTheirCulture: every amount that is written is read as the same one, says in which culture it is, and
// is refused, not taken for another, where the other culture is configured.
func TestAmountsTellTheirCulture(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := anyCulture.Draw(rt, "culture")
		size := rapid.SampledFrom([]contracts.Numeric{contracts.Money, contracts.Rate, contracts.Percent}).Draw(rt, "size")
		most := int64(1)
		for range size.Digits {
			most *= 10
		}
		d := contracts.Decimal{Units: rapid.OneOf(rapid.Int64Range(-30_0000, 30_0000), rapid.Int64Range(1-most, most-1)).Draw(rt, "units"), Places: size.Places}
		text := c.write(d)
		if got, err := c.read(size, text); err != nil || got != d {
			rt.Fatalf("%s is read as %v, %v", text, got, err)
		}
		if told := tells(text); told != c {
			rt.Fatalf("%s tells %q", text, told)
		}
		other := map[Culture]Culture{PTBR: Invariant, Invariant: PTBR}[c]
		if got, err := other.read(size, text); err == nil {
			rt.Fatalf("%s is read as %v in the other culture", text, got)
		}
	})
}

// TestEntriesComeBackAsTheyWent: what is said of an accounting entry by REST reads as the entry.
func TestEntriesComeBackAsTheyWent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := anyRow(rt, contracts.CLANCAMENTO)
		for name, n := range map[string]int64{"CodColigada": 1, "CodLote": 10, "IdLancamento": 5} {
			r.Set(name, contracts.Int(n))
		}
		var lines []*contracts.Record
		for n := range rapid.IntRange(1, 3).Draw(rt, "lines") {
			line := anyRow(rt, contracts.CPARTIDA)
			line.Set("IdPartida", contracts.Int(int64(n+1)))
			var shares []*contracts.Record
			for _, amount := range []string{"VlrDebito", "VlrCredito"} { // debits come first, as they are read
				for range rapid.IntRange(0, 2).Draw(rt, amount) {
					share := anyRow(rt, contracts.CRATEIOLC)
					share.Set("VlrDebito", contracts.Int(0))
					share.Set("VlrCredito", contracts.Int(0))
					share.Set(amount, contracts.Int(rapid.Int64Range(1, 999_999_999_999_999).Draw(rt, "share")))
					shares = append(shares, share)
				}
			}
			line.SetRows("Rateios", shares)
			lines = append(lines, line)
		}
		r.SetRows("Partidas", lines)
		body, err := json.Marshal(entryOf(r))
		if err != nil {
			rt.Fatal(err)
		}
		e, err := decodeEntry(body)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := e.record()
		if err != nil {
			rt.Fatal(err)
		}
		wrong := slices.DeleteFunc(differences(got, r), func(s string) bool { return strings.Contains(s, ".USUARIO") }) // RM's own here
		if len(wrong) > 0 {
			rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), body)
		}
	})
}

// TestMarkersLeaveTheTextAlone: a marker that there is room for fits, is found by its filter's end, and what is read
// without it is the text.
func TestMarkersLeaveTheTextAlone(t *testing.T) {
	w := roundTripWriter(t, PTBR)
	rapid.Check(t, func(rt *rapid.T) {
		o := w.objects[rapid.SampledFrom([]string{financeServer, statementServer, accountingServer}).Draw(rt, "server")]
		f := o.column(o.marker.Field)
		r := contracts.NewRecord(o.table, "")
		if size := rapid.OneOf(rapid.IntRange(0, f.Size), rapid.IntRange(f.Size-markerSize-3, f.Size-markerSize+1)).Draw(rt, "size"); size > 0 {
			text := []rune(strings.Repeat(anyText(f.Size).Draw(rt, "text"), size))
			r.Set(f.Name, contracts.String(string(text[:size])))
		}
		before := r.Value(f.Name)
		if _, ok := o.room(r, r); !ok {
			return
		}
		marked := r.Copy()
		o.put(marked, marker)
		if n := utf8.RuneCountInString(marked.Text(f.Name)); n > f.Size || !strings.HasSuffix(marked.Text(f.Name), marker) {
			rt.Fatalf("%q has %d characters of %d", marked.Text(f.Name), n, f.Size)
		}
		o.strip(marked)
		if !marked.Value(f.Name).Equal(before) {
			rt.Fatalf("%q without its marker is %q", before.Text, marked.Text(f.Name))
		}
	})
}
