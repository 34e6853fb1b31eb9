//go:build linux

package powercut

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"smartlink/internal/sqlvfs"
)

// recording is who notes what happens; nil: nobody.
var recording atomic.Pointer[Recorder]

// The tap is a VFS of SQLite, the default one with a few functions in front of its own. What SQLite
// holds of it is never freed.
var (
	below *sqlite3.Tsqlite3_vfs // the default VFS

	mu      sync.Mutex
	methods = map[uintptr]*tapped{} // by those of the default VFS
	files   = map[uintptr]openFile{}
)

// tapped are the methods of a kind of files: where ours stand, and those below.
type tapped struct {
	ours  uintptr
	below sqlite3.Tsqlite3_io_methods
}

type openFile struct {
	*tapped
	path string
	// syncsDir tells that the file's next sync brings its folder to the disk as well, as SQLite does with
	// a log or journal it has just made.
	syncsDir bool
}

// errTap tells why there is no tap; nil: it is there.
var errTap error

// The tap is there before any file is opened, and so below whatever stands in front of SQLite's default VFS by the
// time that one is: it sees what reaches the disk.
func init() {
	below, errTap = sqlvfs.Stack("powercut", true, func(vfs *sqlite3.Tsqlite3_vfs) {
		vfs.FxOpen, vfs.FxDelete = sqlvfs.Function(open), sqlvfs.Function(remove)
	})
}

func open(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	fresh := false
	if path != 0 {
		_, err := os.Stat(libc.GoString(path))
		fresh = errors.Is(err, fs.ErrNotExist)
	}
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](below.FxOpen)(tls, vfs, path, file, flags, outFlags)
	f := sqlvfs.At[sqlite3.Tsqlite3_file](file)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 || path == 0 {
		return rc
	}
	mu.Lock()
	defer mu.Unlock()
	m := methods[f.FpMethods]
	if m == nil {
		m = &tapped{below: *sqlvfs.At[sqlite3.Tsqlite3_io_methods](f.FpMethods)}
		ours := m.below
		ours.FxClose, ours.FxWrite, ours.FxTruncate, ours.FxSync = sqlvfs.Function(closeFile), sqlvfs.Function(write), sqlvfs.Function(truncate), sqlvfs.Function(flush)
		var err error
		if m.ours, err = sqlvfs.Keep(tls, ours); err != nil {
			panic(err) // out of memory
		}
		methods[f.FpMethods] = m
	}
	log := flags&(sqlite3.SQLITE_OPEN_WAL|sqlite3.SQLITE_OPEN_MAIN_JOURNAL|sqlite3.SQLITE_OPEN_SUPER_JOURNAL) != 0
	files[file] = openFile{m, libc.GoString(path), fresh && log}
	f.FpMethods = m.ours
	tell(libc.GoString(path), event{kind: opened, fresh: fresh})
	return rc
}

func remove(tls *libc.TLS, vfs, path uintptr, syncDir int32) int32 {
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, uintptr, int32) int32](below.FxDelete)(tls, vfs, path, syncDir)
	if rc == sqlite3.SQLITE_OK {
		list := []event{{kind: deleted}}
		if syncDir != 0 {
			list = append(list, event{kind: syncedDir})
		}
		tell(libc.GoString(path), list...)
	}
	return rc
}

func closeFile(tls *libc.TLS, file uintptr) int32 {
	f := fileAt(file)
	mu.Lock()
	delete(files, file)
	mu.Unlock()
	return sqlvfs.Call[func(*libc.TLS, uintptr) int32](f.below.FxClose)(tls, file)
}

func write(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	f := fileAt(file)
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.below.FxWrite)(tls, file, data, n, offset)
	if rc == sqlite3.SQLITE_OK && recording.Load() != nil {
		tell(f.path, event{kind: wrote, at: offset, data: bytes.Clone(sqlvfs.Bytes(data, n))})
	}
	return rc
}

func truncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f := fileAt(file)
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, int64) int32](f.below.FxTruncate)(tls, file, size)
	if rc == sqlite3.SQLITE_OK {
		tell(f.path, event{kind: truncated, at: size})
	}
	return rc
}

func flush(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := fileAt(file)
	rc := sqlvfs.Call[func(*libc.TLS, uintptr, int32) int32](f.below.FxSync)(tls, file, flags)
	if rc != sqlite3.SQLITE_OK {
		return rc
	}
	tell(f.path, event{kind: synced})
	if f.syncsDir {
		tell(f.path, event{kind: syncedDir})
		f.syncsDir = false
		mu.Lock()
		files[file] = f
		mu.Unlock()
	}
	return rc
}

func fileAt(file uintptr) openFile {
	mu.Lock()
	defer mu.Unlock()
	return files[file]
}

func tell(path string, list ...event) {
	r := recording.Load()
	if r == nil {
		return
	}
	if file, ok := r.file(path); ok {
		for i := range list {
			list[i].file = file
		}
		r.note(list...)
	}
}
