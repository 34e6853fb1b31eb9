// Package sqlopen opens the agent's database by what an administrator writes: a file of SQLite, or a
// URL of PostgreSQL or SQL Server.
package sqlopen

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	mssql "github.com/microsoft/go-mssqldb"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Schema is the schema of PostgreSQL that the tables stand in, unless the URL names another by
// search_path. In SQL Server it is the default schema of the user that logs in.
const Schema = "smartlink"

// DialectOf tells what kind of database an address is of, without opening it. One of an unknown kind is
// an error.
func DialectOf(address string) (sqldb.Dialect, error) {
	scheme, _, isURL := strings.Cut(address, "://")
	switch {
	case !isURL:
		return sqldb.SQLite, nil
	case scheme == "postgres", scheme == "postgresql":
		return sqldb.Postgres, nil
	case scheme == "sqlserver":
		return sqldb.SQLServer, nil
	}
	return "", link.NewError(link.CodeRequestInvalid).At("database", link.CodeRequestInvalid, link.Both(
		"%s:// não é um banco que o agente conhece; use um arquivo do SQLite, postgres:// ou sqlserver://",
		"%s:// is no database that the agent knows; use a file of SQLite, postgres:// or sqlserver://", scheme))
}

// IsFile tells whether an address is that of a SQLite file.
func IsFile(address string) bool { return !strings.Contains(address, "://") }

// Redact is an address without its secrets, for people and logs: of a URL kind, user, server,
// database and schema are left.
func Redact(address string) string {
	if IsFile(address) {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://")
		return scheme + "://…"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.User != nil && u.User.Username() != "" {
		shown.User = url.User(u.User.Username())
	}
	plain := url.Values{}
	for _, name := range []string{"database", "search_path"} {
		if v := u.Query().Get(name); v != "" {
			plain.Set(name, v)
		}
	}
	shown.RawQuery = plain.Encode()
	return shown.String()
}

// Open opens a database. A SQLite file is made when it is not there; the others must exist. maxConns
// bounds the connections.
func Open(ctx context.Context, address string, maxConns int) (*sql.DB, error) {
	dialect, err := DialectOf(address)
	if err != nil {
		return nil, err
	}
	if dialect == sqldb.SQLite {
		return sqldb.OpenSQLite(ctx, address, maxConns)
	}
	// A parser's error would show the password.
	if _, err := url.Parse(address); err != nil {
		return nil, link.NewError(link.CodeRequestInvalid).At("database", link.CodeRequestInvalid, link.Text{
			PT: "não é um endereço válido; na senha, escreva caracteres especiais como %XX",
			EN: "not a valid URL; write special characters of the password as %XX",
		})
	}
	var db *sql.DB
	if dialect == sqldb.Postgres {
		db, err = postgres(address)
	} else {
		db, err = server(address)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", Redact(address), err)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", Redact(address), err), db.Close())
	}
	return db, nil
}

// connectTime is how long a server may take to let a session in, unless the URL says otherwise: an
// executor that waits longer sees too late that the server is back.
const connectTime = 10 * time.Second

// session are the settings of every session in PostgreSQL, unless the URL has others. Who waits for a
// lock is told to come again after a while; a session whose program hangs inside a transaction, or whose
// machine is gone, gives its locks back.
var session = map[string]string{
	"search_path": Schema, "application_name": "smartlink", "timezone": "UTC", "datestyle": "ISO", "lock_timeout": "10s",
	"idle_in_transaction_session_timeout": "60s", "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
	"default_transaction_isolation": "read committed",
}

func postgres(address string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTime
	}
	for name, value := range session {
		if _, set := cfg.RuntimeParams[name]; !set {
			cfg.RuntimeParams[name] = value
		}
	}
	return stdlib.OpenDB(*cfg), nil
}

// serverSession are the settings of every session in SQL Server: those that filtered indexes ask for,
// and that a failed statement does not take the transaction with it where it need not.
const serverSession = `SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
	SET NUMERIC_ROUNDABORT, XACT_ABORT, IMPLICIT_TRANSACTIONS OFF; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED`

func server(address string) (*sql.DB, error) {
	c, err := mssql.NewConnector(address)
	if err != nil {
		return nil, err
	}
	c.SessionInitSQL = serverSession
	return sql.OpenDB(c), nil
}

// Exists tells whether a database is there to be looked at: a SQLite file may not be, yet. Of the
// others it says yes.
func Exists(address string) (bool, error) {
	if !IsFile(address) {
		return true, nil
	}
	_, err := os.Stat(address)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("database: %w", err)
	}
	return true, nil
}
