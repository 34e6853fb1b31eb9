// Package statement executes the commands over entries of the cash statement (FXCX).
//
// A command makes and edits withdrawals and deposits that stand for themselves: what a settlement, a
// transfer or a cheque made belongs to that process, and what is cleared, reconciled, reversed or accounted
// stays as it is.
package statement

import (
	"context"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// FinXCXIncConsumerDataCommandMessage creates an entry of the cash statement.
type FinXCXIncConsumerDataCommandMessage struct{}

// Type is FinXCXIncDataCommand.
func (FinXCXIncConsumerDataCommandMessage) Type() string { return contracts.FinXCXInc.Type }

// Transactional says that every effect goes through Tx.
func (FinXCXIncConsumerDataCommandMessage) Transactional() bool { return true }

// Execute books the entry, or refuses with everything that is wrong.
func (FinXCXIncConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.FinXCXInc, create)
}

// FinXCXAltConsumerDataCommandMessage edits an entry of the cash statement.
type FinXCXAltConsumerDataCommandMessage struct{}

// Type is FinXCXAltDataCommand.
func (FinXCXAltConsumerDataCommandMessage) Type() string { return contracts.FinXCXAlt.Type }

// Transactional says that every effect goes through Tx.
func (FinXCXAltConsumerDataCommandMessage) Transactional() bool { return true }

// Execute edits the entry, or refuses with everything that is wrong.
func (FinXCXAltConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.FinXCXAlt, edit)
}

// create judges and writes a new entry.
func create(ctx context.Context, e *command.Execution) (command.Booked, error) {
	entry := e.Given.Complete()
	known, err := judgeCodes(ctx, e, entry, nil)
	if err != nil {
		return command.Booked{}, err
	}
	judgeClearing(e, entry, nil)
	e.JudgeNew(closing(known, entry), entry, "Data")
	custom, err := e.JudgeCustom(ctx, ledger.StatementCustom)
	if err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	company := entry.Int("CodColigada")
	id, err := ledger.NextStatementID(ctx, e.Tx, company)
	if err != nil {
		return command.Booked{}, err
	}
	entry.Set("IdXcx", contracts.Int(id))
	e.Created(entry)
	if err := ledger.InsertStatement(ctx, e.Tx, entry); err != nil {
		return command.Booked{}, err
	}
	if err := e.WriteCustom(ctx, ledger.StatementCustom, company, id, custom); err != nil {
		return command.Booked{}, err
	}
	return booked(entry, "incluído"), nil
}

// edit judges and writes the change of an entry.
func edit(ctx context.Context, e *command.Execution) (command.Booked, error) {
	company, id := e.Given.Int("CodColigada"), e.Given.Int("IdXcx")
	named := e.Given.Has("CodColigada") && e.Given.Has("IdXcx")
	var stored *contracts.Record
	if named {
		var err error
		if stored, err = ledger.LockStatement(ctx, e.Tx, company, id); err != nil {
			return command.Booked{}, err
		}
	}
	if stored != nil {
		if err := judgeState(ctx, e, stored); err != nil {
			return command.Booked{}, err
		}
		e.Faults.AddViolations(e.Given.CheckStored(stored, false))
	}
	// Without a stored entry everything given is judged as if it changed.
	before := stored
	if before == nil {
		before = contracts.NewRecord(contracts.FXCX, "")
	}
	entry := e.Given.Over(before)
	followAmount(e.Given, entry, before)
	known, err := judgeCodes(ctx, e, entry, before)
	if err != nil {
		return command.Booked{}, err
	}
	if named && stored == nil && known.Company != ledger.Missing {
		e.Fault(faults.EntryUnknown, e.Given, "IdXcx", faults.Args{"entry": key(e.Given), "keys": "CodColigada;IdXcx"}, e.Given.Pointer("CodColigada"))
	}
	judgeClearing(e, entry, before)
	e.JudgeStored(closing(known, entry), before.Date("Data"), "IdXcx", "DATA")
	if entry.Changes(before, "Data") {
		e.JudgeNew(closing(known, entry), entry, "Data")
	}
	custom, err := e.JudgeCustom(ctx, ledger.StatementCustom)
	if err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	e.Modified(entry)
	if err := ledger.UpdateStatement(ctx, e.Tx, entry); err != nil {
		return command.Booked{}, err
	}
	if err := e.WriteCustom(ctx, ledger.StatementCustom, company, id, custom); err != nil {
		return command.Booked{}, err
	}
	return booked(entry, "alterado"), nil
}

func key(r *contracts.Record) string { return command.Key(r, "CodColigada", "IdXcx") }

func booked(r *contracts.Record, did string) command.Booked {
	return command.NewBooked(r, did, "CodColigada", "IdXcx")
}
