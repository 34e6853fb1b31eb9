package inbox

import (
	"context"
	"fmt"
	"maps"

	"github.com/google/uuid"

	"smartlink/link"
)

// What is on hold stands in its place of the inbox and of its ordering key, but is not claimed.
const (
	putOnHold = `UPDATE GTOTVSLINKMESSAGE SET ONHOLD = 1, STATECODE = ?, STATEREASON = ? WHERE ID = ?`
	heldSome  = `UPDATE SMARTLINKTYPE SET HOLDNEXT = CASE WHEN HOLDNEXT > ?1 THEN HOLDNEXT - ?1 ELSE 0 END WHERE TYPEMESSAGE = ?2`
)

// holding are the options of types, with how many messages are to be put on hold as of now: the rules
// that are kept in memory do not count along.
func (t *Tx) holding(ctx context.Context, r *Rules) (map[string]TypeOptions, error) {
	if len(r.Types) == 0 {
		return nil, nil
	}
	types := maps.Clone(r.Types)
	for name, o := range types {
		o.HoldNext = 0
		types[name] = o
	}
	err := every(ctx, t, readHolding, func(s scanner) error {
		var name string
		var n int
		err := s.Scan(&name, &n)
		o := types[name]
		o.HoldNext = n
		types[name] = o
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for types on hold: %w", err)
	}
	return types, nil
}

// hold puts a message that has just come on hold, if that is wanted of its type.
func (s *storing) hold(ctx context.Context, m *link.Message) error {
	o := s.types[m.Type]
	if o.HoldNext == 0 {
		return nil
	}
	e := link.NewError(link.CodeOnHold, "type", m.Type)
	if _, err := s.tx.ExecContext(ctx, putOnHold, string(e.Code), e.Text().PT, m.ID.String()); err != nil {
		return fmt.Errorf("put on hold: %w", err)
	}
	o.HoldNext--
	s.types[m.Type] = o
	if s.holds == nil {
		s.holds = map[string]int{}
	}
	s.holds[m.Type]++
	return nil
}

// held counts what was put on hold.
func (s *storing) held(ctx context.Context) error {
	for name, n := range s.holds {
		if _, err := s.tx.ExecContext(ctx, heldSome, n, name); err != nil {
			return fmt.Errorf("count what is on hold: %w", err)
		}
	}
	return nil
}

const (
	onHold      = ` FROM GTOTVSLINKMESSAGE WHERE ONHOLD = 1`
	noteRelease = `INSERT INTO SMARTLINKACTION (ACTION, IDMESSAGE, SUBJECT, REASON, REQUEST, RESULT, CODE, RECCREATEDBY, RECCREATEDON)
		SELECT '` + string(ActionRelease) + `', ID, TYPEMESSAGE, '', '', '', '', ?, ?` + onHold
	releaseRows = `UPDATE GTOTVSLINKMESSAGE SET ONHOLD = 0, STATECODE = '', STATEREASON = '', STATUSSEQ = STATUSSEQ + 1, RECMODIFIEDBY = ?, RECMODIFIEDON = ?
		WHERE ONHOLD = 1`
	countOnHold = `SELECT TYPEMESSAGE, COUNT(*)` + onHold + ` GROUP BY TYPEMESSAGE ORDER BY TYPEMESSAGE`
)

// Release lets one message that is on hold be executed. One that is not on hold is link.CodeNotNow.
func (d Desk) Release(ctx context.Context, message uuid.UUID) error {
	return d.box.write(ctx, func(tx *Tx) error {
		r, err := tx.workable(ctx, message, link.ERPStored)
		if err != nil {
			return err
		}
		if !r.OnHold {
			return link.NewError(link.CodeNotNow, "id", message.String(), "state", string(r.State), "wanted", string(link.CodeOnHold))
		}
		_, err = d.release(ctx, tx, ` AND ID = ?`, message.String())
		return err
	})
}

// ReleaseAll lets all messages of a type (empty: of all types) that are on hold be executed, and answers
// how many. Those that come later are not concerned.
func (d Desk) ReleaseAll(ctx context.Context, messageType string) (n int, err error) {
	err = d.box.write(ctx, func(tx *Tx) error {
		if messageType == "" {
			n, err = d.release(ctx, tx, ``)
		} else {
			n, err = d.release(ctx, tx, ` AND TYPEMESSAGE = ?`, messageType)
		}
		return err
	})
	return n, err
}

func (d Desk) release(ctx context.Context, tx *Tx, which string, args ...any) (int, error) {
	now := stamp(d.box.clock.Now())
	if _, err := tx.ExecContext(ctx, noteRelease+which, append([]any{d.by, now}, args...)...); err != nil {
		return 0, fmt.Errorf("note the release: %w", err)
	}
	r, err := tx.ExecContext(ctx, releaseRows+which, append([]any{author, now}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("release: %w", err)
	}
	n, err := r.RowsAffected()
	return int(n), err
}

// OnHold counts the messages on hold by type.
func (b *Box) OnHold(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	err := every(ctx, b.read, countOnHold, func(s scanner) error {
		var name string
		var n int
		err := s.Scan(&name, &n)
		counts[name] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count what is on hold: %w", err)
	}
	return counts, nil
}
