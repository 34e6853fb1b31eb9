// Package logfile writes a log into a file that does not grow without end: a full one is renamed, and
// the oldest is erased.
package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
)

// The defaults: together at most 60 MiB.
const (
	DefaultSize = 10 << 20 // bytes of one file
	DefaultKeep = 5        // full ones: name.1 is the newest
)

// File is a log file; an io.WriteCloser. Each Write goes into one file whole, so that no line is torn.
type File struct {
	path string
	size int64
	keep int

	mu      sync.Mutex
	f       *os.File
	written int64
}

// Open opens a log file and goes on at its end. Zero size and keep are the defaults.
func Open(path string, size int64, keep int) (*File, error) {
	if size <= 0 {
		size = DefaultSize
	}
	if keep <= 0 {
		keep = DefaultKeep
	}
	l := &File{path: path, size: size, keep: keep}
	return l, l.open()
}

func (l *File) open() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("log file: %w", err), f.Close())
	}
	l.f, l.written = f, info.Size()
	return nil
}

// Write writes one line, or several. A file that cannot be renamed goes on growing: a log that is too
// long is better than none.
func (l *File) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return 0, fs.ErrClosed
	}
	if l.written > 0 && l.written+int64(len(b)) > l.size {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(b)
	l.written += int64(n)
	return n, err
}

// rotate closes the file before it renames it: Windows renames no open file.
func (l *File) rotate() error {
	err := l.f.Close()
	l.f = nil
	for i := l.keep - 1; i > 0; i-- {
		_ = os.Rename(l.name(i), l.name(i+1)) // the first time there is none
	}
	_ = os.Rename(l.path, l.name(1))
	return errors.Join(err, l.open())
}

func (l *File) name(i int) string { return l.path + "." + strconv.Itoa(i) }

// Close closes the file.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
