package inbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"smartlink/internal/sqldb"
)

// version tells whether a SQLite file has changed, by a number of SQLite's that does when another connection,
// of any process, commits. It has a connection of its own, which never writes, and is asked below database/sql,
// whose bookkeeping would cost several times as much.
type version struct {
	conn  *sql.Conn // nil: none yet
	conns int64     // opened so far
	stmt  driver.Stmt
	row   [1]driver.Value
	ended bool // nothing is opened any more
}

// edition is the database between two commits.
type edition struct{ conn, number int64 } // each connection counts by itself

// read answers the edition; not sure: it is not known, as in the other databases, and anything may have changed.
func (v *version) read(ctx context.Context, b *Box) (at edition, sure bool, err error) {
	if b.w.dialect != sqldb.SQLite {
		return at, false, nil
	}
	ctx = context.WithoutCancel(ctx)
	if v.ended {
		return at, false, sql.ErrConnDone
	}
	if v.conn == nil {
		if v.conn, err = b.db.Conn(ctx); err != nil {
			return at, false, err
		}
		v.conns++
	}
	at.conn = v.conns
	err = v.conn.Raw(func(conn any) (err error) {
		at.number, err = v.ask(ctx, conn)
		return err
	})
	if err != nil {
		v.drop()
		return at, false, fmt.Errorf("read the version of the database: %w", err)
	}
	return at, true, nil
}

func (v *version) ask(ctx context.Context, conn any) (int64, error) {
	if v.stmt == nil {
		c, ok := conn.(driver.ConnPrepareContext)
		if !ok {
			return 0, fmt.Errorf("a connection of type %T prepares no statements", conn)
		}
		stmt, err := c.PrepareContext(ctx, `PRAGMA data_version`)
		if err != nil {
			return 0, err
		}
		v.stmt = stmt
	}
	q, ok := v.stmt.(driver.StmtQueryContext)
	if !ok {
		return 0, fmt.Errorf("a statement of type %T answers nothing", v.stmt)
	}
	rows, err := q.QueryContext(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	if err := rows.Next(v.row[:]); err != nil {
		return 0, err
	}
	number, ok := v.row[0].(int64)
	if !ok {
		return 0, fmt.Errorf("a version is a %T", v.row[0])
	}
	return number, nil
}

// drop throws the connection away; the next read opens another.
func (v *version) drop() {
	if v.conn == nil {
		return
	}
	_ = v.conn.Raw(func(any) error { // not if the connection is closed: then there is no statement any more
		if v.stmt != nil {
			_ = v.stmt.Close()
		}
		return driver.ErrBadConn
	})
	_ = v.conn.Close()
	v.conn, v.stmt = nil, nil
}
