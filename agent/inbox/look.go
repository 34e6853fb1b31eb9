package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"smartlink/internal/sqldb"
)

// Found is what a look has found to do.
type Found struct {
	Execute bool // messages that may be executed now, inside or outside
	Send    bool // messages for the hub
	Report  bool // states that the hub does not know
}

// lookFor is the query of a look, for n kinds of messages that are executed. Its parameters are, of each kind,
// the kind twice and the moment.
func lookFor(n int) string {
	const some = `EXISTS (SELECT 1 FROM GTOTVSLINKMESSAGE WHERE `
	const execute = some + isFresh + `) OR ` + some + isDue + `)`
	return `SELECT D.CHANGES, A.EPOCH, A.RUNID, CASE WHEN ` + some + isOutgoing + `) THEN 1 ELSE 0 END, CASE WHEN ` + some + isUnreported + `) THEN 1 ELSE 0 END,
		CASE WHEN ` + execute + strings.Repeat(` OR `+execute, n-1) + ` THEN 1 ELSE 0 END
		FROM SMARTLINKDESK D, SMARTLINKACTIVE A WHERE D.ONE = 1 AND A.ONE = 1`
}

// Look looks whether there is anything to do, in one query that changes nothing: it is what an idle agent
// asks again and again, so that other processes may put something up, and time may make something due. It
// also sees, as a transaction would, that another run has taken the inbox.
func (b *Box) Look(ctx context.Context) (Found, error) {
	now := b.clock.Now()
	kinds := b.kinds(now)
	var args []any
	for _, kind := range kinds {
		args = append(args, kind, kind, stamp(now))
	}
	var f Found
	var changes int64
	var active Hold
	if err := b.ask(ctx, lookFor(len(kinds)), args...).Scan(&changes, &active.Epoch, &active.Run, &f.Send, &f.Report, &f.Execute); err != nil {
		return f, fmt.Errorf("look for something to do: %w", err)
	}
	if h := b.hold.Load(); h != nil && !h.is(active) {
		b.lost.Store(true)
	}
	r := b.known.Load()
	if r == nil || r.changes != changes {
		var err error
		if r, err = readRules(ctx, b.read); err != nil {
			return f, err
		}
		b.known.Store(r)
		f.Execute = f.Execute || len(b.outsideTypes()) > 0 // the query went by the old ones
	}
	switch {
	case r.Closed(now.In(b.zone)):
		f.Execute = false
	case !b.parted.is(b.closedInside(r, now)): // a claim lets them go on
		f.Execute = true
	}
	return f, nil
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
