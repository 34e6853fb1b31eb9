package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/rm/ledger"
)

// sheet is an empty set of the tables that commands write, in memory, for one command at a time. Its tables
// are made from the field tables, and lack the constraints of the reference schema: what stands in the real
// books is not for us to refuse.
type sheet struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // of the conn; texts are constant
}

// newSheet makes a sheet.
func newSheet(ctx context.Context) (*sheet, error) {
	db, err := sqldb.OpenSQLite(ctx, ":memory:", 1)
	if err != nil {
		return nil, err
	}
	s := &sheet{db: db, stmts: map[string]*sql.Stmt{}}
	if s.conn, err = db.Conn(ctx); err == nil {
		_, err = s.conn.ExecContext(ctx, tables())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a sheet: %w", err), s.close())
	}
	return s, nil
}

// tables are the statements that make the tables.
func tables() string {
	var text strings.Builder
	var table func(t *contracts.Table)
	table = func(t *contracts.Table) {
		text.WriteString("CREATE TABLE " + t.Name + " (")
		var keys []string
		for i := range t.Fields {
			f := &t.Fields[i]
			if f.Key || f.FromParent {
				keys = append(keys, f.Column)
			}
			kind := "TEXT" // amounts and dates too: they are kept as they are written
			if f.Kind == contracts.Integer {
				kind = "INTEGER"
			}
			if f.Stored() {
				text.WriteString(f.Column + " " + kind + ", ")
			}
		}
		text.WriteString("PRIMARY KEY (" + strings.Join(keys, ", ") + "));\n")
		for _, f := range lists(t) {
			table(f.Child)
		}
	}
	for _, t := range []*contracts.Table{contracts.FLAN, contracts.FXCX, contracts.CLANCAMENTO} {
		table(t)
	}
	text.WriteString("CREATE TABLE SLSEQUENCIA (CODCOLIGADA INTEGER, TABELA TEXT, ULTIMO INTEGER, PRIMARY KEY (CODCOLIGADA, TABELA));")
	return text.String()
}

func (s *sheet) close() error {
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	return errors.Join(err, s.db.Close())
}

// begin begins a transaction.
func (s *sheet) begin(ctx context.Context) error {
	_, err := s.ExecContext(ctx, "BEGIN")
	return err
}

// lay lays a stored record on the sheet, and lets ids of new rows begin above the books' own: some of those
// are free again when their row goes.
func (s *sheet) lay(ctx context.Context, stored *contracts.Record) error {
	whole, err := laid(stored)
	if err != nil {
		return err
	}
	if err := ledger.InsertWhole(ctx, s, whole); err != nil {
		return err
	}
	return s.reserve(ctx, whole, whole.Table)
}

func (s *sheet) reserve(ctx context.Context, whole *contracts.Record, t *contracts.Table) error {
	for _, f := range lists(t) {
		_, err := s.ExecContext(ctx, "INSERT INTO SLSEQUENCIA (CODCOLIGADA, TABELA, ULTIMO) VALUES (?, ?, ?)", whole.Int("CodColigada"), f.Child.Name, last)
		if err := errors.Join(err, s.reserve(ctx, whole, f.Child)); err != nil {
			return err
		}
	}
	return nil
}

// wipe undoes what was written since begin. False: it could not be undone.
func (s *sheet) wipe(ctx context.Context) bool {
	_, err := s.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return err == nil
}

// prepared answers a text as a statement that is kept; nil when it cannot be prepared.
func (s *sheet) prepared(ctx context.Context, query string) *sql.Stmt {
	stmt := s.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = s.conn.PrepareContext(ctx, query); err != nil {
			return nil
		}
		s.stmts[query] = stmt // closed with the connection
	}
	return stmt
}

// Dialect tells that the sheet speaks SQLite's SQL, as it is written.
func (s *sheet) Dialect() string { return string(sqldb.SQLite) }

// ExecContext executes a statement.
func (s *sheet) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := s.prepared(ctx, query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return s.conn.ExecContext(ctx, query, args...)
}

// QueryContext executes a query.
func (s *sheet) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := s.prepared(ctx, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return s.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext executes a query for one row.
func (s *sheet) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := s.prepared(ctx, query); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return s.conn.QueryRowContext(ctx, query, args...)
}
