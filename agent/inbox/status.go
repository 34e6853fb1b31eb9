package inbox

import (
	"context"
	"fmt"
	"time"

	"smartlink/link"
)

const (
	statusRows = `SELECT ID, STATUSSEQ, STATE, QTDETENTATIVAEXEC, RECMODIFIEDON, DATATENTATIVAEXEC, STATECODE, STATEREASON
		FROM GTOTVSLINKMESSAGE WHERE ` + isUnreported + ` ORDER BY SEQ {limit ?}`
	isUnreported = `STATUSSEQ <> STATUSSENT`
	statusSent   = `UPDATE GTOTVSLINKMESSAGE SET STATUSSENT = CASE WHEN STATUSSENT < ?1 THEN ?1 ELSE STATUSSENT END WHERE ID = ?2`
)

// Unreported answers up to limit states that the hub does not know yet.
func (b *Box) Unreported(ctx context.Context, limit int) ([]link.StatusItem, error) {
	rows, err := b.read.QueryContext(ctx, statusRows, limit)
	if err != nil {
		return nil, fmt.Errorf("read states to report: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var items []link.StatusItem
	for rows.Next() {
		var i link.StatusItem
		var next time.Time
		if err := rows.Scan(id{&i.ID}, &i.Seq, &i.State, &i.Attempt, moment{&i.At}, moment{&next}, &i.Code, &i.Reason); err != nil {
			return nil, fmt.Errorf("read states to report: %w", err)
		}
		if i.State == link.ERPRunning { // over in a moment, and its end may be nothing to report: say what lasts
			i.State = link.ERPStored
			if i.Attempt > 1 {
				i.State = link.ERPWaiting
			}
			i.Attempt--
		}
		if !next.IsZero() {
			i.NextTry = &next
		}
		items = append(items, i)
	}
	return items, rows.Err()
}

// Reported notes what the hub has been told.
func (b *Box) Reported(ctx context.Context, items []link.StatusItem) error {
	return b.write(ctx, func(tx *Tx) error {
		for _, i := range items {
			if _, err := tx.ExecContext(ctx, statusSent, i.Seq, i.ID.String()); err != nil {
				return fmt.Errorf("note the report on %s: %w", i.ID, err)
			}
		}
		return nil
	})
}
