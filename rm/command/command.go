// Package command is what the executions of all commands share: decoding, collecting everything that is
// wrong, the rules over codes, closing dates and custom fields, and the outcome.
//
// A command is decoded, judged by all rules at once, and only then written; a refused one writes
// nothing.
package command

import (
	"context"
	"maps"
	"strings"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm/faults"
)

// Execution is one command under way.
type Execution struct {
	Tx       consumer.Tx
	X        consumer.Execution
	Given    *contracts.Record // as the message says it
	Faults   faults.List
	Warnings faults.List
}

// Booked tells which record was written, and what with it.
type Booked struct {
	Key  string         // its parts joined by ";", as RM writes keys
	Keys map[string]any // part by part
	Did  string         // for the log, Portuguese as all that is read in the ERP
}

// NewBooked reads the key from the named fields of a record.
func NewBooked(r *contracts.Record, did string, names ...string) Booked {
	keys := make(map[string]any, len(names))
	for _, name := range names {
		keys[name] = r.Int(name)
	}
	return Booked{Key(r, names...), keys, did}
}

// Key joins the named fields of a record.
func Key(r *contracts.Record, names ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = r.Display(name)
	}
	return strings.Join(parts, ";")
}

// Step judges and writes. It writes nothing once there is a fault; its error is a technical one.
type Step func(ctx context.Context, e *Execution) (Booked, error)

// Execute decodes, lets step judge and write, and turns what came of it into an outcome.
func Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log, c *contracts.Command, step Step) consumer.Outcome {
	given, findings := c.Decode(x.Message.Body)
	e := &Execution{Tx: tx, X: x, Given: given}
	e.Faults.AddViolations(findings.Violations)
	e.Faults.AddMore(findings.MoreViolations)
	e.Warnings.AddViolations(findings.Unknown)
	e.Warnings.AddMore(findings.MoreUnknown)
	var b Booked
	if given != nil {
		var err error
		if b, err = step(ctx, e); err != nil {
			log.Error("%s: %v", c.Type, err)
			return consumer.Retry(0, err)
		}
	}
	for _, w := range e.Warnings.Faults() {
		log.Warn("%s %s: %s", w.Code, w.Pointer, w.Description)
	}
	if e.Faults.Any() {
		for _, f := range e.Faults.Faults() {
			log.Error("%s %s: %s", f.Code, f.Pointer, f.Description)
		}
		return consumer.Reject(e.Faults.Faults(), e.Warnings.Faults()...)
	}
	log.Info("%s %s %s.", c.Table.PT, b.Key, b.Did)
	return consumer.Done(b.Key, b.Keys, e.Warnings.Faults()...)
}

// Fault reports a broken rule at a field of a record.
func (e *Execution) Fault(code faults.Code, r *contracts.Record, name string, args faults.Args, related ...string) {
	e.Faults.Add(FaultAt(code, r, name, args, related...))
}

// FaultAt makes the fault of a broken rule at a field of a record.
func FaultAt(code faults.Code, r *contracts.Record, name string, args faults.Args, related ...string) link.Fault {
	return faults.New(code, r.Pointer(name), r.Table.Field(name).Column, args, related...)
}

// User is who the books say did it: the first of the fields that the message, not the stored record,
// gives.
func (e *Execution) User(names ...string) contracts.Value {
	for _, name := range names {
		if e.Given.Has(name) {
			return contracts.String(e.Given.Text(name))
		}
	}
	return contracts.String("smartlink")
}

// Created stamps a new record.
func (e *Execution) Created(r *contracts.Record) {
	r.Set("RecCreatedBy", e.User("CodUsuario", "UsuarioInclusao"))
	r.Set("RecCreatedOn", contracts.String(contracts.FormatMoment(e.X.Now)))
}

// Modified stamps an edited record.
func (e *Execution) Modified(r *contracts.Record) {
	r.Set("RecModifiedBy", e.User("CodUsuario"))
	r.Set("RecModifiedOn", contracts.String(contracts.FormatMoment(e.X.Now)))
}

// Today is the date of the execution.
func (e *Execution) Today() contracts.Value {
	return contracts.String(string(contracts.DateOf(e.X.Now.UTC())))
}

// Changes tells whether a rule has to look at a field: always for a new record (before nil), else
// when the edit changes it. What stays as it was is not judged again, so that an old entry of a
// supplier that is inactive by now can still be edited.
func Changes(given, before *contracts.Record, names ...string) bool {
	if before == nil {
		return true
	}
	for _, name := range names {
		if given.Changes(before, name) {
			return true
		}
	}
	return false
}

// Differs tells whether any column of a record changed.
func Differs(whole, old *contracts.Record) bool {
	for i := range whole.Table.Fields {
		if whole.Changes(old, whole.Table.Fields[i].Name) {
			return true
		}
	}
	return false
}

// maxRelated bounds how many rows a fault points at.
const maxRelated = 50

// Pointers points at fields of rows.
func Pointers(rows []*contracts.Record, names ...string) []string {
	var at []string
	for _, row := range rows[:min(len(rows), maxRelated)] {
		for _, name := range names {
			at = append(at, row.Pointer(name))
		}
	}
	return at
}

// Rows joins the rows a message gives with those that are stored: a real id keeps its row, -1 adds
// one, what is not listed goes.
type Rows struct {
	All    []*contracts.Record                     // whole rows of the result, in the message's order
	Add    []*contracts.Record                     // of All: new ones
	Remove []*contracts.Record                     // stored ones that go
	Old    map[*contracts.Record]*contracts.Record // whole row → as stored, for those that exist
}

// Join joins rows by the generated key id. Rows that name an unknown or repeated id are reported, with
// args and the id's name in them; without a code for unknown ones, since nothing is known of what is
// stored, only repeated ones are.
func (e *Execution) Join(given, stored []*contracts.Record, id string, unknown, repeated faults.Code, args faults.Args) Rows {
	j := Rows{Old: map[*contracts.Record]*contracts.Record{}}
	byID := make(map[int64]*contracts.Record, len(stored))
	for _, row := range stored {
		byID[row.Int(id)] = row
	}
	listed := map[int64]*contracts.Record{} // by id, the first that names it
	for _, row := range given {
		n := row.Int(id)
		old := byID[n]
		if row.State(id) == contracts.Invalid {
			j.All = append(j.All, row)
			continue
		}
		if n <= 0 {
			whole := row.Complete()
			j.Add, j.All = append(j.Add, whole), append(j.All, whole)
			continue
		}
		code, related := unknown, row.ParentKeys()
		first := listed[n]
		if first != nil {
			code, related = repeated, []string{first.Pointer(id)}
		}
		if code != "" && (first != nil || old == nil) {
			a := faults.Args{"value": row.Display(id), "id": id}
			maps.Copy(a, args)
			e.Fault(code, row, id, a, related...)
		}
		if first == nil {
			listed[n] = row
		}
		if old == nil {
			j.All = append(j.All, row)
			continue
		}
		whole := row.Over(old)
		j.Old[whole] = old
		j.All = append(j.All, whole)
	}
	for _, row := range stored {
		if listed[row.Int(id)] == nil {
			j.Remove = append(j.Remove, row)
		}
	}
	return j
}

// Changed lists the rows that exist and are not as they were.
func (j *Rows) Changed() []*contracts.Record {
	var changed []*contracts.Record
	for _, row := range j.All {
		if old := j.Old[row]; old != nil && Differs(row, old) {
			changed = append(changed, row)
		}
	}
	return changed
}
