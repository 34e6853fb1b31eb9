package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

// Custom is a table of columns that customers add to a record of their own accord.
type Custom struct {
	name, id string // of the table, of its key's second column
	columns  map[sqldb.Dialect]string
	discard  string
}

// The tables of custom columns.
var (
	EntryCustom     = newCustom("FLANCOMPL", "IDLAN")
	StatementCustom = newCustom("FXCXCOMPL", "IDXCX")
)

func newCustom(table, id string) Custom {
	return Custom{
		name: table, id: id,
		columns: map[sqldb.Dialect]string{
			sqldb.SQLite: "SELECT name, UPPER(type) FROM pragma_table_info('" + table + "') WHERE pk = 0",
			sqldb.Postgres: "SELECT column_name, 'VARCHAR(' || character_maximum_length || ')' FROM information_schema.columns" +
				" WHERE table_schema = current_schema() AND UPPER(table_name) = '" + table + "' AND data_type = 'character varying'" +
				" AND character_maximum_length IS NOT NULL ORDER BY ordinal_position",
			// A character may take two places there. -1 is MAX.
			sqldb.SQLServer: "SELECT COLUMN_NAME, CONCAT('VARCHAR(', CHARACTER_MAXIMUM_LENGTH / 2, ')') FROM INFORMATION_SCHEMA.COLUMNS" +
				" WHERE TABLE_SCHEMA = SCHEMA_NAME() AND UPPER(TABLE_NAME) = '" + table + "' AND DATA_TYPE = 'nvarchar'" +
				" AND CHARACTER_MAXIMUM_LENGTH > 1 ORDER BY ORDINAL_POSITION",
		},
		discard: "DELETE FROM " + table + " WHERE CODCOLIGADA = ? AND " + id + " = ?",
	}
}

// CustomColumn is a column a customer added.
type CustomColumn struct {
	Name string // in PostgreSQL, which writes names small, in capitals
	Size int    // characters; 0: not known, any text is let through
	real string // the database's name, where it is another
}

// Columns lists the custom columns by their folded names. Only VARCHAR columns count, in SQL Server
// NVARCHAR ones: any other kind might change what is stored.
func (c Custom) Columns(ctx context.Context, tx consumer.Tx) (map[string]CustomColumn, error) {
	memo := sqldb.MemoOf(tx)
	if known, ok := memo.Get(c.name); ok {
		return known.(map[string]CustomColumn), nil
	}
	columns, err := c.read(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read the custom columns: %w", err)
	}
	memo.Put(c.name, columns)
	return columns, nil
}

func (c Custom) read(ctx context.Context, tx consumer.Tx) (map[string]CustomColumn, error) {
	columns := map[string]CustomColumn{}
	if m, ok := tx.(Master); ok {
		list, err := m.CustomColumns(ctx, c.name)
		for _, column := range list {
			columns[contracts.FoldName(column.Name)] = column
		}
		return columns, err
	}
	found, err := tx.QueryContext(ctx, c.columns[sqldb.DialectOf(tx)])
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var name, kind string
		if err := found.Scan(&name, &kind); err != nil {
			return nil, err
		}
		if size, ok := varchar(kind); ok {
			column := CustomColumn{Name: name, Size: size}
			if sqldb.DialectOf(tx) == sqldb.Postgres && name == strings.ToLower(name) {
				column.Name, column.real = strings.ToUpper(name), name
			}
			columns[contracts.FoldName(name)] = column
		}
	}
	return columns, found.Err()
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
	if elsewhere, ok := tx.(CustomValues); ok {
		elsewhere.SaveCustom(c.name, values)
		return nil
	}
	row := sqldb.Insert{Table: c.name, Columns: []string{"CODCOLIGADA", c.id}, Keys: []string{"CODCOLIGADA", c.id}}
	args := []any{company, id}
	for _, v := range values {
		row.Columns = append(row.Columns, `"`+strings.ReplaceAll(cmp.Or(v.Column.real, v.Column.Name), `"`, `""`)+`"`)
		args = append(args, v.Value)
	}
	query := sqldb.DialectOf(tx).InsertOrUpdate(row)
	return c.later(ctx, tx, "write", query, args...)
}

// Clear removes the custom columns of a record.
func (c Custom) Clear(ctx context.Context, tx consumer.Tx, company, id int64) error {
	if elsewhere, ok := tx.(CustomValues); ok {
		elsewhere.ClearCustom(c.name)
		return nil
	}
	return c.later(ctx, tx, "clear", c.discard, company, id)
}

func (c Custom) later(ctx context.Context, tx consumer.Tx, what, query string, args ...any) error {
	return sqldb.Later(ctx, tx, sqldb.Statement{Query: query, Args: args, Result: func(_ int64, err error) error {
		if err != nil {
			return fmt.Errorf("%s %s: %w", what, c.name, err)
		}
		return nil
	}})
}
