package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smartlink/link"
)

// ErrClaimLost says that a row is no longer claimed by the run that works on it: another agent took
// it. Nothing of the work may be kept.
var ErrClaimLost = errors.New("another run of the agent has claimed this message")

// Those whose time has come first: they are older than what was never tried.
const (
	dueRows   = `SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE {skip locked} WHERE ` + isDue + ` ORDER BY DATATENTATIVAEXEC, SEQ {limit ?} {for update}`
	freshRows = `SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE {skip locked} WHERE ` + isFresh + ` ORDER BY DATATENTATIVAEXEC, SEQ {limit ?} {for update}`
	isDue     = isWaiting + ` AND DATATENTATIVAEXEC <= ?`
	isWaiting = `TYPEEVENT = 'Downstream' AND STATE = 'waiting' AND HELD = 0 AND OUTSIDE = ? AND ONHOLD = 0`
	isFresh   = `TYPEEVENT = 'Downstream' AND STATE = 'stored' AND HELD = 0 AND OUTSIDE = ? AND ONHOLD = 0`
	claimRow  = `UPDATE GTOTVSLINKMESSAGE SET STATE = 'running', QTDETENTATIVAEXEC = QTDETENTATIVAEXEC + 1, EXECUTIONS = EXECUTIONS + 1,
		IDJOB = ?, RUNNINGSINCE = ?, RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
)

// Claim takes up to limit rows that may be executed inside now for the run job, in one committed update that
// raises their attempts. Rows for which joins is false, and those an agent died on, come alone. The
// rows are as the claim leaves them, but for State and NextTry, which tell what they were before. While
// a pause or a window of all types lasts there are none, of a type none while a window of its own does. Rows that come with an error may be claimed all the same, when
// only the answer to the commit was lost: GiveBack.
func (b *Box) Claim(ctx context.Context, job string, limit int, joins func(messageType string) bool) ([]*Row, error) {
	var claimed []*Row
	var moved bool
	err := b.write(ctx, func(tx *Tx) error {
		now := b.clock.Now()
		rules, err := b.rules(ctx, tx)
		if err != nil {
			return err
		}
		if rules.Closed(now.In(b.zone)) {
			return errNothing
		}
		if moved, err = tx.part(ctx, rules, now); err != nil {
			return err
		}
		found, err := tx.choose(ctx, "", now, limit)
		if err != nil {
			return err
		}
		if len(found) == 0 && !moved {
			return errNothing
		}
		for i, r := range found {
			if alone := r.Deaths > 0 || !joins(r.Message.Type); alone {
				if i == 0 {
					found = found[:1]
				} else {
					found = found[:i]
				}
				break
			}
		}
		claimed = found
		for _, r := range claimed {
			if err := tx.claim(ctx, job, r, rules, now); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil, nil
	}
	if err != nil && moved {
		b.parted.doubt()
	}
	return claimed, err
}

// errNothing ends a transaction that found nothing to change: it is not committed, which costs a server
// something and would count as work.
var errNothing = errors.New("nothing to do")

// choose reads up to limit rows that may be executed now, of an outside type or, with none, inside.
func (t *Tx) choose(ctx context.Context, outside string, now time.Time, limit int) ([]*Row, error) {
	found, err := t.rows(ctx, dueRows, outside, stamp(now), limit)
	if err == nil && len(found) < limit {
		var fresh []*Row
		fresh, err = t.rows(ctx, freshRows, outside, limit-len(found))
		found = append(found, fresh...)
	}
	if err != nil {
		return nil, fmt.Errorf("choose: %w", err)
	}
	return found, nil
}

// claim makes a row that was chosen the run's.
func (t *Tx) claim(ctx context.Context, job string, r *Row, rules *Rules, now time.Time) error {
	if err := t.then(ctx, "claim", claimRow, job, stamp(now), author, stamp(now), r.Seq); err != nil {
		return err
	}
	r.Attempt++
	r.Executions++
	r.Job, r.Since = job, now
	r.Options = rules.Types[r.Message.Type]
	return nil
}

const giveBackRow = `UPDATE GTOTVSLINKMESSAGE SET STATE = ?, DATATENTATIVAEXEC = ?, QTDETENTATIVAEXEC = QTDETENTATIVAEXEC - 1,
	EXECUTIONS = EXECUTIONS - 1, IDJOB = '', RUNNINGSINCE = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ? AND ID = ? AND STATE = 'running' AND IDJOB = ?`

// GiveBack undoes the claim of rows that were not executed, through no fault of theirs: no attempt
// is counted. Rows that were settled in the meantime, and those whose claim came to nothing, stay as they
// are, unless the same job has claimed them again.
func (b *Box) GiveBack(ctx context.Context, rows []*Row) error {
	if len(rows) == 0 {
		return nil
	}
	return b.write(ctx, func(tx *Tx) error {
		now := stamp(b.clock.Now())
		for _, r := range rows {
			_, err := tx.ExecContext(ctx, giveBackRow, string(r.State), stamp(r.NextTry), author, now, r.Seq, r.Message.ID.String(), r.Job)
			if err != nil {
				return fmt.Errorf("give back %s: %w", r.Message.ID, err)
			}
		}
		return nil
	})
}

const (
	staleRows = `SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream' AND STATE = 'running' ORDER BY SEQ`
	takeStale = `UPDATE GTOTVSLINKMESSAGE SET IDJOB = '', DEATHS = DEATHS + 1, QTDETENTATIVAEXEC = QTDETENTATIVAEXEC - 1, EXECUTIONS = EXECUTIONS - 1,
		STATE = CASE QTDETENTATIVAEXEC WHEN 1 THEN 'stored' ELSE 'waiting' END, DATATENTATIVAEXEC = '', RUNNINGSINCE = '',
		RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
)

// Recover takes over rows that a run which died has left claimed: all that are, so it is called before
// anything is claimed. Each counts one death more and no
// attempt: which of them was at fault, if any, shows when they run alone. Those with maxDeaths are
// blocked, and answered. It answers those taken over and which
// of them were blocked.
func (b *Box) Recover(ctx context.Context, maxDeaths int) (taken, blocked []*Row, err error) {
	err = b.write(ctx, func(tx *Tx) error {
		now := b.clock.Now()
		taken, blocked = nil, nil
		rules, err := b.rules(ctx, tx)
		if err != nil {
			return err
		}
		stale, err := tx.rows(ctx, staleRows)
		if err != nil {
			return fmt.Errorf("look for stale claims: %w", err)
		}
		for _, r := range stale {
			if _, err := tx.ExecContext(ctx, takeStale, author, stamp(now), r.Seq); err != nil {
				return fmt.Errorf("take over %s: %w", r.Message.ID, err)
			}
			r.Job, r.Options = "", rules.Types[r.Message.Type]
			r.Deaths++
			r.Attempt--
			r.Executions--
			taken = append(taken, r)
			lines := []Line{{At: now, Type: LineError, Text: fmt.Sprintf("the agent died while executing this message, %d of %d times; running since %s",
				r.Deaths, maxDeaths, r.Since.Format(time.RFC3339))}}
			if r.Deaths < maxDeaths {
				if err := tx.log(ctx, r, r.Executions+1, now, lines); err != nil {
					return err
				}
				continue
			}
			blocked = append(blocked, r)
			if err := tx.blockDead(ctx, r, now, lines); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return taken, blocked, nil
}

// blockDead blocks a row that agents died on too often.
func (t *Tx) blockDead(ctx context.Context, r *Row, now time.Time, lines []Line) error {
	e := link.NewError(link.CodeAgentDied, "n", fmt.Sprint(r.Deaths))
	a, err := NewAnswer(&r.Message, r.Outcomes+1, link.AnswerData{Status: link.ERPBlocked, Errors: []link.Fault{FaultOf(e)}})
	if err != nil {
		return err
	}
	return t.Settle(ctx, r, &Ending{
		State: link.ERPBlocked, Code: e.Code, Reason: e.Text().PT, Answer: a, Hashes: HashesOf(&r.Message),
		Started: r.Since, Ended: now, Report: true, Attempt: AttemptNone, Lines: lines,
	})
}

// rows reads rows of the inbox.
func (t *Tx) rows(ctx context.Context, query string, args ...any) ([]*Row, error) {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []*Row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
