package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Stored tells what Store did with the deliveries.
type Stored struct {
	New      int // rows made
	Known    int // redelivered ones that are in the inbox, not answered yet
	Answered int // redelivered ones with an outcome, whose highest answer is sent again
}

// downstreamRow is a delivery in the inbox. It is held while an earlier one
// of its ordering key is neither finished nor rejected.
var downstreamRow = sqldb.Insert{
	Table: "GTOTVSLINKMESSAGE", Keys: []string{"ID"},
	Columns: []string{"ID", "TYPEMESSAGE", "TYPEEVENT", "STATE", "ROOTID", "TENANTID", "BUSINESSKEY", "ORDERINGKEY", "CORRELATEDID",
		"SENDERAPP", "SENDERCLIENT", "AUDIENCE", "ROUTERMESSAGE", "HEADERS", "CONTENTTYPE", "SENTON", "SENTBY", "DATA", "OUTSIDE", "STATUSSEQ", "HELD",
		"RECCREATEDBY", "RECCREATEDON", "RECMODIFIEDBY", "RECMODIFIEDON"},
	Values: []string{"?1", "?2", "'Downstream'", "'stored'", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?11", "?12", "?13", "?14", "?15", "?16", "?19", "1",
		`CASE WHEN ?6 <> '' AND EXISTS (SELECT 1 FROM GTOTVSLINKMESSAGE WHERE ORDERINGKEY = ?6 AND ORDERINGKEY <> '' AND TYPEEVENT = 'Downstream'
			AND STATE <> 'rejected') THEN 1 ELSE 0 END`,
		"?17", "?18", "?17", "?18"},
}

const highestResult = `SELECT OUTCOMENUMBER, OUTCOME, ERPKEY, ANSWERID, ANSWER FROM SMARTLINKRESULT WHERE IDMESSAGE = ? ORDER BY OUTCOMENUMBER DESC {limit 1}`

// Store takes deliveries over, all in one transaction: when it returns without an error they are
// durable and may be acknowledged. A delivery whose id is in the inbox changes nothing; one that has
// been answered is not stored again, its highest answer is put up for sending once more.
func (b *Box) Store(ctx context.Context, deliveries []link.Delivery) (Stored, error) {
	var done Stored
	err := b.write(ctx, func(tx *Tx) error {
		s := storing{tx: tx, now: stamp(b.clock.Now())}
		rules, err := b.rules(ctx, tx)
		if err != nil {
			return err
		}
		if s.types, err = tx.holding(ctx, rules); err != nil {
			return err
		}
		for i := range deliveries {
			m := &deliveries[i].Message
			if err := s.store(ctx, m, b.apart(m.Type)); err != nil {
				return fmt.Errorf("store %s: %w", m.ID, err)
			}
		}
		done = s.done
		return s.held(ctx)
	})
	return done, err
}

// storing is one Store.
type storing struct {
	tx    *Tx
	now   string
	types map[string]TypeOptions
	done  Stored
	holds map[string]int // of each type, how many were put on hold
}

func (s *storing) store(ctx context.Context, m *link.Message, outside string) error {
	t := s.tx
	answer, err := t.highest(ctx, m)
	if err != nil {
		return err
	}
	if answer != nil {
		s.done.Answered++
		return t.sendAnswer(ctx, m, answer, s.types[m.Type].NoAnswers, s.now)
	}
	r, err := t.ExecContext(ctx, t.w.texts.insertMessage, m.ID.String(), m.Type, m.RootID.String(), m.TenantID.String(), m.BusinessKey, m.OrderingKey,
		m.CorrelationID, m.Sender.App, string(m.Sender.ClientID), m.Audience, m.Headers[link.MetaSourceType], headerText(m.Headers),
		m.ContentType, stamp(m.CreatedAt), m.CreatedBy, t.w.data(m.Body), author, s.now, outside)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		s.done.Known++
		return err
	}
	s.done.New++
	return s.hold(ctx, m)
}

// highest answers the last outcome of a message, nil when it has none.
func (t *Tx) highest(ctx context.Context, m *link.Message) (*Answer, error) {
	a := &Answer{}
	err := t.QueryRowContext(ctx, highestResult, m.ID.String()).Scan(&a.Number, &a.Status, &a.Key, id{&a.ID}, &a.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	return a, nil
}
