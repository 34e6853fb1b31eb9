//go:build linux

package powercut

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// content is what a file holds: what certainly is on the disk, and what may have come to it since.
type content struct {
	safe    []byte
	pending []event
}

// entry is a name in a folder: the file it certainly leads to, and those it has led to since. A file
// of nil is none.
type entry struct {
	safe    *content
	pending []*content
}

func (e *entry) now() *content {
	if n := len(e.pending); n > 0 {
		return e.pending[n-1]
	}
	return e.safe
}

// disk is a folder with what is below it, by name.
type disk map[string]*entry

func (d disk) happens(e event) {
	name := d[e.file]
	if name == nil {
		name = &entry{}
		d[e.file] = name
	}
	if e.kind == deleted {
		name.pending = append(name.pending, nil)
		return
	}
	if e.kind == syncedDir {
		for other, n := range d {
			if filepath.Dir(other) == filepath.Dir(e.file) {
				n.safe, n.pending = n.now(), nil
			}
		}
		return
	}
	file := name.now()
	if file == nil {
		// Just made, by SQLite or by the program before it: its name may not be on the disk yet.
		file = &content{}
		name.pending = append(name.pending, file)
	}
	switch e.kind {
	case wrote, truncated:
		file.pending = append(file.pending, e)
	case synced:
		for _, p := range file.pending {
			file.safe = after(file.safe, p, always)
		}
		file.pending = nil
	}
}

// Rebuild makes the files of a new folder as a power cut at a moment may have left them. chance
// decides about what was not synced.
func (r *Recorder) Rebuild(t testing.TB, moment int, chance *rand.Rand) (dir string) {
	t.Helper()
	d := disk{}
	for _, e := range r.until(moment) {
		d.happens(e)
	}
	dir = t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(d)) {
		e := d[name]
		file := e.safe
		if n := chance.IntN(len(e.pending) + 1); n > 0 {
			file = e.pending[n-1]
		}
		if file == nil {
			continue
		}
		bytes, luck := file.safe, fates[chance.IntN(len(fates))](chance)
		for _, p := range file.pending {
			bytes = after(bytes, p, luck)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fate decides what of an unsynced change is there: of writes it is asked for each sector.
type fate func() bool

func always() bool { return true }

// fates are what may happen to all that one file had not synced.
var fates = []func(*rand.Rand) fate{
	func(*rand.Rand) fate { return always },
	func(*rand.Rand) fate { return func() bool { return false } },
	func(c *rand.Rand) fate { return func() bool { return c.IntN(2) == 0 } },
	func(c *rand.Rand) fate { return func() bool { return c.IntN(20) != 0 } },
	func(c *rand.Rand) fate { return func() bool { return c.IntN(20) == 0 } },
	func(c *rand.Rand) fate { // the beginning
		n := c.IntN(60)
		return func() bool { n--; return n >= 0 }
	},
}

// after changes a file's content by a write or truncation that came to the disk as luck has it.
func after(file []byte, e event, luck fate) []byte {
	if e.kind == truncated {
		if luck() {
			return sized(file, int(e.at))
		}
		return file
	}
	for from := 0; from < len(e.data); {
		at := int(e.at) + from
		n := min(sector-at%sector, len(e.data)-from)
		if luck() {
			file = sized(file, max(len(file), at+n))
			copy(file[at:], e.data[from:from+n])
		}
		from += n
	}
	return file
}

func sized(file []byte, n int) []byte {
	if n <= len(file) {
		return file[:n]
	}
	return append(file, make([]byte, n-len(file))...)
}
