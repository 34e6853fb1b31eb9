// Package sqlraw is a connection to SQLite below database/sql: for a writer whose statements are so many and so small
// that the driver around them costs as much as they do. A connection and its statements belong to one goroutine at a
// time, so nothing in it takes a lock.
package sqlraw

import (
	"errors"
	"fmt"
	"unsafe"

	"modernc.org/libc"
	_ "modernc.org/sqlite" // sets the library up
	sqlite3 "modernc.org/sqlite/lib"
)

// Error is what SQLite says of a call that failed.
type Error struct {
	code int
	text string
}

// Error tells it in SQLite's words.
func (e *Error) Error() string { return e.text }

// Code is SQLite's extended result code.
func (e *Error) Code() int { return e.code }

// Conn is one connection. One goroutine uses it, and its statements, at a time.
type Conn struct {
	tls   *libc.TLS
	db    uintptr
	stmts map[*Stmt]struct{}
}

// Open opens a database by its URI, which may name a VFS. A file that is not there is made unless the URI says mode=rw.
func Open(uri string) (*Conn, error) {
	c := &Conn{tls: libc.NewTLS(), stmts: map[*Stmt]struct{}{}}
	name, err := libc.CString(uri)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	defer libc.Xfree(c.tls, name)
	place := libc.Xmalloc(c.tls, libc.Tsize_t(unsafe.Sizeof(c.db)))
	if place == 0 {
		return nil, errors.Join(errNoMemory, c.Close())
	}
	defer libc.Xfree(c.tls, place)
	const flags = sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_CREATE | sqlite3.SQLITE_OPEN_NOMUTEX | sqlite3.SQLITE_OPEN_URI
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, place, flags, 0)
	c.db = *at[uintptr](place) // also of one that could not be opened
	if rc == sqlite3.SQLITE_OK {
		rc = sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	}
	if err := c.check(rc); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close lets go of the connection and of its statements. Closing it twice does nothing.
func (c *Conn) Close() error {
	if c.tls == nil {
		return nil
	}
	for s := range c.stmts {
		s.close()
	}
	err := c.check(sqlite3.Xsqlite3_close_v2(c.tls, c.db))
	c.tls.Close()
	c.tls, c.db = nil, 0
	return err
}

// Exec runs one statement that is needed once; what it answers is passed over.
func (c *Conn) Exec(sql string, args ...any) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.close()
	return s.Each(func([]any) error { return nil }, args...)
}

// check makes an error of a result code.
func (c *Conn) check(rc int32) error {
	if rc == sqlite3.SQLITE_OK {
		return nil
	}
	text := libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 && sqlite3.Xsqlite3_extended_errcode(c.tls, c.db) == rc {
		text = fmt.Sprintf("%s: %s", text, libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db)))
	}
	return &Error{int(rc), fmt.Sprintf("%s (%d)", text, rc)}
}

// at is what stands at an address in the library's memory, which it holds as a number.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }
