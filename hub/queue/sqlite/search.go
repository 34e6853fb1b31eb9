package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// Search finds messages, from one state of each file.
func (s *Store) Search(ctx context.Context, q queue.Search) (queue.SearchResult, error) {
	w := searching{ctx: ctx, q: q, byID: map[int64]link.ClientID{}, leased: map[leasedAt]bool{}}
	s.memory.mu.Lock()
	for _, x := range s.memory.queues { // before the file's snapshot begins: see leasedOf
		if x.name.Tenant != q.Tenant {
			continue
		}
		w.byID[x.id] = x.name.Client
		if q.Queue == "" || q.Queue == x.name.Client {
			w.queues = append(w.queues, x.id)
		}
		for mid := range x.leased {
			w.leased[leasedAt{x.id, mid}] = true
		}
	}
	s.memory.mu.Unlock()
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := fix(ctx, tx); err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	x, err := s.historyOf(ctx, q.Tenant)
	if err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	defer x.end()
	w.txs = append([]*sql.Tx{tx}, x.txs...)
	if err := w.begin(); err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	r, err := q.Run(&w)
	if err != nil {
		return queue.SearchResult{}, fmt.Errorf("search messages: %w", err)
	}
	return r, nil
}

// leasedAt is a message in a queue.
type leasedAt struct{ qid, mid int64 }

// searching is one page of a search.
type searching struct {
	ctx    context.Context
	txs    []*sql.Tx // queue.db, and the days of the history
	q      queue.Search
	byID   map[int64]link.ClientID // queues of the tenant
	queues []int64                 // that the search is for
	leased map[leasedAt]bool

	before any // of what the search walks by: a number, or an id
	found  map[*queue.Candidate]row
	over   bool
}

// begin goes to where the page before ended.
func (w *searching) begin() error {
	w.found = map[*queue.Candidate]row{}
	w.before = int64(everything)
	if w.byTime() {
		w.before = slices.Repeat([]byte{0xff}, 17) // behind every id
	}
	switch {
	case w.q.After == nil && w.byTime() && !w.q.To.IsZero():
		return w.seek()
	case w.q.After == nil:
	case w.byTime():
		w.before = w.q.After
	case len(w.q.After) != 8:
		return errors.New("not a place of this search")
	default:
		w.before = int64(binary.BigEndian.Uint64(w.q.After))
	}
	return nil
}

// seek passes over messages that are newer than the search is for.
func (w *searching) seek() error {
	id, err := w.q.Seek(func(before uuid.UUID) (*queue.Candidate, error) {
		w.before = before[:]
		list, err := w.Next(1)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return list[0], nil
	})
	w.before = id[:]
	return err
}

// byTime tells whether nothing narrows the search, so that it walks through all messages of the tenant.
func (w *searching) byTime() bool {
	q := &w.q
	return q.ID == uuid.Nil && q.Keys == nil && q.BusinessKey == "" && q.CorrelationID == "" && q.RootID == uuid.Nil && q.Queue == "" && q.State == ""
}

// foundColumns are the columns of message that Next reads behind the place of the search.
const foundColumns = `m.mid, m.id, m.root, m.created_at, m.type, m.business_key, m.correlation, m.client, length(m.body)`

// Next finds candidates by the narrowest way there is.
func (w *searching) Next(n int) ([]*queue.Candidate, error) {
	if w.over {
		return nil, nil
	}
	var all []row
	lookIn := func(txs []*sql.Tx, query string, args ...any) error {
		for _, tx := range txs {
			some, err := w.look(tx, query, args...)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	}
	look := func(query string, args ...any) error { return lookIn(w.txs, query, args...) }
	q := &w.q
	var err error
	switch {
	case q.ID != uuid.Nil:
		w.over = true
		err = look(`SELECT m.mid, `+foundColumns+` FROM message AS m WHERE m.id = ? AND m.tenant = ?`, q.ID[:], q.Tenant[:])
	case q.Keys != nil:
		for _, k := range q.Keys {
			err = errors.Join(err, look(`SELECT s.mid, `+foundColumns+` FROM (SELECT mid FROM search WHERE tenant = ? AND key = ? AND mid < ?
				ORDER BY mid DESC LIMIT ?) AS s JOIN message AS m USING (mid)`, q.Tenant[:], k, w.before, n))
		}
	case q.BusinessKey != "":
		err = look(`SELECT m.mid, `+foundColumns+` FROM message AS m INDEXED BY message_business_key
			WHERE m.tenant = ? AND m.business_key = ? AND m.business_key <> '' AND m.mid < ? ORDER BY m.mid DESC LIMIT ?`, q.Tenant[:], q.BusinessKey, w.before, n)
	case q.CorrelationID != "":
		err = look(`SELECT m.mid, `+foundColumns+` FROM message AS m INDEXED BY message_correlation
			WHERE m.tenant = ? AND m.correlation = ? AND m.correlation <> '' AND m.mid < ? ORDER BY m.mid DESC LIMIT ?`, q.Tenant[:], q.CorrelationID, w.before, n)
	case q.RootID != uuid.Nil:
		err = errors.Join(
			look(`SELECT m.mid, `+foundColumns+` FROM message AS m INDEXED BY message_root WHERE m.tenant = ? AND m.root = ? AND m.root <> m.id AND m.mid < ?
				ORDER BY m.mid DESC LIMIT ?`, q.Tenant[:], q.RootID[:], w.before, n),
			look(`SELECT m.mid, `+foundColumns+` FROM message AS m WHERE m.id = ? AND m.tenant = ? AND m.mid < ?`, q.RootID[:], q.Tenant[:], w.before))
	case q.Queue != "" || q.State != "":
		for _, qid := range w.queues {
			for _, p := range partsOf(q.State) {
				files := w.txs[:1]
				if p == parts[queue.ListHistory][0] {
					files = w.txs
				}
				err = errors.Join(err, lookIn(files, fmt.Sprintf(`SELECT d.pos, `+foundColumns+` FROM (SELECT pos, mid FROM delivery INDEXED BY %s WHERE qid = ? AND %s
					AND pos < ? ORDER BY pos DESC LIMIT ?) AS d JOIN message AS m USING (mid)`, p.index, p.where), qid, w.before, n))
			}
		}
	default:
		err = look(`SELECT m.mid, `+foundColumns+` FROM message AS m INDEXED BY message_id WHERE m.tenant = ? AND m.id < ? ORDER BY m.id DESC LIMIT ?`,
			q.Tenant[:], w.before, n)
	}
	if err != nil {
		return nil, err
	}
	return w.candidates(all, n), nil
}

// partsOf are the parts of a queue that hold deliveries of a state.
func partsOf(s link.State) []part {
	var all []part
	for _, list := range []queue.List{queue.ListWaiting, queue.ListDead, queue.ListHistory} {
		all = append(all, parts[list]...)
	}
	switch s {
	case link.StateReady, link.StateLeased: // leases live in memory
		return all[:1]
	case link.StateBehind:
		return all[1:2]
	case link.StateDelayed:
		return all[2:3]
	case link.StateDead:
		return all[3:4]
	case link.StateAcked, link.StateDiscarded:
		return all[4:]
	}
	return all
}

// row is a message at a place of the search.
type row struct {
	place, mid int64
	tx         *sql.Tx // of the file that it stands in
	queue.Candidate
}

func (w *searching) look(tx *sql.Tx, query string, args ...any) ([]row, error) {
	rows, err := tx.QueryContext(w.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []row
	for rows.Next() {
		r := row{tx: tx}
		var created int64
		if err := rows.Scan(&r.place, &r.mid, &r.ID, &r.RootID, &created, &r.Type, &r.BusinessKey, &r.CorrelationID, &r.Sender, &r.Size); err != nil {
			return nil, err
		}
		r.CreatedAt = moment(created)
		r.Settled = r.place == r.mid // else it was redriven
		list = append(list, r)
	}
	return list, rows.Err()
}

// candidates puts together what several ways found, each message once where it stands at one place.
func (w *searching) candidates(all []row, n int) []*queue.Candidate {
	if w.byTime() {
		slices.SortStableFunc(all, func(a, b row) int { return bytes.Compare(b.ID[:], a.ID[:]) })
		all = slices.CompactFunc(all, func(a, b row) bool { return a.ID == b.ID })
	} else {
		slices.SortStableFunc(all, func(a, b row) int { return cmp.Or(cmp.Compare(b.place, a.place), cmp.Compare(b.mid, a.mid)) })
		all = slices.CompactFunc(all, func(a, b row) bool { return a.place == b.place && a.mid == b.mid })
	}
	all = all[:min(n, len(all))]
	list := make([]*queue.Candidate, len(all))
	for i := range all {
		c := &all[i].Candidate
		w.found[c] = all[i]
		if w.byTime() {
			c.At, w.before = c.ID[:], c.ID[:]
		} else {
			c.At, w.before = binary.BigEndian.AppendUint64(nil, uint64(all[i].place)), all[i].place
		}
		list[i] = c
	}
	return list
}

// Stand tells where messages stand. A delivery that is leased stands in the file as ready.
func (w *searching) Stand(list []*queue.Candidate) error {
	for _, c := range list {
		if err := w.stand(c); err != nil {
			return err
		}
	}
	return nil
}

func (w *searching) stand(c *queue.Candidate) error {
	mid := w.found[c].mid
	rows, err := w.found[c].tx.QueryContext(w.ctx, `SELECT qid, state FROM delivery WHERE mid = ?`, mid)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var qid int64
		var at queue.Standing
		if err := rows.Scan(&qid, &at.State); err != nil {
			return err
		}
		if at.Client = w.byID[qid]; at.State == link.StateReady && w.leased[leasedAt{qid, mid}] {
			at.State = link.StateLeased
		}
		c.Standing = append(c.Standing, at)
	}
	return rows.Err()
}

// Bodies reads bodies.
func (w *searching) Bodies(list []*queue.Candidate) ([][]byte, error) {
	bodies := make([][]byte, len(list))
	for i, c := range list {
		at := w.found[c]
		if err := at.tx.QueryRowContext(w.ctx, `SELECT body FROM message WHERE mid = ?`, at.mid).Scan(&bodies[i]); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}
