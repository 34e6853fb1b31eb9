//go:build linux

package powercut

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Recorder notes what happens to the files of one folder.
type Recorder struct {
	dir    string
	mu     sync.Mutex
	events []event
}

type kind int

const (
	opened kind = iota
	wrote
	truncated
	synced
	deleted
	syncedDir // the folder that the file stands in
)

// event is one thing that happened to a file.
type event struct {
	file  string // relative to the folder
	kind  kind
	fresh bool   // opening made it
	at    int64  // where it was written, or the new size
	data  []byte // what was written
}

// Record notes, until the test ends, what SQLite does to the files of a folder that it opens from now
// on. One test at a time can record.
func Record(t testing.TB, dir string) *Recorder {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{dir: dir}
	if errTap != nil {
		t.Fatal(errTap)
	}
	if !recording.CompareAndSwap(nil, r) {
		t.Fatal("another test records what SQLite writes")
	}
	t.Cleanup(func() { recording.Store(nil) })
	return r
}

// Now is the present moment, as Rebuild counts them. What returned before has happened before it.
func (r *Recorder) Now() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// Syncs are the moments just before each sync: most is at stake there.
func (r *Recorder) Syncs() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []int
	for i, e := range r.events {
		if e.kind == synced {
			list = append(list, i)
		}
	}
	return list
}

// Writes is how often a file of the folder was written so far.
func (r *Recorder) Writes(file string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, e := range r.events {
		if e.kind == wrote && e.file == file {
			n++
		}
	}
	return n
}

// file tells which of the folder's files a path is; shared memory is none, as it does not outlive the
// machine.
func (r *Recorder) file(path string) (string, bool) {
	name, ok := strings.CutPrefix(path, r.dir+string(filepath.Separator))
	return name, ok && !strings.HasSuffix(name, "-shm")
}

func (r *Recorder) note(list ...event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, list...)
}

func (r *Recorder) until(moment int) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events[:moment])
}
