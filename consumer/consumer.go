// Package consumer is what a new command needs: Consumer, Tx, Outcome and Log. A consumer executes
// one message type in the ERP; the agent calls it, keeps its attempts, and sends its answer.
//
// A consumer writes only through the Tx it is given. What it wrote is committed together with the
// result of the message, or not at all; so it needs no memory of its own to be exactly once.
package consumer

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"smartlink/link"
)

// Consumer executes one message type.
type Consumer interface {
	// Type is the message type, e.g. FinLanIncDataCommand.
	Type() string
	// Execute does what the message asks and tells the outcome. It may be called again for the
	// same message after retry, postpone, a crash or a reprocess; nothing of an earlier call that
	// did not end in Done is left in the database. A panic counts as Retry.
	Execute(ctx context.Context, tx Tx, x Execution, log Log) Outcome
}

// Transactional is implemented by consumers whose every effect goes through Tx. Only these share
// a database transaction with other messages; all others run alone.
type Transactional interface{ Transactional() bool }

// Execution is one attempt at one message.
type Execution struct {
	Message link.Message
	Attempt int       // execAttempt, 1 for the first
	Now     time.Time // one moment for the whole execution, UTC
}

// Tx is the database transaction of the execution. It cannot commit: the agent does.
//
// The database is SQLite, PostgreSQL or SQL Server; Dialect tells which. Parameters are written ? or ?1
// whatever it is. Read all rows of a query and close them before the next statement: only SQLite can do
// two things at once. A statement that fails spoils the execution in PostgreSQL, and may in SQL Server:
// return Retry then, and ask before writing what may be there already.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Dialect tells which SQL a Tx speaks: "sqlite", "postgres" or "sqlserver".
func Dialect(tx Tx) string {
	if d, ok := tx.(interface{ Dialect() string }); ok {
		return d.Dialect()
	}
	return "sqlite"
}

// Log takes lines a support analyst reads in GTOTVSLINKLOG. They are kept whether the execution
// succeeds or not.
type Log interface {
	Info(format string, args ...any)
	Warn(format string, args ...any)
	Error(format string, args ...any)
}

// Kind is how an execution ended.
type Kind string

// The kinds of outcome.
const (
	KindDone     Kind = "done"     // booked; the answer carries the key
	KindRetry    Kind = "retry"    // a technical fault: try again later
	KindReject   Kind = "reject"   // the business's no: the answer carries all errors
	KindPostpone Kind = "postpone" // not now: no attempt is counted
)

// Outcome is what a consumer answers. Make it with Done, Retry, Reject or Postpone.
type Outcome struct {
	Kind     Kind
	Key      string         // Done: the ERP's key, its parts joined by ";"
	Keys     map[string]any // Done: the same, part by part
	Warnings []link.Fault   // Done or Reject: remarks, e.g. unknown properties
	Errors   []link.Fault   // Reject: everything that is wrong, at once
	After    time.Duration  // Retry: wait this long instead of the retry formula; 0 = the formula
	Until    time.Time      // Postpone: not before
	Reason   string         // Retry, Postpone: why, for people
	Cause    error          // Retry: the fault
}

// Done says the message was booked under key.
func Done(key string, keys map[string]any, warnings ...link.Fault) Outcome {
	return Outcome{Kind: KindDone, Key: key, Keys: keys, Warnings: warnings}
}

// Retry says a technical fault stood in the way. after 0 leaves the wait to the retry formula.
func Retry(after time.Duration, cause error) Outcome {
	return Outcome{Kind: KindRetry, After: after, Cause: cause, Reason: fmt.Sprint(cause)}
}

// Reject says the business refuses, with everything that is wrong.
func Reject(errors []link.Fault, warnings ...link.Fault) Outcome {
	return Outcome{Kind: KindReject, Errors: errors, Warnings: warnings}
}

// Postpone says the message cannot be executed before a moment, through nobody's fault.
func Postpone(until time.Time, reason string) Outcome {
	return Outcome{Kind: KindPostpone, Until: until, Reason: reason}
}
