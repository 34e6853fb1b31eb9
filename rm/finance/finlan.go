package finance

import (
	"context"
	"fmt"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm/faults"
)

// FinLanIncConsumerDataCommandMessage creates a financial entry.
type FinLanIncConsumerDataCommandMessage struct{}

// Type is FinLanIncDataCommand.
func (FinLanIncConsumerDataCommandMessage) Type() string { return contracts.FinLanInc.Type }

// Transactional says that every effect goes through Tx.
func (FinLanIncConsumerDataCommandMessage) Transactional() bool { return true }

// Execute books the entry, or refuses with everything that is wrong.
func (FinLanIncConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return execute(ctx, tx, x, log, contracts.FinLanInc, (*execution).create)
}

// FinLanAltConsumerDataCommandMessage edits a financial entry.
type FinLanAltConsumerDataCommandMessage struct{}

// Type is FinLanAltDataCommand.
func (FinLanAltConsumerDataCommandMessage) Type() string { return contracts.FinLanAlt.Type }

// Transactional says that every effect goes through Tx.
func (FinLanAltConsumerDataCommandMessage) Transactional() bool { return true }

// Execute edits the entry, or refuses with everything that is wrong.
func (FinLanAltConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return execute(ctx, tx, x, log, contracts.FinLanAlt, (*execution).edit)
}

// execution is one command under way.
type execution struct {
	tx       consumer.Tx
	x        consumer.Execution
	given    *contracts.Record // as the message says it
	faults   faults.List
	warnings faults.List

	companyKnown bool // else none of its codes can be looked up
}

// booked tells which entry was written, and what with it.
type booked struct {
	company, id int64
	did         string // for the log, Portuguese as all that is read in the ERP
}

// execute decodes, lets step judge and write, and turns what came of it into an outcome. step
// writes nothing once there is a fault; its error is a technical one.
func execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log,
	command *contracts.Command, step func(*execution, context.Context) (booked, error),
) consumer.Outcome {
	given, findings := command.Decode(x.Message.Body)
	e := &execution{tx: tx, x: x, given: given}
	e.faults.AddViolations(findings.Violations)
	e.faults.AddMore(findings.MoreViolations)
	e.warnings.AddViolations(findings.Unknown)
	e.warnings.AddMore(findings.MoreUnknown)
	var b booked
	if given != nil {
		var err error
		if b, err = step(e, ctx); err != nil {
			log.Error("%s: %v", command.Type, err)
			return consumer.Retry(0, err)
		}
	}
	for _, w := range e.warnings.Faults() {
		log.Warn("%s %s: %s", w.Code, w.Pointer, w.Description)
	}
	if e.faults.Any() {
		for _, f := range e.faults.Faults() {
			log.Error("%s %s: %s", f.Code, f.Pointer, f.Description)
		}
		return consumer.Reject(e.faults.Faults(), e.warnings.Faults()...)
	}
	key := entryKey(b.company, b.id)
	log.Info("Lançamento %s %s.", key, b.did)
	return consumer.Done(key, map[string]any{"CodColigada": b.company, "IdLan": b.id}, e.warnings.Faults()...)
}

// entryKey is the key of an entry as RM writes it: company and id.
func entryKey(company, id int64) string { return fmt.Sprintf("%d;%d", company, id) }

// fault reports a broken rule at a field of the message.
func (e *execution) fault(code faults.Code, r *contracts.Record, name string, args faults.Args, related ...string) {
	e.faults.Add(faultAt(code, r, name, args, related...))
}

func faultAt(code faults.Code, r *contracts.Record, name string, args faults.Args, related ...string) link.Fault {
	return faults.New(code, r.Pointer(name), r.Table.Field(name).Column, args, related...)
}

// user is who the books say did it: the first of the fields that the message, not the stored entry,
// gives.
func (e *execution) user(names ...string) contracts.Value {
	for _, name := range names {
		if e.given.Has(name) {
			return contracts.String(e.given.Text(name))
		}
	}
	return contracts.String("smartlink")
}
