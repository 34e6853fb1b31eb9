// Package ledger reads master data and writes business rows of the reference schema, through the
// transaction it is given. It judges nothing: what may be written is decided by who calls it.
//
// All statements have constant texts, so that a Tx that keeps prepared statements can. What is written
// goes through sqldb.Later: its error may be that of a later statement. Codes of the master data are
// looked up once in a transaction that has a sqldb.Memo; nothing here writes them. Where a transaction is a
// Master they are asked of it, and the schema need not hold any.
package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/rm/schema"
)

// CheckReference makes sure that db holds the reference schema and refuses a database that looks
// like a live RM (link.CodeLiveRM), whose tables only RM itself may write. Whoever opens a
// database for the ledger calls it first.
func CheckReference(ctx context.Context, db schema.Querier) error {
	return schema.Check(ctx, db)
}

// statements are the SQL texts over one field table, made once.
type statements struct {
	table  *contracts.Table
	stored []*contracts.Field // columns in their order
	set    []*contracts.Field // those an update sets
	keys   []string           // names of the key fields, in the order of the primary key

	columns                                  string // of stored
	insertSQL, loadSQL, updateSQL, removeSQL string
	lockSQL                                  string // loadSQL that keeps others from changing what it reads
}

// newStatements makes the texts. keys are the property names of the primary key; load reads by the
// first loadBy of them. With loadBy 0 nothing is: records are read by a query of their own.
func newStatements(t *contracts.Table, loadBy int, keys ...string) *statements {
	s := &statements{table: t, keys: keys}
	isKey := map[string]bool{}
	for _, k := range keys {
		isKey[k] = true
	}
	var columns, marks, sets []string
	for i := range t.Fields {
		f := &t.Fields[i]
		if !f.Stored() {
			continue
		}
		s.stored = append(s.stored, f)
		columns, marks = append(columns, f.Column), append(marks, "?")
		if !isKey[f.Name] {
			s.set = append(s.set, f)
			sets = append(sets, f.Column+" = ?")
		}
	}
	where := func(names []string) string {
		parts := make([]string, len(names))
		for i, k := range names {
			parts[i] = t.Field(k).Column + " = ?"
		}
		return strings.Join(parts, " AND ")
	}
	list := strings.Join(columns, ", ")
	s.columns = list
	s.insertSQL = "INSERT INTO " + t.Name + " (" + list + ") VALUES (" + strings.Join(marks, ", ") + ")"
	if loadBy > 0 {
		s.loadSQL = s.selects(where(keys[:loadBy]), t.Field(keys[len(keys)-1]).Column)
		s.lockSQL = s.loadSQL + " {lock}"
	}
	s.removeSQL = "DELETE FROM " + t.Name + " WHERE " + where(keys)
	s.updateSQL = "UPDATE " + t.Name + " SET " + strings.Join(sets, ", ") + " WHERE " + where(keys)
	return s
}

// selects is a query for all columns of the records that a condition is true of.
func (s *statements) selects(where, order string) string {
	return "SELECT " + s.columns + " FROM " + s.table.Name + " WHERE " + where + " ORDER BY " + order
}

// insert writes a new record.
func (s *statements) insert(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	args := make([]any, len(s.stored))
	for i, f := range s.stored {
		args[i] = r.Stored(f)
	}
	return sqldb.Later(ctx, tx, sqldb.Statement{Query: s.insertSQL, Args: args, Result: func(_ int64, err error) error {
		if err != nil {
			return fmt.Errorf("insert into %s: %w", s.table.Name, err)
		}
		return nil
	}})
}

// update writes all columns of an existing record.
func (s *statements) update(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	args := make([]any, 0, len(s.stored))
	for _, f := range s.set {
		args = append(args, r.Stored(f))
	}
	for _, k := range s.keys {
		args = append(args, r.Int(k))
	}
	return s.one(ctx, tx, "update", s.updateSQL, args...)
}

// remove deletes a record.
func (s *statements) remove(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	args := make([]any, 0, len(s.keys))
	for _, k := range s.keys {
		args = append(args, r.Int(k))
	}
	return s.one(ctx, tx, "delete from", s.removeSQL, args...)
}

// one executes a statement that must meet one row: what is written was read in the same transaction.
func (s *statements) one(ctx context.Context, tx consumer.Tx, what, query string, args ...any) error {
	return sqldb.Later(ctx, tx, sqldb.Statement{Query: query, Args: args, Result: func(rows int64, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s %s: %w", what, s.table.Name, err)
		case rows != 1:
			return fmt.Errorf("%s %s: %d rows instead of one", what, s.table.Name, rows)
		}
		return nil
	}})
}

// lock reads the record of a key that is going to be changed; nil when there is none.
func (s *statements) lock(ctx context.Context, tx consumer.Tx, key ...any) (*contracts.Record, error) {
	query := s.lockSQL
	if sqldb.DialectOf(tx) == sqldb.SQLite { // whose writer is alone; it is asked in its own words
		query = s.loadSQL
	}
	return only(s.loadBy(ctx, tx, query, key...))
}

// only is the record of a list of at most one.
func only(found []*contracts.Record, err error) (*contracts.Record, error) {
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// load reads records by the first part of their key.
func (s *statements) load(ctx context.Context, tx consumer.Tx, key ...any) ([]*contracts.Record, error) {
	return s.loadBy(ctx, tx, s.loadSQL, key...)
}

// loadBy reads records by a query for all their columns.
func (s *statements) loadBy(ctx context.Context, tx consumer.Tx, query string, args ...any) ([]*contracts.Record, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.table.Name, err)
	}
	defer func() { _ = rows.Close() }()
	var found []*contracts.Record
	cells := make([]any, len(s.stored))
	for rows.Next() {
		r := contracts.NewRecord(s.table, "")
		for i, f := range s.stored {
			cells[i] = &cell{record: r, field: f}
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.table.Name, err)
		}
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.table.Name, err)
	}
	return found, nil
}

// day is the text of a date; empty without one.
func day(d contracts.Date) string {
	if _, err := time.Parse(time.DateOnly, string(d)); err != nil {
		return ""
	}
	return string(d)
}

// null is a text as a parameter: NULL for an empty one.
func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// cell scans one column into its field.
type cell struct {
	record *contracts.Record
	field  *contracts.Field
}

// Scan implements sql.Scanner. A number in a text column, or the other way round, was not written
// by us and is an error rather than a guess. Servers have types of their own for amounts, dates and
// moments.
func (c *cell) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return c.record.Load(c.field, false, 0, "")
	case int64:
		if c.field.Kind == contracts.Integer {
			return c.record.Load(c.field, true, v, "")
		}
	case string:
		if c.field.Kind != contracts.Integer {
			return c.record.Load(c.field, true, 0, v)
		}
	case []byte:
		if c.field.Kind == contracts.Amount {
			return c.record.Load(c.field, true, 0, string(v))
		}
	case time.Time:
		switch c.field.Kind {
		case contracts.Day:
			return c.record.Load(c.field, true, 0, string(contracts.DateOf(v)))
		case contracts.Moment:
			return c.record.Load(c.field, true, 0, contracts.FormatMoment(v))
		}
	}
	return fmt.Errorf("column %s holds a %T", c.field.Column, src)
}
