package sqldb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqlraw"
)

// gone marks an error of a connection that broke under a statement.
type gone struct{ cause error }

func (g *gone) Error() string { return "the connection to the database broke: " + g.cause.Error() }
func (g *gone) Unwrap() error { return g.cause }

// Gone marks an error as one of a broken connection, so that IsUnavailable knows it. Errors of networks
// do not tell by themselves whose they are: a consumer's own may look the same.
func Gone(err error) error { return &gone{err} }

// FromServer tells whether err is the database's own word, as against that of a driver or a network.
func FromServer(err error) bool {
	_, server := serverNumber(err)
	return server || sqliteCode(err) != 0 || sqlState(err) != ""
}

// IsBusy tells whether err is a lock, deadlock or serialisation conflict: the same work may succeed
// when simply repeated.
func IsBusy(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	switch sqlState(err) {
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return true
	}
	switch n, _ := serverNumber(err); n {
	case 1205, 1222, 3960: // deadlock victim, lock request time-out, snapshot conflict
		return true
	}
	return false
}

// IsUnique tells whether err says that a unique index or primary key already holds the value.
func IsUnique(err error) bool {
	c := sqliteCode(err)
	if c == sqlite3.SQLITE_CONSTRAINT_UNIQUE || c == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return true
	}
	n, _ := serverNumber(err)
	return sqlState(err) == "23505" || n == 2601 || n == 2627
}

// IsConstraint tells whether err is any violated constraint.
func IsConstraint(err error) bool {
	switch n, _ := serverNumber(err); n {
	case 515, 547, 2601, 2627: // not null, check and foreign key, unique index, unique constraint
		return true
	}
	return sqliteCode(err)&0xff == sqlite3.SQLITE_CONSTRAINT || class(sqlState(err)) == "23"
}

// awayNumbers are SQL Server's errors that are nobody's fault: transaction log full, disk full, database
// unavailable, read-only, shutting down, out of memory, I/O error, log-in failed.
var awayNumbers = []int{701, 802, 823, 824, 825, 829, 922, 924, 927, 942, 945, 1101, 1105, 3906, 3908, 4060, 6005, 9001, 9002, 17142, 18401, 18456, 40197, 40501, 40613}

// IsUnavailable tells whether err says that the database itself cannot be used now (gone, full,
// read-only, I/O error), so that the failure is nobody's fault.
func IsUnavailable(err error) bool {
	var g *gone
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) || errors.As(err, &g) {
		return true
	}
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM:
		return true
	}
	state := sqlState(err)
	switch class(state) {
	case "08", "53", "57", "58", "XX": // connection, resources, shut down, I/O, corruption
		return state != "57014" // query_canceled
	}
	switch state {
	case "25006", "25P03", "25P04": // read only; a transaction that was idle, or took, too long
		return true
	}
	n, _ := serverNumber(err)
	return slices.Contains(awayNumbers, n)
}

// class is the first part of an SQLSTATE.
func class(state string) string {
	if len(state) < 2 {
		return ""
	}
	return state[:2]
}

func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	if e, ok := errors.AsType[*sqlraw.Error](err); ok {
		return e.Code()
	}
	return 0
}

// sqlState is PostgreSQL's code of an error. Drivers are known by the methods of their errors.
func sqlState(err error) string {
	type known interface {
		error
		SQLState() string
	}
	if e, ok := errors.AsType[known](err); ok {
		return e.SQLState()
	}
	return ""
}

// serverNumber is SQL Server's number of an error, and whether it is one of SQL Server's at all: that a
// transaction was aborted has the number 0.
func serverNumber(err error) (n int, ok bool) {
	type known interface {
		error
		SQLErrorNumber() int32
	}
	if e, ok := errors.AsType[known](err); ok {
		return int(e.SQLErrorNumber()), true
	}
	return 0, false
}
