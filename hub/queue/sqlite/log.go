package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
)

// What the log holds moves into the file beside the writing: SQLite's own way is to have the commit that fills the
// log do it, and everyone behind that commit wait. The log begins anew only when all of it has moved, so its last
// pages, those that were written meanwhile, are moved between two groups.

// How the log is moved.
const (
	logLook    = 8   // groups from one look at the log to the next
	logRest    = 150 // of those, so many may be moved between two groups
	logPasses  = 3   // beside the writing, before the rest is moved however large it is
	logHardCap = `PRAGMA wal_autocheckpoint = 16000`
)

// logMover moves the log. All but its atomics belong to the writer.
type logMover struct {
	groups int // since the last look
	passes int // beside the writing, since the log began
	moving atomic.Bool
	moved  atomic.Bool // a pass has ended: it is worth a look
	passed sync.WaitGroup
}

// mindLog has the log moved when it is time for it. A failure is no one's: what is in the log is stored, and it is
// moved later.
func (s *Store) mindLog() {
	l := &s.mover
	if l.groups++; l.groups < logLook && !l.moved.Load() || l.moving.Load() {
		return
	}
	l.groups = 0
	l.moved.Store(false)
	row, err := s.st.logState.one()
	if err != nil || row == nil {
		return
	}
	pages, done := row[1].(int64), row[2].(int64)
	switch left := pages - done; {
	case l.passes > 0 && (left <= logRest || l.passes >= logPasses):
		l.passes = 0
		_, _ = s.st.logMove.one()
	case l.passes > 0 || pages >= int64(s.opt.LogPages):
		l.passes++
		l.moving.Store(true)
		l.passed.Go(s.moveLog)
	}
}

// moveLog moves what is in the log now.
func (s *Store) moveLog() {
	_, _ = s.reader.ExecContext(context.Background(), movePassive)
	s.mover.moving.Store(false)
	s.mover.moved.Store(true)
}

// movePassive moves what nobody reads in the log; the writer goes on meanwhile.
const movePassive = `PRAGMA wal_checkpoint(PASSIVE)`
