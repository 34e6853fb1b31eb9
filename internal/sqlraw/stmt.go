package sqlraw

import (
	"errors"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Stmt is a prepared statement. Its arguments, and the values it answers, are int64, float64, string, []byte or nil; a
// nil []byte is NULL too. A pointer to one, or to a [16]byte, is an argument as well: an any of it needs no memory.
type Stmt struct {
	c    *Conn
	stmt uintptr
	n    int // parameters
	row  []any

	// The texts and blobs of a run stand in memory of the library's, where it reads them; the next run uses it again.
	room uintptr
	size int
}

var (
	errNoMemory  = &Error{sqlite3.SQLITE_NOMEM, "no memory for SQLite"}
	errArguments = errors.New("a statement takes as many arguments as it has parameters, each an int64, float64, string, []byte, nil, or a pointer to one")
)

// firstRoom is enough for most runs of most statements.
const firstRoom = 1 << 10

// Prepare prepares a statement; the text holds only one. It lasts until the connection is closed.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	s := &Stmt{c: c}
	place := libc.Xcalloc(c.tls, 1, libc.Tsize_t(unsafe.Sizeof(s.stmt)))
	if place == 0 {
		return nil, errNoMemory
	}
	defer libc.Xfree(c.tls, place)
	if err := c.check(sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, place, 0)); err != nil {
		return nil, err
	}
	if s.stmt = *at[uintptr](place); s.stmt == 0 {
		return nil, errors.New("the text holds no statement")
	}
	s.n = int(sqlite3.Xsqlite3_bind_parameter_count(c.tls, s.stmt))
	s.row = make([]any, sqlite3.Xsqlite3_column_count(c.tls, s.stmt))
	c.stmts[s] = struct{}{}
	if !s.reserve(firstRoom) {
		s.close()
		return nil, errNoMemory
	}
	return s, nil
}

// Exec runs the statement to its end and answers how many rows it changed.
func (s *Stmt) Exec(args ...any) (int64, error) {
	if err := s.bind(args); err != nil {
		return 0, err
	}
	rc := s.step()
	for rc == sqlite3.SQLITE_ROW {
		rc = s.step()
	}
	if err := s.end(rc); err != nil {
		return 0, err
	}
	return sqlite3.Xsqlite3_changes64(s.c.tls, s.c.db), nil
}

// Each runs the statement and calls f with each row, which is valid until f returns; its texts and blobs are copies.
// An error of f ends it and is answered.
func (s *Stmt) Each(f func(row []any) error, args ...any) error {
	if err := s.bind(args); err != nil {
		return err
	}
	rc := s.step()
	for ; rc == sqlite3.SQLITE_ROW; rc = s.step() {
		for i := range s.row {
			s.row[i] = s.column(int32(i))
		}
		if err := f(s.row); err != nil {
			_ = s.end(sqlite3.SQLITE_DONE)
			return err
		}
	}
	return s.end(rc)
}

func (s *Stmt) step() int32 { return sqlite3.Xsqlite3_step(s.c.tls, s.stmt) }

// end makes the statement ready for its next run, and an error of what its last step answered.
func (s *Stmt) end(rc int32) error {
	var err error
	if rc != sqlite3.SQLITE_DONE {
		err = s.c.check(rc)
	}
	sqlite3.Xsqlite3_reset(s.c.tls, s.stmt) // answers the error of the last step again
	return err
}

// bind gives the statement its arguments.
func (s *Stmt) bind(args []any) error {
	if len(args) != s.n {
		return errArguments
	}
	size := 0
	for _, a := range args {
		switch a := a.(type) {
		case string:
			size += len(a)
		case *string:
			size += len(*a)
		case []byte:
			size += len(a)
		case *[]byte:
			size += len(*a)
		case *[16]byte:
			size += len(a)
		}
	}
	if size > s.size && !s.reserve(size) {
		return errNoMemory
	}
	p := s.room
	for i, a := range args {
		n := int32(i + 1)
		var rc int32
		switch a := a.(type) {
		case int64:
			rc = sqlite3.Xsqlite3_bind_int64(s.c.tls, s.stmt, n, a)
		case *int64:
			rc = sqlite3.Xsqlite3_bind_int64(s.c.tls, s.stmt, n, *a)
		case string:
			p, rc = s.bindText(n, p, a)
		case *string:
			p, rc = s.bindText(n, p, *a)
		case []byte:
			p, rc = s.bindBlob(n, p, a)
		case *[]byte:
			p, rc = s.bindBlob(n, p, *a)
		case *[16]byte:
			p, rc = s.bindBlob(n, p, a[:])
		case float64:
			rc = sqlite3.Xsqlite3_bind_double(s.c.tls, s.stmt, n, a)
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(s.c.tls, s.stmt, n)
		default:
			return errArguments
		}
		if rc != sqlite3.SQLITE_OK {
			return s.c.check(rc)
		}
	}
	return nil
}

// bindText copies a text to where there is room and answers where the next one goes; bindBlob does so for a blob.
func (s *Stmt) bindText(n int32, p uintptr, text string) (uintptr, int32) {
	copy(unsafe.Slice(at[byte](p), len(text)), text)
	return p + uintptr(len(text)), sqlite3.Xsqlite3_bind_text(s.c.tls, s.stmt, n, p, int32(len(text)), static)
}

func (s *Stmt) bindBlob(n int32, p uintptr, blob []byte) (uintptr, int32) {
	if blob == nil {
		return p, sqlite3.Xsqlite3_bind_null(s.c.tls, s.stmt, n)
	}
	copy(unsafe.Slice(at[byte](p), len(blob)), blob)
	return p + uintptr(len(blob)), sqlite3.Xsqlite3_bind_blob(s.c.tls, s.stmt, n, p, int32(len(blob)), static)
}

// static tells the library that what is bound stays where it is until the statement has run.
const static = 0

// reserve makes room for texts and blobs of so many bytes; false: there is no memory for them.
func (s *Stmt) reserve(size int) bool {
	p := libc.Xmalloc(s.c.tls, libc.Tsize_t(size+1)) // an empty one stands somewhere too
	if p == 0 {
		return false
	}
	libc.Xfree(s.c.tls, s.room)
	s.room, s.size = p, size
	return true
}

func (s *Stmt) column(i int32) any {
	switch sqlite3.Xsqlite3_column_type(s.c.tls, s.stmt, i) {
	case sqlite3.SQLITE_INTEGER:
		return sqlite3.Xsqlite3_column_int64(s.c.tls, s.stmt, i)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(s.c.tls, s.stmt, i)
	case sqlite3.SQLITE_TEXT:
		p := sqlite3.Xsqlite3_column_text(s.c.tls, s.stmt, i)
		return string(s.bytes(p, i))
	case sqlite3.SQLITE_BLOB:
		p := sqlite3.Xsqlite3_column_blob(s.c.tls, s.stmt, i)
		return append([]byte{}, s.bytes(p, i)...)
	}
	return nil
}

// bytes are those of a column's text or blob, in the library's memory.
func (s *Stmt) bytes(p uintptr, i int32) []byte {
	if p == 0 { // an empty blob
		return nil
	}
	return unsafe.Slice(at[byte](p), sqlite3.Xsqlite3_column_bytes(s.c.tls, s.stmt, i))
}

func (s *Stmt) close() {
	delete(s.c.stmts, s)
	sqlite3.Xsqlite3_finalize(s.c.tls, s.stmt) // answers the error of the last step again
	libc.Xfree(s.c.tls, s.room)
	s.stmt, s.room = 0, 0
}
