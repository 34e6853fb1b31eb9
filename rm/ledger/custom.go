package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"smartlink/consumer"
)

// CustomColumn is a column a customer added to FLANCOMPL.
type CustomColumn struct {
	Name string
	Size int // characters
}

// CustomColumns lists the custom columns by their names in capitals. Only VARCHAR columns count: in
// SQLite any other kind would change what is stored.
func CustomColumns(ctx context.Context, tx consumer.Tx) (map[string]CustomColumn, error) {
	found, err := tx.QueryContext(ctx, `SELECT name, UPPER(type) FROM pragma_table_info('FLANCOMPL') WHERE pk = 0`)
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
			columns[strings.ToUpper(name)] = CustomColumn{name, size}
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

// SaveCustom writes custom columns of an entry; those not named stay as they are. Its texts depend
// on which columns are written.
func SaveCustom(ctx context.Context, tx consumer.Tx, company, id int64, values []CustomValue) error {
	columns, marks, sets := "CODCOLIGADA, IDLAN", "?, ?", make([]string, len(values))
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
	query := "INSERT INTO FLANCOMPL (" + columns + ") VALUES (" + marks + ") ON CONFLICT (CODCOLIGADA, IDLAN) DO " + conflict
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("write FLANCOMPL: %w", err)
	}
	return nil
}

// ClearCustom removes the custom columns of an entry.
func ClearCustom(ctx context.Context, tx consumer.Tx, company, id int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM FLANCOMPL WHERE CODCOLIGADA = ? AND IDLAN = ?`, company, id); err != nil {
		return fmt.Errorf("clear FLANCOMPL: %w", err)
	}
	return nil
}
