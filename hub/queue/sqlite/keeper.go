package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/killpoint"
	"smartlink/internal/sqldb"
)

// phase is a part of a round of keeping.
type phase int

const (
	phaseQueues phase = iota // moves what queues have done with
	phaseLone                // moves messages without a queue
	phaseLate                // moves what was told of moved messages
	phaseDays                // drops and thins out days
	phaseShrink              // gives space back
)

// keeper is where a round of keeping stands. mu is held during each step.
type keeper struct {
	mu     sync.Mutex
	begun  bool
	phase  phase
	queues []int64 // left to walk
	pos    int64   // in the first of them
	days   []string
	writer *dayWriter
	pages  int64 // of queue.db, when it was last looked at in this round; 0: not yet
}

// rest ends a round.
func (k *keeper) rest() error {
	err := k.writer.close()
	k.begun, k.phase, k.queues, k.pos, k.days, k.writer, k.pages = false, 0, nil, 0, nil, nil, 0
	return err
}

// Keep does one step of a round.
func (s *Store) Keep(ctx context.Context, o queue.Keeping) (queue.KeepStep, error) {
	k := &s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.begun {
		k.begun = true
		s.memory.mu.Lock()
		for id := range s.memory.byID {
			k.queues = append(k.queues, id)
		}
		s.memory.mu.Unlock()
		slices.Sort(k.queues)
		for _, f := range s.history.list() {
			k.days = append(k.days, f.day)
		}
	}
	step, err := s.step(ctx, o)
	if err != nil || step.Done {
		err = errors.Join(err, k.rest())
	}
	if err != nil {
		return queue.KeepStep{}, fmt.Errorf("keep history: %w", err)
	}
	return step, nil
}

func (s *Store) step(ctx context.Context, o queue.Keeping) (queue.KeepStep, error) {
	k := &s.keeper
	for {
		var step queue.KeepStep
		var more bool // the phase goes on
		var err error
		switch k.phase {
		case phaseQueues:
			step, more, err = s.moveOfQueue(ctx, o)
		case phaseLone:
			step, more, err = s.moveLone(ctx, o)
		case phaseLate:
			step, more, err = s.moveLate(ctx, o)
		case phaseDays:
			step, more, err = s.thinOut(ctx, o)
		default:
			step, more, err = s.shrink(ctx)
			step.Done = !more && err == nil
		}
		if err != nil || more || step.Op != nil || step.Done {
			if err == nil && !more {
				k.phase++
			}
			return step, err
		}
		k.phase++
	}
}

// moveOfQueue moves some of what a queue has done with.
func (s *Store) moveOfQueue(ctx context.Context, o queue.Keeping) (queue.KeepStep, bool, error) {
	k := &s.keeper
	for len(k.queues) > 0 {
		s.memory.mu.Lock()
		q := s.memory.byID[k.queues[0]]
		s.memory.mu.Unlock()
		ended, last, n, err := s.ended(ctx, q, k.pos, o)
		if err != nil {
			return queue.KeepStep{}, false, err
		}
		k.pos = last
		if n < o.Chunk || ended.allRecent {
			k.queues, k.pos = k.queues[1:], 0
		}
		step, err := s.move(ctx, ended.mids)
		if err != nil || step.Op != nil || n == o.Chunk {
			return step, true, err
		}
	}
	return queue.KeepStep{}, false, nil
}

// ended is what was found to have ended, by day.
type ended struct {
	mids      map[string][]int64
	allRecent bool // nothing that was looked at ended long enough ago, but all did end
}

// ended looks at some closed deliveries of a queue, in its order, and finds the messages that have ended
// in all their queues. It answers the place of the last one and how many it looked at.
func (s *Store) ended(ctx context.Context, q *queueState, after int64, o queue.Keeping) (ended, int64, int, error) {
	found := ended{mids: map[string][]int64{}}
	rows, err := s.reader.QueryContext(ctx, `SELECT d.pos, d.mid, x.state, coalesce(x.settled_at, 0),
		coalesce((SELECT a.installation FROM attempt AS a WHERE a.mid = x.mid AND a.qid = x.qid ORDER BY a.tag DESC LIMIT 1), ''),
		coalesce(o.status, ''), coalesce(o.at, 0)
		FROM (SELECT mid, pos FROM delivery INDEXED BY delivery_history WHERE qid = ?1 AND state IN ('acked', 'discarded') AND pos > ?2
			ORDER BY pos LIMIT ?3) AS d
		JOIN delivery AS x ON x.mid = d.mid LEFT JOIN outcome AS o ON o.mid = x.mid AND o.qid = x.qid
			AND o.number = (SELECT max(number) FROM outcome WHERE mid = x.mid AND qid = x.qid)
		ORDER BY d.pos`, q.id, after, o.Chunk)
	if err != nil {
		return found, after, 0, err
	}
	defer func() { _ = rows.Close() }()
	type message struct {
		mid  int64
		end  time.Time
		open bool
	}
	var list []message
	waiting := s.retention(q.name.Tenant).Waiting
	for rows.Next() {
		var pos, mid, settled, answered int64
		var e queue.Ending
		if err := rows.Scan(&pos, &mid, &e.State, &settled, &e.Installation, &e.Outcome, &answered); err != nil {
			return found, after, 0, err
		}
		e.SettledAt, e.AnsweredAt = moment(settled), moment(answered)
		if len(list) == 0 || list[len(list)-1].mid != mid {
			list = append(list, message{mid: mid})
		}
		m := &list[len(list)-1]
		end, over := queue.EndOf(e, waiting)
		m.open = m.open || !over
		if end.After(m.end) {
			m.end = end
		}
		after = pos
	}
	if err := rows.Err(); err != nil {
		return found, after, 0, err
	}
	before := s.now().Add(-o.Recent)
	found.allRecent = len(list) > 0
	for _, m := range list {
		recent := m.end.After(before)
		found.allRecent = found.allRecent && !m.open && recent
		if !m.open && !recent {
			found.mids[queue.Day(m.end)] = append(found.mids[queue.Day(m.end)], m.mid)
		}
	}
	return found, after, len(list), nil
}

// moveLone moves messages that stand in no queue.
func (s *Store) moveLone(ctx context.Context, o queue.Keeping) (queue.KeepStep, bool, error) {
	found, n, err := s.numbered(ctx, `SELECT mid, created_at FROM lone WHERE created_at <= ?1 ORDER BY mid LIMIT ?2`,
		func(at int64) string { return queue.Day(moment(at)) }, micros(s.now().Add(-o.Recent)), o.Chunk)
	if err != nil {
		return queue.KeepStep{}, false, err
	}
	step, err := s.move(ctx, found)
	return step, n == o.Chunk, err
}

// numbered reads messages with a moment and sorts them by day.
func (s *Store) numbered(ctx context.Context, query string, day func(int64) string, args ...any) (map[string][]int64, int, error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	found, n := map[string][]int64{}, 0
	for rows.Next() {
		var mid, at int64
		if err := rows.Scan(&mid, &at); err != nil {
			return nil, 0, err
		}
		found[day(at)] = append(found[day(at)], mid)
		n++
	}
	return found, n, rows.Err()
}

// moveLate moves what was told of messages after they had moved, to where they are.
func (s *Store) moveLate(ctx context.Context, o queue.Keeping) (queue.KeepStep, bool, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT mid, day FROM late ORDER BY mid LIMIT ?`, o.Chunk)
	if err != nil {
		return queue.KeepStep{}, false, err
	}
	found, n := map[string][]int64{}, 0
	for rows.Next() {
		var mid int64
		var day string
		if err := rows.Scan(&mid, &day); err != nil {
			return queue.KeepStep{}, false, errors.Join(err, rows.Close())
		}
		found[day] = append(found[day], mid)
		n++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return queue.KeepStep{}, false, err
	}
	op := opForget{}
	for _, day := range slices.Sorted(maps.Keys(found)) {
		if !s.history.has(day) { // it was dropped meanwhile
			op.copied = append(op.copied, told(found[day])...)
			continue
		}
		list, err := s.copy(ctx, day, found[day])
		if err != nil {
			return queue.KeepStep{}, false, err
		}
		op.copied = append(op.copied, list...)
	}
	if len(op.copied) == 0 {
		return queue.KeepStep{}, false, nil
	}
	return queue.KeepStep{Op: op}, n == o.Chunk, nil
}

// told is messages of which whatever is told may be forgotten.
func told(mids []int64) []copied {
	list := make([]copied, len(mids))
	for i, mid := range mids {
		list[i] = copied{mid: mid, outcomes: -1, reports: -1}
	}
	return list
}

// move copies messages to their days; forgetting them is left to the operation.
func (s *Store) move(ctx context.Context, found map[string][]int64) (queue.KeepStep, error) {
	op := opForget{}
	for _, day := range slices.Sorted(maps.Keys(found)) {
		list, err := s.copy(ctx, day, found[day])
		if err != nil {
			return queue.KeepStep{}, err
		}
		op.copied = append(op.copied, list...)
	}
	if len(op.copied) == 0 {
		return queue.KeepStep{}, nil
	}
	killpoint.Hit("history-copied")
	return queue.KeepStep{Op: op, Kept: queue.Kept{Moved: len(op.copied)}}, nil
}

// copied is a message that stands in its day's file now, and how much of it that can grow.
type copied struct {
	mid               int64
	outcomes, reports int64    // -1: whatever there is
	tenant            []byte   // with keys
	keys              [][]byte // that it is found by
}

// copy copies messages and what belongs to them to a day's file, as far as they are not there. The file
// is written in a transaction of its own and holds them durably before queue.db lets go of them.
func (s *Store) copy(ctx context.Context, day string, mids []int64) ([]copied, error) {
	w, err := s.dayWriter(ctx, day)
	if err != nil {
		return nil, err
	}
	var list []copied
	err = w.change(ctx, func(tx *sql.Tx) error {
		numbers := numberList(mids)
		rows, err := tx.QueryContext(ctx, `SELECT j.value, (SELECT count(*) FROM q.outcome AS o WHERE o.mid = j.value),
			(SELECT count(*) FROM q.report AS r WHERE r.mid = j.value) FROM json_each(?) AS j`, numbers)
		if err != nil {
			return err
		}
		for rows.Next() {
			var c copied
			if err := rows.Scan(&c.mid, &c.outcomes, &c.reports); err != nil {
				return errors.Join(err, rows.Close())
			}
			list = append(list, c)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, q := range copying {
			if _, err := tx.ExecContext(ctx, q, numbers); err != nil {
				return err
			}
		}
		return eachKey(ctx, tx, numbers, func(mid int64, tenant []byte, keys [][]byte) error {
			i := slices.IndexFunc(list, func(c copied) bool { return c.mid == mid })
			list[i].tenant, list[i].keys = tenant, keys
			for _, k := range keys {
				if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO search (tenant, key, mid) VALUES (?, ?, ?)`, tenant, k, mid); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("copy to the history of %s: %w", day, err)
	}
	s.history.add(day)
	return list, nil
}

// eachKey calls f with the keys of each of some messages of a day that has any.
func eachKey(ctx context.Context, tx *sql.Tx, numbers string, f func(mid int64, tenant []byte, keys [][]byte) error) error {
	rows, err := tx.QueryContext(ctx, `SELECT mid, tenant, search_keys FROM message WHERE mid IN (SELECT value FROM json_each(?)) AND search_keys IS NOT NULL`, numbers)
	if err != nil {
		return err
	}
	type keyed struct {
		mid          int64
		tenant, keys []byte
	}
	var list []keyed
	for rows.Next() {
		var k keyed
		if err := rows.Scan(&k.mid, &k.tenant, &k.keys); err != nil {
			return errors.Join(err, rows.Close())
		}
		list = append(list, k)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, k := range list {
		if err := f(k.mid, k.tenant, queue.SplitKeys(k.keys)); err != nil {
			return err
		}
	}
	return nil
}

// copying is how the rows of messages are copied; q is queue.db, which is only read.
var copying = func() (list []string) {
	these := ` WHERE mid IN (SELECT value FROM json_each(?1))`
	list = append(list, `INSERT OR IGNORE INTO queue (qid, tenant, client) SELECT qid, tenant, client FROM q.queue
		WHERE qid IN (SELECT qid FROM q.delivery`+these+`)`)
	for _, t := range []struct{ table, columns string }{
		{"message", `mid, id, tenant, root, type, audience, app, client, business_key, ordering_key, correlation, created_at, created_by,
			headers, content_type, body, search_keys`},
		{"delivery", `mid, qid, pos, state, okey, size, attempt, requeue_count, lost_count, due_at, settled_at, dead_reason, reason`},
		{"attempt", `mid, qid, tag, n, installation, leased_at, ended_at, ended, reason, next_try`},
		{"event", `mid, qid, n, at, name, by, reason`},
		{"report", `mid, qid, seq, state, attempt, at, next_try, code, reason, received_at`},
		{"outcome", `mid, qid, number, status, key, errors, answer, at`},
		{"erased", `mid, at, by, reason`},
	} {
		list = append(list, `INSERT OR IGNORE INTO `+t.table+` (`+t.columns+`) SELECT `+t.columns+` FROM q.`+t.table+these)
	}
	return list
}()

// numberList writes numbers as a JSON array, for json_each.
func numberList(numbers []int64) string {
	b := []byte{'['}
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ']'))
}

// dayWriter is the connection that writes a day's file, with queue.db beside it to be read.
type dayWriter struct {
	day  string
	db   *sql.DB
	conn *sql.Conn
}

// dayWriter opens a day's file for writing, or makes it.
func (s *Store) dayWriter(ctx context.Context, day string) (*dayWriter, error) {
	k := &s.keeper
	if k.writer != nil && k.writer.day == day {
		return k.writer, nil
	}
	if err := k.writer.close(); err != nil {
		return nil, err
	}
	k.writer = nil
	if err := os.MkdirAll(s.history.dir, 0o700); err != nil {
		return nil, err
	}
	w := &dayWriter{day: day}
	err := w.open(context.WithoutCancel(ctx), s.history.path(day), s.path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the history of %s: %w", day, err), w.close())
	}
	k.writer = w
	return w, nil
}

func (w *dayWriter) open(ctx context.Context, path, main string) (err error) {
	if w.db, err = sqldb.OpenSQLite(ctx, path, 1); err != nil {
		return err
	}
	if err := shrinks(ctx, w.db); err != nil {
		return err
	}
	if err := migrateDay(ctx, w.db); err != nil {
		return err
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return err
	}
	// Read only, so that a transaction here takes no lock there.
	if _, err := w.conn.ExecContext(ctx, `ATTACH DATABASE ? AS q`, fileURI(main)); err != nil {
		return err
	}
	_, err = w.conn.ExecContext(ctx, secureDelete)
	return err
}

// secureDelete has content that is deleted overwritten: what a person has erased must be gone, also from
// where it once was.
const secureDelete = `PRAGMA secure_delete = ON`

func (w *dayWriter) close() error {
	if w == nil {
		return nil
	}
	var errs []error
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	return errors.Join(errs...)
}

func (w *dayWriter) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// thinOut drops a day whose retention is over for every tenant in it, or removes messages of one for
// which it is.
func (s *Store) thinOut(ctx context.Context, o queue.Keeping) (queue.KeepStep, bool, error) {
	k := &s.keeper
	for len(k.days) > 0 {
		day := k.days[0]
		over, left, err := s.tenantsOf(ctx, day)
		switch {
		case err != nil:
			return queue.KeepStep{}, false, err
		case len(left) == 0:
			k.days = k.days[1:]
			if k.writer != nil && k.writer.day == day {
				err = k.writer.close()
				k.writer = nil
			}
			var freed int64
			if err == nil {
				freed, err = s.history.drop(day)
			}
			return queue.KeepStep{Kept: queue.Kept{Days: 1, Freed: freed}}, true, err
		case len(over) == 0:
			k.days = k.days[1:]
			continue
		}
		mids, freed, err := s.removeOf(ctx, day, over[0], o.Chunk)
		return queue.KeepStep{Op: opForget{copied: told(mids)}, Kept: queue.Kept{Erased: len(mids), Freed: freed}}, true, err
	}
	return queue.KeepStep{}, false, nil
}

// tenantsOf lists whose messages a day has, those whose retention is over apart.
func (s *Store) tenantsOf(ctx context.Context, day string) (over, left []uuid.UUID, err error) {
	x, err := s.historyBut(ctx, func(d string) bool { return d != day })
	if err != nil {
		return nil, nil, err
	}
	defer x.end()
	if len(x.txs) == 0 {
		return nil, nil, nil
	}
	for last := []byte{}; ; {
		var next []byte
		if err := x.txs[0].QueryRowContext(ctx, `SELECT min(tenant) FROM message WHERE tenant > ?`, last).Scan(&next); err != nil {
			return nil, nil, fmt.Errorf("history of %s: %w", day, err)
		}
		if next == nil {
			return over, left, nil
		}
		tenant, err := uuid.FromBytes(next)
		if err != nil {
			return nil, nil, fmt.Errorf("history of %s: %w", day, err)
		}
		if queue.DayOver(day, s.retention(tenant).History, s.now()) {
			over = append(over, tenant)
		} else {
			left = append(left, tenant)
		}
		last = next
	}
}

// childTables are what belongs to a message.
var childTables = []string{"delivery", "attempt", "event", "report", "outcome", "erased"}

// removeOf removes some messages of a tenant from a day's file, and gives back the space. It answers their
// numbers and how many bytes that was.
func (s *Store) removeOf(ctx context.Context, day string, tenant uuid.UUID, limit int) (mids []int64, freed int64, err error) {
	w, err := s.dayWriter(ctx, day)
	if err != nil {
		return nil, 0, err
	}
	err = w.change(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT mid FROM message WHERE tenant = ? LIMIT ?`, tenant[:], limit)
		if err != nil {
			return err
		}
		for rows.Next() {
			var mid int64
			if err := rows.Scan(&mid); err != nil {
				return errors.Join(err, rows.Close())
			}
			mids = append(mids, mid)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if err := dropKeys(ctx, tx, numberList(mids)); err != nil {
			return err
		}
		for _, t := range append([]string{"message"}, childTables...) {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE mid IN (SELECT value FROM json_each(?))`, numberList(mids)); err != nil {
				return err
			}
		}
		return nil
	})
	var before, after int64
	if err == nil {
		err = w.conn.QueryRowContext(ctx, fileBytes).Scan(&before)
	}
	if err == nil {
		err = drain(ctx, w.conn, `PRAGMA incremental_vacuum`)
	}
	if err == nil {
		err = w.conn.QueryRowContext(ctx, fileBytes).Scan(&after)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("thin out the history of %s: %w", day, err)
	}
	return mids, before - after, nil
}

// fileBytes asks how large a file is once its log is in it.
const fileBytes = `SELECT page_count * page_size FROM pragma_page_count('main'), pragma_page_size('main')`

// drain runs a statement that does its work row by row.
func drain(ctx context.Context, c *sql.Conn, query string) error {
	rows, err := c.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	for rows.Next() { //nolint:revive // each row is a page
	}
	return errors.Join(rows.Err(), rows.Close())
}

// opForget lets go of messages that stand in the history, and of what was told of them.
type opForget struct{ copied []copied }

// Size is roughly what it writes.
func (o opForget) Size() int { return 256 * len(o.copied) }

// Weight is its rows.
func (o opForget) Weight() int { return 2 * len(o.copied) }

// Alone is false: it can join any group.
func (o opForget) Alone() bool { return false }

// forget lets go of messages, unless something was told of one since it was copied: that one is copied
// again.
func (g *group) forget(o opForget) (queue.Result, error) {
	want := make(map[int64]copied, len(o.copied))
	all := make([]int64, len(o.copied))
	for i, c := range o.copied {
		want[c.mid], all[i] = c, c.mid
	}
	var mids []int64
	err := g.st.grown.each(func(row []any) error {
		c := want[row[0].(int64)]
		if c.outcomes < 0 || c.outcomes == row[1].(int64) && c.reports == row[2].(int64) {
			mids = append(mids, c.mid)
		}
		return nil
	}, numberList(all))
	if err != nil || len(mids) == 0 {
		return queue.Result{}, err
	}
	for _, mid := range mids {
		for _, k := range want[mid].keys {
			if _, err := g.st.searchDrop.exec(want[mid].tenant, k, mid); err != nil {
				return queue.Result{}, err
			}
		}
	}
	// Numbers are never given again, though the highest may be gone.
	if _, err := g.st.placeSet.exec(g.s.numbers.message); err != nil {
		return queue.Result{}, err
	}
	numbers := numberList(mids)
	if _, err := g.st.pastAdd.exec(numbers); err != nil {
		return queue.Result{}, err
	}
	for _, st := range g.st.forget {
		if _, err := st.exec(numbers); err != nil {
			return queue.Result{}, err
		}
	}
	return queue.Result{}, nil
}
