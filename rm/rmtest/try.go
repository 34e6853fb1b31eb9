package rmtest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/internal/sqldb"
)

// Try gives a message to its consumer, lets look see what came of it before anything is committed, and
// takes everything back. It is for many messages on the same books: like the agent it keeps statements
// prepared. The problems are those of Check; a quarter of the messages is tried at a desk, too.
func (b *Books) Try(c consumer.Consumer, body string, look func(tx consumer.Tx, result consumertest.Result)) (problems []string) {
	b.t.Helper()
	ctx := context.Background()
	tx, rollback := b.Begin()
	defer rollback()
	other := atDesk(ctx, tx, c, body, 4*someOf)
	before := Changes(ctx, tx)
	result := Attempt(ctx, tx, c, body)
	problems = append(Check(result, Changes(ctx, tx)-before), other.differs(ctx, tx, c, body, result)...)
	look(tx, result)
	return problems
}

// Begin begins a transaction in which statements are kept prepared from one transaction to the next, as
// the agent does. Until rollback is called nothing else may use the books.
func (b *Books) Begin() (tx consumer.Tx, rollback func()) {
	b.t.Helper()
	begun := b.begin(context.Background())
	return begun, func() { _ = begun.Rollback() }
}

// ending is a transaction that can be ended.
type ending interface {
	consumer.Tx
	Commit() error
	Rollback() error
}

func (b *Books) begin(ctx context.Context) ending {
	b.t.Helper()
	if dialect := sqldb.DialectOf(b.Runner.DB); dialect != sqldb.SQLite {
		tx, err := b.Runner.DB.BeginTx(ctx, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		return &serverTx{Bound: sqldb.Bind(tx, dialect), Tx: tx}
	}
	if err := b.kept.prepare(ctx, b.Runner.DB); err != nil {
		b.t.Fatal(err)
	}
	tx, err := b.Runner.DB.BeginTx(ctx, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return preparedTx{tx, b.kept}
}

// serverTx is a transaction of a server, whose driver keeps statements prepared.
type serverTx struct {
	sqldb.Bound
	*sql.Tx
	changes int64
}

// ExecContext executes a statement.
func (t *serverTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r, err := t.Bound.ExecContext(ctx, query, args...)
	if err == nil {
		n, _ := r.RowsAffected()
		t.changes += n
	}
	return r, err
}

// QueryContext executes a query.
func (t *serverTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Bound.QueryContext(ctx, query, args...)
}

// QueryRowContext executes a query for one row.
func (t *serverTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if !strings.HasPrefix(query, "SELECT") {
		t.changes++
	}
	return t.Bound.QueryRowContext(ctx, query, args...)
}

// Attempt executes a message in a transaction; a panic becomes a result.
func Attempt(ctx context.Context, tx consumer.Tx, c consumer.Consumer, body string) (result consumertest.Result) {
	log := &lines{}
	defer func() {
		if p := recover(); p != nil {
			result = consumertest.Result{Outcome: consumer.Retry(0, fmt.Errorf("panic: %v", p)), Panic: p}
		}
		result.Lines = *log
	}()
	return consumertest.Result{Outcome: c.Execute(ctx, tx, execution(c, body), log)}
}

// execution is an attempt at a message.
func execution(c consumer.Consumer, body string) consumer.Execution {
	return consumer.Execution{Message: consumertest.Message(c.Type(), body), Attempt: 1, Now: Now}
}

// kept are the statements that were prepared, and those that are to be at the next transaction.
type kept struct {
	stmts  map[string]*sql.Stmt
	wanted []string
}

func (k *kept) prepare(ctx context.Context, db *sql.DB) error {
	for _, query := range k.wanted {
		if k.stmts[query] != nil {
			continue
		}
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		k.stmts[query] = stmt // closed with the database
	}
	k.wanted = nil
	return nil
}

// find answers a prepared statement, or asks for one.
func (k *kept) find(query string) *sql.Stmt {
	stmt := k.stmts[query]
	if stmt == nil {
		k.wanted = append(k.wanted, query)
	}
	return stmt
}

// preparedTx is a transaction over kept statements.
type preparedTx struct {
	tx   *sql.Tx
	kept *kept
}

// Commit keeps what was written.
func (t preparedTx) Commit() error { return t.tx.Commit() }

// Rollback undoes it; after Commit it does nothing.
func (t preparedTx) Rollback() error { return t.tx.Rollback() }

// ExecContext executes a statement.
func (t preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.kept.find(query); stmt != nil {
		return t.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, query, args...)
}

// QueryContext executes a query.
func (t preparedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.kept.find(query); stmt != nil {
		return t.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext executes a query for one row.
func (t preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.kept.find(query); stmt != nil {
		return t.tx.StmtContext(ctx, stmt).QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, query, args...)
}

// keptDB queries the books between transactions, over kept statements.
type keptDB struct{ b *Books }

// QueryContext executes a query.
func (d keptDB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if sqldb.DialectOf(d.b.Runner.DB) != sqldb.SQLite {
		return d.b.View().QueryContext(ctx, query, args...)
	}
	if err := d.b.kept.prepare(ctx, d.b.Runner.DB); err != nil {
		return nil, err
	}
	if stmt := d.b.kept.find(query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return d.b.Runner.DB.QueryContext(ctx, query, args...)
}

// lines are what a consumer logs.
type lines []consumertest.Line

// Info keeps a line.
func (l *lines) Info(format string, args ...any) { l.add("info", format, args) }

// Warn keeps a line.
func (l *lines) Warn(format string, args ...any) { l.add("warn", format, args) }

// Error keeps a line.
func (l *lines) Error(format string, args ...any) { l.add("error", format, args) }

func (l *lines) add(level, format string, args []any) {
	*l = append(*l, consumertest.Line{Level: level, Text: fmt.Sprintf(format, args...)})
}
