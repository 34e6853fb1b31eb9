package executor

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"smartlink/agent/inbox"
	"smartlink/internal/sqldb"
)

// errControl answers a consumer that tries to end the transaction, or to begin one.
var errControl = errors.New("a consumer cannot begin or end a transaction: the agent does")

// guarded is the transaction as a consumer sees it: without control over it, and watched, so that a
// fault of the database is not mistaken for one of the message.
type guarded struct {
	tx   *inbox.Tx
	busy error // a statement met a lock
	away error // a statement found the database unusable
}

// Dialect is the name of the SQL that the transaction speaks: see consumer.Dialect.
func (g *guarded) Dialect() string { return g.tx.Dialect() }

func (g *guarded) controls(query string) bool {
	if sqldb.DialectOf(g) == sqldb.SQLServer {
		return mentionsControl(query)
	}
	return controls(query)
}

func (g *guarded) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if g.controls(query) {
		return nil, errControl
	}
	r, err := g.tx.ExecContext(ctx, query, args...)
	g.watch(err)
	return r, err
}

// Later keeps a statement for later: see sqldb.Later.
func (g *guarded) Later(ctx context.Context, s sqldb.Statement) error {
	if g.controls(s.Query) {
		return errControl
	}
	err := g.tx.Later(ctx, s)
	g.watch(err)
	return err
}

// Aside asks a query that writes in a transaction of its own: see sqldb.Aside.
func (g *guarded) Aside(ctx context.Context, dest any, query string, args ...any) (bool, error) {
	if g.controls(query) {
		return true, errControl
	}
	done, err := g.tx.Aside(ctx, dest, query, args...)
	g.watch(err)
	return done, err
}

// Memo keeps what the messages of a transaction have read: see sqldb.Memo.
func (g *guarded) Memo() *sqldb.Memo { return g.tx.Memo() }

func (g *guarded) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if g.controls(query) {
		return nil, errControl
	}
	rows, err := g.tx.QueryContext(ctx, query, args...)
	g.watch(err)
	return rows, err
}

func (g *guarded) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if g.controls(query) {
		query, args = refusedQuery, nil
	}
	row := g.tx.QueryRowContext(ctx, query, args...)
	g.watch(row.Err())
	return row
}

// refusedQuery fails in Scan, and its text is in the error.
const refusedQuery = `SELECT "a consumer cannot begin or end a transaction" FROM "the agent does"`

func (g *guarded) watch(err error) {
	if late := g.tx.Late(); late != nil {
		err = late
	}
	switch {
	case err == nil:
	case g.tx.Unavailable(err):
		g.away = err
	case sqldb.IsBusy(err):
		g.busy = err
	}
}

// controls tells whether one of a query's statements is about transactions or about other databases,
// which a transaction must not span.
func controls(query string) bool {
	for {
		word, rest := firstWord(query)
		switch strings.ToUpper(word) {
		case "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM", "START", "ABORT", "PREPARE":
			return true
		}
		var more bool
		if query, more = nextStatement(rest); !more {
			return false
		}
	}
}

// mentionsControl tells whether a query of SQL Server has a word that is about transactions anywhere:
// there statements follow each other without semicolons. The words are reserved, so they name nothing.
func mentionsControl(query string) bool {
	for rest := query; rest != ""; {
		var word string
		word, rest = firstWord(rest)
		switch strings.ToUpper(word) {
		case "COMMIT", "ROLLBACK", "TRAN", "TRANSACTION":
			return true
		case "":
			rest = skipOne(rest)
		}
	}
	return false
}

// skipOne skips a literal, a quoted name, a variable or one other character.
func skipOne(s string) string {
	if s == "" {
		return s
	}
	c := s[0]
	s = s[1:]
	switch {
	case c == '\'', c == '"':
		_, s, _ = strings.Cut(s, string(c))
	case c == '[':
		_, s, _ = strings.Cut(s, "]")
	case c == '@', c == '#', c >= '0' && c <= '9':
		s = strings.TrimLeft(s, "@#$_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	return s
}

// firstWord takes the first word of a statement, behind space, comments and semicolons.
func firstWord(s string) (word, rest string) {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f;")
		switch {
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
		default:
			n := 0
			for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] == '_') {
				n++
			}
			return s[:n], s[n:]
		}
	}
}

// nextStatement skips to behind the next semicolon that is not inside a literal, a quoted name or a
// comment.
func nextStatement(s string) (rest string, more bool) {
	for {
		n := strings.IndexAny(s, ";'\"`[-/")
		if n < 0 {
			return "", false
		}
		c := s[n]
		s = s[n+1:]
		switch c {
		case ';':
			return s, true
		case '\'', '"', '`':
			_, s, _ = strings.Cut(s, string(c)) // a doubled quote reads as two literals, which does no harm
		case '[':
			_, s, _ = strings.Cut(s, "]")
		case '-':
			if strings.HasPrefix(s, "-") {
				_, s, _ = strings.Cut(s, "\n")
			}
		case '/':
			if strings.HasPrefix(s, "*") {
				_, s, _ = strings.Cut(s[1:], "*/")
			}
		}
	}
}
