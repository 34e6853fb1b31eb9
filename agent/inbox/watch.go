package inbox

import (
	"errors"
	"fmt"
	"path/filepath"
)

// ErrNoWatch says that nobody tells here when the database changes.
var ErrNoWatch = errors.New("changes of this database are not told here")

// Watch has the system tell when the inbox changes, so that an idle agent need not look for it: each commit to a
// SQLite file, of any process, first writes to the file's log. It is told when that is written, which may be a
// moment before others can see what was committed, and only where the system can (Linux); everywhere else it is
// ErrNoWatch. Close it.
type Watch struct {
	changed chan struct{}
	gone    chan struct{} // closed at the end of the reading
	source  *source
}

// Watch begins to watch. What is changed before it returns may not be told.
func (b *Box) Watch() (*Watch, error) {
	if b.file == "" {
		return nil, ErrNoWatch
	}
	file, err := filepath.EvalSymlinks(b.file) // the log stands beside the file itself
	if err != nil {
		return nil, fmt.Errorf("watch the database: %w", err)
	}
	s, err := openSource(file + "-wal")
	if err != nil {
		return nil, fmt.Errorf("watch the database: %w", err)
	}
	w := &Watch{changed: make(chan struct{}), gone: make(chan struct{}), source: s}
	go w.read()
	return w, nil
}

// Changed gives whenever something was changed since it gave last. Closed: nothing is told any more, as after
// Close, or when the log is another file now. While nobody takes from it, changes cost nothing.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

func (w *Watch) read() {
	defer close(w.gone)
	defer close(w.changed)
	for w.source.wait() {
		select {
		case w.changed <- struct{}{}:
		case <-w.source.closed:
			return
		}
	}
}

// Close ends the watching.
func (w *Watch) Close() error {
	err := w.source.close()
	<-w.gone
	return err
}
