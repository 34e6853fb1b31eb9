package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/internal/pgcopy"
	"smartlink/internal/sqldb"
)

// Files are the SQLite files of a store that nobody has open: its queue.db, and the days of its history.
type Files struct {
	Queue *sql.DB  // of one connection
	Days  []string // in an order that is always the same
}

// copies is how each table is made of a SQLite file; m is the number, tenant and id of the messages. The
// kinds of columns: u a UUID or NULL, t a moment or NULL, z a moment or 0 for none, s text (NULL is empty),
// b a truth, h the shard of a tenant, M a body, all else as it is. Tables without inDays are in queue.db
// alone.
// query's rows have an order, by order, so that a copy that was cut off finds where it stopped: the table is
// walked by its primary key, and what is joined to it is looked up.
var copies = []struct {
	table, columns, kinds string
	inDays                bool
	query, order          string
}{
	{"queue", "tenant qid client requeue_max hold paused_at paused_reason paused_by created_at", "u.s.bzsst", false,
		`SELECT tenant, qid, client, requeue_max, hold, paused_at, paused_reason, paused_by, created_at FROM queue`, `qid`},
	{"queue_count", "tenant qid slot ready behind delayed acked dead discarded last_get installation", "u........zs", false,
		`SELECT tenant, qid, 0, ready, behind, delayed, acked, dead, discarded, last_get, installation FROM queue`, `qid`},
	{"subscription", "tenant type qid", "us.", false, `SELECT q.tenant, s.type, s.qid FROM subscription AS s CROSS JOIN queue AS q USING (qid)`, `s.qid, s.type`},
	{"ordering", "tenant qid okey n", "u.s.", false, `SELECT q.tenant, o.qid, o.okey, o.n FROM ordering AS o CROSS JOIN queue AS q USING (qid)`, `o.qid, o.okey`},
	{"message", "tenant id place root type audience app client business_key ordering_key correlation created_at created_by headers content_type body search_keys",
		"uu.ussssssstsssM.", true,
		`SELECT m.tenant, m.id, mid, x.root, x.type, x.audience, x.app, x.client, x.business_key, x.ordering_key, x.correlation, x.created_at, x.created_by, x.headers,
		x.content_type, x.body, x.search_keys FROM message AS x CROSS JOIN m USING (mid)`, `mid`},
	{"delivery", "tenant id qid shard pos state okey size attempt requeue_count lost_count due_at settled_at dead_reason reason holds installation", "uu.h.ss....ttssbs", true,
		`SELECT m.tenant, m.id, d.qid, m.tenant, d.pos, d.state, d.okey, d.size, d.attempt, d.requeue_count, d.lost_count, d.due_at, d.settled_at, d.dead_reason, d.reason,
		HOLDS, '' FROM delivery AS d CROSS JOIN m USING (mid)`, `mid, d.qid`},
	{"attempt", "tenant tag id qid n installation leased_at ended_at ended reason next_try", "u.u..sttsst", true,
		`SELECT m.tenant, x.tag, m.id, x.qid, x.n, x.installation, x.leased_at, x.ended_at, x.ended, x.reason, x.next_try FROM attempt AS x CROSS JOIN m USING (mid)`, `mid, x.qid, x.tag`},
	{"event", "tenant id qid n at name by reason", "uu..tsss", true,
		`SELECT m.tenant, m.id, x.qid, x.n, x.at, x.name, x.by, x.reason FROM event AS x CROSS JOIN m USING (mid)`, `mid, x.qid, x.n`},
	{"report", "tenant id qid seq state attempt at next_try code reason received_at", "uu..s.ttsst", true,
		`SELECT m.tenant, m.id, x.qid, x.seq, x.state, x.attempt, x.at, x.next_try, x.code, x.reason, x.received_at FROM report AS x CROSS JOIN m USING (mid)`, `mid, x.qid, x.seq`},
	{"outcome", "tenant id qid number status key errors answer at", "uu..sssut", true,
		`SELECT m.tenant, m.id, x.qid, x.number, x.status, x.key, x.errors, x.answer, x.at FROM outcome AS x CROSS JOIN m USING (mid)`, `mid, x.qid, x.number`},
	{"search", "tenant key place id", "u..u", true, `SELECT x.tenant, x.key, x.mid, m.id FROM search AS x CROSS JOIN m USING (mid)`, `x.tenant, x.key, mid`},
	{"dedupe", "tenant key hash id at", "uu.ut", false, `SELECT m.tenant, d.key, d.hash, d.id, d.at FROM dedupe AS d CROSS JOIN m ON m.id = d.id`, `d.n`},
	{"health", "tenant client installation at content_type body message", "ussts.u", false,
		`SELECT h.tenant, h.client, h.installation, h.at, h.content_type, h.body, m.id FROM health AS h LEFT JOIN m USING (mid)`, `h.tenant, h.client, h.installation`},
	{"series", "tenant qid step at slot published delivered acked requeued dead lost redriven discarded done rejected net", "u..t............", false,
		`SELECT q.tenant, s.qid, s.step, s.at, 0, s.published, s.delivered, s.acked, s.requeued, s.dead, s.lost, s.redriven, s.discarded, s.done, s.rejected, s.net
		FROM series AS s CROSS JOIN queue AS q USING (qid)`, `s.qid, s.step, s.at`},
	{"lone", "tenant id created_at", "uut", false, `SELECT m.tenant, m.id, x.created_at FROM lone AS x CROSS JOIN m USING (mid)`, `mid`},
	{"erased", "tenant id at by reason", "uutss", true, `SELECT m.tenant, m.id, x.at, x.by, x.reason FROM erased AS x CROSS JOIN m USING (mid)`, `mid`},
}

// notCopied are the tables of a file that say nothing in PostgreSQL: leases are ended before, past is
// computed anew, late only tells where in files something stands.
var notCopied = set[string]{"meta": {}, "lease": {}, "past": {}, "late": {}, "queue_schema": {}}

// CopiedTables are the tables that CopyFromSQLite fills.
func CopiedTables() []string {
	list := make([]string, len(copies))
	for i, t := range copies {
		list[i] = t.table
	}
	return list
}

// CopyFromSQLite copies a store from its files. Messages of the history come as open ones do; the keeper
// moves them again.
func CopyFromSQLite(ctx context.Context, f Files, to *pgcopy.Copy) error {
	c := &copying{ctx: ctx, to: to}
	if err := c.known(f.Queue); err != nil {
		return err
	}
	if err := c.number(f.Queue, "", f.Days); err != nil {
		return fmt.Errorf("number the messages: %w", err)
	}
	if err := c.file(f.Queue, "queue.db", false); err != nil {
		return err
	}
	for _, day := range f.Days {
		if err := c.day(day, f.Queue); err != nil {
			return fmt.Errorf("history of %s: %w", day, err)
		}
	}
	return nil
}

// Forgotten counts the requests that cannot be recognised any more when they are repeated: their messages are
// gone, and with them whose they were. The files are those that were copied.
func (f Files) Forgotten(ctx context.Context) (n int64, err error) {
	err = f.Queue.QueryRowContext(ctx, `SELECT count(*) FROM dedupe WHERE id NOT IN (SELECT id FROM m)`).Scan(&n)
	return n, err
}

// Rows counts roughly how many rows there are to copy.
func (f Files) Rows(ctx context.Context) (int64, error) {
	n, err := rowsOf(ctx, f.Queue, false)
	for _, day := range f.Days {
		if err != nil {
			return 0, err
		}
		var more int64
		if more, err = rowsOfDay(ctx, day); err == nil {
			n += more
		}
	}
	return n, err
}

func rowsOfDay(ctx context.Context, path string) (n int64, err error) {
	file, err := sqldb.OpenSQLite(ctx, path, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return rowsOf(ctx, file, true)
}

func rowsOf(ctx context.Context, file *sql.DB, day bool) (all int64, err error) {
	for _, t := range copies {
		there, err := has(ctx, file, source(t.table))
		if err != nil {
			return 0, err
		}
		if !there || day && !t.inDays {
			continue
		}
		var n int64
		if err := file.QueryRowContext(ctx, `SELECT count(*) FROM `+source(t.table)).Scan(&n); err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

func has(ctx context.Context, file *sql.DB, table string) (there bool, err error) {
	err = file.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`, table).Scan(&there)
	return there, err
}

type copying struct {
	ctx context.Context
	to  *pgcopy.Copy
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
	return c.file(file, filepath.Base(path), true)
}

func (c *copying) file(file *sql.DB, from string, day bool) error {
	for _, t := range copies {
		there, err := has(c.ctx, file, source(t.table))
		if err != nil {
			return err
		}
		if !there || day && !t.inDays {
			continue
		}
		holds := "d.holds"
		if day {
			holds = "0"
		}
		// Of what is told of messages in a day, queue.db has what came later, a day all else.
		if err := c.to.Add(c.ctx, pgcopy.Part{
			From: from, File: file, Table: t.table, Columns: strings.Fields(t.columns), Query: strings.Replace(t.query, "HOLDS", holds, 1) + ` ORDER BY ` + t.order,
			Value: func(i int, v any) (any, error) { return copied(t.kinds[i], v) },
		}); err != nil {
			return err
		}
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

// Copied has what counts up begin behind what was copied, in the transaction that ends the copy. Tags that
// were given are not given again.
func Copied(ctx context.Context, file *sql.DB, tx pgx.Tx) error {
	var epoch int64
	if err := file.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'epoch'`).Scan(&epoch); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE meta SET value = greatest(value, $1) + 1 WHERE name = 'epoch'`, epoch); err != nil {
		return err
	}
	var old int64
	if err := file.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'old_requests'`).Scan(&old); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE meta SET value = greatest(value, $1) WHERE name = 'old_requests'`, old); err != nil {
		return err
	}
	for _, q := range []string{
		`SELECT setval('place', greatest((SELECT coalesce(max(place), 0) FROM message), (SELECT coalesce(max(pos), 0) FROM delivery)) + 1, false)`,
		`SELECT setval('queue_number', (SELECT coalesce(max(qid), 0) FROM queue) + 1, false)`,
		`SELECT setval(pg_get_serial_sequence('event', 'n'), (SELECT coalesce(max(n), 0) FROM event) + 1, false)`,
		`INSERT INTO queue_past (tenant, qid, acked, discarded) SELECT c.tenant, c.qid, c.acked - count(d.id) FILTER (WHERE d.state = 'acked'),
			c.discarded - count(d.id) FILTER (WHERE d.state = 'discarded') FROM queue_count AS c LEFT JOIN delivery AS d ON d.tenant = c.tenant AND d.qid = c.qid
			GROUP BY c.tenant, c.qid, c.acked, c.discarded`,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// copied is a value of a file as it is stored, by its column's kind.
func copied(kind byte, v any) (any, error) {
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
		return notNull(b), nil
	}
	return v, nil
}
