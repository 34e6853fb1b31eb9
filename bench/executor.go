package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/examples"
	"smartlink/link"
	"smartlink/rm"
	"smartlink/rm/schema"
)

// Counts of commands booked: one at a time, and mixed in batches.
const (
	executorCount = 3_000
	mixedCount    = 9_000
	mixedBatch    = 50
)

// executorCommands measures the executor with real commands from the inbox, one in a transaction, the
// claim's commit and the execution's included, the answer written. Storing them is not measured.
func executorCommands(ctx context.Context, s *stage, dir string) ([]float64, error) {
	rate, err := execute(ctx, filepath.Join(dir, "rm.db"), dir, work{batch: 1, count: executorCount * s.times(), names: []string{examples.FinLanInc}})
	return []float64{rate}, err
}

// executorMixed measures it with all six commands in turn: each kind is created and then edited.
func executorMixed(ctx context.Context, s *stage, dir string) ([]float64, error) {
	rate, err := execute(ctx, filepath.Join(dir, "rm.db"), dir, work{batch: mixedBatch, count: mixedCount * s.times(), names: mixed})
	return []float64{rate}, err
}

var mixed = []string{examples.FinLanInc, examples.FinLanAlt, examples.FinXCXInc, examples.FinXCXAlt, examples.CtbLanInc, examples.CtbLanAlt}

// executorPostgres is executorMixed with inbox and books in PostgreSQL, a third of the commands. Several
// transactions run at the same time, so what is edited was created before.
func executorPostgres(ctx context.Context, s *stage, dir string) (rates []float64, err error) {
	err = inSchema(ctx, func(ctx context.Context, database string) error {
		rate, err := execute(ctx, database, dir, work{batch: mixedBatch, count: mixedCount * s.times() / 3, names: mixed, before: true})
		rates = []float64{rate}
		return err
	})
	return rates, err
}

// work is what an executor is measured with.
type work struct {
	batch, count int
	names        []string // the examples, in turn
	before       bool     // what the edits edit is there before
}

// execute books commands in a database that is made for it.
func execute(ctx context.Context, database, dir string, w work) (rate float64, err error) {
	box, err := openBox(ctx, database, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, box.Close(context.WithoutCancel(ctx))) }()
	x, err := executor.New(executor.Config{Box: box, Consumers: rm.Consumers(), BatchSize: w.batch})
	if err != nil {
		return 0, err
	}
	if w.before {
		if _, err := executeAll(ctx, box, x, w.count/2, []string{examples.FinLanInc, examples.FinXCXInc, examples.CtbLanInc}, "before "); err != nil {
			return 0, err
		}
	}
	took, err := executeAll(ctx, box, x, w.count, w.names, "")
	if err != nil {
		return 0, err
	}
	page, err := box.List(ctx, inbox.Filter{})
	if err != nil {
		return 0, err
	}
	if len(page.Items) != 0 {
		return 0, fmt.Errorf("%s was not booked: %s %s", page.Items[0].ID, page.Items[0].State, page.Items[0].Reason)
	}
	return float64(w.count) / took.Seconds(), nil
}

// openBox opens an inbox with books and their master data.
func openBox(ctx context.Context, database, dir string) (*inbox.Box, error) {
	return inbox.Open(ctx, inbox.Config{
		Database: database, Installation: filepath.Join(dir, "installation.json"),
		Prepare: func(ctx context.Context, db *sql.DB) error {
			return errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db))
		},
	})
}

// executeAll stores n commands and measures how long it takes to execute them.
func executeAll(ctx context.Context, box *inbox.Box, x *executor.Executor, n int, names []string, key string) (time.Duration, error) {
	if err := fill(ctx, box, n, names, key); err != nil {
		return 0, err
	}
	began := time.Now()
	done, err := x.Drain(ctx)
	took := time.Since(began)
	if err == nil && done != n {
		err = fmt.Errorf("%d of %d commands executed", done, n)
	}
	return took, err
}

// fill stores n commands in the inbox, as the way down does; their keys begin with key. In fresh books
// the n-th entry of a kind has the id n, so an edit knows what it edits.
func fill(ctx context.Context, box *inbox.Box, n int, names []string, key string) error {
	const batch = 500
	deliveries := make([]link.Delivery, 0, batch)
	for i := range n {
		name := names[i%len(names)]
		body, _, err := examples.Numbered(name, fmt.Sprintf("-%s%d", key[:min(len(key), 1)], i))
		if err != nil {
			return err
		}
		entry := int64(i/len(names) + 1)
		switch name {
		case examples.FinLanAlt:
			body = examples.Of(body, map[string]int64{"IdLan": entry})
		case examples.FinXCXAlt:
			body = examples.Of(body, map[string]int64{"IdXcx": entry})
		case examples.CtbLanAlt:
			body = examples.Of(body, map[string]int64{"IdLancamento": entry})
		}
		id := link.NewID()
		deliveries = append(deliveries, link.Delivery{Tag: int64(i + 1), Attempt: 1, Message: link.Message{
			ID: id, RootID: id, BusinessKey: fmt.Sprint(key, name, i), TenantID: uuid.MustParse(examples.Tenant),
			Sender: link.Sender{App: "GESPLAN", ClientID: link.NewClientID()}, Type: examples.Type(name), Audience: link.LinkProxy,
			CreatedAt: time.Now().UTC(), ContentType: "application/json", Body: body,
		}})
		if len(deliveries) == batch || i == n-1 {
			if _, err := box.Store(ctx, deliveries); err != nil {
				return err
			}
			deliveries = deliveries[:0]
		}
	}
	return nil
}
