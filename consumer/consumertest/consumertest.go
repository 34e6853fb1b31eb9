// Package consumertest runs one consumer alone, the way the agent does: in a real transaction of a
// real SQLite database that is committed for Done and rolled back for everything else. Developers
// of consumers use it in their tests; nothing of hub or agent is needed.
package consumertest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Runner runs consumers against a database of its own.
type Runner struct {
	DB  *sql.DB   // for making tables and looking at what was written
	Now time.Time // the moment executions see; zero: the time of the call
}

// Open makes a runner on a SQLite file, or in memory when path is empty. Close it.
func Open(ctx context.Context, path string) (*Runner, error) {
	if path == "" {
		path = ":memory:"
	}
	// One connection: an in-memory database belongs to its connection, and the agent writes on one
	// connection too.
	db, err := sqldb.OpenSQLite(ctx, path, 1)
	if err != nil {
		return nil, fmt.Errorf("open the test database: %w", err)
	}
	return &Runner{DB: db}, nil
}

// Close closes the database.
func (r *Runner) Close() error { return r.DB.Close() }

// Message makes a message of a type with a JSON body, as the agent would hand it over.
func Message(messageType, body string) link.Message {
	id := uuid.Must(uuid.NewV7())
	return link.Message{
		ID: id, RootID: id, TenantID: uuid.MustParse("00000000-0000-0000-0000-000000000001"),
		Sender: link.Sender{App: "TEST"}, Type: messageType, Audience: "LinkProxy", CreatedAt: clock.Real.Now(),
		ContentType: "application/json", Body: []byte(body),
	}
}

// Result is what one execution did.
type Result struct {
	consumer.Outcome
	Committed bool // what the consumer wrote is in the database: only for Done
	Lines     []Line
	Panic     any // what the consumer panicked with; the outcome is then Retry, as with the agent
}

// Line is one line of the consumer's log.
type Line struct{ Level, Text string }

// Run executes a message as attempt 1. The error is the runner's own: the transaction could not be
// begun or ended, or the message is of another type than the consumer's.
func (r *Runner) Run(ctx context.Context, c consumer.Consumer, m link.Message) (Result, error) {
	return r.RunAttempt(ctx, c, m, 1)
}

// RunAttempt executes a message as a later attempt.
func (r *Runner) RunAttempt(ctx context.Context, c consumer.Consumer, m link.Message, attempt int) (Result, error) {
	if m.Type != c.Type() {
		return Result{}, fmt.Errorf("a message %s given to the consumer of %s", m.Type, c.Type())
	}
	now := r.Now
	if now.IsZero() {
		now = clock.Real.Now()
	}
	tx, err := r.DB.BeginTx(ctx, nil)
	if err != nil {
		return Result{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	log := &memoryLog{}
	result := execute(ctx, c, onlyTx{sqldb.Bind(tx, sqldb.DialectOf(r.DB))}, consumer.Execution{Message: m, Attempt: attempt, Now: now.UTC()}, log)
	result.Lines = log.lines
	if result.Kind != consumer.KindDone {
		return result, nil
	}
	if err := tx.Commit(); err != nil {
		return result, fmt.Errorf("commit: %w", err)
	}
	result.Committed = true
	return result, nil
}

// execute calls the consumer and turns a panic into a retry.
func execute(ctx context.Context, c consumer.Consumer, tx consumer.Tx, x consumer.Execution, log consumer.Log) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = Result{Outcome: consumer.Retry(0, fmt.Errorf("panic: %v", p)), Panic: p}
		}
	}()
	return Result{Outcome: c.Execute(ctx, tx, x, log)}
}

// onlyTx hides the transaction's Commit and Rollback.
type onlyTx struct{ tx sqldb.Bound }

// Dialect implements what consumer.Dialect asks.
func (t onlyTx) Dialect() string { return t.tx.Dialect() }

func (t onlyTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, query, args...)
}

func (t onlyTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

func (t onlyTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// memoryLog keeps lines. Safe for concurrent use.
type memoryLog struct {
	mu    sync.Mutex
	lines []Line
}

func (l *memoryLog) Info(format string, args ...any)  { l.add("info", format, args) }
func (l *memoryLog) Warn(format string, args ...any)  { l.add("warn", format, args) }
func (l *memoryLog) Error(format string, args ...any) { l.add("error", format, args) }

func (l *memoryLog) add(level, format string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, Line{level, fmt.Sprintf(format, args...)})
}
