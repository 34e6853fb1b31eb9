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
	if !utf8.Valid(body) || !json.Valid(body) {
		var f Findings
		f.add(Violation{Code: NotJSON})
		return nil, f
	}
	return c.DecodeJSON(body)
}

// DecodeJSON is Decode for a body that utf8.Valid and json.Valid have accepted; of another one it may
// answer anything.
func (c *Command) DecodeJSON(body []byte) (*Record, Findings) {
	var f Findings
	data, at, ok := findData(body, &f)
	if !ok {
		return nil, f
	}
	d := decoder{tokens: tokens{text: data}, findings: &f}
	d.next() // the opening brace, findData has seen it
	record := d.object(c.Table, at)
	if d.err != nil {
		f.add(Violation{Code: NotJSON})
		return nil, f
	}
	c.finish(record, c.Insert, &f)
	return record, f
}

// decoder walks the tokens of a body that json.Valid has accepted.
type decoder struct {
	tokens   tokens
	findings *Findings
	err      error
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
	s, err := unquote(tok.raw)
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

// member reads the name of a member: its field, nil when the table has none, and its pointer.
func (d *decoder) member(t *Table, at string) (f *Field, name, pointer string) {
	tok := d.next()
	if tok.kind != '"' { // not in valid JSON
		return nil, "", at
	}
	if f = t.byName[string(tok.raw[1:len(tok.raw)-1])]; f != nil && f.Name == string(tok.raw[1:len(tok.raw)-1]) { // as declared: the usual case
		return f, f.Name, f.pointer(at)
	}
	name = d.text(tok)
	return t.Field(name), name, child(at, name)
}

// object reads the members of an object whose brace has been passed.
func (d *decoder) object(t *Table, at string) *Record {
	r := NewRecord(t, at)
	for d.more() {
		f, name, pointer := d.member(t, at)
		if f == nil {
			d.findings.unknown(pointer, name)
			d.skip(d.next())
			continue
		}
		v := &r.values[f.index]
		if v.at != "" {
			violation := f.violation(Repeated, pointer, "name", f.Name)
			if v.at != pointer {
				violation.Related = []string{v.at}
			}
			d.findings.add(violation)
			*v = Value{State: Invalid, at: v.at}
			d.skip(d.next())
			continue
		}
		*v = d.value(r, f, pointer)
		v.at = pointer
	}
	d.next() // the closing brace
	return r
}

// value reads one value of a field, and reports what is wrong with it.
func (d *decoder) value(r *Record, f *Field, pointer string) Value {
	tok := d.next()
	switch {
	case tok.kind == 'n' || tok.kind == 0:
		return Value{State: Null}
	case tok.kind == '[' && f.Kind == List:
		return d.list(r, f, pointer)
	case tok.kind == '{' && f.Kind == Open:
		return d.open(r, f, pointer)
	}
	var v Value
	var violation *Violation
	switch tok.kind {
	case '0':
		if f.Kind == Integer || f.Kind == Amount || f.Kind == Switch {
			v, violation = f.read(string(tok.raw))
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
		d.report(f, violation, pointer)
		return Value{State: Invalid}
	}
	return v
}

func (d *decoder) report(f *Field, violation *Violation, pointer string) {
	violation.Pointer, violation.Field, violation.Of = pointer, f.Column, f
	d.findings.add(*violation)
}

// list reads child rows after the bracket.
func (d *decoder) list(r *Record, f *Field, pointer string) Value {
	rows := []*Record{}
	state := Present
	count := 0
	for ; d.more(); count++ {
		at := pointer + "/" + strconv.Itoa(count)
		tok := d.next()
		switch {
		case count >= f.MaxRows:
			d.skip(tok)
		case tok.kind == '{':
			row := d.object(f.Child, at)
			row.parent = r
			rows = append(rows, row)
		default:
			d.skip(tok)
			d.findings.add(f.violation(WrongType, at, "want", Open.String()))
			state = Invalid
		}
	}
	d.next() // the closing bracket
	if count > f.MaxRows {
		d.findings.add(f.violation(TooManyRows, pointer, "rows", strconv.Itoa(count), "max", strconv.Itoa(f.MaxRows)))
		state = Invalid
	}
	r.SetRows(f.Name, rows)
	return Value{State: state}
}

// maxExtras is how many properties of an open object are taken.
const maxExtras = 200

// open reads the customer's own properties after the brace: texts, numbers, booleans and nulls.
func (d *decoder) open(r *Record, f *Field, pointer string) Value {
	state := Present
	seen := map[string]string{}
	for d.more() {
		name := d.text(d.next())
		at := child(pointer, name)
		tok := d.next()
		v := Value{State: Present, at: at}
		var violation *Violation
		switch tok.kind {
		case 'n', 0:
			v.State = Null
		case '"':
			v, violation = readText(d.text(tok), f.Size)
			v.at = at
		case '0':
			v.Text = string(tok.raw)
		case 't', 'f':
			v.Text = map[bool]string{true: "T", false: "F"}[tok.kind == 't']
		default:
			d.skip(tok)
			violation = &Violation{Code: WrongType, Args: args("want", Text.String())}
		}
		if first, again := seen[FoldName(name)]; again {
			violation = &Violation{Code: Repeated, Args: args("name", Excerpt(name))}
			if first != at {
				violation.Related = []string{first}
			}
		} else if len(seen) == maxExtras {
			violation = &Violation{Code: TooManyRows, Args: args("rows", strconv.Itoa(maxExtras+1), "max", strconv.Itoa(maxExtras))}
		}
		if violation != nil {
			d.report(f, violation, at)
			state = Invalid
			continue
		}
		seen[FoldName(name)] = at
		r.extras = append(r.extras, Extra{name, v})
	}
	d.next() // the closing brace
	return Value{State: state}
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
		for _, o := range f.Values {
			if o.Value == d.Units {
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
