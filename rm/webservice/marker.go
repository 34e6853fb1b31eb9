package webservice

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm/command"
	"smartlink/rm/faults"
)

// markerSize is the length of a marker, in characters.
const markerSize = 32

var (
	isMarker  = regexp.MustCompile(`^[0-9a-f]{32}$`)
	endMarker = regexp.MustCompile(`(^| )[0-9a-f]{32}$`)
)

// strip takes the marker of the last call out of a record that was read: to the rules and to people its field holds
// the text alone.
func (o *object) strip(r *contracts.Record) {
	f := o.column(o.marker.Field)
	text := r.Text(f.Name)
	switch {
	case o.marker.AtEnd:
		text = endMarker.ReplaceAllString(text, "")
	case isMarker.MatchString(text):
		text = ""
	}
	if text == "" {
		r.Set(f.Name, contracts.Value{State: contracts.Null})
	} else {
		r.Set(f.Name, contracts.String(text))
	}
}

// put puts the marker of this call into a record.
func (o *object) put(r *contracts.Record, marker string) {
	f := o.column(o.marker.Field)
	text := marker
	if before := r.Text(f.Name); o.marker.AtEnd && before != "" {
		text = before + " " + marker
	}
	r.Set(f.Name, contracts.String(text))
}

// room tells why a marker does not fit into a record, if it does not. at is the message, which may not say the
// field: then it is what the record holds.
func (o *object) room(r, at *contracts.Record) (link.Fault, bool) {
	f := o.column(o.marker.Field)
	if !r.Has(f.Name) {
		return link.Fault{}, true
	}
	args := faults.Args{"name": f.Name, "label": f.PT, "label.en": f.EN}
	if !o.marker.AtEnd {
		return command.FaultAt(faults.MarkerField, at, f.Name, args), false
	}
	if n, most := utf8.RuneCountInString(r.Text(f.Name)), f.Size-markerSize-1; n > most {
		args["length"], args["size"] = strconv.Itoa(n), strconv.Itoa(most)
		return command.FaultAt(faults.MarkerRoom, at, f.Name, args), false
	}
	return link.Fault{}, true
}

// byMarker is the filter that finds the records of a marker.
func (o *object) byMarker(marker string) string {
	f := newFilter(o.table.Name)
	if o.marker.AtEnd {
		return f.ends(o.marker.Field, marker).String()
	}
	return f.text(o.marker.Field, marker).String()
}

// filter is a condition of a view.
type filter struct {
	table string
	terms []string
}

func newFilter(table string) *filter { return &filter{table: table} }

func (f *filter) add(column, condition string) *filter {
	f.terms = append(f.terms, f.table+"."+column+condition)
	return f
}

func (f *filter) number(column string, n int64) *filter {
	return f.add(column, "="+strconv.FormatInt(n, 10))
}

func (f *filter) text(column, text string) *filter {
	return f.add(column, "='"+strings.ReplaceAll(text, "'", "''")+"'")
}

// ends wants a text's end; it has no character that LIKE takes for a pattern.
func (f *filter) ends(column, end string) *filter {
	return f.add(column, " LIKE '%"+strings.ReplaceAll(end, "'", "''")+"'")
}

func (f *filter) String() string { return strings.Join(f.terms, " AND ") }
