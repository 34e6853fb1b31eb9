package inbox

import (
	"context"
	"fmt"
	"strings"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// ahead is what a transaction knows of earlier bookings: which messages LookAhead has looked for, and
// what of them is booked.
type ahead struct {
	asked map[string]bool // ids of messages
	there map[string]bool // what bookings are found by, see marks
}

// aheadMost bounds the messages of one query: SQL Server takes 2,100 parameters.
const aheadMost = 64

// lookAhead is a query for the bookings of n messages. Its parameters are n of each: ids, roots, tenants,
// apps, types, hashes of business keys. It may find more than theirs.
func lookAhead(n int) string {
	list := "(?" + strings.Repeat(", ?", n-1) + ")"
	const columns = `SELECT IDMESSAGE, ROOTID, TENANTID, SENDERAPP, TYPEMESSAGE, BUSINESSKEYHASH FROM SMARTLINKRESULT WHERE OUTCOME = 'done' AND `
	return columns + "IDMESSAGE IN " + list + " UNION ALL " + columns + "ROOTID IN " + list + " UNION ALL " + columns + "TENANTID IN " + list +
		" AND SENDERAPP IN " + list + " AND TYPEMESSAGE IN " + list + " AND BUSINESSKEYHASH IS NOT NULL AND BUSINESSKEYHASH IN " + list
}

// LookAhead looks for earlier bookings of all rows that a transaction is going to execute, so that FindDone
// has to ask for those only that have one. Where a query costs no way it does nothing.
func (t *Tx) LookAhead(ctx context.Context, rows []*Row) error {
	if t.w.dialect == sqldb.SQLite {
		return nil
	}
	for len(rows) > 1 {
		some := rows[:min(len(rows), aheadMost)]
		if err := t.lookAhead(ctx, some); err != nil {
			return fmt.Errorf("look for earlier bookings: %w", err)
		}
		rows = rows[len(some):]
	}
	return nil
}

func (t *Tx) lookAhead(ctx context.Context, rows []*Row) error {
	n := 2
	for n < len(rows) { // few texts, which stay prepared
		n *= 2
	}
	args := make([]any, 6*n)
	for i := range n {
		m := &rows[min(i, len(rows)-1)].Message
		for place, value := range []any{m.ID.String(), m.RootID.String(), m.TenantID.String(), m.Sender.App, m.Type, t.w.null(HashesOf(m).BusinessKey)} {
			args[place*n+i] = value
		}
	}
	found, err := t.QueryContext(ctx, lookAhead(n), args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	if t.ahead.asked == nil {
		t.ahead = ahead{map[string]bool{}, map[string]bool{}}
	}
	for found.Next() {
		var m link.Message
		var hash []byte
		if err := found.Scan(id{&m.ID}, id{&m.RootID}, id{&m.TenantID}, &m.Sender.App, &m.Type, &hash); err != nil {
			return err
		}
		t.ahead.booked(&m, hash)
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, r := range rows {
		t.ahead.asked[r.Message.ID.String()] = true
	}
	return nil
}

// marks are what a booking is found by, and what an earlier one of a message is looked for by.
func marks(m *link.Message, key []byte) []string {
	found := []string{"id " + m.ID.String(), "root " + m.RootID.String()}
	if key != nil {
		found = append(found, strings.Join([]string{"key", m.TenantID.String(), m.Sender.App, m.Type, string(key)}, "\x00"))
	}
	return found
}

// booked notes a booking.
func (a *ahead) booked(m *link.Message, key []byte) {
	if a.asked == nil {
		return
	}
	for _, mark := range marks(m, key) {
		a.there[mark] = true
	}
}

// none tells whether a message is known to have no earlier booking.
func (a *ahead) none(m *link.Message, key []byte) bool {
	if !a.asked[m.ID.String()] {
		return false
	}
	for _, mark := range marks(m, key) {
		if a.there[mark] {
			return false
		}
	}
	return true
}
