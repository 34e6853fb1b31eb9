package sqlvfs

import (
	"encoding/binary"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// GatherLogs has SQLite write what a commit puts into a write-ahead log with one call of the system instead
// of two for each page, which on some file systems cost more than the sync after them. It holds for logs
// that are opened from now on; calling it again changes nothing.
//
// A log's writes are kept as long as each follows the one before, and are written at the latest with the page
// that ends a transaction: before any other connection can learn that there is one, and before the sync
// that makes it durable. What SQLite finds in its log is the same as ever at every moment at which it looks.
var GatherLogs = sync.OnceValue(func() error {
	var err error
	below, err = Stack("gathered", func(vfs *sqlite3.Tsqlite3_vfs) { vfs.FxOpen = Function(open) })
	return err
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

	mu      sync.RWMutex
	methods = map[uintptr]*gathering{} // by those of the VFS below
	logs    = map[uintptr]*log{}       // by SQLite's file
)

// gathering are the methods of a kind of files: where ours stand, and those below.
type gathering struct {
	ours  uintptr
	below sqlite3.Tsqlite3_io_methods
}

// log is an open log. SQLite uses it from one goroutine at a time.
type log struct {
	*gathering
	file uintptr

	data     uintptr // memory of SQLite's side
	room     int32
	n        int32 // bytes kept
	at       int64 // where they belong
	last     bool  // the frame whose page comes next ends a transaction
	unended  bool  // something was written since the last transaction ended
	straight bool  // the transaction under way reads what it wrote: nothing of it is kept any more
}

func open(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := Call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](below.FxOpen)(tls, vfs, path, file, flags, outFlags)
	f := At[sqlite3.Tsqlite3_file](file)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	mu.Lock()
	defer mu.Unlock()
	g := methods[f.FpMethods]
	if g == nil {
		g = &gathering{below: *At[sqlite3.Tsqlite3_io_methods](f.FpMethods)}
		ours := g.below
		ours.FxClose, ours.FxRead, ours.FxWrite = Function(closeLog), Function(readLog), Function(writeLog)
		ours.FxTruncate, ours.FxSync, ours.FxFileSize = Function(truncateLog), Function(syncLog), Function(sizeOfLog)
		var err error
		if g.ours, err = Keep(tls, ours); err != nil {
			return rc // it goes on as it did
		}
		methods[f.FpMethods] = g
	}
	logs[file] = &log{gathering: g, file: file}
	f.FpMethods = g.ours
	return rc
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
	if l.data != 0 {
		libc.Xfree(tls, l.data)
	}
	return Call[func(*libc.TLS, uintptr) int32](l.below.FxClose)(tls, file)
}

func writeLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	l := logAt(file)
	l.unended = true
	if l.straight {
		return l.write(tls, data, n, offset)
	}
	if offset != l.at+int64(l.n) || l.n+n > mostGathered {
		if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	ends := l.last && n != frameHeader
	l.last = n == frameHeader && binary.BigEndian.Uint32(Bytes(data, n)[sizeAt:]) != 0
	if !l.keep(tls, data, n, offset) {
		return l.write(tls, data, n, offset)
	}
	if !ends {
		return sqlite3.SQLITE_OK
	}
	l.unended = false
	return l.flush(tls)
}

// keep keeps what is to be written; false: there is no memory for it.
func (l *log) keep(tls *libc.TLS, data uintptr, n int32, offset int64) bool {
	if l.n+n > l.room {
		room := max(2*l.room, 64<<10)
		p := libc.Xrealloc(tls, l.data, libc.Tsize_t(room))
		if p == 0 {
			return l.flush(tls) == sqlite3.SQLITE_OK && false
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

// flush writes what is kept. When that fails it is given up: no transaction that it belongs to has ended.
func (l *log) flush(tls *libc.TLS) int32 {
	if l.n == 0 {
		return sqlite3.SQLITE_OK
	}
	n := l.n
	l.n = 0
	return l.write(tls, l.data, n, l.at)
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

// readLog reads; who reads what the same transaction has written may be about to change it.
func readLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	l := logAt(file)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	l.straight = l.unended
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
	l.unended, l.straight = false, false
	return Call[func(*libc.TLS, uintptr, int32) int32](l.below.FxSync)(tls, file, flags)
}

func sizeOfLog(tls *libc.TLS, file, size uintptr) int32 {
	l := logAt(file)
	if rc := l.flush(tls); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return Call[func(*libc.TLS, uintptr, uintptr) int32](l.below.FxFileSize)(tls, file, size)
}
