package sqlvfs

import (
	"encoding/binary"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Gathering makes a VFS, once, by which SQLite writes what a commit puts into a write-ahead log with one call of the
// system instead of two for each page, which on some file systems cost more than the sync after them. It answers the
// name by which a database is opened so; "" where there is no such VFS.
//
// A log's writes are kept as long as each follows the one before, and are written at the latest with the page
// that ends a transaction: before any other connection can learn that there is one, and before the sync
// that makes it durable. What a transaction wrote a second time is written at once, and what it gave up is given up
// before the next one writes in its place. What SQLite finds in its log is the same as ever at every moment at which
// it looks.
var Gathering = sync.OnceValues(func() (name string, err error) {
	const gathered = "gathered"
	if below, err = Stack(gathered, false, func(vfs *sqlite3.Tsqlite3_vfs) { vfs.FxOpen = Function(open) }); err != nil {
		return "", err
	}
	return gathered, nil
})

// Forms of a log: its frames have a header each, in which a transaction's last one tells the size of the file.
const (
	frameHeader = 24
	sizeAt      = 4
)

// mostGathered bounds what is kept of a transaction that is larger than others.
const mostGathered = 1 << 20

// mostAtOnce is what SQLite's own writing takes: it looks at the lowest 17 bits of a length.
const mostAtOnce = 1<<17 - 1

var (
	below *sqlite3.Tsqlite3_vfs

	mu        sync.RWMutex
	methods   = map[kind]*gathering{}   // ours, by what they stand in front of
	databases = map[uintptr]*database{} // by SQLite's file
	logs      = map[uintptr]*log{}
)

// kind is what methods of ours are for: a log or a database, of some methods of the VFS below.
type kind struct {
	below uintptr
	log   bool
}

// gathering are the methods of a kind of files: where ours stand, and those below.
type gathering struct {
	ours  uintptr
	below sqlite3.Tsqlite3_io_methods
}

// database is an open database. Its locks tell when a transaction of its log is over.
type database struct {
	*gathering
	tls  *libc.TLS // of the connection
	path string
	log  *log // nil: not open
}

// log is an open log. SQLite uses it from one goroutine at a time.
type log struct {
	*gathering
	of   *database
	file uintptr

	data uintptr // memory of SQLite's side
	room int32
	n    int32 // bytes kept
	at   int64 // where they belong
	last bool  // the frame whose page comes next ends a transaction
	end  int64 // up to where the transaction under way has written
}

func open(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := Call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](below.FxOpen)(tls, vfs, path, file, flags, outFlags)
	f := At[sqlite3.Tsqlite3_file](file)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 || path == 0 {
		return rc
	}
	mu.Lock()
	defer mu.Unlock()
	switch {
	case flags&sqlite3.SQLITE_OPEN_MAIN_DB != 0:
		g := methodsOf(tls, kind{f.FpMethods, false}, func(m *sqlite3.Tsqlite3_io_methods) {
			m.FxClose, m.FxShmLock = Function(closeDatabase), Function(lockDatabase)
		})
		if g != nil {
			databases[file] = &database{gathering: g, tls: tls, path: libc.GoString(path)}
			f.FpMethods = g.ours
		}
	case flags&sqlite3.SQLITE_OPEN_WAL != 0:
		of := databaseOf(tls, libc.GoString(path))
		g := methodsOf(tls, kind{f.FpMethods, true}, func(m *sqlite3.Tsqlite3_io_methods) {
			m.FxClose, m.FxRead, m.FxWrite = Function(closeLog), Function(readLog), Function(writeLog)
			m.FxTruncate, m.FxSync, m.FxFileSize = Function(truncateLog), Function(syncLog), Function(sizeOfLog)
		})
		if of != nil && g != nil {
			of.log = &log{gathering: g, of: of, file: file}
			logs[file] = of.log
			f.FpMethods = g.ours
		}
	}
	return rc
}

// methodsOf are our methods in front of others, made once; nil when there is no memory for them: then all goes on as
// it did.
func methodsOf(tls *libc.TLS, k kind, change func(*sqlite3.Tsqlite3_io_methods)) *gathering {
	if g := methods[k]; g != nil {
		return g
	}
	g := &gathering{below: *At[sqlite3.Tsqlite3_io_methods](k.below)}
	ours := g.below
	change(&ours)
	var err error
	if g.ours, err = Keep(tls, ours); err != nil {
		return nil
	}
	methods[k] = g
	return g
}

// databaseOf is the database of a connection that a log belongs to; nil: none that was opened by this VFS.
func databaseOf(tls *libc.TLS, path string) *database {
	for _, d := range databases {
		if d.tls == tls && d.path+"-wal" == path {
			return d
		}
	}
	return nil
}

func databaseAt(file uintptr) *database {
	mu.RLock()
	defer mu.RUnlock()
	return databases[file]
}

func closeDatabase(tls *libc.TLS, file uintptr) int32 {
	d := databaseAt(file)
	mu.Lock()
	delete(databases, file)
	mu.Unlock()
	return Call[func(*libc.TLS, uintptr) int32](d.below.FxClose)(tls, file)
}

// Locks of a write-ahead log, as SQLite numbers them, and what letting go of one is.
const (
	writeLock = 0
	letGo     = sqlite3.SQLITE_SHM_UNLOCK | sqlite3.SQLITE_SHM_EXCLUSIVE
)

// lockDatabase gives up what is kept of a transaction that is over: one that ended has written all of it.
func lockDatabase(tls *libc.TLS, file uintptr, first, n, flags int32) int32 {
	d := databaseAt(file)
	if first == writeLock && flags == letGo && d.log != nil {
		d.log.n, d.log.last, d.log.end = 0, false, 0
	}
	return Call[func(*libc.TLS, uintptr, int32, int32, int32) int32](d.below.FxShmLock)(tls, file, first, n, flags)
}

func logAt(file uintptr) *log {
	mu.RLock()
	defer mu.RUnlock()
	return logs[file]
}

// closeLog lets go of what no transaction needed.
func closeLog(tls *libc.TLS, file uintptr) int32 {
	l := logAt(file)
	mu.Lock()
	delete(logs, file)
	mu.Unlock()
	l.of.log = nil
	if l.data != 0 {
		libc.Xfree(tls, l.data)
	}
	return Call[func(*libc.TLS, uintptr) int32](l.below.FxClose)(tls, file)
}

func writeLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	l := logAt(file)
	again := offset < l.end // a page that did not fit into memory and has changed since, or its checksum
	l.end = max(l.end, offset+int64(n))
	if again || offset != l.at+int64(l.n) || l.n+n > mostGathered {
		if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if again {
		return l.write(tls, data, n, offset)
	}
	ends := l.last && n != frameHeader
	l.last = n == frameHeader && binary.BigEndian.Uint32(Bytes(data, n)[sizeAt:]) != 0
	if !l.keep(tls, data, n, offset) {
		if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
			return rc
		}
		return l.write(tls, data, n, offset)
	}
	if !ends {
		return sqlite3.SQLITE_OK
	}
	rc := l.flush(tls)
	if rc != sqlite3.SQLITE_OK {
		l.n -= n // SQLite learns that this page is not written, and nothing may write it later
	}
	return rc
}

// keep keeps what is to be written behind what is kept already; false: there is no memory for it.
func (l *log) keep(tls *libc.TLS, data uintptr, n int32, offset int64) bool {
	if l.n+n > l.room {
		room := max(2*l.room, 64<<10)
		p := libc.Xrealloc(tls, l.data, libc.Tsize_t(room))
		if p == 0 {
			return false
		}
		l.data, l.room = p, room
	}
	if l.n == 0 {
		l.at = offset
	}
	copy(Bytes(l.data+uintptr(l.n), n), Bytes(data, n))
	l.n += n
	return true
}

// flush writes what is kept. When that fails it stays kept until its transaction is over: SQLite was told that it is
// written, and a transaction may outlive a statement that found the disk full.
func (l *log) flush(tls *libc.TLS) int32 {
	rc := l.write(tls, l.data, l.n, l.at)
	if rc == sqlite3.SQLITE_OK {
		l.n = 0
	}
	return rc
}

func (l *log) write(tls *libc.TLS, data uintptr, n int32, offset int64) int32 {
	for n > 0 {
		some := min(n, mostAtOnce)
		if rc := Call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](l.below.FxWrite)(tls, l.file, data, some, offset); rc != sqlite3.SQLITE_OK {
			return rc
		}
		data, n, offset = data+uintptr(some), n-some, offset+int64(some)
	}
	return sqlite3.SQLITE_OK
}

// readLog reads; what was there before the transaction can be read whatever becomes of the disk.
func readLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	l := logAt(file)
	if offset < l.at+int64(l.n) && offset+int64(n) > l.at {
		if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	return Call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](l.below.FxRead)(tls, file, data, n, offset)
}

func truncateLog(tls *libc.TLS, file uintptr, size int64) int32 {
	l := logAt(file)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return Call[func(*libc.TLS, uintptr, int64) int32](l.below.FxTruncate)(tls, file, size)
}

func syncLog(tls *libc.TLS, file uintptr, flags int32) int32 {
	l := logAt(file)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return Call[func(*libc.TLS, uintptr, int32) int32](l.below.FxSync)(tls, file, flags)
}

func sizeOfLog(tls *libc.TLS, file, size uintptr) int32 {
	l := logAt(file)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return Call[func(*libc.TLS, uintptr, uintptr) int32](l.below.FxFileSize)(tls, file, size)
}
