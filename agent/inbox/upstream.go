package inbox

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"smartlink/link"
)

const (
	isOutgoing     = `TYPEEVENT = 'Upstream' AND STATE = 'stored' AND HELD = 0 AND OUTSIDE = '' AND DATATENTATIVAEXEC = ''`
	upstreamRows   = `SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE WHERE ` + isOutgoing + ` AND SEQ > ? ORDER BY SEQ {limit ?}`
	deleteUpstream = `DELETE FROM GTOTVSLINKMESSAGE WHERE ID = ? AND TYPEEVENT = 'Upstream'`
	blockUpstream  = `UPDATE GTOTVSLINKMESSAGE SET STATE = 'blocked', STATECODE = ?, STATEREASON = ?, QTDETENTATIVAEXEC = QTDETENTATIVAEXEC + 1,
		RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ? AND TYPEEVENT = 'Upstream' AND STATE = 'stored'`
	// What cannot be read is replaced, so that people can find, mend and discard the message.
	mendUpstream = `UPDATE GTOTVSLINKMESSAGE SET ID = ?, ROOTID = '', TENANTID = '', HEADERS = ?, SENTON = ?, DATATENTATIVAEXEC = '', RUNNINGSINCE = '',
		HELD = 0, ONHOLD = 0, QTDETENTATIVAEXEC = 0, EXECUTIONS = 0, DEATHS = 0, OUTCOMENUMBER = 0, STATUSSEQ = 0, STATUSSENT = 0
		WHERE SEQ = ? AND TYPEEVENT = 'Upstream' AND STATE = 'stored'`
	deleteMetrics = `DELETE FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Upstream' AND STATE IN ('stored', 'blocked') AND TYPEMESSAGE = '` + link.TypeMetrics + `'`
)

// Outgoing answers up to limit messages that are to be sent, in order, those behind a Row.Seq.
func (b *Box) Outgoing(ctx context.Context, after int64, limit int) ([]*Row, error) {
	rows, err := b.read.QueryContext(ctx, upstreamRows, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read what is to be sent: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []*Row
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, fmt.Errorf("read what is to be sent: %w", err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// Refused is a message the hub will never take as it is.
type Refused struct {
	Row    *Row
	Code   link.Code
	Reason string
}

// Sent deletes what the hub has accepted and blocks what it refused, in one transaction.
func (b *Box) Sent(ctx context.Context, accepted []*Row, refused []Refused) error {
	if len(accepted)+len(refused) == 0 {
		return nil
	}
	return b.write(ctx, func(tx *Tx) error {
		now := stamp(b.clock.Now())
		for _, r := range accepted {
			if _, err := tx.ExecContext(ctx, deleteUpstream, r.Message.ID.String()); err != nil {
				return fmt.Errorf("delete %s, sent: %w", r.Message.ID, err)
			}
		}
		for _, f := range refused {
			m := &f.Row.Message
			if len(f.Row.Unreadable) > 0 {
				if m.ID == uuid.Nil {
					m.ID = link.NewID()
				}
				if _, err := tx.ExecContext(ctx, mendUpstream, m.ID.String(), headerText(m.Headers), stamp(m.CreatedAt), f.Row.Seq); err != nil {
					return fmt.Errorf("mend %d: %w", f.Row.Seq, err)
				}
			}
			if _, err := tx.ExecContext(ctx, blockUpstream, string(f.Code), f.Reason, author, now, f.Row.Seq); err != nil {
				return fmt.Errorf("block %s: %w", f.Row.Message.ID, err)
			}
		}
		return nil
	})
}

// PutMetrics puts a health report up for sending, in place of an older one.
func (b *Box) PutMetrics(ctx context.Context, contentType string, text []byte) error {
	return b.write(ctx, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, deleteMetrics); err != nil {
			return fmt.Errorf("replace metrics: %w", err)
		}
		id := link.NewID().String()
		_, err := tx.ExecContext(ctx, tx.w.texts.insertUpstream, id, link.TypeMetrics, id, "", "", "", "", link.LinkProxy, "", contentType,
			tx.w.data(text), stamp(b.clock.Now()), author)
		if err != nil {
			return fmt.Errorf("put metrics up: %w", err)
		}
		return nil
	})
}
