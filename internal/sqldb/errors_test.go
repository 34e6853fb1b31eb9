package sqldb_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"

	"smartlink/internal/sqldb"
)

// TestErrorsAreToldApart: what a driver says decides whether work is repeated, costs an attempt, or
// waits for the database.
func TestErrorsAreToldApart(t *testing.T) {
	type kind struct{ busy, unique, constraint, away bool }
	pg := func(state string) error { return &pgconn.PgError{Code: state} }
	server := func(n int32) error { return mssql.Error{Number: n} }
	for _, c := range []struct {
		name string
		err  error
		want kind
	}{
		{"nothing", nil, kind{}},
		{"a consumer's own", errors.New("no"), kind{}},
		{"a consumer's network", &net.OpError{Op: "dial", Err: errors.New("refused")}, kind{}},
		{"no rows", sql.ErrNoRows, kind{}},
		{"a connection that was closed", sql.ErrConnDone, kind{away: true}},
		{"a bad connection", driver.ErrBadConn, kind{away: true}},
		{"a broken connection", sqldb.Gone(errors.New("EOF")), kind{away: true}},
		{"PostgreSQL: deadlock", pg("40P01"), kind{busy: true}},
		{"PostgreSQL: serialisation", pg("40001"), kind{busy: true}},
		{"PostgreSQL: lock", pg("55P03"), kind{busy: true}},
		{"PostgreSQL: unique", pg("23505"), kind{unique: true, constraint: true}},
		{"PostgreSQL: foreign key", pg("23503"), kind{constraint: true}},
		{"PostgreSQL: syntax", pg("42601"), kind{}},
		{"PostgreSQL: spoilt transaction", pg("25P02"), kind{}},
		{"PostgreSQL: cancelled", pg("57014"), kind{}},
		{"PostgreSQL: shut down", pg("57P01"), kind{away: true}},
		{"PostgreSQL: starting", pg("57P03"), kind{away: true}},
		{"PostgreSQL: disk full", pg("53100"), kind{away: true}},
		{"PostgreSQL: too many connections", pg("53300"), kind{away: true}},
		{"PostgreSQL: a stand-by", pg("25006"), kind{away: true}},
		{"PostgreSQL: idle too long", pg("25P03"), kind{away: true}},
		{"PostgreSQL: corrupted", pg("XX001"), kind{away: true}},
		{"SQL Server: deadlock victim", server(1205), kind{busy: true}},
		{"SQL Server: lock time-out", server(1222), kind{busy: true}},
		{"SQL Server: snapshot conflict", server(3960), kind{busy: true}},
		{"SQL Server: unique index", server(2601), kind{unique: true, constraint: true}},
		{"SQL Server: unique constraint", server(2627), kind{unique: true, constraint: true}},
		{"SQL Server: foreign key", server(547), kind{constraint: true}},
		{"SQL Server: not null", server(515), kind{constraint: true}},
		{"SQL Server: syntax", server(102), kind{}},
		{"SQL Server: spoilt transaction", server(3930), kind{}},
		{"SQL Server: transaction was aborted", server(0), kind{}},
		{"SQL Server: log full", server(9002), kind{away: true}},
		{"SQL Server: read only", server(3906), kind{away: true}},
		{"SQL Server: shut down", server(6005), kind{away: true}},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		got := kind{sqldb.IsBusy(err), sqldb.IsUnique(err), sqldb.IsConstraint(err), sqldb.IsUnavailable(err)}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for i, err := range []error{pg("42601"), server(0), errors.New("EOF"), driver.ErrBadConn} {
		if want := i < 2; sqldb.FromServer(err) != want {
			t.Errorf("%v: from the server %v", err, !want)
		}
	}
}
