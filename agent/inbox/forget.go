package inbox

import (
	"context"
	"fmt"
	"time"
)

// Bodies as they were stay as long as their message.
const (
	forgetEdits = `DELETE FROM SMARTLINKEDIT WHERE RECCREATEDON < ? AND NOT EXISTS
		(SELECT 1 FROM GTOTVSLINKMESSAGE WHERE ID = IDMESSAGE)`
	forgetActions = `DELETE FROM SMARTLINKACTION WHERE ID IN (SELECT ID FROM SMARTLINKACTION ORDER BY ID {limit 500}) AND RECCREATEDON < ?`
)

// Forgetting is done in pieces, so that nobody waits long for the writer. Both tables grow in the
// order of time: executions by their messages' ids, lines by their own.
const (
	forgetExecs = `DELETE FROM GTOTVSLINKMESSAGEEXEC WHERE ENDEDON < ?1 AND IDMESSAGE IN
		(SELECT IDMESSAGE FROM GTOTVSLINKMESSAGEEXEC WHERE ENDEDON < ?1 ORDER BY IDMESSAGE {limit 500})`
	forgetLines = `DELETE FROM GTOTVSLINKLOG WHERE ID IN (SELECT ID FROM GTOTVSLINKLOG ORDER BY ID {limit 500}) AND LOGDATE < ?`
	// A fact that was booked is in SMARTLINKRESULT.
	forgetIntents = `DELETE FROM SMARTLINKINTENT WHERE PENDING = 0 AND LASTCALL < ?1 AND MARKER IN
		(SELECT MARKER FROM SMARTLINKINTENT WHERE PENDING = 0 AND LASTCALL < ?1 ORDER BY LASTCALL {limit 500})`
)

// Forget erases executions, log lines, calls outside, bodies as they were and what people did, of before a moment, some
// hundreds at a time, and answers how many; 0: there are no more. Results are never erased.
func (b *Box) Forget(ctx context.Context, before time.Time) (int, error) {
	total := int64(0)
	err := b.write(ctx, func(tx *Tx) error {
		total = 0
		for _, query := range []string{forgetExecs, forgetLines, forgetIntents, forgetEdits, forgetActions} {
			r, err := tx.ExecContext(ctx, query, stamp(before))
			if err != nil {
				return fmt.Errorf("forget: %w", err)
			}
			n, err := r.RowsAffected()
			if err != nil {
				return fmt.Errorf("forget: %w", err)
			}
			total += n
		}
		return nil
	})
	return int(total), err
}
