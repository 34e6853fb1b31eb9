// Package faults turns what is wrong with a command into link.Faults: stable codes `RM-…`, a
// pointer into the body, the ERP's field, and sentences in Portuguese and English that say what is
// wrong and what to do. All texts stand in catalogue.go.
package faults

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"smartlink/contracts"
	"smartlink/link"
)

// Code is a stable fault code of RM, without its prefix `RM-`.
type Code string

// Args fill the placeholders of a text. The English text takes "name.en" before "name".
type Args map[string]string

// New makes a fault of the catalogue. field is the ERP's column.
func New(code Code, pointer, field string, args Args, related ...string) link.Fault {
	t, ok := catalogue[code]
	if !ok {
		panic("faults: no text for " + string(code))
	}
	return link.Fault{
		Code: "RM-" + string(code), Pointer: pointer, Related: related, Field: field,
		Description: fill(t.pt, args, ""), Help: fill(t.helpPT, args, ""),
		DescriptionEn: fill(t.en, args, ".en"), HelpEn: fill(t.helpEN, args, ".en"),
	}
}

// placeholder is a name in braces. Other braces, as those of JSON, are text.
var placeholder = regexp.MustCompile(`\{[a-z.]+\}`)

// fill replaces {name} by its argument; of the preferred form ("name.en") when there is one.
func fill(text string, args Args, prefer string) string {
	return placeholder.ReplaceAllStringFunc(text, func(place string) string {
		name := place[1 : len(place)-1]
		if value, ok := args[name+prefer]; ok {
			return value
		}
		return args[name]
	})
}

// words are the kinds of value in both languages.
var words = map[string][2]string{
	contracts.Integer.String(): {"um número inteiro", "a whole number"},
	contracts.Text.String():    {"um texto entre aspas", "a text in quotes"},
	contracts.Amount.String():  {"um número", "a number"},
	contracts.Day.String():     {"uma data", "a date"},
	contracts.Moment.String():  {"uma data e hora", "a date and time"},
	contracts.Switch.String():  {"true ou false", "true or false"},
	contracts.List.String():    {"uma lista [ ]", "a list [ ]"},
	contracts.Open.String():    {"um objeto { }", "an object { }"},
}

// FromViolation turns a violation of a command's form into a fault.
func FromViolation(v contracts.Violation) link.Fault {
	args := Args{}
	maps.Copy(args, v.Args)
	if value := args["value"]; value != "" {
		args["value"] = Quoted(value)
	}
	args["at"] = v.Pointer
	if want, ok := words[v.Args["want"]]; ok {
		args["want"], args["want.en"] = want[0], want[1]
	}
	if f := v.Of; f != nil {
		args["name"], args["label"], args["label.en"] = f.Name, f.PT, f.EN
		args["range"], args["range.en"] = limits(f)
	}
	for _, name := range []string{"value", "expected", "stored", "parent"} { // what came, and what is stored, may be nothing
		if value, ok := args[name]; ok && value == "" {
			args[name], args[name+".en"] = "vazio", "empty"
		}
	}
	return New(Code(v.Code), v.Pointer, v.Field, args, v.Related...)
}

// Quoted puts quotes around a value that could be overlooked in a sentence.
func Quoted(value string) string {
	if strings.TrimSpace(value) == value && value != "" {
		return value
	}
	return `"` + value + `"`
}

// limits writes what a number may be.
func limits(f *contracts.Field) (pt, en string) {
	switch f.Kind {
	case contracts.Integer:
		lo, hi := strconv.FormatInt(f.Min, 10), strconv.FormatInt(f.Max, 10)
		return lo + " a " + hi, lo + " to " + hi
	case contracts.Amount:
		most := f.Numeric.Max().String()
		return "até " + most, "up to " + most
	}
	return "", ""
}

// Date writes a date for both languages under a name of args.
func (a Args) Date(name string, d contracts.Date) Args {
	a[name], a[name+".en"] = string(d), string(d)
	if parts := strings.Split(string(d), "-"); len(parts) == 3 {
		a[name] = parts[2] + "/" + parts[1] + "/" + parts[0]
	}
	return a
}

// List collects faults up to a bound, so that an answer never outgrows a message; the rest is
// counted in a last fault.
type List struct {
	faults []link.Fault
	more   int
}

// Add adds faults.
func (l *List) Add(faults ...link.Fault) {
	for _, f := range faults {
		if len(l.faults) < contracts.MaxFindings {
			l.faults = append(l.faults, f)
		} else {
			l.more++
		}
	}
}

// AddViolations adds violations of a command's form.
func (l *List) AddViolations(violations []contracts.Violation) {
	for _, v := range violations {
		l.Add(FromViolation(v))
	}
}

// AddMore counts faults that are not listed.
func (l *List) AddMore(n int) { l.more += n }

// Any tells whether there is a fault.
func (l *List) Any() bool { return len(l.faults) > 0 }

// Faults answers what was collected.
func (l *List) Faults() []link.Fault {
	if l.more == 0 {
		return l.faults
	}
	return append(l.faults[:len(l.faults):len(l.faults)], New(More, "", "", Args{"count": strconv.Itoa(l.more)}))
}

// Codes lists the codes of the catalogue with their prefix, in the order of the alphabet, for
// documentation.
func Codes() []string {
	codes := make([]string, 0, len(catalogue))
	for code := range catalogue {
		codes = append(codes, "RM-"+string(code))
	}
	slices.Sort(codes)
	return codes
}

// Entry is one code of the catalogue with its texts, placeholders in braces.
type Entry struct{ Code, PT, HelpPT, EN, HelpEN string }

// Catalogue lists all codes with their texts, in the order of the alphabet, for documentation.
func Catalogue() []Entry {
	entries := make([]Entry, 0, len(catalogue))
	for _, code := range Codes() {
		t := catalogue[Code(strings.TrimPrefix(code, "RM-"))]
		entries = append(entries, Entry{code, t.pt, t.helpPT, t.en, t.helpEN})
	}
	return entries
}
