package inbox

import (
	"context"
	"strings"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
)

// queue holds the statements that PostgreSQL is sent together, with the next one whose result is waited
// for: each message is a dozen statements and more, and what they cost is the way there and back.
//
// A statement that fails spoils the transaction up to the savepoint, as it would have by itself. If it
// was given since Savepoint, the error is that of the message in execution; if it was given before, the
// transaction cannot be kept.
type queue struct {
	kept   []sqldb.Statement
	inside int   // of kept, the place of the first one since Savepoint; -1: Savepoint has been sent
	member bool  // since Savepoint
	late   error // of a statement since Savepoint
	lost   error // of one before: nothing of the transaction may be kept
}

// maxKept bounds what is sent at once.
const maxKept = 128

// enter notes that a savepoint has begun; the statement that does it was the last.
func (q *queue) enter() { q.member, q.inside = true, len(q.kept) }

// leave notes that the savepoint ends with the next statement, and tells whether it need not be sent:
// nothing stands between the two.
func (q *queue) leave() (nothing bool) {
	q.member = false
	if q.inside > 0 && len(q.kept) == q.inside {
		q.kept = q.kept[:q.inside-1]
		return true
	}
	return false
}

// undo takes back what was given since Savepoint, and tells whether that was all there is to undo.
func (q *queue) undo() (all bool) {
	q.late = nil
	if q.inside > 0 && q.lost == nil { // the savepoint itself stands before
		q.kept = q.kept[:q.inside]
		return true
	}
	q.kept = q.kept[:0]
	return false
}

// later keeps a statement for the next flush, or runs it where nothing is kept.
func (w *writer) later(ctx context.Context, s sqldb.Statement) error {
	if w.dialect != sqldb.Postgres {
		return s.Judge(sqldb.Affected(w.exec(ctx, s.Query, s.Args...)))
	}
	q := &w.queue
	if err := q.failed(); err != nil {
		return err
	}
	q.kept = append(q.kept, s)
	if len(q.kept) >= maxKept {
		return w.flush(ctx)
	}
	return nil
}

// failed is why nothing may be run any more.
func (q *queue) failed() error {
	if q.lost != nil {
		return q.lost
	}
	return q.late
}

// flush runs what is kept.
func (w *writer) flush(ctx context.Context) error {
	q := &w.queue
	if err := q.failed(); err != nil || len(q.kept) == 0 {
		return err
	}
	at, err := sqlopen.Pipeline(context.WithoutCancel(ctx), w.conn, q.kept)
	err = w.look(ctx, err)
	if err != nil && q.member && at >= q.inside {
		q.late = err
	} else {
		q.lost = err
	}
	clear(q.kept)
	q.kept, q.inside = q.kept[:0], -1
	return err
}

// reads tells whether a query only reads, as far as its first word says.
func reads(query string) bool {
	query = strings.TrimSpace(query)
	return len(query) >= 6 && strings.EqualFold(query[:6], "SELECT")
}
