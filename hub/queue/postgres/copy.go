package postgres

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/internal/sqldb"
)

// ErrNotEmpty says that a database to copy into holds something already.
var ErrNotEmpty = errors.New("the database is not empty")

// Files are the SQLite files of a store that nobody has open: its queue.db, and the days of its history.
type Files struct {
	Queue *sql.DB // of one connection
	Days  []string
}

// Copied tells what CopyFromSQLite brought over.
type Copied struct {
	Rows map[string]int64 // of each table
	// Forgotten is how many requests cannot be recognised any more when they are repeated: their messages
	// are gone, and with them whose they were.
	Forgotten int64
}

// copies is how each table is made of a SQLite file; m is the number, tenant and id of the messages. The
// kinds of columns: u a UUID or NULL, t a moment or NULL, z a moment or 0 for none, s text (NULL is empty),
// b a truth, h the shard of a tenant, M a body, all else as it is. Tables without inDays are in queue.db
// alone.
var copies = []struct {
	table, columns, kinds string
	inDays                bool
	query                 string
}{
	{"queue", "tenant qid client requeue_max hold paused_at paused_reason paused_by created_at", "u.s.bzsst", false,
		`SELECT tenant, qid, client, requeue_max, hold, paused_at, paused_reason, paused_by, created_at FROM queue`},
	{"queue_count", "tenant qid slot ready behind delayed acked dead discarded last_get installation", "u........zs", false,
		`SELECT tenant, qid, 0, ready, behind, delayed, acked, dead, discarded, last_get, installation FROM queue`},
	{"subscription", "tenant type qid", "us.", false, `SELECT q.tenant, s.type, s.qid FROM subscription AS s JOIN queue AS q USING (qid)`},
	{"ordering", "tenant qid okey n", "u.s.", false, `SELECT q.tenant, o.qid, o.okey, o.n FROM ordering AS o JOIN queue AS q USING (qid)`},
	{"message", "tenant id place root type audience app client business_key ordering_key correlation created_at created_by headers content_type body search_keys",
		"uu.ussssssstsssM.", true,
		`SELECT m.tenant, m.id, mid, x.root, x.type, x.audience, x.app, x.client, x.business_key, x.ordering_key, x.correlation, x.created_at, x.created_by, x.headers,
		x.content_type, x.body, x.search_keys FROM message AS x JOIN m USING (mid)`},
	{"delivery", "tenant id qid shard pos state okey size attempt requeue_count lost_count due_at settled_at dead_reason reason holds installation", "uu.h.ss....ttssbs", true,
		`SELECT m.tenant, m.id, d.qid, m.tenant, d.pos, d.state, d.okey, d.size, d.attempt, d.requeue_count, d.lost_count, d.due_at, d.settled_at, d.dead_reason, d.reason,
		HOLDS, '' FROM delivery AS d JOIN m USING (mid)`},
	{"attempt", "tenant tag id qid n installation leased_at ended_at ended reason next_try", "u.u..sttsst", true,
		`SELECT m.tenant, x.tag, m.id, x.qid, x.n, x.installation, x.leased_at, x.ended_at, x.ended, x.reason, x.next_try FROM attempt AS x JOIN m USING (mid)`},
	{"event", "tenant id qid n at name by reason", "uu..tsss", true,
		`SELECT m.tenant, m.id, x.qid, x.n, x.at, x.name, x.by, x.reason FROM event AS x JOIN m USING (mid)`},
	{"report", "tenant id qid seq state attempt at next_try code reason received_at", "uu..s.ttsst", true,
		`SELECT m.tenant, m.id, x.qid, x.seq, x.state, x.attempt, x.at, x.next_try, x.code, x.reason, x.received_at FROM report AS x JOIN m USING (mid)`},
	{"outcome", "tenant id qid number status key errors answer at", "uu..sssut", true,
		`SELECT m.tenant, m.id, x.qid, x.number, x.status, x.key, x.errors, x.answer, x.at FROM outcome AS x JOIN m USING (mid)`},
	{"search", "tenant key place id", "u..u", true, `SELECT x.tenant, x.key, x.mid, m.id FROM search AS x JOIN m USING (mid)`},
	{"dedupe", "tenant key hash id at", "uu.ut", false, `SELECT m.tenant, d.key, d.hash, d.id, d.at FROM dedupe AS d JOIN m ON m.id = d.id`},
	{"health", "tenant client installation at content_type body message", "ussts.u", false,
		`SELECT h.tenant, h.client, h.installation, h.at, h.content_type, h.body, m.id FROM health AS h LEFT JOIN m USING (mid)`},
	{"series", "tenant qid step at slot published delivered acked requeued dead lost redriven discarded done rejected net", "u..t............", false,
		`SELECT q.tenant, s.qid, s.step, s.at, 0, s.published, s.delivered, s.acked, s.requeued, s.dead, s.lost, s.redriven, s.discarded, s.done, s.rejected, s.net
		FROM series AS s JOIN queue AS q USING (qid)`},
	{"lone", "tenant id created_at", "uut", false, `SELECT m.tenant, m.id, x.created_at FROM lone AS x JOIN m USING (mid)`},
	{"erased", "tenant id at by reason", "uutss", true, `SELECT m.tenant, m.id, x.at, x.by, x.reason FROM erased AS x JOIN m USING (mid)`},
}

// notCopied are the tables of a file that say nothing in PostgreSQL: leases are ended before, past is
// computed anew, late only tells where in files something stands.
var notCopied = set[string]{"meta": {}, "lease": {}, "past": {}, "late": {}, "queue_schema": {}}

// CopyFromSQLite copies a store from its files into the empty tables of a database, in a transaction of
// the caller, and compares what arrived: rows of each table, and a checksum over all bodies. Messages of
// the history come as open ones do; the keeper moves them again. Tags that were given are not given again.
func CopyFromSQLite(ctx context.Context, f Files, tx pgx.Tx) (Copied, error) {
	c := &copying{ctx: ctx, tx: tx, rows: map[string]int64{}}
	if err := c.all(f); err != nil {
		return Copied{}, err
	}
	return Copied{c.rows, c.forgotten}, nil
}

type copying struct {
	ctx       context.Context
	tx        pgx.Tx
	rows      map[string]int64
	bodies    int64 // checksum
	forgotten int64
}

func (c *copying) all(f Files) error {
	if err := c.known(f.Queue); err != nil {
		return err
	}
	for _, t := range copies {
		var full bool
		if there, err := c.inDatabase(t.table); err != nil || !there {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.tx.QueryRow(c.ctx, `SELECT EXISTS (SELECT 1 FROM `+t.table+`)`).Scan(&full); err != nil || full {
			return fmt.Errorf("copy %s: %w", t.table, errors.Join(err, ErrNotEmpty))
		}
	}
	if err := c.number(f.Queue, "", f.Days); err != nil {
		return err
	}
	if err := c.file(f.Queue, false); err != nil {
		return err
	}
	for _, day := range f.Days {
		if err := c.day(day, f.Queue); err != nil {
			return fmt.Errorf("history of %s: %w", day, err)
		}
	}
	if err := f.Queue.QueryRowContext(c.ctx, `SELECT count(*) FROM dedupe WHERE id NOT IN (SELECT id FROM m)`).Scan(&c.forgotten); err != nil {
		return err
	}
	if err := c.finish(f.Queue); err != nil {
		return err
	}
	return c.compare()
}

// known refuses files that have something this does not know.
func (c *copying) known(file *sql.DB) error {
	rows, err := file.QueryContext(c.ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	told := set[string]{}
	for _, t := range copies {
		told.add(t.table)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		_, copied := told[name]
		_, left := notCopied[name]
		if !copied && !left {
			return fmt.Errorf("this program does not know how to move the table %s", name)
		}
	}
	return rows.Err()
}

func (c *copying) inDatabase(table string) (there bool, err error) {
	err = c.tx.QueryRow(c.ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&there)
	return there, err
}

// number makes m of a file: of queue.db with the messages of all days, of which something may have been
// told later; of a day without those that stand in queue.db too, because a move was cut off.
func (c *copying) number(file *sql.DB, without string, days []string) error {
	do := func(statement string, args ...any) error {
		_, err := file.ExecContext(c.ctx, statement, args...)
		return err
	}
	if err := errors.Join(do(`PRAGMA temp_store = FILE`), do(`CREATE TEMP TABLE m (mid INTEGER PRIMARY KEY, tenant BLOB NOT NULL, id BLOB NOT NULL)`)); err != nil {
		return err
	}
	if without == "" {
		if err := do(`INSERT INTO m SELECT mid, tenant, id FROM main.message`); err != nil {
			return err
		}
	} else if err := errors.Join(do(`ATTACH ? AS other`, without),
		do(`INSERT INTO m SELECT mid, tenant, id FROM main.message WHERE mid NOT IN (SELECT mid FROM other.message)`), do(`DETACH other`)); err != nil {
		return err
	}
	for _, day := range days {
		if err := errors.Join(do(`ATTACH ? AS other`, day), do(`INSERT OR IGNORE INTO m SELECT mid, tenant, id FROM other.message`), do(`DETACH other`)); err != nil {
			return err
		}
	}
	return do(`CREATE INDEX temp.m_id ON m (id)`)
}

func (c *copying) day(path string, queue *sql.DB) error {
	var main string
	if err := queue.QueryRowContext(c.ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&main); err != nil {
		return err
	}
	file, err := sqldb.OpenSQLite(c.ctx, path, 1)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := c.number(file, main, nil); err != nil {
		return err
	}
	return c.file(file, true)
}

func (c *copying) file(file *sql.DB, day bool) error {
	for _, t := range copies {
		var there bool
		if err := file.QueryRowContext(c.ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`, source(t.table)).Scan(&there); err != nil {
			return err
		}
		if !there || day && !t.inDays {
			continue
		}
		query, holds := t.query, "d.holds"
		if day {
			holds = "0"
		}
		// Of what is told of messages in a day, queue.db has what came later, a day all else.
		rows, err := file.QueryContext(c.ctx, strings.Replace(query, "HOLDS", holds, 1))
		if err != nil {
			return fmt.Errorf("read %s: %w", t.table, err)
		}
		n, err := c.tx.CopyFrom(c.ctx, pgx.Identifier{t.table}, strings.Fields(t.columns), &rowSource{c: c, rows: rows, kinds: t.kinds})
		if err = errors.Join(err, rows.Close()); err != nil {
			return fmt.Errorf("copy %s: %w", t.table, err)
		}
		c.rows[t.table] += n
	}
	return nil
}

// source is the table of a file that a table of the database comes from.
func source(table string) string {
	if table == "queue_count" {
		return "queue"
	}
	return table
}

// finish sets what counts up behind what was copied.
func (c *copying) finish(file *sql.DB) error {
	var epoch int64
	if err := file.QueryRowContext(c.ctx, `SELECT value FROM meta WHERE name = 'epoch'`).Scan(&epoch); err != nil {
		return err
	}
	if _, err := c.tx.Exec(c.ctx, `UPDATE meta SET value = greatest(value, $1) + 1 WHERE name = 'epoch'`, epoch); err != nil {
		return err
	}
	var old int64
	if err := file.QueryRowContext(c.ctx, `SELECT value FROM meta WHERE name = 'old_requests'`).Scan(&old); err != nil {
		return err
	}
	if _, err := c.tx.Exec(c.ctx, `UPDATE meta SET value = greatest(value, $1) WHERE name = 'old_requests'`, old); err != nil {
		return err
	}
	for _, q := range []string{
		`SELECT setval('place', greatest((SELECT coalesce(max(place), 0) FROM message), (SELECT coalesce(max(pos), 0) FROM delivery)) + 1, false)`,
		`SELECT setval('queue_number', (SELECT coalesce(max(qid), 0) FROM queue) + 1, false)`,
		`SELECT setval(pg_get_serial_sequence('event', 'n'), (SELECT coalesce(max(n), 0) FROM event) + 1, false)`,
	} {
		if _, err := c.tx.Exec(c.ctx, q); err != nil {
			return err
		}
	}
	there, err := c.inDatabase("queue_past")
	if err != nil || !there {
		return err
	}
	_, err = c.tx.Exec(c.ctx, `INSERT INTO queue_past (tenant, qid, acked, discarded) SELECT c.tenant, c.qid, c.acked - count(d.id) FILTER (WHERE d.state = 'acked'),
		c.discarded - count(d.id) FILTER (WHERE d.state = 'discarded') FROM queue_count AS c LEFT JOIN delivery AS d ON d.tenant = c.tenant AND d.qid = c.qid
		GROUP BY c.tenant, c.qid, c.acked, c.discarded`)
	return err
}

// compare looks at what is in the database now.
func (c *copying) compare() error {
	for table, n := range c.rows {
		var there int64
		if err := c.tx.QueryRow(c.ctx, `SELECT count(*) FROM `+table).Scan(&there); err != nil {
			return err
		}
		if there != n {
			return fmt.Errorf("%s: %d rows arrived of %d", table, there, n)
		}
	}
	var bodies int64
	if err := c.tx.QueryRow(c.ctx, `SELECT coalesce(sum(('x' || left(md5(body), 8))::bit(32)::bigint), 0)::bigint FROM message`).Scan(&bodies); err != nil {
		return err
	}
	if bodies != c.bodies {
		return errors.New("the bodies that arrived are not those that were sent")
	}
	return nil
}

// rowSource gives the rows of a file to PostgreSQL.
type rowSource struct {
	c     *copying
	rows  *sql.Rows
	kinds string
}

func (s *rowSource) Next() bool { return s.rows.Next() }
func (s *rowSource) Err() error { return s.rows.Err() }

func (s *rowSource) Values() ([]any, error) {
	values, into := make([]any, len(s.kinds)), make([]any, len(s.kinds))
	for i := range values {
		into[i] = &values[i]
	}
	if err := s.rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		var err error
		if values[i], err = s.value(s.kinds[i], v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (s *rowSource) value(kind byte, v any) (any, error) {
	switch kind {
	case 'u', 'h':
		b, ok := v.([]byte)
		if !ok {
			return nil, nil
		}
		id, err := uuid.FromBytes(b)
		if kind == 'h' {
			return shardOf(id), err
		}
		return [16]byte(id), err
	case 't', 'z':
		us, ok := v.(int64)
		if !ok || kind == 'z' && us == 0 {
			return nil, nil
		}
		return time.UnixMicro(us).UTC(), nil
	case 's':
		t, _ := v.(string)
		return text(t), nil
	case 'b':
		return v == int64(1), nil
	case 'M':
		b, _ := v.([]byte)
		sum := md5.Sum(b)
		s.c.bodies += int64(binary.BigEndian.Uint32(sum[:4]))
		return append([]byte{}, b...), nil
	}
	return v, nil
}
