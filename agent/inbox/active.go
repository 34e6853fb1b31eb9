package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smartlink/internal/sqldb"
)

// ErrStandBy says that this run of the agent is not the active one, or cannot be sure of it now.
// Nothing was written.
var ErrStandBy = errors.New("this instance of the agent is not the active one")

// Hold is what a run of the agent works under.
type Hold struct {
	Epoch int64  // of the hub's lease
	Run   string // names the run
	Host  string // its machine, for people
}

// Active is the run that works on the inbox, as the database knows it.
type Active struct {
	Hold
	Since time.Time
	Moves int64 // rises while work is done, and never goes back: an older state of the database shows by it
	Help  Help  // whether the hub's people may ask for something
}

// is tells whether two are of the same run and epoch.
func (h *Hold) is(other Hold) bool { return h.Epoch == other.Epoch && h.Run == other.Run }

const (
	activeRow = `SELECT A.EPOCH, A.RUNID, A.HOST, A.SINCE, A.MOVES, D.HELPUNTIL, D.HELPON, D.HELPBY FROM SMARTLINKACTIVE A, SMARTLINKDESK D
		WHERE A.ONE = 1 AND D.ONE = 1`
	holdsRow   = `SELECT EPOCH, RUNID FROM SMARTLINKACTIVE WHERE ONE = 1`
	takeActive = `UPDATE SMARTLINKACTIVE SET EPOCH = ?1, RUNID = ?2, HOST = ?3, SINCE = ?4, MOVES = MOVES + 1
		WHERE ONE = 1 AND (EPOCH < ?1 OR EPOCH = ?1 AND RUNID = ?2)`
	moveActive  = `UPDATE SMARTLINKACTIVE SET MOVES = MOVES + 1 WHERE ONE = 1`
	fenceActive = `UPDATE SMARTLINKACTIVE SET EPOCH = EPOCH + 1, RUNID = '', HOST = '', SINCE = '', MOVES = MOVES + 1 WHERE ONE = 1`
)

// Guard makes every further transaction of this Box depend on Take: before it, and once another run
// has taken the inbox, Begin and all that writes fail with ErrStandBy. sure, if not nil, is asked
// before each; false is ErrStandBy too.
func (b *Box) Guard(sure func() bool) {
	b.sure = sure
	b.guarded.Store(true)
}

// Active tells which run has taken the inbox last (the zero Run: none yet), and what a run has to tell the
// hub besides. It is asked again and again, too: see Look.
func (b *Box) Active(ctx context.Context) (Active, error) {
	if b.w.dialect != sqldb.SQLite { // what a look waits for at a server must not keep the guard from its question
		return b.readActive(ctx)
	}
	l := &b.lookout
	l.mu.Lock()
	defer l.mu.Unlock()
	at, sure, err := l.version.read(ctx, b)
	if err != nil {
		return Active{}, fmt.Errorf("read who is active: %w", err)
	}
	if known := l.active; sure && known != nil && known.at == at {
		return known.Active, nil
	}
	l.active = nil
	a, err := b.readActive(ctx)
	if err != nil {
		return a, err
	}
	l.active = &activeAt{a, at}
	return a, nil
}

func (b *Box) readActive(ctx context.Context) (a Active, err error) {
	err = b.ask(ctx, activeRow).Scan(&a.Epoch, &a.Run, &a.Host, moment{&a.Since}, &a.Moves, moment{&a.Help.Until}, moment{&a.Help.Since}, &a.Help.By)
	if err != nil {
		return a, fmt.Errorf("read who is active: %w", err)
	}
	return a, nil
}

// activeAt is what Active has read, and of what.
type activeAt struct {
	Active
	at edition
}

// Take makes h.Run the one that may write. It waits for a transaction that is open: what an earlier
// run has begun is either there or not when Take returns. An inbox that a later epoch has taken is
// ErrStandBy, one that was given to another installation meanwhile link.CodeForeignDatabase.
func (b *Box) Take(ctx context.Context, h Hold) error {
	tx, err := b.begin(ctx, false)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	if err := tx.belongsTo(ctx, b.inst); err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, takeActive, h.Epoch, h.Run, h.Host, stamp(b.clock.Now()))
	if err != nil {
		return fmt.Errorf("take the inbox: %w", err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return fmt.Errorf("take the inbox: %w", err)
	}
	if n == 0 {
		return ErrStandBy
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	b.hold.Store(&h)
	b.lost.Store(false)
	return nil
}

// Drop ends what Take began: nothing more is written, until Take. A transaction that is open comes to
// its end.
func (b *Box) Drop() { b.hold.Store(nil) }

// Lost tells whether another run has taken the inbox from this one, as far as a transaction has
// noticed.
func (b *Box) Lost() bool { return b.lost.Load() }

// Commits counts the transactions that were committed since the inbox was opened.
func (b *Box) Commits() int64 { return b.commits.Load() }

// Move raises Active.Moves.
func (b *Box) Move(ctx context.Context) error {
	err := b.write(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, moveActive)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that the database moves on: %w", err)
	}
	return nil
}

// holds looks, inside a transaction that has just begun, whether this run may write. The row stays as
// it is until the transaction ends.
func (b *Box) holds(ctx context.Context, t *Tx) error {
	if !b.guarded.Load() {
		return nil
	}
	h := b.hold.Load()
	if h == nil || b.sure != nil && !b.sure() {
		return ErrStandBy
	}
	var now Hold
	if err := t.QueryRowContext(ctx, holdsRow).Scan(&now.Epoch, &now.Run); err != nil {
		return fmt.Errorf("look who is active: %w", err)
	}
	if !h.is(now) {
		b.lost.Store(true)
		return ErrStandBy
	}
	return nil
}
