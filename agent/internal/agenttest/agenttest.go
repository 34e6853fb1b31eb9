// Package agenttest has what the tests of the agent's rooms share: an inbox in a database of its own
// (of the kind that package sqltest gives), deliveries, and a consumer that books into a table of its
// own.
package agenttest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// Start is the moment at which the fake clocks begin.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Tenant is the tenant of all deliveries.
var Tenant = uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")

// Command is the type of all deliveries unless they say otherwise.
const Command = "BookCommand"

// Files are the database and the file of one agent.
type Files struct{ Database, Installation string }

// NewFiles names a database and a file in a fresh folder; none exists yet.
func NewFiles(t testing.TB) Files {
	t.Helper()
	database := sqltest.Address(t)
	dir := filepath.Dir(database)
	if !sqlopen.IsFile(database) {
		dir = t.TempDir()
	}
	return Files{database, filepath.Join(dir, "installation.json")}
}

// Open opens the inbox of files, with the table BOOK. In tests, not in benchmarks, commits do not
// wait for the disk: nobody pulls the plug.
func (f Files) Open(t testing.TB, clk clock.Clock) *inbox.Box {
	t.Helper()
	prepare := MakeBook
	if _, measured := t.(*testing.B); !measured {
		prepare = hurried
	}
	b, err := inbox.Open(t.Context(), inbox.Config{Database: f.Database, Installation: f.Installation, Prepare: prepare, Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// MakeBook makes the table the consumer books into. It has no key, so that a double booking shows.
func MakeBook(ctx context.Context, db *sql.DB) error {
	// N numbers the bookings where there is no row id.
	_, err := db.ExecContext(ctx, map[sqldb.Dialect]string{
		sqldb.SQLite: `CREATE TABLE IF NOT EXISTS BOOK (DOC TEXT NOT NULL, IDMESSAGE TEXT NOT NULL)`,
		sqldb.Postgres: `CREATE TABLE IF NOT EXISTS BOOK (DOC TEXT NOT NULL, IDMESSAGE TEXT NOT NULL, N BIGINT NOT NULL DEFAULT 0);
			CREATE INDEX IF NOT EXISTS BOOK_N ON BOOK (N)`,
		sqldb.SQLServer: `IF OBJECT_ID('BOOK') IS NULL CREATE TABLE BOOK (DOC NVARCHAR(MAX) NOT NULL, IDMESSAGE NVARCHAR(100) NOT NULL,
			N BIGINT NOT NULL DEFAULT 0, INDEX BOOK_N (N))`,
	}[sqldb.DialectOf(db)])
	return err
}

// Order is the column of BOOK that tells in which order was booked.
func Order() string {
	if sqltest.Kind() == sqldb.SQLite {
		return "rowid"
	}
	return "N"
}

// book books a document and answers its number.
func book(ctx context.Context, tx consumer.Tx, doc, message string) (n int64, err error) {
	if sqldb.DialectOf(tx) != sqldb.SQLite {
		if _, err := tx.ExecContext(ctx, `INSERT INTO BOOK (N, DOC, IDMESSAGE) SELECT COALESCE(MAX(N), 0) + 1, ?, ? FROM BOOK`, doc, message); err != nil {
			return 0, err
		}
		err = tx.QueryRowContext(ctx, `SELECT MAX(N) FROM BOOK`).Scan(&n)
		return n, err
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO BOOK VALUES (?, ?)`, doc, message)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// hurried is MakeBook with all connections of the pool told not to wait for the disk.
func hurried(ctx context.Context, db *sql.DB) error {
	if err := MakeBook(ctx, db); err != nil || sqldb.DialectOf(db) != sqldb.SQLite {
		return err
	}
	for range db.Stats().MaxOpenConnections {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }() // back into the pool, once all are open
		if _, err := c.ExecContext(ctx, `PRAGMA synchronous = OFF`); err != nil {
			return err
		}
	}
	return nil
}

// Body is the body of a delivery: what is to be booked, and what the consumer is to do with it.
type Body struct {
	Doc string `json:"doc"`
	Do  string `json:"do,omitempty"` // "": book; else a name in Booker.Ways
}

var tags atomic.Int64

// Delivery makes a delivery of a new message that asks to book doc; change changes it.
func Delivery(doc string, change ...func(*link.Message)) link.Delivery {
	body, err := json.Marshal(Body{Doc: doc})
	if err != nil {
		panic(err)
	}
	id := link.NewID()
	m := link.Message{
		ID: id, RootID: id, TenantID: Tenant, Sender: link.Sender{App: "GESPLAN", ClientID: "0123456789abcdef0123456789abcdef"},
		Type: Command, Audience: "GESPLAN-RM", CreatedAt: Start, ContentType: "application/json", Body: body,
		Headers: map[string]string{link.MetaSourceType: link.SourceHTTP},
	}
	for _, c := range change {
		c(&m)
	}
	return link.Delivery{Tag: tags.Add(1), Message: m, Attempt: 1, LeaseUntil: Start.Add(time.Minute)}
}

// Do makes the message ask for one of Booker.Ways.
func Do(way string) func(*link.Message) {
	return func(m *link.Message) {
		var b Body
		if err := json.Unmarshal(m.Body, &b); err != nil {
			panic(err)
		}
		b.Do = way
		m.Body, _ = json.Marshal(b)
	}
}

// BusinessKey and OrderingKey set the keys.
func BusinessKey(k string) func(*link.Message) { return func(m *link.Message) { m.BusinessKey = k } }

// OrderingKey sets the ordering key.
func OrderingKey(k string) func(*link.Message) { return func(m *link.Message) { m.OrderingKey = k } }

// Way is what a Booker does after it has booked.
type Way func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome

// Booker books the document of a message into BOOK. What it does then, the message's Do names.
type Booker struct {
	Of   string // the type; empty: Command
	Solo bool   // not transactional
	Ways map[string]Way
}

// Type implements consumer.Consumer.
func (b *Booker) Type() string {
	if b.Of == "" {
		return Command
	}
	return b.Of
}

// Transactional implements consumer.Transactional.
func (b *Booker) Transactional() bool { return !b.Solo }

// Execute implements consumer.Consumer.
func (b *Booker) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	var body Body
	if err := json.Unmarshal(x.Message.Body, &body); err != nil {
		return consumer.Reject([]link.Fault{{Code: "TEST-BODY", Description: err.Error()}})
	}
	n, err := book(ctx, tx, body.Doc, x.Message.ID.String())
	if err != nil {
		return consumer.Retry(0, err)
	}
	log.Info("booked %s", body.Doc)
	if body.Do != "" {
		way, ok := b.Ways[body.Do]
		if !ok {
			return consumer.Retry(0, fmt.Errorf("no way %q", body.Do))
		}
		return way(ctx, tx, x, log)
	}
	return consumer.Done(fmt.Sprintf("1;%d", n), map[string]any{"Doc": body.Doc})
}

// Ways with one outcome.
var (
	Reject Way = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Reject([]link.Fault{{Code: "TEST-NO", Description: "não", DescriptionEn: "no"}})
	}
	Fail Way = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Retry(0, errors.New("it failed"))
	}
	Panic Way = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		panic("lost my way")
	}
)

// Int reads a number from the database, through a connection of its own.
func (f Files) Int(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	f.Scan(t, []any{&n}, query, args...)
	return n
}

// Text reads a text.
func (f Files) Text(t testing.TB, query string, args ...any) (s string) {
	t.Helper()
	f.Scan(t, []any{&s}, query, args...)
	return s
}

// Scan reads one row.
func (f Files) Scan(t testing.TB, dest []any, query string, args ...any) {
	t.Helper()
	db := sqltest.Open(t, f.Database)
	defer func() { _ = db.Close() }()
	if err := sqldb.BindDB(db).QueryRowContext(t.Context(), query, args...).Scan(dest...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Rows reads the only column of some rows.
func (f Files) Rows(t testing.TB, query string, args ...any) (list []string) {
	t.Helper()
	db := sqltest.Open(t, f.Database)
	defer func() { _ = db.Close() }()
	rows, err := sqldb.BindDB(db).QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// Exec changes the database behind the agent's back, as another program would.
func (f Files) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	db := sqltest.Open(t, f.Database)
	defer func() { _ = db.Close() }()
	if _, err := sqldb.BindDB(db).ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
