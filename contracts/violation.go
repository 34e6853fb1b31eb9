package contracts

import (
	"strings"
	"unicode/utf8"
)

// Code names what is wrong with the form of a body.
type Code string

// The codes of violations.
const (
	NotJSON        Code = "BODY-NOT-JSON"      // the body is not JSON, or not UTF-8
	NoData         Code = "BODY-NO-DATA"       // no data object where the envelope has one
	Repeated       Code = "PROPERTY-REPEATED"  // the same property twice, in any case
	Unknown        Code = "PROPERTY-UNKNOWN"   // a remark, not an error
	Required       Code = "REQUIRED"           // absent, null or empty
	NotNull        Code = "NOT-NULL"           // an edit may not clear it
	WrongType      Code = "TYPE"               // arg want
	TooLong        Code = "TOO-LONG"           // args size, length
	OutOfRange     Code = "RANGE"              // arg value; the field has the limits
	TooManyPlaces  Code = "PLACES"             // args value, places
	NotDate        Code = "DATE"               // arg value
	NotAllowed     Code = "VALUE"              // args value, allowed
	BadCharacters  Code = "CHARACTERS"         // control or replacement characters
	NotPositive    Code = "NOT-POSITIVE"       // arg value: must be above zero
	Negative       Code = "NEGATIVE"           // arg value: must not be below zero
	KeyGiven       Code = "KEY-GIVEN"          // arg value: a new record brings no id
	KeyMissing     Code = "KEY-MISSING"        // an edit needs the real id
	ParentKey      Code = "PARENT-KEY"         // args value, parent: a row names another parent
	ReadOnly       Code = "READ-ONLY"          // arg expected: what would be stored
	Locked         Code = "LOCKED"             // args value, stored: accounted records keep it
	ForeignCompany Code = "COMPANY"            // args value, company: must be 0 or the record's own
	TooManyRows    Code = "TOO-MANY-ROWS"      // args rows, max
	MustBeFalse    Code = "FILL-APPORTIONMENT" // asks the ERP to fill rows by itself
)

// Violation is one thing wrong with the form of a body.
type Violation struct {
	Code    Code
	Pointer string   // JSON Pointer into the body; of a missing property, where it should stand
	Related []string // further pointers of a rule over several fields
	Field   string   // the ERP's column
	Of      *Field   // the table's entry; nil for unknown properties and for the body itself
	Args    map[string]string
}

// MaxFindings bounds how many violations, and how many unknown properties, are listed for one
// body, so that an answer never outgrows a message. The rest is counted.
const MaxFindings = 100

// Findings is what Decode has to say about a body.
type Findings struct {
	Violations     []Violation
	MoreViolations int         // found beyond MaxFindings
	Unknown        []Violation // unknown properties: remarks, nothing is refused for them
	MoreUnknown    int
}

// OK tells that nothing is wrong.
func (f *Findings) OK() bool { return len(f.Violations) == 0 }

func (f *Findings) add(v Violation) {
	if len(f.Violations) >= MaxFindings {
		f.MoreViolations++
		return
	}
	f.Violations = append(f.Violations, v)
}

func (f *Findings) unknown(pointer, name string) {
	if len(f.Unknown) >= MaxFindings {
		f.MoreUnknown++
		return
	}
	f.Unknown = append(f.Unknown, Violation{Code: Unknown, Pointer: pointer, Args: args("name", Excerpt(name))})
}

// args makes a violation's arguments of names and values. It copies the values: a body's text is not kept for them.
func args(pairs ...string) map[string]string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = strings.Clone(pairs[i+1])
	}
	return m
}

// maxExcerpt is how many characters of a value or name are repeated in a message.
const maxExcerpt = 60

// Excerpt shortens a value for a message to a person.
func Excerpt(s string) string {
	if utf8.RuneCountInString(s) <= maxExcerpt {
		return s
	}
	return string([]rune(s)[:maxExcerpt]) + "…"
}

// maxPointerName is the longest property name a pointer repeats; beyond it the parent is pointed at.
const maxPointerName = 100

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// child is the pointer of a property of the object at a pointer.
func child(at, name string) string {
	if len(name) > maxPointerName {
		return at
	}
	if strings.ContainsAny(name, "~/") {
		name = pointerEscape.Replace(name)
	}
	return at + "/" + name
}
