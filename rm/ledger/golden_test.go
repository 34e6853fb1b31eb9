package ledger

import (
	"context"
	"database/sql"
	"testing"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
)

// recorder answers what statements a function runs.
type recorder struct{ texts []string }

func (r *recorder) Dialect() string { return string(sqldb.SQLServer) }

func (r *recorder) ExecContext(_ context.Context, query string, _ ...any) (sql.Result, error) {
	r.texts = append(r.texts, query)
	return nil, sql.ErrConnDone
}

func (r *recorder) QueryContext(_ context.Context, query string, _ ...any) (*sql.Rows, error) {
	r.texts = append(r.texts, query)
	return nil, sql.ErrConnDone
}

func (r *recorder) QueryRowContext(context.Context, string, ...any) *sql.Row {
	panic("a row cannot be made")
}

func TestGoldenStatementsOfSQLServer(t *testing.T) {
	made := map[string]string{}
	for _, s := range []*statements{entries, rows, statementRows, heads, lines, managerial} {
		made["insert "+s.table.Name] = s.insertSQL
		if s != managerial { // read with its entry, below
			made["load "+s.table.Name] = s.loadSQL
		}
		made["update "+s.table.Name], made["remove "+s.table.Name] = s.updateSQL, s.removeSQL
	}
	for _, s := range []sequence{entryIDs, rowIDs, statementIDs, headIDs, lineIDs, managerialIDs} {
		made["ids of "+s.table] = s.server
	}
	for _, c := range []Custom{EntryCustom, StatementCustom} {
		r := &recorder{}
		_, _ = c.Columns(t.Context(), r)
		_ = c.Save(t.Context(), r, 1, 1, []CustomValue{{Column: CustomColumn{Name: "CONTRATO"}}})
		_ = c.Save(t.Context(), r, 1, 1, nil)
		_ = c.Clear(t.Context(), r, 1, 1)
		for i, what := range []string{"columns", "save", "save nothing", "clear"} {
			made[what+" "+c.name] = r.texts[i]
		}
	}
	made["load CRATEIOLC of an entry"] = managerialOf
	sqltest.Golden(t, made)
}
