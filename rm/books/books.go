// Package books reads the books for people: trial balance, entries, cash statement, one entry in full. It
// writes nothing, and counts exactly.
package books

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strings"
	"time"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

// Querier is a snapshot of a database. Its statements are of the common form of sqldb.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// snapshots begin a transaction that sees one state. SQL Server has them where the database allows
// snapshots; where not, what is read is locked until the end.
var snapshots = map[sqldb.Dialect]string{
	sqldb.SQLite:   "BEGIN DEFERRED",
	sqldb.Postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	sqldb.SQLServer: `IF (SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()) = 1
		SET TRANSACTION ISOLATION LEVEL SNAPSHOT ELSE SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRANSACTION`,
}

// Snapshot lets read see one state of the books, whatever is written meanwhile.
func Snapshot(ctx context.Context, db *sql.DB, read func(q Querier) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	defer func() { _ = conn.Close() }()
	dialect := sqldb.DialectOf(db)
	if _, err := conn.ExecContext(ctx, snapshots[dialect]); err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") }()
	return read(sqldb.Bind(conn, dialect))
}

// Amount is a sum of money of any size, with the 4 places of the books. Debits and deposits are above zero.
type Amount struct{ units big.Int }

// ParseAmount reads an amount as the books keep it.
func ParseAmount(text string) (Amount, error) {
	d, err := contracts.Money.Parse(text)
	if err != nil {
		return Amount{}, fmt.Errorf("amount %q: %w", text, err)
	}
	var a Amount
	a.units.SetInt64(d.Units)
	return a, nil
}

// Add adds another amount, or takes it away.
func (a *Amount) Add(b Amount, sign int) {
	if sign < 0 {
		a.units.Sub(&a.units, &b.units)
		return
	}
	a.units.Add(&a.units, &b.units)
}

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return a.units.Sign() }

// Equal tells whether two amounts are the same.
func (a Amount) Equal(b Amount) bool { return a.units.Cmp(&b.units) == 0 }

// String writes all places: "-1250.7500".
func (a Amount) String() string {
	digits := new(big.Int).Abs(&a.units).String()
	if missing := contracts.Money.Places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - contracts.Money.Places
	sign := ""
	if a.units.Sign() < 0 {
		sign = "-"
	}
	return sign + digits[:point] + "." + digits[point:]
}

// Side writes a balance with its side: "1250.7500 D", "1250.7500 C", "0.0000".
func (a Amount) Side() string {
	switch a.units.Sign() {
	case 1:
		return a.String() + " D"
	case -1:
		return strings.TrimPrefix(a.String(), "-") + " C"
	}
	return a.String()
}

// MarshalJSON writes a JSON number with all places.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// cell is a column as text, empty when it is NULL. Of a date that a server has as a moment the date is
// left.
type cell struct {
	String string
	Valid  bool
}

// Scan implements sql.Scanner.
func (c *cell) Scan(src any) error {
	if t, ok := src.(time.Time); ok {
		*c = cell{string(contracts.DateOf(t)), true}
		return nil
	}
	var s sql.NullString
	err := s.Scan(src)
	*c = cell{s.String, s.Valid}
	return err
}

// each reads the rows of a query, all columns as text.
func each(ctx context.Context, q Querier, read func(cells []cell) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	cells := make([]cell, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read the books: %w", err)
		}
		if err := read(cells); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	return nil
}
