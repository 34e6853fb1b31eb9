package finance

import (
	"context"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/command"
)

// FinLanIncConsumerDataCommandMessage creates a financial entry.
type FinLanIncConsumerDataCommandMessage struct{}

// Type is FinLanIncDataCommand.
func (FinLanIncConsumerDataCommandMessage) Type() string { return contracts.FinLanInc.Type }

// Transactional says that every effect goes through Tx.
func (FinLanIncConsumerDataCommandMessage) Transactional() bool { return true }

// Execute books the entry, or refuses with everything that is wrong.
func (FinLanIncConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.FinLanInc, create)
}

// FinLanAltConsumerDataCommandMessage edits a financial entry.
type FinLanAltConsumerDataCommandMessage struct{}

// Type is FinLanAltDataCommand.
func (FinLanAltConsumerDataCommandMessage) Type() string { return contracts.FinLanAlt.Type }

// Transactional says that every effect goes through Tx.
func (FinLanAltConsumerDataCommandMessage) Transactional() bool { return true }

// Execute edits the entry, or refuses with everything that is wrong.
func (FinLanAltConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.FinLanAlt, edit)
}

// execution is one command under way.
type execution struct {
	*command.Execution
	companyKnown bool // else none of its codes can be looked up
	edits        bool
}

// key is the key of an entry as RM writes it: company and id.
func key(entry *contracts.Record) string { return command.Key(entry, "CodColigada", "IdLan") }

func booked(entry *contracts.Record, did string) command.Booked {
	return command.NewBooked(entry, did, "CodColigada", "IdLan")
}
