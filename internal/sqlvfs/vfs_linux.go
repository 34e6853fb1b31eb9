package sqlvfs

import (
	"errors"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Stack puts functions in front of those of SQLite's default VFS, for every file that is opened from now on by
// that name, or by none if it is to be the default, and answers what was there before: what the functions call.
// change replaces them in a copy of it. What SQLite holds of it is never freed.
func Stack(name string, asDefault bool, change func(vfs *sqlite3.Tsqlite3_vfs)) (*sqlite3.Tsqlite3_vfs, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	base := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if base == 0 {
		return nil, errors.New("SQLite has no default VFS")
	}
	below := *At[sqlite3.Tsqlite3_vfs](base)
	text, err := libc.CString(name)
	if err != nil {
		return nil, err
	}
	ours := below
	ours.FpNext, ours.FzName = 0, text
	change(&ours)
	where, err := Keep(tls, ours)
	if err != nil {
		return nil, err
	}
	first := int32(0)
	if asDefault {
		first = 1
	}
	if sqlite3.Xsqlite3_vfs_register(tls, where, first) != sqlite3.SQLITE_OK {
		return nil, errors.New("SQLite does not take the VFS " + name)
	}
	return &below, nil
}

// Keep puts a value where the translated SQLite finds it for ever: in memory of its own.
func Keep[T any](tls *libc.TLS, v T) (uintptr, error) {
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(v)))
	if p == 0 {
		return 0, errors.New("no memory for SQLite's VFS")
	}
	*At[T](p) = v
	return p, nil
}

// At is what stands at an address of that memory, which the translated SQLite holds as a number.
func At[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// Bytes are n bytes at such an address.
func Bytes(p uintptr, n int32) []byte { return unsafe.Slice(At[byte](p), n) }

// Function is how the translated SQLite holds a function of a package; Call makes one of it again.
func Function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// Call is the function that the translated SQLite holds so.
func Call[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }
