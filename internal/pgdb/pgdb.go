// Package pgdb opens PostgreSQL databases the way the hub wants them, hears what others tell there, and
// tells errors of both kinds of stores apart: it is what package sqldb is for SQLite.
package pgdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"smartlink/internal/sqldb"
)

// connectTimeout bounds an attempt to connect, unless the address says another.
const connectTimeout = 10 * time.Second

// Parse reads the address of a PostgreSQL database, a URL or keyword string, and gives its
// connections the settings that all of ours have: every commit waits for the disk, and nothing waits for
// ever. An error never shows the address, since a password may stand in it.
func Parse(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// pgx hides the password it finds in what it quotes; where it could not even read the address, it may find none.
		return nil, errors.New("the database's address cannot be read; want postgres://user:password@host:port/database?sslmode=verify-full")
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTimeout)
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "smartlink"
	}
	maps.Copy(config.RuntimeParams, map[string]string{
		"timezone": "UTC", "synchronous_commit": "on",
		"lock_timeout": "5s", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s",
	})
	return config, nil
}

// Name is a database's address as people may see it, without its password and user: host, port and
// database. It is empty for an empty address.
func Name(dsn string) string {
	if dsn == "" {
		return ""
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "?"
	}
	return fmt.Sprintf("%s:%d/%s", config.Host, config.Port, config.Database)
}

// Open opens a database for database/sql, with at most maxConns connections. Texts that
// PostgreSQL cannot hold are stored as Text makes them. It connects once, so that a wrong address
// fails here.
func Open(ctx context.Context, config *pgx.ConnConfig, maxConns int) (*sql.DB, error) {
	db := sql.OpenDB(connector{stdlib.GetConnector(*config)})
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to PostgreSQL: %w", err), db.Close())
	}
	return db, nil
}

// Text is s as PostgreSQL can hold it: with U+FFFD in the place of NUL and of broken UTF-8.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// connector makes connections that write texts as Text makes them. In a condition such a text
// equals nothing that was stored without it.
type connector struct{ driver.Connector }

// Connect connects.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if pg, ok := conn.(*stdlib.Conn); ok {
		return storing{pg}, err
	}
	return conn, err
}

type storing struct{ *stdlib.Conn }

// CheckNamedValue changes texts that cannot be stored.
func (s storing) CheckNamedValue(v *driver.NamedValue) error {
	if r := reflect.ValueOf(v.Value); r.Kind() == reflect.String {
		v.Value = Text(r.String())
	}
	return s.Conn.CheckNamedValue(v)
}

// state is the SQLSTATE of an error of the server, else "".
func state(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// IsUnique is sqldb.IsUnique, also for PostgreSQL.
func IsUnique(err error) bool { return sqldb.IsUnique(err) || state(err) == "23505" }

// IsBusy is sqldb.IsBusy, also for PostgreSQL: a serialisation failure, a deadlock, or a lock that was
// not given in time.
func IsBusy(err error) bool {
	switch state(err) {
	case "40001", "40P01", "55P03":
		return true
	}
	return sqldb.IsBusy(err)
}

// IsUnavailable is sqldb.IsUnavailable, also for PostgreSQL: the server cannot be reached, goes down or
// comes up, has no connection or no room left, or is a standby.
func IsUnavailable(err error) bool {
	code := state(err)
	switch code {
	case "25006", "25P03", "57014", "57P01", "57P02", "57P03", "57P05":
		return true
	case "":
		_, connecting := errors.AsType[*pgconn.ConnectError](err)
		return connecting || errors.Is(err, driver.ErrBadConn) || sqldb.IsUnavailable(err)
	}
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "58")
}

// IsCutOff tells whether the connection to a PostgreSQL server broke under a statement, so that it is
// not known whether the server got it. Only for errors that come from such a connection: another
// program's network fails in the same way.
func IsCutOff(err error) bool {
	if err == nil || state(err) != "" {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "conn closed")
}
