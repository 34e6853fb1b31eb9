package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/queuetest"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

// envPostgres names a PostgreSQL database by its URL, for what stands in one. Each measure makes a schema
// of its own in it and drops it again. The server's settings are measured as they are.
const envPostgres = "SMARTLINK_BENCH_POSTGRES"

// onDatabase are the settings of a hub that shares a database. What is measured does not go through the
// address that stands in the tokens.
func onDatabase(database string) []string {
	return []string{setDatabase + "=" + database, setPublicURL + "=http://hubs.example"}
}

const (
	setDatabase  = "SMARTLINK_HUB_DATABASE"
	setPublicURL = "SMARTLINK_HUB_PUBLIC_URL"
)

func noPostgres(*stage) string {
	if os.Getenv(envPostgres) == "" {
		return envPostgres + " names no database"
	}
	return ""
}

// inSchema calls f with the address of a new schema, which is dropped afterwards.
func inSchema(ctx context.Context, f func(ctx context.Context, database string) error) (err error) {
	u, err := url.Parse(os.Getenv(envPostgres))
	if err != nil {
		return errors.New(envPostgres + " is no URL")
	}
	schema := "slb_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	do := func(ctx context.Context, statement string) error {
		db, err := sqlopen.Open(ctx, u.String(), 1)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, statement)
		return errors.Join(err, db.Close())
	}
	if err := do(ctx, "CREATE SCHEMA "+schema); err != nil {
		return fmt.Errorf("%s: %w", envPostgres, err)
	}
	defer func() { err = errors.Join(err, do(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")) }()
	return f(ctx, u.String())
}

// enginePostgres is engine on PostgreSQL.
func enginePostgres(ctx context.Context, s *stage, _ string) (values []float64, err error) {
	err = inSchema(ctx, func(ctx context.Context, database string) error {
		store, err := postgres.Open(ctx, database, postgres.Options{})
		if err != nil {
			return err
		}
		values, err = on(ctx, store, queue.Options{}, func(load *queuetest.Load) ([]float64, error) { return whole(ctx, s, load) })
		return err
	})
	return values, err
}

// latencyRatePostgres is the open load's on PostgreSQL, a second.
const latencyRatePostgres = 500

// latencyPostgres is latency of a hub on PostgreSQL.
func latencyPostgres(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	err = inSchema(ctx, func(ctx context.Context, database string) error {
		values, err = s.latencyAt(ctx, dir, latencyRatePostgres, onDatabase(database)...)
		return err
	})
	return values, err
}

// Loads of one hub and of two.
const (
	hubsConnections = 64 // for single sends, shared by the hubs
	hubsReaders     = 4
)

// hubsPostgres measures one hub on PostgreSQL beside two on the same database: the same callers send single
// messages, and the same readers get and acknowledge from one queue, through one hub, then half of them
// through each of two, then again the other way round. The second hub runs only while two are measured.
func hubsPostgres(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	err = inSchema(ctx, func(ctx context.Context, database string) error {
		values, err = s.onWire(ctx, dir, func(h *process, w world, c *commands) ([]float64, error) {
			both := &pair{s: s, first: h, w: w, c: c, database: database, dir: filepath.Join(dir, "second")}
			if err := both.shareKey(filepath.Join(dir, "hub")); err != nil {
				return nil, err
			}
			return both.compare(ctx)
		}, onDatabase(database)...)
		return err
	})
	return values, err
}

// pair is a hub, and another one that is started where it is wanted.
type pair struct {
	s        *stage
	first    *process
	w        world
	c        *commands
	database string
	dir      string // of the second
}

// shareKey gives the second hub the first one's key file.
func (p *pair) shareKey(first string) error {
	key, err := os.ReadFile(filepath.Join(first, keyFile))
	if err != nil {
		return err
	}
	return errors.Join(os.Mkdir(p.dir, 0o700), os.WriteFile(filepath.Join(p.dir, keyFile), key, 0o600))
}

// compare answers single sends and get and ack by one hub and by two: the means of two turns each.
func (p *pair) compare(ctx context.Context) ([]float64, error) {
	values := make([]float64, 4)
	for _, two := range []bool{false, true, true, false} {
		sent, got, err := p.measure(ctx, two)
		if err != nil {
			return nil, err
		}
		at := 0
		if two {
			at = 1
		}
		values[at] += sent / 2
		values[2+at] += got / 2
	}
	return values, nil
}

func (p *pair) measure(ctx context.Context, two bool) (sent, got float64, err error) {
	hubs := []*process{p.first}
	if two {
		second, err := p.s.startHub(ctx, p.dir, onDatabase(p.database)...)
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, second.stop()) }()
		hubs = append(hubs, second)
	}
	senders, err := clientsOf(hubs, p.w.sender, hubsConnections)
	if err != nil {
		return 0, 0, err
	}
	sent, err = hammer(ctx, hubsConnections, p.s.load(), func(ctx context.Context, caller int) (int, error) {
		_, err := senders[caller%len(senders)].Send(ctx, p.c.message())
		return 1, err
	})
	if err != nil {
		return 0, 0, err
	}
	n := drainWire * p.s.times()
	if err := fillQueue(ctx, senders[0], p.c, n); err != nil {
		return 0, 0, err
	}
	readers, err := clientsOf(hubs, p.w.receiver, hubsReaders)
	if err != nil {
		return 0, 0, err
	}
	got, err = count(ctx, hubsReaders, n, func(ctx context.Context, reader int) (int, error) {
		return getAndAck(ctx, readers[reader%len(readers)])
	})
	return sent, got, err
}

// clientsOf speaks as a client to each hub, over so many connections in all.
func clientsOf(hubs []*process, as link.ClientCreated, connections int) ([]*client.Client, error) {
	list := make([]*client.Client, len(hubs))
	for i, h := range hubs {
		var err error
		if list[i], err = h.client(as, connections/len(hubs)); err != nil {
			return nil, err
		}
	}
	return list, nil
}
