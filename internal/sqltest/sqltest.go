// Package sqltest gives every test a database of its own, of the kind that SMARTLINK_TEST_DATABASE names:
// sqlite (the default), postgres on the server of SMARTLINK_TEST_POSTGRES, or sqlserver on that of
// SMARTLINK_TEST_SQLSERVER. So one suite runs on all of them:
//
//	go test ./agent/inbox ./agent/executor ./rm/...
//	SMARTLINK_TEST_DATABASE=postgres SMARTLINK_TEST_POSTGRES='host=/run/postgresql user=postgres' go test ./agent/inbox …
package sqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
)

// The environment of tests.
const (
	envKind     = "SMARTLINK_TEST_DATABASE"
	envPostgres = "SMARTLINK_TEST_POSTGRES"
	envServer   = "SMARTLINK_TEST_SQLSERVER"
)

// Kind is the kind of database that suites run on.
func Kind() sqldb.Dialect {
	if k := os.Getenv(envKind); k != "" {
		return sqldb.Dialect(k)
	}
	return sqldb.SQLite
}

// On has a test run on one kind of database, whatever the rest of the suite runs on: for what is so there
// only.
func On(t testing.TB, kind sqldb.Dialect) {
	t.Helper()
	t.Setenv(envKind, string(kind))
	if kind == sqldb.Postgres && os.Getenv(envPostgres) == "" {
		t.Skip(envPostgres + " names no server: what is so on PostgreSQL only is NOT tested")
	}
}

// Address is a place for a new database of the kind: a file that is not there yet, or a schema that is
// gone with the test.
func Address(t testing.TB) string {
	t.Helper()
	switch Kind() {
	case sqldb.SQLite:
		return filepath.Join(t.TempDir(), "rm.db")
	case sqldb.Postgres:
		return Postgres(t)
	case sqldb.SQLServer:
		return server(t)
	}
	t.Fatalf("%s=%s: sqlite, postgres or sqlserver", envKind, Kind())
	return ""
}

// Postgres is a schema of its own, not made yet, on the server of SMARTLINK_TEST_POSTGRES; without one
// the test is skipped, unless the whole suite shall run there. Commits do not wait for the disk: nobody
// pulls the plug.
func Postgres(t testing.TB) string {
	t.Helper()
	u := postgresURL(t)
	schema := name(t)
	q := u.Query()
	q.Set("search_path", schema)
	if _, measured := t.(*testing.B); !measured {
		q.Set("synchronous_commit", "off")
	}
	u.RawQuery = q.Encode()
	address := u.String()
	t.Cleanup(func() {
		db := Open(t, address)
		defer func() { _ = db.Close() }()
		if _, err := db.ExecContext(context.Background(), `DROP SCHEMA IF EXISTS `+schema+` CASCADE`); err != nil {
			t.Errorf("drop the schema: %v", err)
		}
	})
	return address
}

// PostgresDatabase is a database of its own on that server, for tests of what is looked for in all
// schemas.
func PostgresDatabase(t testing.TB) string {
	t.Helper()
	u := postgresURL(t)
	admin, base := u.String(), name(t)
	run(t, admin, `CREATE DATABASE `+base)
	t.Cleanup(func() { run(t, admin, `DROP DATABASE `+base+` WITH (FORCE)`) })
	u.Path = "/" + base
	return u.String()
}

func run(t testing.TB, address, statement string) {
	t.Helper()
	db := Open(t, address)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// postgresURL is the server's address as a URL, whatever form it was given in.
func postgresURL(t testing.TB) *url.URL {
	t.Helper()
	dsn := os.Getenv(envPostgres)
	if dsn == "" {
		if Kind() == sqldb.Postgres {
			t.Fatalf("%s=%s needs %s", envKind, Kind(), envPostgres)
		}
		t.Skip(envPostgres + " names no server: what is so on PostgreSQL only is NOT tested")
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u := &url.URL{Scheme: "postgres", User: url.User(cfg.User), Path: "/" + cfg.Database}
	if cfg.Password != "" {
		u.User = url.UserPassword(cfg.User, cfg.Password)
	}
	u.RawQuery = url.Values{"host": {cfg.Host}, "port": {strconv.Itoa(int(cfg.Port))}}.Encode()
	return u
}

// server is a schema of its own on the server of SMARTLINK_TEST_SQLSERVER, with a user whose default it
// is. The address given there must be one that may make log-ins.
func server(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(envServer)
	if admin == "" {
		t.Fatalf("%s=%s needs %s", envKind, Kind(), envServer)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("%s is no URL", envServer)
	}
	user, password := name(t), "A1-"+name(t)
	for _, statement := range []string{
		`CREATE LOGIN ` + user + ` WITH PASSWORD = '` + password + `', CHECK_POLICY = OFF`,
		`CREATE USER ` + user + ` FOR LOGIN ` + user + ` WITH DEFAULT_SCHEMA = ` + user,
		`CREATE SCHEMA ` + user + ` AUTHORIZATION ` + user,
		`GRANT CREATE TABLE, CREATE VIEW TO ` + user,
	} {
		run(t, admin, statement)
	}
	t.Cleanup(func() {
		// Foreign keys first, then tables and views.
		run(t, admin, `DECLARE @s nvarchar(max) = N'';
			SELECT @s += N'ALTER TABLE ' + QUOTENAME(SCHEMA_NAME(schema_id)) + N'.' + QUOTENAME(OBJECT_NAME(parent_object_id)) + N' DROP CONSTRAINT ' + QUOTENAME(name) + N';'
				FROM sys.foreign_keys WHERE schema_id = SCHEMA_ID('`+user+`');
			SELECT @s += N'DROP ' + CASE type WHEN 'V' THEN N'VIEW ' ELSE N'TABLE ' END + QUOTENAME(SCHEMA_NAME(schema_id)) + N'.' + QUOTENAME(name) + N';'
				FROM sys.objects WHERE schema_id = SCHEMA_ID('`+user+`') AND type IN ('U', 'V') ORDER BY type DESC;
			EXEC sp_executesql @s`)
		run(t, admin, `DROP SCHEMA `+user)
		run(t, admin, `DROP USER `+user)
		run(t, admin, `DROP LOGIN `+user)
	})
	u.User = url.UserPassword(user, password)
	return u.String()
}

// Kill ends a session of the server, as its administrator can.
func Kill(t testing.TB, session int) {
	t.Helper()
	if Kind() == sqldb.SQLServer {
		run(t, os.Getenv(envServer), `KILL `+strconv.Itoa(session))
		return
	}
	run(t, postgresURL(t).String(), `SELECT pg_terminate_backend(`+strconv.Itoa(session)+`, 10000)`)
}

// name is a new name for a schema, a database or a user.
func name(t testing.TB) string {
	t.Helper()
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return "slt_" + hex.EncodeToString(b)
}

// Open opens a database for looking at it, or for changing it behind somebody's back. It has to be
// closed.
func Open(t testing.TB, address string) *sql.DB {
	t.Helper()
	db, err := sqlopen.Open(context.Background(), address, 1)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
