package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// writeKeys makes the group's messages found by their keys.
func writeKeys(s *sheet, list []stored) {
	var tenants, ids [][16]byte
	var keys [][]byte
	var places []int64
	for _, m := range list {
		for _, k := range m.keys {
			tenants, ids, keys, places = append(tenants, m.TenantID), append(ids, m.ID), append(keys, k), append(places, m.place)
		}
	}
	if len(keys) > 0 {
		s.exec(`INSERT INTO search (tenant, key, place, id) SELECT u.* FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::uuid[]) AS u ON CONFLICT DO NOTHING`,
			tenants, keys, places, ids)
	}
}

// Search finds messages, from one state of the store.
func (s *Store) Search(ctx context.Context, q queue.Search) (queue.SearchResult, error) {
	var r queue.SearchResult
	q.BusinessKey, q.CorrelationID, q.Type = text(q.BusinessKey), text(q.CorrelationID), text(q.Type)
	err := pgx.BeginTxFunc(ctx, s.pool, readOnly, func(tx pgx.Tx) error {
		w := searching{ctx: ctx, tx: tx, q: q, cut: s.cut(q.Tenant)}
		if err := w.begin(); err != nil {
			return err
		}
		var err error
		r, err = q.Run(&w)
		return err
	})
	if err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	return r, nil
}

// searching is one page of a search.
type searching struct {
	ctx    context.Context
	tx     pgx.Tx
	q      queue.Search
	queues []int64   // that the search is for, where it goes by queues
	cut    time.Time // the last day whose history is over

	place int64     // before which it looks
	id    uuid.UUID // the same, where it walks through all messages
	over  bool
}

// begin goes to where the page before ended.
func (w *searching) begin() error {
	w.place, w.id = everything, uuid.Max
	switch after := w.q.After; {
	case after == nil && w.byTime() && !w.q.To.IsZero():
		return w.seek()
	case after == nil:
	case w.byTime() && len(after) == 16:
		w.id = uuid.UUID(after)
	case !w.byTime() && len(after) == 8:
		w.place = int64(binary.BigEndian.Uint64(after))
	default:
		return errors.New("not a place of this search")
	}
	if w.q.Queue == "" && w.q.State == "" {
		return nil
	}
	rows, err := w.tx.Query(w.ctx, `SELECT qid FROM queue WHERE tenant = $1 AND (client = $2 OR $2 = '') ORDER BY qid`, w.q.Tenant, text(string(w.q.Queue)))
	if err == nil {
		w.queues, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	return err
}

// seek passes over messages that are newer than the search is for.
func (w *searching) seek() (err error) {
	w.id, err = w.q.Seek(func(before uuid.UUID) (*queue.Candidate, error) {
		w.id = before
		list, err := w.Next(1)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return list[0], nil
	})
	return err
}

// byTime tells whether nothing narrows the search, so that it walks through all messages of the tenant.
func (w *searching) byTime() bool {
	q := &w.q
	return q.ID == uuid.Nil && q.Keys == nil && q.BusinessKey == "" && q.CorrelationID == "" && q.RootID == uuid.Nil && q.Queue == "" && q.State == ""
}

// foundColumns are the columns of message that Next reads behind the place of the search.
const foundColumns = `m.place, m.id, m.root, m.created_at, m.type, m.business_key, m.correlation, m.client, octet_length(m.body)`

// A statement over messages is meant for the open tables, and once more for the history.
var (
	open      = strings.NewReplacer("{}", "", "{m}", "", "{x}", "")
	inHistory = strings.NewReplacer("{}", "history_", "{m}", " AND m.day > $cut", "{x}", " AND x.day > $cut")
)

// Next finds candidates by the narrowest way there is.
func (w *searching) Next(n int) ([]*queue.Candidate, error) {
	if w.over {
		return nil, nil
	}
	q := &w.q
	var s sheet
	var all []placed
	lookIn := func(sql string, args ...any) {
		s.each(func(rows pgx.Rows) error {
			var p placed
			err := rows.Scan(&p.at, &p.place, &p.ID, &p.RootID, &p.CreatedAt, &p.Type, &p.BusinessKey, &p.CorrelationID, &p.Sender, &p.Size)
			p.CreatedAt, p.Settled = p.CreatedAt.UTC(), p.at == p.place // else it was redriven
			all = append(all, p)
			return err
		}, sql, args...)
	}
	look := func(sql string, args ...any) {
		lookIn(open.Replace(sql), args...)
		lookIn(strings.ReplaceAll(inHistory.Replace(sql), "$cut", "$"+strconv.Itoa(len(args)+1)), append(args, w.cut)...)
	}
	switch {
	case q.ID != uuid.Nil:
		w.over = true
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.id = $2`, q.Tenant, q.ID)
	case q.Keys != nil:
		for _, k := range q.Keys {
			look(`SELECT s.place, `+foundColumns+` FROM (SELECT x.place, x.id FROM {}search AS x WHERE x.tenant = $1{x} AND x.key = $2 AND x.place < $3 ORDER BY x.place DESC LIMIT $4) AS s
				JOIN {}message AS m ON m.tenant = $1 AND m.id = s.id`, q.Tenant, k, w.place, n)
		}
	case q.BusinessKey != "":
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.business_key = $2 AND m.business_key <> '' AND m.place < $3
			ORDER BY m.place DESC LIMIT $4`, q.Tenant, q.BusinessKey, w.place, n)
	case q.CorrelationID != "":
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.correlation = $2 AND m.correlation <> '' AND m.place < $3
			ORDER BY m.place DESC LIMIT $4`, q.Tenant, q.CorrelationID, w.place, n)
	case q.RootID != uuid.Nil:
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.root = $2 AND m.root <> m.id AND m.place < $3
			ORDER BY m.place DESC LIMIT $4`, q.Tenant, q.RootID, w.place, n)
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.id = $2 AND m.place < $3`, q.Tenant, q.RootID, w.place)
	case q.Queue != "" || q.State != "":
		for _, where := range partsOf(q.State) {
			in := func(sql string, args ...any) { lookIn(open.Replace(sql), args...) }
			if where == parts[queue.ListHistory][0] {
				in = look
			}
			in(`SELECT d.pos, `+foundColumns+` FROM unnest($2::bigint[]) AS u (qid) CROSS JOIN LATERAL (SELECT x.pos, x.id FROM {}delivery AS x
				WHERE x.tenant = $1{x} AND x.qid = u.qid AND x.`+where+` AND x.pos < $3 ORDER BY x.pos DESC LIMIT $4) AS d
				JOIN {}message AS m ON m.tenant = $1 AND m.id = d.id`, q.Tenant, w.queues, w.place, n)
		}
	default:
		look(`SELECT m.place, `+foundColumns+` FROM {}message AS m WHERE m.tenant = $1{m} AND m.id < $2 ORDER BY m.id DESC LIMIT $3`, q.Tenant, w.id, n)
	}
	if err := s.send(w.ctx, w.tx.Conn()); err != nil {
		return nil, err
	}
	return w.candidates(all, n), nil
}

// partsOf are the parts of a queue that hold deliveries of a state.
func partsOf(s link.State) []string {
	waiting := parts[queue.ListWaiting]
	switch s {
	case link.StateReady:
		return waiting[:1]
	case link.StateLeased, link.StateBehind, link.StateDelayed:
		return waiting[1:]
	case link.StateDead:
		return parts[queue.ListDead]
	case link.StateAcked, link.StateDiscarded:
		return parts[queue.ListHistory]
	}
	return slices.Concat(waiting, parts[queue.ListDead], parts[queue.ListHistory])
}

// placed is a message at a place of the search.
type placed struct {
	at, place int64
	queue.Candidate
}

// candidates puts together what several ways found, each message once where it stands at one place.
func (w *searching) candidates(all []placed, n int) []*queue.Candidate {
	if w.byTime() {
		slices.SortStableFunc(all, func(a, b placed) int { return compareUUID(b.ID, a.ID) })
	} else {
		slices.SortStableFunc(all, func(a, b placed) int { return cmp.Or(cmp.Compare(b.at, a.at), compareUUID(b.ID, a.ID)) })
		all = slices.CompactFunc(all, func(a, b placed) bool { return a.at == b.at && a.ID == b.ID })
	}
	all = all[:min(n, len(all))]
	list := make([]*queue.Candidate, len(all))
	for i := range all {
		c := &all[i].Candidate
		if w.byTime() {
			c.At = c.ID[:]
		} else {
			c.At = binary.BigEndian.AppendUint64(nil, uint64(all[i].at))
		}
		w.place, w.id = all[i].at, c.ID
		list[i] = c
	}
	return list
}

// Stand tells where messages stand.
func (w *searching) Stand(list []*queue.Candidate) error {
	if len(list) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID][]*queue.Candidate, len(list)) // one that was redriven may be there twice
	for _, c := range list {
		byID[c.ID] = append(byID[c.ID], c)
	}
	rows, err := w.tx.Query(w.ctx, `SELECT d.id, q.client, d.state FROM (SELECT DISTINCT id FROM unnest($2::uuid[]) AS x (id)) AS u CROSS JOIN LATERAL
		(SELECT x.tenant, x.id, x.qid, x.state FROM delivery AS x WHERE x.tenant = $1 AND x.id = u.id UNION ALL
		SELECT x.tenant, x.id, x.qid, x.state FROM history_delivery AS x WHERE x.tenant = $1 AND x.id = u.id) AS d
		JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid`, w.q.Tenant, column(list, func(c *queue.Candidate) [16]byte { return c.ID }))
	if err != nil {
		return err
	}
	var id uuid.UUID
	var at queue.Standing
	_, err = pgx.ForEachRow(rows, []any{&id, &at.Client, &at.State}, func() error {
		for _, c := range byID[id] {
			c.Standing = append(c.Standing, at)
		}
		return nil
	})
	return err
}

// Bodies reads bodies.
func (w *searching) Bodies(list []*queue.Candidate) ([][]byte, error) {
	bodies := make([][]byte, len(list))
	for i, c := range list {
		if err := w.tx.QueryRow(w.ctx, `SELECT body FROM message WHERE tenant = $1 AND id = $2 UNION ALL
			SELECT body FROM history_message WHERE tenant = $1 AND id = $2 LIMIT 1`, w.q.Tenant, c.ID).Scan(&bodies[i]); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}
