package contracts

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Command is a message type and what it does to which table.
type Command struct {
	Type   string // FinLanIncDataCommand
	Table  *Table
	Insert bool // makes a new record; otherwise edits one
	PT, EN string
}

// Decode reads a body. The data object is found by the body's envelope; property names have no
// case; unknown properties are listed and left alone. The record holds every field that has its
// form, so that rules can be judged although others are invalid. It is nil when the body holds no
// data object at all.
func (c *Command) Decode(body []byte) (*Record, Findings) {
	if !isJSON(body) {
		return nil, notJSON()
	}
	return c.DecodeJSON(body)
}

func isJSON(body []byte) bool { return utf8.Valid(body) && json.Valid(body) }

func notJSON() Findings { return Findings{Violations: []Violation{{Code: NotJSON}}} }

// DecodeJSON is Decode for a body that utf8.Valid and json.Valid have accepted; of another one it may
// answer anything.
func (c *Command) DecodeJSON(body []byte) (*Record, Findings) {
	return c.decode(string(body), newRecord)
}

// decode reads a body into records that record makes. Their texts are parts of the body's.
func (c *Command) decode(body string, record func(*Table) *Record) (*Record, Findings) {
	d := decoder{tokens: tokens{text: body}, record: record}
	r := d.enveloped(c.Table)
	if r == nil {
		d = decoder{tokens: tokens{text: body}, record: record}
		r = d.searched(c.Table)
	}
	switch {
	case d.err != nil:
		return nil, notJSON()
	case r != nil:
		c.finish(r, c.Insert, &d.findings)
	}
	return r, d.findings
}

// decoder walks the tokens of a body that json.Valid has accepted.
type decoder struct {
	tokens   tokens
	findings Findings
	record   func(*Table) *Record
	err      error
}

// enveloped reads the data object of most bodies while it passes over what stands beside it: an object that stands
// once under "data" is what findData finds, whatever the envelope. Otherwise it answers nil, and nothing that it found counts.
func (d *decoder) enveloped(t *Table) *Record {
	if d.next().kind != '{' {
		return nil
	}
	var r *Record
	for d.more() {
		name := d.next()
		switch {
		case name.kind != '"' || name.escaped:
			return nil
		case name.inner() == usualData[1:]:
			if r != nil || d.next().kind != '{' {
				return nil
			}
			r = d.record(t)
			r.at = usualData
			d.object(r)
		case t.byName[name.inner()] != nil: // by all appearances in no envelope
			return nil
		default:
			d.tokens.value()
		}
	}
	return r
}

// searched reads the data object of any body; nil when there is none.
func (d *decoder) searched(t *Table) *Record {
	data, at, ok := findData(d.tokens.text, &d.findings)
	if !ok {
		return nil
	}
	d.tokens = tokens{text: data}
	d.next() // the opening brace, findData has seen it
	r := d.record(t)
	r.at = at
	d.object(r)
	return r
}

func (d *decoder) next() token {
	tok := d.tokens.scan()
	if tok.kind == 0 && d.err == nil {
		d.err = io.EOF
	}
	return tok
}

// text is the text of a string.
func (d *decoder) text(tok token) string {
	s, err := tok.text()
	if err != nil && d.err == nil {
		d.err = err
	}
	return s
}

func (d *decoder) more() bool { return d.err == nil && d.tokens.more() }

// skip passes over the rest of a value whose first token was tok.
func (d *decoder) skip(tok token) {
	depth := 0
	for {
		switch tok.kind {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 || d.err != nil {
			return
		}
		tok = d.next()
	}
}

// name reads the name of a member.
func (d *decoder) name() string {
	tok := d.next()
	if tok.kind != '"' { // not in valid JSON
		return ""
	}
	return d.text(tok)
}

// object reads the members of an object whose brace has been passed.
func (d *decoder) object(r *Record) {
	for d.more() {
		name := d.name()
		f := r.Table.Field(name)
		if f == nil {
			d.findings.unknown(child(r.At(), name), name)
			d.skip(d.next())
			continue
		}
		v := &r.values[f.index]
		if v.given {
			d.findings.add(r.repeated(f, name))
			*v = v.spoiled()
			d.skip(d.next())
			continue
		}
		v.given = true // so that findings point at it
		if name != f.Name {
			r.names = append(r.names, spelling{f, name})
		}
		*v = d.value(r, f)
		v.given = true
	}
	d.next() // the closing brace
}

// repeated says that a field stands there again, under a name.
func (r *Record) repeated(f *Field, name string) Violation {
	violation := f.violation(Repeated, child(r.At(), name), "name", f.Name)
	if first := r.pointer(f); first != violation.Pointer {
		violation.Related = []string{first}
	}
	return violation
}

// value reads one value of a field, and reports what is wrong with it.
func (d *decoder) value(r *Record, f *Field) Value {
	tok := d.next()
	switch {
	case tok.kind == 'n' || tok.kind == 0:
		return Value{State: Null}
	case tok.kind == '[' && f.Kind == List:
		return d.list(r, f)
	case tok.kind == '{' && f.Kind == Open:
		return d.open(r, f)
	}
	var v Value
	var violation *Violation
	switch tok.kind {
	case '0':
		if f.Kind == Integer || f.Kind == Amount || f.Kind == Switch {
			v, violation = f.read(tok.raw)
		} else {
			violation = f.wrongType()
		}
	case '"':
		v, violation = f.read(d.text(tok))
	case 't', 'f':
		if f.Kind == Switch {
			v = Value{State: Present, Int: map[bool]int64{true: 1}[tok.kind == 't']}
		} else {
			violation = f.wrongType()
		}
	default:
		d.skip(tok)
		violation = f.wrongType()
	}
	if violation == nil && f.Kind == Switch && v.Int != 0 {
		violation = &Violation{Code: MustBeFalse}
	}
	if violation != nil {
		d.report(f, violation, r.pointer(f))
		return Value{State: Invalid}
	}
	return v
}

func (d *decoder) report(f *Field, violation *Violation, pointer string) {
	violation.Pointer, violation.Field, violation.Of = pointer, f.Column, f
	d.findings.add(*violation)
}

// list reads child rows after the bracket.
func (d *decoder) list(r *Record, f *Field) Value {
	rows := r.rows[f.nth]
	state := Present
	count := 0
	for ; d.more(); count++ {
		tok := d.next()
		switch {
		case count >= f.MaxRows:
			d.skip(tok)
		case tok.kind == '{':
			row := d.record(f.Child)
			row.parent, row.list, row.row = r, f, count
			d.object(row)
			rows = append(rows, row)
		default:
			d.skip(tok)
			d.findings.add(f.violation(WrongType, r.pointer(f)+"/"+strconv.Itoa(count), "want", Open.String()))
			state = Invalid
		}
	}
	d.next() // the closing bracket
	if count > f.MaxRows {
		d.findings.add(f.violation(TooManyRows, r.pointer(f), "rows", strconv.Itoa(count), "max", strconv.Itoa(f.MaxRows)))
		state = Invalid
	}
	r.rows[f.nth] = rows
	return Value{State: state}
}

// maxExtras is how many properties of an open object are taken.
const maxExtras = 200

// open reads the customer's own properties after the brace: texts, numbers, booleans and nulls.
func (d *decoder) open(r *Record, f *Field) Value {
	state := Present
	var names extraNames
	for d.more() {
		x := Extra{Name: d.name(), Value: Value{State: Present}, of: r, in: f}
		v := &x.Value
		tok := d.next()
		var violation *Violation
		switch tok.kind {
		case 'n', 0:
			v.State = Null
		case '"':
			*v, violation = readText(d.text(tok), f.Size)
		case '0':
			v.Text = tok.raw
		case 't', 'f':
			v.Text = map[bool]string{true: "T", false: "F"}[tok.kind == 't']
		default:
			d.skip(tok)
			violation = &Violation{Code: WrongType, Args: args("want", Text.String())}
		}
		if first := names.find(r.extras, x.Name); first != nil {
			violation = &Violation{Code: Repeated, Args: args("name", Excerpt(x.Name))}
			if first.Pointer() != x.Pointer() {
				violation.Related = []string{first.Pointer()}
			}
		} else if len(r.extras) == maxExtras {
			violation = &Violation{Code: TooManyRows, Args: args("rows", strconv.Itoa(maxExtras+1), "max", strconv.Itoa(maxExtras))}
		}
		if violation != nil {
			d.report(f, violation, x.Pointer())
			state = Invalid
			continue
		}
		r.extras = append(r.extras, x)
	}
	d.next() // the closing brace
	return Value{State: state}
}

// fewExtras is how many properties are compared one by one.
const fewExtras = 8

// extraNames finds properties by their names, which have no case: of many by an index.
type extraNames map[string]int

func (n *extraNames) find(extras []Extra, name string) *Extra {
	if len(extras) <= fewExtras {
		for i := range extras {
			if sameName(extras[i].Name, name) {
				return &extras[i]
			}
		}
		return nil
	}
	if *n == nil {
		*n = make(extraNames, 2*len(extras))
	}
	for i := len(*n); i < len(extras); i++ { // those that came since
		(*n)[FoldName(extras[i].Name)] = i
	}
	if i, ok := (*n)[FoldName(name)]; ok {
		return &extras[i]
	}
	return nil
}

func (f *Field) violation(code Code, pointer string, pairs ...string) Violation {
	return Violation{Code: code, Pointer: pointer, Field: f.Column, Of: f, Args: args(pairs...)}
}

func (f *Field) wrongType() *Violation {
	return &Violation{Code: WrongType, Args: args("want", f.Kind.String())}
}

// read reads the text of a number or string into a value of the field.
func (f *Field) read(text string) (Value, *Violation) {
	switch f.Kind {
	case Text:
		return readText(text, f.Size)
	case Integer:
		return f.readInteger(text)
	case Amount:
		return f.readAmount(text)
	case Day:
		date, err := ParseDate(text)
		if err != nil {
			return Value{}, &Violation{Code: NotDate, Args: args("value", Excerpt(text))}
		}
		return String(string(date)), nil
	case Moment:
		moment, err := parseMoment(text)
		if err != nil {
			return Value{}, &Violation{Code: NotDate, Args: args("value", Excerpt(text))}
		}
		return String(moment), nil
	case Switch:
		d, err := Numeric{1, 0}.Parse(text)
		switch folded := FoldName(text); {
		case folded == "false", err == nil && d.Units == 0:
			return Int(0), nil
		case folded == "true", err == nil && d.Units == 1:
			return Int(1), nil
		}
	}
	return Value{}, f.wrongType()
}

func readText(text string, size int) (Value, *Violation) {
	if isPlain(text, size) {
		return String(text), nil
	}
	if strings.TrimSpace(text) == "" {
		return Value{State: Null}, nil
	}
	if n := utf8.RuneCountInString(text); n > size {
		return Value{}, &Violation{Code: TooLong, Args: args("size", strconv.Itoa(size), "length", strconv.Itoa(n))}
	}
	for _, c := range text {
		// U+FFFD stands for characters that were lost on the way.
		if c == unicode.ReplacementChar || unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' {
			return Value{}, &Violation{Code: BadCharacters}
		}
	}
	return String(text), nil
}

// isPlain tells of most texts that they are in order: of printable ASCII characters, not too many, not blank.
func isPlain(text string, size int) bool {
	blank := true
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' {
			return false
		}
		blank = blank && c == ' '
	}
	return !blank && len(text) <= size
}

func (f *Field) readInteger(text string) (Value, *Violation) {
	d, err := Numeric{18, 0}.Parse(text)
	switch err {
	case nil:
	case ErrRange:
		return Value{}, &Violation{Code: OutOfRange, Args: args("value", Excerpt(text))}
	default:
		return Value{}, f.wrongType()
	}
	if len(f.Values) > 0 {
		for i := range f.Values {
			if f.Values[i].Value == d.Units {
				return Int(d.Units), nil
			}
		}
		return Value{}, f.notAllowed(d.Units, nil)
	}
	if d.Units < f.Min || d.Units > f.Max {
		return Value{}, &Violation{Code: OutOfRange, Args: args("value", Excerpt(text))}
	}
	return Int(d.Units), nil
}

// notAllowed names the allowed values; only narrows them.
func (f *Field) notAllowed(n int64, only []int64) *Violation {
	if only == nil {
		for _, o := range f.Values {
			only = append(only, o.Value)
		}
	}
	allowed := make([]string, len(only))
	for i, v := range only {
		allowed[i] = strconv.FormatInt(v, 10)
	}
	return &Violation{Code: NotAllowed, Args: args("value", strconv.FormatInt(n, 10), "allowed", strings.Join(allowed, ", "))}
}

func (f *Field) readAmount(text string) (Value, *Violation) {
	d, err := f.Numeric.Parse(text)
	switch {
	case err == ErrPlaces:
		return Value{}, &Violation{Code: TooManyPlaces, Args: args("value", Excerpt(text), "places", strconv.Itoa(f.Numeric.Places))}
	case err == ErrRange:
		return Value{}, &Violation{Code: OutOfRange, Args: args("value", Excerpt(text))}
	case err != nil:
		return Value{}, f.wrongType()
	case f.Sign == AboveZero && d.Units <= 0:
		return Value{}, &Violation{Code: NotPositive, Args: args("value", d.String())}
	case f.Sign == NotBelowZero && d.Units < 0:
		return Value{}, &Violation{Code: Negative, Args: args("value", d.String())}
	}
	return Int(d.Units), nil
}
