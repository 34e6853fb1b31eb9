package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"smartlink/agent/window"
	"smartlink/internal/sqldb"
)

// Found is what a look has found to do.
type Found struct {
	Execute bool // messages that may be executed now, inside or outside
	Send    bool // messages for the hub
	Report  bool // states that the hub does not know
	// Due is when there is more to execute by the time alone, as far as is known now; zero: never.
	Due time.Time
	// Changed tells that the database may have changed since the look before.
	Changed bool
}

// Nothing tells that there is nothing to do.
func (f Found) Nothing() bool { return !f.Execute && !f.Send && !f.Report }

// lookFor is the query of a look, for n kinds of messages that are executed. Its parameters are the kinds, twice.
func lookFor(n int) string {
	const some = `EXISTS (SELECT 1 FROM GTOTVSLINKMESSAGE WHERE `
	const next = `, (SELECT DATATENTATIVAEXEC FROM GTOTVSLINKMESSAGE WHERE ` + isWaiting + ` ORDER BY DATATENTATIVAEXEC, SEQ {limit 1})`
	return `SELECT D.CHANGES, A.EPOCH, A.RUNID, CASE WHEN ` + some + isOutgoing + `) THEN 1 ELSE 0 END, CASE WHEN ` + some + isUnreported + `) THEN 1 ELSE 0 END,
		CASE WHEN ` + some + isFresh + `)` + strings.Repeat(` OR `+some+isFresh+`)`, n-1) + ` THEN 1 ELSE 0 END` + strings.Repeat(next, n) + `
		FROM SMARTLINKDESK D, SMARTLINKACTIVE A WHERE D.ONE = 1 AND A.ONE = 1`
}

// lookout is what the last look has learnt. While the database does not change, it holds.
type lookout struct {
	mu      sync.Mutex
	version version
	known   bool
	at      edition
	kinds   []string // that were asked for
	seen    seen
	active  *activeAt // nil: not known
}

// seen is what the database says to a look.
type seen struct {
	changes      int64 // of the rules
	active       Hold
	send, report bool
	fresh        bool   // some to be executed that were never tried
	waiting      bool   // some that were
	due          string // stamp of when the first of these may be tried again
}

// close ends looking.
func (l *lookout) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.version.ended = false, true
	l.version.drop()
}

// Look looks whether there is anything to do: it is what an idle agent asks again and again, so that other
// processes may put something up, and time may make something due. It changes nothing. It also sees, as a
// transaction would, that another run has taken the inbox. Of a SQLite file that nobody has changed since the
// last look nothing is read again.
func (b *Box) Look(ctx context.Context) (Found, error) {
	l := &b.lookout
	l.mu.Lock()
	defer l.mu.Unlock()
	now, hold := b.clock.Now(), b.hold.Load()
	var f Found
	if err := l.look(ctx, b, now, &f); err != nil {
		l.known = false
		return Found{}, fmt.Errorf("look for something to do: %w", err)
	}
	s := &l.seen
	f.Send, f.Report = s.send, s.report
	f.Execute = s.fresh || s.waiting && s.due <= stamp(now)
	if hold != nil && !hold.is(s.active) && b.hold.Load() == hold { // not what Take has done since
		b.lost.Store(true)
	}
	r := b.known.Load()
	if r == nil || r.changes != s.changes {
		var err error
		if r, err = readRules(ctx, b.read); err != nil {
			l.known = false
			return Found{}, err
		}
		b.known.Store(r)
		f.Changed = true
		f.Execute = f.Execute || len(b.outsideTypes()) > 0 // the query went by the old ones
	}
	switch {
	case r.Closed(now.In(b.zone)):
		f.Execute = false
	case !b.parted.is(b.closedInside(r, now)): // a claim lets them go on
		f.Execute = true
	}
	f.Due = s.next(r, now.In(b.zone))
	return f, nil
}

// look asks the database, unless it knows what it would say.
func (l *lookout) look(ctx context.Context, b *Box, now time.Time, f *Found) error {
	at, sure, err := l.version.read(ctx, b) // before the query: what changes in between is seen the next time
	if err != nil {
		return err
	}
	kinds := b.kinds(now)
	f.Changed = !l.known || !sure || at != l.at
	if !f.Changed && slices.Equal(kinds, l.kinds) {
		return nil
	}
	args := make([]any, 0, 2*len(kinds))
	for range 2 {
		for _, kind := range kinds {
			args = append(args, kind)
		}
	}
	var s seen
	due := make([]sql.NullString, len(kinds))
	to := []any{&s.changes, &s.active.Epoch, &s.active.Run, &s.send, &s.report, &s.fresh}
	for i := range due {
		to = append(to, &due[i])
	}
	if err := b.ask(ctx, lookFor(len(kinds)), args...).Scan(to...); err != nil {
		return err
	}
	for _, d := range due {
		if d.Valid && (!s.waiting || d.String < s.due) {
			s.waiting, s.due = true, d.String
		}
	}
	l.known, l.at, l.kinds, l.seen = true, at, kinds, s
	return nil
}

// next is when time alone lets more be executed than now; zero: never, as far as is known.
func (s *seen) next(r *Rules, now time.Time) (next time.Time) {
	earlier := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t.UTC()
		}
	}
	if r.Pause.On() {
		return next
	}
	for i := range r.Windows {
		if until, _, open := window.Closed(r.Windows[i:i+1], now); open {
			earlier(until)
		}
	}
	if s.waiting {
		if due, err := time.Parse(timeLayout, s.due); err == nil {
			earlier(due)
		}
	}
	return next
}

// kinds are what stands in column OUTSIDE of messages that are executed now, as far as the rules are known.
func (b *Box) kinds(now time.Time) []string {
	kinds := append([]string{""}, b.outsideTypes()...)
	if r := b.known.Load(); r != nil {
		closed := r.ClosedTypes(now.In(b.zone))
		kinds = slices.DeleteFunc(kinds, func(t string) bool { return slices.Contains(closed, t) })
	}
	return kinds
}

// ask runs a query of one row that is asked again and again, outside of transactions. Where the driver does
// not keep it prepared, the Box does; and there it runs to its end even when ctx ends, which is a matter
// of moments: to watch ctx would cost more than the query.
func (b *Box) ask(ctx context.Context, query string, args ...any) *sql.Row {
	if b.w.dialect != sqldb.SQLite {
		return b.read.QueryRowContext(ctx, query, args...)
	}
	ctx = context.WithoutCancel(ctx)
	text := b.w.dialect.SQL(query)
	kept, ok := b.asked.Load(text)
	if !ok {
		stmt, err := b.db.PrepareContext(ctx, text)
		if err != nil { // fails again, and then Scan can tell
			return b.read.QueryRowContext(ctx, query, args...)
		}
		if kept, ok = b.asked.LoadOrStore(text, stmt); ok {
			_ = stmt.Close()
		}
	}
	return kept.(*sql.Stmt).QueryRowContext(ctx, args...)
}
