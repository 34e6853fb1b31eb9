package inbox

import (
	"context"
	"database/sql"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// recorder keeps the queries that it is asked.
type recorder struct{ texts []string }

func (r *recorder) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, sql.ErrConnDone
}

func (r *recorder) QueryContext(_ context.Context, query string, _ ...any) (*sql.Rows, error) {
	r.texts = append(r.texts, query)
	return nil, sql.ErrConnDone
}

func (r *recorder) QueryRowContext(_ context.Context, query string, _ ...any) *sql.Row {
	r.texts = append(r.texts, query)
	return &sql.Row{}
}

func TestGoldenStatementsOfSQLServer(t *testing.T) {
	x := textsOf(sqldb.SQLServer)
	made := map[string]string{
		"a delivery": x.insertMessage, "a message to be sent": x.insertUpstream, "a message of other code": x.insertOutbound, "an execution": x.insertExec, "an intent": x.writeIntent, "begin": x.lock, "savepoint": x.savepoint,
		"back to the savepoint": x.rollback, "the mark": sqldb.SQLServer.InsertNew(marker), "older metrics": deleteMetrics,
		"bookings of messages": lookAhead(2), "a look": lookFor(2),
	}
	r := &recorder{}
	b := &Box{read: sqldb.Bind(r, sqldb.SQLServer)}
	ctx := t.Context()
	_, _ = b.List(ctx, Filter{})
	_, _ = b.List(ctx, Filter{States: []link.ERPState{link.ERPBlocked, link.ERPRejected}, Type: "T", After: "5"})
	_, _ = b.Executions(ctx, ExecutionFilter{})
	_, _ = b.Executions(ctx, ExecutionFilter{Message: uuid.New(), Type: "T", Result: "done", Key: "1;1", After: uuid.NewString() + ".1"})
	_, _ = b.Actions(ctx, ActionFilter{Help: true, After: "5"})
	for i, text := range r.texts {
		made["search "+strconv.Itoa(i+1)] = text
	}
	if len(r.texts) != 5 {
		t.Errorf("%d searches", len(r.texts))
	}
	sqltest.Golden(t, made)
}
