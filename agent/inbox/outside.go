package inbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// What is executed outside waits apart: column OUTSIDE has its type. Claim takes from the rest, where it
// is ”. So do types while a window of theirs is open: nobody has to choose past them.

const (
	moveApart = `UPDATE GTOTVSLINKMESSAGE SET OUTSIDE = ?1 WHERE TYPEEVENT = 'Downstream' AND TYPEMESSAGE = ?1 AND OUTSIDE <> ?1`
	apart     = `SELECT DISTINCT OUTSIDE FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`
	moveBack  = `UPDATE GTOTVSLINKMESSAGE SET OUTSIDE = '' WHERE TYPEEVENT = 'Downstream' AND OUTSIDE = ?`
)

// SetOutside says which types are executed outside: what is stored from now on, and what stands in the
// inbox already.
func (b *Box) SetOutside(ctx context.Context, types []string) error {
	types = slices.Clone(types)
	b.outside.Store(&types)
	err := b.write(ctx, func(tx *Tx) error {
		b.parted.are(nil)
		return tx.keepApart(ctx, types)
	})
	if err != nil {
		b.parted.doubt()
	}
	return err
}

// keepApart lets the messages of some types wait apart, and no others.
func (t *Tx) keepApart(ctx context.Context, types []string) error {
	there, err := sqldb.Column(ctx, t, apart)
	if err != nil {
		return fmt.Errorf("read what waits apart: %w", err)
	}
	for _, name := range there {
		if name == "" || slices.Contains(types, name) {
			continue
		}
		if _, err := t.ExecContext(ctx, moveBack, name); err != nil {
			return fmt.Errorf("let %s wait with the others: %w", name, err)
		}
	}
	for _, name := range types {
		if _, err := t.ExecContext(ctx, moveApart, name); err != nil {
			return fmt.Errorf("let %s wait apart: %w", name, err)
		}
	}
	return nil
}

// apart is what stands in column OUTSIDE of a message that comes.
func (b *Box) apart(messageType string) string {
	if slices.Contains(b.outsideTypes(), messageType) || slices.Contains(b.parted.types(), messageType) {
		return messageType
	}
	return ""
}

func (b *Box) outsideTypes() []string {
	if types := b.outside.Load(); types != nil {
		return *types
	}
	return nil
}

// ClaimOutside takes the next row of an outside type that may be executed now, as Claim does, but inside a
// transaction of the caller's. Nil: there is none.
func (b *Box) ClaimOutside(ctx context.Context, t *Tx, job, messageType string, now time.Time) (*Row, error) {
	rules, err := b.rules(ctx, t)
	if err != nil || rules.Closed(now.In(b.zone)) || slices.Contains(rules.ClosedTypes(now.In(b.zone)), messageType) {
		return nil, err
	}
	found, err := t.choose(ctx, messageType, now, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], t.claim(ctx, job, found[0], rules, now)
}

// Intent is what is written down of the calls that an outside consumer gets for one business fact.
type Intent struct {
	Marker  string // 32 hexadecimal digits
	Calls   int    // begun so far
	First   time.Time
	Last    time.Time // when the last call began
	Pending bool      // what it came to is not known
}

// MarkerOf is the marker of a message's business fact: the same for every message that SMARTLINKRESULT
// would hold for a repeat, in a database that was restored too. A message without a business key is its
// root's.
func MarkerOf(m *link.Message) string {
	by, key := "key", m.BusinessKey
	if key == "" {
		by, key = "root", m.RootID.String()
	}
	b, _ := json.Marshal([]string{"smartlink intent", m.TenantID.String(), m.Sender.App, m.Type, by, key}) // strings can always be written
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

const (
	readIntent = `SELECT MARKER, CALLS, FIRSTCALL, LASTCALL, PENDING FROM SMARTLINKINTENT WHERE MARKER = ?`
	endIntent  = `UPDATE SMARTLINKINTENT SET PENDING = ? WHERE MARKER = ? AND CALLS = ?`
	intendMore = `UPDATE SMARTLINKINTENT SET IDMESSAGE = ?, TYPEMESSAGE = ?, PENDING = 1, CALLS = ?, LASTCALL = ? WHERE MARKER = ? AND CALLS = ? AND PENDING = ?`
)

// intentRow is the intent of a first call.
var intentRow = sqldb.Insert{
	Table: "SMARTLINKINTENT", Keys: []string{"MARKER"},
	Columns: []string{"MARKER", "IDMESSAGE", "TYPEMESSAGE", "PENDING", "CALLS", "FIRSTCALL", "LASTCALL"},
	Values:  []string{"?1", "?2", "?3", "1", "?4", "?5", "?6"},
}

func scanIntent(s scanner, marker string) (Intent, error) {
	i := Intent{Marker: marker}
	err := s.Scan(&i.Marker, &i.Calls, moment{&i.First}, moment{&i.Last}, &i.Pending)
	if errors.Is(err, sql.ErrNoRows) {
		return i, nil
	}
	if err != nil {
		return i, fmt.Errorf("read the intent %s: %w", marker, err)
	}
	return i, nil
}

// Intent reads the intent of a message's business fact; without calls when there was none.
func (t *Tx) Intent(ctx context.Context, m *link.Message) (Intent, error) {
	marker := MarkerOf(m)
	return scanIntent(t.QueryRowContext(ctx, readIntent, marker), marker)
}

// ErrIntentMoved says that another message for the same fact has begun a call, or ended one, since the intent was
// read.
var ErrIntentMoved = errors.New("another message for the same fact is called for")

// Intend writes down that a call for a message is about to begin, and answers its intent. It is refused with
// ErrIntentMoved when the intent is not what i says any more: of two messages for one fact that have found
// nothing at the same time, one calls.
func (t *Tx) Intend(ctx context.Context, i Intent, m *link.Message, now time.Time) (Intent, error) {
	was := i
	i.Calls++
	i.Last, i.Pending = now, true
	query, args := t.w.texts.writeIntent, []any{i.Marker, m.ID.String(), m.Type, i.Calls, stamp(now), stamp(now)}
	if was.Calls == 0 {
		i.First = now
	} else {
		pending := 0
		if was.Pending {
			pending = 1
		}
		query, args = intendMore, []any{m.ID.String(), m.Type, i.Calls, stamp(now), i.Marker, was.Calls, pending}
	}
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return i, fmt.Errorf("write the intent %s: %w", i.Marker, err)
	}
	switch n, err := r.RowsAffected(); {
	case err != nil:
		return i, fmt.Errorf("write the intent %s: %w", i.Marker, err)
	case n == 0:
		return i, ErrIntentMoved
	}
	return i, nil
}

// EndIntent notes whether it is known by now what the last call came to. When another has begun since, of
// another message for the same fact, it is that one's to say.
func (t *Tx) EndIntent(ctx context.Context, i Intent, pending bool) error {
	n := 0
	if pending {
		n = 1
	}
	if _, err := t.ExecContext(ctx, endIntent, n, i.Marker, i.Calls); err != nil {
		return fmt.Errorf("end the intent %s: %w", i.Marker, err)
	}
	return nil
}
