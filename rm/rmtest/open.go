package rmtest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"smartlink/consumer/consumertest"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/internal/sqltest"
	"smartlink/rm/schema"
)

// Open makes books in memory, or on the server that suites run on: see package sqltest. They are closed
// with the test.
func Open(t testing.TB) *Books {
	t.Helper()
	if sqltest.Kind() != sqldb.SQLite {
		return openServer(t)
	}
	seeded, err := image()
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "")
	err = raw(b.Runner.DB, func(c imaged) error { return c.Deserialize(seeded) })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OpenFile is Open, but where books in memory would do it makes them in a file.
func OpenFile(t testing.TB, path string) *Books {
	t.Helper()
	if sqltest.Kind() != sqldb.SQLite {
		return openServer(t)
	}
	b := open(t, path)
	if err := seed(b.Runner.DB); err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, path string) *Books {
	t.Helper()
	r, err := consumertest.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	r.Now = Now
	return &Books{r, t, &kept{stmts: map[string]*sql.Stmt{}}}
}

func openServer(t testing.TB) *Books {
	t.Helper()
	db, err := sqlopen.Open(context.Background(), sqltest.Address(t), 5)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := seed(db); err != nil {
		t.Fatal(err)
	}
	return &Books{&consumertest.Runner{DB: db, Now: Now}, t, nil}
}

func seed(db *sql.DB) error {
	ctx := context.Background()
	return errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db))
}

// image is a seeded database as bytes, made once: migrating takes longer than most tests.
var image = sync.OnceValues(func() (bytes []byte, err error) {
	r, err := consumertest.Open(context.Background(), "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	if err := seed(r.DB); err != nil {
		return nil, err
	}
	err = raw(r.DB, func(c imaged) (err error) {
		bytes, err = c.Serialize()
		return err
	})
	return bytes, err
})

// imaged is a connection that can be written to bytes and made from them.
type imaged interface {
	Serialize() ([]byte, error)
	Deserialize([]byte) error
}

// raw calls f with the driver's connection.
func raw(db *sql.DB, f func(imaged) error) error {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(c any) error { return f(c.(imaged)) })
}
