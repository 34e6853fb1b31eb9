package sqldb

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"
)

// Runner runs statements as they are: a *sql.DB, a *sql.Conn, a *sql.Tx.
type Runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Bound runs statements of the common form (see Dialect.SQL) on a database.
type Bound struct {
	on      Runner
	dialect Dialect
}

// Bind makes statements of the common form run on a database, a connection or a transaction of a
// dialect.
func Bind(on Runner, d Dialect) Bound { return Bound{on, d} }

// BindDB is Bind for a database.
func BindDB(db *sql.DB) Bound { return Bound{db, DialectOf(db)} }

// Dialect is the name of the dialect.
func (b Bound) Dialect() string { return string(b.dialect) }

// ExecContext runs a statement.
func (b Bound) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return b.on.ExecContext(ctx, b.dialect.SQL(query), b.dialect.Args(args)...)
}

// QueryContext runs a query.
func (b Bound) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return b.on.QueryContext(ctx, b.dialect.SQL(query), b.dialect.Args(args)...)
}

// QueryRowContext runs a query of at most one row.
func (b Bound) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return b.on.QueryRowContext(ctx, b.dialect.SQL(query), b.dialect.Args(args)...)
}

// Args answers parameters as the dialect can take them. PostgreSQL has no text with NUL or broken
// UTF-8: such bytes become U+FFFD.
func (d Dialect) Args(args []any) []any {
	if d != Postgres {
		return args
	}
	for i, a := range args {
		s, ok := a.(string)
		if n, is := a.(sql.NullString); is && n.Valid {
			s, ok = n.String, true
		}
		if !ok || utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
			continue
		}
		changed := append([]any(nil), args...)
		changed[i] = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
		return d.Args(changed)
	}
	return args
}
