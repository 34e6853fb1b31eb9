package sqlite

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// What a group sends is stored at its end, several rows to a statement, for most of what such a row costs is its
// statement. Whatever looks for messages meanwhile has it stored first.

// How many rows one statement stores.
const (
	messageRows  = 8
	deliveryRows = 16
	searchRows   = 16
)

// sent are the rows of a group's messages that are not stored yet.
type sent struct {
	messages   []sentRow
	deliveries []deliveryRow
	keys       []searchRow

	headers    map[string]string // of the last message that had some, and how they are stored
	headersAre string
}

// sentRow is a message.
type sentRow struct {
	mid     int64
	m       *link.Message
	headers string // JSON object; "": none
	keys    []byte // as queue.JoinKeys makes them; nil: none
}

// deliveryRow is a message in a queue, at the place that is its number.
type deliveryRow struct {
	mid, qid int64
	state    link.State
	okey     any // text; nil: unordered
	size     int64
}

// searchRow is a key by which a message is found.
type searchRow struct {
	tenant uuid.UUID
	key    []byte
	mid    int64
}

// store has the message itself stored and answers its number.
func (g *group) store(m *link.Message, keys [][]byte) (int64, error) {
	headers, err := g.headersText(m.Headers)
	if err != nil {
		return 0, err
	}
	g.s.numbers.message++
	mid := g.s.numbers.message
	row := sentRow{mid: mid, m: m, headers: headers}
	if len(keys) > 0 {
		row.keys = queue.JoinKeys(keys)
	}
	g.messages = append(g.messages, row)
	m.Body = notNull(m.Body)
	for _, k := range keys {
		g.keys = append(g.keys, searchRow{m.TenantID, k, mid})
	}
	return mid, nil
}

// headersText is how headers are stored; most messages of a group have those of the one before.
func (g *group) headersText(h map[string]string) (string, error) {
	if len(h) == 0 {
		return "", nil
	}
	if !maps.Equal(h, g.headers) {
		b, err := json.Marshal(h)
		if err != nil {
			return "", err
		}
		g.headers, g.headersAre = h, string(b)
	}
	return g.headersAre, nil
}

// notNull keeps an empty body from being stored as NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// writeSent stores what is not stored yet. Search keys go in their own order, which touches each page once.
func (g *group) writeSent() error {
	slices.SortFunc(g.keys, func(a, b searchRow) int {
		return cmp.Or(bytes.Compare(a.tenant[:], b.tenant[:]), bytes.Compare(a.key, b.key), cmp.Compare(a.mid, b.mid))
	})
	err := addRows(g.messages, messageRows, g.st.messageAddMany, g.st.messageAdd, func(args []any, r *sentRow) []any {
		m := r.m
		return append(args, &r.mid, (*[16]byte)(&m.ID), (*[16]byte)(&m.TenantID), (*[16]byte)(&m.RootID), &m.Type, &m.Audience, &m.Sender.App,
			(*string)(&m.Sender.ClientID), &m.BusinessKey, &m.OrderingKey, &m.CorrelationID, &g.now, &m.CreatedBy, &r.headers, &m.ContentType, &m.Body, &r.keys)
	})
	if err != nil {
		return err
	}
	err = addRows(g.deliveries, deliveryRows, g.st.deliveryAddMany, g.st.deliveryAdd, func(args []any, r *deliveryRow) []any {
		return append(args, &r.mid, &r.qid, &r.mid, (*string)(&r.state), r.okey, &r.size)
	})
	if err != nil {
		return err
	}
	err = addRows(g.keys, searchRows, g.st.searchAddMany, g.st.searchAdd, func(args []any, r *searchRow) []any {
		return append(args, (*[16]byte)(&r.tenant), &r.key, &r.mid)
	})
	g.messages, g.deliveries, g.keys = g.messages[:0], g.deliveries[:0], g.keys[:0]
	return err
}

// addRows stores rows, so many at a time and the rest one by one. args appends those of one.
func addRows[T any](rows []T, together int, many, one *stmt, args func([]any, *T) []any) error {
	var list []any
	for n := together; len(rows) > 0; rows = rows[n:] {
		add := many
		if len(rows) < together {
			add, n = one, 1
		}
		list = list[:0]
		for i := range rows[:n] {
			list = args(list, &rows[i])
		}
		if _, err := add.exec(list...); err != nil {
			return err
		}
	}
	return nil
}

// times is a row of parameters so many times.
func times(row string, n int) string { return row + strings.Repeat(", "+row, n-1) }

// message answers the number of a message and who sent it, also of one of the group; nil: it is not here.
func (g *group) message(id, tenant uuid.UUID) ([]any, error) {
	row, err := g.st.messageFind.one(id[:], tenant[:])
	if row != nil || err != nil || len(g.messages) == 0 {
		return row, err
	}
	if err := g.writeSent(); err != nil {
		return nil, err
	}
	return g.st.messageFind.one(id[:], tenant[:])
}
