package inbox

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"unicode/utf8"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqldb"
)

// texts are the statements that no common form can say, in one dialect.
type texts struct {
	insertMessage, insertUpstream, insertOutbound, insertExec, writeIntent string

	lock                         string // at the beginning of a transaction; empty: beginning it locks
	savepoint, release, rollback string // release is empty where savepoints are not released
}

func textsOf(d sqldb.Dialect) texts {
	t := texts{
		insertMessage: d.InsertNew(downstreamRow), insertUpstream: d.InsertNew(upstreamRow), insertOutbound: d.InsertNew(outboundRow), insertExec: d.InsertOrUpdate(execution),
		writeIntent: d.InsertNew(intentRow),
		savepoint:   `SAVEPOINT member`, release: `RELEASE SAVEPOINT member`, rollback: `ROLLBACK TO SAVEPOINT member`,
	}
	switch d {
	case sqldb.Postgres:
		t.lock = `SELECT ONE FROM SMARTLINKMARKER FOR UPDATE`
	case sqldb.SQLServer:
		t.lock = `SELECT ONE FROM SMARTLINKMARKER WITH (UPDLOCK, HOLDLOCK)`
		t.savepoint, t.release, t.rollback = `SAVE TRANSACTION member`, ``, `ROLLBACK TRANSACTION member`
	}
	return t
}

// data is a body for its column: text where the column takes both and the body is UTF-8, so that people
// and SQL can read it.
func (w *writer) data(body []byte) any {
	if w.dialect == sqldb.SQLite && utf8.Valid(body) {
		return string(body)
	}
	return append([]byte{}, body...) // no body is no NULL
}

// null is bytes for a column, NULL when there are none.
func (w *writer) null(b []byte) any {
	if b == nil && w.dialect != sqldb.SQLServer { // there a NULL has a type, and none goes for text
		return nil
	}
	return b
}

// maxStatements bounds the prepared statements of a connection; the longest unused goes first.
const maxStatements = 256

// statements keeps a connection's prepared statements.
type statements struct {
	byText map[string]*list.Element
	used   *list.List // of *statement, the last used first
}

type statement struct {
	text string
	stmt *sql.Stmt
}

func (s *statements) get(ctx context.Context, conn *sql.Conn, query string) (*sql.Stmt, error) {
	if e, ok := s.byText[query]; ok {
		s.used.MoveToFront(e)
		return e.Value.(*statement).stmt, nil
	}
	stmt, err := conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if s.byText == nil {
		s.byText, s.used = map[string]*list.Element{}, list.New()
	}
	s.byText[query] = s.used.PushFront(&statement{query, stmt})
	if s.used.Len() > maxStatements {
		oldest := s.used.Remove(s.used.Back()).(*statement)
		delete(s.byText, oldest.text)
		_ = oldest.stmt.Close()
	}
	return stmt, nil
}

func (s *statements) close() {
	for _, e := range s.byText {
		_ = e.Value.(*statement).stmt.Close()
	}
	s.byText, s.used = nil, nil
}

// inUse tells that a prepared statement still has rows to give and cannot run a second time.
func inUse(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_MISUSE
}
