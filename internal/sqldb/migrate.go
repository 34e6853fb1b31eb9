package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/pressly/goose/v3"

	"smartlink/link"
)

// Migrate brings the schema of any database up to date: SQLite with the .sql files of fsys, the others
// with those in its folders postgres and sqlserver. versions names the table that remembers which were
// applied, so that two rooms can keep their own in one schema. Several programs may call it at the same
// time. A schema of a newer program is link.CodeNewerSchema.
func Migrate(ctx context.Context, db *sql.DB, fsys fs.FS, versions string) error {
	d := DialectOf(db)
	if d == SQLite {
		return MigrateSQLite(ctx, db, fsys, versions)
	}
	sub, err := fs.Sub(fsys, string(d))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if d == Postgres {
		return MigratePostgres(ctx, db, sub, versions)
	}
	return migrateServer(ctx, goose.DialectMSSQL, db, sub, versions)
}

// MigrateConns is how many connections a database needs so that its schema can be made and changed: locks
// are held on connections of their own.
const MigrateConns = 4

// startLock is the advisory lock of PostgreSQL that Alone holds; migrations have one of their own.
const startLock = migrationLock + 1

// The locks of a session, by dialect.
var (
	lockSession = map[Dialect]string{
		Postgres: `SELECT pg_advisory_lock(%d)`,
		SQLServer: `DECLARE @got int; EXEC @got = sp_getapplock @Resource = N'smartlink %d', @LockMode = 'Exclusive', @LockOwner = 'Session';
			IF @got < 0 THROW 51000, N'the schema is locked by another program', 1`,
	}
	unlockSession = map[Dialect]string{
		Postgres:  `SELECT pg_advisory_unlock(%d)`,
		SQLServer: `EXEC sp_releaseapplock @Resource = N'smartlink %d', @LockOwner = 'Session'`,
	}
)

// Alone runs f while no other program runs it on the same database server. SQLite's files have other
// locks: there f just runs.
func Alone(ctx context.Context, db *sql.DB, f func() error) error {
	if DialectOf(db) == SQLite {
		return f()
	}
	return locked(ctx, db, startLock, f)
}

func locked(ctx context.Context, db *sql.DB, number int, f func() error) (err error) {
	if n := db.Stats().MaxOpenConnections; n > 0 && n < MigrateConns { // it would wait for itself
		return fmt.Errorf("lock the schema: %d connections are too few, %d are needed", n, MigrateConns)
	}
	d := DialectOf(db)
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, fmt.Sprintf(lockSession[d], number)); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	defer func() {
		if _, unlock := lock.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(unlockSession[d], number)); unlock != nil {
			err = errors.Join(err, fmt.Errorf("unlock the schema: %w", unlock))
		}
	}()
	return f()
}

// migrateServer is MigrateSQLite for a database on a server, where several programs may start together:
// one does it, the others wait.
func migrateServer(ctx context.Context, dialect goose.Dialect, db *sql.DB, fsys fs.FS, versions string) error {
	p, err := goose.NewProvider(dialect, db, fsys, goose.WithTableName(versions))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return locked(ctx, db, migrationLock, func() error { return bringUp(ctx, p) })
}

// bringUp applies what is missing. A schema that a newer program has changed is left alone
// (link.CodeNewerSchema): an older one would read and write what it does not understand.
func bringUp(ctx context.Context, p *goose.Provider) error {
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	sources := p.ListSources()
	if knows := sources[len(sources)-1].Version; has > knows {
		return link.NewError(link.CodeNewerSchema, "has", strconv.FormatInt(has, 10), "knows", strconv.FormatInt(knows, 10))
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
