package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"smartlink/consumer"
	"smartlink/contracts"
)

// Custom is a table of columns that customers add to a record of their own accord.
type Custom struct {
	name, id         string // of the table, of its key's second column
	columns, discard string
}

// The tables of custom columns.
var (
	EntryCustom     = newCustom("FLANCOMPL", "IDLAN")
	StatementCustom = newCustom("FXCXCOMPL", "IDXCX")
)

func newCustom(table, id string) Custom {
	return Custom{
		name: table, id: id,
		columns: "SELECT name, UPPER(type) FROM pragma_table_info('" + table + "') WHERE pk = 0",
		discard: "DELETE FROM " + table + " WHERE CODCOLIGADA = ? AND " + id + " = ?",
	}
}

// CustomColumn is a column a customer added.
type CustomColumn struct {
	Name string
	Size int // characters
}

// Columns lists the custom columns by their folded names. Only VARCHAR columns count: in SQLite any
// other kind would change what is stored.
func (c Custom) Columns(ctx context.Context, tx consumer.Tx) (map[string]CustomColumn, error) {
	found, err := tx.QueryContext(ctx, c.columns)
	if err != nil {
		return nil, fmt.Errorf("read the custom columns: %w", err)
	}
	defer func() { _ = found.Close() }()
	columns := map[string]CustomColumn{}
	for found.Next() {
		var name, kind string
		if err := found.Scan(&name, &kind); err != nil {
			return nil, fmt.Errorf("read the custom columns: %w", err)
		}
		if size, ok := varchar(kind); ok {
			columns[contracts.FoldName(name)] = CustomColumn{name, size}
		}
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the custom columns: %w", err)
	}
	return columns, nil
}

// varchar reads the size of a VARCHAR(n).
func varchar(kind string) (int, bool) {
	size, ok := strings.CutPrefix(kind, "VARCHAR(")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, ")"))
	return n, err == nil && n > 0
}

// CustomValue is a value for a custom column; not valid is null.
type CustomValue struct {
	Column CustomColumn
	Value  sql.NullString
}

// Save writes custom columns of a record; those not named stay as they are. Its texts depend on which
// columns are written.
func (c Custom) Save(ctx context.Context, tx consumer.Tx, company, id int64, values []CustomValue) error {
	columns, marks, sets := "CODCOLIGADA, "+c.id, "?, ?", make([]string, len(values))
	args := []any{company, id}
	for i, v := range values {
		name := `"` + strings.ReplaceAll(v.Column.Name, `"`, `""`) + `"`
		columns += ", " + name
		marks += ", ?"
		sets[i] = name + " = excluded." + name
		args = append(args, v.Value)
	}
	conflict := "NOTHING"
	if len(sets) > 0 {
		conflict = "UPDATE SET " + strings.Join(sets, ", ")
	}
	query := "INSERT INTO " + c.name + " (" + columns + ") VALUES (" + marks + ") ON CONFLICT (CODCOLIGADA, " + c.id + ") DO " + conflict
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("write %s: %w", c.name, err)
	}
	return nil
}

// Clear removes the custom columns of a record.
func (c Custom) Clear(ctx context.Context, tx consumer.Tx, company, id int64) error {
	if _, err := tx.ExecContext(ctx, c.discard, company, id); err != nil {
		return fmt.Errorf("clear %s: %w", c.name, err)
	}
	return nil
}
